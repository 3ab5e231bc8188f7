// What time alone changes, once a tick stores and tells it; of heartbeats above all.
#include <doctest/doctest.h>
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <vitals/expose/scrape.hpp>
#include <vitals/health/component.hpp>
#include <vitals/health/health.hpp>
#include <vitals/health/mark.hpp>

namespace heartbeat_tests {

using vitals::status;
using namespace std::chrono_literals;

struct test_clock {
  static inline std::atomic<std::uint64_t> now = 10'000;
  static std::uint64_t milliseconds() noexcept { return now; }
  static std::uint64_t wall() noexcept { return 1'700'000'000'000 + now; }
  static std::uint64_t ticks() noexcept { return now; }
  static std::uint64_t silence(std::uint64_t ticks) noexcept { return now - ticks; }
};

struct loop : vitals::component<"loop", vitals::critical, vitals::heartbeat<5s>> {};
struct slow_start : vitals::component<"slow_start", vitals::degrading, vitals::heartbeat<5s>, vitals::grace<30s>> {};
struct store : vitals::component<"store", vitals::critical, vitals::dwell<10s>> {};

template <vitals::fixed_string Name>
using of = vitals::basic_health<test_clock, Name, loop, slow_start, store>;

std::vector<std::string> said;

void listen(const vitals::health_change& c) noexcept {
  said.push_back((c.component.empty() ? std::string{"process"} : std::string{c.component}) + ": " +
                 std::string{c.from} + " -> " + std::string{c.to} +
                 (c.reason.empty() ? "" : " (" + std::string{c.reason} + ")") + (c.refused ? " refused" : ""));
}

/// What was told since it was asked last.
std::vector<std::string> told() {
  return std::exchange(said, {});
}
using lines = std::vector<std::string>;

template <class Health>
std::uint64_t entered(std::size_t component, status s) {
  return Health::ref().at(component, vitals::detail::component_cell::entered, static_cast<std::size_t>(s)).load();
}

TEST_CASE("a heartbeat that is missing is told once, and once when it is there again") {
  using health = of<"beat_once">;
  health::on_change(&listen);
  health::mark_ready();
  health::mark_healthy<store>();
  health::beat<loop>();
  health::beat<slow_start>();
  static_cast<void>(told());
  health::tick();
  CHECK(told() == lines{"loop: unknown -> healthy", "slow_start: unknown -> healthy", "process: degraded -> ready"});
  for (int i = 0; i != 3; ++i) {
    test_clock::now += 2'000;
    health::beat<slow_start>();
    health::tick();
  }
  CHECK(told() == lines{"loop: healthy -> unhealthy (heartbeat_missed)", "process: ready -> degraded"});
  CHECK(health::report().all[0].now == status::unhealthy);
  CHECK(entered<health>(0, status::unhealthy) == 1);
  test_clock::now += 2'000;
  health::beat<slow_start>();
  health::tick();
  CHECK(told().empty());
  health::beat<loop>();
  CHECK(told().empty());  // the path of a beat is one store
  health::tick();
  health::tick();
  CHECK(told() == lines{"loop: unhealthy -> healthy", "process: degraded -> ready"});
  CHECK(entered<health>(0, status::healthy) == 2);
  CHECK(entered<health>(0, status::unhealthy) == 1);
}

TEST_CASE("the last change is when the heartbeat came to be missing, not when somebody looked") {
  using health = of<"beat_time">;
  health::mark_ready();
  health::beat<loop>();
  health::tick();
  const std::uint64_t beaten = test_clock::wall();
  test_clock::now += 60'000;
  health::tick();
  CHECK(health::ref().at(0, vitals::detail::component_cell::changed).load() == beaten + 5'000);
  health::beat<loop>();
  test_clock::now += 1'000;
  health::tick();
  CHECK(health::ref().at(0, vitals::detail::component_cell::changed).load() == test_clock::wall());
}

TEST_CASE("a probe writes nothing") {
  using health = of<"beat_probe">;
  health::on_change(&listen);
  health::mark_ready();
  health::beat<loop>();
  health::mark_healthy<store>();
  health::tick();
  test_clock::now += 60'000;
  static_cast<void>(told());
  std::vector<std::uint64_t> before;
  const auto cells = [] {
    std::vector<std::uint64_t> all;
    for (std::uint32_t i = 0; i != health::image.shared_cells; ++i) {
      all.push_back(health::ref().cells[i].load());
    }
    return all;
  };
  before = cells();
  CHECK(health::report().all[0].now == status::unhealthy);
  CHECK(health::report().now == vitals::phase::degraded);
  CHECK(vitals::scrape<health>().find("component_status{component=\"loop\"} 0") != std::string::npos);
  CHECK(cells() == before);
  CHECK(told().empty());
}

TEST_CASE("marks of a silent component are kept, and told from where the last change ended") {
  using health = of<"beat_marks">;
  health::on_change(&listen);
  health::beat<loop>();
  health::mark_degraded<loop>("slow");
  CHECK(told() == lines{"loop: unknown -> degraded (slow)"});
  test_clock::now += 6'000;
  health::tick();
  CHECK(told() == lines{"loop: degraded -> unhealthy (heartbeat_missed)"});
  health::mark_healthy<loop>();
  health::mark_degraded<loop>("slower");
  CHECK(told().empty());  // it is still unhealthy, as its report says
  CHECK(health::report().all[0].now == status::unhealthy);
  health::beat<loop>();
  health::tick();
  CHECK(told() == lines{"loop: unhealthy -> degraded (slower)"});
  health::mark_unhealthy<loop>("broken");
  CHECK(told() == lines{"loop: degraded -> unhealthy (broken)"});
  test_clock::now += 6'000;
  health::tick();
  CHECK(told().empty());  // unhealthy for two reasons now
  health::mark_healthy<loop>();
  CHECK(told().empty());
  health::beat<loop>();
  health::tick();
  CHECK(told() == lines{"loop: unhealthy -> healthy"});
  CHECK(entered<health>(0, status::unhealthy) == 2);
}

TEST_CASE("without a tick marks of what beats are told as those of any component") {
  using health = of<"beat_untold">;
  health::on_change(&listen);
  health::beat<loop>();
  health::mark_healthy<loop>();
  health::mark_unhealthy<loop>("broken");
  test_clock::now += 6'000;
  health::mark_healthy<loop>();
  CHECK(told() ==
        lines{"loop: unknown -> healthy", "loop: healthy -> unhealthy (broken)", "loop: unhealthy -> healthy"});
}

TEST_CASE("a first heartbeat may be missing for as long as the grace, and before the program begins") {
  using health = of<"beat_grace">;
  health::on_change(&listen);
  test_clock::now += 100'000;
  health::tick();
  CHECK(told().empty());
  health::mark_initializing();
  static_cast<void>(told());
  health::beat<loop>();
  test_clock::now += 35'000;
  health::beat<loop>();
  health::tick();
  CHECK(told() == lines{"loop: unknown -> healthy"});
  test_clock::now += 1;
  health::tick();
  CHECK(told() == lines{"slow_start: unknown -> unhealthy (heartbeat_missed)"});
}

TEST_CASE("a tick stores and tells an improvement that had to wait for its dwell") {
  using health = of<"tick_dwell">;
  health::on_change(&listen);
  health::mark_ready();
  health::beat<loop>();
  health::beat<slow_start>();
  health::tick();
  health::mark_unhealthy<store>("down");
  health::mark_healthy<store>();
  static_cast<void>(told());
  for (int i = 0; i != 3; ++i) {
    test_clock::now += 4'000;
    health::beat<loop>();
    health::beat<slow_start>();
    health::tick();
  }
  CHECK(told() == lines{"store: unhealthy -> healthy", "process: degraded -> ready"});
  CHECK(entered<health>(2, status::healthy) == 1);
}

/// How often each status was left for each other one.
struct chain {
  static void listen(const vitals::health_change& c) noexcept {
    if (c.component == "loop") {
      ++changes[index(c.from)][index(c.to)];
    }
  }
  static std::size_t index(std::string_view name) {
    return name == "unknown" ? 0 : name == "healthy" ? 1 : name == "degraded" ? 2 : 3;
  }
  static inline std::atomic<int> changes[4][4];
};

TEST_CASE("ticks and marks of many threads: each change begins where the last one ended, and the last one is what is") {
  using health = of<"tick_threads">;
  health::on_change(&chain::listen);
  health::mark_ready();
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int t = 0; t != 2; ++t) {
    threads.emplace_back([&] {
      while (!stop) {
        health::tick();
        static_cast<void>(health::report());
      }
    });
  }
  for (int t = 0; t != 2; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i != 5'000; ++i) {
        if ((i + t) % 3 == 0) {
          health::mark_unhealthy<loop>("down");
        } else {
          health::mark_healthy<loop>();
        }
      }
    });
  }
  for (int i = 0; i != 2'000; ++i) {
    health::beat<loop>();
    test_clock::now += i % 4 == 0 ? 6'000 : 1;
    std::this_thread::yield();
  }
  threads[2].join();
  threads[3].join();
  stop = true;
  threads[0].join();
  threads[1].join();
  health::beat<loop>();
  health::tick();
  // Of a walk from unknown to where it ends, each place is left as often as it is entered, but for its ends.
  const auto ends_at = static_cast<std::size_t>(health::report().all[0].now);
  std::uint64_t all = 0;
  for (std::size_t s = 0; s != 4; ++s) {
    int entries = 0;
    int exits = 0;
    for (std::size_t other = 0; other != 4; ++other) {
      entries += chain::changes[other][s];
      exits += chain::changes[s][other];
    }
    CHECK(chain::changes[s][s] == 0);
    CHECK(entries - exits == (s == ends_at ? 1 : 0) - (s == 0 ? 1 : 0));
    CHECK(entered<health>(0, static_cast<status>(s)) == static_cast<std::uint64_t>(entries));
    all += static_cast<std::uint64_t>(entries);
  }
  CHECK(all > 2);
}

}  // namespace heartbeat_tests
