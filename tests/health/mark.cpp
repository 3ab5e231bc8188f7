#include <vitals/health/mark.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <health/set_clock.hpp>
#include <vitals/core/name.hpp>
#include <vitals/health/component.hpp>
#include <vitals/health/health.hpp>

namespace mark_tests {

using namespace std::chrono_literals;
using vitals::component;
using vitals::component_report;
using vitals::health_change;
using vitals::phase;
using vitals::status;
using vitals::detail::component_cell;
using vitals::detail::process_cell;

struct store : component<"store"> {};
struct cache : component<"cache", vitals::degrading> {};

/// What was told, a line for each change.
std::vector<std::string> told;

void listen(const health_change& change) noexcept {
  std::string line{change.program};
  for (const std::string_view part : {change.component, change.from, change.to, change.reason}) {
    line += '|';
    line += part;
  }
  told.push_back(line + (change.refused ? "|refused" : ""));
}

template <vitals::fixed_string Name, class... Components>
struct of : vitals::basic_health<set_clock, Name, Components...> {
  of() {
    set_clock::now = 1'000'000;
    told.clear();
  }
  static component_report on(std::size_t i) { return of::report().all[i]; }
  static phase stored() { return static_cast<phase>(of::ref().at(process_cell::phase).load() & 0xFFU); }
  static std::uint64_t refused() { return of::ref().at(process_cell::refused); }
  static std::uint64_t entered(phase p) { return of::ref().at(process_cell::entered, static_cast<std::size_t>(p)); }
  static std::uint64_t entered(std::size_t i, status s) {
    return of::ref().at(i, component_cell::entered, static_cast<std::size_t>(s));
  }
  static void settle() {
    for (std::size_t i = 0; i != of::report().count; ++i) {
      vitals::detail::settle_component(of::ref(), i, set_clock::milliseconds());
    }
  }
};

using lines = std::vector<std::string>;

TEST_CASE("a program's life is told") {
  of<"m_life", store> health;
  CHECK(health.on_change(listen));
  health.mark_initializing();
  health.mark_initializing();  // nothing new
  health.mark_live();
  health.mark_healthy<store>();
  health.mark_ready();
  health.mark_draining();
  health.mark_draining();
  health.mark_stopped();
  health.mark_stopped();
  CHECK(told == lines{"m_life||unstarted|initializing|", "m_life||initializing|live|", "m_life|store|unknown|healthy|",
                      "m_life||live|ready|", "m_life||ready|draining|", "m_life||draining|stopped|"});
  CHECK(health.refused() == 0);
  for (const phase p : {phase::initializing, phase::live, phase::ready, phase::draining, phase::stopped}) {
    CHECK(health.entered(p) == 1);
  }
  CHECK(health.entered(phase::degraded) == 0);
}

TEST_CASE("an illegal event changes nothing, is counted and told") {
  of<"m_refused", store> health;
  health.on_change(listen);
  health.mark_healthy<store>();
  health.mark_ready();
  const std::uint64_t ready_since = health.ref().at(process_cell::phase);
  told.clear();
  set_clock::now += 10;
  health.mark_initializing();
  health.mark_live();
  CHECK(told == lines{"m_refused||ready|initialize||refused", "m_refused||ready|go_live||refused"});
  CHECK(health.refused() == 2);
  CHECK(health.ref().at(process_cell::phase) == ready_since);
  health.mark_stopped();
  told.clear();
  health.mark_initializing();
  health.mark_live();
  health.mark_ready();
  health.mark_draining();
  CHECK(health.refused() == 6);
  CHECK(told.size() == 4);
  CHECK(health.stored() == phase::stopped);
  CHECK(health.entered(phase::stopped) == 1);
  CHECK_FALSE(health.report().ready);
}

TEST_CASE("the stored phase follows the components, without refused events") {
  of<"m_follows", store, cache> health;
  health.on_change(listen);
  health.mark_ready();
  CHECK(health.stored() == phase::degraded);  // nothing is known
  CHECK(told == lines{"m_follows||unstarted|ready|", "m_follows||ready|degraded|"});
  health.mark_healthy<store>();
  health.mark_healthy<cache>();
  CHECK(health.stored() == phase::ready);
  told.clear();
  health.mark_unhealthy<cache>("full");
  CHECK(told == lines{"m_follows|cache|healthy|unhealthy|full", "m_follows||ready|degraded|"});
  health.mark_unhealthy<store>("gone");
  health.mark_ready();  // it is, as far as it goes
  CHECK(health.stored() == phase::degraded);
  health.mark_draining();
  told.clear();
  health.mark_healthy<cache>();
  health.mark_healthy<store>();
  CHECK(health.stored() == phase::draining);
  CHECK(told == lines{"m_follows|cache|unhealthy|healthy|", "m_follows|store|unhealthy|healthy|"});
  CHECK(health.refused() == 0);
}

int calls[5];
template <int I>
void count_call(const health_change&) noexcept {
  ++calls[I];
}

TEST_CASE("four listeners, and no fifth") {
  of<"m_listeners", store> health;
  CHECK(health.on_change(count_call<0>));
  CHECK(health.on_change(count_call<1>));
  CHECK(health.on_change(count_call<2>));
  CHECK(health.on_change(count_call<3>));
  CHECK_FALSE(health.on_change(count_call<4>));
  CHECK_FALSE(health.on_change(count_call<4>));
  health.mark_ready();
  const int after_ready = calls[0];
  CHECK(after_ready == 2);  // ready, and degraded
  health.mark_healthy<store>();
  health.mark_live();  // refused
  CHECK(calls[0] == after_ready + 3);
  for (const int i : {1, 2, 3}) {
    CHECK(calls[i] == calls[0]);
  }
  CHECK(calls[4] == 0);
  CHECK(health.entered(phase::ready) == 2);  // the cells behind the listeners are as they were
}

TEST_CASE("a report that changes no status is not told") {
  of<"m_quiet", store> health;
  health.on_change(listen);
  health.mark_unhealthy<store>("a");
  CHECK(told == lines{"m_quiet|store|unknown|unhealthy|a"});
  health.mark_unhealthy<store>("b");
  health.mark_unhealthy<store>();
  CHECK(told.size() == 1);
  CHECK(health.entered(0, status::unhealthy) == 1);
}

struct waits : component<"waits", vitals::dwell<10s>> {};

template <vitals::fixed_string Name>
struct waited : of<Name, waits> {
  waited() {
    this->on_change(listen);
    this->mark_ready();
    this->template mark_unhealthy<waits>("x");
    this->template mark_healthy<waits>();
    told.clear();
    set_clock::now += 25'000;
  }
};

TEST_CASE("an improvement that waited is told at a tick, with the time it came to be so") {
  waited<"m_tick"> health;
  health.settle();
  CHECK(told == lines{"m_tick|waits|unhealthy|healthy|", "m_tick||degraded|ready|"});
  CHECK(health.entered(0, status::healthy) == 1);
  CHECK(health.on(0).age == 15'000);
  CHECK(health.ref().at(0, component_cell::changed) == set_clock::epoch + set_clock::now - 15'000);
  told.clear();
  health.settle();
  health.mark_healthy<waits>();
  CHECK(told.empty());
}

TEST_CASE("an improvement that waited is told at the next report, ahead of what that changes") {
  waited<"m_next"> health;
  health.mark_unhealthy<waits>("y");
  CHECK(told == lines{"m_next|waits|unhealthy|healthy|", "m_next||degraded|ready|", "m_next|waits|healthy|unhealthy|y",
                      "m_next||ready|degraded|"});
  CHECK(health.entered(0, status::healthy) == 1);
  CHECK(health.entered(0, status::unhealthy) == 2);
  CHECK(health.on(0).age == 0);
}

TEST_CASE("an improvement that waited is told once where a success comes") {
  waited<"m_success"> health;
  health.mark_healthy<waits>();
  CHECK(told.size() == 2);
  CHECK(health.on(0).age == 15'000);
}

TEST_CASE("flapping: not believed to be better until it is calm") {
  struct flaps : component<"flaps", vitals::flapping<4, 1min>> {};
  of<"m_flaps", flaps> health;
  set_clock::now = 60'000'000;
  health.mark_healthy<flaps>();  // no change: it was unknown
  health.mark_unhealthy<flaps>("x");
  set_clock::now += 10'000;
  health.mark_healthy<flaps>();
  health.mark_unhealthy<flaps>("x");
  CHECK_FALSE(health.on(0).is_flapping);
  set_clock::now += 10'000;
  health.mark_healthy<flaps>();
  CHECK(health.on(0).is_flapping);
  CHECK(health.on(0).now == status::healthy);
  health.mark_unhealthy<flaps>("x");  // worse is believed
  health.mark_healthy<flaps>();
  CHECK(health.on(0).now == status::unhealthy);
  CHECK(health.on(0).reason == "x");
  set_clock::now = 60'000'000 + 74'999;
  CHECK(health.on(0).now == status::unhealthy);
  set_clock::now = 60'000'000 + 75'000;  // the quarter with the first three is five quarters old
  CHECK_FALSE(health.on(0).is_flapping);
  CHECK(health.on(0).now == status::healthy);
  set_clock::now += 1000;
  CHECK(health.on(0).age == 1000);
  const std::uint64_t healthy = health.entered(0, status::healthy);
  health.settle();
  CHECK(health.entered(0, status::healthy) == healthy + 1);
  CHECK(health.on(0).age == 1000);
}

TEST_CASE("grace: from before the start until so long after it") {
  struct slow_start : component<"slow_start", vitals::grace<30s>> {};
  of<"m_grace", slow_start, store> health;
  health.mark_unhealthy<slow_start>("cold");
  CHECK(health.on(0).now == status::unknown);
  health.mark_unhealthy<store>();
  CHECK(health.on(1).now == status::unhealthy);  // it has none
  set_clock::now += 1'000'000;
  health.mark_initializing();
  set_clock::now += 29'999;
  health.mark_unhealthy<slow_start>("cold");
  CHECK(health.on(0).now == status::unknown);
  CHECK(health.on(0).reason == "cold");
  set_clock::now += 1;
  CHECK(health.on(0).now == status::unknown);
  health.mark_unhealthy<slow_start>("cold");
  CHECK(health.on(0).now == status::unhealthy);
}

TEST_CASE("30 reasons are kept, others are other") {
  of<"m_reasons", store, cache> health;
  std::vector<std::string> reasons;
  for (int i = 0; i != 31; ++i) {
    reasons.push_back("reason_" + std::to_string(i));
    health.mark_unhealthy<store>(reasons.back());
    CHECK(health.on(0).reason == (i < 30 ? reasons.back() : "other"));
  }
  health.mark_unhealthy<store>("reason_0");  // those that are there remain
  CHECK(health.on(0).reason == "reason_0");
  health.mark_unhealthy<cache>("reason_30");  // each component has its own
  CHECK(health.on(1).reason == "reason_30");
  health.mark_unhealthy<store>("other");
  CHECK(health.on(0).reason == "other");
  std::fill(reasons.begin(), reasons.end(), "overwritten");
  health.mark_unhealthy<store>("reason_29");
  CHECK(health.on(0).reason == "reason_29");
}

TEST_CASE("a reason of any bytes gives a text that is whole UTF-8") {
  of<"m_bytes", store> health;
  const std::string long_one(1'000'000, 'x');
  std::string long_and_odd;
  for (int i = 0; i != 1'000'000; ++i) {
    long_and_odd += static_cast<char>(i * 7);
  }
  for (const std::string_view odd :
       {std::string_view{long_one}, std::string_view{long_and_odd}, std::string_view{"caf\xe9"},
        std::string_view{"\xed\xa0\x80"}, std::string_view{"\xff"}, std::string_view{"\xf8\x88\x80\x80\x80"}}) {
    health.mark_unhealthy<store>(odd);
    CHECK(health.on(0).now == status::unhealthy);
    CHECK(health.on(0).reason == "other");
  }
  for (const std::string_view text : {std::string_view{"a\0b", 3}, std::string_view{"line\nline\r\t\x1b[0m\x7f"},
                                      std::string_view{"\"\\</script>"}, std::string_view{"\xe2\x98\x83"}}) {
    health.mark_degraded<store>(text);
    CHECK(health.on(0).reason == text);
    CHECK(vitals::is_utf8(health.on(0).reason));
  }
}

TEST_CASE("a thousand marks a millisecond: each counts") {
  struct strict : component<"strict", vitals::fall<250>, vitals::rise<250>> {};
  of<"m_thousand", strict> health;
  health.mark_healthy<strict>();
  for (int round = 0; round != 40; ++round) {
    for (int i = 0; i != 249; ++i) {
      health.mark_unhealthy<strict>("busy");
    }
    CHECK(health.on(0).now == status::healthy);
    health.mark_unhealthy<strict>("busy");
    CHECK(health.on(0).now == status::unhealthy);
    for (int i = 0; i != 249; ++i) {
      health.mark_healthy<strict>();
    }
    CHECK(health.on(0).now == status::unhealthy);
    health.mark_healthy<strict>();
    CHECK(health.on(0).now == status::healthy);
    CHECK(health.on(0).age == 0);
  }
  CHECK(health.entered(0, status::unhealthy) == 40);
  CHECK(health.entered(0, status::healthy) == 41);
}

TEST_CASE("a clock that jumps far ahead and back") {
  struct jumpy : component<"jumpy", vitals::dwell<10s>, vitals::rise<2>, vitals::flapping<2, 1min>> {};
  for (const std::uint64_t far : {std::uint64_t{1'000'000'000'000}, (std::uint64_t{1} << 38U) - 1,
                                  std::uint64_t{1} << 38U, std::uint64_t{1} << 62U}) {
    CAPTURE(far);
    of<"m_jumps", jumpy> health;
    health.mark_ready();
    set_clock::now = far;
    health.mark_unhealthy<jumpy>("ahead");
    CHECK(health.on(0).now == status::unhealthy);
    CHECK(health.on(0).reason == "ahead");
    set_clock::now = 2'000'000;
    CHECK(health.on(0).now == status::unhealthy);
    CHECK(health.report().now == phase::degraded);
    health.mark_healthy<jumpy>();
    health.mark_healthy<jumpy>();
    set_clock::now += 90'000;  // no more than a wait of its own
    CHECK(health.on(0).now == status::healthy);
    health.settle();
    CHECK(health.on(0).now == status::healthy);
    CHECK(health.on(0).age <= 90'000);
    CHECK(health.stored() == phase::ready);
    health.mark_unhealthy<jumpy>("again");
    CHECK(health.on(0).now == status::unhealthy);
    CHECK(health.refused() == 0);
  }
}

TEST_CASE("what is marked steadily healthy") {
  using vitals::report;
  using vitals::detail::component_state;
  using vitals::detail::is_steadily_healthy;
  for (const status s : {status::unknown, status::healthy, status::degraded, status::unhealthy}) {
    for (const report r : {report::success, report::degradation, report::failure}) {
      const component_state state{
          .now = s, .last = r, .failure_run = 255, .success_run = 255, .reason = 63, .since = ~std::uint64_t{0}};
      CHECK(is_steadily_healthy(state.packed()) == (s == status::healthy && r == report::success));
      component_state erred = state;
      erred.has_erred = true;
      CHECK(!is_steadily_healthy(erred.packed()));
    }
  }
}

/// Does something once where a report reads a heartbeat's silence: as if another thread did, at just that point.
struct interrupted_clock : set_clock {
  static inline void (*meanwhile)() = nullptr;
  static std::uint64_t silence(std::uint64_t ticks) noexcept {
    if (void (*const run)() = std::exchange(meanwhile, nullptr); run != nullptr) {
      std::thread{run}.join();
    }
    return set_clock::silence(ticks);
  }
};
struct beats : component<"beats", vitals::heartbeat<5s>> {};

TEST_CASE("a phase that another thread's change has overtaken is put right") {
  using health = vitals::basic_health<interrupted_clock, "m_overtaken", store, beats>;
  set_clock::now = 1'000'000;
  health::beat<beats>();
  health::mark_healthy<store>();
  health::mark_ready();
  const auto stored = [] { return static_cast<phase>(health::ref().at(process_cell::phase) & 0xFFU); };
  CHECK(stored() == phase::ready);
  // The store has been seen to be down, and comes back before that is stored.
  interrupted_clock::meanwhile = [] { health::mark_healthy<store>(); };
  health::mark_unhealthy<store>("down");
  CHECK(health::report().now == phase::ready);
  CHECK(stored() == phase::ready);
  // And the other way round.
  health::mark_unhealthy<store>("down");
  interrupted_clock::meanwhile = [] { health::mark_unhealthy<store>("again"); };
  health::mark_healthy<store>();
  CHECK(health::report().now == phase::degraded);
  CHECK(stored() == phase::degraded);
  // Draining comes between: that is no event which anybody asked for, and nothing is refused.
  interrupted_clock::meanwhile = [] { health::mark_draining(); };
  health::mark_healthy<store>();
  CHECK(stored() == phase::draining);
  CHECK(health::ref().at(process_cell::refused) == 0);
}

}  // namespace mark_tests
