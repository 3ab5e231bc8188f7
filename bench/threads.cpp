// Threads: what an increment costs while another thread increments the same series.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include <benchmark/benchmark.h>
#include <prometheus/counter.h>
#include <prometheus/registry.h>

#include <vitals/vitals.hpp>

#include "cases.hpp"

namespace {

using bench::lane;
using bench::measure;
using bench::pin;
using bench::rotate;
using bench::rotation;

struct hits : vitals::counter<"hits_total", "Increments.", vitals::label<"lane", lane>> {};
struct jobs : vitals::counter<"jobs_total", "Increments of one counter."> {};
using metrics = vitals::registry<hits, jobs>;

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
BENCHMARK(inc_ours)->Name("shared_inc/vitals")->Threads(1)->Threads(2);

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
BENCHMARK(inc_floor)->Name("shared_inc/floor")->Threads(1)->Threads(2);

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
BENCHMARK(one_counter_ours)->Name("one_counter/vitals")->Threads(1)->Threads(2);

void one_counter_peer(benchmark::State& state) {
  if (!pin(state)) {
    return;
  }
  auto* const counter = peer_counters()[0];
  measure(state, [counter] { rotate([counter](auto) { counter->Increment(); }); });
}
BENCHMARK(one_counter_peer)->Name("one_counter/prometheus")->Threads(2);

}  // namespace

BENCHMARK_MAIN();
