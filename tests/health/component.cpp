#include <vitals/health/component.hpp>

#include <chrono>
#include <type_traits>

#include <doctest/doctest.h>

namespace component_tests {

using namespace std::chrono_literals;
using vitals::component;
using vitals::criticality;

struct plain : component<"plain"> {};
struct other : component<"other"> {};
struct third : component<"third"> {};
struct all_of_them : component<"all_2", vitals::degrading, vitals::depends_on<plain, other>, vitals::fall<3>,
                               vitals::rise<255>, vitals::dwell<10s>, vitals::grace<1min>, vitals::flapping<6, 2min>,
                               vitals::heartbeat<5s, vitals::restart_after<60s>>, vitals::depends_on<third>> {};

TEST_CASE("without options it is critical, and each report is believed at once") {
  constexpr auto& f = plain::facts;
  CHECK(plain::name == "plain");
  CHECK(f.name == "plain");
  CHECK(f.matters == criticality::critical);
  CHECK(f.policy.fall == 1);
  CHECK(f.policy.rise == 1);
  CHECK(f.policy.dwell == 0);
  CHECK(f.policy.grace == 0);
  CHECK(f.policy.flap_limit == 0);
  CHECK(f.deadline == 0);
  CHECK(f.restart == 0);
  CHECK(f.needs.size() == 0);
  CHECK(std::is_same_v<plain::needs, vitals::detail::list<>>);
}

TEST_CASE("each option changes what it says") {
  constexpr auto& f = all_of_them::facts;
  CHECK(f.name == "all_2");
  CHECK(f.matters == criticality::degrading);
  CHECK(f.policy.fall == 3);
  CHECK(f.policy.rise == 255);
  CHECK(f.policy.dwell == 10'000);
  CHECK(f.policy.grace == 60'000);
  CHECK(f.policy.flap_limit == 6);
  CHECK(f.policy.flap_window == 120'000);
  CHECK(f.deadline == 5000);
  CHECK(f.restart == 60'000);
  CHECK(std::is_same_v<all_of_them::needs, vitals::detail::list<plain, other, third>>);
}

TEST_CASE("criticality is what is named") {
  CHECK(component<"a", vitals::critical>::facts.matters == criticality::critical);
  CHECK(component<"a", vitals::degrading>::facts.matters == criticality::degrading);
  CHECK(component<"a", vitals::informational>::facts.matters == criticality::informational);
  CHECK(component<"a", vitals::rise<2>, vitals::informational, vitals::fall<2>>::facts.matters ==
        criticality::informational);
}

TEST_CASE("times are of any unit, from 0 to a day") {
  CHECK(component<"a", vitals::dwell<0s>>::facts.policy.dwell == 0);
  CHECK(component<"a", vitals::dwell<1ms>>::facts.policy.dwell == 1);
  CHECK(component<"a", vitals::dwell<0.0015>>::facts.policy.dwell == 2);
  CHECK(component<"a", vitals::dwell<24h>>::facts.policy.dwell == 86'400'000);
  CHECK(component<"a", vitals::grace<24h>>::facts.policy.grace == 86'400'000);
  CHECK(component<"a", vitals::heartbeat<10ms>>::facts.deadline == 10);
  CHECK(component<"a", vitals::heartbeat<24h>>::facts.deadline == 86'400'000);
  CHECK(component<"a", vitals::heartbeat<10ms, vitals::restart_after<11ms>>>::facts.restart == 11);
  CHECK(component<"a", vitals::heartbeat<10ms>>::facts.restart == 0);
  CHECK(component<"a", vitals::flapping<100, 24h>>::facts.policy.flap_window == 86'400'000);
  CHECK(component<"a", vitals::flapping<2, 1s>>::facts.policy.flap_limit == 2);
}

TEST_CASE("a name may be as long as it likes, of letters, digits and _") {
  CHECK(component<"a">::name == "a");
  CHECK(component<"_1">::name == "_1");
  CHECK(component<"abcdefghijklmnopqrstuvwxyz_0123456789_abcdefghijklmnopqrstuvwxyz_0123456789">::name.size() == 75);
}

}  // namespace component_tests
