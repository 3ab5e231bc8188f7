#include <vitals/health/metric_checks.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <utility>

#include <doctest/doctest.h>

#include <health/said.hpp>

#include <vitals/metric/buckets.hpp>
#include <vitals/metric/counter.hpp>
#include <vitals/metric/histogram.hpp>
#include <vitals/metric/label.hpp>
#include <vitals/metric/native_histogram.hpp>
#include <vitals/metric/real_counter.hpp>
#include <vitals/registry/registry.hpp>

namespace metric_checks_tests {

using vitals::quantile_check;
using vitals::ratio_check;
using vitals::window_bounds;
using namespace std::chrono_literals;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

struct test_clock {
  static inline std::uint64_t now = 10'000;
  static std::uint64_t milliseconds() noexcept { return now; }
};

enum class method { get, post };
struct failures : vitals::counter<"checks_failures_total", "Failures."> {};
struct requests : vitals::counter<"checks_requests_total", "Requests.", vitals::label<"method", method>> {};
struct seconds_lost : vitals::real_counter<"checks_lost_seconds_total", "Lost."> {};
struct seconds_spent : vitals::real_counter<"checks_spent_seconds_total", "Spent."> {};
struct latency : vitals::histogram<"checks_latency_seconds", "Latency.", vitals::buckets::of<0.1, 0.2, 0.5, 1>> {};
struct sizes : vitals::histogram<"checks_sizes", "Sizes.", vitals::buckets::of<10, 20>> {};
struct native : vitals::native_histogram<"checks_native_seconds", "Latency."> {};
using metrics = vitals::registry<failures, requests, seconds_lost, seconds_spent, latency, sizes, native>;

template <class Part, class Whole>
auto ratio(Part part, Whole whole, window_bounds bounds) {
  return ratio_check<Part, Whole, test_clock>{part, whole, std::move(bounds)};
}
template <class Histogram>
auto above(Histogram of, double q, window_bounds bounds) {
  return quantile_check<Histogram, test_clock>{of, q, std::move(bounds)};
}

TEST_CASE("a ratio of two counters' growth") {
  const auto failed = metrics::get<failures>();
  const auto asked = metrics::get<requests>(method::get);
  failed.inc(1'000U);
  asked.inc(1'000U);  // what there is before is no growth
  auto check = ratio(failed, asked, {.degraded = 0.01, .failed = 0.05, .least_events = 100});
  CHECK(said(check()) == "passed");
  failed.inc(99U);
  asked.inc(99U);
  test_clock::now += 1'000;
  CHECK(said(check()) == "passed");  // too few to tell
  asked.inc(1U);
  CHECK(said(check()) == "failed ratio");
  CHECK(check().message == "the ratio is 0.99 within 60 s, at most 0.05 is allowed");
  asked.inc(1'880U);  // 99 of 1980: exactly 0.05
  CHECK(said(check()) == "degraded ratio");
  asked.inc(7'920U);  // 99 of 9900: exactly 0.01
  CHECK(said(check()) == "passed");
}

TEST_CASE("what grew before the window counts no more") {
  const auto failed = metrics::get<failures>();
  const auto asked = metrics::get<requests>(method::post);
  auto check = ratio(failed, asked, {.failed = 0.5, .window = 10s});
  failed.inc(10U);
  asked.inc(10U);
  for (int s = 0; s != 10; ++s) {
    test_clock::now += 1'000;
    CHECK(said(check()) == "failed ratio");
  }
  test_clock::now += 1'000;
  CHECK(said(check()) == "passed");  // now it is no growth at all
  asked.inc(1U);
  CHECK(said(check()) == "passed");
  failed.inc(1U);
  CHECK(said(check()) == "failed ratio");
}

TEST_CASE("after a reset, or where the clock has stepped back, the window begins anew") {
  std::uint64_t part = 100;
  std::uint64_t whole = 100;
  auto check = ratio([&] { return part; }, [&] { return whole; }, {.failed = 0.5});
  test_clock::now += 5'000;
  part = 110;
  whole = 110;
  CHECK(said(check()) == "failed ratio");
  part = 0;
  whole = 5;
  test_clock::now += 5'000;
  CHECK(said(check()) == "passed");
  whole = 6;
  part = 1;
  CHECK(said(check()) == "failed ratio");
  test_clock::now -= 8'000;
  CHECK(said(check()) == "passed");
  part = 2;
  whole = 7;
  CHECK(said(check()) == "failed ratio");
}

TEST_CASE("a ratio of doubles, and of callables") {
  auto reals = ratio(metrics::get<seconds_lost>(), metrics::get<seconds_spent>(), {.failed = 0.5, .reason = "waste"});
  metrics::get<seconds_spent>().add(1.5);
  metrics::get<seconds_lost>().add(0.75);
  CHECK(said(reals()) == "passed");
  metrics::get<seconds_lost>().add(0.01);
  CHECK(said(reals()) == "failed waste");
  auto none = ratio([] { return 5; }, [] { return 7; }, {.failed = 0, .least_events = 0});
  CHECK(said(none()) == "passed");  // nothing of nothing
  std::uint64_t large = (std::uint64_t{1} << 63U) + 1;
  auto exact = ratio([&] { return large; }, [&] { return large; }, {.failed = 0.5});
  large += 2;  // below what a double tells apart
  CHECK(said(exact()) == "failed ratio");
}

TEST_CASE("a quantile of a histogram's growth") {
  const auto series = metrics::get<latency>();
  for (int i = 0; i != 1'000; ++i) {
    series.observe(0.9);
  }
  auto check = above(series, 0.5, {.degraded = 0.19, .failed = 0.4, .least_events = 10, .window = 10s});
  for (int i = 0; i != 9; ++i) {
    series.observe(0.9);
  }
  CHECK(said(check()) == "passed");
  series.observe(0.9);
  CHECK(said(check()) == "failed slow");
  CHECK(check().message == "the quantile 0.5 is 0.75 within 10 s, at most 0.4 is allowed");
  for (int i = 0; i != 9; ++i) {
    test_clock::now += 1'000;
    CHECK(said(check()) == "failed slow");
  }
  test_clock::now += 1'000;
  static_cast<void>(check());
  test_clock::now += 1'000;
  CHECK(said(check()) == "passed");
  for (int i = 0; i != 10; ++i) {
    series.observe(0.15);
  }
  CHECK(said(check()) == "passed");
  for (int i = 0; i != 12; ++i) {
    series.observe(0.3);
  }
  CHECK(said(check()) == "degraded slow");
}

TEST_CASE("a quantile above all of the histogram's bounds is beyond every bound") {
  const auto series = metrics::get<sizes>();
  auto check = above(series, 0.9, {.failed = 20, .reason = "large"});
  series.observe(20);
  CHECK(said(check()) == "passed");
  series.observe(21);
  CHECK(said(check()) == "failed large");
  CHECK(check().message == "the quantile 0.9 is inf within 60 s, at most 20 is allowed");
  auto wide = above(series, 1, {.failed = 1e300});
  series.observe(infinity);
  CHECK(said(wide()) == "failed slow");
  auto open = above(series, 1, {});
  series.observe(infinity);
  CHECK(said(open()) == "passed");
}

TEST_CASE("a quantile of a native histogram") {
  const auto series = metrics::get<native>();
  auto check = above(series, 0.99, {.failed = 0.5});
  series.observe(0.4);
  CHECK(said(check()) == "passed");
  for (int i = 0; i != 5; ++i) {
    series.observe(0.6);
  }
  CHECK(said(check()) == "failed slow");
}

TEST_CASE("bounds and quantiles that are none are refused") {
  const auto make = [](window_bounds b) { static_cast<void>(ratio([] { return 1; }, [] { return 1; }, std::move(b))); };
  CHECK_THROWS_AS(make({.degraded = nan}), std::invalid_argument);
  CHECK_THROWS_AS(make({.failed = nan}), std::invalid_argument);
  CHECK_THROWS_AS(make({.least_events = nan}), std::invalid_argument);
  CHECK_THROWS_AS(make({.window = 0s}), std::invalid_argument);
  CHECK_THROWS_AS(make({.window = -1s}), std::invalid_argument);
  CHECK_NOTHROW(make({.window = std::chrono::milliseconds::max()}));
  const auto series = metrics::get<latency>();
  CHECK_THROWS_AS(above(series, -0.1, {}), std::invalid_argument);
  CHECK_THROWS_AS(above(series, 1.1, {}), std::invalid_argument);
  CHECK_THROWS_AS(above(series, nan, {}), std::invalid_argument);
  CHECK_THROWS_AS(above(series, 0.5, {.failed = nan}), std::invalid_argument);
}

TEST_CASE("as a user writes them") {
  ratio_check errors{metrics::get<failures>(), metrics::get<requests>(method::get), {.failed = 0.05}};
  quantile_check p99{metrics::get<latency>(), 0.99, {.failed = 0.5, .least_events = 100}};
  CHECK(said(errors()) == "passed");
  CHECK(said(p99()) == "passed");
}

}  // namespace metric_checks_tests
