#include <vitals/metric/real_counter.hpp>

#include <chrono>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include <vitals/registry/registry.hpp>

namespace real_counter_tests {

using namespace std::chrono_literals;

enum class zone { eu, us };
struct energy : vitals::real_counter<"real_energy_joules_total", "Energy.", vitals::label<"zone", zone>> {};
struct common : vitals::real_counter<"real_common_joules_total", "Energy.", vitals::shared> {};
struct busy : vitals::real_counter<"real_busy_seconds_total", "Busy."> {};
using metrics = vitals::registry<energy, common, busy>;

TEST_CASE("doubles, floats, integers and durations add up") {
  metrics::reset_after_fork();
  metrics::get<energy>(zone::eu).add(0.5);
  metrics::get<energy>(zone::eu).add(2);
  metrics::get<energy>(zone::eu).inc(0.25F);
  metrics::get<energy>(zone::eu).inc();
  metrics::get<busy>().add(250ms);
  metrics::get<busy>().add(std::chrono::duration<double>{0.5});
  metrics::get<busy>().add(1.0);
  CHECK(metrics::get<energy>(zone::eu).value() == 3.75);
  CHECK(metrics::get<energy>(zone::us).value() == 0);
  CHECK(metrics::get<busy>().value() == 1.75);
}

TEST_CASE("what a total cannot take is dropped and counted; -0 adds nothing") {
  metrics::reset_after_fork();
  const auto series = metrics::get<energy>(zone::us);
  series.add(-1);
  series.add(-std::numeric_limits<double>::denorm_min());
  series.add(std::numeric_limits<double>::quiet_NaN());
  series.add(std::numeric_limits<double>::infinity());
  series.add(-0.0);
  metrics::get<energy>(static_cast<zone>(2)).add(1);
  metrics::get<energy>(static_cast<zone>(-1)).add(1);
  metrics::get<common>().add(-1);
  metrics::get<busy>().add(-1ms);
  CHECK(series.value() == 0);
  CHECK(metrics::dropped<energy>().value == 4);
  CHECK(metrics::dropped<energy>().label == 2);
  CHECK(metrics::dropped<common>().value == 1);
  CHECK(metrics::dropped<busy>().value == 1);
}

TEST_CASE("infinities of threads that ended are dropped and counted; finite amounts may add up to one") {
  metrics::reset_after_fork();
  constexpr double most = std::numeric_limits<double>::max();
  for (const double sign : {1.0, -1.0}) {
    std::thread{[sign] {
      metrics::get<energy>(zone::eu).add(sign * std::numeric_limits<double>::infinity());
      metrics::get<energy>(zone::eu).add(0.5);
    }}.join();
  }
  CHECK(metrics::get<energy>(zone::eu).value() == 1);
  CHECK(metrics::dropped<energy>().value == 2);
  for (int i = 0; i != 2; ++i) {
    std::thread{[] { metrics::get<energy>(zone::eu).add(most); }}.join();
  }
  CHECK(metrics::get<energy>(zone::eu).value() == std::numeric_limits<double>::infinity());
  CHECK(metrics::dropped<energy>().value == 2);
  metrics::reset_after_fork();
}

TEST_CASE("the totals of threads that ended stay, and never fall for a reader") {
  metrics::reset_after_fork();
  double last = 0;
  for (int round = 0; round != 50; ++round) {
    std::vector<std::thread> threads;
    for (int t = 0; t != 3; ++t) {
      threads.emplace_back([t] {
        for (int i = 0; i != 100; ++i) {
          metrics::get<energy>(zone::eu).add(0.1 * (t + 1));
          metrics::get<common>().add(0.1);
        }
      });
    }
    for (std::thread& t : threads) {
      t.join();
      const double now = metrics::get<energy>(zone::eu).value();
      CHECK(now >= last);
      last = now;
    }
  }
  CHECK(metrics::get<energy>(zone::eu).value() == doctest::Approx(50 * 100 * 0.6));
  CHECK(metrics::get<common>().value() == doctest::Approx(50 * 3 * 100 * 0.1));
  metrics::reset_after_fork();
}

}  // namespace real_counter_tests
