#include <vitals/metric/counter.hpp>

#include <cstdint>
#include <limits>
#include <string>
#include <thread>

#include <doctest/doctest.h>
#include <core/twice.hpp>

#include <vitals/registry/registry.hpp>

namespace counter_tests {

enum class method { get, post };
using by_method = vitals::label<"method", method>;
using by_zone = vitals::label<"zone", vitals::one_of<"eu", "us">>;
using by_cached = vitals::label<"cached", bool>;

struct plain : vitals::counter<"counters_plain_total", "Plain."> {};
struct amounts : vitals::counter<"counters_amounts_total", "Amounts."> {};
struct wraps : vitals::counter<"counters_wraps_total", "Wraps."> {};
struct threads : vitals::counter<"counters_threads_total", "Threads."> {};
struct labelled : vitals::counter<"counters_labelled_total", "Labelled.", by_method, by_zone, by_cached> {};
struct dropping : vitals::counter<"counters_dropping_total", "Dropping.", by_method, by_zone> {};
struct of_bool : vitals::counter<"counters_of_bool_total", "Of bool.", by_cached> {};
struct common : vitals::counter<"counters_common_total", "Common.", vitals::shared, by_method> {};
struct close : vitals::counter<"counters_close_total", "Close.", by_method, vitals::shared, vitals::packed> {};

using metrics = vitals::registry<plain, amounts, wraps, threads, labelled, dropping, of_bool, common, close>;

TEST_CASE("a counter starts at 0 and counts one at a time") {
  CHECK(metrics::get<plain>().value() == 0);
  metrics::get<plain>().inc();
  metrics::get<plain>().inc();
  CHECK(metrics::get<plain>().value() == 2);
}

TEST_CASE("a counter counts unsigned amounts of any width") {
  const auto series = metrics::get<amounts>();
  series.inc(std::uint8_t{255});
  series.inc(std::uint16_t{1});
  series.inc(10U);
  series.inc(std::uint64_t{1} << 60);
  series.add(100UL);
  series.inc(0U);
  CHECK(series.value() == (std::uint64_t{1} << 60) + 366);
}

TEST_CASE("a counter holds 64 bits and wraps beyond them") {
  const auto series = metrics::get<wraps>();
  series.inc(std::numeric_limits<std::uint64_t>::max());
  CHECK(series.value() == std::numeric_limits<std::uint64_t>::max());
  series.inc(3U);
  CHECK(series.value() == 2);
}

TEST_CASE("a counter sums over threads that live and threads that have ended") {
  const auto series = metrics::get<threads>();
  series.inc();
  std::thread{[&] {
    for (int i = 0; i != 1000; ++i) {
      series.inc();
    }
    CHECK(series.value() == 1001);
  }}.join();
  CHECK(series.value() == 1001);
}

TEST_CASE("each set of label values is a series of its own") {
  int i = 0;
  for (const method m : {method::get, method::post}) {
    for (const bool cached : {false, true}) {
      metrics::get<labelled>(m, "eu", cached).inc(static_cast<unsigned>(++i));
      metrics::get<labelled>(m, "us", cached).inc(static_cast<unsigned>(++i));
    }
  }
  i = 0;
  for (const method m : {method::get, method::post}) {
    for (const bool cached : {false, true}) {
      CHECK(metrics::get<labelled>(m, "eu", cached).value() == static_cast<unsigned>(++i));
      CHECK(metrics::get<labelled>(m, "us", cached).value() == static_cast<unsigned>(++i));
    }
  }
  CHECK(metrics::dropped<labelled>().label == 0);
}

TEST_CASE("an amount for a label outside its values is dropped and counted, and no series has it") {
  using zone = vitals::one_of<"eu", "us">;
  const auto unknown = static_cast<method>(2);
  metrics::get<dropping>(unknown, "eu").inc(5U);
  metrics::get<dropping>(static_cast<method>(-1), "us").inc();
  metrics::get<dropping>(method::get, zone::find("mars")).inc();
  metrics::get<dropping>(unknown, zone::find("mars")).inc();
  for (const method m : {method::get, method::post}) {
    CHECK(metrics::get<dropping>(m, "eu").value() == 0);
    CHECK(metrics::get<dropping>(m, "us").value() == 0);
  }
  CHECK(metrics::dropped<dropping>().label == 8);
  CHECK(metrics::dropped<dropping>().value == 0);
}

TEST_CASE("a counter whose labels cannot miss keeps no room for drops") {
  CHECK_FALSE(of_bool::shape.trash);
  CHECK(dropping::shape.trash);
  metrics::get<of_bool>(true).inc();
  CHECK(metrics::get<of_bool>(true).value() == 1);
  CHECK(metrics::get<of_bool>(false).value() == 0);
}

template <class Metric>
void count_from_two_threads() {
  twice(30, [] {
    metrics::get<Metric>(method::get).inc();
    metrics::get<Metric>(method::post).inc(2U);
    metrics::get<Metric>(static_cast<method>(9)).inc(3U);
  });
  CHECK(metrics::get<Metric>(method::get).value() == 600'000);
  CHECK(metrics::get<Metric>(method::post).value() == 1'200'000);
  CHECK(metrics::dropped<Metric>().label == 1'800'000);
}

TEST_CASE("a shared counter loses nothing between threads") {
  count_from_two_threads<common>();
}

TEST_CASE("a shared and packed counter loses nothing between threads") {
  count_from_two_threads<close>();
}

TEST_CASE("the series of a shared counter have a cache line each, unless packed") {
  CHECK(common::shape.stride == 8);
  CHECK(close::shape.stride == 1);
  CHECK(plain::shape.stride == 1);
}

}  // namespace counter_tests
