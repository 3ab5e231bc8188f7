// Formats: the page of 1,000 counters in each of them, beside a copy of the same bytes and beside Prometheus text.
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>

#include <benchmark/benchmark.h>

#include <vitals/expose/json.hpp>
#include <vitals/expose/openmetrics.hpp>
#include <vitals/expose/protobuf.hpp>
#include <vitals/vitals.hpp>

#include "cases.hpp"
#include "thousand.hpp"

namespace {

using bench::counters;
using bench::now;

constexpr vitals::source_ref sources[] = {counters::source()};

struct text {
  static auto page() { return vitals::page{vitals::prometheus_text::format, sources}; }
};
struct openmetrics {
  static auto page() { return vitals::page{vitals::openmetrics_text::format, sources}; }
};
struct protobuf {
  static auto page() { return vitals::protobuf_page{sources}; }
};
struct json {
  static auto page() { return vitals::page{vitals::json_text::format, sources}; }
};

/// Times what is done with each page, after its values have changed: its making, or a copy of it.
template <class Format, bool Copied>
void format_page(benchmark::State& state) {
  if (!bench::pin(state)) {
    return;
  }
  bench::changing_values values;
  auto page = Format::page();
  std::string bytes;
  std::string copy(std::size_t{1} << 18, '\0');
  for (auto unused : state) {
    static_cast<void>(unused);
    bench::set_ours(values.next());
    double start = now();
    page.render(bytes);
    if (Copied) {
      start = now();
      std::memcpy(copy.data(), bytes.data(), bytes.size());
      benchmark::DoNotOptimize(copy.data());
    }
    benchmark::ClobberMemory();
    state.SetIterationTime(std::max(now() - start - bench::clock_cost(), 1e-9));
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["bytes"] = static_cast<double>(bytes.size());
}

BENCHMARK(format_page<text, false>)->Name("format_text/vitals")->Iterations(bench::scrapes)->UseManualTime();
BENCHMARK(format_page<openmetrics, false>)
    ->Name("format_openmetrics/vitals")
    ->Iterations(bench::scrapes)
    ->UseManualTime();
BENCHMARK(format_page<openmetrics, true>)
    ->Name("format_openmetrics/memcpy")
    ->Iterations(bench::scrapes)
    ->UseManualTime();
BENCHMARK(format_page<protobuf, false>)->Name("format_protobuf/vitals")->Iterations(bench::scrapes)->UseManualTime();
BENCHMARK(format_page<protobuf, true>)->Name("format_protobuf/memcpy")->Iterations(bench::scrapes)->UseManualTime();
BENCHMARK(format_page<json, false>)->Name("format_json/vitals")->Iterations(bench::scrapes)->UseManualTime();
BENCHMARK(format_page<json, true>)->Name("format_json/memcpy")->Iterations(bench::scrapes)->UseManualTime();

}  // namespace

BENCHMARK_MAIN();
