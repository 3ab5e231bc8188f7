// The hot path: what one update costs.
#include <time.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <vitals/vitals.hpp>

#include "cases.hpp"

namespace {

using bench::lane;
using bench::measure;
using bench::pin;
using bench::rotate;
using bench::rotated;
using bench::rotation;

using lanes = vitals::label<"lane", lane>;
struct hits : vitals::counter<"hits_total", "Increments.", lanes> {};
struct waiting : vitals::up_down<"waiting", "Up and down.", lanes> {};
struct depth : vitals::gauge<"depth", "Sets.", lanes> {};
struct peak : vitals::max_gauge<"peak", "Maxima.", lanes> {};
struct load : vitals::histogram<"load_ratio", "Doubles.", vitals::buckets::web, lanes> {};
struct latency : vitals::histogram<"latency_seconds", "Durations.", vitals::buckets::web, lanes> {};
struct native_load : vitals::native_histogram<"native_load_ratio", "Doubles.", vitals::native<>, lanes> {};
struct native_latency : vitals::native_histogram<"native_latency_seconds", "Durations.", vitals::native<>, lanes> {};
using metrics = vitals::registry<hits, waiting, depth, peak, load, latency, native_load, native_latency>;

/// The lanes in the rotation's order, as a program meets them at run time.
std::array<lane, rotation> lanes_at_run_time() {
  std::array<lane, rotation> order{};
  for (std::size_t i = 0; i != rotation; ++i) {
    order[i] = static_cast<lane>(rotated(i));
  }
  benchmark::DoNotOptimize(order);
  return order;
}

/// Plain memory to count in: what the floors use.
template <class T>
T* plain_cells() {
  alignas(128) static std::array<T, 16 * rotation> memory{};
  T* cells = memory.data();
  benchmark::DoNotOptimize(cells);
  return cells;
}

/// prometheus-cpp's metrics.
struct peer {
  prometheus::Registry registry;
  std::array<prometheus::Counter*, rotation> counters{};
  std::array<prometheus::Histogram*, rotation> histograms{};

