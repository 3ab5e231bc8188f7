#include <vitals/health/monitor.hpp>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <thread_sanitized.hpp>
#include <vector>
#include <wait_for.hpp>

#include <vitals/expose/scrape.hpp>
#include <vitals/health/component.hpp>
#include <vitals/health/errors.hpp>
#include <vitals/health/health.hpp>

namespace monitor_tests {

using vitals::check_result;
using vitals::check_timing;
using vitals::status;
using vitals::detail::check_schedule;
using vitals::detail::check_watch;
using turn = check_schedule::turn;
using ending = check_schedule::ending;
using namespace std::chrono_literals;

struct test_clock {
  static inline std::atomic<std::uint64_t> now = 10'000;
  static std::uint64_t milliseconds() noexcept { return now; }
  static std::uint64_t wall() noexcept { return 1'700'000'000'000 + now; }
  static std::uint64_t ticks() noexcept { return now; }
  static std::uint64_t silence(std::uint64_t ticks) noexcept { return now - ticks; }
};

struct store : vitals::component<"store", vitals::critical> {};
struct cache : vitals::component<"cache", vitals::degrading> {};
struct loop : vitals::component<"loop", vitals::informational, vitals::heartbeat<5s>> {};

template <vitals::fixed_string Name>
using of = vitals::basic_health<test_clock, Name, store, cache, loop>;
template <vitals::fixed_string Name>
using real = vitals::health<Name, store, cache, loop>;

/// What a check waits for.
class gate {
 public:
  void open() { promise_.set_value(); }
  void pass() { future_.wait(); }

 private:
  std::promise<void> promise_;
  std::shared_future<void> future_{promise_.get_future()};
};

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

template <class Health>
std::uint64_t errors(std::string_view component, std::string_view type) {
  std::uint64_t count = 0;
  vitals::detail::each_error(Health::ref(), [&](const vitals::error_report& e) {
    count += e.component == component && e.type == type ? e.count : 0;
  });
  return count;
}
template <class Health>
std::string message(std::string_view type) {
  std::string text;
  vitals::detail::each_error(
      Health::ref(), [&](const vitals::error_report& e) { text = e.type == type ? std::string{e.message()} : text; });
  return text;
}
template <class Health>
vitals::component_report store_of() {
  return Health::report().all[0];
}
template <class Health>
std::uint64_t durations() {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i != std::size(vitals::detail::check_bounds) + 1; ++i) {
    sum += Health::ref().at(0, vitals::detail::component_cell::durations, 1 + i).load();
  }
  return sum;
}

constexpr check_timing ten_seconds{.period = 10s, .timeout = 2s};

