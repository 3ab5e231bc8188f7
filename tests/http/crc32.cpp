#include <vitals/http/crc32.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace crc32_test {

using vitals::http::detail::crc32;

static_assert(crc32("123456789") == 0xCBF43926);  // the check value of this CRC
static_assert(crc32("") == 0);

/// Bit by bit, as the polynomial says.
std::uint32_t slowly(std::string_view text) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (const char c : text) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit != 8; ++bit) {
      crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320U : 0U);
    }
  }
  return ~crc;
}

TEST_CASE("the CRC of texts of every short length is that of the polynomial") {
  std::string text;
  for (std::size_t i = 0; i != 600; ++i) {
    CHECK(crc32(text) == slowly(text));
    text += static_cast<char>((i * 167 + i / 256 * 91) & 0xFF);
  }
  CHECK(crc32(std::string(1000, '\0')) == slowly(std::string(1000, '\0')));
  CHECK(crc32(std::string(1000, '\xff')) == slowly(std::string(1000, '\xff')));
}

}  // namespace crc32_test
