#include <vitals/health/monitor.hpp>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include <health/checked.hpp>
#include <thread_sanitized.hpp>
#include <wait_for.hpp>

#include <vitals/expose/scrape.hpp>
#include <vitals/health/check.hpp>

namespace monitor_tests {

using namespace checked;
using vitals::check_result;
using vitals::check_timing;
using vitals::status;

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
  CHECK(wait_for([&] { return m.stop(); }));  // one more may be over its timeout
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
  std::thread marking{[&] {
    while (!stop) {
      health::mark_unhealthy<store>("marked");
      health::beat<loop>();
    }
  }};
  std::thread probing{[&] {
    while (!stop) {
      static_cast<void>(health::report());
      static_cast<void>(vitals::scrape<health>());
    }
  }};
  CHECK(wait_for([&] { return runs > 100; }));
  stop = true;
  marking.join();
  probing.join();
  CHECK(m.stop());
  CHECK(errors<health>("store", "down") > 0);
}

}  // namespace monitor_tests
