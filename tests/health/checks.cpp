#include <vitals/health/checks.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <doctest/doctest.h>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>

#include <vitals/metric/buckets.hpp>
#include <vitals/metric/counter.hpp>
#include <vitals/metric/histogram.hpp>
#include <vitals/metric/label.hpp>
#include <vitals/metric/native_histogram.hpp>
#include <vitals/metric/real_counter.hpp>
#include <vitals/registry/registry.hpp>

namespace checks_tests {

using vitals::check_result;
using vitals::disk_check;
using vitals::file_check;
using vitals::lag_check;
using vitals::memory_check;
using vitals::quantile_check;
using vitals::ratio_check;
using vitals::report;
using namespace std::chrono_literals;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

struct test_clock {
  static inline std::uint64_t now = 10'000;
  static std::uint64_t milliseconds() noexcept { return now; }
};

std::string said(const check_result& r) {
  const char* const names[] = {"passed", "degraded", "failed"};
  return std::string{names[static_cast<std::size_t>(r.what)]} + (r.reason.empty() ? "" : " ") + r.reason;
}

/// A folder for a test's files.
class folder {
 public:
  folder() { REQUIRE(::mkdtemp(path_) != nullptr); }
  folder(const folder&) = delete;
  folder& operator=(const folder&) = delete;
  ~folder() {
    ::unlink(file().c_str());
    ::rmdir(path_);
  }
  [[nodiscard]] std::string file() const { return std::string{path_} + "/file"; }
  /// Makes the file, written so long ago.
  void write(std::chrono::milliseconds ago) const {
    const int fd = ::open(file().c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    REQUIRE(fd >= 0);
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    const std::int64_t then = now.tv_sec * 1'000'000'000L + now.tv_nsec - ago.count() * 1'000'000;
    const timespec at{then / 1'000'000'000, then % 1'000'000'000};
    const timespec times[] = {at, at};
    REQUIRE(::futimens(fd, times) == 0);
    ::close(fd);
  }

 private:
  char path_[32] = "/tmp/vitals_checks_XXXXXX";
};

TEST_CASE("a file's freshness") {
  const folder dir;
  const file_check check{.path = dir.file(), .most_age = 1h};
  CHECK(said(check()) == "failed missing");
  CHECK(check().message.starts_with(dir.file() + ": "));
  CHECK(check().message.size() > dir.file().size() + 2);
  dir.write(0s);
  CHECK(said(check()) == "passed");
  dir.write(59min);
  CHECK(said(check()) == "passed");
  dir.write(61min);
  CHECK(said(check()) == "failed stale");
  CHECK(check().message.starts_with(dir.file() + ": written 36"));
  CHECK(check().message.ends_with(" s ago, at most 3600 s are allowed"));
  dir.write(-24h);
  CHECK(said(check()) == "passed");
  const timespec year_2400{13'569'465'600, 0};  // nanoseconds since 1970 end in 2262
  const timespec times[] = {year_2400, year_2400};
  REQUIRE(::utimensat(AT_FDCWD, dir.file().c_str(), times, 0) == 0);
  CHECK(said(check()) == "passed");
  CHECK(said(file_check{.path = dir.file() + "/below_a_file"}()) == "failed missing");
  CHECK(said(file_check{.path = std::string(5'000, 'x')}()) == "failed unreadable");
  CHECK(said(file_check{}()) == "failed missing");
}

TEST_CASE("space on a disk") {
  CHECK(said(disk_check{.path = "/"}()) == "passed");
  CHECK(said(disk_check{.path = "/", .least_bytes = std::numeric_limits<std::uint64_t>::max()}()) ==
        "failed low_space");
  CHECK(said(disk_check{.path = "/", .least_part = 1.5}()) == "failed low_space");
  CHECK(said(disk_check{.path = "/no/such/folder"}()) == "failed unreadable");
  const disk_check bytes{.path = "/", .least_bytes = 4'096'000};
  CHECK(said(bytes.judge(4'096, 9'000, 1'000)) == "passed");
  CHECK(said(bytes.judge(4'096, 9'000, 999)) == "failed low_space");
  CHECK(bytes.judge(4'096, 9'000, 1'000 - 1).message.starts_with("/: 4091904 bytes are free, a part of 0.0999"));
  const disk_check part{.path = "/", .least_part = 0.1};
  CHECK(said(part.judge(4'096, 9'000, 1'000)) == "passed");
  CHECK(said(part.judge(4'096, 9'001, 999)) == "failed low_space");
  CHECK(said(part.judge(4'096, 0, 0)) == "failed low_space");
  CHECK(said(disk_check{}.judge(4'096, 10, 0)) == "passed");
  const std::uint64_t huge = std::uint64_t{1} << 60U;
  CHECK(said(bytes.judge(huge, huge, huge)) == "passed");
}

TEST_CASE("a limit of memory") {
  CHECK(said(memory_check{}()) == "passed");
  CHECK(said(memory_check{.most_bytes = 4'096}()) == "failed memory_limit");
  CHECK(said(memory_check{.degraded_bytes = 4'096}()) == "degraded memory_limit");
  const memory_check check{.most_bytes = 200, .degraded_bytes = 100};
  CHECK(said(check.judge(100)) == "passed");
  CHECK(said(check.judge(101)) == "degraded memory_limit");
  CHECK(said(check.judge(200)) == "degraded memory_limit");
  CHECK(said(check.judge(201)) == "failed memory_limit");
  CHECK(check.judge(201).message == "201 bytes are in RAM");
}

TEST_CASE("a lag: a number or a duration") {
  int length = 0;
  lag_check queue{[&] { return length; }, {.degraded = 10, .failed = 100}};
  length = 10;
  CHECK(said(queue()) == "passed");
  length = 11;
  CHECK(said(queue()) == "degraded lag");
  CHECK(queue().message == "it is 11, at most 10 is allowed");
  length = 100;
  CHECK(said(queue()) == "degraded lag");
  length = 101;
  CHECK(said(queue()) == "failed lag");
  CHECK(queue().message == "it is 101, at most 100 is allowed");
  length = -5;
  CHECK(said(queue()) == "passed");

  std::chrono::milliseconds age{};
  lag_check oldest{[&] { return age; }, {.failed = 1s, .reason = "old"}};
  age = 1s;
  CHECK(said(oldest()) == "passed");
  age = 1'001ms;
  CHECK(said(oldest()) == "failed old");
  CHECK(oldest().message == "it is 1.001 s, at most 1 s is allowed");
  lag_check longest{[] { return std::chrono::hours::max(); }, {.failed = 1h}};
  CHECK(longest().message.starts_with("it is 3.3"));
  lag_check endless{[] { return std::chrono::duration<double>{infinity}; }, {.failed = 1s}};
  CHECK(endless().message == "it is inf s, at most 1 s is allowed");

  double number = 0;
  lag_check real{[&] { return number; }, {.degraded = 0.5}};
  CHECK(said(real()) == "passed");
  number = nan;
  CHECK(said(real()) == "failed lag");
  number = infinity;
  CHECK(said(real()) == "degraded lag");
  lag_check unbounded{[] { return std::numeric_limits<std::uint64_t>::max(); }, {}};
  CHECK(said(unbounded()) == "passed");
}

enum class method { get, post };
struct failures : vitals::counter<"checks_failures_total", "Failures."> {};
struct requests : vitals::counter<"checks_requests_total", "Requests.", vitals::label<"method", method>> {};
struct seconds_lost : vitals::real_counter<"checks_lost_seconds_total", "Lost."> {};
struct seconds_spent : vitals::real_counter<"checks_spent_seconds_total", "Spent."> {};
struct latency : vitals::histogram<"checks_latency_seconds", "Latency.", vitals::buckets::of<0.1, 0.2, 0.5, 1>> {};
struct sizes : vitals::histogram<"checks_sizes", "Sizes.", vitals::buckets::of<10, 20>> {};
struct native : vitals::native_histogram<"checks_native_seconds", "Latency."> {};
using metrics = vitals::registry<failures, requests, seconds_lost, seconds_spent, latency, sizes, native>;

using vitals::window_bounds;
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

}  // namespace checks_tests
