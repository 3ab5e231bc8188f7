#include <vitals/health/growth_window.hpp>

#include <chrono>
#include <cstdint>

#include <doctest/doctest.h>

namespace growth_window_tests {

using namespace std::chrono_literals;

TEST_CASE("a window is right however often it is looked at, and keeps a few dozen readings") {
  vitals::detail::growth_window<std::uint64_t> window{10s};
  std::uint64_t now = 0;
  for (std::uint64_t i = 0; i != 200'000; ++i) {
    now += i % 7;
    const std::uint64_t start = window.since(now, now, false);
    const std::uint64_t age = now - start;
    if (now < 10'000) {
      CHECK(start == 0);
    } else if (age < 10'000 || age > 10'000 + 10'000 / 32 + 7) {
      FAIL_CHECK(age);
    }
  }
  CHECK(window.size() <= 34);
  CHECK(window.since(now + 1'000'000, 5, false) <= now);
  CHECK(window.since(now + 1'000'001, 6, false) != 6);
}

}  // namespace growth_window_tests
