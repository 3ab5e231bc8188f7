#include <vitals/expose/audit.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <string>
#include <thread>

#include <doctest/doctest.h>

#include <vitals/metric/buckets.hpp>
#include <vitals/metric/callback.hpp>
#include <vitals/metric/counter.hpp>
#include <vitals/metric/gauge.hpp>
#include <vitals/metric/histogram.hpp>
#include <vitals/metric/info.hpp>
#include <vitals/metric/max_gauge.hpp>
#include <vitals/metric/state_set.hpp>
#include <vitals/metric/summary.hpp>
#include <vitals/metric/up_down.hpp>
#include <vitals/registry/registry.hpp>

namespace audit_tests {

using namespace std::chrono_literals;

enum class outcome { ok, error };
enum class phase { starting, running };
double nothing() {
  return 0;
}
struct jobs
    : vitals::counter<"audit_jobs_total", "Jobs.", vitals::label<"outcome", outcome>, vitals::label<"hot", bool>> {};
struct waiting : vitals::up_down<"audit_waiting", "Waiting."> {};
struct load : vitals::gauge<"audit_load_ratio", "Load."> {};
struct peak : vitals::max_gauge<"audit_peak", "Peak.", vitals::label<"hot", bool>, vitals::window<0.1>> {};
struct latency : vitals::histogram<"audit_latency_seconds", "Latency.", vitals::buckets::of<1>> {};
struct sizes : vitals::summary<"audit_sizes_bytes", "Sizes."> {};
struct build : vitals::info<"audit_build_info", "Build.", vitals::constant<"version", "1">> {};
struct state : vitals::state_set<"audit_phase", "Phase.", phase> {};
struct depth : vitals::callback<"audit_depth", "Depth.", &nothing> {};
using metrics = vitals::registry<jobs, waiting, load, peak, latency, sizes, build, state, depth>;

TEST_CASE("all series are untouched at first; each leaves the list at its first update") {
  metrics::reset_after_fork();
  const std::string all[] = {"audit_jobs_total{outcome=\"ok\",hot=\"false\"}\n",
                             "audit_jobs_total{outcome=\"ok\",hot=\"true\"}\n",
                             "audit_jobs_total{outcome=\"error\",hot=\"false\"}\n",
                             "audit_jobs_total{outcome=\"error\",hot=\"true\"}\n",
                             "audit_waiting\n",
                             "audit_load_ratio\n",
                             "audit_peak{hot=\"false\"}\n",
                             "audit_peak{hot=\"true\"}\n",
                             "audit_latency_seconds\n",
                             "audit_sizes_bytes\n"};
  std::string lines;
  for (const std::string& line : all) {
    lines += line;
  }
  CHECK(vitals::audit<metrics>() == lines);
  metrics::get<jobs>(outcome::ok, true).inc();
  metrics::get<jobs>(outcome::error, false).inc();
  metrics::get<waiting>().dec();
  metrics::get<peak>(true).observe(0);
  metrics::get<latency>().observe(0s);  // adds nothing to the sum
  CHECK(vitals::audit<metrics>() == all[0] + all[3] + all[5] + all[6] + all[9]);
  metrics::get<jobs>(outcome::ok, false).inc();
  metrics::get<jobs>(outcome::error, true).inc();
  metrics::get<load>().set(0.5);
  std::thread{[] { metrics::get<peak>(false).observe(-1); }}.join();
  metrics::get<sizes>().observe(0);
  CHECK(vitals::audit<metrics>().empty());
  while (!std::isnan(metrics::get<peak>(true).value()) || !std::isnan(metrics::get<peak>(false).value())) {
    std::this_thread::sleep_for(1ms);
  }
  CHECK(vitals::audit<metrics>().empty());  // a window that has become empty was touched
  metrics::reset_after_fork();
}

TEST_CASE("what was dropped touches nothing") {
  metrics::reset_after_fork();
  metrics::get<jobs>(static_cast<outcome>(7), true).inc();
  metrics::get<sizes>().observe(-1);
  metrics::get<peak>(true).observe(std::numeric_limits<double>::quiet_NaN());
  const std::string lines = vitals::audit<metrics>();
  CHECK(std::count(lines.begin(), lines.end(), '\n') == 10);
  metrics::reset_after_fork();
}

}  // namespace audit_tests
