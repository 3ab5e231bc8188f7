// Marks: how reports and events change a program's health.
#ifndef VITALS_HEALTH_MARK_HPP
#define VITALS_HEALTH_MARK_HPP

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <vitals/core/cell.hpp>
#include <vitals/core/config.hpp>
#include <vitals/core/slot_table.hpp>
#include <vitals/health/component_state.hpp>
#include <vitals/health/errors.hpp>
#include <vitals/health/flapping.hpp>
#include <vitals/health/lifecycle.hpp>
#include <vitals/health/report.hpp>

namespace vitals::inline v0 {

/// A change of the process's phase, or of a component's status.
struct health_change {
  std::string_view program;
  std::string_view component;  ///< empty where it is the process's phase
  std::string_view from;
  std::string_view to;
  std::string_view reason;  ///< of a component that became worse; may be empty
  bool refused = false;     ///< an event that is illegal in the phase `from`; `to` is the event's name
};

/// What is called at a change, on the thread that made it. It must not block, throw or mark.
using health_listener = void (*)(const health_change&) noexcept;

namespace detail {

inline constexpr std::uint32_t most_reasons = 30;
static_assert(most_reasons + 1 <= component_state::most_reason);

/// The table of a component's reasons. (Its name is no label's.)
inline abi::slot_table& reasons_of(const health_facts& of, std::size_t component) {
  return find_slot_table(std::string{of.name} + "." + std::string{of.components[component].name}, most_reasons);
}

inline bool add_listener(const health_ref& of, health_listener listener) noexcept {
  for (std::size_t i = 0; i != most_listeners; ++i) {
    std::uint64_t none = 0;
    if (of.at(process_cell::listener, i)
            .compare_exchange_strong(none, std::bit_cast<std::uint64_t>(listener), std::memory_order_acq_rel)) {
      return true;
    }
  }
  return false;
}

inline void tell(const health_ref& of, const health_change& change) noexcept {
  for (std::size_t i = 0; i != most_listeners; ++i) {
    const std::uint64_t listener = of.at(process_cell::listener, i).load(std::memory_order_acquire);
    if (listener != 0) {
      std::bit_cast<health_listener>(listener)(change);
    }
  }
}

constexpr std::string_view name_of(life_event e) noexcept {
  constexpr std::string_view names[] = {"initialize", "go_live", "become_ready", "degrade", "recover", "drain", "stop"};
  return names[static_cast<std::size_t>(e)];
}

/// What a phase is called where a change is told; unlike operators it tells the three that start apart.
constexpr std::string_view exact_name_of(phase p) noexcept {
  constexpr std::string_view names[] = {"unstarted", "initializing", "live",   "ready",
                                        "degraded",  "draining",     "stopped"};
  return names[static_cast<std::size_t>(p)];
}

inline void reconcile(const health_ref& of, std::uint64_t now) noexcept;

/// Replaces the process's word `old` by a phase, counts and tells it. False, and `old` anew, where another thread came
/// between.
inline bool enter(const health_ref& of, std::uint64_t& old, phase to, std::uint64_t now) noexcept {
  const auto from = static_cast<phase>(old & 0xFFU);
  if (!of.at(process_cell::phase)
           .compare_exchange_strong(old, static_cast<std::uint64_t>(to) | now << 8U, std::memory_order_seq_cst)) {
    return false;
  }
  common_add(of.at(process_cell::entered, static_cast<std::size_t>(to)), std::uint64_t{1});
  tell(of, {of.facts->name, {}, exact_name_of(from), exact_name_of(to), {}});
  return true;
}

/// An event of the process. One that is illegal in its phase changes nothing, is counted and told; so is one that loses
/// a race to such an end.
VITALS_COLD inline void mark_process(const health_ref& of, life_event event) noexcept {
  const std::uint64_t now = of.clock.milliseconds();
  std::uint64_t never = 0;
  of.at(process_cell::start).compare_exchange_strong(never, now + 1, std::memory_order_acq_rel);
  std::uint64_t old = of.at(process_cell::phase).load(std::memory_order_acquire);
  for (;;) {
    const auto from = static_cast<phase>(old & 0xFFU);
    if (!is_legal(from, event)) {
      common_add(of.at(process_cell::refused), std::uint64_t{1});
      tell(of, {of.facts->name, {}, exact_name_of(from), name_of(event), {}, true});
      return;
    }
    const phase to = after(from, event);
    if (to == from) {
      return;
    }
    if (enter(of, old, to, now)) {
      break;
    }
  }
  if (event == life_event::become_ready) {
    reconcile(of, now);
  }
}

/// Makes the process ready or degraded as its components are, where it takes work at all. Whoever changes a component
/// or the phase looks at both afterwards, and again after each step of its own: so the last to come leaves them agreed.
inline void reconcile(const health_ref& of, std::uint64_t now) noexcept {
  std::uint64_t word = of.at(process_cell::phase).load(std::memory_order_seq_cst);
  for (;;) {
    const auto stored = static_cast<phase>(word & 0xFFU);
    const phase found = report_of(of, now).now;
    if (!takes_work(stored) || !takes_work(found) || found == stored) {
      return;
    }
    if (enter(of, word, after(stored, found == phase::degraded ? life_event::degrade : life_event::recover), now)) {
      word = of.at(process_cell::phase).load(std::memory_order_seq_cst);
    }
  }
}

/// A component's status has changed: counts and tells it.
inline void tell_status(const health_ref& of, std::size_t index, status from, status to, std::string_view reason,
                        std::uint64_t since, std::uint64_t now) noexcept {
  of.at(index, component_cell::changed).store(elapsed(elapsed(since, now), of.clock.wall()), std::memory_order_relaxed);
  common_add(of.at(index, component_cell::entered, static_cast<std::size_t>(to)), std::uint64_t{1});
  if (to == status::healthy) {
    error_table{of}.in_a_row[index].store(0, std::memory_order_relaxed);
  }
  tell(of, {of.facts->name, of.facts->components[index].name, vitals::name_of(from), vitals::name_of(to), reason});
}

/// What a tick has seen of a component's heartbeat.
enum class heart : std::uint8_t { unheard, beating, silent };

/// What was told of a component that beats: its status follows from its word and from its heart.
struct told_state {
  status now = status::unknown;
  heart beats = heart::unheard;