TEST_CASE("a schedule: the delay, then a start in each period") {
  check_schedule s{{.period = 10s, .timeout = 2s, .delay = 3s}, 100};
  CHECK(s.at(100) == turn::wait);
  CHECK(s.left(100) == 3'000);
  CHECK(s.at(3'099) == turn::wait);
  CHECK(s.at(3'100) == turn::start);
  s.start(3'100);
  CHECK(s.is_running());
  CHECK(s.at(5'099) == turn::wait);
  CHECK(s.end(5'099, 5'099) == ending::in_time);
  CHECK(!s.is_running());
  CHECK(s.left(5'099) == 8'001);
  CHECK(s.at(13'100) == turn::start);
  check_schedule at_once{ten_seconds, 0};
  CHECK(at_once.at(0) == turn::start);
}

TEST_CASE("a schedule: overdue at the timeout, and once in each period after it") {
  check_schedule s{ten_seconds, 0};
  s.start(0);
  CHECK(s.at(1'999) == turn::wait);
  CHECK(s.at(2'000) == turn::overdue);
  CHECK(!s.is_late());
  s.pass_by(2'000);
  CHECK(s.is_late());
  CHECK(s.at(2'000) == turn::wait);
  CHECK(s.at(11'999) == turn::wait);
  CHECK(s.at(12'000) == turn::overdue);
  s.pass_by(12'000);
  CHECK(s.at(21'999) == turn::wait);
  CHECK(s.at(50'000) == turn::overdue);  // nobody looked for a while: one failure
  s.pass_by(50'000);
  CHECK(s.at(50'000) == turn::wait);
  CHECK(s.end(50'500, 50'500) == ending::known_overdue);
  CHECK(s.left(50'500) == 9'500);  // the periods go on from its start
  s.start(60'000);
  CHECK(!s.is_late());
}

TEST_CASE("a schedule: what was over its timeout is so, whether anybody looked or not; what was not is not") {
  check_schedule s{ten_seconds, 0};
  s.start(0);
  CHECK(s.end(2'000, 2'000) == ending::overdue);
  s.start(10'000);
  CHECK(s.end(11'000, 15'000) == ending::in_time);  // it ended in time and was taken later
  CHECK(s.left(15'000) == 5'000);
  s.start(20'000);
  CHECK(s.end(20'500, 45'000) == ending::in_time);
  CHECK(s.left(45'000) == 5'000);
}

TEST_CASE("a schedule: a clock that steps back ends waits rather than lengthening them by the step") {
  check_schedule s{ten_seconds, 1'000'000};
  s.start(1'000'000);
  CHECK(s.at(0) == turn::overdue);
  s.pass_by(0);
  CHECK(s.left(0) == 10'000);
  CHECK(s.end(0, 0) == ending::known_overdue);
  CHECK(s.left(0) <= 10'000);
  check_schedule longest{{.period = 24h, .timeout = 24h, .delay = 24h}, ~std::uint64_t{0}};
  CHECK(longest.left(~std::uint64_t{0}) == 86'400'000);
  CHECK(longest.at(0) == turn::start);
}

TEST_CASE("a schedule: jitter makes each start later, by another time, never by more than it says") {
  const check_timing timing{.period = 10s, .timeout = 2s, .delay = 3s, .jitter = 1s};
  std::set<std::uint64_t> first;
  std::set<std::uint64_t> next;
  for (int i = 0; i != 200; ++i) {
    check_schedule s{timing, 0};
    first.insert(s.left(0));
    s.start(5'000);
    CHECK(s.left(5'000) == 2'000);  // the timeout is as it is
    s.end(6'000, 6'000);
    next.insert(s.left(6'000));
  }
  CHECK(*first.begin() >= 3'000);
  CHECK(*first.rbegin() <= 4'000);
  CHECK(first.size() > 20);
  CHECK(*next.begin() >= 9'000);
  CHECK(*next.rbegin() <= 10'000);
  CHECK(next.size() > 20);
}

TEST_CASE("a schedule: what is wanted starts now, and its periods begin anew; what runs already is left to it") {
  check_schedule s{{.period = 10s, .timeout = 2s, .delay = 3s}, 0};
  s.hurry();
  CHECK(s.at(0) == turn::start);
  s.start(0);
  s.hurry();
  CHECK(s.left(0) == 2'000);
  s.end(500, 500);
  s.hurry();
  CHECK(s.at(500) == turn::start);
  s.start(600);
  s.end(700, 700);
  CHECK(s.left(700) == 9'900);
}

TEST_CASE("results become states: a bool, a result, an exception") {
  using health = of<"monitor_results">;
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
  using health = of<"monitor_period">;
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
}

TEST_CASE("a check that is stuck: a failure in each period, no second run, no other held up, its late result ignored") {
  using health = of<"monitor_stuck">;
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
}

TEST_CASE("a result that comes after the timeout is one, even where nobody looked meanwhile") {
  using health = of<"monitor_unseen">;
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
}

TEST_CASE("what is left behind may end when the monitor is gone") {
  using health = of<"monitor_left">;
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
  using health = of<"monitor_wanted">;
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
  CHECK(!watch.want(of<"monitor_wanted_2">::ref(), 0));
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
}

TEST_CASE("a heartbeat that is missing is told by the monitor") {
  using health = of<"monitor_beat">;
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
  using health = of<"monitor_ticks">;
  struct quick : vitals::component<"quick", vitals::heartbeat<50ms>> {};
  using quick_health = vitals::basic_health<test_clock, "monitor_quick", quick>;
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

TEST_CASE("what cannot be checked is refused") {
  using health = of<"monitor_refusals">;
  vitals::monitor m;
  const auto yes = [] { return true; };
  const auto refused = [&](const check_timing& timing) {
    CHECK_THROWS_WITH_AS((m.add<health, store>(yes, timing)),
                         "vitals: cannot check the component \"store\": its period and its timeout are from 1ms to a "
                         "day, its delay and its jitter from 0 to a day",
                         std::invalid_argument);
  };
  refused({.period = 0s});
  refused({.period = -1s});
  refused({.period = 25h});
  refused({.timeout = 0s});
  refused({.timeout = std::chrono::milliseconds::max()});
  refused({.delay = -1ms});
  refused({.delay = std::chrono::milliseconds::min()});
  refused({.jitter = -1ms});
  refused({.jitter = 25h});
  m.add<health, store>(yes, {.period = 1ms, .timeout = 24h, .delay = 24h});
  CHECK_THROWS_WITH_AS((m.add<health, store>(yes)),
                       "vitals: cannot check the component \"store\": it has a check already: make one check of "
                       "the two",
                       std::invalid_argument);
  m.add<health, cache>(yes);
  m.add<of<"monitor_refusals_2">, store>(yes);
}

TEST_CASE("a monitor runs checks on threads of its own that take no signals, and stops") {
  using health = real<"monitor_runs">;
  struct facts {
    std::mutex mutex;
    std::vector<std::thread::id> threads;
    int unblocked = 0;
    int crashes_blocked = 0;  // a handler of the program's would not see them
  } seen;
  vitals::monitor m;
  CHECK(m.stop());  // it does not run yet
  m.add<health, store>(
      [&, only = std::make_unique<int>(1)] {  // a callable that is moved, not copied
        sigset_t blocked;
        pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
        const std::lock_guard lock{seen.mutex};
        seen.unblocked += sigismember(&blocked, SIGTERM) == 1 && sigismember(&blocked, SIGUSR1) == 1 ? 0 : 1;
        seen.crashes_blocked += sigismember(&blocked, SIGSEGV) + sigismember(&blocked, SIGABRT);
        seen.threads.push_back(std::this_thread::get_id());
        return *only == 1;
      },
      {.period = 1ms, .timeout = long_enough});
  CHECK(health::report().all[0].now == status::unknown);
  m.start();
  m.start();
  CHECK(wait_for([&] { return durations<health>() >= 3; }));
  CHECK(m.stop());
  CHECK(m.stop());
  CHECK(store_of<health>().now == status::healthy);
  const auto after_stop = durations<health>();
  CHECK(seen.unblocked == 0);
  CHECK(seen.crashes_blocked == 0);
  for (const std::thread::id id : seen.threads) {
    CHECK(id != std::this_thread::get_id());
  }
  std::this_thread::sleep_for(20ms);
  CHECK(durations<health>() == after_stop);
  sigset_t mine;
  pthread_sigmask(SIG_SETMASK, nullptr, &mine);
  CHECK(sigismember(&mine, SIGUSR1) == 0);
  m.start();
  CHECK(wait_for([&] { return durations<health>() >= after_stop + 3; }));
}

TEST_CASE("a stop waits for the check that is within its timeout, and takes its result") {
  using health = real<"monitor_stop_waits">;
  gate wait;
  std::atomic<int> runs{0};
  vitals::monitor m;
  m.add<health, store>(
      [&] {
        ++runs;
        wait.pass();
        return true;
      },
      {.period = 1ms, .timeout = long_enough});
  m.start();
  REQUIRE(wait_for([&] { return runs == 1; }));
  std::atomic<bool> stopped{false};
  std::thread stopper{[&] {
    CHECK(m.stop());
    stopped = true;
  }};
  std::this_thread::sleep_for(50ms);
  CHECK(!stopped);
  wait.open();
  stopper.join();
  CHECK(runs == 1);
  CHECK(store_of<health>().now == status::healthy);
}

TEST_CASE("a stop leaves a stuck check behind, and so does the next one; started again, it is not run a second time") {
  using health = real<"monitor_stop_stuck">;
  gate wait;
  std::atomic<int> runs{0};
  std::atomic<int> others{0};
  vitals::monitor m;
  m.add<health, store>(
      [&] {
        if (++runs == 1) {
          wait.pass();
        }
        return true;
      },
      {.period = 5ms, .timeout = 5ms});
  m.add<health, cache>([&] { return ++others > 0; }, {.period = 1ms, .timeout = long_enough});
  m.start();
  REQUIRE(wait_for([&] { return errors<health>("store", "timeout") >= 2; }));
  CHECK(!m.stop());
  CHECK(!m.stop());
  const auto before = errors<health>("store", "timeout");
  const int others_before = others;
  m.start();
  CHECK(wait_for([&] { return errors<health>("store", "timeout") >= before + 2; }));
  CHECK(wait_for([&] { return others > others_before; }));
  CHECK(runs == 1);
  wait.open();
  CHECK(wait_for([&] { return store_of<health>().now == status::healthy; }));
  CHECK(runs > 1);
  m.stop();
}

TEST_CASE("a check may stop its own monitor: it is the one that is left behind") {
  using health = real<"monitor_stops_itself">;
  const auto m = std::make_shared<vitals::monitor>();
  std::atomic<int> answer{-1};
  gate started;
  m->add<health, store>(
      [&] {
        started.pass();
        if (answer == -1) {
          answer = m->stop() ? 1 : 0;
        }
        return true;
      },
      {.period = 1ms, .timeout = 5ms});
  m->start();
  started.open();
  CHECK(wait_for([&] { return answer != -1; }));
  CHECK(answer == 0);
  CHECK(wait_for([&] { return m->stop(); }));
}

TEST_CASE("a check that is wanted while it runs is run again when it ends, once") {
  using health = of<"monitor_wanted_again">;
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
}

TEST_CASE("a running monitor runs a check when it is told to") {
  using health = real<"monitor_now">;
  std::atomic<int> runs{0};
  vitals::monitor m;
  m.add<health, store>([&] { return ++runs > 0; }, {.period = 24h, .timeout = long_enough, .delay = 24h});
  m.start();
  CHECK(!m.run_now<health, cache>());
  for (int i = 1; i != 4; ++i) {
    CHECK(m.run_now<health, store>());
    REQUIRE(wait_for([&] { return durations<health>() == static_cast<std::uint64_t>(i); }));
  }
  CHECK(m.stop());
  CHECK(runs == 3);
}

TEST_CASE("a forked child ends, though its parent's monitor runs: it has none of its threads" *
          doctest::skip(is_thread_sanitized)) {
  using health = real<"monitor_fork">;
  auto m = std::make_unique<vitals::monitor>();
  m->add<health, store>([] { return true; }, {.period = 1ms, .timeout = long_enough});
  const auto child_ends_with = [&](const std::function<int()>& work) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::alarm(60);  // should it hang
      ::_exit(work());
    }
    int ended = 0;
    REQUIRE(::waitpid(child, &ended, 0) == child);
    return WIFEXITED(ended) ? WEXITSTATUS(ended) : 1'000 + WTERMSIG(ended);
  };
  const auto works = [&] {
    const auto before = durations<health>();
    m->start();
    const bool ran = wait_for([&] { return durations<health>() > before; });
    return m->stop() && ran ? 7 : 8;
  };
  CHECK(child_ends_with(works) == 7);  // it did not run yet
  m->start();
  REQUIRE(wait_for([&] { return durations<health>() >= 3; }));
  for (int i = 0; i != 20; ++i) {
    CHECK(child_ends_with([&] {
            const bool stopped = m->stop();
            m.reset();
            return stopped ? 7 : 8;
          }) == 7);
  }
  CHECK(child_ends_with([&] {
          try {
            m->start();
          } catch (const std::logic_error&) {
            return 7;
          }
          return 8;
        }) == 7);
  CHECK(m->stop());
  CHECK(child_ends_with(works) == 7);  // nor any more
}

TEST_CASE("checks and healths come while it runs") {
  using health = real<"monitor_adds">;
  vitals::monitor m;
  m.start();
  m.add<health, store>([] { return true; }, {.period = 1ms, .timeout = long_enough});
  CHECK(wait_for([&] { return store_of<health>().now == status::healthy; }));
  using second = real<"monitor_adds_2">;
  second::mark_ready();
  second::beat<loop>();
  m.watch<second>();
  CHECK(wait_for([&] { return second::ref().at(2, vitals::detail::component_cell::entered, 1).load() == 1; }));
  CHECK(m.stop());
}

TEST_CASE("many checks beside marks, beats and probes") {
  using health = real<"monitor_threads">;
  std::atomic<int> runs{0};
  std::atomic<bool> stop{false};
  vitals::monitor m;
  m.add<health, store>(
      [&]() -> check_result {
        if (++runs % 3 == 0) {
          return check_result::failed("down", "message " + std::to_string(runs));
        }
        return true;
      },
      {.period = 1ms, .timeout = long_enough});
  m.add<health, cache>([&] { return ++runs % 2 == 0; }, {.period = 1ms, .timeout = long_enough});
  m.add<health, loop>([] { return true; }, {.period = 1ms, .timeout = long_enough});
  health::mark_ready();
  m.start();
  std::vector<std::thread> threads;
  threads.emplace_back([&] {
    while (!stop) {
      health::mark_unhealthy<store>("marked");
      health::beat<loop>();
    }
  });
  threads.emplace_back([&] {
    while (!stop) {
      static_cast<void>(health::report());
      static_cast<void>(vitals::scrape<health>());
    }
  });
  CHECK(wait_for([&] { return runs > 100; }));
  stop = true;
  for (std::thread& t : threads) {
    t.join();
  }
  CHECK(m.stop());
  CHECK(errors<health>("store", "down") > 0);
}

}  // namespace monitor_tests
