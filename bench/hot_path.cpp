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
using bench::measure_values;
using bench::pin;
using bench::rotate;
using bench::rotated;
using bench::rotation;

using lanes = vitals::label<"lane", lane>;
struct hits : vitals::counter<"hits_total", "Increments.", lanes> {};
struct waiting : vitals::up_down<"waiting", "Up and down.", lanes> {};
struct depth : vitals::gauge<"depth", "Sets.", lanes> {};
struct peak : vitals::max_gauge<"peak", "Maxima.", lanes> {};

// Bounds of several kinds, so that none is all that is looked at: powers of ten, the ready-made ones, equal steps (some
// share a power of two, up to 20 of them), and equal factors.
struct bounds_3 : vitals::buckets::of<0.1, 1, 10> {};
struct bounds_11 : vitals::buckets::web {};
struct bounds_12 : vitals::buckets::linear<1, 1, 12> {};
struct bounds_20 : vitals::buckets::exponential<0.005, 1.5, 20> {};
struct bounds_40 : vitals::buckets::linear<0.25, 0.25, 40> {};
template <class Bounds>
struct load : vitals::histogram<"load_ratio", "Doubles.", Bounds, lanes> {};
template <class Bounds>
struct latency : vitals::histogram<"latency_seconds", "Durations.", Bounds, lanes> {};
struct traced_latency : vitals::histogram<"traced_latency_seconds", "Durations.", bounds_11, lanes, vitals::exemplars> {
};
struct native_load : vitals::native_histogram<"native_load_ratio", "Doubles.", vitals::native<>, lanes> {};
struct native_latency : vitals::native_histogram<"native_latency_seconds", "Durations.", vitals::native<>, lanes> {};
using metrics = vitals::registry<hits, waiting, depth, peak, traced_latency, native_load, native_latency>;
/// One for each kind of bounds: their histograms have the same names.
template <class Bounds>
using observed = vitals::registry<load<Bounds>, latency<Bounds>>;

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
prometheus::Labels peer_labels(std::size_t i) {
  return {{"lane", std::to_string(i)}};
}

struct peer_counters {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& family =
      prometheus::BuildCounter().Name("hits_total").Help("Increments.").Register(registry);
  std::array<prometheus::Counter*, rotation> counters{};

  peer_counters() {
    for (std::size_t i = 0; i != rotation; ++i) {
      counters[i] = &family.Add(peer_labels(i));
    }
  }
};

peer_counters& the_peer() {
  static peer_counters all;
  return all;
}

