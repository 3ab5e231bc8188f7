// What the benches' cases share: processors to run on, series to rotate over, values to count.
#ifndef VITALS_BENCH_CASES_HPP
#define VITALS_BENCH_CASES_HPP

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

namespace bench {

/// How many series a case rotates over: one cell that is incremented in a loop measures how fast a processor forwards
/// a store to the next load, which no program waits for. 64 cells fit any first-level cache.
inline constexpr std::size_t rotation = 64;

/// The place of the i-th series in the rotation: all of them, and no two neighbours in a row.
constexpr std::size_t rotated(std::size_t i) noexcept {
  return i * 37 % rotation;
}

/// A label with a value for each place of the rotation.
// clang-format off
enum class lane {
  a0, a1, a2, a3, a4, a5, a6, a7, b0, b1, b2, b3, b4, b5, b6, b7, c0, c1, c2, c3, c4, c5, c6, c7, d0, d1, d2, d3, d4,
  d5, d6, d7, e0, e1, e2, e3, e4, e5, e6, e7, f0, f1, f2, f3, f4, f5, f6, f7, g0, g1, g2, g3, g4, g5, g6, g7, h0, h1,
  h2, h3, h4, h5, h6, h7
};
// clang-format on

/// Calls `step` with each place of the rotation, as a constant.
template <class Step>
[[gnu::always_inline]] inline void rotate(Step step) {
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (step(std::integral_constant<std::size_t, rotated(I)>{}), ...);
  }
  (std::make_index_sequence<rotation>{});
}

/// The processors that this process may use, in their order, but one of each core before the others: two halves of one
/// core share what an update needs.
struct processors {
  std::vector<int> all;
  int cores = 0;

  processors() {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    sched_getaffinity(0, sizeof allowed, &allowed);
    std::vector<int> seen;
    std::vector<int> others;
    for (int cpu = 0; cpu != CPU_SETSIZE; ++cpu) {
      if (CPU_ISSET(static_cast<std::size_t>(cpu), &allowed)) {
        const int core = first_of_core(cpu);
        const bool is_new = std::find(seen.begin(), seen.end(), core) == seen.end();
        (is_new ? all : others).push_back(cpu);
        seen.push_back(core);
      }
    }
    cores = static_cast<int>(all.size());
    all.insert(all.end(), others.begin(), others.end());
  }

 private:
  static int first_of_core(int cpu) {
    int first = cpu;
    std::ifstream{"/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/thread_siblings_list"} >> first;
    return first;
  }
};

inline const processors& the_processors() {
  static const processors mine;
  return mine;
}

/// How many cores this process may use.
inline int cores() {
  return the_processors().cores;
}

/// Binds the calling thread of a case to a processor of its own. False, and the case skipped, where there are not as
/// many processors as threads.
inline bool pin(benchmark::State& state) {
  const auto& all = the_processors().all;
  if (static_cast<int>(all.size()) < state.threads()) {
    state.SkipWithError("needs a processor for each thread");
    return false;
  }
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(static_cast<std::size_t>(all[static_cast<std::size_t>(state.thread_index())]), &one);
  return sched_setaffinity(0, sizeof one, &one) == 0;
}

/// Runs `round`, which makes `rotation` updates, as often as is measured. The memory clobber behind each update in
/// `round` makes the compiler load and store what a program loads and stores that does something else in between.
template <class Round>
void measure(benchmark::State& state, Round round) {
  for (auto unused : state) {
    static_cast<void>(unused);
    round();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(rotation));
}

/// One million values spread evenly over the magnitudes from `least` to `most`: few enough values, or values in order,
/// are learned by the branch predictor and flatter every search.
inline std::vector<double> spread_values(double least, double most) {
  std::mt19937_64 random{1};
  std::uniform_real_distribution<double> magnitude{std::log(least), std::log(most)};
  std::vector<double> values(1'000'000);
  static_assert(1'000'000 % rotation == 0);
  for (double& value : values) {
    value = std::exp(magnitude(random));
  }
  return values;
}

/// Calls `observe` with a place in the rotation and with a value, all of `values` in turn from the `at`-th on. What is
/// ahead is fetched in time, on any side: where a processor fetches no further than to the end of a page, the values of
/// the next one came too late, which takes as long as a tenth of all observations.
template <class Values, class Observe>
void measure_values(benchmark::State& state, const Values& values, Observe observe, std::size_t at = 0) {
  constexpr std::size_t ahead = 16 * rotation;
  constexpr std::size_t cache_line = 8;  // values
  measure(state, [first = values.data(), size = values.size(), &at, observe] {
    const auto* const soon = first + (at + ahead < size ? at + ahead : at + ahead - size);
    for (std::size_t i = 0; i != rotation; i += cache_line) {
      __builtin_prefetch(soon + i);
    }
    for (std::size_t i = 0; i != rotation; ++i) {
      observe(i, first[at + i]);
      benchmark::ClobberMemory();
    }
    at = at + rotation == size ? 0 : at + rotation;
  });
}

}  // namespace bench

#endif
