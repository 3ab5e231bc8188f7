// CRC-32 as gzip has it (RFC 1952, 8).
#ifndef VITALS_HTTP_CRC32_HPP
#define VITALS_HTTP_CRC32_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace vitals::inline v0::http::detail {

/// Tables for eight bytes at a time: the k-th has the remainder of a byte with k zero bytes behind it.
inline constexpr auto crc32_tables = [] {
  std::array<std::array<std::uint32_t, 256>, 8> tables{};
  for (std::uint32_t byte = 0; byte != 256; ++byte) {
    std::uint32_t remainder = byte;
    for (int bit = 0; bit != 8; ++bit) {
      remainder = (remainder >> 1) ^ ((remainder & 1) != 0 ? 0xEDB88320U : 0U);
    }
    tables[0][byte] = remainder;
  }
  for (std::size_t k = 1; k != tables.size(); ++k) {
    for (std::size_t byte = 0; byte != 256; ++byte) {
      const std::uint32_t before = tables[k - 1][byte];
      tables[k][byte] = (before >> 8) ^ tables[0][before & 0xFF];
    }
  }
  return tables;
}();

/// The CRC-32 of a text, or of a text behind one whose CRC-32 is given.
[[nodiscard]] constexpr std::uint32_t crc32(std::string_view text, std::uint32_t before = 0) noexcept {
  const auto& t = crc32_tables;
  std::uint32_t crc = ~before;
  const auto byte = [&text](std::size_t at) { return std::uint32_t{static_cast<unsigned char>(text[at])}; };
  const auto word = [&byte](std::size_t at) {
    return byte(at) | byte(at + 1) << 8 | byte(at + 2) << 16 |
           byte(at + 3) << 24;  // one load on a little-endian machine
  };
  std::size_t at = 0;
  for (; text.size() - at >= 8; at += 8) {
    const std::uint32_t low = crc ^ word(at);
    const std::uint32_t high = word(at + 4);
    crc = t[7][low & 0xFF] ^ t[6][low >> 8 & 0xFF] ^ t[5][low >> 16 & 0xFF] ^ t[4][low >> 24] ^  //
          t[3][high & 0xFF] ^ t[2][high >> 8 & 0xFF] ^ t[1][high >> 16 & 0xFF] ^ t[0][high >> 24];
  }
  for (; at != text.size(); ++at) {
    crc = (crc >> 8) ^ t[0][(crc ^ byte(at)) & 0xFF];
  }
  return ~crc;
}

}  // namespace vitals::inline v0::http::detail

#endif
