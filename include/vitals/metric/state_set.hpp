// A state set: which one of an enum's states something is in.
#ifndef VITALS_METRIC_STATE_SET_HPP
#define VITALS_METRIC_STATE_SET_HPP

#include <cstdint>
#include <type_traits>

#include <vitals/core/fixed_string.hpp>
#include <vitals/metric/descriptor.hpp>
#include <vitals/metric/handle.hpp>
#include <vitals/metric/label.hpp>

namespace vitals::inline v0 {

/// A series of a state set.
template <class Registry, class Metric>
class state_set_handle : detail::handle<Registry, Metric> {
 public:
  using detail::handle<Registry, Metric>::handle;
  using state_type = typename Metric::state_type;

  /// Enters a state: one relaxed store, seen by every thread; the last write wins. A value that is none of the enum's
  /// is dropped and counted. Safe in a signal handler.
  template <class State>
  VITALS_HOT void set(State entered) const noexcept {
    static_assert(std::is_same_v<State, state_type>, "wrong state type: pass an enumerator of the state set's enum");
    const std::uint32_t index = detail::value_set<State>::index(entered);
    if (this->exists() && index < detail::value_set<State>::size) [[likely]] {
      this->shared_cell().store(index, std::memory_order_relaxed);
    } else {
      this->count_label_drop();
    }
  }

  /// The present state; the enum's first before any was entered.
  [[nodiscard]] state_type value() const noexcept { return detail::value_set<state_type>::values[this->read()[0]]; }
};

/// A descriptor of a state set: `struct phase : vitals::state_set<"app_phase", "What it does.", app_phase> {};` In a
/// scrape each state is a series, 1 for the present one and 0 for the others, under a label named after the metric.
/// Begins in the enum's first state. Options: labels, `packed`.
template <fixed_string Name, fixed_string Help, class State, class... Options>
struct state_set : detail::descriptor<Name, Help, Options...> {
 private:
  using base = detail::descriptor<Name, Help, Options...>;
  static_assert(std::is_enum_v<State>, "a state set's states are the values of an enum");
  static_assert(!base::name.ends_with("_total"), "only a counter's name ends in _total: leave it out");
  static_assert(base::unit.empty(), "a state set has no unit: choose another ending");
  static_assert(!base::is_shared, "a state set is always shared by all threads: leave out vitals::shared");

 public:
  using state_type = State;
  using shown_labels = decltype(typename base::labels{} + detail::list<label<Name, State>>{});
  static_assert(sizeof(detail::duplicate_label_at<detail::repeated_label(shown_labels{})>) != 0);
  static constexpr metric_type type = metric_type::state_set;
  static constexpr value_kind kind = value_kind::state;
  static constexpr detail::shape shape{.stride = base::is_packed ? 1 : std::uint32_t{detail::cells_a_line},
                                       .series = detail::label_facts<typename base::labels>::series,
                                       .shared = true,
                                       .label_drops = true};
  template <class Registry, class Metric>
  using handle = state_set_handle<Registry, Metric>;
};

}  // namespace vitals::inline v0

#endif
