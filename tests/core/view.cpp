#include <vitals/core/view.hpp>

#include <array>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace view_tests {

using vitals::view;

constexpr int numbers[] = {1, 2, 3};
static_assert(view<int>{numbers}.size() == 3);
static_assert(view<int>{numbers}.back() == 3);
static_assert(view<int>{std::array{4, 5}}.front() == 4);
static_assert(view<int>{}.empty());
static_assert(view<int>{numbers + 1, 1}[0] == 2);
static_assert(!std::is_convertible_v<std::vector<long>, view<int>>);
static_assert(!std::is_convertible_v<int, view<int>>);

TEST_CASE("a view is made from what lies side by side, and becomes a span") {
  const std::vector<std::string> texts{"a", "b"};
  const view<std::string> seen = texts;
  CHECK(seen.data() == texts.data());
  CHECK(std::vector<std::string>(seen.begin(), seen.end()) == texts);
  const std::span<const std::string> span = seen;
  CHECK(span.size() == 2);
  const view<std::string> again = span;
  CHECK(again.end() == texts.data() + 2);
}

}  // namespace view_tests