  friend constexpr bool operator==(const told_state&, const told_state&) = default;

  /// The word: 2 bits status, 2 heart.
  [[nodiscard]] constexpr std::uint64_t packed() const noexcept {
    return static_cast<std::uint64_t>(now) | static_cast<std::uint64_t>(beats) << 2U;
  }
  [[nodiscard]] static constexpr told_state of(std::uint64_t word) noexcept {
    return {.now = static_cast<status>(word & 3U), .beats = static_cast<heart>(word >> 2U & 3U)};
  }
  [[nodiscard]] constexpr status target(component_state s) const noexcept {
    const bool first = s.now == status::unknown && s.in_a_row() == 0;
    return beats == heart::silent ? status::unhealthy : beats == heart::beating && first ? status::healthy : s.now;
  }
};

/// Tells the status of a component that beats, where it is not what was told last. Whoever changes its word or its
/// heart looks at both afterwards, and again after each step of its own: so each change begins where the last one
/// ended, and the last to come leaves told what is.
inline void tell_beating(const health_ref& of, std::size_t index, std::uint64_t since, std::uint64_t now) noexcept {
  cell& told = of.at(index, component_cell::told);
  std::uint64_t word = told.load(std::memory_order_seq_cst);
  for (;;) {
    const component_state s = component_state::of(of.at(index, component_cell::state).load(std::memory_order_seq_cst));
    const told_state from = told_state::of(word);
    const told_state to{.now = from.target(s), .beats = from.beats};
    if (to == from) {
      return;
    }
    if (told.compare_exchange_strong(word, to.packed(), std::memory_order_seq_cst)) {
      tell_status(of, index, from.now, to.now,
                  to.beats == heart::silent ? missed_heartbeat : reason_text(of, index, s.reason), since, now);
      word = told.load(std::memory_order_seq_cst);
    }
  }
}

/// A component's word was replaced: what follows from a change of its status.
VITALS_COLD inline void tell_component(const health_ref& of, std::size_t index, component_state from,
                                       component_state to, std::uint64_t now) noexcept {
  const component_facts& facts = of.facts->components[index];
  cell& flaps = of.at(index, component_cell::flaps);
  std::uint64_t old = flaps.load(std::memory_order_acquire);
  while (from.now != status::unknown && facts.policy.flap_limit != 0 &&
         !flaps.compare_exchange_weak(old, flap_state::of(old).after_change(to.since, facts.policy).packed(),
                                      std::memory_order_acq_rel, std::memory_order_acquire)) {
  }
  if (facts.deadline != 0) {
    tell_beating(of, index, to.since, now);
  } else {
    tell_status(of, index, from.now, to.now, reason_text(of, index, to.reason), to.since, now);
  }
  reconcile(of, now);
}

inline calmness calm_now(const health_ref& of, std::size_t index, std::uint64_t now) noexcept {
  return flap_state::of(of.at(index, component_cell::flaps).load(std::memory_order_acquire))
      .calm_at(now, of.facts->components[index].policy);
}

/// Replaces a component's state by `next(state, calmness)`, until nobody comes between. `next` is without effects.
template <class Next>
void replace_state(const health_ref& of, std::size_t index, std::uint64_t now, Next next) noexcept {
  cell& word = of.at(index, component_cell::state);
  std::uint64_t old = word.load(std::memory_order_acquire);
  for (;;) {
    const component_state from = component_state::of(old);
    const component_state to = next(from, calm_now(of, index, now));
    if (to == from) {
      return;
    }
    if (word.compare_exchange_weak(old, to.packed(), std::memory_order_seq_cst)) {
      if (to.now != from.now) {
        tell_component(of, index, from, to, now);
      }
      return;
    }
  }
}

/// An improvement that had to wait becomes the component's state.
inline void settle_component(const health_ref& of, std::size_t index, std::uint64_t now) noexcept {
  const component_policy& p = of.facts->components[index].policy;
  replace_state(of, index, now, [&](component_state s, calmness calm) { return settled(s, now, p, calm); });
}

/// A heartbeat that has come to be missing, or is there again, is told; once by whoever sees it first.
inline void tick_component(const health_ref& of, std::size_t index, std::uint64_t now) noexcept {
  settle_component(of, index, now);
  if (of.facts->components[index].deadline == 0) {
    return;
  }
  const component_report r = report_on(of, index, now, of.at(process_cell::start).load(std::memory_order_acquire));
  const heart beats = r.is_silent                            ? heart::silent
                      : r.silence != component_report::never ? heart::beating
                                                             : heart::unheard;
  cell& told = of.at(index, component_cell::told);
  std::uint64_t word = told.load(std::memory_order_seq_cst);
  for (;;) {
    told_state t = told_state::of(word);
    if (t.beats == beats) {
      break;
    }
    t.beats = beats;
    if (told.compare_exchange_weak(word, t.packed(), std::memory_order_seq_cst)) {
      break;
    }
  }
  tell_beating(of, index, r.is_silent ? elapsed(r.age, now) : now, now);
}

/// What time alone changes is stored, counted and told: an improvement that had waited, a heartbeat that is missing or
/// is there again, and the phase that follows.
VITALS_COLD inline void tick(const health_ref& of) noexcept {
  const std::uint64_t now = of.clock.milliseconds();
  for (std::size_t i = 0; i != of.facts->components.size(); ++i) {
    tick_component(of, i, now);
  }
  reconcile(of, now);
}

/// A report on a component. Lock-free: a compare-exchange where it changes anything.
VITALS_COLD inline void mark_component(const health_ref& of, std::size_t index, report what,
                                       std::string_view reason) noexcept {
  const component_policy& p = of.facts->components[index].policy;
  const std::uint64_t now = of.clock.milliseconds();
  const std::uint64_t start = of.at(process_cell::start).load(std::memory_order_acquire);
  const bool in_grace = p.grace != 0 && (start == 0 || elapsed(start - 1, now) < p.grace);
  const std::uint32_t number =
      reason.empty() ? 0 : intern_text(*of.reasons[index].load(std::memory_order_relaxed), reason) + 1;
  settle_component(of, index, now);
  replace_state(of, index, now,
                [&](component_state s, calmness calm) { return after(s, what, number, now, p, in_grace, calm); });
  if (what == report::success &&
      is_steadily_healthy(of.at(index, component_cell::state).load(std::memory_order_relaxed))) {
    error_table{of}.in_a_row[index].store(0, std::memory_order_relaxed);  // such as were too few to fall
  }
}

}  // namespace detail

}  // namespace vitals::inline v0

#endif
