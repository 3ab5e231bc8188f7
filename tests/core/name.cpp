#include <vitals/core/name.hpp>

#include <cstdint>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

namespace name_tests {

/// The plain form of the rule: decode by the lead byte's pattern, then ask whether the form was the shortest and the
/// number a Unicode scalar value.
bool is_utf8_by_decoding(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const unsigned length = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 0;
    if (length == 0 || i + length > text.size()) {
      return false;
    }
    std::uint32_t number = length == 1 ? lead : lead & (0x7FU >> length);
    for (unsigned k = 1; k != length; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if (next >> 6 != 2) {
        return false;
      }
      number = number << 6 | (next & 0x3FU);
    }
    constexpr std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (number < least[length] || number > 0x10FFFF || (number >= 0xD800 && number <= 0xDFFF)) {
      return false;
    }
    i += length;
  }
  return true;
}

std::string encoded(std::uint32_t number) {
  const auto byte = [](std::uint32_t bits) { return static_cast<char>(static_cast<unsigned char>(bits)); };
  if (number < 0x80) {
    return {byte(number)};
  }
  if (number < 0x800) {
    return {byte(0xC0 | number >> 6), byte(0x80 | (number & 0x3F))};
  }
  if (number < 0x10000) {
    return {byte(0xE0 | number >> 12), byte(0x80 | (number >> 6 & 0x3F)), byte(0x80 | (number & 0x3F))};
  }
  return {byte(0xF0 | number >> 18), byte(0x80 | (number >> 12 & 0x3F)), byte(0x80 | (number >> 6 & 0x3F)),
          byte(0x80 | (number & 0x3F))};
}

/// How many of all texts of `bytes[0]...` differ between the two answers; each position takes all bytes from its range.
struct range {
  unsigned first;
  unsigned last;
};
template <std::size_t N>
unsigned differences(const range (&ranges)[N]) {
  std::string text(N, '\0');
  unsigned found = 0;
  const auto at = [&](auto& self, std::size_t i) -> void {
    if (i == N) {
      found += vitals::is_utf8(text) != is_utf8_by_decoding(text) ? 1U : 0U;
      return;
    }
    for (unsigned b = ranges[i].first; b <= ranges[i].last; ++b) {
      text[i] = static_cast<char>(static_cast<unsigned char>(b));
      self(self, i + 1);
    }
  };
  at(at, 0);
  return found;
}

TEST_CASE("a metric's name is letters, digits and underscores, and starts with no digit") {
  for (const std::string_view name : {"a", "_", "__", "Z9", "http_requests_total", "_x0", "le", "x__y"}) {
    CAPTURE(name);
    CHECK(vitals::is_metric_name(name));
  }
  for (const std::string_view name :
       {"", "9", "0_a", "a-b", "a.b", "a b", " a", "a ", "a\n", "a:b", ":", "{a}", "a\"", "\xC3\xA4", "a\xC3\xA4"}) {
    CAPTURE(name);
    CHECK_FALSE(vitals::is_metric_name(name));
  }
  CHECK_FALSE(vitals::is_metric_name(std::string_view{"a\0", 2}));
}

TEST_CASE("of the 256 bytes, 53 can start a name and 63 can go on with it") {
  int starts = 0;
  int goes_on = 0;
  for (unsigned b = 0; b != 256; ++b) {
    const char c = static_cast<char>(static_cast<unsigned char>(b));
    const char after[] = {'a', c};
    starts += vitals::is_metric_name({&c, 1}) ? 1 : 0;
    goes_on += vitals::is_metric_name({after, 2}) ? 1 : 0;
  }
  CHECK(starts == 26 + 26 + 1);
  CHECK(goes_on == 26 + 26 + 1 + 10);
}

TEST_CASE("a label's name does not start with two underscores") {
  CHECK(vitals::is_label_name("method"));
  CHECK(vitals::is_label_name("_method"));
  CHECK(vitals::is_label_name("m__"));
  CHECK_FALSE(vitals::is_label_name("__method"));
  CHECK_FALSE(vitals::is_label_name("__"));
  CHECK_FALSE(vitals::is_label_name(""));
  CHECK_FALSE(vitals::is_label_name("a:b"));
}

