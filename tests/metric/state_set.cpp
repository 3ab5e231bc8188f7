#include <vitals/metric/state_set.hpp>

#include <array>
#include <string>
#include <string_view>
#include <thread>

#include <doctest/doctest.h>

#include <vitals/expose/scrape.hpp>
#include <vitals/registry/registry.hpp>

namespace state_set_tests {

enum class zone { eu, us };
enum class phase { starting, running };
enum class level { low = 10, high = 20 };
constexpr auto label_values(level) {
  return std::array{level::low, level::high};
}
constexpr std::string_view label_text(level l) {
  return l == level::high ? "very high" : "";
}
struct app : vitals::state_set<"state_phase", "Phase.", phase> {};
struct alarm : vitals::state_set<"state_alarm", "Alarm.", level, vitals::label<"zone", zone>, vitals::packed> {};
using metrics = vitals::registry<app, alarm>;

TEST_CASE("one state is present, the first until another is entered, by any thread") {
  metrics::reset_after_fork();
  CHECK(metrics::get<app>().value() == phase::starting);
  std::thread{[] { metrics::get<app>().set(phase::running); }}.join();
  CHECK(metrics::get<app>().value() == phase::running);
  metrics::get<alarm>(zone::us).set(level::high);
  CHECK(metrics::get<alarm>(zone::eu).value() == level::low);
  CHECK(metrics::get<alarm>(zone::us).value() == level::high);
}

TEST_CASE("a value that is no state, and a label outside its values, are dropped and counted") {
  metrics::reset_after_fork();
  metrics::get<app>().set(phase::running);
  metrics::get<app>().set(static_cast<phase>(2));
  metrics::get<app>().set(static_cast<phase>(-1));
  metrics::get<alarm>(zone::eu).set(static_cast<level>(0));
  metrics::get<alarm>(static_cast<zone>(5)).set(level::high);
  CHECK(metrics::get<app>().value() == phase::running);
  CHECK(metrics::get<alarm>(zone::eu).value() == level::low);
  CHECK(metrics::dropped<app>().label == 2);
  CHECK(metrics::dropped<alarm>().label == 2);
}

TEST_CASE("each state is a series") {
  metrics::reset_after_fork();
  metrics::get<alarm>(zone::us).set(level::high);
  CHECK(vitals::scrape<metrics>().starts_with(R"(# HELP state_phase Phase.
# TYPE state_phase gauge
state_phase{state_phase="starting"} 1
state_phase{state_phase="running"} 0
# HELP state_alarm Alarm.
# TYPE state_alarm gauge
state_alarm{zone="eu",state_alarm="low"} 1
state_alarm{zone="eu",state_alarm="very high"} 0
state_alarm{zone="us",state_alarm="low"} 0
state_alarm{zone="us",state_alarm="very high"} 1
)"));
  metrics::reset_after_fork();
}

}  // namespace state_set_tests
