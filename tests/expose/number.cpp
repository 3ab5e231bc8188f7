#include <vitals/expose/number.hpp>

#include <array>
#include <bit>
#include <charconv>
#include <clocale>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <locale>
#include <random>
#include <string>

#include <locale.h>

#include <doctest/doctest.h>

namespace number_tests {

using vitals::detail::wide;
__extension__ using unsigned_wide = unsigned __int128;

constexpr double infinity = std::numeric_limits<double>::infinity();

/// What a writer writes, in room that is guarded on both sides: nothing before it is written, and behind it at most 7
/// bytes, which still lie in the room that a number has.
template <class Write, class Number>
std::string written(Write write, Number number) {
  std::array<char, 128> room{};
  room.fill('#');
  char* const start = room.data() + 8;
  char* const end = write(start, number);
  const std::string text(start, end);
  const std::size_t least = sizeof(Number) > 8 ? vitals::detail::seconds_room : vitals::detail::number_room;
  bool guarded = text.size() <= least;
  for (const char* c = room.data(); c != room.data() + room.size(); ++c) {
    guarded = guarded && (*c == '#' || (c >= start && c < end + 7 && c < start + least));
  }
  return guarded ? text : std::string("wrote outside: ").append(text);
}

/// Both ways to write one: the same number; and behind a text, which stays as it is and has nothing before it written.
std::string of_unsigned(std::uint64_t n) {
  const std::string text = "0123456789abcdef";
  std::string room = "#" + text + std::string(64, '#');
  char* const start = room.data() + 1 + text.size();
  char* const end = vitals::detail::write_unsigned_behind(start, text.data() + text.size(), n);
  const std::string behind(start, end);
  const bool kept =
      room.starts_with("#" + text) && room.find_first_not_of('#', behind.size() + text.size() + 8) > room.size();
  const std::string alone =
      written([](char* out, std::uint64_t value) { return vitals::detail::write_unsigned(out, value); }, n);
  return behind != alone ? "behind a text: " + behind : kept ? alone : "wrote outside: " + room;
}
std::string of_signed(std::int64_t n) {
  return written([](char* out, std::int64_t value) { return vitals::detail::write_signed(out, value); }, n);
}
std::string of_real(double v) {
  return written([](char* out, double value) { return vitals::detail::write_real(out, value); }, v);
}
std::string of_bound(double v) {
  return written([](char* out, double value) { return vitals::detail::write_bound(out, value); }, v);
}
std::string of_json(double v) {
  return written([](char* out, double value) { return vitals::detail::write_json_real(out, value); }, v);
}
std::string of_seconds(wide n) {
  return written([](char* out, wide value) { return vitals::detail::write_seconds(out, value); }, n);
}

/// The plain way: digit after digit, from the last.
std::string plain_digits(unsigned_wide n, std::size_t least = 1) {
  std::string text;
  while (n != 0 || text.size() < least) {
    text += static_cast<char>('0' + static_cast<int>(n % 10));
    n /= 10;
  }
  return {text.rbegin(), text.rend()};
}

std::string plain_seconds(wide n) {
  auto size = static_cast<unsigned_wide>(n);
  size = n < 0 ? 0 - size : size;
  const std::string digits = plain_digits(size, 10);
  std::string text(n < 0 ? 1 : 0, '-');
  text.append(digits, 0, digits.size() - 9).append(1, '.').append(digits, digits.size() - 9);
  while (text.back() == '0') {
    text.pop_back();
  }
  if (text.back() == '.') {
    text.pop_back();
  }
  return text;
}

double read_back(const std::string& text) {
  static const locale_t plain = newlocale(LC_ALL_MASK, "C", nullptr);
  return strtod_l(text.c_str(), nullptr, plain);
}

TEST_CASE("unsigned integers of every length are written exactly") {
  std::mt19937_64 random{12};
  for (std::uint64_t power = 1;; power *= 10) {
    for (const std::uint64_t n : {power - 1, power, power + 1, power * 9, power + random() % power}) {
      CHECK(of_unsigned(n) == plain_digits(n));
    }
    if (power == 10'000'000'000'000'000'000U) {
      break;
    }
  }
  for (int bits = 0; bits != 64; ++bits) {
    const std::uint64_t power = std::uint64_t{1} << bits;
    CHECK(of_unsigned(power) == plain_digits(power));
    CHECK(of_unsigned(power - 1) == plain_digits(power - 1));
  }
  CHECK(of_unsigned(0) == "0");
  CHECK(of_unsigned(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
  CHECK(of_unsigned((std::uint64_t{1} << 53) + 1) == "9007199254740993");
}

TEST_CASE("random unsigned integers are written as the plain way writes them") {
  std::mt19937_64 random{13};
  unsigned wrong = 0;
  for (int i = 0; i != 50'000; ++i) {
    const std::uint64_t bits = random();
    const std::uint64_t n = random() >> (bits % 64);
    wrong += of_unsigned(n) == plain_digits(n) ? 0U : 1U;
  }
  CHECK(wrong == 0);
}

TEST_CASE("signed integers are written exactly at both ends") {
  CHECK(of_signed(0) == "0");
  CHECK(of_signed(-1) == "-1");
  CHECK(of_signed(1) == "1");
  CHECK(of_signed(-10) == "-10");
  CHECK(of_signed(std::numeric_limits<std::int64_t>::max()) == "9223372036854775807");
  CHECK(of_signed(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
}

TEST_CASE("reals are written as Go's strconv writes them with 'g'") {
  CHECK(of_real(0.0) == "0");
  CHECK(of_real(-0.0) == "-0");
  CHECK(of_real(1) == "1");
  CHECK(of_real(-1) == "-1");
  CHECK(of_real(0.5) == "0.5");
  CHECK(of_real(1e-05) == "1e-05");
  CHECK(of_real(0.0001) == "0.0001");
  CHECK(of_real(0.00012345) == "0.00012345");
  CHECK(of_real(0.000012345) == "1.2345e-05");
  CHECK(of_real(100000) == "100000");
  CHECK(of_real(999999) == "999999");
  CHECK(of_real(1e6) == "1e+06");
  CHECK(of_real(-1e6) == "-1e+06");
  CHECK(of_real(1234567) == "1.234567e+06");
  CHECK(of_real(123456.789) == "123456.789");
  CHECK(of_real(999999.5) == "999999.5");
  CHECK(of_real(1e21) == "1e+21");
  CHECK(of_real(1e100) == "1e+100");
  CHECK(of_real(1e-100) == "1e-100");
  CHECK(of_real(9007199254740993.0) == "9.007199254740992e+15");
  CHECK(of_real(9007199254740994.0) == "9.007199254740994e+15");
}

TEST_CASE("reals take all 17 digits where they need them") {
  CHECK(of_real(0.1 + 0.2) == "0.30000000000000004");
  CHECK(of_real(5e-324) == "5e-324");
  CHECK(of_real(std::numeric_limits<double>::min()) == "2.2250738585072014e-308");
  CHECK(of_real(std::numeric_limits<double>::max()) == "1.7976931348623157e+308");
  CHECK(of_real(-std::numeric_limits<double>::max()) == "-1.7976931348623157e+308");
  CHECK(of_real(std::nextafter(1.0, 2.0)) == "1.0000000000000002");
}

TEST_CASE("what is not finite has the three names that a scraper knows") {
  CHECK(of_real(std::numeric_limits<double>::quiet_NaN()) == "NaN");
  CHECK(of_real(-std::numeric_limits<double>::quiet_NaN()) == "NaN");
  CHECK(of_real(infinity) == "+Inf");
  CHECK(of_real(-infinity) == "-Inf");
}

TEST_CASE("random reals are read back as they were, and are written as to_chars writes them") {
  std::mt19937_64 random{14};
  unsigned wrong = 0;
  for (int i = 0; i != 100'000; ++i) {
    const std::uint64_t bits = random();
    const double values[] = {std::bit_cast<double>(bits), static_cast<double>(bits % 2'000'000),
                             static_cast<double>(bits % 20'000'000) / 10,
                             static_cast<double>(static_cast<std::int64_t>(bits))};
    for (const double value : values) {
      if (value - value != 0) {
        continue;
      }
      const std::string text = of_real(value);
      char expected[64];
      char* const end = std::to_chars(expected, expected + 64, value, std::chars_format::general).ptr;
      wrong += text == std::string(expected, end) ? 0U : 1U;
      wrong += std::bit_cast<std::uint64_t>(read_back(text)) == std::bit_cast<std::uint64_t>(value) ? 0U : 1U;
      wrong += text.size() <= vitals::detail::number_room ? 0U : 1U;
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("bounds are written in OpenMetrics' canonical form") {
  CHECK(of_bound(0) == "0.0");
  CHECK(of_bound(1) == "1.0");
  CHECK(of_bound(-20) == "-20.0");
  CHECK(of_bound(100000) == "100000.0");
  CHECK(of_bound(0.005) == "0.005");
  CHECK(of_bound(2.5) == "2.5");
  CHECK(of_bound(1e-05) == "1e-05");
  CHECK(of_bound(1e6) == "1e+06");
  CHECK(of_bound(1e300) == "1e+300");
  CHECK(of_bound(infinity) == "+Inf");
  CHECK(of_bound(-infinity) == "-Inf");
  CHECK(of_bound(std::numeric_limits<double>::quiet_NaN()) == "NaN");
}

TEST_CASE("nanoseconds are written as seconds, exactly, without trailing zeros") {
  CHECK(of_seconds(0) == "0");
  CHECK(of_seconds(1) == "0.000000001");
  CHECK(of_seconds(-1) == "-0.000000001");
  CHECK(of_seconds(500'000'000) == "0.5");
  CHECK(of_seconds(1'000'000'000) == "1");
  CHECK(of_seconds(-1'000'000'000) == "-1");
  CHECK(of_seconds(1'200'000'000) == "1.2");
  CHECK(of_seconds(10'000'000'010) == "10.00000001");
  CHECK(of_seconds(std::numeric_limits<std::int64_t>::max()) == "9223372036.854775807");
  CHECK(of_seconds(wide{std::numeric_limits<std::int64_t>::min()}) == "-9223372036.854775808");
  CHECK(of_seconds((wide{1} << 64) - 1) == "18446744073.709551615");
  CHECK(of_seconds(wide{1} << 64) == "18446744073.709551616");
  CHECK(of_seconds((wide{1} << 126) - 1) == "85070591730234615865843651857.942052863");
  CHECK(of_seconds(-(wide{1} << 126)) == "-85070591730234615865843651857.942052864");
  CHECK(of_seconds(wide{10'000'000'000'000'000'000U} * 1'000'000'000) == "10000000000000000000");
  CHECK(of_seconds(wide{10'000'000'000'000'000'000U} * 1'000'000'000 - 1) == "9999999999999999999.999999999");
}

TEST_CASE("random nanoseconds of all 127 bits are written as the plain way writes them") {
  std::mt19937_64 random{15};
  unsigned wrong = 0;
  for (int i = 0; i != 50'000; ++i) {
    const std::uint64_t high = random();
    const std::uint64_t low = random();
    wide n = static_cast<wide>((static_cast<unsigned_wide>(high) << 64 | low) >> (random() % 127 + 1));
    n = random() % 2 == 0 ? n : -n;
    n = random() % 4 == 0 ? n / 1'000'000 * 1'000'000 : n;
    wrong += of_seconds(n) == plain_seconds(n) ? 0U : 1U;
  }
  CHECK(wrong == 0);
  CHECK(of_seconds(-(wide{1} << 126) - (wide{1} << 126)) == "-170141183460469231731687303715.884105728");
}

/// A decimal comma and dots between thousands, as in Germany.
struct with_comma : std::numpunct<char> {
  char do_decimal_point() const override { return ','; }
  char do_thousands_sep() const override { return '.'; }
  std::string do_grouping() const override { return "\3"; }
};

TEST_CASE("a locale with a decimal comma changes nothing") {
  const std::string c_locale = std::setlocale(LC_ALL, nullptr);
  const std::locale cpp_locale = std::locale::global(std::locale(std::locale::classic(), new with_comma));
  const bool comma = std::setlocale(LC_ALL, "de_DE.UTF-8") != nullptr;
  const bool real_comma = !comma || std::strcmp(localeconv()->decimal_point, ",") == 0;
  const std::string texts[] = {of_real(0.5),       of_real(1234567.5),     of_bound(1),           of_bound(0.005),
                               of_unsigned(12345), of_seconds(1500000000), of_signed(-1234567890)};
  std::locale::global(cpp_locale);
  std::setlocale(LC_ALL, c_locale.c_str());
  CHECK(real_comma);
  CHECK(texts[0] == "0.5");
  CHECK(texts[1] == "1.2345675e+06");
  CHECK(texts[2] == "1.0");
  CHECK(texts[3] == "0.005");
  CHECK(texts[4] == "12345");
  CHECK(texts[5] == "1.5");
  CHECK(texts[6] == "-1234567890");
}

TEST_CASE("JSON has no NaN and no infinities: they are strings; the sign of a zero is kept") {
  CHECK(of_json(std::numeric_limits<double>::quiet_NaN()) == "\"NaN\"");
  CHECK(of_json(infinity) == "\"+Inf\"");
  CHECK(of_json(-infinity) == "\"-Inf\"");
  CHECK(of_json(0.0) == "0");
  CHECK(of_json(-0.0) == "-0.0");
  CHECK(of_json(-1.0) == "-1");
  CHECK(of_json(1e21) == "1e+21");
  CHECK(of_json(-std::numeric_limits<double>::denorm_min()) == "-5e-324");
  CHECK(of_json(std::numeric_limits<double>::lowest()) == "-1.7976931348623157e+308");
}

}  // namespace number_tests
