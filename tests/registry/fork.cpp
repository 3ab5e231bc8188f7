#include <vitals/core/record.hpp>

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdint>
#include <mutex>
#include <thread>

#include <vitals/expose/scrape.hpp>
#include <vitals/metric/buckets.hpp>
#include <vitals/metric/counter.hpp>
#include <vitals/metric/gauge.hpp>
#include <vitals/metric/histogram.hpp>
#include <vitals/registry/registry.hpp>

namespace fork_test {

struct forks : vitals::counter<"fork_forks_total", "Forks."> {};
struct level : vitals::gauge<"fork_level_ratio", "Level."> {};
struct sizes : vitals::histogram<"fork_sizes_bytes", "Sizes.", vitals::buckets::of<10>> {};
using metrics = vitals::registry<forks, level, sizes>;

/// Runs `child` in a forked process: whether it returned true. A child that hangs is ended by an alarm.
template <class Child>
bool in_child(Child child) {
  const pid_t pid = fork();
  if (pid == 0) {
    alarm(30);
    _exit(child() ? 0 : 1);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST_CASE("a forked child goes on from its parent's totals, other threads' counts included") {
  std::atomic<int> phase{0};
  std::thread other([&] {
    metrics::get<forks>().inc(10U);
    metrics::get<sizes>().observe(3);
    phase = 1;
    while (phase != 2) {
      std::this_thread::yield();
    }
  });
  while (phase != 1) {
    std::this_thread::yield();
  }
  metrics::get<forks>().inc();
  metrics::get<level>().set(0.75);
  CHECK(in_child([] {
    metrics::get<forks>().inc(100U);
    return metrics::get<forks>().value() == 111 && metrics::get<level>().value() == 0.75 &&
           metrics::get<sizes>().value().sum == 3 && !vitals::scrape<metrics>().empty() &&
           metrics::cells::record().block_count == 1;  // the other thread's block is folded
  }));
  CHECK(in_child([source = metrics::source()] {
    const std::uint64_t created = source.created(source.self);
    metrics::reset_after_fork();
    const bool later = source.created(source.self) > created;
    const bool zero = later && metrics::get<forks>().value() == 0 && metrics::get<level>().value() == 0 &&
                      metrics::get<sizes>().value().sum == 0;
    metrics::get<forks>().inc();
    return zero && metrics::get<forks>().value() == 1;
  }));
  CHECK(metrics::get<forks>().value() == 11);
  phase = 2;
  other.join();
  CHECK(metrics::get<forks>().value() == 11);
}

TEST_CASE("a fork in the middle of scrapes and of threads that come and go leaves a child that can scrape") {
  std::atomic<bool> done{false};
  std::thread scraper([&] {  // holds the mutex most of the time
    while (!done) {
      static_cast<void>(metrics::get<forks>().value());
    }
  });
  std::thread churn([&] {
    while (!done) {
      std::thread([] { metrics::get<forks>().inc(); }).join();
    }
  });
  int good = 0;
  for (int i = 0; i != 50; ++i) {
    good += in_child([] {
      const auto before = metrics::get<forks>().value();
      metrics::get<forks>().inc();
      return metrics::get<forks>().value() == before + 1;
    });
  }
  done = true;
  scraper.join();
  churn.join();
  CHECK(good == 50);
}

struct left : vitals::counter<"fork_left_total", "Left behind."> {};
struct left_sizes : vitals::histogram<"fork_left_sizes_bytes", "Sizes.", vitals::buckets::of<10>> {};
using left_metrics = vitals::registry<left, left_sizes>;

TEST_CASE("a forked child has the counts of threads that ended while cells were summed") {
  left_metrics::get<left>().inc(100U);
  {
    const std::lock_guard lock{vitals::detail::abi::the_directory.sums};  // as who sums does
    for (int i = 0; i != 3; ++i) {
      std::thread([] {
        left_metrics::get<left>().inc();
        left_metrics::get<left_sizes>().observe(3);
      }).join();
    }
  }
  auto& record = left_metrics::cells::record();
  CHECK(record.ended_count == 3);
  CHECK(in_child([&record] {
    const bool is_folded = record.ended_count == 0 && record.ended == nullptr && record.block_count == 1;
    left_metrics::get<left>().inc(1000U);
    return is_folded && left_metrics::get<left>().value() == 1103 && left_metrics::get<left_sizes>().value().sum == 9;
  }));
  CHECK(record.ended_count == 3);
  CHECK(left_metrics::get<left>().value() == 103);
  CHECK(left_metrics::get<left_sizes>().value().count == 3);
  CHECK(record.ended_count == 0);
}

struct handled : vitals::counter<"fork_handled_total", "Signals handled.", vitals::shared> {};
struct handled_size : vitals::histogram<"fork_handled_size_bytes", "Sizes.", vitals::buckets::of<10>, vitals::shared> {
};
using signal_metrics = vitals::registry<handled, handled_size>;

TEST_CASE("a signal handler counts in shared metrics, and no count is lost to the code it interrupts") {
  struct sigaction action {};
  struct sigaction before {};
  action.sa_handler = [](int) {
    signal_metrics::get<handled>().inc();
    signal_metrics::get<handled_size>().observe(1);
  };
  sigaction(SIGUSR1, &action, &before);
  std::atomic<bool> done{false};
  std::uint64_t own = 0;
  std::thread target([&] {
    while (!done) {
      signal_metrics::get<handled>().inc();
      ++own;
    }
  });
  constexpr std::uint64_t raised = 2000;
  for (std::uint64_t i = 1; i <= raised; ++i) {
    pthread_kill(target.native_handle(), SIGUSR1);
    while (signal_metrics::get<handled_size>().value().count != i) {  // a pending signal takes no second one
      std::this_thread::yield();
    }
  }
  done = true;
  target.join();
  sigaction(SIGUSR1, &before, nullptr);
  CHECK(signal_metrics::get<handled>().value() == own + raised);
  CHECK(signal_metrics::get<handled_size>().value().sum == raised);
}

}  // namespace fork_test
