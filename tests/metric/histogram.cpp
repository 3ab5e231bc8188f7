#include <vitals/metric/histogram.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <thread>
#include <type_traits>

#include <doctest/doctest.h>
#include <core/twice.hpp>

#include <vitals/core/clock.hpp>
#include <vitals/expose/scrape.hpp>
#include <vitals/registry/registry.hpp>

namespace histogram_tests {

using namespace std::chrono_literals;
using std::chrono::duration;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t most_nanos = std::numeric_limits<std::int64_t>::max();

enum class method { get, post };
using by_method = vitals::label<"method", method>;
using one_ten = vitals::buckets::of<1, 10>;
using around_0 = vitals::buckets::of<-1, 0, 1>;
using milliseconds = vitals::buckets::of<1ms, 10ms, 1s>;

struct sizes : vitals::histogram<"histograms_sizes_bytes", "Sizes.", one_ten> {};
struct odd : vitals::histogram<"histograms_odd", "Odd values.", one_ten> {};
struct signs : vitals::histogram<"histograms_signs", "Signed values.", around_0> {};
struct odd_signs : vitals::histogram<"histograms_odd_signs", "Odd signed values.", around_0> {};
struct labelled : vitals::histogram<"histograms_labelled", "Labelled.", one_ten, by_method> {};
struct common : vitals::histogram<"histograms_common", "Common.", one_ten, by_method, vitals::shared> {};
struct close : vitals::histogram<"histograms_close", "Close.", one_ten, vitals::shared, vitals::packed, by_method> {};
struct cold : vitals::histogram<"histograms_cold", "Cold.", one_ten> {};
using numbers = vitals::registry<sizes, odd, signs, odd_signs, labelled, common, close, cold>;

struct latency : vitals::histogram<"histograms_latency_seconds", "Latency.", milliseconds> {};
struct odd_latency : vitals::histogram<"histograms_odd_latency_seconds", "Odd latencies.", milliseconds> {};
struct offset : vitals::histogram<"histograms_offset_seconds", "Offsets.", around_0> {};
struct long_waits : vitals::histogram<"histograms_long_waits_seconds", "Long waits.", milliseconds, by_method> {};
struct common_latency
    : vitals::histogram<"histograms_common_latency_seconds", "Common.", milliseconds, vitals::shared> {};
struct timed : vitals::histogram<"histograms_timed_seconds", "Timed.", milliseconds> {};
struct cold_latency : vitals::histogram<"histograms_cold_latency_seconds", "Cold.", milliseconds> {};
struct each_millisecond : vitals::histogram<"histograms_each_millisecond_seconds", "One bucket each.",
                                            vitals::buckets::linear<0, 1ms, 201>> {};
struct negative : vitals::histogram<"histograms_negative_seconds", "Negative ones.", milliseconds> {};
struct common_negative
    : vitals::histogram<"histograms_common_negative_seconds", "Negative ones.", milliseconds, vitals::shared> {};
struct ages : vitals::histogram<"histograms_ages_seconds", "Long ones.", milliseconds> {};
using durations = vitals::registry<negative, common_negative, ages, latency, odd_latency, offset, long_waits,
                                   common_latency, timed, cold_latency, each_millisecond>;

template <std::size_t N>
using counts = std::array<std::uint64_t, N>;

TEST_CASE("a value is counted in the first bucket whose bound is not below it, and in the sum") {
  const auto series = numbers::get<sizes>();
  CHECK(series.value().count == 0);
  CHECK(series.value().sum == 0);
  series.observe(0.5);
  series.observe(1.0);
  series.observe(std::nextafter(1.0, 2.0));
  series.observe(10);
  series.observe(10.5F);
  CHECK(series.value().buckets == counts<3>{2, 2, 1});
  CHECK(series.value().count == 5);
  CHECK(series.value().sum == 0.5 + 1.0 + std::nextafter(1.0, 2.0) + 10 + 10.5);
}

TEST_CASE("NaN, and negative values where no bound is negative, are dropped and counted") {
  const auto series = numbers::get<odd>();
  const auto before = series.value();
  for (const double value :
       {nan, -nan, -1.0, -std::numeric_limits<double>::denorm_min(), -infinity, -std::numeric_limits<double>::max()}) {
    series.observe(value);
  }
  series.observe(std::numeric_limits<float>::quiet_NaN());
  series.observe(-7);
  CHECK(series.value().buckets == before.buckets);
  CHECK(series.value().sum == before.sum);
  CHECK(numbers::dropped<odd>().value == 8);
  CHECK(numbers::dropped<odd>().label == 0);
}

TEST_CASE("-0 is 0, and an infinity counts above all bounds and not in the sum") {
  const auto series = numbers::get<odd>();
  series.observe(-0.0);
  CHECK(series.value().buckets == counts<3>{1, 0, 0});
  series.observe(infinity);
  series.observe(std::numeric_limits<float>::infinity());
  CHECK(series.value().buckets == counts<3>{1, 0, 2});
  CHECK(series.value().sum == 0);
  CHECK_FALSE(std::signbit(series.value().sum));
  series.observe(std::numeric_limits<double>::max());
  CHECK(series.value().buckets == counts<3>{1, 0, 3});
  CHECK(series.value().sum == std::numeric_limits<double>::max());
}

TEST_CASE("a histogram with a negative bound takes negative values, and its sum may fall") {
  const auto series = numbers::get<signs>();
  series.observe(-2);
  series.observe(-1);
  series.observe(-0.5);
  series.observe(0);
  series.observe(-0.0);
  series.observe(0.5);
  series.observe(4);
  CHECK(series.value().buckets == counts<4>{2, 3, 1, 1});
  CHECK(series.value().sum == 1);
  series.observe(-8.5);
  CHECK(series.value().sum == -7.5);
}

TEST_CASE("with a negative bound infinities count in the outermost buckets, and NaN is dropped") {
  const auto series = numbers::get<odd_signs>();
  series.observe(infinity);
  series.observe(-infinity);
  series.observe(-infinity);
  series.observe(nan);
  series.observe(-nan);
  CHECK(series.value().buckets == counts<4>{2, 0, 0, 1});
  CHECK(series.value().sum == 0);
  CHECK(numbers::dropped<odd_signs>().value == 2);
}

TEST_CASE(
    "a negative duration is dropped and counted: one that rounds to 0, one at a thread's first touch, in shared "
    "cells") {
  using picoseconds = duration<std::int64_t, std::pico>;
  const auto dropped = [] { return durations::dropped<negative>().value; };
  const auto series = durations::get<negative>();
  std::thread{[&] { series.observe(-1ns); }}.join();
  CHECK(dropped() == 1);
  series.observe(picoseconds{-400});
  series.observe(-1ns);
  series.observe(-1s);
  series.observe(std::chrono::nanoseconds{std::numeric_limits<std::int64_t>::min()});
  series.observe(std::chrono::hours{std::numeric_limits<std::int32_t>::min()});
  series.observe(-0.25);
  CHECK(dropped() == 7);
  CHECK(series.value().count == 0);
  series.observe(picoseconds{400});
  series.observe(0ns);
  CHECK(dropped() == 7);
  CHECK(series.value().buckets == counts<4>{2, 0, 0, 0});
  CHECK(series.value().sum == 0);
  series.observe(1s);
  series.observe(-1ns);  // the sum would stay above 0
  CHECK(dropped() == 8);
  CHECK(series.value().buckets == counts<4>{2, 0, 1, 0});
  CHECK(series.value().sum == 1);

  const auto common = durations::get<common_negative>();
  common.observe(-1ns);
  common.observe(picoseconds{-400});
  common.observe(1ms);
  CHECK(durations::dropped<common_negative>().value == 2);
  CHECK(common.value().buckets == counts<4>{1, 0, 0, 0});
}

TEST_CASE("durations of more than 146 years are counted and added like others") {
  constexpr std::int64_t years_146 = std::int64_t{1} << 62;
  const auto series = durations::get<ages>();
  series.observe(std::chrono::nanoseconds{years_146 - 1});
  series.observe(std::chrono::nanoseconds{years_146});
  series.observe(std::chrono::nanoseconds{most_nanos});
  series.observe(1ms);
  CHECK(series.value().buckets == counts<4>{1, 0, 0, 3});
  CHECK(series.value().sum == (4.0 * static_cast<double>(years_146) + 1e6) / 1e9);
  CHECK(durations::dropped<ages>().value == 0);
}

TEST_CASE("observations for a label outside its values are dropped and counted, infinities too") {
  const auto unknown = numbers::get<labelled>(static_cast<method>(2));
  unknown.observe(0.5);
  unknown.observe(5);
  unknown.observe(50);
  unknown.observe(infinity);
  numbers::get<labelled>(method::post).observe(2);
  CHECK(numbers::get<labelled>(method::get).value().count == 0);
  CHECK(numbers::get<labelled>(method::get).value().sum == 0);
  CHECK(numbers::get<labelled>(method::post).value().buckets == counts<3>{0, 1, 0});
  CHECK(numbers::get<labelled>(method::post).value().sum == 2);
  CHECK(numbers::dropped<labelled>().label == 4);
  CHECK(numbers::dropped<labelled>().value == 0);
  unknown.observe(nan);
  CHECK(numbers::dropped<labelled>().label == 4);
  CHECK(numbers::dropped<labelled>().value == 1);
}

template <class Metric>
void observe_from_two_threads() {
  twice(20, [] {
    numbers::get<Metric>(method::get).observe(0.5);
    numbers::get<Metric>(method::post).observe(2);
    numbers::get<Metric>(method::post).observe(20);
    numbers::get<Metric>(method::post).observe(infinity);
    numbers::get<Metric>(method::get).observe(nan);
    numbers::get<Metric>(static_cast<method>(5)).observe(1);
  });
  const auto get = numbers::get<Metric>(method::get).value();
  CHECK(get.buckets == counts<3>{400'000, 0, 0});
  CHECK(get.sum == 200'000);
  const auto post = numbers::get<Metric>(method::post).value();
  CHECK(post.buckets == counts<3>{0, 400'000, 800'000});
  CHECK(post.sum == 8'800'000);
  CHECK(numbers::dropped<Metric>().label == 400'000);
  CHECK(numbers::dropped<Metric>().value == 400'000);
}

TEST_CASE("a shared histogram loses nothing between threads") {
  observe_from_two_threads<common>();
}

TEST_CASE("a shared and packed histogram loses nothing between threads") {
  observe_from_two_threads<close>();
}

TEST_CASE("a shared histogram's series fill whole cache lines, unless packed") {
  CHECK(common::shape.width == 4);
  CHECK(common::shape.stride == 8);
  CHECK(close::shape.stride == 4);
}

TEST_CASE("any duration is counted, to the nanosecond") {
  const auto series = durations::get<latency>();
  series.observe(1ms);
  series.observe(1'000'001ns);
  series.observe(10'000us);
  series.observe(duration<double, std::milli>{0.5});
  series.observe(duration<float>{0.5F});
  series.observe(duration<int, std::ratio<1, 3>>{1});
  series.observe(std::chrono::minutes{1});
  series.observe(0.0005);
  series.observe(2);  // seconds
  CHECK(series.value().buckets == counts<4>{3, 2, 2, 2});
  CHECK(series.value().count == 9);
  CHECK(series.value().sum ==
        (1'000'000 + 1'000'001 + 10'000'000 + 500'000 + 500'000'000 + 333'333'333 + 60e9 + 500'000 + 2e9) / 1e9);
}

TEST_CASE("k milliseconds and k / 1000.0 seconds meet the same bucket, and that is bucket k") {
  const auto series = durations::get<each_millisecond>();
  for (int k = 0; k <= 200; ++k) {
    series.observe(std::chrono::milliseconds{k});
    series.observe(k / 1000.0);
    series.observe(duration<double>{k / 1000.0});
    series.observe(duration<double, std::milli>{k});
  }
  const auto reading = series.value();
  int wrong = 0;
  for (std::size_t k = 0; k <= 200; ++k) {
    wrong += reading.buckets[k] == 4 ? 0 : 1;
  }
  CHECK(wrong == 0);
  CHECK(reading.buckets[201] == 0);
  CHECK(reading.sum == 4 * 20.1);
}

TEST_CASE("NaN and negative durations are dropped and counted, infinite ones count above all bounds") {
  const auto series = durations::get<odd_latency>();
  series.observe(duration<double>{nan});
  series.observe(duration<float, std::milli>{std::numeric_limits<float>::quiet_NaN()});
  series.observe(nan);
  series.observe(-1ns);
  series.observe(std::chrono::hours::min());
  series.observe(duration<double, std::nano>{-0.25});
  series.observe(-1e-12);
  series.observe(-infinity);
  CHECK(series.value().count == 0);
  CHECK(durations::dropped<odd_latency>().value == 8);
  series.observe(duration<double>{infinity});
  series.observe(infinity);
  series.observe(duration<double, std::ratio<3600>>{std::numeric_limits<double>::max()});
  series.observe(duration<double>{-0.0});
  series.observe(0ns);
  CHECK(series.value().buckets == counts<4>{2, 0, 0, 3});
  CHECK(series.value().sum == 0);
  CHECK(durations::dropped<odd_latency>().value == 8);
}

TEST_CASE("durations around 0 are counted where a bound is negative") {
  const auto series = durations::get<offset>();
  series.observe(-2s);
  series.observe(-1s);
  series.observe(-0.5);
  series.observe(0s);
  series.observe(1ns);
  series.observe(-infinity);
  series.observe(infinity);
  CHECK(series.value().buckets == counts<4>{3, 2, 1, 1});
  CHECK(series.value().sum == -3.499999999);
  series.observe(std::chrono::hours::min());
  CHECK(series.value().buckets == counts<4>{4, 2, 1, 1});
  CHECK(series.value().sum < -9.2e9);
}

/// The value behind the first line of the page that starts with `series`.
std::string printed(const std::string& page, const std::string& series) {
  const auto start = page.find('\n' + series + ' ') + series.size() + 2;
  return page.substr(start, page.find('\n', start) - start);
}

TEST_CASE("a sum of durations beyond 64 bits is printed exactly, over threads that ended too") {
  const auto get = durations::get<long_waits>(method::get);
  const auto post = durations::get<long_waits>(method::post);
  for (int i = 0; i != 3; ++i) {
    get.observe(std::chrono::hours::max());
  }
  std::thread{[&] {
    for (int i = 0; i != 997; ++i) {
      get.observe(std::chrono::nanoseconds::max());
    }
    post.observe(1ns);
  }}.join();
  get.observe(duration<double>{1e300});
  get.observe(1e300);
  post.observe(1'500'000us);
  const std::string page = vitals::scrape<durations>();
  // 1002 x 9223372036.854775807
  CHECK(printed(page, R"(histograms_long_waits_seconds_sum{method="get"})") == "9241818780928.485358614");
  CHECK(printed(page, R"(histograms_long_waits_seconds_count{method="get"})") == "1002");
  CHECK(printed(page, R"(histograms_long_waits_seconds_bucket{method="get",le="+Inf"})") == "1002");
  CHECK(printed(page, R"(histograms_long_waits_seconds_bucket{method="get",le="1.0"})") == "0");
  CHECK(printed(page, R"(histograms_long_waits_seconds_sum{method="post"})") == "1.500000001");
  CHECK(get.value().sum == 1002 * 9223372036.854775807);
  static_assert(most_nanos == 9223372036854775807);
}

TEST_CASE("a shared histogram of durations loses nothing between threads, beyond 64 bits too") {
  const auto series = durations::get<common_latency>();
  twice(20, [&] { series.observe(std::chrono::nanoseconds{most_nanos}); });
  CHECK(series.value().buckets == counts<4>{0, 0, 0, 400'000});
  const std::string page = vitals::scrape<durations>();
  // 400,000 x 9223372036.854775807
  CHECK(printed(page, "histograms_common_latency_seconds_sum") == "3689348814741910.3228");
}

TEST_CASE("a thread whose first touch is an observation counts it") {
  std::thread{[] { numbers::get<cold>().observe(2.5); }}.join();
  std::thread{[] { numbers::get<cold>().observe(infinity); }}.join();
  std::thread{[] { numbers::get<cold>().observe(nan); }}.join();
  CHECK(numbers::get<cold>().value().buckets == counts<3>{0, 1, 1});
  CHECK(numbers::get<cold>().value().sum == 2.5);
  CHECK(numbers::dropped<cold>().value == 1);
  std::thread{[] { durations::get<cold_latency>().observe(3ms); }}.join();
  std::thread{[] { durations::get<cold_latency>().observe(-3ms); }}.join();
  CHECK(durations::get<cold_latency>().value().buckets == counts<4>{0, 1, 0, 0});
  CHECK(durations::get<cold_latency>().value().sum == 0.003);
  CHECK(durations::dropped<cold_latency>().value == 1);
}

TEST_CASE("two infinities of two threads never meet in a sum, before their threads end or after") {
  numbers::reset_after_fork();
  std::atomic<int> observed{0};
  std::atomic<bool> end{false};
  const auto observe = [&](double value) {
    numbers::get<odd_signs>().observe(value);  // a thread's first touch, and another
    numbers::get<odd_signs>().observe(value);
    numbers::get<odd_signs>().observe(std::copysign(0.25, value));
    numbers::get<common>(method::get).observe(value);
    ++observed;
    while (!end) {
      std::this_thread::yield();
    }
  };
  std::thread above{observe, infinity};
  std::thread below{observe, -infinity};
  while (observed != 2) {
    std::this_thread::yield();
  }
  const auto series = numbers::get<odd_signs>();
  for (const char* const when : {"alive", "folded"}) {
    CAPTURE(when);
    CHECK(series.value().buckets == counts<4>{2, 1, 1, 2});
    CHECK(series.value().sum == 0);
    CHECK(numbers::get<common>(method::get).value().buckets == counts<3>{0, 0, 1});
    CHECK(numbers::get<common>(method::get).value().sum == 0);
    if (!end) {
      end = true;
      above.join();
      below.join();
    }
  }
  CHECK(numbers::dropped<odd_signs>().value == 0);
  CHECK(numbers::dropped<common>().value == 1);
  CHECK(vitals::scrape<numbers>().find("\nhistograms_odd_signs_sum 0\n") != std::string::npos);
  numbers::reset_after_fork();
}

TEST_CASE("finite values add up as doubles do: past the largest their sum is an infinity, and two of those are NaN") {
  numbers::reset_after_fork();
  durations::reset_after_fork();
  const auto series = numbers::get<odd_signs>();
  const auto twice_in_a_thread = [series](double value) {
    std::thread{[=] {
      series.observe(value);
      series.observe(value);
    }}.join();
  };
  twice_in_a_thread(std::numeric_limits<double>::max());
  CHECK(series.value().sum == infinity);
  twice_in_a_thread(std::numeric_limits<double>::lowest());
  CHECK(std::isnan(series.value().sum));
  CHECK(series.value().buckets == counts<4>{2, 0, 0, 2});
  // durations have room for any number of them
  std::thread{[] { durations::get<offset>().observe(std::chrono::nanoseconds{most_nanos}); }}.join();
  std::thread{[] { durations::get<offset>().observe(infinity); }}.join();
  std::thread{[] { durations::get<offset>().observe(-infinity); }}.join();
  std::thread{[] { durations::get<offset>().observe(std::chrono::nanoseconds{-most_nanos}); }}.join();
  CHECK(durations::get<offset>().value().sum == 0);
  numbers::reset_after_fork();
  durations::reset_after_fork();
}

TEST_CASE("a timer observes here, unless it is cancelled") {
  const auto series = durations::get<timed>();
  {
    const auto timing = series.time();
    CHECK(series.value().count == 0);
  }
  CHECK(series.value().count == 1);
  {
    auto timing = series.time<vitals::tsc_clock>();
    CHECK(timing.elapsed() >= 0ns);
    timing.stop();
    CHECK(series.value().count == 2);
  }
  CHECK(series.value().count == 2);
  {
    auto timing = series.time();
    timing.cancel();
  }
  CHECK(series.value().count == 2);
  CHECK(durations::dropped<timed>().value == 0);
  CHECK(series.value().sum >= 0);
}

TEST_CASE("a timer takes in what its scope waits") {
  const auto before = durations::get<timed>().value().sum;
  {
    const auto timing = durations::get<timed>().time();
    std::this_thread::sleep_for(2ms);
  }
  CHECK(durations::get<timed>().value().sum - before >= 0.002);
}

TEST_CASE("bounds of a histogram of durations are whole nanoseconds, printed in seconds") {
  struct fine : vitals::histogram<"histograms_fine_seconds", "Fine.", vitals::buckets::of<1.4e-9, 0.1, 0.3>> {};
  CHECK(fine::bounds == std::array{1e-9, 0.1, 0.3});
  CHECK(latency::bounds == std::array{0.001, 0.01, 1.0});
}

TEST_CASE("a bound of -0 is 0") {
  struct zero : vitals::histogram<"histograms_zero", "Zero.", vitals::buckets::of<-0.0, 1>> {};
  CHECK_FALSE(std::signbit(zero::bounds[0]));
  CHECK_FALSE(zero::shape.may_fall);
}

TEST_CASE("the cells of a series straddle no more cache lines than they must") {
  CHECK(sizes::shape.width == 4);
  CHECK(sizes::shape.stride == 4);
  CHECK(latency::shape.width == 6);
  CHECK(latency::shape.stride == 8);
}

}  // namespace histogram_tests
