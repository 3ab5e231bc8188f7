#include <vitals/core/clock.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

namespace clock_tests {

using std::chrono::steady_clock;
using vitals::tsc_clock;

static_assert(tsc_clock::is_steady);
static_assert(std::is_same_v<tsc_clock::duration, std::chrono::nanoseconds>);
static_assert(std::is_same_v<decltype(tsc_clock::now()), tsc_clock::time_point>);
static_assert(noexcept(tsc_clock::now()));

/// A difference of the counter stands between two of steady_clock, however long this thread is put aside.
void difference_is_right(int milliseconds) {
  using seconds = std::chrono::duration<double>;
  const auto outer_start = steady_clock::now();
  const std::uint64_t start = tsc_clock::raw();
  const auto inner_start = steady_clock::now();
  std::this_thread::sleep_for(std::chrono::milliseconds{milliseconds});
  const auto inner_end = steady_clock::now();
  const std::uint64_t end = tsc_clock::raw();
  const auto outer_end = steady_clock::now();
  const seconds difference = std::chrono::nanoseconds{tsc_clock::nanoseconds(end - start)};
  CHECK(difference >= 0.99 * seconds{inner_end - inner_start} - std::chrono::microseconds{20});
  CHECK(difference <= 1.01 * seconds{outer_end - outer_start} + std::chrono::microseconds{20});
}

// First in this file, and short, so that the clock is not calibrated yet.
TEST_CASE("a difference of the counter is right before the clock is calibrated") {
  for (const int milliseconds : {0, 1, 2, 5}) {
    difference_is_right(milliseconds);
  }
  CHECK(tsc_clock::nanoseconds(0) == 0);
}

// Second, for the same reason.
TEST_CASE("threads that calibrate the clock at the same time agree on it") {
  constexpr int threads = 4;
  std::atomic<int> ready{0};
  std::atomic<int> calibrated{0};
  std::vector<std::vector<tsc_clock::time_point>> seen(threads);
  std::vector<std::uint64_t> rates(threads);
  std::vector<std::thread> running;
  for (auto& times : seen) {
    running.emplace_back([&ready, &calibrated, &times, &rate = rates[running.size()]] {
      ++ready;
      while (ready != threads) {
        std::this_thread::yield();
      }
      rate = tsc_clock::nanoseconds(std::uint64_t{1} << 60U);
      times.push_back(tsc_clock::now());
      ++calibrated;
      bool all_calibrated = false;
      while (!all_calibrated) {  // a rate that changed when another thread is done would show
        all_calibrated = calibrated == threads;
        if (const auto now = tsc_clock::now(); now < times.back() || all_calibrated) {
          times.push_back(now);
        }
      }
    });
  }
  for (auto& thread : running) {
    thread.join();
  }
  CHECK(std::count(rates.begin(), rates.end(), rates.front()) == threads);
  const auto after = tsc_clock::now();
  for (const auto& times : seen) {
    CHECK(std::is_sorted(times.begin(), times.end()));
    CHECK(times.back() <= after);
    CHECK(after - times.front() < std::chrono::minutes{10});  // one rate for all: another would be years away
  }
}

TEST_CASE("the clock never goes back on a thread") {
  auto last = tsc_clock::now();
  bool back = false;
  for (int i = 0; i != 200000; ++i) {
    const auto now = tsc_clock::now();
    back = back || now < last;
    last = now;
  }
  CHECK_FALSE(back);
}

TEST_CASE("the clock's rate is that of steady_clock") {
  using seconds = std::chrono::duration<double>;
  tsc_clock::calibrate();
  // Each reading of the clock stands between two of steady_clock: however long this thread is put aside, the true time
  // is between the inner and the outer span.
  const auto outer_start = steady_clock::now();
  const auto start = tsc_clock::now();
  const auto inner_start = steady_clock::now();
  std::this_thread::sleep_for(std::chrono::milliseconds{50});
  const auto inner_end = steady_clock::now();
  const auto end = tsc_clock::now();
  const auto outer_end = steady_clock::now();
  CHECK(seconds{end - start} >= 0.99 * seconds{inner_end - inner_start});
  CHECK(seconds{end - start} <= 1.01 * seconds{outer_end - outer_start});
}

TEST_CASE("a difference of the counter is right once the clock is calibrated") {
  tsc_clock::calibrate();
  for (const int milliseconds : {0, 1, 10, 50}) {
    difference_is_right(milliseconds);
  }
  CHECK(tsc_clock::nanoseconds(0) == 0);
}

TEST_CASE("calibrating again changes nothing") {
  const auto before = tsc_clock::now();
  tsc_clock::calibrate();
  const auto after = tsc_clock::now();
  CHECK(after >= before);
  CHECK(after - before < std::chrono::minutes{10});
}

TEST_CASE("the coarse clock never goes back on a thread, and goes on") {
  const std::uint64_t first = vitals::detail::coarse_nanoseconds();
  std::uint64_t last = first;
  bool back = false;
  while (last - first < 20'000'000) {
    const std::uint64_t now = vitals::detail::coarse_nanoseconds();
    back = back || now < last;
    last = now;
  }
  CHECK_FALSE(back);
}

TEST_CASE("the coarse clock is steady_clock's time, a tick ago") {
  const auto nanoseconds = [] {
    return static_cast<std::uint64_t>(std::chrono::nanoseconds{steady_clock::now().time_since_epoch()}.count());
  };
  const std::uint64_t before = nanoseconds();
  const std::uint64_t coarse = vitals::detail::coarse_nanoseconds();
  CHECK(coarse <= nanoseconds());
  CHECK(coarse + 1'000'000'000 > before);
}

}  // namespace clock_tests
