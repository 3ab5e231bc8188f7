#include <vitals/health/report.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include <allocations.hpp>
#include <health/set_clock.hpp>
#include <vitals/health/component.hpp>
#include <vitals/health/health.hpp>

namespace report_tests {

using namespace std::chrono_literals;
using vitals::component;
using vitals::component_report;
using vitals::criticality;
using vitals::phase;
using vitals::status;

struct vital : component<"vital", vitals::critical> {};
struct useful : component<"useful", vitals::degrading> {};
struct nice : component<"nice", vitals::informational> {};

/// A health of its own for each case.
template <vitals::fixed_string Name, class... Components>
struct of : vitals::basic_health<set_clock, Name, Components...> {
  of() { set_clock::now = 1'000'000; }

  template <class C>
  static void make(status s) {
    switch (s) {
      case status::unknown:
        break;
      case status::healthy:
        of::template mark_healthy<C>();
        break;
      case status::degraded:
        of::template mark_degraded<C>("slow");
        break;
      case status::unhealthy:
        of::template mark_unhealthy<C>("down");
        break;
    }
  }
  /// As a process that has just begun.
  static void forget() {
    const auto ref = of::ref();
    for (std::uint32_t i = 0; i != of::image.shared_cells; ++i) {
      ref.cells[i] = 0;
    }
  }
  static std::vector<std::uint64_t> cells() {
    const auto ref = of::ref();
    return {ref.cells, ref.cells + of::image.shared_cells};
  }
  static component_report on(std::size_t i) { return of::report().all[i]; }
};

TEST_CASE("before anything was said") {
  of<"r_nothing", vital, useful> health;
  const auto r = health.report();
  CHECK(r.now == phase::unstarted);
  CHECK_FALSE(r.live);
  CHECK_FALSE(r.started);
  CHECK_FALSE(r.ready);
  CHECK(r.uptime == 0);
  CHECK(r.count == 2);
  CHECK(r.components().size() == 2);
  CHECK(r.all[0].name == "vital");
  CHECK(r.all[1].name == "useful");
  CHECK(r.all[1].matters == criticality::degrading);
  for (const component_report& c : r.components()) {
    CHECK(c.now == status::unknown);
    CHECK(c.reason.empty());
    CHECK(c.age == 0);
    CHECK(c.silence == component_report::never);
    CHECK_FALSE(c.is_flapping);
    CHECK_FALSE(c.is_stuck);
  }
  CHECK(r.all[1].cause == 1);
}

TEST_CASE("what a component's status means for the program, in every phase") {
  of<"r_meaning", vital, useful, nice> health;
  constexpr std::array all{status::unknown, status::healthy, status::degraded, status::unhealthy};
  constexpr std::array phases{phase::unstarted, phase::initializing, phase::live,
                              phase::ready,     phase::draining,     phase::stopped};
  const auto go = [&](phase p) {
    switch (p) {
      case phase::initializing:
        return health.mark_initializing();
      case phase::live:
        return health.mark_live();
      case phase::ready:
        return health.mark_ready();
      case phase::draining:
        return health.mark_draining();
      case phase::stopped:
        return health.mark_stopped();
      default:
        return;
    }
  };
  for (const phase p : phases) {
    for (const status v : all) {
      for (const status u : all) {
        for (const status n : all) {
          for (const bool components_first : {false, true}) {
            health.forget();
            if (!components_first) {
              go(p);
            }
            health.make<vital>(v);
            health.make<useful>(u);
            health.make<nice>(n);
            if (components_first) {
              go(p);
            }
            const auto r = health.report();
            const bool works = v == status::healthy || v == status::degraded;
            const bool all_well = v == status::healthy && u == status::healthy;
            INFO(static_cast<int>(p) << " " << static_cast<int>(v) << static_cast<int>(u) << static_cast<int>(n));
            REQUIRE(r.ready == (p == phase::ready && works));
            REQUIRE(r.now == (p != phase::ready ? p : all_well ? phase::ready : phase::degraded));
            REQUIRE(r.live == (p != phase::unstarted && p != phase::stopped));
            REQUIRE(r.started == (p == phase::live || p == phase::ready || p == phase::draining));
            REQUIRE(r.all[0].now == v);
            REQUIRE(r.all[1].now == u);
            REQUIRE(r.all[2].now == n);
            // What is stored is what is shown.
            REQUIRE(static_cast<phase>(health.ref().at(vitals::detail::process_cell::phase).load() & 0xFFU) == r.now);
          }
        }
      }
    }
  }
}

TEST_CASE("the age and reason of a component, and the uptime") {
  of<"r_age", vital> health;
  set_clock::now = 5000;
  CHECK(health.on(0).age == 0);
  health.mark_initializing();
  set_clock::now = 7000;
  CHECK(health.on(0).age == 2000);  // unknown since the start
  CHECK(health.report().uptime == 2000);
  health.mark_unhealthy<vital>("refused");
  set_clock::now = 7300;
  CHECK(health.on(0).age == 300);
  CHECK(health.on(0).reason == "refused");
  health.mark_unhealthy<vital>("timeout");
  CHECK(health.on(0).age == 300);
  CHECK(health.on(0).reason == "timeout");
  health.mark_unhealthy<vital>();
  CHECK(health.on(0).reason.empty());
  health.mark_degraded<vital>("slow");
  CHECK(health.on(0).age == 0);
  CHECK(health.on(0).reason == "slow");
  health.mark_healthy<vital>();
  CHECK(health.on(0).reason.empty());
  set_clock::now = 9000;
  CHECK(health.on(0).age == 1700);
  health.mark_stopped();
  CHECK(health.report().uptime == 4000);
}

TEST_CASE("a wait that is over is shown without a further report") {
  struct waits : component<"waits", vitals::dwell<10s>> {};
  of<"r_waits", waits> health;
  health.mark_ready();
  health.mark_unhealthy<waits>("down");
  set_clock::now += 1000;
  health.mark_healthy<waits>();
  set_clock::now += 8999;
  CHECK(health.on(0).now == status::unhealthy);
  CHECK(health.on(0).reason == "down");
  CHECK_FALSE(health.report().ready);
  const auto before = health.cells();
  set_clock::now += 1;
  CHECK(health.on(0).now == status::healthy);
  CHECK(health.on(0).age == 0);
  CHECK(health.on(0).reason.empty());
  CHECK(health.report().now == phase::ready);
  set_clock::now += 500;
  CHECK(health.on(0).age == 500);
  CHECK(health.cells() == before);  // a probe changes nothing
}

struct beats : component<"beats", vitals::heartbeat<5s, vitals::restart_after<60s>>> {};
struct beats_late : component<"beats_late", vitals::heartbeat<5s, vitals::restart_after<60s>>, vitals::grace<30s>> {};

TEST_CASE("a heartbeat that is missing before the first") {
  of<"r_first", beats, beats_late> health;
  set_clock::now += 1'000'000;
  CHECK(health.on(0).now == status::unknown);  // nothing has begun
  health.mark_ready();
  set_clock::now += 5000;
  CHECK(health.on(0).now == status::unknown);
  CHECK(health.on(0).age == 5000);
  CHECK_FALSE(health.report().ready);
  set_clock::now += 1;
  CHECK(health.on(0).now == status::unhealthy);
  CHECK(health.on(0).reason == "heartbeat_missed");
  CHECK(health.on(0).age == 1);
  CHECK(health.on(0).silence == component_report::never);
  CHECK(health.on(1).now == status::unknown);
  set_clock::now += 29'999;
  CHECK(health.on(1).now == status::unknown);
  set_clock::now += 1;
  CHECK(health.on(1).now == status::unhealthy);
  CHECK(health.on(1).age == 1);
  set_clock::now += 24'999;  // 60 s after the start
  CHECK(health.report().live);
  set_clock::now += 1;
  CHECK(health.on(0).is_stuck);
  CHECK_FALSE(health.on(1).is_stuck);
  CHECK_FALSE(health.report().live);
  health.beat<beats>();
  CHECK(health.report().live);
  set_clock::now += 29'999;  // 90 s
  health.beat<beats>();
  CHECK(health.report().live);
  set_clock::now += 1;
  CHECK(health.on(1).is_stuck);
  CHECK_FALSE(health.report().live);
}

TEST_CASE("a heartbeat that is missing after the first") {
  of<"r_after", beats, beats_late> health;
  health.mark_ready();
  health.beat<beats>();
  health.beat<beats_late>();
  CHECK(health.on(0).now == status::healthy);
  CHECK(health.report().ready);
  set_clock::now += 5000;
  CHECK(health.on(0).now == status::healthy);
  CHECK(health.on(0).silence == 5000);
  set_clock::now += 1;
  for (const std::size_t i : {0U, 1U}) {  // grace is for the start alone
    CHECK(health.on(i).now == status::unhealthy);
    CHECK(health.on(i).reason == "heartbeat_missed");
    CHECK(health.on(i).age == 1);
    CHECK(health.on(i).silence == 5001);
    CHECK_FALSE(health.on(i).is_stuck);
  }
  CHECK_FALSE(health.report().ready);
  CHECK(health.report().live);
  health.beat<beats>();
  CHECK(health.on(0).now == status::healthy);
  set_clock::now += 54'999;
  CHECK_FALSE(health.on(1).is_stuck);
  set_clock::now += 1;
  CHECK(health.on(1).is_stuck);
  CHECK_FALSE(health.on(0).is_stuck);
  CHECK_FALSE(health.report().live);
}

TEST_CASE("without restart_after no silence fails liveness") {
  struct silent : component<"silent", vitals::heartbeat<10ms>> {};
  of<"r_silent", silent> health;
  health.mark_ready();
  health.beat<silent>();
  set_clock::now += 1'000'000'000;
  CHECK(health.report().live);
  CHECK(health.on(0).now == status::unhealthy);
  health.mark_stopped();
  CHECK_FALSE(health.report().live);
}

TEST_CASE("marks and heartbeats together") {
  of<"r_both", beats, beats_late> health;
  health.mark_ready();
  health.beat<beats>();
  health.mark_unhealthy<beats>("stalled");
  CHECK(health.on(0).now == status::unhealthy);
  CHECK(health.on(0).reason == "stalled");
  set_clock::now += 100'000;
  CHECK(health.on(0).reason == "heartbeat_missed");
  CHECK(health.on(0).age == 100'000);  // unhealthy for longer than it is silent
  health.beat<beats>();
  CHECK(health.on(0).now == status::unhealthy);  // as it said
  CHECK(health.on(0).reason == "stalled");
  health.mark_healthy<beats>();
  set_clock::now += 6000;
  CHECK(health.on(0).now == status::unhealthy);  // a success does not stand for the beats
  CHECK(health.on(0).age == 1000);
}

TEST_CASE("a beat does not hide a failure in the grace period") {
  of<"r_grace", beats, beats_late> health;
  health.mark_ready();
  health.mark_unhealthy<beats_late>("cold");
  health.beat<beats_late>();
  CHECK(health.on(1).now == status::unknown);
  CHECK(health.on(1).reason == "cold");
  health.mark_healthy<beats_late>();
  CHECK(health.on(1).now == status::healthy);
  CHECK(health.on(1).reason.empty());
}

TEST_CASE("a clock that steps back: ages are 0, and what is known stays") {
  of<"r_back", beats> health;
  set_clock::now = 10'000'000;
  health.mark_ready();
  health.beat<beats>();
  health.mark_degraded<beats>("slow");
  set_clock::now = 5;
  const auto r = health.report();
  CHECK(r.uptime == 0);
  CHECK(r.live);
  CHECK(r.ready);
  CHECK(r.all[0].now == status::degraded);
  CHECK(r.all[0].reason == "slow");
  CHECK(r.all[0].age == 0);
  CHECK(r.all[0].silence == 0);
}

// Causes: a chain, a diamond and a tree of them.
struct a : component<"a"> {};
struct b : component<"b", vitals::depends_on<a>> {};
struct c : component<"c", vitals::depends_on<b>> {};
struct d : component<"d", vitals::depends_on<c>> {};

TEST_CASE("in a chain the cause is as deep as the failures reach without a gap") {
  of<"r_chain", d, b, c, a> health;           // in whatever order: d 0, b 1, c 2, a 3
  constexpr std::size_t at[] = {3, 1, 2, 0};  // of a, b, c, d
  for (unsigned down = 0; down != 16; ++down) {
    health.forget();
    const auto make = [&]<class C>(std::type_identity<C>, unsigned bit) {
      health.template make<C>((down >> bit & 1U) != 0 ? status::unhealthy : status::healthy);
    };
    make(std::type_identity<a>{}, 0);
    make(std::type_identity<b>{}, 1);
    make(std::type_identity<c>{}, 2);
    make(std::type_identity<d>{}, 3);
    const auto r = health.report();
    for (unsigned i = 0; i != 4; ++i) {
      unsigned cause = i;
      while ((down >> i & 1U) != 0 && cause != 0 && (down >> (cause - 1) & 1U) != 0) {
        --cause;
      }
      REQUIRE(r.all[at[i]].cause == at[cause]);
    }
  }
}

struct store : component<"store"> {};
struct left : component<"left", vitals::depends_on<store>> {};
struct right : component<"right", vitals::depends_on<store>> {};
struct top : component<"top", vitals::depends_on<left, right>> {};

TEST_CASE("in a diamond all point to the one at the bottom") {
  of<"r_diamond", store, left, right, top> health;
  health.make<top>(status::unhealthy);
  health.make<right>(status::unhealthy);
  CHECK(health.on(3).cause == 2);
  health.make<store>(status::unhealthy);
  CHECK(health.on(3).cause == 0);
  CHECK(health.on(2).cause == 0);
  CHECK(health.on(1).cause == 1);  // it is well, or unknown
  health.make<left>(status::unhealthy);
  CHECK(health.on(1).cause == 0);
  CHECK(health.on(3).cause == 0);
  health.make<store>(status::degraded);
  CHECK(health.on(3).cause == 1);  // degraded is no cause of what is unhealthy
  CHECK(health.on(1).cause == 1);
  health.make<top>(status::degraded);
  CHECK(health.on(3).cause == 3);
}

TEST_CASE("a missed heartbeat is a cause like any other") {
  struct loop : component<"loop", vitals::heartbeat<5s>> {};
  struct user : component<"user", vitals::depends_on<loop>> {};
  of<"r_loop", user, loop> health;
  health.mark_ready();
  health.beat<loop>();
  health.make<user>(status::unhealthy);
  CHECK(health.on(0).cause == 0);
  set_clock::now += 6000;
  CHECK(health.on(0).cause == 1);
}

TEST_CASE("a report takes no memory, and reads the clock once") {
  of<"r_free", vital, useful, nice, beats> health;
  health.mark_ready();
  health.make<useful>(status::unhealthy);
  const auto cells = health.cells();
  const std::uint64_t readings = set_clock::readings;
#if VITALS_TESTS_COUNT_ALLOCATIONS
  const std::size_t before = allocations;
#endif
  const auto r = health.report();
#if VITALS_TESTS_COUNT_ALLOCATIONS
  CHECK(allocations == before);
#endif
  CHECK(set_clock::readings == readings + 1);
  CHECK(r.now == phase::degraded);
  CHECK(health.cells() == cells);
}

}  // namespace report_tests
