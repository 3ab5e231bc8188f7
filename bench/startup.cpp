// Start-up: from nothing to the first complete page, and what a series then holds of the heap, beside prometheus-cpp.
#include <malloc.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include <benchmark/benchmark.h>
#include <prometheus/registry.h>

#include <vitals/vitals.hpp>

#include "cases.hpp"
#include "thousand.hpp"

namespace {

using bench::now;

/// Of 1 to 12 digits.
std::uint64_t value_of(std::size_t i) {
  std::uint64_t value = 1 + i % 9;
  for (std::size_t digits = i % 12; digits != 0; --digits) {
    value = 10 * value + i % 7;
  }
  return value;
}

struct ours {
  static constexpr const char* name = "start-ours";

  void fill() {
    for (std::size_t i = 0; i != bench::counter_series; ++i) {
      bench::our_counter(i).inc(value_of(i));
    }
  }
  std::string page() const { return vitals::scrape<bench::counters>(); }
};

struct peer {
  static constexpr const char* name = "start-peer";

  std::unique_ptr<prometheus::Registry> registry{};

  void fill() {
    registry = std::make_unique<prometheus::Registry>();
    bench::fill_peer(*registry, value_of);
  }
  std::string page() const { return bench::peer_scrape(*registry); }
};

double held() {
  const auto all = mallinfo2();
  return static_cast<double>(all.uordblks + all.hblkhd);
}

struct start {
  double seconds = 0;
  double bytes = 0;  ///< that are held once the page is given back
  std::size_t lines = 0;
};

/// Measures a start, in a process that has done nothing else.
template <class Side>
start begin() {
  start result;
  const double before = held();
  Side side;
  {
    const double begun = now();
    side.fill();
    const std::string page = side.page();
    result.seconds = now() - begun;
    for (const char c : page) {
      result.lines += c == '\n' ? 1U : 0U;
    }
  }
  result.bytes = held() - before;
  return result;
}

/// Starts one side in a fresh process: this program, which is told so by its first argument.
template <class Side>
start start_anew() {
  std::FILE* const out = popen((std::string{"exec /proc/$PPID/exe "} + Side::name).c_str(), "r");  // NOLINT
  start result;
  const bool whole =
      out != nullptr && std::fscanf(out, "%lf %lf %zu", &result.seconds, &result.bytes, &result.lines) == 3;
  return out != nullptr && pclose(out) == 0 && whole ? result : start{};
}

template <class Side>
void first_page(benchmark::State& state) {
  if (!bench::pin(state)) {
    return;
  }
  for (auto unused : state) {
    static_cast<void>(unused);
    const start one = start_anew<Side>();
    if (one.lines < bench::counter_series) {
      state.SkipWithError("the page is not whole");
      return;
    }
    state.SetIterationTime(one.seconds);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(first_page<ours>)->Name("first_page/vitals")->UseManualTime();
BENCHMARK(first_page<peer>)->Name("first_page/prometheus")->UseManualTime();

/// What the heap holds for each series: the texts, the cells and whatever else was made for them and for the page, but
/// not the page itself.
template <class Side>
void bytes_per_series(benchmark::State& state) {
  start one;
  for (auto unused : state) {
    static_cast<void>(unused);
    one = start_anew<Side>();
  }
  if (one.lines < bench::counter_series) {
    state.SkipWithError("the page is not whole");
    return;
  }
  state.counters["bytes"] = one.bytes / bench::counter_series;
}
BENCHMARK(bytes_per_series<ours>)->Name("bytes_per_series/vitals")->Iterations(1);
BENCHMARK(bytes_per_series<peer>)->Name("bytes_per_series/prometheus")->Iterations(1);

}  // namespace

int main(int argc, char** argv) {
  const std::string_view asked = argc > 1 ? argv[1] : "";
  if (asked == ours::name || asked == peer::name) {
    const start one = asked == ours::name ? begin<ours>() : begin<peer>();
    std::printf("%.9f %.0f %zu\n", one.seconds, one.bytes, one.lines);
    return 0;
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
