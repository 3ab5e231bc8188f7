#include <vitals/metric/exemplar.hpp>

#include <cstdint>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

namespace exemplar_tests {

using vitals::exemplar;
using namespace std::string_view_literals;

constexpr auto trace = "0af7651916cd43dd8448eb211c80319c"sv;
constexpr auto span = "b7ad6b7169203331"sv;

static_assert(exemplar::from_hex(trace, span));
static_assert(exemplar::from_hex(trace, span) ==
              exemplar{{0x0af7651916cd43ddU, 0x8448eb211c80319cU}, 0xb7ad6b7169203331U});
static_assert(!exemplar{});
static_assert(sizeof(exemplar) == 24);

TEST_CASE("ids as numbers, as bytes and as text name the same") {
  const exemplar numbers{{0x0af7651916cd43ddU, 0x8448eb211c80319cU}, 0xb7ad6b7169203331U};
  const exemplar bytes{{0x0a, 0xf7, 0x65, 0x19, 0x16, 0xcd, 0x43, 0xdd, 0x84, 0x48, 0xeb, 0x21, 0x1c, 0x80, 0x31, 0x9c},
                       {0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31}};
  CHECK(numbers == bytes);
  CHECK(numbers == exemplar::from_hex(trace, span));
  CHECK(numbers.trace_id()[0] == 0x0af7651916cd43ddU);
  CHECK(numbers.trace_id()[1] == 0x8448eb211c80319cU);
  CHECK(numbers.span_id() == 0xb7ad6b7169203331U);
  CHECK(exemplar::from_hex("ffffffffffffffffffffffffffffffff", "ffffffffffffffff") ==
        exemplar{{~std::uint64_t{0}, ~std::uint64_t{0}}, ~std::uint64_t{0}});
}

TEST_CASE("without a trace or a span it is none; half of a trace is one") {
  CHECK_FALSE(exemplar{});
  CHECK_FALSE(exemplar{{0, 0}, 1});
  CHECK_FALSE(exemplar{{1, 1}, 0});
  CHECK(exemplar{{1, 0}, 1});
  CHECK(exemplar{{0, 1}, 1});
  CHECK_FALSE(exemplar::from_hex("00000000000000000000000000000000", span));
  CHECK_FALSE(exemplar::from_hex(trace, "0000000000000000"));
}

TEST_CASE("anything but 32 and 16 digits in lower case is none") {
  const std::string good_trace{trace};
  const std::string good_span{span};
  for (std::size_t length = 0; length <= 64; ++length) {
    std::string text(length, 'a');
    CHECK(static_cast<bool>(exemplar::from_hex(text, span)) == (length == 32));
    CHECK(static_cast<bool>(exemplar::from_hex(trace, text)) == (length == 16));
  }
  for (int c = 0; c != 256; ++c) {
    const bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    for (const std::size_t at : {0U, 15U, 16U, 31U}) {
      std::string text = good_trace;
      text[at] = static_cast<char>(c);
      CHECK(static_cast<bool>(exemplar::from_hex(text, span)) == digit);
    }
    for (const std::size_t at : {0U, 15U}) {
      std::string text = good_span;
      text[at] = static_cast<char>(c);
      CHECK(static_cast<bool>(exemplar::from_hex(trace, text)) == digit);
    }
  }
  const std::string megabyte(1U << 20U, '0');
  CHECK_FALSE(exemplar::from_hex(megabyte, span));
  CHECK_FALSE(exemplar::from_hex(trace, megabyte));
  CHECK_FALSE(exemplar::from_hex({}, {}));
  CHECK(exemplar::from_hex(good_trace + "0", span) == exemplar{});
}

}  // namespace exemplar_tests
