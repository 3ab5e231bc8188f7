#include <vitals/metric/max_gauge.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include <vitals/expose/scrape.hpp>
#include <vitals/metric/counter.hpp>
#include <vitals/registry/registry.hpp>

namespace max_gauge_tests {

using namespace std::chrono_literals;
using limits = std::numeric_limits<double>;

enum class zone { eu, us };
using by_zone = vitals::label<"zone", zone>;

struct depth : vitals::max_gauge<"maxima_depth", "Depth."> {};
struct waits : vitals::max_gauge<"maxima_waits_seconds", "Waits.", vitals::window<1h>, by_zone> {};
struct ticks : vitals::counter<"maxima_ticks_total", "Ticks."> {};
struct zoned : vitals::max_gauge<"maxima_zoned_bytes", "Zoned.", by_zone, vitals::window<1h>, vitals::unit::bytes,
                                 vitals::label<"hot", bool>> {};
struct brief : vitals::max_gauge<"maxima_brief", "Brief.", vitals::window<0.2>> {};
using metrics = vitals::registry<depth, waits, ticks, zoned, brief>;

constexpr std::uint64_t second = 1'000'000'000;
static_assert(depth::shape.part == (60 * second + 6) / 7);
static_assert(waits::shape.part == (3600 * second + 6) / 7);
static_assert(zoned::shape.part == waits::shape.part);
static_assert(brief::shape.part == (second / 5 + 6) / 7);
static_assert(vitals::window<250ms>::seconds == 0.25 && vitals::window<30>::seconds == 30);
static_assert(zoned::unit == "bytes" && waits::unit == "seconds" && depth::unit.empty());
static_assert(depth::type == vitals::metric_type::gauge);
static_assert(sizeof(metrics::get<depth>()) == 4);
static_assert(metrics::place_of<depth>.first % 8 == 0 && metrics::place_of<zoned>.first % 8 == 0);  // on a line's start
static_assert(zoned::shape.stride % 8 == 0);

TEST_CASE("the largest number observed shows; NaN where there was none") {
  metrics::reset_after_fork();
  const auto series = metrics::get<depth>();
  CHECK(std::isnan(series.value()));
  series.observe(-limits::infinity());
  CHECK(series.value() == -limits::infinity());
  series.observe(-5);
  CHECK(series.value() == -5);
  series.observe(std::int64_t{-7});
  CHECK(series.value() == -5);
  series.observe(0.5F);
  CHECK(series.value() == 0.5);
  series.observe(std::vector<int>(3).size());
  CHECK(series.value() == 3);
  series.observe(true);
  CHECK(series.value() == 3);
  series.observe(std::numeric_limits<std::uint64_t>::max());
  CHECK(series.value() == 0x1p64);
  series.observe(limits::infinity());
  series.observe(1);
  CHECK(series.value() == limits::infinity());
  CHECK(metrics::dropped<depth>().value == 0);
}

TEST_CASE("a gauge of seconds takes a duration of any kind") {
  metrics::reset_after_fork();
  const auto series = metrics::get<waits>(zone::eu);
  series.observe(-3ns);
  CHECK(series.value() == -3e-9);
  series.observe(1500ms);
  CHECK(series.value() == 1.5);
  series.observe(std::chrono::duration<float, std::milli>{0.5F});
  CHECK(series.value() == 1.5);
  series.observe(2h);
  CHECK(series.value() == 7200);
  series.observe(7201.5);
  CHECK(series.value() == 7201.5);
  series.observe(std::chrono::duration<double>{limits::quiet_NaN()});
  CHECK(series.value() == 7201.5);
  CHECK(metrics::dropped<waits>().value == 1);
  CHECK(std::isnan(metrics::get<waits>(zone::us).value()));
}

TEST_CASE("NaN is dropped and counted, as the first value and as a later one") {
  metrics::reset_after_fork();
  const auto series = metrics::get<depth>();
  series.observe(limits::quiet_NaN());
  CHECK(std::isnan(series.value()));
  series.observe(-1);
  series.observe(-limits::quiet_NaN());
  CHECK(series.value() == -1);
  CHECK(metrics::dropped<depth>().value == 2);
  CHECK(metrics::dropped<depth>().label == 0);
}

TEST_CASE("series are apart, and a value for a label outside its values is dropped and counted") {
  metrics::reset_after_fork();
  metrics::get<zoned>(zone::eu, true).observe(1);
  metrics::get<zoned>(zone::us, false).observe(-2);
  metrics::get<zoned>(zone::us, true).observe(3);
  metrics::get<zoned>(static_cast<zone>(2), true).observe(99);
  metrics::get<zoned>(static_cast<zone>(-1), false).observe(99);
  CHECK(metrics::get<zoned>(zone::eu, true).value() == 1);
  CHECK(metrics::get<zoned>(zone::us, false).value() == -2);
  CHECK(metrics::get<zoned>(zone::us, true).value() == 3);
  CHECK(std::isnan(metrics::get<zoned>(zone::eu, false).value()));
  CHECK(std::isnan(metrics::get<zoned>(static_cast<zone>(2), true).value()));
  CHECK(metrics::dropped<zoned>().label == 2);
  CHECK(metrics::dropped<zoned>().value == 0);
  CHECK(std::isnan(metrics::get<depth>().value()));  // no neighbour is touched
  CHECK(metrics::get<ticks>().value() == 0);
}

TEST_CASE("the largest over all threads shows, while they live and when they have ended") {
  metrics::reset_after_fork();
  std::atomic<int> observed{0};
  std::atomic<bool> go_on{false};
  std::vector<std::thread> threads;
  for (int t = 0; t != 4; ++t) {
    threads.emplace_back([&, t] {
      metrics::get<waits>(zone::us).observe(t - 10);
      ++observed;
      while (!go_on) {
        std::this_thread::yield();
      }
    });
  }
  while (observed != 4) {
    std::this_thread::yield();
  }
  CHECK(metrics::get<waits>(zone::us).value() == -7);
  go_on = true;
  for (std::thread& t : threads) {
    t.join();
  }
  CHECK(metrics::get<waits>(zone::us).value() == -7);
  metrics::get<waits>(zone::us).observe(-8);
  CHECK(metrics::get<waits>(zone::us).value() == -7);
  CHECK(vitals::scrape<metrics>().find("\nmaxima_waits_seconds{zone=\"us\"} -7\n") != std::string::npos);
}

std::uint64_t now() {
  return vitals::detail::coarse_nanoseconds();
}

// Judged by the clock that it goes by, so that a thread may be put aside for any time.
TEST_CASE("a value shows for the length of the window, at most a seventh longer, and comes back when observed again") {
  constexpr std::uint64_t window = second / 5;
  metrics::reset_after_fork();
  for (const bool ended : {false, true}) {
    const std::uint64_t first = now();
    if (ended) {
      std::thread{[] { metrics::get<brief>().observe(7); }}.join();
    } else {
      metrics::get<brief>().observe(7);
    }
    const std::uint64_t last = now();
    bool gone = false;
    for (int i = 0; !gone && i != 100'000; ++i) {
      const std::uint64_t before = now();
      const double value = metrics::get<brief>().value();
      const std::uint64_t after = now();
      gone = std::isnan(value);
      CHECK((gone || value == 7));
      if (after - first < window) {
        CHECK(!gone);
      }
      if (before - last > window + brief::shape.part) {
        CHECK(gone);
      }
      std::this_thread::sleep_for(1ms);
    }
    CHECK(gone);
  }
}

TEST_CASE("scrapes change nothing: all see the same") {
  metrics::reset_after_fork();
  metrics::get<waits>(zone::eu).observe(4);
  const auto record_cells = [] {
    std::vector<std::uint64_t> all;
    for (std::uint32_t i = 0; i != metrics::image.thread_cells; ++i) {
      all.push_back(metrics::cells::mine[i]);
      all.push_back(metrics::cells::record().retired[i]);
    }
    return all;
  };
  const auto before = record_cells();
  const std::string page = vitals::scrape<metrics>();
  CHECK(page.find("maxima_waits_seconds{zone=\"eu\"} 4\n") != std::string::npos);
  CHECK(vitals::scrape<metrics>() == page);
  CHECK(record_cells() == before);
}

struct late_depth : vitals::max_gauge<"maxima_late_depth", "Depth.", vitals::window<1h>> {};
using late = vitals::registry<late_depth>;

struct observes_at_end {
  double value;
  ~observes_at_end() {
    late::get<late_depth>().observe(value);
    late::get<late_depth>().observe(value - 1);
    late::get<late_depth>().observe(limits::quiet_NaN());
  }
};

TEST_CASE("a thread_local destructor that runs after the thread's cells are gone observes as well") {
  std::thread([] {
    thread_local observes_at_end before_first_touch{-5};  // destroyed last
    static_cast<void>(&before_first_touch);
    late::get<late_depth>().observe(-9);
    CHECK(late::get<late_depth>().value() == -9);
    thread_local observes_at_end after_first_touch{-7};
    static_cast<void>(&after_first_touch);
  }).join();
  CHECK(late::get<late_depth>().value() == -5);
  CHECK(late::dropped<late_depth>().value == 2);
  CHECK(late::cells::record().block_count == 0);
}

TEST_CASE("threads that observe past their end and threads that come and go lose no maximum") {
  late::reset_after_fork();
  std::vector<std::thread> threads;
  for (int t = 0; t != 8; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i != 40; ++i) {
        std::thread([value = t * 40 + i] {
          thread_local observes_at_end end{0};
          end.value = value;
          late::get<late_depth>().observe(value % 7);
        }).join();
      }
    });
  }
  double before = -1;
  for (int i = 0; i != 200; ++i) {
    const double value = late::get<late_depth>().value();
    CHECK((std::isnan(value) ? before == -1 : value >= before));
    before = std::isnan(value) ? before : value;
  }
  for (std::thread& t : threads) {
    t.join();
  }
  CHECK(late::get<late_depth>().value() == 8 * 40 - 1);
}

