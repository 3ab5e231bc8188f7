#include <vitals/registry/registry.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <vitals/metric/buckets.hpp>
#include <vitals/metric/counter.hpp>
#include <vitals/metric/gauge.hpp>
#include <vitals/metric/histogram.hpp>
#include <vitals/metric/up_down.hpp>

namespace registry_test {

enum class method : std::uint8_t { get, post, put };
enum class outcome { ok, error };
using zone = vitals::one_of<"eu", "us">;

struct requests : vitals::counter<"registry_requests_total", "Requests.", vitals::label<"method", method>,
                                  vitals::label<"outcome", outcome>, vitals::label<"cached", bool>> {};
struct latency
    : vitals::histogram<"registry_latency_seconds", "Latency.", vitals::buckets::web, vitals::label<"method", method>> {
};
struct size : vitals::histogram<"registry_size_bytes", "Size.", vitals::buckets::of<10, 100>> {};
struct in_flight : vitals::up_down<"registry_in_flight", "In flight.", vitals::label<"zone", zone>> {};
struct load : vitals::gauge<"registry_load_ratio", "Load.", vitals::label<"zone", zone>> {};
struct packed_load : vitals::gauge<"registry_packed_load_ratio", "Load.", vitals::packed, vitals::label<"zone", zone>> {
};
struct signals : vitals::counter<"registry_signals_total", "Signals.", vitals::shared, vitals::label<"zone", zone>> {};
struct waits : vitals::histogram<"registry_waits_seconds", "Waits.", vitals::buckets::of<1, 2>, vitals::shared> {};

using metrics = vitals::registry<requests, latency, size, in_flight, load, packed_load, signals, waits>;

static_assert(vitals::source<metrics>);
static_assert(!vitals::source<int>);
static_assert(!vitals::source<requests>);
static_assert(vitals::metric<requests>);
static_assert(!vitals::metric<metrics>);
static_assert(vitals::source<vitals::registry<>>);

using handle = decltype(metrics::get<requests>(method::get, outcome::ok, true));
static_assert(sizeof(handle) == sizeof(std::uint32_t));
static_assert(std::is_trivially_copyable_v<handle>);

const vitals::family& family_named(std::string_view name) {
  for (const vitals::family& f : metrics::source().families) {
    if (f.name == name) {
      return f;
    }
  }
  FAIL("no family " << name);
  return metrics::source().families.front();
}

TEST_CASE("every combination of labels is a series of its own") {
  std::uint64_t amount = 1;
  for (const method m : {method::get, method::post, method::put}) {
    for (const outcome o : {outcome::ok, outcome::error}) {
      for (const bool cached : {false, true}) {
        metrics::get<requests>(m, o, cached).inc(amount++);
      }
    }
  }
  amount = 1;
  for (const method m : {method::get, method::post, method::put}) {
    for (const outcome o : {outcome::ok, outcome::error}) {
      for (const bool cached : {false, true}) {
        CHECK(metrics::get<requests>(m, o, cached).value() == amount++);
      }
    }
  }
  CHECK(family_named("registry_requests_total").series == 12);
}

TEST_CASE("a label outside its values is dropped and counted, and touches no series") {
  const auto total = [] {
    std::uint64_t sum = 0;
    for (const method m : {method::get, method::post, method::put}) {
      sum += metrics::get<requests>(m, outcome::ok, false).value();
    }
    return sum;
  };
  const std::uint64_t before = total();
  metrics::get<requests>(static_cast<method>(3), outcome::ok, false).inc();
  metrics::get<requests>(static_cast<method>(255), outcome::ok, false).inc(2U);
  metrics::get<requests>(method::get, static_cast<outcome>(-1), false).inc();
  metrics::get<requests>(static_cast<method>(77), static_cast<outcome>(1 << 30), true).inc();
  CHECK(metrics::dropped<requests>().label == 5);
  CHECK(total() == before);

  metrics::get<latency>(static_cast<method>(9)).observe(std::chrono::seconds{1});
  CHECK(metrics::dropped<latency>().label == 1);
  CHECK(metrics::get<latency>(method::put).value().count == 0);

  metrics::get<in_flight>(zone::find("mars")).inc();
  metrics::get<in_flight>(zone::find("mars")).dec();
  CHECK(metrics::dropped<in_flight>().label == 2);

  metrics::get<load>(zone::find("")).set(1);
  CHECK(metrics::dropped<load>().label == 1);

  metrics::get<signals>(zone::find("mars")).inc();
  CHECK(metrics::dropped<signals>().label == 1);
}

TEST_CASE("a literal, and a text found at run time, reach the same series") {
  metrics::get<in_flight>("us").add(3);
  CHECK(metrics::get<in_flight>(zone::find(std::string{"us"})).value() == 3);
  CHECK(metrics::get<in_flight>("eu").value() == 0);
}

TEST_CASE("gauges and shared metrics keep one cell for all threads") {
  metrics::get<load>("eu").set(0.5);
  metrics::get<packed_load>("us").set(0.25);
  metrics::get<signals>("eu").inc();
  metrics::get<waits>().observe(std::chrono::milliseconds{1500});
  CHECK(metrics::get<load>("eu").value() == 0.5);
  CHECK(metrics::get<load>("us").value() == 0);
  CHECK(metrics::get<packed_load>("us").value() == 0.25);
  CHECK(metrics::get<signals>("eu").value() == 1);
  CHECK(metrics::get<waits>().value().sum == 1.5);
  CHECK(metrics::get<waits>().value().buckets[1] == 1);
}

TEST_CASE("cells lie where they cost least") {
  constexpr std::uint32_t line = 8;
  const vitals::family& histogram = family_named("registry_latency_seconds");
  CHECK(histogram.first % line == 0);
  CHECK(histogram.width == 14);  // low and high half of the sum, 12 buckets: two lines
  for (std::uint32_t i = 0; i != histogram.series; ++i) {
    const std::uint32_t first = histogram.first + i * histogram.stride;
    CHECK((first + histogram.width - 1) / line - first / line == 1);
  }
  CHECK(family_named("registry_load_ratio").stride == line);
  CHECK(family_named("registry_load_ratio").first % line == 0);
  CHECK(family_named("registry_packed_load_ratio").stride == 1);
}

TEST_CASE("no two families share a cell") {
  const vitals::source_ref source = metrics::source();
  std::vector<int> used(source.cells, 0);
  for (const vitals::family& f : source.families) {
    for (std::uint32_t i = 0; i != f.series; ++i) {
      for (std::uint32_t k = 0; k != f.width; ++k) {
        ++used.at(f.first + i * f.stride + k);
      }
    }
    for (const vitals::cell_range drops : {f.label_drops, f.value_drops}) {
      for (std::uint32_t k = 0; k != drops.count; ++k) {
        ++used.at(drops.first + k);
      }
    }
  }
  for (const int times : used) {
    CHECK(times <= 1);
  }
}

TEST_CASE("two registries of one metric count apart") {
  using other = vitals::registry<size>;
  metrics::get<size>().observe(5);
  CHECK(other::get<size>().value().count == 0);
  CHECK(metrics::get<size>().value().count == 1);
}

TEST_CASE("handles made when compiling and handles made when running are the same") {
  constexpr auto fixed = metrics::get<latency>(method::post);
  volatile auto runtime = method::post;
  fixed.observe(std::chrono::milliseconds{7});
  metrics::get<latency>(static_cast<method>(runtime)).observe(std::chrono::milliseconds{8});
  CHECK(fixed.value().count == 2);
  CHECK(fixed.value().sum == doctest::Approx(0.015));
}

}  // namespace registry_test
