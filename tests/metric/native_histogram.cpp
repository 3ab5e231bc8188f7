#include <vitals/metric/native_histogram.hpp>

#include <chrono>
#include <limits>
#include <numeric>
#include <string>
#include <thread>

#include <doctest/doctest.h>

#include <vitals/expose/scrape.hpp>
#include <vitals/registry/registry.hpp>

namespace native_histogram_tests {

using namespace std::chrono_literals;

enum class zone { eu, us };
struct latency : vitals::native_histogram<"native_latency_seconds", "Latency.", vitals::native<2, -2, 1>,
                                          vitals::label<"zone", zone>> {};
struct sizes : vitals::native_histogram<"native_sizes_bytes", "Sizes.", vitals::native<-1, 0, 4>, vitals::shared> {};
struct plain : vitals::native_histogram<"native_plain_seconds", "All defaults."> {};
using metrics = vitals::registry<latency, sizes, plain>;

TEST_CASE("values and durations are counted in their buckets, and add up") {
  metrics::reset_after_fork();
  const auto series = metrics::get<latency>(zone::us);
  series.observe(0.0);
  series.observe(250ms);            // the zero bucket's bound
  series.observe(251ms);            // bucket 1: up to 2^(-2 + 1/4)
  series.observe(0.5);              // bucket 4
  series.observe(1s);               // bucket 8
  series.observe(1001ms);           // bucket 9
  series.observe(2.0);              // bucket 12, the last
  series.observe(2'000'000'001ns);  // above
  { const auto timing = metrics::get<plain>().time(); }
  const auto reading = series.value();
  CHECK(reading.count == 8);
  CHECK(reading.buckets[0] == 2);
  for (const std::size_t bucket : {1U, 4U, 8U, 9U, 12U, 13U}) {
    CHECK(reading.buckets[bucket] == 1);
  }
  CHECK(reading.sum == doctest::Approx(7.002000001));
  CHECK(metrics::get<latency>(zone::eu).value().count == 0);
  CHECK(metrics::get<plain>().value().count == 1);
}

TEST_CASE("what no bucket takes is dropped; an infinity counts above all") {
  metrics::reset_after_fork();
  const auto series = metrics::get<sizes>();
  series.observe(-1);
  series.observe(-0.0);
  series.observe(std::numeric_limits<double>::quiet_NaN());
  series.observe(std::numeric_limits<double>::infinity());
  series.observe(std::numeric_limits<double>::max());
  metrics::get<latency>(static_cast<zone>(2)).observe(1s);
  metrics::get<latency>(zone::eu).observe(-1ns);
  CHECK(metrics::dropped<sizes>().value == 2);
  CHECK(metrics::dropped<latency>().value == 1);
  CHECK(metrics::dropped<latency>().label == 1);
  CHECK(series.value().count == 3);
  CHECK(series.value().buckets.front() == 1);
  CHECK(series.value().buckets.back() == 2);
  CHECK(series.value().sum == std::numeric_limits<double>::max());
}

TEST_CASE("texts show the buckets at powers of two, the same ones in every scrape") {
  metrics::reset_after_fork();
  for (const double value : {0.1, 0.3, 0.4, 0.5, 0.9, 1.5, 1.9, 2.5}) {
    metrics::get<latency>(zone::eu).observe(value);
  }
  std::thread{[] { metrics::get<latency>(zone::eu).observe(0.6); }}.join();
  metrics::get<sizes>().observe(1);
  metrics::get<sizes>().observe(3);
  metrics::get<sizes>().observe(4);
  metrics::get<sizes>().observe(5);
  CHECK(vitals::scrape<metrics>().starts_with(R"(# HELP native_latency_seconds Latency.
# TYPE native_latency_seconds histogram
native_latency_seconds_bucket{zone="eu",le="0.25"} 1
native_latency_seconds_bucket{zone="eu",le="0.5"} 4
native_latency_seconds_bucket{zone="eu",le="1.0"} 6
native_latency_seconds_bucket{zone="eu",le="2.0"} 8
native_latency_seconds_bucket{zone="eu",le="+Inf"} 9
native_latency_seconds_sum{zone="eu"} 8.7
native_latency_seconds_count{zone="eu"} 9
native_latency_seconds_bucket{zone="us",le="0.25"} 0
native_latency_seconds_bucket{zone="us",le="0.5"} 0
native_latency_seconds_bucket{zone="us",le="1.0"} 0
native_latency_seconds_bucket{zone="us",le="2.0"} 0
native_latency_seconds_bucket{zone="us",le="+Inf"} 0
native_latency_seconds_sum{zone="us"} 0
native_latency_seconds_count{zone="us"} 0
# HELP native_sizes_bytes Sizes.
# TYPE native_sizes_bytes histogram
native_sizes_bytes_bucket{le="1.0"} 1
native_sizes_bytes_bucket{le="4.0"} 3
native_sizes_bytes_bucket{le="16.0"} 4
native_sizes_bytes_bucket{le="+Inf"} 4
native_sizes_bytes_sum 13
native_sizes_bytes_count 4
)"));
  metrics::reset_after_fork();
}

}  // namespace native_histogram_tests
