// Health from many threads at a time: nothing is lost, and what a report shows was true at some moment of it.
#include <vitals/health/health.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include <health/set_clock.hpp>
#include <vitals/health/component.hpp>

namespace health_threads_tests {

using namespace std::chrono_literals;
using vitals::component;
using vitals::phase;
using vitals::status;
using vitals::detail::component_cell;
using vitals::detail::component_state;
using vitals::detail::process_cell;

constexpr std::size_t threads = 8;

template <class Run>
void on_all(Run run) {
  std::atomic<std::size_t> waiting{threads};
  std::vector<std::thread> all;
  for (std::size_t i = 0; i != threads; ++i) {
    all.emplace_back([&run, &waiting, i] {
      --waiting;
      while (waiting != 0) {
        std::this_thread::yield();
      }
      run(i);
    });
  }
  for (std::thread& t : all) {
    t.join();
  }
}

struct store : component<"store"> {};
struct cache : component<"cache", vitals::degrading, vitals::depends_on<store>> {};
struct slow : component<"slow", vitals::fall<2>, vitals::rise<2>> {};
struct loop : component<"loop", vitals::heartbeat<5s, vitals::restart_after<60s>>> {};
struct waits : component<"waits", vitals::informational, vitals::dwell<5s>, vitals::flapping<5, 10s>> {};

TEST_CASE("the first touch of all, by all threads at once") {
  using health = vitals::basic_health<set_clock, "t_first", store, loop>;
  set_clock::now = 1'000'000;
  on_all([](std::size_t i) {
    health::beat<loop>();
    health::mark_unhealthy<store>(i % 2 == 0 ? "even" : "odd");
    const auto r = health::report();
    CHECK(r.all[0].now == status::unhealthy);
    CHECK((r.all[0].reason == "even" || r.all[0].reason == "odd"));
    health::mark_ready();
  });
  CHECK(component_state::of(health::ref().at(0, component_cell::state)).last == vitals::report::failure);
  CHECK(health::ref().at(0, component_cell::entered, 3) == 1);
  CHECK(health::ref().at(process_cell::entered, 3) == 1);
}

struct strict : component<"strict", vitals::fall<248>, vitals::rise<248>> {};
struct flaps : component<"flaps", vitals::flapping<100, 1min>> {};

std::atomic<std::uint64_t> told{0};
void count_told(const vitals::health_change& c) noexcept {
  told.fetch_add(c.component == "flaps" ? 1 : 0, std::memory_order_relaxed);
}

TEST_CASE("of reports, changes and flaps none is lost, and none counts twice") {
  using health = vitals::basic_health<set_clock, "t_row", strict, flaps>;
  set_clock::now = 60'000'000;
  const auto ref = health::ref();
  const auto state = [&] { return component_state::of(ref.at(0, component_cell::state)); };
  const auto flap = [&] { return vitals::detail::flap_state::of(ref.at(1, component_cell::flaps)); };
  const auto entered = [&] {
    return ref.at(1, component_cell::entered, 1) + ref.at(1, component_cell::entered, 2) +
           ref.at(1, component_cell::entered, 3);
  };
  health::on_change(count_told);
  health::mark_healthy<strict>();
  health::mark_healthy<flaps>();
  for (int round = 0; round != 400; ++round) {
    on_all([](std::size_t i) {
      for (std::size_t n = 0; n != (i == 0 ? 30 : 31); ++n) {
        health::mark_unhealthy<strict>("down");
      }
    });
    REQUIRE(state().in_a_row() == 247);
    REQUIRE(state().now == status::healthy);
    health::mark_unhealthy<strict>("down");
    REQUIRE(state().now == status::unhealthy);
    on_all([](std::size_t i) {
      for (std::size_t n = 0; n != (i == 0 ? 30 : 31); ++n) {
        health::mark_healthy<strict>();
      }
    });
    REQUIRE(state().in_a_row() == 247);
    REQUIRE(state().now == status::unhealthy);
    health::mark_healthy<strict>();
    REQUIRE(state().now == status::healthy);

    // Few enough for their count: of each thread 15 changes for the worse at most.
    set_clock::now += 1'000'000;
    const std::uint64_t before = entered();
    on_all([](std::size_t) {
      for (int n = 0; n != 15; ++n) {
        health::mark_unhealthy<flaps>();
        health::mark_degraded<flaps>();
      }
    });
    const std::uint64_t changes = entered() - before;
    REQUIRE(flap().counts[0] == std::min<std::uint64_t>(changes, vitals::detail::flap_state::most));
    health::mark_healthy<flaps>();
    set_clock::now += 1'000'000;
    health::mark_healthy<flaps>();
    REQUIRE(entered() == told);
  }
}

using health = vitals::basic_health<set_clock, "t_moments", store, cache, slow, loop, waits>;
constexpr std::size_t checked = 3;  ///< so many of them change by marks alone, and at once

/// The moments. Relaxed: it must not order what is under test for a sanitizer; on one variable all agree anyway.
std::atomic<std::uint64_t> moments{1};
std::uint64_t moment() {
  return moments.fetch_add(1, std::memory_order_relaxed);
}

/// A change that was accepted, and between which moments.
struct change {
  std::size_t of;
  status from;
  status to;
  std::uint64_t begin;
  std::uint64_t end;
};
struct shown {
  std::size_t of;
  status now;
  std::uint64_t begin;
  std::uint64_t end;
};

thread_local std::vector<change>* changes_here = nullptr;
std::atomic<std::uint64_t> phase_changes{0};

status status_named(std::string_view name) {
  for (const status s : {status::unknown, status::healthy, status::degraded}) {
    if (vitals::name_of(s) == name) {
      return s;
    }
  }
  return status::unhealthy;
}

void listen(const vitals::health_change& c) noexcept {
  const std::string_view names[] = {"store", "cache", "slow"};
  const auto of = static_cast<std::size_t>(std::find(names, names + checked, c.component) - names);
  if (c.component.empty()) {
    phase_changes.fetch_add(1, std::memory_order_relaxed);
  } else if (of != checked && changes_here != nullptr) {
    changes_here->push_back({of, status_named(c.from), status_named(c.to), 0, 0});
  }
}

/// What one thread did in a round.
struct record {
  std::vector<change> changes;
  std::vector<shown> shows;
  std::uint64_t odd = 0;  ///< reports that contradict themselves
};

void mark(std::uint64_t choice) {
  switch (choice % 12) {
    case 0:
      return health::mark_healthy<store>();
    case 1:
      return health::mark_unhealthy<store>("store_down");
    case 2:
      return health::mark_degraded<store>("store_slow");
    case 3:
      return health::mark_healthy<cache>();
    case 4:
      return health::mark_unhealthy<cache>("cache_down");
    case 5:
      return health::mark_degraded<cache>("cache_slow");
    case 6:
    case 7:
      return health::mark_healthy<slow>();
    case 8:
    case 9:
      return health::mark_unhealthy<slow>("slow_down");
    case 10:
      return health::mark_healthy<waits>();
    default:
      return health::mark_unhealthy<waits>("waits_down");
  }
}

void probe(record& here) {
  const std::uint64_t begin = moment();
  const auto r = health::report();
  const std::uint64_t end = moment();
  bool worse = false;
  bool fails = false;
  for (std::size_t i = 0; i != r.count; ++i) {
    const auto& c = r.all[i];
    if (i < checked) {
      here.shows.push_back({i, c.now, begin, end});
    }
    worse = worse || (i != 4 && c.now != status::healthy);
    fails = fails || (i != 1 && i != 4 && c.now != status::healthy && c.now != status::degraded);
    // A status and its reason are of one word.
    const std::string_view down[] = {"store_down", "cache_down", "slow_down", "", "waits_down"};
    const std::string_view less[] = {"store_slow", "cache_slow"};
    const bool good = c.now == status::unhealthy  ? c.reason == down[i]
                      : c.now == status::degraded ? i < 2 && c.reason == less[i]
                                                  : c.reason.empty();
    here.odd += good ? 0U : 1U;
  }
  const bool at_fault = r.all[0].now == status::unhealthy;
  here.odd += r.all[1].cause == (r.all[1].now == status::unhealthy && at_fault ? 0 : 1) ? 0U : 1U;
  here.odd += r.live && r.started && r.ready == !fails && r.now == (worse ? phase::degraded : phase::ready) ? 0U : 1U;
}

record live(std::size_t thread, std::uint64_t round) {
  record here;
  here.changes.reserve(4000);
  here.shows.reserve(4000);
  changes_here = &here.changes;
  std::uint64_t random = (round * threads + thread + 1) * 0x9E3779B97F4A7C15;
  for (int i = 0; i != 2000; ++i) {
    random = random * 6364136223846793005 + 1442695040888963407;
    const std::uint64_t choice = random >> 33U;
    if (choice % 8 < 5) {
      const std::size_t first = here.changes.size();
      const std::uint64_t begin = moment();
      mark(choice >> 3U);
      const std::uint64_t end = moment();
      for (std::size_t c = first; c != here.changes.size(); ++c) {
        here.changes[c].begin = begin;
        here.changes[c].end = end;
      }
    } else if (choice % 8 == 5) {
      health::beat<loop>();
      set_clock::now.fetch_add(choice >> 3U & 1U, std::memory_order_relaxed);
    } else {
      probe(here);
    }
    if (choice % 64 == 0) {
      std::this_thread::yield();  // where processors are few
    }
  }
  changes_here = nullptr;
  return here;
}

/// A component's changes in a round, by their end; the first is from before every report.
struct history {
  std::vector<change> all;
  std::vector<std::uint64_t> earliest;  ///< for each change, the least begin of it and those behind it

