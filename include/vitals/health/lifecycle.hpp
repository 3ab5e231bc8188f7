// The life of a process: a state machine whose transitions are a table.
#ifndef VITALS_HEALTH_LIFECYCLE_HPP
#define VITALS_HEALTH_LIFECYCLE_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace vitals::inline v0 {

/// Where a process is in its life. To operators the first three are one: starting.
enum class phase : std::uint8_t {
  unstarted,     ///< it has not said anything yet
  initializing,  ///< it reads its configuration, fills its caches
  live,          ///< it runs, and takes no work yet
  ready,         ///< it takes work
  degraded,      ///< it takes work, and does some of it worse
  draining,      ///< it finishes what it has and takes no more
  stopped,
};

/// What can happen to a process.
enum class life_event : std::uint8_t { initialize, go_live, become_ready, degrade, recover, drain, stop };

namespace detail {

inline constexpr std::size_t phases = 7;
inline constexpr std::size_t life_events = 7;

struct life_transition {
  phase to;
  bool legal;  ///< what is not legal leaves the phase as it is
};

/// All transitions: a row for each phase, a column for each event.
inline constexpr auto life_table = [] {
  struct table {
    life_transition rows[phases][life_events];
  };
  constexpr auto no = [](phase from) { return life_transition{from, false}; };
  constexpr auto to = [](phase p) { return life_transition{p, true}; };
  using enum phase;
  //            initialize         go_live            become_ready    degrade            recover            drain stop
  return table{{{to(initializing), to(live), to(ready), no(unstarted), no(unstarted), to(draining), to(stopped)},
                {to(initializing), to(live), to(ready), no(initializing), no(initializing), to(draining), to(stopped)},
                {no(live), to(live), to(ready), no(live), no(live), to(draining), to(stopped)},
                {no(ready), no(ready), to(ready), to(degraded), to(ready), to(draining), to(stopped)},
                {no(degraded), no(degraded), to(degraded), to(degraded), to(ready), to(draining), to(stopped)},
                {no(draining), no(draining), no(draining), no(draining), no(draining), to(draining), to(stopped)},
                {no(stopped), no(stopped), no(stopped), no(stopped), no(stopped), no(stopped), to(stopped)}}};
}();

}  // namespace detail

/// The phase after an event; the same one where the event is illegal.
[[nodiscard]] constexpr phase after(phase from, life_event event) noexcept {
  return detail::life_table.rows[static_cast<std::size_t>(from)][static_cast<std::size_t>(event)].to;
}

/// Whether an event may happen in a phase.
[[nodiscard]] constexpr bool is_legal(phase from, life_event event) noexcept {
  return detail::life_table.rows[static_cast<std::size_t>(from)][static_cast<std::size_t>(event)].legal;
}

/// Whether the process takes work, as far as its own life goes.
[[nodiscard]] constexpr bool takes_work(phase p) noexcept {
  return p == phase::ready || p == phase::degraded;
}

/// Whether the process is there: it has begun and has not stopped.
[[nodiscard]] constexpr bool is_alive(phase p) noexcept {
  return p != phase::unstarted && p != phase::stopped;
}

/// Whether its start is over: what Kubernetes' startup probe asks.
[[nodiscard]] constexpr bool has_started(phase p) noexcept {
  return p != phase::unstarted && p != phase::initializing && p != phase::stopped;
}

/// The phase in one of operators' five words.
[[nodiscard]] constexpr std::string_view name_of(phase p) noexcept {
  constexpr std::string_view names[] = {"starting", "starting", "starting", "ready", "degraded", "draining", "stopped"};
  return names[static_cast<std::size_t>(p)];
}

}  // namespace vitals::inline v0

#endif
