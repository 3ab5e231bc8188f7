// Health: what a mark costs beside a store, and a readiness probe beside the formatting of the same bytes.
#include <fmt/format.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <iterator>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <benchmark/benchmark.h>

#include <vitals/http/health_routes.hpp>
#include <vitals/http/router.hpp>
#include <vitals/vitals.hpp>

#include "cases.hpp"

namespace {

using namespace std::chrono_literals;

template <std::size_t I>
struct name_of {
  static constexpr char text[8] = {'p', 'a', 'r', 't', '_', '0' + I / 10, '0' + I % 10, 0};
};

/// Twenty components: four beat, four depend on those, half of them are critical.
template <std::size_t I>
struct part : vitals::component<vitals::fixed_string<8>{name_of<I>::text},
                                std::conditional_t<I % 2 == 0, vitals::critical, vitals::degrading>,
                                std::conditional_t<(I < 4), vitals::heartbeat<1h>, vitals::fall<1>>,
                                std::conditional_t<(I > 15), vitals::depends_on<part<I % 4>>, vitals::rise<1>>> {};

template <std::size_t... I>
auto health_of(std::index_sequence<I...>) -> vitals::health<"bench", part<I>...>;
using health = decltype(health_of(std::make_index_sequence<20>{}));

/// Ten are healthy, five unhealthy with a reason and an error, five degraded with a reason.
void mark_all() {
  health::mark_ready();
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    const auto mark = []<std::size_t N>(std::integral_constant<std::size_t, N>) {
      if constexpr (N % 4 == 2) {
        health::mark_unhealthy<part<N>>("connection_timeout", "connect: no answer in 500 ms");
      } else if constexpr (N % 4 == 3) {
        health::mark_degraded<part<N>>("slow");
      } else {
        health::mark_healthy<part<N>>();
      }
      if constexpr (N < 4) {
        health::beat<part<N>>();
      }
    };
    (mark(std::integral_constant<std::size_t, I>{}), ...);
  }
  (std::make_index_sequence<20>{});
}

// The probe, from a request to a response whose texts are warm.

struct served {
  served() : paths({.version = "1.4.2", .environment = "production"}) {
    mark_all();
    paths.add_to(routes);
    paths.expose(health::ref());
  }
  const std::string& probe() {
    routes.handle({.method = "GET", .target = "/readyz", .accept = "*/*"}, answer);
    return answer.body;
  }

  vitals::http::health_routes paths;
  vitals::http::router routes;
  vitals::http::response answer;
};

/// The floor: the same page from plain variables, in one fmt::format_to for each component, into a text that is warm.
/// Every number, name and word of a state is a value; nothing is escaped, no clock is read.
struct plain {
  struct time {
    unsigned year = 2026, month = 1, day = 31, hour = 12, minute = 30, second = 15, ms = 123;
  };
  struct part {
    std::string_view name, status, criticality, reason, cause;
    std::uint64_t age = 0, errors = 0, in_a_row = 0, silence = 0;
    bool is_flapping = false;
    bool beats = false;
    time first{};
    time last{};
  };

  plain() {
    const auto report = health::report();
    for (std::size_t i = 0; i != report.count; ++i) {
      const auto& c = report.all[i];
      constexpr std::string_view criticalities[] = {"critical", "degrading", "informational"};
      const bool fails = c.now == vitals::status::unhealthy;
      parts[i] = {.name = c.name,
                  .status = vitals::name_of(c.now),
                  .criticality = criticalities[static_cast<std::size_t>(c.matters)],
                  .reason = c.reason,
                  .cause = c.now == vitals::status::healthy ? std::string_view{} : report.all[c.cause].name,
                  .age = 1234,
                  .errors = fails ? 1U : 0U,
                  .in_a_row = fails ? 1U : 0U,
                  .silence = 1234,
                  .is_flapping = c.is_flapping,
                  .beats = i < 4};
      at_fault[i] = c.now != vitals::status::healthy && c.cause == i;
    }
  }

  static void add_time(std::string& out, const time& t) {
    fmt::format_to(std::back_inserter(out), "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", t.year, t.month, t.day,
                   t.hour, t.minute, t.second, t.ms);
  }

  const std::string& format() {
    out.clear();
    const auto end = std::back_inserter(out);
    fmt::format_to(end, "{{\"status\":\"{}\",\"ready\":{},\"live\":{},\"started\":{},\"reasons\":[", status, ready,
                   live, started);
    std::string_view between;
    for (std::size_t i = 0; i != parts.size(); ++i) {
      if (at_fault[i]) {
        fmt::format_to(end, "{}\"{}: {}\"", between, parts[i].name, parts[i].reason);
        between = ",";
      }
    }
    out += "],\"components\":{";
    between = "\n ";
    for (const part& p : parts) {
      fmt::format_to(end,
                     "{}\"{}\":{{\"status\":\"{}\",\"criticality\":\"{}\",\"reason\":\"{}\",\"cause\":\"{}\","
                     "\"age_seconds\":{}.{:03},\"flapping\":{},\"errors\":{},\"errors_in_a_row\":{}",
                     between, p.name, p.status, p.criticality, p.reason, p.cause, p.age / 1000, p.age % 1000,
                     p.is_flapping, p.errors, p.in_a_row);
      between = ",\n ";
      if (p.beats) {
        fmt::format_to(end, ",\"heartbeat_age_seconds\":{}.{:03}", p.silence / 1000, p.silence % 1000);
      }
      if (p.errors != 0) {
        fmt::format_to(end, ",\"error_types\":[{{\"type\":\"{}\",\"count\":{},\"first\":\"", p.reason, p.errors);
        add_time(out, p.first);
        out += "\",\"last\":\"";
        add_time(out, p.last);
        out += "\"}]";
      }
      out += '}';
    }
    fmt::format_to(end,
                   "}},\"service\":\"{}\",\"version\":\"{}\",\"environment\":\"{}\",\"uptime_seconds\":{}.{:03},"
                   "\"uptime\":\"{}s\",\"timestamp\":\"",
                   service, version, environment, uptime / 1000, uptime % 1000, uptime / 1000);
    add_time(out, now);
    out += "\"}\n";
    return out;
  }

