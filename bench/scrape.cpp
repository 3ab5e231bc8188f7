// A scrape: what one page costs, beside a copy of the same bytes and beside prometheus-cpp.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <vitals/vitals.hpp>

#include "cases.hpp"
#include "thousand.hpp"

namespace {

// Every allocation of the process passes here, operator new's too.
constinit thread_local std::uint64_t allocations = 0;

}  // namespace

extern "C" {
void* __libc_malloc(std::size_t size);                           // NOLINT
void* __libc_calloc(std::size_t count, std::size_t size);        // NOLINT
void* __libc_realloc(void* old, std::size_t size);               // NOLINT
void* __libc_memalign(std::size_t alignment, std::size_t size);  // NOLINT

void* malloc(std::size_t size) noexcept {
  ++allocations;
  return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) noexcept {
  ++allocations;
  return __libc_calloc(count, size);
}
void* realloc(void* old, std::size_t size) noexcept {
  ++allocations;
  return __libc_realloc(old, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  ++allocations;
  return __libc_memalign(alignment, size);
}
}

namespace {

using bench::changing_values;
using bench::counter_series;
using bench::methods;
using bench::now;
using bench::routes;

/// Measures `scrape` alone, with `change` before each; the allocations of all scrapes are counted.
template <class Change, class Scrape>
void measure(benchmark::State& state, Change change, Scrape scrape) {
  if (!bench::pin(state)) {
    return;
  }
  change();
  scrape();  // warm
  std::uint64_t allocated = 0;
  for (auto unused : state) {
    static_cast<void>(unused);
    change();
    const std::uint64_t before = allocations;
    const double start = now();
    scrape();
    state.SetIterationTime(std::max(now() - start - bench::clock_cost(), 1e-9));
    allocated += allocations - before;
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["allocations"] =
      benchmark::Counter(static_cast<double>(allocated), benchmark::Counter::kAvgIterations);
}

// A subject has two sides: `ours` with a registry, `peer` with a function that gives prometheus-cpp's. Before each
// scrape their change() gives the series new values.

template <class Subject>
void ours(benchmark::State& state) {
  typename Subject::ours side;
  std::string page;
  measure(
      state, [&side] { side.change(); },
      [&page] {
        vitals::scrape<typename Subject::ours::registry>(page);
        benchmark::DoNotOptimize(page.data());
      });
  state.counters["bytes"] = static_cast<double>(page.size());
}

/// The floor: the same bytes, copied.
template <class Subject>
void copied(benchmark::State& state) {
  typename Subject::ours side;
  std::string page;
  std::string copy(std::size_t{1} << 18, '\0');
  measure(
      state,
      [&] {
        side.change();
        vitals::scrape<typename Subject::ours::registry>(page);
      },
      [&] {
        std::memcpy(copy.data(), page.data(), page.size());
        benchmark::DoNotOptimize(copy.data());
        benchmark::ClobberMemory();
      });
}

template <class Subject>
void peers(benchmark::State& state) {
  typename Subject::peer side;
  measure(
      state, [&side] { side.change(); },
      [&side] {
        const std::string page = bench::peer_scrape(side.registry());
        benchmark::DoNotOptimize(page.data());
      });
}

/// Counters, all of them with a new value at each scrape. prometheus-cpp's only rise, so its registry is filled anew.
struct counters {
  struct ours {
    using registry = bench::counters;
    changing_values values{};
    void change() { bench::set_ours(values.next()); }
  };
  struct peer {
    changing_values values{};
    std::unique_ptr<prometheus::Registry> filled{};
    void change() {
      filled = std::make_unique<prometheus::Registry>();
      const auto& next = values.next();
      bench::fill_peer(*filled, [&next](std::size_t i) { return next[i]; });
    }
    [[nodiscard]] const prometheus::Registry& registry() const { return *filled; }
  };
};
BENCHMARK(ours<counters>)->Name("scrape_counters/vitals")->Iterations(bench::scrapes)->UseManualTime();
BENCHMARK(copied<counters>)->Name("scrape_counters/memcpy")->Iterations(bench::scrapes)->UseManualTime();
BENCHMARK(peers<counters>)->Name("scrape_counters/prometheus")->UseManualTime();

/// The same counters, none of which changed: a scrape of a program that idles.
struct idle_counters {
  struct ours : counters::ours {
    ours() { counters::ours::change(); }
    void change() {}
  };
  struct peer : counters::peer {
    peer() { counters::peer::change(); }
    void change() {}
  };
};
BENCHMARK(ours<idle_counters>)->Name("scrape_idle/vitals")->Iterations(bench::scrapes)->UseManualTime();
BENCHMARK(copied<idle_counters>)->Name("scrape_idle/memcpy")->Iterations(bench::scrapes)->UseManualTime();
BENCHMARK(peers<idle_counters>)->Name("scrape_idle/prometheus")->UseManualTime();

const std::vector<double>& seconds() {
  static const auto values = bench::spread_values(0.0025, 20);
  return values;
}

/// 100 gauges with doubles of all digits, all of them new at each scrape.
struct gauges {
  struct temperature : vitals::gauge<"temperature_celsius", "How warm it is.", vitals::label<"method", methods>,
                                     vitals::label<"route", routes>> {};
  static constexpr std::size_t series = 100;

  struct ours {
    using registry = vitals::registry<temperature>;
    std::size_t at = 0;
    void change() {
      for (std::uint32_t i = 0; i != series; ++i) {
        registry::get<temperature>(methods::value{i / 10}, routes::value{i % 10})
            .set(seconds()[at++ % seconds().size()]);
      }
    }
  };
  struct peer {
    prometheus::Registry filled{};
    std::vector<prometheus::Gauge*> all{};
    std::size_t at = 0;
    peer() {
      auto& family = prometheus::BuildGauge().Name("temperature_celsius").Help("How warm it is.").Register(filled);
      for (std::size_t i = 0; i != series; ++i) {
        all.push_back(&family.Add(
            {{"method", std::string{methods::texts[i / 10]}}, {"route", std::string{routes::texts[i % 10]}}}));
      }
    }
    void change() {
      for (auto* const one : all) {
        one->Set(seconds()[at++ % seconds().size()]);
      }
    }
    [[nodiscard]] const prometheus::Registry& registry() const { return filled; }
  };
};
BENCHMARK(ours<gauges>)->Name("scrape_gauges/vitals")->Iterations(bench::scrapes)->UseManualTime();
BENCHMARK(copied<gauges>)->Name("scrape_gauges/memcpy")->Iterations(bench::scrapes)->UseManualTime();
BENCHMARK(peers<gauges>)->Name("scrape_gauges/prometheus")->UseManualTime();

struct latency : vitals::histogram<"http_request_duration_seconds", "Time to serve one request.", vitals::buckets::web,
                                   vitals::label<"method", methods>, vitals::label<"route", routes>> {};
struct load : vitals::histogram<"http_request_load", "What one request takes.", vitals::buckets::web,
                                vitals::label<"method", methods>, vitals::label<"route", routes>> {};

/// 100 histograms of 11 bounds; their sums are whole nanoseconds where Metric is one of durations. Between two scrapes
/// each gets 12 values, which fall into other buckets than before.
template <class Metric>
struct histograms {
  static constexpr std::size_t series = 100;

  struct ours {
    using registry = vitals::registry<Metric>;
    std::size_t at = 0;
    void change() {
      for (std::uint32_t i = 0; i != 12 * series; ++i) {
        registry::template get<Metric>(methods::value{i / 10 % 10}, routes::value{i % 10})
            .observe(seconds()[at++ % seconds().size()]);
      }
    }
  };
  struct peer {
    prometheus::Registry filled{};
    std::vector<prometheus::Histogram*> all{};
    std::size_t at = 0;
    peer() {
      auto& family = prometheus::BuildHistogram()
                         .Name("http_request_duration_seconds")
                         .Help("Time to serve one request.")
                         .Register(filled);
      const auto& web = vitals::buckets::web::bounds;
      for (std::size_t i = 0; i != series; ++i) {
        all.push_back(&family.Add(
            {{"method", std::string{methods::texts[i / 10]}}, {"route", std::string{routes::texts[i % 10]}}},
            prometheus::Histogram::BucketBoundaries{web.begin(), web.end()}));
      }
    }
    void change() {
      for (std::size_t i = 0; i != 12 * series; ++i) {
        all[i % series]->Observe(seconds()[at++ % seconds().size()]);
      }
    }
    [[nodiscard]] const prometheus::Registry& registry() const { return filled; }
  };
};
BENCHMARK(ours<histograms<latency>>)->Name("scrape_histograms/vitals")->Iterations(bench::scrapes)->UseManualTime();
BENCHMARK(copied<histograms<latency>>)->Name("scrape_histograms/memcpy")->Iterations(bench::scrapes)->UseManualTime();
BENCHMARK(peers<histograms<latency>>)->Name("scrape_histograms/prometheus")->UseManualTime();
BENCHMARK(ours<histograms<load>>)->Name("scrape_double_histograms/vitals")->Iterations(bench::scrapes)->UseManualTime();
BENCHMARK(copied<histograms<load>>)
    ->Name("scrape_double_histograms/memcpy")
    ->Iterations(bench::scrapes)
    ->UseManualTime();

std::vector<std::string> sorted_lines(const std::string& page) {
  std::vector<std::string> lines;
  std::istringstream in{page};
  for (std::string line; std::getline(in, line);) {
    if (line.find("vitals_dropped_total") == std::string::npos) {
      lines.push_back(line);
    }
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

/// Both sides must print the same series with the same values, or a comparison says nothing.
template <class Subject>
bool both_print_the_same() {
  typename Subject::ours our_side;
  typename Subject::peer peer_side;
  our_side.change();
  peer_side.change();
  const auto ours = sorted_lines(vitals::scrape<typename Subject::ours::registry>());
  const auto theirs = sorted_lines(bench::peer_scrape(peer_side.registry()));
  for (std::size_t i = 0; i != ours.size() && i != theirs.size(); ++i) {
    if (ours[i] != theirs[i]) {
      std::fprintf(stderr, "the pages differ:\n  %s\n  %s\n", ours[i].c_str(), theirs[i].c_str());
      return false;
    }
  }
  return ours.size() == theirs.size() && ours.size() > 100;
}

}  // namespace

int main(int argc, char** argv) {
  if (!both_print_the_same<counters>()) {
    return 1;
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
