#include <vitals/health/health.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <allocations.hpp>
#include <health/set_clock.hpp>
#include <vitals/health/component.hpp>

namespace health_tests {

using namespace std::chrono_literals;
using vitals::component;
using vitals::phase;
using vitals::status;

struct discord : component<"discord", vitals::critical> {};
struct rcon : component<"rcon", vitals::degrading, vitals::depends_on<discord>> {};
struct tailer : component<"log_tailer", vitals::critical, vitals::heartbeat<5s>> {};

/// As a user writes it, with the system's clocks.
using app_health = vitals::health<"event_relay", discord, rcon, tailer>;
static_assert(app_health::name == "event_relay");
static_assert(noexcept(app_health::mark_healthy<discord>()));
static_assert(noexcept(app_health::mark_unhealthy<rcon>("x")));
static_assert(noexcept(app_health::beat<tailer>()));
static_assert(noexcept(app_health::report()));

TEST_CASE("a program with the system's clocks") {
  CHECK_FALSE(app_health::report().ready);
  CHECK_FALSE(app_health::report().live);
  app_health::mark_initializing();
  CHECK(app_health::report().live);
  CHECK_FALSE(app_health::report().started);
  app_health::mark_healthy<discord>();
  app_health::mark_unhealthy<rcon>("connection_timeout");
  app_health::beat<tailer>();
  app_health::mark_ready();
  auto r = app_health::report();
  CHECK(r.ready);
  CHECK(r.now == phase::degraded);
  CHECK(r.all[1].reason == "connection_timeout");
  CHECK(r.all[1].cause == 1);
  CHECK(r.all[2].now == status::healthy);
  CHECK(r.all[2].silence < 60'000);
  app_health::mark_unhealthy<discord>("gone");
  r = app_health::report();
  CHECK_FALSE(r.ready);
  CHECK(r.all[1].cause == 0);
  CHECK(r.live);
  CHECK(r.uptime < 600'000);
  app_health::mark_stopped();
  CHECK_FALSE(app_health::report().live);
}

template <class Health>
std::vector<std::uint64_t> cells() {
  const auto ref = Health::ref();
  return {ref.cells, ref.cells + Health::image.shared_cells};
}

TEST_CASE("marks before any start count, and start nothing") {
  using health = vitals::basic_health<set_clock, "h_before", discord, tailer>;
  set_clock::now = 1'000'000;
  health::beat<tailer>();  // the first touch of all
  health::mark_healthy<discord>();
  auto r = health::report();
  CHECK(r.now == phase::unstarted);
  CHECK_FALSE(r.ready);
  CHECK_FALSE(r.live);
  CHECK(r.all[0].now == status::healthy);
  CHECK(r.all[1].now == status::healthy);
  set_clock::now += 4000;
  health::mark_ready();
  r = health::report();
  CHECK(r.ready);
  CHECK(r.uptime == 0);
  CHECK(r.all[0].age == 4000);
}

TEST_CASE("mark_healthy on the warm path touches nothing") {
  using health = vitals::basic_health<set_clock, "h_warm", discord, rcon>;
  set_clock::now = 1'000'000;
  health::mark_ready();
  health::mark_healthy<discord>();
  health::mark_healthy<rcon>();
  const auto before = cells<health>();
  const std::uint64_t readings = set_clock::readings;
#if VITALS_TESTS_COUNT_ALLOCATIONS
  const std::size_t taken = allocations;
#endif
  for (int i = 0; i != 1000; ++i) {
    set_clock::now += 1;
    health::mark_healthy<discord>();
  }
#if VITALS_TESTS_COUNT_ALLOCATIONS
  CHECK(allocations == taken);
#endif
  CHECK(set_clock::readings == readings);
  CHECK(cells<health>() == before);
  CHECK(health::report().all[0].age == 1000);
}

TEST_CASE("a beat is one store, and reads only the counter") {
  using health = vitals::basic_health<set_clock, "h_beat", tailer, discord>;
  set_clock::now = 1'000'000;
  health::mark_ready();
  health::beat<tailer>();
  auto before = cells<health>();
  const std::uint64_t readings = set_clock::readings;
  set_clock::now += 77;
  health::beat<tailer>();
  CHECK(set_clock::readings == readings + 1);
  const auto after = cells<health>();
  std::size_t changed = 0;
  for (std::size_t i = 0; i != before.size(); ++i) {
    changed += before[i] != after[i] ? 1U : 0U;
  }
  CHECK(changed == 1);
  CHECK(health::report().all[0].silence == 0);
}

TEST_CASE("after the first of each kind no mark takes memory") {
  using health = vitals::basic_health<set_clock, "h_memory", discord, rcon, tailer>;
  set_clock::now = 1'000'000;
  const auto all = [] {
    health::mark_ready();
    health::mark_unhealthy<discord>("gone");
    health::mark_degraded<rcon>("slow");
    health::mark_unhealthy<discord>("refused");
    health::mark_healthy<discord>();
    health::mark_initializing();
    health::beat<tailer>();
  };
  all();
#if VITALS_TESTS_COUNT_ALLOCATIONS
  const std::size_t before = allocations;
  all();
  CHECK(allocations == before);
#endif
}

TEST_CASE("two programs with components of the same types are apart") {
  using one = vitals::basic_health<set_clock, "h_one", discord, rcon>;
  using two = vitals::basic_health<set_clock, "h_two", discord, rcon>;
  set_clock::now = 1'000'000;
  one::mark_ready();
  one::mark_unhealthy<discord>("only_one");
  CHECK(two::report().now == phase::unstarted);
  CHECK(two::report().all[0].now == status::unknown);
  two::mark_unhealthy<discord>("only_two");
  CHECK(one::report().all[0].reason == "only_one");
  CHECK(two::report().all[0].reason == "only_two");
}

template <std::size_t I>
struct name_of_one {
  static constexpr char text[4] = {'c', '0' + I / 10, '0' + I % 10, 0};
};
template <std::size_t I>
struct one_of_64
    : component<vitals::fixed_string<4>{name_of_one<I>::text}, vitals::informational, vitals::heartbeat<5s>> {};

template <std::size_t... I>
auto of_64(std::index_sequence<I...>) -> vitals::basic_health<set_clock, "h_64", one_of_64<I>...>;

TEST_CASE("64 components, each apart from the others") {
  using health = decltype(of_64(std::make_index_sequence<64>{}));
  set_clock::now = 1'000'000;
  health::mark_ready();
  health::mark_unhealthy<one_of_64<0>>("first");
  health::mark_degraded<one_of_64<63>>("last");
  health::beat<one_of_64<62>>();
  const auto r = health::report();
  CHECK(r.count == 64);
  for (std::size_t i = 1; i != 62; ++i) {
    CHECK(r.all[i].now == status::unknown);
    CHECK(r.all[i].cause == i);
  }
  CHECK(r.all[0].reason == "first");
  CHECK(r.all[62].now == status::healthy);
  CHECK(r.all[63].reason == "last");
  CHECK(r.all[63].name == "c63");
  CHECK(r.ready);
}

TEST_CASE("the system's clocks") {
  using vitals::health_clock;
  CHECK(health_clock::wall() > 1'700'000'000'000);
  CHECK(health_clock::ticks() != 0);
  const std::uint64_t start = health_clock::milliseconds();
  const std::uint64_t ticks = health_clock::ticks();
  std::this_thread::sleep_for(50ms);
  const std::uint64_t silence = health_clock::silence(ticks);
  const std::uint64_t passed = health_clock::milliseconds() - start;
  CHECK(passed >= 49);
  CHECK(silence >= 48);
  CHECK(silence <= passed + passed / 10 + 50);  // it was read first; 20 ms may have gone into its rate
  CHECK(health_clock::silence(~std::uint64_t{0}) == 0);
}

}  // namespace health_tests
