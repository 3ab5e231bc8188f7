// Threads: what an update costs while other threads update the same series.
#include <array>
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

struct hits : vitals::counter<"hits_total", "Increments.", vitals::label<"lane", lane>> {};
struct jobs : vitals::counter<"jobs_total", "Increments of one counter."> {};
struct load : vitals::histogram<"load_ratio", "Doubles.", vitals::buckets::web, vitals::label<"lane", lane>> {};
using metrics = vitals::registry<hits, jobs, load>;

/// prometheus-cpp's counters.
const std::array<prometheus::Counter*, rotation>& peer_counters() {
  static prometheus::Registry registry;
  static const auto all = [] {
    auto& family = prometheus::BuildCounter().Name("hits_total").Help("Increments.").Register(registry);
    std::array<prometheus::Counter*, rotation> counters{};
    for (std::size_t i = 0; i != rotation; ++i) {
      counters[i] = &family.Add({{"lane", std::to_string(i)}});
    }
    return counters;
  }();
  return all;
}

/// prometheus-cpp's histograms.
const std::array<prometheus::Histogram*, rotation>& peer_histograms() {
  static prometheus::Registry registry;
  static const auto all = [] {
    auto& family = prometheus::BuildHistogram().Name("load_ratio").Help("Doubles.").Register(registry);
    const auto& web = vitals::buckets::web::bounds;
    std::array<prometheus::Histogram*, rotation> histograms{};
    for (std::size_t i = 0; i != rotation; ++i) {
      histograms[i] =
          &family.Add({{"lane", std::to_string(i)}}, prometheus::Histogram::BucketBoundaries{web.begin(), web.end()});
    }
    return histograms;
  }();
  return all;
}

/// One thread, two, and each double of that for which there are cores.
void threads(benchmark::internal::Benchmark* of) {
  of->Threads(1)->Threads(2);
  for (int count = 4; count <= bench::cores(); count *= 2) {
    of->Threads(count);
  }
}

// All threads rotate over the same series.

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
BENCHMARK(inc_ours)->Name("shared_inc/vitals")->Apply(threads);

/// Plain memory of each thread's own.
void inc_floor(benchmark::State& state) {
  if (!pin(state)) {
    return;
  }
  alignas(128) std::array<std::uint64_t, rotation> memory{};
  std::uint64_t* cells = memory.data();
  benchmark::DoNotOptimize(cells);
  measure(state, [cells] {
    rotate([cells](auto i) {
      ++cells[i()];
      benchmark::ClobberMemory();
    });
  });
}
BENCHMARK(inc_floor)->Name("shared_inc/floor")->Apply(threads);

void inc_peer(benchmark::State& state) {
  if (!pin(state)) {
    return;
  }
  const auto& counters = peer_counters();
  measure(state, [&counters] { rotate([&counters](auto i) { counters[i()]->Increment(); }); });
}
BENCHMARK(inc_peer)->Name("shared_inc/prometheus")->Threads(2);

// All threads increment one counter in a loop.

void one_counter_ours(benchmark::State& state) {
  if (!pin(state)) {
    return;
  }
  metrics::attach_thread();
  measure(state, [] {
    rotate([](auto) {
      metrics::get<jobs>().inc();
      benchmark::ClobberMemory();
    });
  });
}
BENCHMARK(one_counter_ours)->Name("one_counter/vitals")->Apply(threads);

void one_counter_peer(benchmark::State& state) {
  if (!pin(state)) {
    return;
  }
  auto* const counter = peer_counters()[0];
  measure(state, [counter] { rotate([counter](auto) { counter->Increment(); }); });
}
BENCHMARK(one_counter_peer)->Name("one_counter/prometheus")->Threads(2);

// All threads observe one million values, each from a place of its own, in the same series.

/// `observe` takes a place in the rotation, and a value: which series that is was looked up before.
template <class Observe>
void measure_values(benchmark::State& state, Observe observe) {
  static const auto values = bench::spread_values(0.0025, 20);
  bench::measure_values(state, values, observe, static_cast<std::size_t>(state.thread_index()) * 1000 * rotation);
}

void observe_ours(benchmark::State& state) {
  if (!pin(state)) {
    return;
  }
  metrics::attach_thread();
  std::vector<decltype(metrics::get<load>(lane{}))> series;
  for (std::size_t i = 0; i != rotation; ++i) {
    series.push_back(metrics::get<load>(static_cast<lane>(rotated(i))));
  }
  measure_values(state, [all = series.data()](std::size_t i, double value) { all[i].observe(value); });
}
BENCHMARK(observe_ours)->Name("shared_observe/vitals")->Apply(threads);

void observe_peer(benchmark::State& state) {
  if (!pin(state)) {
    return;
  }
  std::vector<prometheus::Histogram*> series;
  for (std::size_t i = 0; i != rotation; ++i) {
    series.push_back(peer_histograms()[rotated(i)]);
  }
  measure_values(state, [all = series.data()](std::size_t i, double value) { all[i]->Observe(value); });
}
BENCHMARK(observe_peer)->Name("shared_observe/prometheus")->Threads(1)->Threads(2);

// All threads observe in one series in a loop.

void one_histogram_ours(benchmark::State& state) {
  if (!pin(state)) {
    return;
  }
  metrics::attach_thread();
  measure_values(state, [](std::size_t, double value) { metrics::get<load>(lane::a0).observe(value); });
}
BENCHMARK(one_histogram_ours)->Name("one_histogram/vitals")->Threads(1)->Threads(2);

void one_histogram_peer(benchmark::State& state) {
  if (!pin(state)) {
    return;
  }
  auto* const histogram = peer_histograms()[0];
  measure_values(state, [histogram](std::size_t, double value) { histogram->Observe(value); });
}
BENCHMARK(one_histogram_peer)->Name("one_histogram/prometheus")->Threads(1)->Threads(2);

}  // namespace

BENCHMARK_MAIN();
