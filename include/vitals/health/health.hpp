// A program's health: its components, how they are marked, and what a probe finds.
#ifndef VITALS_HEALTH_HEALTH_HPP
#define VITALS_HEALTH_HEALTH_HPP

#include <array>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include <vitals/core/clock.hpp>
#include <vitals/core/config.hpp>
#include <vitals/core/enum_names.hpp>
#include <vitals/core/fixed_string.hpp>
#include <vitals/core/record.hpp>
#include <vitals/core/slot_table.hpp>
#include <vitals/core/unique.hpp>
#include <vitals/health/component.hpp>
#include <vitals/health/errors.hpp>
#include <vitals/health/health_clock.hpp>
#include <vitals/health/health_families.hpp>
#include <vitals/health/mark.hpp>
#include <vitals/health/report.hpp>
#include <vitals/metric/family.hpp>

namespace vitals::inline v0 {

namespace detail {

/// The place of a component in a list; npos where it is not there.
template <class C, class... All>
constexpr std::size_t component_index() noexcept {
  constexpr bool same[] = {__is_same(C, All)..., true};
  std::size_t i = 0;
  while (!same[i]) {
    ++i;
  }
  return i == sizeof...(All) ? npos : i;
}

/// Whether some component depends on itself, through others too: takes away, again and again, those that need nothing
/// that is left.
template <std::size_t Count>
constexpr bool has_cycle(const std::array<view<std::uint8_t>, Count>& needs) noexcept {
  std::array<bool, Count> gone{};
  std::size_t left = Count;
  for (bool some = true; some;) {
    some = false;
    for (std::size_t i = 0; i != Count; ++i) {
      bool free = !gone[i];
      for (const std::uint8_t need : needs[i]) {
        free = free && (need >= Count || gone[need]);
      }
      if (free) {
        gone[i] = true;
        --left;
        some = true;
      }
    }
  }
  return left != 0;
}

}  // namespace detail

/// A program's health by a clock of one's own, for tests: see `health`.
template <class Clock, fixed_string Name, class... Components>
class basic_health {
  static constexpr std::size_t count = sizeof...(Components);
  static_assert(count != 0, "a program's health has at least one component");
  static_assert(count <= detail::most_components, "a program's health has at most 64 components: join some");
  static_assert(is_metric_name(Name.view()) && !detail::has_upper_case(Name.view()),
                "a program's name is made of a-z, 0-9 and _, and does not start with a digit");
  static_assert(detail::repeated_at(std::array<std::uint64_t, count>{detail::hash(Components::name)...}) ==
                    detail::npos,
                "two components have the same name: rename one");

  template <class C, class Need>
  static constexpr std::uint8_t index_of_need = [] {
    constexpr std::size_t index = detail::component_index<Need, Components...>();
    static_assert(index != detail::npos, "a component depends on one that is not in the list: add it there");
    return static_cast<std::uint8_t>(index);
  }();
  template <class C>
  static constexpr auto needs_of = []<class... Needs>(detail::list<Needs...>) {
    return std::array<std::uint8_t, sizeof...(Needs)>{index_of_need<C, Needs>...};
  }(typename C::needs{});
  static_assert(!detail::has_cycle<count>({needs_of<Components>...}),
                "components depend on each other in a circle: leave out one of the depends_on");

  static constexpr std::array<detail::component_facts, count> all = [] {
    std::array<detail::component_facts, count> facts{Components::facts...};
    std::size_t i = 0;
    ((facts[i++].needs = needs_of<Components>), ...);
    return facts;
  }();
  /// Before the names of its metrics: the program's name and `_`.
  static constexpr auto prefix = [] {
    std::array<char, Name.view().size() + 1> text{};
    for (std::size_t i = 0; i != Name.view().size(); ++i) {
      text[i] = Name.view()[i];
    }
    text.back() = '_';
    return text;
  }();
  static constexpr detail::health_facts facts{.name = Name.view(), .components = all};