  void sort() {
    std::sort(all.begin(), all.end(), [](const change& a, const change& b) { return a.end < b.end; });
    earliest.resize(all.size());
    std::uint64_t least = ~std::uint64_t{0};
    for (std::size_t i = all.size(); i-- != 0;) {
      earliest[i] = least = std::min(least, all[i].begin);
    }
  }
};

/// Whether a component may have been so at some moment of the report.
bool may_have_been(const shown& s, const history& of) {
  const std::vector<change>& all = of.all;
  // A change that was not over when the report began, and had begun when the report ended: both its sides were there.
  const auto first = std::lower_bound(all.begin(), all.end(), s.begin,
                                      [](const change& c, std::uint64_t moment) { return c.end < moment; });
  for (auto c = first; c != all.end() && of.earliest[static_cast<std::size_t>(c - all.begin())] <= s.end; ++c) {
    if (c->begin <= s.end && (c->to == s.now || c->from == s.now)) {
      return true;
    }
  }
  // Those that were over: the last of them, or one that overlaps it.
  std::uint64_t latest_begin = 0;
  for (auto c = first; c != all.begin();) {
    --c;
    if (c->end < latest_begin) {
      break;
    }
    if (c->to == s.now) {
      return true;
    }
    latest_begin = std::max(latest_begin, c->begin);
  }
  return false;
}

TEST_CASE("each status that a report shows was true at some moment of it") {
  set_clock::now = 60'000'000;
  health::on_change(listen);
  health::beat<loop>();
  health::mark_healthy<store>();
  health::mark_healthy<cache>();
  health::mark_healthy<slow>();
  health::mark_healthy<waits>();
  health::mark_ready();
  std::array<status, checked> last{status::healthy, status::healthy, status::healthy};
  std::array<std::array<std::uint64_t, 4>, checked> entered{};
  for (auto& e : entered) {
    e[1] = 1;
  }
  // VITALS_HEALTH_SECONDS=10 goes on for so long.
  const char* const seconds = std::getenv("VITALS_HEALTH_SECONDS");
  const auto until =
      std::chrono::steady_clock::now() + std::chrono::seconds{seconds != nullptr ? std::atoi(seconds) : 0};
  std::uint64_t shows = 0;
  std::uint64_t concurrent = 0;
  std::uint64_t rounds = 0;
  for (; rounds < 5 || (concurrent < 500 && rounds < 100) || std::chrono::steady_clock::now() < until; ++rounds) {
    const std::uint64_t before = moment();
    std::array<record, threads> records;
    on_all([&](std::size_t i) { records[i] = live(i, rounds); });
    std::array<history, checked> histories;
    for (std::size_t i = 0; i != checked; ++i) {
      histories[i].all.push_back({i, last[i], last[i], before, before});
    }
    for (const record& r : records) {
      CHECK(r.odd == 0);
      for (const change& c : r.changes) {
        histories[c.of].all.push_back(c);
        ++entered[c.of][static_cast<std::size_t>(c.to)];
      }
    }
    for (std::size_t i = 0; i != checked; ++i) {
      histories[i].sort();
      const std::vector<change>& changes = histories[i].all;
      // Each change was applied once: all but one of those that lead to a status are followed by one from it.
      std::array<int, 4> balance{};
      for (std::size_t c = 1; c < changes.size(); ++c) {
        CHECK(changes[c].from != changes[c].to);
        ++balance[static_cast<std::size_t>(changes[c].to)];
        --balance[static_cast<std::size_t>(changes[c].from)];
      }
      const status now = component_state::of(health::ref().at(i, component_cell::state)).now;
      ++balance[static_cast<std::size_t>(last[i])];
      --balance[static_cast<std::size_t>(now)];
      CHECK(balance == std::array<int, 4>{});
      last[i] = now;
      for (std::size_t s = 0; s != 4; ++s) {
        CHECK(health::ref().at(i, component_cell::entered, s) == entered[i][s]);
      }
    }
    std::uint64_t wrong = 0;
    for (const record& r : records) {
      for (const shown& s : r.shows) {
        wrong += may_have_been(s, histories[s.of]) ? 0U : 1U;
        concurrent += s.end != s.begin + 1 ? 1U : 0U;
        ++shows;
      }
    }
    CHECK(wrong == 0);
    // Whoever came last has left the phase as the components are.
    const auto stored = static_cast<phase>(health::ref().at(process_cell::phase) & 0xFFU);
    CHECK(stored == health::report().now);
  }
  const auto at = health::ref();
  CHECK(at.at(process_cell::refused) == 0);
  const std::uint64_t entries = at.at(process_cell::entered, 3) + at.at(process_cell::entered, 4);
  CHECK(entries == phase_changes);
  MESSAGE(rounds << " rounds, " << shows << " statuses shown, " << concurrent << " beside others' marks");
}

TEST_CASE("many threads drain a program at once, while its components change") {
  using draining = vitals::basic_health<set_clock, "t_drain", store, cache>;
  for (int round = 0; round != 50; ++round) {
    const auto ref = draining::ref();
    for (std::uint32_t i = 0; i != draining::image.shared_cells; ++i) {
      ref.cells[i] = 0;
    }
    draining::mark_ready();
    on_all([](std::size_t i) {
      for (int n = 0; n != 20; ++n) {
        if (n == 10 && i < 2) {
          draining::mark_draining();
        }
        n % 2 == 0 ? draining::mark_healthy<store>() : draining::mark_unhealthy<store>("down");
        draining::mark_healthy<cache>();
      }
    });
    REQUIRE(draining::report().now == phase::draining);
    REQUIRE(ref.at(process_cell::entered, static_cast<std::size_t>(phase::draining)) == 1);
    REQUIRE(ref.at(process_cell::refused) == 0);  // nobody asked for anything illegal
  }
}

}  // namespace health_threads_tests