TEST_CASE("every Unicode scalar value is UTF-8, every surrogate is not") {
  unsigned wrong = 0;
  for (std::uint32_t number = 0; number <= 0x10FFFF; ++number) {
    const bool surrogate = number >= 0xD800 && number <= 0xDFFF;
    wrong += vitals::is_utf8(encoded(number)) == surrogate ? 1U : 0U;
  }
  CHECK(wrong == 0);
}

TEST_CASE("overlong forms are no UTF-8") {
  CHECK_FALSE(vitals::is_utf8("\xC0\x80"));
  CHECK_FALSE(vitals::is_utf8("\xC1\xBF"));
  CHECK_FALSE(vitals::is_utf8("\xE0\x9F\xBF"));
  CHECK(vitals::is_utf8("\xE0\xA0\x80"));
  CHECK_FALSE(vitals::is_utf8("\xF0\x8F\xBF\xBF"));
  CHECK(vitals::is_utf8("\xF0\x90\x80\x80"));
}

TEST_CASE("nothing past U+10FFFF is UTF-8") {
  CHECK(vitals::is_utf8("\xF4\x8F\xBF\xBF"));
  CHECK_FALSE(vitals::is_utf8("\xF4\x90\x80\x80"));
  CHECK_FALSE(vitals::is_utf8("\xF5\x80\x80\x80"));
  CHECK_FALSE(vitals::is_utf8("\xFF"));
}

TEST_CASE("a sequence cut short is no UTF-8, wherever it is cut") {
  for (const std::string whole : {"\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"}) {
    CHECK(vitals::is_utf8(whole));
    for (std::size_t length = 1; length != whole.size(); ++length) {
      const std::string cut = whole.substr(0, length);
      CHECK_FALSE(vitals::is_utf8(cut));
      CHECK_FALSE(vitals::is_utf8("a" + cut));
      CHECK_FALSE(vitals::is_utf8(cut + "a"));
      CHECK_FALSE(vitals::is_utf8(cut + whole));
    }
    CHECK_FALSE(vitals::is_utf8(whole.substr(1)));
    CHECK(vitals::is_utf8(whole + "a" + whole));
  }
}

TEST_CASE("the bytes of a text are judged to its end only") {
  const std::string_view euro = "\xE2\x82\xAC";
  CHECK_FALSE(vitals::is_utf8(euro.substr(0, 2)));  // the third byte lies behind the view
  CHECK(vitals::is_utf8(""));
  CHECK(vitals::is_utf8(std::string_view{"a\0b", 3}));
}

TEST_CASE("all short byte sequences are judged as a plain decoder judges them") {
  CHECK(differences({{0, 255}}) == 0);
  CHECK(differences({{0, 255}, {0, 255}}) == 0);
  CHECK(differences({{0xDF, 0xF0}, {0x70, 0xC8}, {0x70, 0xC8}}) == 0);
  CHECK(differences({{0xEF, 0xF8}, {0x7E, 0xC1}, {0x7F, 0x81}, {0xBE, 0xC0}}) == 0);
}

TEST_CASE("names and texts are judged when compiling too") {
  static_assert(vitals::is_metric_name("jobs_total") && !vitals::is_metric_name("jobs-total"));
  static_assert(vitals::is_label_name("zone") && !vitals::is_label_name("__zone"));
  static_assert(vitals::is_utf8("\xC3\xA4") && !vitals::is_utf8("\xC3"));
}

TEST_CASE("the hash is FNV-1a, and a text hashed in two parts is hashed as one") {
  CHECK(vitals::detail::hash("") == 0xcbf29ce484222325U);
  CHECK(vitals::detail::hash("a") == 0xaf63dc4c8601ec8cU);
  CHECK(vitals::detail::hash("foobar") == 0x85944171f73967e8U);
  CHECK(vitals::detail::hash("bar", vitals::detail::hash("foo")) == vitals::detail::hash("foobar"));
}

}  // namespace name_tests