  std::array<part, 20> parts;
  std::array<bool, 20> at_fault{};
  std::string_view status = "unready", service = "bench", version = "1.4.2", environment = "production";
  bool ready = false, live = true, started = true;
  std::uint64_t uptime = 1234;
  time now{};
  std::string out;
};

template <class Page>
void measure_page(benchmark::State& state, Page page) {
  if (!bench::pin(state)) {
    return;
  }
  for (auto unused : state) {
    static_cast<void>(unused);
    benchmark::DoNotOptimize(page().data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations());
}

void probe_ours(benchmark::State& state) {
  served s;
  measure_page(state, [&s]() -> const std::string& { return s.probe(); });
}
BENCHMARK(probe_ours)->Name("probe/vitals");

void probe_floor(benchmark::State& state) {
  mark_all();
  plain p;
  measure_page(state, [&p]() -> const std::string& { return p.format(); });
}
BENCHMARK(probe_floor)->Name("probe/fmt");

// Marks, of 64 components in turn.

template <std::size_t I>
struct lane_part : vitals::component<vitals::fixed_string<8>{name_of<I>::text}, vitals::heartbeat<1h>> {};
template <std::size_t... I>
auto lanes_of(std::index_sequence<I...>) -> vitals::health<"lanes", lane_part<I>...>;
using lanes = decltype(lanes_of(std::make_index_sequence<bench::rotation>{}));

struct alignas(64) line {
  std::atomic<std::uint64_t> value{0};
};
std::array<line, bench::rotation> plain_lines;

template <class Step>
void measure_marks(benchmark::State& state, Step step) {
  if (!bench::pin(state)) {
    return;
  }
  bench::rotate([](auto i) { lanes::mark_healthy<lane_part<i.value>>(); });
  bench::measure(state, [&step] {
    bench::rotate([&step](auto i) {
      step(i);
      benchmark::ClobberMemory();
    });
  });
}

void beat_ours(benchmark::State& state) {
  measure_marks(state, [](auto i) { lanes::beat<lane_part<i.value>>(); });
}
BENCHMARK(beat_ours)->Name("beat/vitals");

void beat_floor(benchmark::State& state) {
  line* at = plain_lines.data();
  benchmark::DoNotOptimize(at);
  measure_marks(state, [at](auto i) { at[i.value].value.store(vitals::tsc_clock::raw(), std::memory_order_relaxed); });
}
BENCHMARK(beat_floor)->Name("beat/floor");

void store_floor(benchmark::State& state) {
  line* at = plain_lines.data();
  benchmark::DoNotOptimize(at);
  measure_marks(state, [at](auto i) { at[i.value].value.store(i.value, std::memory_order_relaxed); });
}
BENCHMARK(store_floor)->Name("store/floor");

void healthy_ours(benchmark::State& state) {
  measure_marks(state, [](auto i) { lanes::mark_healthy<lane_part<i.value>>(); });
}
BENCHMARK(healthy_ours)->Name("mark_healthy/vitals");

void increment_floor(benchmark::State& state) {
  static std::array<std::uint64_t, bench::rotation> cells{};
  std::uint64_t* at = cells.data();
  benchmark::DoNotOptimize(at);
  measure_marks(state, [at](auto i) { ++at[i.value]; });
}
BENCHMARK(increment_floor)->Name("mark_healthy/floor");

/// Each report changes the component's status, in a program of 20.
void change_ours(benchmark::State& state) {
  if (!bench::pin(state)) {
    return;
  }
  mark_all();
  for (auto unused : state) {
    static_cast<void>(unused);
    health::mark_unhealthy<part<5>>("connection_timeout");
    health::mark_degraded<part<5>>("slow");
  }
  state.SetItemsProcessed(2 * state.iterations());
}
BENCHMARK(change_ours)->Name("change/vitals");

void change_floor(benchmark::State& state) {
  if (!bench::pin(state)) {
    return;
  }
  std::atomic<std::uint64_t>& word = plain_lines[0].value;
  for (auto unused : state) {
    static_cast<void>(unused);
    std::uint64_t old = word.load(std::memory_order_relaxed);
    word.compare_exchange_strong(old, old + 1, std::memory_order_seq_cst);
    word.compare_exchange_strong(old, old + 1, std::memory_order_seq_cst);
  }
  state.SetItemsProcessed(2 * state.iterations());
}
BENCHMARK(change_floor)->Name("change/floor");

/// The page with every number as `#`: times differ.
std::string without_numbers(const std::string& page) {
  std::string out;
  const auto is_part = [](char c) { return (c >= '0' && c <= '9') || c == '.'; };
  for (std::size_t i = 0; i != page.size(); ++i) {
    if (!is_part(page[i])) {
      out += page[i];
    } else if (out.empty() || out.back() != '#') {
      out += '#';
    }
  }
  return out;
}

/// Both sides must write the same page, or a comparison says nothing.
bool both_write_the_same() {
  served s;
  const std::string ours = without_numbers(s.probe());
  const std::string theirs = without_numbers(plain{}.format());
  if (ours != theirs) {
    std::fprintf(stderr, "the pages differ:\n%s\n%s\n", ours.c_str(), theirs.c_str());
  }
  return ours == theirs;
}

}  // namespace

int main(int argc, char** argv) {
  if (!both_write_the_same()) {
    return 1;
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