  template <class C>
  static constexpr std::size_t index_of = [] {
    constexpr std::size_t index = detail::component_index<C, Components...>();
    static_assert(index != detail::npos, "this component is not in the program's health: add it to the list");
    return index == detail::npos ? 0 : index;
  }();

 public:
  static constexpr std::string_view name = Name.view();

  /// The program has begun: it reads its configuration, fills its caches.
  static void mark_initializing() noexcept { detail::mark_process(ref(), life_event::initialize); }
  /// Its start is over; it takes no work yet.
  static void mark_live() noexcept { detail::mark_process(ref(), life_event::go_live); }
  /// It takes work.
  static void mark_ready() noexcept { detail::mark_process(ref(), life_event::become_ready); }
  /// It takes no more work, and finishes what it has.
  static void mark_draining() noexcept { detail::mark_process(ref(), life_event::drain); }
  /// It has stopped.
  static void mark_stopped() noexcept { detail::mark_process(ref(), life_event::stop); }

  /// Reports a success. Where the component is healthy anyway this is a load and a compare: safe in a hot path.
  template <class C>
  VITALS_HOT static void mark_healthy() noexcept {
    if (detail::cell* const at = cells_.load(std::memory_order_acquire); at != nullptr) [[likely]] {
      const std::uint64_t word =
          at[detail::health_ref::place(index_of<C>, detail::component_cell::state)].load(std::memory_order_relaxed);
      if (detail::is_steadily_healthy(word)) [[likely]] {
        return;
      }
    }
    mark(index_of<C>, vitals::report::success, {});
  }

  /// Reports that a component works, but worse than it should, and why: one of a few texts, such as "slow". (Of a
  /// component 30 reasons are kept, others become "other"; what is different each time belongs to an error's message.)
  template <class C>
  static void mark_degraded(std::string_view reason = {}) noexcept {
    mark(index_of<C>, vitals::report::degradation, reason);
  }

  /// Reports a failure and why, as `mark_degraded` does.
  template <class C>
  static void mark_unhealthy(std::string_view reason = {}) noexcept {
    mark(index_of<C>, vitals::report::failure, reason);
  }

  /// The same, and the error that led to it: of the type `reason`, with a message for people. The message is kept in
  /// the table of errors alone, cut at 215 bytes.
  template <class C>
  static void mark_unhealthy(std::string_view reason, std::string_view message) noexcept {
    error<C>(reason, message);
    mark_unhealthy<C>(reason);
  }

  /// Counts an error of a type (one of a few texts, such as "timeout"; of a program 31 types are kept, others become
  /// "other") and keeps its message as the last one. It changes no status; `errors_in_a_row` counts up to the next
  /// success.
  template <class C>
  static void error(std::string_view type, std::string_view message = {}) noexcept {
    detail::record_error(ref(), index_of<C>, type, message);
  }

  /// A heartbeat: reads the processor's counter and stores it, relaxed.
  template <class C>
  VITALS_HOT static void beat() noexcept {
    constexpr std::size_t index = index_of<C>;
    static_assert(all[index].deadline != 0, "this component has no heartbeat: give it heartbeat<5s>");
    if (detail::cell* const at = cells_.load(std::memory_order_acquire); at != nullptr) [[likely]] {
      at[detail::health_ref::place(index, detail::component_cell::beat)].store(Clock::ticks(),
                                                                               std::memory_order_relaxed);
    } else {
      first_beat(index);
    }
  }

  /// Stores and tells what time alone changes: a heartbeat that is missing, an improvement that had to wait. A monitor
  /// does this; a program without one may, about once a second. Probes see it without.
  static void tick() noexcept { detail::tick(ref()); }

  /// What a probe finds now. No lock, no allocation.
  [[nodiscard]] static health_report report() noexcept {
    const std::uint64_t now = Clock::milliseconds();
    return detail::report_of(ref(), now);
  }

  /// Calls `listener` at every change of the process's phase and of a component's status, on the thread that made it;
  /// up to 4 of them, and false where there are. It must not block, throw or mark.
  static bool on_change(health_listener listener) noexcept { return detail::add_listener(ref(), listener); }

