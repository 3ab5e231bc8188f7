// What a probe finds: the process and each of its components at one moment, without a lock and without changing
// anything.
#ifndef VITALS_HEALTH_REPORT_HPP
#define VITALS_HEALTH_REPORT_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <vitals/core/cell.hpp>
#include <vitals/core/slot_table.hpp>
#include <vitals/core/view.hpp>
#include <vitals/health/component.hpp>
#include <vitals/health/component_state.hpp>
#include <vitals/health/flapping.hpp>
#include <vitals/health/lifecycle.hpp>

namespace vitals::inline v0 {

namespace detail {

inline constexpr std::size_t most_components = 64;

/// What is known of a program's health when compiling.
struct health_facts {
  std::string_view name;
  view<component_facts> components;
};

/// The process's cells. Any thread writes them, by compare-exchange or read-modify-write; acquire and release, so that
/// who sees a change sees what led to it: they change rarely.
enum class process_cell : std::uint32_t {
  phase,     ///< the phase, and above 8 bits the ms of its beginning: seq_cst, see `component_cell::state`
  start,     ///< ms of the first event, plus 1; 0: there was none
  refused,   ///< how many events were illegal in their phase
  listener,  ///< functions to call at a change, up to `most_listeners`
  entered = listener + 4,  ///< how often each phase was entered
  count = entered + 8,
};
inline constexpr std::size_t most_listeners = 4;

/// The bounds in seconds of the histogram of how long checks took.
inline constexpr double check_bounds[] = {0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0};
inline constexpr std::uint32_t check_cells = std::size(check_bounds) + 3;

/// A component's cells.
enum class component_cell : std::uint32_t {
  /// A component_state: by compare-exchange of any thread. One thread changes this and reads the phase, another changes
  /// the phase and reads this: at least one of them must see the other's change, so both are sequentially consistent.
  state,
  flaps,    ///< a flap_state: as `state`
  beat,     ///< the clock's ticks at the last beat, 0 before: a relaxed store by any thread; it stands for itself alone
  changed,  ///< the wall clock's ms of the last change: a relaxed store by who made it
  entered,  ///< how often each status was entered: read-modify-write by any thread, relaxed
  told = entered + 4,  ///< of one that beats, a told_state: by compare-exchange of any thread, as `state`
  checked,             ///< ms of the last check's result, plus 1; 0: none. A relaxed store; it stands for itself alone
  durations,           ///< of checks, as a histogram of durations has them: read-modify-write by any thread
  count = durations + check_cells,
};
static_assert(statuses == 4 && phases <= 8);

/// A program's clock: as functions, so that only what marks in a hot path is a template.
struct health_clock_ref {
  std::uint64_t (*milliseconds)() noexcept;          ///< since some start; does not step
  std::uint64_t (*silence)(std::uint64_t) noexcept;  ///< ms since a beat's ticks
  std::uint64_t (*wall)() noexcept;                  ///< ms since 1970 (UTC)
};

/// A program's health without its type: what probes, formats and monitors take.
struct health_ref {
  const health_facts* facts = nullptr;
  cell* cells = nullptr;                                   ///< the process's, then each component's
  const std::atomic<abi::slot_table*>* reasons = nullptr;  ///< each component's; relaxed: who has the cells sees them
  abi::slot_table* error_types = nullptr;                  ///< of all components
  health_clock_ref clock{};

  static constexpr std::uint32_t place(std::size_t component, component_cell c) noexcept {
    return static_cast<std::uint32_t>(process_cell::count) +
           static_cast<std::uint32_t>(component) * static_cast<std::uint32_t>(component_cell::count) +
           static_cast<std::uint32_t>(c);
  }
  [[nodiscard]] cell& at(process_cell c, std::size_t index = 0) const noexcept {
    return cells[static_cast<std::uint32_t>(c) + index];
  }
  [[nodiscard]] cell& at(std::size_t component, component_cell c, std::size_t index = 0) const noexcept {
    return cells[place(component, c) + index];
  }
};

inline constexpr std::string_view missed_heartbeat = "heartbeat_missed";

}  // namespace detail

/// A component at the moment of a report.
struct component_report {
  static constexpr std::uint64_t never = ~std::uint64_t{0};

  std::string_view name{};
  criticality matters = criticality::critical;
  status now = status::unknown;
  std::string_view reason{};      ///< what the last report said that was no success; empty where healthy or not said
  std::uint64_t age = 0;          ///< ms since it came to be so; since the start, where nothing was reported
  std::uint64_t silence = never;  ///< ms since its last heartbeat
  std::uint64_t checked = never;  ///< ms since the last result of its check
  bool is_silent = false;         ///< its heartbeat is missing
  bool is_flapping = false;
  bool is_stuck = false;     ///< silent for so long that the program should be restarted
  bool is_excluded = false;  ///< it was left out of account
  std::uint8_t cause = 0;    ///< index of the component that is at fault: its own, or one that it depends on
};

/// A program at the moment of a report.
struct health_report {
  phase now = phase::unstarted;  ///< ready or degraded by the components, where the program itself is ready
  bool live = false;             ///< it runs, and no heartbeat is missing for so long that it should be restarted
  bool started = false;          ///< its start is over
  bool ready = false;            ///< it takes work, and so do all critical components
  std::uint64_t uptime = 0;      ///< ms since the program's first event: mark_initializing or another
  std::size_t count = 0;
  component_report all[detail::most_components]{};

