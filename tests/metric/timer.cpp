#include <vitals/metric/timer.hpp>

#include <chrono>
#include <type_traits>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace timer_tests {

using namespace std::chrono_literals;

/// A clock that goes when it is told to.
struct set_clock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<set_clock>;
  static constexpr bool is_steady = true;
  static inline time_point time{};
  static time_point now() noexcept { return time; }
};

/// Keeps what it observes.
struct series {
  std::vector<std::chrono::nanoseconds>* seen;
  void observe(std::chrono::nanoseconds value) const noexcept { seen->push_back(value); }
};

using timer = vitals::timer<series, set_clock>;
using times = std::vector<std::chrono::nanoseconds>;

static_assert(!std::is_copy_constructible_v<timer>);
static_assert(!std::is_move_constructible_v<timer>);
static_assert(!std::is_copy_assignable_v<timer>);
static_assert(!std::is_convertible_v<series, timer>);

TEST_CASE("a timer observes the time that it lived, at its end") {
  times seen;
  {
    const timer timing{series{&seen}};
    set_clock::time += 5ms;
    CHECK(seen.empty());
  }
  CHECK(seen == times{5ms});
}

TEST_CASE("a timer that is stopped observes then, and only once") {
  times seen;
  {
    timer timing{series{&seen}};
    set_clock::time += 2ms;
    timing.stop();
    CHECK(seen == times{2ms});
    set_clock::time += 1ms;
    timing.stop();
  }
  CHECK(seen == times{2ms});
}

TEST_CASE("a timer that is cancelled observes nothing") {
  times seen;
  {
    timer timing{series{&seen}};
    set_clock::time += 2ms;
    timing.cancel();
    timing.stop();
  }
  CHECK(seen.empty());
}

TEST_CASE("the time so far is told and not observed") {
  times seen;
  timer timing{series{&seen}};
  CHECK(timing.elapsed() == 0ns);
  set_clock::time += 3us;
  CHECK(timing.elapsed() == 3us);
  CHECK(seen.empty());
  timing.cancel();
}

TEST_CASE("a timer observes where an exception leaves its scope") {
  times seen;
  try {
    const timer timing{series{&seen}};
    set_clock::time += 7ms;
    throw 1;
  } catch (int) {
  }
  CHECK(seen == times{7ms});
}

}  // namespace timer_tests
