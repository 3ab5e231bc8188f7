#include <vitals/metric/up_down.hpp>

#include <cstdint>
#include <limits>
#include <thread>

#include <doctest/doctest.h>
#include <core/twice.hpp>

#include <vitals/registry/registry.hpp>

namespace up_down_tests {

enum class queue { fast, slow };
using by_queue = vitals::label<"queue", queue>;

struct plain : vitals::up_down<"up_down_plain", "Plain."> {};
struct amounts : vitals::up_down<"up_down_amounts", "Amounts."> {};
struct threads : vitals::up_down<"up_down_threads", "Threads."> {};
struct labelled : vitals::up_down<"up_down_labelled", "Labelled.", by_queue> {};
struct common : vitals::up_down<"up_down_common", "Common.", by_queue, vitals::shared> {};
struct close : vitals::up_down<"up_down_close", "Close.", by_queue, vitals::shared, vitals::packed> {};

using metrics = vitals::registry<plain, amounts, threads, labelled, common, close>;

TEST_CASE("an up-down counter starts at 0, goes up, down and below 0") {
  const auto series = metrics::get<plain>();
  CHECK(series.value() == 0);
  series.inc();
  series.inc();
  series.dec();
  CHECK(series.value() == 1);
  series.dec();
  series.dec();
  CHECK(series.value() == -1);
}

TEST_CASE("an up-down counter adds integers of any type") {
  const auto series = metrics::get<amounts>();
  series.add(-5);
  series.add(std::int8_t{-128});
  series.add(std::uint8_t{255});
  series.add(std::uint32_t{0xFFFFFFFF});
  series.add(std::int16_t{-1});
  CHECK(series.value() == -5 - 128 + 255 + std::int64_t{0xFFFFFFFF} - 1);
}

TEST_CASE("an up-down counter holds signed 64 bits and wraps beyond them") {
  const auto series = metrics::get<labelled>(queue::slow);
  series.add(std::numeric_limits<std::int64_t>::max());
  CHECK(series.value() == std::numeric_limits<std::int64_t>::max());
  series.inc();
  CHECK(series.value() == std::numeric_limits<std::int64_t>::min());
}

TEST_CASE("one thread goes up and another down, and the sum over both is told") {
  const auto series = metrics::get<threads>();
  for (int i = 0; i != 1000; ++i) {
    series.inc();
  }
  std::thread{[&] {
    for (int i = 0; i != 1001; ++i) {
      series.dec();
    }
    CHECK(series.value() == -1);
  }}.join();
  CHECK(series.value() == -1);
}

TEST_CASE("an update for a label outside its values is dropped and counted once, whatever its amount") {
  const auto before = metrics::get<labelled>(queue::fast).value();
  const auto unknown = metrics::get<labelled>(static_cast<queue>(2));
  unknown.inc();
  unknown.dec();
  unknown.add(100);
  CHECK(unknown.value() == 0);
  CHECK(metrics::get<labelled>(queue::fast).value() == before);
  CHECK(metrics::dropped<labelled>().label == 3);
}

template <class Metric>
void count_from_two_threads() {
  twice(30, [] {
    metrics::get<Metric>(queue::fast).inc();
    metrics::get<Metric>(queue::slow).add(-2);
    metrics::get<Metric>(static_cast<queue>(-1)).inc();
  });
  CHECK(metrics::get<Metric>(queue::fast).value() == 600'000);
  CHECK(metrics::get<Metric>(queue::slow).value() == -1'200'000);
  CHECK(metrics::dropped<Metric>().label == 600'000);
}

TEST_CASE("a shared up-down counter loses nothing between threads") {
  count_from_two_threads<common>();
}

TEST_CASE("a shared and packed up-down counter loses nothing between threads") {
  count_from_two_threads<close>();
}

TEST_CASE("the series of a shared up-down counter have a cache line each, unless packed") {
  CHECK(common::shape.stride == 8);
  CHECK(close::shape.stride == 1);
  CHECK(plain::shape.stride == 1);
}

}  // namespace up_down_tests