/// Observes past its thread's end, at the same time as another such thread, round by round.
struct races_at_end {
  std::atomic<int>* arrivals = nullptr;
  int own = 0;

  ~races_at_end() {
    for (int round = 0; round != 50'000; ++round) {
      meet(4 * round + 2);
      late::get<late_depth>().observe(2 * round + own);
      meet(4 * round + 4);
      if (own == 0) {
        wrong += late::get<late_depth>().value() == 2 * round + 1 ? 0 : 1;
      }
    }
  }
  void meet(int all) const {
    ++*arrivals;
    for (int i = 0; *arrivals < all; ++i) {
      if (i > 1000) {
        std::this_thread::yield();
      }
    }
  }

  static inline std::atomic<int> wrong{0};
};

TEST_CASE("threads past their end that observe at the same time lose no maximum to each other") {
  late::reset_after_fork();
  std::atomic<int> arrivals{0};
  std::vector<std::thread> threads;
  for (int t = 0; t != 2; ++t) {
    threads.emplace_back([&arrivals, t] {
      thread_local races_at_end end;  // destroyed after the block is folded
      end.arrivals = &arrivals;
      end.own = t;
      late::attach_thread();
    });
  }
  for (std::thread& t : threads) {
    t.join();
  }
  CHECK(races_at_end::wrong == 0);
}

