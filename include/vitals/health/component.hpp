// Components: what a program is made of, as far as its health goes.
#ifndef VITALS_HEALTH_COMPONENT_HPP
#define VITALS_HEALTH_COMPONENT_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <vitals/core/fixed_string.hpp>
#include <vitals/core/name.hpp>
#include <vitals/core/view.hpp>
#include <vitals/health/component_state.hpp>
#include <vitals/metric/buckets.hpp>
#include <vitals/metric/descriptor.hpp>
#include <vitals/metric/lint.hpp>

namespace vitals::inline v0 {

/// What a component's failure means for the program.
enum class criticality : std::uint8_t {
  critical,       ///< without it the program is not ready
  degrading,      ///< without it the program is ready, and degraded
  informational,  ///< only told
};

// A component's options.

struct critical {};       ///< The program is not ready without it. (So it is where none of the three is given.)
struct degrading {};      ///< The program goes on without it, degraded.
struct informational {};  ///< Told, and without consequence.

/// What the component needs: where one of these is unhealthy too, that one is named as the cause.
template <class... Components>
struct depends_on {};

/// So many failures in a row make it unhealthy, and so many reports without a success at least degraded: up to 255;
/// otherwise one does. (The very first report is believed alone, whatever it is.)
template <std::uint32_t Count>
struct fall {};
/// So many successes in a row make it healthy again, and so many reports without a failure lift it to degraded at
/// least: up to 255; otherwise one does.
template <std::uint32_t Count>
struct rise {};
/// It stays as it is for so long at least before it becomes better: `dwell<10s>`.
template <number Time>
struct dwell {};
/// For so long after the program's first event (`mark_initializing` or another), and before, a failure leaves it
/// unknown if it was; its first heartbeat may be missing for so much longer: `grace<30s>`.
template <number Time>
struct grace {};
/// So many changes within the window are flapping: it is then not believed to be better until no more than half as many
/// are left there. The first report is no change. (Counted in quarters of the window: a change leaves it up to a
/// quarter late.)
template <std::uint32_t Changes, number Window>
struct flapping {};

/// In a heartbeat: after a silence longer than this the program is no longer live, so that it is restarted.
template <number Silence>
struct restart_after {};
/// It beats, and is unhealthy when it has not for longer: `heartbeat<5s>`, `heartbeat<5s, restart_after<60s>>`.
template <number Silence, class Restart = void>
struct heartbeat {};

namespace detail {

/// What is known of a component when compiling.
struct component_facts {
  std::string_view name;
  criticality matters = criticality::critical;
  component_policy policy{};
  std::uint64_t deadline = 0;  ///< ms of silence; 0: it does not beat
  std::uint64_t restart = 0;   ///< ms; 0: never
  view<std::uint8_t> needs{};  ///< indices of the components that it depends on
};

constexpr std::uint64_t milliseconds_of(double seconds) noexcept {
  return seconds <= 0 ? 0 : static_cast<std::uint64_t>(seconds * 1000 + 0.5);
}

/// How an option changes a component's facts. One that is none has no such function.
template <class Option>
struct component_option {
  static_assert(sizeof(Option) == 0,
                "a component's options are critical, degrading or informational, depends_on<...>, heartbeat<5s>, "
                "fall<n>, rise<n>, dwell<10s>, grace<30s> and flapping<n, 1min>");
};
template <criticality What>
struct criticality_option {
  static constexpr bool says_criticality = true;
  static constexpr void apply(component_facts& f) noexcept { f.matters = What; }
};
template <>
struct component_option<critical> : criticality_option<criticality::critical> {};
template <>
struct component_option<degrading> : criticality_option<criticality::degrading> {};
template <>
struct component_option<informational> : criticality_option<criticality::informational> {};
template <class... Components>
struct component_option<depends_on<Components...>> {
  static constexpr void apply(component_facts&) noexcept {}
};
template <std::uint32_t Count>
struct component_option<fall<Count>> {
  static_assert(Count != 0 && Count <= component_state::most_in_a_row,
                "fall<n> and rise<n> take 1 to 255 reports in a row");
  static constexpr void apply(component_facts& f) noexcept { f.policy.fall = Count; }
};
template <std::uint32_t Count>
struct component_option<rise<Count>> {
  static_assert(Count != 0 && Count <= component_state::most_in_a_row,
                "fall<n> and rise<n> take 1 to 255 reports in a row");
  static constexpr void apply(component_facts& f) noexcept { f.policy.rise = Count; }
};
template <number Time>
struct component_option<dwell<Time>> {
  static_assert(Time >= 0 && Time <= 86400, "a time of a component is from 0 to a day: write dwell<10s>");
  static constexpr void apply(component_facts& f) noexcept { f.policy.dwell = milliseconds_of(Time); }
};
template <number Time>
struct component_option<grace<Time>> {
  static_assert(Time >= 0 && Time <= 86400, "a time of a component is from 0 to a day: write grace<30s>");
  static constexpr void apply(component_facts& f) noexcept { f.policy.grace = milliseconds_of(Time); }
};
template <std::uint32_t Changes, number Window>
struct component_option<flapping<Changes, Window>> {
  static_assert(Changes > 1 && Changes <= 100 && Window >= 1 && Window <= 86400,
                "flapping takes 2 to 100 changes within 1s to a day: write flapping<6, 1min>");
  static constexpr void apply(component_facts& f) noexcept {
    f.policy.flap_limit = Changes;
    f.policy.flap_window = milliseconds_of(Window);
  }
};
template <number Silence>
struct component_option<heartbeat<Silence, void>> {
  static_assert(Silence >= 0.01 && Silence <= 86400,
                "a heartbeat's silence is from 10ms to a day: write heartbeat<5s>");
  static constexpr void apply(component_facts& f) noexcept { f.deadline = milliseconds_of(Silence); }
};
template <number Silence, number Restart>
struct component_option<heartbeat<Silence, restart_after<Restart>>> : component_option<heartbeat<Silence>> {
  static_assert(Restart > Silence && Restart <= 86400,
                "restart_after is longer than the heartbeat's silence: write heartbeat<5s, restart_after<60s>>");
  static constexpr void apply(component_facts& f) noexcept {
    f.deadline = milliseconds_of(Silence);
    f.restart = milliseconds_of(Restart);
  }
};

template <class Option>
inline constexpr bool says_criticality = requires {
  component_option<Option>::says_criticality;
};

/// The components among a component's options.
template <class Option>
struct needs_of {
  using type = list<>;
};
template <class... Components>
struct needs_of<depends_on<Components...>> {
  using type = list<Components...>;
};

}  // namespace detail

/// A part of the program whose health is told: `struct store : vitals::component<"store", vitals::critical> {};`
template <fixed_string Name, class... Options>
struct component {
  static constexpr std::string_view name = Name.view();
  static_assert(is_metric_name(name) && !detail::has_upper_case(name),
                "a component's name is made of a-z, 0-9 and _, and does not start with a digit: it is a label's value, "
                "a member in JSON and part of a path");
  static_assert((0 + ... + (detail::says_criticality<Options> ? 1 : 0)) <= 1,
                "a component is critical, degrading or informational: leave out the others");
  using needs = decltype((detail::list<>{} + ... + typename detail::needs_of<Options>::type{}));
  static constexpr detail::component_facts facts = [] {
    detail::component_facts f{.name = name};
    (detail::component_option<Options>::apply(f), ...);
    return f;
  }();
};

}  // namespace vitals::inline v0

#endif