  /// Health as a source of metrics, under the program's name: expose it beside registries.
  [[nodiscard]] static constexpr source_ref source() noexcept {
    using families = detail::health_source<basic_health>;
    return {.families = {families::all, families::families},
            .cells = families::at.all,
            .read = [](const void*, std::uint64_t* out) noexcept { detail::read_health(ref(), out); },
            .prefix = {prefix.data(), prefix.size()}};
  }

  static constexpr std::array<std::string_view, count> component_names{Components::name...};
  static constexpr auto beating_names = [] {
    std::array<std::string_view, (0 + ... + (Components::facts.deadline != 0 ? 1 : 0))> names{};
    [[maybe_unused]] std::size_t at = 0;
    for (const detail::component_facts& f : all) {
      if (f.deadline != 0) {
        names[at++] = f.name;
      }
    }
    return names;
  }();
  /// (For the library's own use, as what follows.)
  template <class C>
  static constexpr std::size_t place_of = index_of<C>;

  static detail::abi::slot_table& error_types() noexcept {
    static_cast<void>(ref());  // which has found it
    return *error_types_.load(std::memory_order_acquire);
  }

  /// (clang 14 spells but the beginning of a long name within a type's.)
  static constexpr detail::image image{
      .key = detail::hash("health", detail::hash(name, detail::hash(detail::type_name<basic_health>()))),
      .thread_cells = 0,
      .shared_cells =
          detail::health_ref::place(count, detail::component_cell::state) + detail::error_table::cells(count),
      .runs = nullptr,
      .run_count = 0};

  [[nodiscard]] static detail::health_ref ref() noexcept {
    detail::cell* at = cells_.load(std::memory_order_acquire);
    if (at == nullptr) {
      at = find();
    }
    return {.facts = &facts,
            .cells = at,
            .reasons = reasons_.data(),
            .error_types = error_types_.load(std::memory_order_relaxed),  // who has the cells sees it
            .clock = {.milliseconds = &Clock::milliseconds, .silence = &Clock::silence, .wall = &Clock::wall}};
  }

 private:
  VITALS_COLD static detail::cell* find() noexcept {
    for (std::size_t i = 0; i != count; ++i) {
      reasons_[i].store(&detail::reasons_of(facts, i), std::memory_order_relaxed);
    }
    error_types_.store(&detail::error_types_of(facts), std::memory_order_release);
    if constexpr (!beating_names.empty()) {
      static_cast<void>(Clock::ticks());  // whose first use costs more: here no heartbeat and no probe pays for it
    }
    detail::cell* const at = detail::find_record(image).shared;
    cells_.store(at, std::memory_order_release);
    return at;
  }

  VITALS_COLD static void mark(std::size_t index, vitals::report what, std::string_view reason) noexcept {
    detail::mark_component(ref(), index, what, reason);
  }

  VITALS_COLD static void first_beat(std::size_t index) noexcept {
    ref().at(index, detail::component_cell::beat).store(Clock::ticks(), std::memory_order_relaxed);
  }

  /// The shared cells, once this library has asked for them: written with one value only (release), read by all
  /// (acquire), as it leads to the cells.
  static inline constinit std::atomic<detail::cell*> cells_{nullptr};
  static inline constinit std::array<std::atomic<detail::abi::slot_table*>, count> reasons_{};
  static inline constinit std::atomic<detail::abi::slot_table*> error_types_{nullptr};
};

/// A program's health: `using app_health = vitals::health<"event_relay", store, tailer>;` All of it is static, and one
/// in the process. Any thread may mark and probe at any time.
template <fixed_string Name, class... Components>
using health = basic_health<health_clock, Name, Components...>;

namespace detail {

template <class H>
concept is_health = requires {
  { H::ref() }
  noexcept->std::same_as<health_ref>;
};

}  // namespace detail

}  // namespace vitals::inline v0

#endif
