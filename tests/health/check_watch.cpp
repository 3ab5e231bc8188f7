#include <vitals/health/check_watch.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <thread>
#include <utility>

#include <doctest/doctest.h>

#include <health/checked.hpp>
#include <wait_for.hpp>

#include <vitals/expose/scrape.hpp>
#include <vitals/health/check.hpp>
#include <vitals/health/check_schedule.hpp>
#include <vitals/health/component.hpp>

namespace check_watch_tests {

using namespace checked;
using vitals::check_result;
using vitals::check_timing;
using vitals::status;
using vitals::detail::check_watch;

constexpr check_timing ten_seconds{.period = 10s, .timeout = 2s};

template <class Health, class Component, class Check>
void add(check_watch& watch, Check check, const check_timing& timing) {
  watch.add(Health::ref(), Health::template place_of<Component>, std::move(check), timing);
}

/// Takes steps until it is so; no time passes but the machine's.
bool step_until(check_watch& watch, const std::function<bool()>& done) {
  return wait_for([&] {
    watch.step();
    return done();
  });
}

/// Whether the threads of all checks have come to their end: they use what their test has.
bool all_end(check_watch& watch) {
  return wait_for([&] { return watch.leave(); });
}

TEST_CASE("results become states: a bool, a result, an exception") {
  using health = of<"watch_results">;
  check_watch watch{&test_clock::milliseconds};
  std::atomic<int> runs{0};
  add<health, store>(
      watch,
      [&]() -> check_result {
        switch (++runs) {
          case 1:
            return true;
          case 2:
            return check_result::degraded("slow");
          case 3:
            return check_result::failed("down", "host db-17 is gone");
          case 4:
            throw std::runtime_error{"it broke"};
          case 5:
            throw 17;
          default:
            return true;
        }
      },
      ten_seconds);
  CHECK(store_of<health>().now == status::unknown);
  const auto next = [&](int run) {
    const bool ran = step_until(watch, [&] { return durations<health>() == static_cast<std::uint64_t>(run); });
    test_clock::now += 10'000;
    return ran;
  };
  REQUIRE(next(1));
  CHECK(store_of<health>().now == status::healthy);
  CHECK(store_of<health>().checked == 10'000);
  REQUIRE(next(2));
  CHECK(store_of<health>().now == status::degraded);
  CHECK(store_of<health>().reason == "slow");
  REQUIRE(next(3));
  CHECK(store_of<health>().now == status::unhealthy);
  CHECK(store_of<health>().reason == "down");
  CHECK(message<health>("down") == "host db-17 is gone");
  REQUIRE(next(4));
  CHECK(store_of<health>().reason == "exception");
  CHECK(message<health>("exception") == "it broke");
  REQUIRE(next(5));
  CHECK(errors<health>("store", "exception") == 2);
  REQUIRE(next(6));
  CHECK(store_of<health>().now == status::healthy);
  CHECK(vitals::scrape<health>().find("it broke") == std::string::npos);
  CHECK(health::report().all[1].now == status::unknown);
}

TEST_CASE("a check runs once in a period, after its delay") {
  using health = of<"watch_period">;
  check_watch watch{&test_clock::milliseconds};
  std::atomic<int> runs{0};
  add<health, store>(watch, [&] { return ++runs > 0; }, {.period = 10s, .timeout = 2s, .delay = 5s});
  const auto settle = [&] {
    for (int i = 0; i != 20; ++i) {
      watch.step();
      std::this_thread::sleep_for(1ms);
    }
  };
  settle();
  CHECK(runs == 0);
  CHECK(watch.step() <= 1'000);  // for the ticks
  test_clock::now += 4'999;
  settle();
  CHECK(runs == 0);
  CHECK(watch.step() == 1);
  test_clock::now += 1;
  REQUIRE(step_until(watch, [&] { return durations<health>() == 1; }));
  settle();
  CHECK(runs == 1);
  test_clock::now += 9'999;
  settle();
  CHECK(runs == 1);
  test_clock::now += 1;
  REQUIRE(step_until(watch, [&] { return durations<health>() == 2; }));
  CHECK(runs == 2);
  CHECK(all_end(watch));
}

TEST_CASE("a check that is stuck: a failure in each period, no second run, no other held up, its late result ignored") {
  using health = of<"watch_stuck">;
  gate stuck;
  std::atomic<int> runs{0};
  std::atomic<bool> left{false};
  check_watch watch{&test_clock::milliseconds};
  add<health, store>(
      watch,
      [&] {
        if (++runs == 1) {
          stuck.pass();
          left = true;
        }
        return true;
      },
      ten_seconds);
  std::atomic<int> others{0};
  add<health, cache>(watch, [&] { return ++others > 0; }, {.period = 5s, .timeout = 24h});
  REQUIRE(step_until(watch, [&] { return runs == 1 && others == 1; }));
  CHECK(store_of<health>().now == status::unknown);
  test_clock::now += 1'999;
  watch.step();
  CHECK(errors<health>("store", "timeout") == 0);
  test_clock::now += 1;
  watch.step();
  CHECK(store_of<health>().now == status::unhealthy);
  CHECK(store_of<health>().reason == "timeout");
  CHECK(errors<health>("store", "timeout") == 1);
  CHECK(message<health>("timeout") == "no result after 2000 ms");
  CHECK(durations<health>() == 1);
  for (int period = 1; period != 4; ++period) {
    for (int s = 0; s != 10; ++s) {
      test_clock::now += 1'000;
      watch.step();
      watch.step();
    }
    CHECK(errors<health>("store", "timeout") == static_cast<std::uint64_t>(1 + period));
  }
  CHECK(durations<health>() == 1);  // a run counts once
  CHECK(runs == 1);
  CHECK(step_until(watch, [&] { return others >= 2; }));
  CHECK(health::report().all[1].now == status::healthy);
  stuck.open();
  REQUIRE(wait_for([&] { return left.load(); }));
  for (int i = 0; i != 50; ++i) {
    watch.step();
    std::this_thread::sleep_for(1ms);
  }
  CHECK(store_of<health>().now == status::unhealthy);
  CHECK(runs == 1);
  test_clock::now += 10'000;
  REQUIRE(step_until(watch, [&] { return store_of<health>().now == status::healthy; }));
  CHECK(runs == 2);
  CHECK(all_end(watch));
}

TEST_CASE("a result that comes after the timeout is one, even where nobody looked meanwhile") {
  using health = of<"watch_unseen">;
  check_watch watch{&test_clock::milliseconds};
  add<health, store>(
      watch,
      [] {
        test_clock::now += 3'000;
        return true;
      },
      ten_seconds);
  REQUIRE(step_until(watch, [&] { return store_of<health>().now != status::unknown; }));
  CHECK(store_of<health>().reason == "timeout");
  CHECK(durations<health>() == 1);
  CHECK(all_end(watch));
}

TEST_CASE("what is left behind may end when the monitor is gone") {
  using health = of<"watch_left">;
  const auto stuck = std::make_shared<gate>();
  const auto token = std::make_shared<int>(0);
  std::atomic<int> runs{0};
  {
    check_watch watch{&test_clock::milliseconds};
    add<health, store>(
        watch,
        [&runs, stuck, token] {
          ++runs;
          stuck->pass();
          return true;
        },
        ten_seconds);
    REQUIRE(step_until(watch, [&] { return runs == 1; }));
    CHECK(!watch.leave());
    CHECK(!watch.leave());
  }
  CHECK(token.use_count() == 2);
  stuck->open();
  CHECK(wait_for([&] { return token.use_count() == 1; }));
  CHECK(store_of<health>().now == status::unknown);
}

TEST_CASE("a check that is wanted runs at once, once; what has none, or is stuck, is not run") {
  using health = of<"watch_wanted">;
  gate stuck;
  std::atomic<int> runs{0};
  check_watch watch{&test_clock::milliseconds};
  add<health, store>(watch,
                     [&] {
                       if (++runs == 3) {
                         stuck.pass();
                       }
                       return true;
                     },
                     {.period = 10s, .timeout = 2s, .delay = 1h});
  const auto want = [&](std::size_t index) { return watch.want(health::ref(), index); };
  watch.step();
  CHECK(runs == 0);
  CHECK(!want(1));
  CHECK(!watch.want(of<"watch_wanted_2">::ref(), 0));
  CHECK(want(0));
  CHECK(want(0));
  REQUIRE(step_until(watch, [&] { return durations<health>() == 1; }));
  watch.step();
  CHECK(runs == 1);
  CHECK(want(0));
  REQUIRE(step_until(watch, [&] { return durations<health>() == 2; }));
  CHECK(want(0));
  REQUIRE(step_until(watch, [&] { return runs == 3; }));
  CHECK(want(0));
  watch.step();
  test_clock::now += 2'000;
  watch.step();
  CHECK(errors<health>("store", "timeout") == 1);
  CHECK(want(0));
  watch.step();
  CHECK(errors<health>("store", "timeout") == 1);
  CHECK(runs == 3);
  stuck.open();
  REQUIRE(wait_for([&] {
    test_clock::now += 10'000;
    watch.step();  // starts it, and then no time passes for a while
    std::this_thread::sleep_for(50ms);
    watch.step();
    return store_of<health>().now == status::healthy && runs >= 4;
  }));
  CHECK(all_end(watch));
}

TEST_CASE("a heartbeat that is missing is told by the monitor") {
  using health = of<"watch_beat">;
  check_watch watch{&test_clock::milliseconds};
  watch.add(health::ref());
  health::beat<loop>();
  watch.step();
  CHECK(health::ref().at(2, vitals::detail::component_cell::entered, 1).load() == 1);
  test_clock::now += 5'001;
  CHECK(health::ref().at(2, vitals::detail::component_cell::entered, 3).load() == 0);
  watch.step();
  CHECK(health::ref().at(2, vitals::detail::component_cell::entered, 3).load() == 1);
}

TEST_CASE("ticks come each second, or as often as the shortest period or heartbeat") {
  using health = of<"watch_ticks">;
  struct quick : vitals::component<"quick", vitals::heartbeat<50ms>> {};
  using quick_health = vitals::basic_health<test_clock, "watch_quick", quick>;
  check_watch watch{&test_clock::milliseconds};
  watch.add(health::ref());
  CHECK(watch.step() == 1'000);
  add<health, store>(watch, [] { return true; }, {.period = 300ms, .timeout = 2s, .delay = 1h});
  test_clock::now += 1'000;
  CHECK(watch.step() == 300);
  watch.add(quick_health::ref());
  test_clock::now += 1'000;
  CHECK(watch.step() == 50);
}

TEST_CASE("a check that is wanted while it runs is run again when it ends, once") {
  using health = of<"watch_wanted_again">;
  gate first;
  std::atomic<int> runs{0};
  check_watch watch{&test_clock::milliseconds};
  add<health, store>(watch,
                     [&] {
                       if (++runs == 1) {
                         first.pass();
                       }
                       return true;
                     },
                     {.period = 10s, .timeout = 2s});
  REQUIRE(step_until(watch, [&] { return runs == 1; }));
  CHECK(watch.want(health::ref(), 0));
  CHECK(watch.want(health::ref(), 0));
  watch.step();
  CHECK(runs == 1);
  first.open();
  REQUIRE(step_until(watch, [&] { return durations<health>() == 2; }));
  watch.step();
  CHECK(runs == 2);
  CHECK(all_end(watch));
}

}  // namespace check_watch_tests
