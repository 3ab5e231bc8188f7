// A scrape: what one page costs, beside a copy of the same bytes and beside prometheus-cpp.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <benchmark/benchmark.h>
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
using bench::counters;
using bench::methods;
using bench::now;
using bench::our_counter;
using bench::peer_scrape;
using bench::routes;
using bench::set_ours;

struct latency : vitals::histogram<"http_request_duration_seconds", "Time to serve one request.", vitals::buckets::web,
                                   vitals::label<"method", methods>, vitals::label<"route", routes>> {};
using histograms = vitals::registry<latency>;

constexpr std::size_t histogram_series = 100;

auto our_histogram(std::size_t i) {
  return histograms::get<latency>(methods::value{static_cast<std::uint32_t>(i / 10)},
                                  routes::value{static_cast<std::uint32_t>(i % 10)});
}

/// prometheus-cpp's counters only rise, so each scrape finds a registry filled anew.
std::unique_ptr<prometheus::Registry> peer_counters(const std::array<std::uint64_t, counter_series>& values) {
  auto registry = std::make_unique<prometheus::Registry>();
  bench::fill_peer(*registry, [&values](std::size_t i) { return values[i]; });
  return registry;
}

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

void counters_ours(benchmark::State& state) {
  changing_values values;
  std::string page;
  measure(
      state, [&values] { set_ours(values.next()); },
      [&page] {
        vitals::scrape<counters>(page);
        benchmark::DoNotOptimize(page.data());
      });
  state.counters["bytes"] = static_cast<double>(page.size());
}
BENCHMARK(counters_ours)->Name("scrape_counters/vitals")->UseManualTime();

void counters_peer(benchmark::State& state) {
  changing_values values;
  std::unique_ptr<prometheus::Registry> registry;
  measure(
      state, [&] { registry = peer_counters(values.next()); },
      [&registry] {
        const std::string page = peer_scrape(*registry);
        benchmark::DoNotOptimize(page.data());
      });
}
BENCHMARK(counters_peer)->Name("scrape_counters/prometheus")->UseManualTime();

/// The floor: the same bytes, copied.
void counters_copied(benchmark::State& state) {
  changing_values values;
  std::string page;
  std::string copy(std::size_t{1} << 18, '\0');
  measure(
      state,
      [&] {
        set_ours(values.next());
        vitals::scrape<counters>(page);
      },
      [&] {
        std::memcpy(copy.data(), page.data(), page.size());
        benchmark::DoNotOptimize(copy.data());
        benchmark::ClobberMemory();
      });
}
BENCHMARK(counters_copied)->Name("scrape_counters/memcpy")->UseManualTime();

// Histograms: between two scrapes each series gets a value in a bucket that changes.

const std::vector<double>& seconds() {
  static const auto values = bench::spread_values(0.0025, 20);
  return values;
}

void histograms_ours(benchmark::State& state) {
  std::size_t at = 0;
  std::string page;
  measure(
      state,
      [&at] {
        for (std::size_t i = 0; i != 12 * histogram_series; ++i) {
          our_histogram(i % histogram_series).observe(seconds()[at++ % seconds().size()]);
        }
      },
      [&page] {
        vitals::scrape<histograms>(page);
        benchmark::DoNotOptimize(page.data());
      });
  state.counters["bytes"] = static_cast<double>(page.size());
}
BENCHMARK(histograms_ours)->Name("scrape_histograms/vitals")->UseManualTime();

struct peer_histograms {
  prometheus::Registry registry;
  std::vector<prometheus::Histogram*> series;

  peer_histograms() {
    auto& family = prometheus::BuildHistogram()
                       .Name("http_request_duration_seconds")
                       .Help("Time to serve one request.")
                       .Register(registry);
    const auto& web = vitals::buckets::web::bounds;
    for (std::size_t i = 0; i != histogram_series; ++i) {
      series.push_back(
          &family.Add({{"method", std::string{methods::texts[i / 10]}}, {"route", std::string{routes::texts[i % 10]}}},
                      prometheus::Histogram::BucketBoundaries{web.begin(), web.end()}));
    }
  }
};

void histograms_peer(benchmark::State& state) {
  static peer_histograms peer;
  std::size_t at = 0;
  measure(
      state,
      [&at] {
        for (std::size_t i = 0; i != 12 * histogram_series; ++i) {
          peer.series[i % histogram_series]->Observe(seconds()[at++ % seconds().size()]);
        }
      },
      [] {
        const std::string page = peer_scrape(peer.registry);
        benchmark::DoNotOptimize(page.data());
      });
}
BENCHMARK(histograms_peer)->Name("scrape_histograms/prometheus")->UseManualTime();

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
bool both_print_the_same() {
  changing_values values;
  set_ours(values.next());
  const auto ours = sorted_lines(vitals::scrape<counters>());
  const auto theirs = sorted_lines(peer_scrape(*peer_counters(changing_values{}.next())));
  for (std::size_t i = 0; i != ours.size() && i != theirs.size(); ++i) {
    if (ours[i] != theirs[i]) {
      std::fprintf(stderr, "the pages differ:\n  %s\n  %s\n", ours[i].c_str(), theirs[i].c_str());
      return false;
    }
  }
  return ours.size() == theirs.size() && ours.size() == counter_series + 2;
}

}  // namespace

int main(int argc, char** argv) {
  if (!both_print_the_same()) {
    return 1;
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