  peer() {
    auto& hits_family = prometheus::BuildCounter().Name("hits_total").Help("Increments.").Register(registry);
    auto& load_family = prometheus::BuildHistogram().Name("load_ratio").Help("Doubles.").Register(registry);
    const auto& web = vitals::buckets::web::bounds;
    for (std::size_t i = 0; i != rotation; ++i) {
      const prometheus::Labels labels{{"lane", std::to_string(i)}};
      counters[i] = &hits_family.Add(labels);
      histograms[i] = &load_family.Add(labels, prometheus::Histogram::BucketBoundaries{web.begin(), web.end()});
    }
  }
};

peer& the_peer() {
  static peer all;
  return all;
}

// Increments, the label a constant.

void inc_ours(benchmark::State& state) {
  if (!pin(state)) {
    return;
  }
  metrics::attach_thread();
  measure(state, [] {
    rotate([](auto i) {
      metrics::get<hits>(static_cast<lane>(i())).inc();
      benchmark::ClobberMemory();
    });
  });
}
BENCHMARK(inc_ours)->Name("inc/vitals");

void inc_floor(benchmark::State& state) {
  if (!pin(state)) {
    return;
  }
  auto* const cells = plain_cells<std::uint64_t>();
  measure(state, [cells] {
    rotate([cells](auto i) {
      ++cells[i()];
      benchmark::ClobberMemory();
    });
  });
}
BENCHMARK(inc_floor)->Name("inc/floor");

void inc_peer(benchmark::State& state) {
  if (!pin(state)) {
    return;
  }
  const auto& counters = the_peer().counters;
  measure(state, [&counters] { rotate([&counters](auto i) { counters[i()]->Increment(); }); });
}
BENCHMARK(inc_peer)->Name("inc/prometheus");

// Increments, the label known at run time.

void labelled_ours(benchmark::State& state) {
  if (!pin(state)) {
    return;
  }
  metrics::attach_thread();
  const auto order = lanes_at_run_time();
  measure(state, [&order] {
    for (const lane l : order) {
      metrics::get<hits>(l).inc();
      benchmark::ClobberMemory();
    }
  });
}
BENCHMARK(labelled_ours)->Name("labelled_inc/vitals");

void labelled_floor(benchmark::State& state) {
  if (!pin(state)) {
    return;
  }
  auto* const cells = plain_cells<std::uint64_t>();
  const auto order = lanes_at_run_time();
  measure(state, [cells, &order] {
    for (const lane l : order) {
      ++cells[static_cast<std::size_t>(l)];
      benchmark::ClobberMemory();
    }
  });
}
BENCHMARK(labelled_floor)->Name("labelled_inc/floor");

// Up and down, by an amount known at run time.

void up_down_ours(benchmark::State& state) {
  if (!pin(state)) {
    return;
  }
  metrics::attach_thread();
  std::int64_t amount = -3;
  benchmark::DoNotOptimize(amount);
  measure(state, [amount] {
    rotate([amount](auto i) {
      metrics::get<waiting>(static_cast<lane>(i())).add(amount);
      benchmark::ClobberMemory();
    });
  });
}
BENCHMARK(up_down_ours)->Name("up_down_add/vitals");

void up_down_floor(benchmark::State& state) {
  if (!pin(state)) {
    return;
  }
  auto* const cells = plain_cells<std::int64_t>();
  std::int64_t amount = -3;
  benchmark::DoNotOptimize(amount);
  measure(state, [cells, amount] {
    rotate([cells, amount](auto i) {
      cells[i()] += amount;
      benchmark::ClobberMemory();
    });
  });
}
BENCHMARK(up_down_floor)->Name("up_down_add/floor");

// Gauges: a store, each on a cache line of its own.

void gauge_ours(benchmark::State& state) {
  if (!pin(state)) {
    return;
  }
  metrics::attach_thread();
  double value = 1.5;
  benchmark::DoNotOptimize(value);
  measure(state, [value] {
    rotate([value](auto i) {
      metrics::get<depth>(static_cast<lane>(i())).set(value);
      benchmark::ClobberMemory();
    });
  });
}
BENCHMARK(gauge_ours)->Name("gauge_set/vitals");

void gauge_floor(benchmark::State& state) {
  if (!pin(state)) {
    return;
  }
  auto* const cells = plain_cells<double>();
  double value = 1.5;
  benchmark::DoNotOptimize(value);
  measure(state, [cells, value] {
    rotate([cells, value](auto i) {
      cells[8 * i()] = value;
      benchmark::ClobberMemory();
    });
  });
}
BENCHMARK(gauge_floor)->Name("gauge_set/floor");

// Observing one million different values, from half the smallest bound to twice the largest.

const std::vector<double>& seconds() {
  static const auto values = bench::spread_values(0.0025, 20);
  return values;
}

const std::vector<std::chrono::nanoseconds>& durations() {
  static const auto values = [] {
    std::vector<std::chrono::nanoseconds> all;
    for (const double value : seconds()) {
      all.emplace_back(static_cast<std::int64_t>(value * 1e9));
    }
    return all;
  }();
  return values;
}

/// Calls `observe` with a place in the rotation and with a value, all values in turn.
template <class Values, class Observe>
void measure_values(benchmark::State& state, const Values& values, Observe observe) {
  static_assert(1'000'000 % rotation == 0);
  std::size_t at = 0;
  measure(state, [&values, &at, observe] {
    for (std::size_t i = 0; i != rotation; ++i) {
      observe(i, values[at + i]);
      benchmark::ClobberMemory();
    }
    at = at + rotation == values.size() ? 0 : at + rotation;
  });
}

template <class Metric>
auto handles_in_order() {
  const auto order = lanes_at_run_time();
  std::vector<decltype(metrics::get<Metric>(lane{}))> handles;
  for (const lane l : order) {
    handles.push_back(metrics::get<Metric>(l));
  }
  return handles;
}

template <class Metric, class Values>
void observe_ours(benchmark::State& state, const Values& values) {
  if (!pin(state)) {
    return;
  }
  metrics::attach_thread();
  const auto series = handles_in_order<Metric>();
  measure_values(state, values, [&series](std::size_t i, auto value) { series[i].observe(value); });
}

void observe_double_ours(benchmark::State& state) {
  observe_ours<load>(state, seconds());
}
BENCHMARK(observe_double_ours)->Name("observe_double/vitals");

void observe_duration_ours(benchmark::State& state) {
  observe_ours<latency>(state, durations());
}
BENCHMARK(observe_duration_ours)->Name("observe_duration/vitals");

void observe_native_ours(benchmark::State& state) {
  observe_ours<native_load>(state, seconds());
}
BENCHMARK(observe_native_ours)->Name("observe_native/vitals");

void observe_native_duration_ours(benchmark::State& state) {
  observe_ours<native_latency>(state, durations());
}
BENCHMARK(observe_native_duration_ours)->Name("observe_native_duration/vitals");

// The largest of a window: what a gauge stores, and a look at the clock.

void peak_ours(benchmark::State& state) {
  observe_ours<peak>(state, seconds());
}
BENCHMARK(peak_ours)->Name("peak_observe/vitals");

void peak_floor(benchmark::State& state) {
  if (!pin(state)) {
    return;
  }
  auto* const most = plain_cells<double>();
  measure_values(state, seconds(), [most](std::size_t i, double value) {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    benchmark::DoNotOptimize(now);
    if (value > most[16 * i]) [[unlikely]] {
      most[16 * i] = value;
    }
  });
}
BENCHMARK(peak_floor)->Name("peak_observe/floor");

/// Two increments and a table load: what it takes to count a value and add it up, were its bucket known.
void observe_floor(benchmark::State& state) {
  if (!pin(state)) {
    return;
  }
  auto* const sums = plain_cells<double>();
  auto* const buckets = plain_cells<std::uint64_t>();
  std::array<std::uint8_t, 16> table{};
  for (std::size_t i = 0; i != table.size(); ++i) {
    table[i] = static_cast<std::uint8_t>(i % 12);
  }
  benchmark::DoNotOptimize(table);
  measure_values(state, seconds(), [sums, buckets, &table](std::size_t i, double value) {
    ++buckets[16 * i + 1 + table[std::bit_cast<std::uint64_t>(value) >> 52 & 15]];
    sums[16 * i] += value;
  });
}
BENCHMARK(observe_floor)->Name("observe_double/floor");

void observe_peer(benchmark::State& state) {
  if (!pin(state)) {
    return;
  }
  const auto& histograms = the_peer().histograms;
  measure_values(state, seconds(),
                 [&histograms](std::size_t i, double value) { histograms[rotated(i)]->Observe(value); });
}
BENCHMARK(observe_peer)->Name("observe_double/prometheus");

}  // namespace

BENCHMARK_MAIN();