TEST_CASE("while threads observe, a reader sees no value that was not observed, and none fall within the window") {
  metrics::reset_after_fork();
  std::atomic<int> running{3};
  std::vector<std::thread> threads;
  for (int t = 0; t != 3; ++t) {
    threads.emplace_back([&running] {
      for (int i = -20'000; i != 0; ++i) {
        metrics::get<waits>(zone::eu).observe(i);
        metrics::get<brief>().observe(i);
      }
      --running;
    });
  }
  int wrong = 0;
  double before = -limits::infinity();
  while (running != 0) {
    const double value = metrics::get<waits>(zone::eu).value();
    wrong += std::isnan(value)
                 ? (before > -limits::infinity() ? 1 : 0)
                 : (value == std::floor(value) && value >= -20'000 && value < 0 && value >= before ? 0 : 1);
    before = std::isnan(value) ? before : value;
    const double turning = metrics::get<brief>().value();
    wrong += std::isnan(turning) || (turning == std::floor(turning) && turning >= -20'000 && turning < 0) ? 0 : 1;
  }
  for (std::thread& t : threads) {
    t.join();
  }
  CHECK(wrong == 0);
  CHECK(metrics::get<waits>(zone::eu).value() == -1);
}

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

TEST_CASE("a forked child goes on from its parent's maxima, other threads' included, and may start anew") {
  metrics::reset_after_fork();
  std::atomic<int> phase{0};
  std::thread other([&phase] {
    metrics::get<waits>(zone::eu).observe(50);
    phase = 1;
    while (phase != 2) {
      std::this_thread::yield();
    }
  });
  while (phase != 1) {
    std::this_thread::yield();
  }
  metrics::get<waits>(zone::us).observe(-4);
  CHECK(in_child([] {
    const bool same = metrics::get<waits>(zone::eu).value() == 50 && metrics::get<waits>(zone::us).value() == -4 &&
                      metrics::cells::record().block_count == 1;
    metrics::get<waits>(zone::eu).observe(51);
    return same && metrics::get<waits>(zone::eu).value() == 51;
  }));
  CHECK(in_child([] {
    metrics::reset_after_fork();
    const bool none =
        std::isnan(metrics::get<waits>(zone::eu).value()) && std::isnan(metrics::get<waits>(zone::us).value());
    metrics::get<waits>(zone::eu).observe(-1);
    return none && metrics::get<waits>(zone::eu).value() == -1;
  }));
  CHECK(metrics::get<waits>(zone::eu).value() == 50);
  phase = 2;
  other.join();
}

struct same_name : vitals::max_gauge<"maxima_same", "Same.", vitals::window<1min>> {};
struct longer : vitals::max_gauge<"maxima_longer", "Longer.", vitals::window<2min>> {};

TEST_CASE("neighbours of one window are summed in one run, others in runs of their own") {
  CHECK(vitals::registry<same_name, longer>::image.run_count == 3);  // the drops are the third
  CHECK(vitals::registry<same_name, depth>::image.run_count == 2);
}

}  // namespace max_gauge_tests
