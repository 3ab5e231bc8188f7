#include <vitals/expose/reference.hpp>

#include <string>

#include <doctest/doctest.h>

#include <vitals/metric/buckets.hpp>
#include <vitals/metric/callback.hpp>
#include <vitals/metric/counter.hpp>
#include <vitals/metric/gauge.hpp>
#include <vitals/metric/histogram.hpp>
#include <vitals/metric/info.hpp>
#include <vitals/metric/max_gauge.hpp>
#include <vitals/metric/native_histogram.hpp>
#include <vitals/metric/state_set.hpp>
#include <vitals/metric/summary.hpp>
#include <vitals/registry/registry.hpp>

namespace reference_tests {

enum class zone { eu, us };
enum class phase { starting, running };
enum class many { a, b, c, d, e, f, g, h, i, j, k, l, m };
double depth_now() {
  return 1;
}
struct jobs : vitals::counter<"jobs_total", "Jobs done | or *not*,\nby <zone>.", vitals::label<"zone", zone>,
                              vitals::label<"hot", bool>> {};
struct level : vitals::gauge<"level_ratio", "Levels.", vitals::label<"which", many>> {};
struct peak : vitals::max_gauge<"peak_bytes", "Peaks.", vitals::window<30>, vitals::label<"hot", bool>> {};
struct latency : vitals::histogram<"latency_seconds", "Latency.", vitals::buckets::web> {};
struct sizes : vitals::native_histogram<"sizes_bytes", "Sizes.", vitals::native<0, 0, 4>> {};
struct waits : vitals::summary<"waits_seconds", "Waits."> {};
struct build : vitals::info<"app_build_info", "Build.", vitals::constant<"version", "a`b_c\\d[e]">> {};
struct state : vitals::state_set<"app_phase", "Phase.", phase, vitals::label<"zone", zone>, vitals::packed> {};
struct depth : vitals::callback<"depth", "Depth.", &depth_now> {};

TEST_CASE("a table of all metrics, whose texts Markdown leaves alone") {
  using metrics = vitals::registry<jobs, level, peak, latency, sizes>;
  using others = vitals::registry<waits, build, state, depth>;
  CHECK(vitals::reference<metrics, others>() == R"(| name | type | unit | labels | what | series | bytes |
|---|---|---|---|---|---:|---:|
| `jobs_total` | counter |  | zone: eu, us; hot: false, true | Jobs done \| or \*not\*, by &lt;zone>. | 4 | 32 |
| `level_ratio` | gauge | ratio | which: a, b, c, d, e, f, g, h, i, j, k, l, ... (13) | Levels. | 13 | 832 |
| `peak_bytes` | gauge | bytes | hot: false, true | Peaks. | 2 | 256 |
| `latency_seconds` | histogram | seconds |  | Latency. | 1 | 128 |
| `sizes_bytes` | histogram (native) | bytes |  | Sizes. | 1 | 64 |
| `waits_seconds` | summary | seconds |  | Waits. | 1 | 32 |
| `app_build_info` | info |  | version: a\`b\_c\\d\[e] | Build. | 1 | 0 |
| `app_phase` | state set |  | zone: eu, us; app\_phase: starting, running | Phase. | 4 | 16 |
| `depth` | gauge |  |  | Depth. | 1 | 0 |
)");
}

}  // namespace reference_tests