  [[nodiscard]] view<component_report> components() const& noexcept { return {all, count}; }
  void components() const&& = delete;  // keep the report: `const auto report = app_health::report();`
};

namespace detail {

inline std::string_view reason_text(const health_ref& of, std::size_t component, std::uint32_t reason) noexcept {
  return reason == 0 ? std::string_view{}
                     : text_of_slot(*of.reasons[component].load(std::memory_order_relaxed), reason - 1);
}

/// What is believed of one component. `start` is the ms of the first event, plus 1.
inline component_report report_on(const health_ref& of, std::size_t index, std::uint64_t now,
                                  std::uint64_t start) noexcept {
  const component_facts& facts = of.facts->components[index];
  component_report r{.name = facts.name, .matters = facts.matters, .cause = static_cast<std::uint8_t>(index)};
  const component_state there =
      component_state::of(of.at(index, component_cell::state).load(std::memory_order_seq_cst));
  flap_state flaps = flap_state::of(of.at(index, component_cell::flaps).load(std::memory_order_acquire));
  const component_state s = settled(there, now, facts.policy, flaps.calm_at(now, facts.policy));
  flaps = s.now == there.now ? flaps : flaps.after_change(s.since, facts.policy);
  r.is_flapping = flaps.is_flapping(now, facts.policy);
  r.now = s.now;
  r.reason = s.now == status::healthy ? std::string_view{} : reason_text(of, index, s.reason);
  const std::uint64_t since_start = start == 0 ? 0 : elapsed(start - 1, now);
  r.age = s.now == status::unknown ? since_start : elapsed(s.since, now);
  const std::uint64_t checked = of.at(index, component_cell::checked).load(std::memory_order_relaxed);
  r.checked = checked == 0 ? component_report::never : elapsed(checked - 1, now);
  if (facts.deadline == 0) {
    return r;
  }
  const std::uint64_t ticks = of.at(index, component_cell::beat).load(std::memory_order_relaxed);
  std::uint64_t silence = since_start;
  std::uint64_t extra = facts.policy.grace;
  if (ticks != 0) {
    r.silence = silence = of.clock.silence(ticks);
    extra = 0;
    r.now = s.now == status::unknown && s.in_a_row() == 0 ? status::healthy : r.now;
  }
  if (silence > facts.deadline + extra) {
    const std::uint64_t missing = silence - facts.deadline - extra;
    r.age = r.now == status::unhealthy && r.age > missing ? r.age : missing;
    r.now = status::unhealthy;
    r.reason = missed_heartbeat;
    r.is_silent = true;
  }
  r.is_stuck = facts.restart != 0 && silence > facts.restart + extra;
  return r;
}

/// Names, for what is unhealthy, the component at fault: from each to the first of its needs that is unhealthy too,
/// down to one that has none.
inline void find_causes(const health_facts& facts, health_report& r) noexcept {
  for (std::size_t i = 0; i != r.count; ++i) {
    std::size_t cause = i;
    for (bool deeper = r.all[i].now == status::unhealthy; deeper;) {  // ends: dependencies have no cycle
      deeper = false;
      for (const std::uint8_t need : facts.components[cause].needs) {
        if (r.all[need].now == status::unhealthy) {
          cause = need;
          deeper = true;
          break;
        }
      }
    }
    r.all[i].cause = static_cast<std::uint8_t>(cause);
  }
}

/// What follows from the components, in a process whose own phase is `own`.
inline void conclude(health_report& r, phase own) noexcept {
  r.live = is_alive(own);
  r.started = has_started(own);
  r.ready = takes_work(own);
  bool worse = false;
  for (const component_report& c : r.components()) {
    const bool fails = c.now == status::unhealthy || c.now == status::unknown;
    r.ready = r.ready && !(fails && c.matters == criticality::critical);
    worse = worse || (c.now != status::healthy && c.matters != criticality::informational);
    r.live = r.live && !c.is_stuck;
  }
  r.now = !takes_work(own) ? own : worse ? phase::degraded : phase::ready;
}

/// Leaves a component out of account.
inline void exclude(health_report& r, std::string_view name) noexcept {
  for (std::size_t i = 0; i != r.count; ++i) {
    if (r.all[i].name == name) {
      r.all[i].matters = criticality::informational;
      r.all[i].is_stuck = false;
      r.all[i].is_excluded = true;
    }
  }
  conclude(r, r.now);
}

/// Reads each word once. No lock, no allocation, nothing is changed.
inline health_report report_of(const health_ref& of, std::uint64_t now) noexcept {
  health_report r;
  const std::uint64_t word = of.at(process_cell::phase).load(std::memory_order_acquire);
  const std::uint64_t start = of.at(process_cell::start).load(std::memory_order_acquire);
  r.uptime = start == 0 ? 0 : elapsed(start - 1, now);
  r.count = of.facts->components.size();
  for (std::size_t i = 0; i != r.count; ++i) {
    r.all[i] = report_on(of, i, now, start);
  }
  conclude(r, static_cast<phase>(word & 0xFFU));
  find_causes(*of.facts, r);
  return r;
}

}  // namespace detail

}  // namespace vitals::inline v0

#endif