template <class Bounds>
const std::array<prometheus::Histogram*, rotation>& peer_histograms() {
  static prometheus::Registry registry;
  static const auto all = [] {
    auto& family = prometheus::BuildHistogram().Name("load_ratio").Help("Doubles.").Register(registry);
    std::array<prometheus::Histogram*, rotation> histograms{};
    for (std::size_t i = 0; i != rotation; ++i) {
      histograms[i] = &family.Add(
          peer_labels(i), prometheus::Histogram::BucketBoundaries{Bounds::bounds.begin(), Bounds::bounds.end()});
    }
    return histograms;
  }();
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

/// prometheus-cpp's way to a series whose label is known at run time, as a program writes it that keeps no pointer. The
/// labels are made ahead.
void labelled_peer(benchmark::State& state) {
  if (!pin(state)) {
    return;
  }
  std::vector<prometheus::Labels> labels;
  for (const lane l : lanes_at_run_time()) {
    labels.push_back(peer_labels(static_cast<std::size_t>(l)));
  }
  auto& family = the_peer().family;
  measure(state, [&labels, &family] {
    for (const auto& one : labels) {
      family.Add(one).Increment();
    }
  });
}
BENCHMARK(labelled_peer)->Name("labelled_inc/prometheus");

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

template <class Registry, class Metric>
auto handles_in_order() {
  const auto order = lanes_at_run_time();
  std::vector<decltype(Registry::template get<Metric>(lane{}))> handles;
  for (const lane l : order) {
    handles.push_back(Registry::template get<Metric>(l));
  }
  return handles;
}

template <class Registry, class Metric, class Values>
void observe_ours(benchmark::State& state, const Values& values) {
  if (!pin(state)) {
    return;
  }
  Registry::attach_thread();
  const auto series = handles_in_order<Registry, Metric>();
  measure_values(state, values, [first = series.data()](std::size_t i, auto value) { first[i].observe(value); });
}

template <class Bounds>
void observe_double_ours(benchmark::State& state) {
  observe_ours<observed<Bounds>, load<Bounds>>(state, seconds());
}

template <class Bounds>
void observe_duration_ours(benchmark::State& state) {
  observe_ours<observed<Bounds>, latency<Bounds>>(state, durations());
}

template <class Bounds>
void observe_peer(benchmark::State& state) {
  if (!pin(state)) {
    return;
  }
  const auto& histograms = peer_histograms<Bounds>();
  measure_values(state, seconds(),
                 [&histograms](std::size_t i, double value) { histograms[rotated(i)]->Observe(value); });
}

BENCHMARK(observe_double_ours<bounds_3>)->Name("observe_double/vitals/3");
BENCHMARK(observe_double_ours<bounds_11>)->Name("observe_double/vitals");
BENCHMARK(observe_double_ours<bounds_12>)->Name("observe_double/vitals/12");
BENCHMARK(observe_double_ours<bounds_20>)->Name("observe_double/vitals/20");
BENCHMARK(observe_double_ours<bounds_40>)->Name("observe_double/vitals/40");
BENCHMARK(observe_duration_ours<bounds_3>)->Name("observe_duration/vitals/3");
BENCHMARK(observe_duration_ours<bounds_11>)->Name("observe_duration/vitals");
BENCHMARK(observe_duration_ours<bounds_12>)->Name("observe_duration/vitals/12");
BENCHMARK(observe_duration_ours<bounds_20>)->Name("observe_duration/vitals/20");
BENCHMARK(observe_duration_ours<bounds_40>)->Name("observe_duration/vitals/40");
BENCHMARK(observe_peer<bounds_3>)->Name("observe_double/prometheus/3");
BENCHMARK(observe_peer<bounds_11>)->Name("observe_double/prometheus");
BENCHMARK(observe_peer<bounds_12>)->Name("observe_double/prometheus/12");
BENCHMARK(observe_peer<bounds_20>)->Name("observe_double/prometheus/20");
BENCHMARK(observe_peer<bounds_40>)->Name("observe_double/prometheus/40");

void observe_native_ours(benchmark::State& state) {
  observe_ours<metrics, native_load>(state, seconds());
}
BENCHMARK(observe_native_ours)->Name("observe_native/vitals");

void observe_native_duration_ours(benchmark::State& state) {
  observe_ours<metrics, native_latency>(state, durations());
}
BENCHMARK(observe_native_duration_ours)->Name("observe_native_duration/vitals");

// Exemplars: the clock, and a trace and a span kept beside the bucket.

vitals::exemplar an_exemplar() {
  vitals::exemplar e{{0x0af7651916cd43ddU, 0x8448eb211c80319cU}, 0xb7ad6b7169203331U};
  benchmark::DoNotOptimize(e);
  return e;
}

void exemplar_ours(benchmark::State& state) {
  if (!pin(state)) {
    return;
  }
  metrics::attach_thread();
  const auto series = handles_in_order<metrics, traced_latency>();
  measure_values(state, durations(),
                 [first = series.data(), e = an_exemplar()](std::size_t i, auto value) { first[i].observe(value, e); });
}
BENCHMARK(exemplar_ours)->Name("observe_exemplar/vitals");

/// The coarse clock and a copy of what is kept; the update itself is not in it.
void exemplar_floor(benchmark::State& state) {
  if (!pin(state)) {
    return;
  }
  auto* const cells = plain_cells<std::uint64_t>();
  measure_values(state, durations(), [cells, e = an_exemplar()](std::size_t i, auto value) {
    timespec now{};
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    std::uint64_t* const kept = cells + 16 * i;
    kept[0] = static_cast<std::uint64_t>(now.tv_sec) * 1000 + static_cast<std::uint64_t>(now.tv_nsec) / 1'000'000;
    kept[1] = e.trace_id()[0];
    kept[2] = e.trace_id()[1];
    kept[3] = e.span_id();
    kept[4] = static_cast<std::uint64_t>(value.count());
  });
}
BENCHMARK(exemplar_floor)->Name("observe_exemplar/floor");

// A timer around nothing: two readings of a clock, and what is observed.

template <class Clock>
void time_ours(benchmark::State& state) {
  if (!pin(state)) {
    return;
  }
  using timed = observed<bounds_11>;
  timed::attach_thread();
  static_cast<void>(Clock::now());  // the first reading of a clock may calibrate it
  const auto series = handles_in_order<timed, latency<bounds_11>>();
  measure(state, [&series] {
    for (const auto one : series) {
      const auto timing = one.template time<Clock>();
      benchmark::ClobberMemory();
    }
  });
}
BENCHMARK(time_ours<std::chrono::steady_clock>)->Name("time/vitals");
BENCHMARK(time_ours<vitals::tsc_clock>)->Name("time_tsc/vitals");

template <class Clock>
void time_floor(benchmark::State& state) {
  if (!pin(state)) {
    return;
  }
  static_cast<void>(Clock::now());
  measure(state, [] {
    for (std::size_t i = 0; i != rotation; ++i) {
      const auto start = Clock::now();
      benchmark::ClobberMemory();
      auto took = Clock::now() - start;
      benchmark::DoNotOptimize(took);
    }
  });
}
BENCHMARK(time_floor<std::chrono::steady_clock>)->Name("time/floor");
BENCHMARK(time_floor<vitals::tsc_clock>)->Name("time_tsc/floor");

// The largest of a window: what a gauge stores, and a look at the clock.

void peak_ours(benchmark::State& state) {
  observe_ours<metrics, peak>(state, seconds());
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

}  // namespace

BENCHMARK_MAIN();
