#include <vitals/health/lifecycle.hpp>

#include <array>
#include <cstddef>
#include <string_view>

#include <doctest/doctest.h>

namespace lifecycle_tests {

using vitals::life_event;
using vitals::phase;

constexpr std::array all_phases{phase::unstarted, phase::initializing, phase::live,   phase::ready,
                                phase::degraded,  phase::draining,     phase::stopped};
constexpr std::array all_events{life_event::initialize, life_event::go_live, life_event::become_ready,
                                life_event::degrade,    life_event::recover, life_event::drain,
                                life_event::stop};

// A row for each phase, a letter for each event: the phase that it leads to, or - where it is illegal.
//                                            init live ready degrade recover drain stop
constexpr std::string_view expected[] = {/*u*/ "ilr--ds",
                                         /*i*/ "ilr--ds",
                                         /*l*/ "-lr--ds",
                                         /*r*/ "--rgrds",
                                         /*g*/ "--ggrds",
                                         /*d*/ "-----ds",
                                         /*s*/ "------s"};
constexpr std::string_view letters = "uilrgds";

constexpr bool is_as_expected(std::size_t from, std::size_t event) {
  const char to = expected[from][event];
  const phase found = vitals::after(all_phases[from], all_events[event]);
  return vitals::is_legal(all_phases[from], all_events[event]) == (to != '-') &&
         found == (to == '-' ? all_phases[from] : all_phases[letters.find(to)]);
}

static_assert([] {
  for (std::size_t from = 0; from != all_phases.size(); ++from) {
    for (std::size_t event = 0; event != all_events.size(); ++event) {
      if (!is_as_expected(from, event)) {
        return false;
      }
    }
  }
  return all_phases.size() == vitals::detail::phases && all_events.size() == vitals::detail::life_events;
}());

TEST_CASE("every event in every phase") {
  for (std::size_t from = 0; from != all_phases.size(); ++from) {
    for (std::size_t event = 0; event != all_events.size(); ++event) {
      INFO(from << " " << event);
      CHECK(is_as_expected(from, event));
    }
  }
}

TEST_CASE("a process never comes back from its end, and an event that is repeated is legal") {
  for (const phase from : all_phases) {
    for (const life_event event : all_events) {
      const phase to = vitals::after(from, event);
      if (from == phase::draining || from == phase::stopped) {
        CHECK(to >= from);
      }
      if (vitals::is_legal(from, event) && event != life_event::recover) {
        CHECK(vitals::is_legal(to, event));
        CHECK(vitals::after(to, event) == to);
      }
    }
  }
}

TEST_CASE("what is asked of a phase") {
  //                                            u  i  l  r  g  d  s
  constexpr std::array<bool, 7> work = {false, false, false, true, true, false, false};
  constexpr std::array<bool, 7> alive = {false, true, true, true, true, true, false};
  constexpr std::array<bool, 7> started = {false, false, true, true, true, true, false};
  constexpr std::string_view names[] = {"starting", "starting", "starting", "ready", "degraded", "draining", "stopped"};
  for (std::size_t i = 0; i != all_phases.size(); ++i) {
    CHECK(vitals::takes_work(all_phases[i]) == work[i]);
    CHECK(vitals::is_alive(all_phases[i]) == alive[i]);
    CHECK(vitals::has_started(all_phases[i]) == started[i]);
    CHECK(vitals::name_of(all_phases[i]) == names[i]);
  }
}

}  // namespace lifecycle_tests
