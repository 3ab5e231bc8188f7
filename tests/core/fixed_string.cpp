#include <vitals/core/fixed_string.hpp>

#include <string_view>
#include <type_traits>

#include <doctest/doctest.h>

namespace fixed_string_tests {

template <vitals::fixed_string Text>
struct holder {
  static constexpr std::string_view text = Text.view();
};

static_assert(std::is_same_v<holder<"jobs_total">, holder<"jobs_total">>);
static_assert(!std::is_same_v<holder<"jobs_total">, holder<"jobs_tota">>);
static_assert(!std::is_same_v<holder<"a">, holder<"b">>);

TEST_CASE("a fixed string is the literal without its terminator") {
  CHECK(holder<"jobs_total">::text == "jobs_total");
  CHECK(holder<"">::text.empty());
}

TEST_CASE("a fixed string keeps every byte, zeros and UTF-8 too") {
  CHECK(holder<"a\0b">::text == std::string_view{"a\0b", 3});
  CHECK(holder<"gr\xC3\xBC\xC3\x9F">::text == "gr\xC3\xBC\xC3\x9F");
}

}  // namespace fixed_string_tests
