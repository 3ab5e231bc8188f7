#include <vitals/metric/summary.hpp>

#include <chrono>
#include <limits>
#include <thread>

#include <doctest/doctest.h>

#include <vitals/registry/registry.hpp>

namespace summary_tests {

using namespace std::chrono_literals;

enum class zone { eu, us };
struct payload : vitals::summary<"sum_payload_bytes", "Payload.", vitals::label<"zone", zone>> {};
struct took : vitals::summary<"sum_took_seconds", "Took."> {};
struct common : vitals::summary<"sum_common_bytes", "Payload.", vitals::shared> {};
using metrics = vitals::registry<payload, took, common>;

TEST_CASE("a summary counts values and adds them up") {
  metrics::reset_after_fork();
  metrics::get<payload>(zone::eu).observe(10);
  metrics::get<payload>(zone::eu).observe(2.5);
  metrics::get<common>().observe(7U);
  metrics::get<took>().observe(1500ms);
  metrics::get<took>().observe(0.5);
  { const auto timing = metrics::get<took>().time(); }
  CHECK(metrics::get<payload>(zone::eu).value().count == 2);
  CHECK(metrics::get<payload>(zone::eu).value().sum == 12.5);
  CHECK(metrics::get<payload>(zone::us).value().count == 0);
  CHECK(metrics::get<common>().value().sum == 7);
  CHECK(metrics::get<took>().value().count == 3);
  CHECK(metrics::get<took>().value().sum >= 2);
}

TEST_CASE("what a sum cannot take is dropped; an infinity is counted and leaves the sum alone") {
  metrics::reset_after_fork();
  const auto series = metrics::get<payload>(zone::us);
  series.observe(-1);
  series.observe(std::numeric_limits<double>::quiet_NaN());
  series.observe(std::numeric_limits<double>::infinity());
  series.observe(3);
  metrics::get<payload>(static_cast<zone>(9)).observe(1);
  CHECK(series.value().count == 2);
  CHECK(series.value().sum == 3);
  CHECK(metrics::dropped<payload>().value == 2);
  CHECK(metrics::dropped<payload>().label == 1);
  metrics::reset_after_fork();
}

TEST_CASE("infinities of threads that ended leave the sum alone") {
  metrics::reset_after_fork();
  const auto observe_both = [](auto series) {
    for (const double sign : {1.0, -1.0}) {
      std::thread{[=] {
        series.observe(sign * std::numeric_limits<double>::infinity());
        series.observe(0.5);
      }}.join();
    }
  };
  observe_both(metrics::get<payload>(zone::eu));
  observe_both(metrics::get<common>());
  observe_both(metrics::get<took>());
  CHECK(metrics::get<payload>(zone::eu).value().count == 3);
  CHECK(metrics::get<payload>(zone::eu).value().sum == 1);
  CHECK(metrics::get<common>().value().count == 3);
  CHECK(metrics::get<common>().value().sum == 1);
  CHECK(metrics::get<took>().value().count == 3);
  CHECK(metrics::get<took>().value().sum == 1);
  CHECK(metrics::dropped<payload>().value == 1);
  metrics::reset_after_fork();
}

}  // namespace summary_tests
