#include <vitals/health/flapping.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <doctest/doctest.h>

namespace flapping_tests {

using vitals::detail::component_policy;
using vitals::detail::flap_state;

constexpr component_policy six{.flap_limit = 6, .flap_window = 60'000};

flap_state after_all(const std::vector<std::uint64_t>& times, const component_policy& p) {
  flap_state s;
  for (const std::uint64_t time : times) {
    s = flap_state::of(s.after_change(time, p).packed());
  }
  return s;
}

TEST_CASE("a word holds each of its parts, at their extremes, without touching another") {
  for (const bool flapping : {false, true}) {
    for (const std::uint64_t number : {std::uint64_t{0}, std::uint64_t{1}, flap_state::most_number}) {
      for (std::size_t full = 0; full <= flap_state::quarters; ++full) {
        flap_state s{.flapping = flapping, .number = number};
        for (std::size_t i = 0; i != full; ++i) {
          s.counts[i] = i % 2 == 0 ? flap_state::most : std::uint8_t{1};
        }
        REQUIRE(flap_state::of(s.packed()) == s);
      }
    }
  }
  CHECK(flap_state{}.packed() == 0);  // what a fresh cell holds
  CHECK(flap_state::of(~std::uint64_t{0}).packed() == ~std::uint64_t{0});
}

TEST_CASE("as many changes as the limit within the window are flapping, one fewer are not") {
  for (const std::uint64_t start : {0U, 1U, 14'999U, 15'000U, 59'999U, 1'000'000'007U}) {
    for (const std::uint32_t limit : {2U, 3U, 6U, 100U}) {
      const component_policy p{.flap_limit = limit, .flap_window = 60'000};
      for (const std::uint64_t span : {0U, 1U, 100U, 30'000U, 59'999U, 60'000U}) {
        flap_state s;
        for (std::uint64_t i = 0; i != limit; ++i) {
          REQUIRE_FALSE(s.is_flapping(start + span, p));
          s = s.after_change(start + span * i / (limit - 1), p);
        }
        REQUIRE(s.is_flapping(start + span, p));
      }
    }
  }
}

TEST_CASE("changes that are further apart are not flapping") {
  for (const std::uint64_t step : {15'000U, 20'000U, 60'000U}) {  // 5 in the last five quarters at most
    flap_state s;
    for (std::uint64_t i = 0; i != 1000; ++i) {
      s = s.after_change(i * step, six);
      REQUIRE_FALSE(s.is_flapping(i * step, six));
    }
  }
}

TEST_CASE("it is over when no more than half of the limit are left") {
  const flap_state s = after_all({0, 1, 2, 3, 20'000, 20'001, 20'002}, six);
  CHECK(s.is_flapping(20'002, six));
  CHECK(s.is_flapping(74'999, six));
  CHECK_FALSE(s.is_flapping(75'000, six));  // three are left: the first quarter is gone
  const auto calm = s.calm_at(1'000'000, six);
  CHECK(calm.calm);
  CHECK(calm.since == 75'000);
  CHECK_FALSE(s.calm_at(74'999, six).calm);
  CHECK(flap_state{}.calm_at(5, six).calm);
  CHECK(flap_state{}.calm_at(5, six).since == 0);
}

TEST_CASE("while it lasts fewer changes than the limit go on with it") {
  flap_state s = after_all({0, 1, 2, 20'000, 20'001, 20'002}, six);
  CHECK(s.flapping);
  s = s.after_change(70'000, six);
  s = s.after_change(76'000, six);  // the first quarter is gone: 5 are left
  CHECK(s.is_flapping(76'000, six));
  CHECK_FALSE(after_all({20'000, 20'001, 20'002, 70'000, 76'000}, six).flapping);
}

TEST_CASE("after it is over the next change is not flapping again at once") {
  flap_state s = after_all({0, 1, 2, 3, 4, 5}, six);
  CHECK(s.flapping);
  s = s.after_change(80'000, six);
  CHECK_FALSE(s.flapping);
  CHECK(s.counts[0] == 1);
}

TEST_CASE("more changes than a count holds, and every limit, end in calm within five quarters") {
  for (const std::uint32_t limit : {2U, 50U, 100U}) {
    const component_policy p{.flap_limit = limit, .flap_window = 1000};
    flap_state s;
    for (std::uint64_t i = 0; i != 5000; ++i) {
      s = flap_state::of(s.after_change(1000 + i / 4, p).packed());
    }
    for (const std::uint8_t count : s.counts) {
      CHECK(count == flap_state::most);
    }
    CHECK(s.is_flapping(2250, p));
    CHECK_FALSE(s.is_flapping(2250 + 1250, p));
  }
}

TEST_CASE("a window that is no multiple of four is whole") {
  const component_policy p{.flap_limit = 2, .flap_window = 1001};
  for (std::uint64_t start = 0; start != 2000; ++start) {
    REQUIRE(after_all({start, start + 1001}, p).flapping);
  }
}

TEST_CASE("without a limit nothing is kept") {
  CHECK(flap_state{}.after_change(5, {}) == flap_state{});
  CHECK_FALSE(flap_state{}.is_flapping(5, {}));
}

TEST_CASE("a clock that is a moment behind loses no change") {
  // Another thread's clock was read before the quarter was over.
  const flap_state s = after_all({15'000, 14'999, 15'000, 14'999, 15'000, 14'999}, six);
  CHECK(s.flapping);
  CHECK(s.number == 1);
  CHECK(s.counts[0] == 6);
}

TEST_CASE("a clock that jumps far forgets, and does not hold") {
  const flap_state s =
      after_all({1'000'000'000, 1'000'000'000, 1'000'000'001, 1'000'000'002, 1'000'000'003, 1'000'000'004}, six);
  CHECK(s.is_flapping(1'000'000'004, six));
  CHECK_FALSE(s.is_flapping(5, six));                       // back
  CHECK_FALSE(s.is_flapping(std::uint64_t{1} << 60, six));  // ahead
  CHECK_FALSE(s.after_change(5, six).flapping);
  CHECK(s.after_change(5, six).counts[0] == 1);
  CHECK_FALSE(s.after_change(~std::uint64_t{0}, six).flapping);
}

TEST_CASE("no word is without an end") {  // such as one of another version
  flap_state s = flap_state::of(~std::uint64_t{0});
  CHECK(s.is_flapping((flap_state::most_number + 1) * 15'000 - 1, six));
  CHECK(s.calm_at(std::uint64_t{1} << 50, six).calm);
  CHECK(flap_state{.flapping = true}.calm_at(0, six).calm);
}

}  // namespace flapping_tests
