// A program's health as families of metrics.
#ifndef VITALS_HEALTH_HEALTH_FAMILIES_HPP
#define VITALS_HEALTH_HEALTH_FAMILIES_HPP

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <vitals/core/sum.hpp>
#include <vitals/core/view.hpp>
#include <vitals/health/component_state.hpp>
#include <vitals/health/errors.hpp>
#include <vitals/health/lifecycle.hpp>
#include <vitals/health/report.hpp>
#include <vitals/metric/family.hpp>

namespace vitals::inline v0::detail {

inline constexpr std::string_view phase_texts[] = {"starting", "ready", "degraded", "draining", "stopped"};
inline constexpr std::string_view status_texts[] = {"unknown", "healthy", "degraded", "unhealthy"};

/// Where the operators' five phases begin among the exact ones.
constexpr std::uint64_t phase_text_of(phase p) noexcept {
  return p <= phase::live ? 0 : static_cast<std::uint64_t>(p) - static_cast<std::uint64_t>(phase::live);
}

/// Where a reading's cells lie.
struct health_reading {
  constexpr explicit health_reading(std::uint32_t components) noexcept : count(components) {}

  std::uint32_t count;
  std::uint32_t types = most_error_types + 1;
  std::uint32_t phase = 0;
  std::uint32_t ready = 1;
  std::uint32_t live = 2;
  std::uint32_t uptime = 3;
  std::uint32_t refused = 4;
  std::uint32_t status = 5;
  std::uint32_t state = status + count;
  std::uint32_t transitions = state + count;
  std::uint32_t in_state = transitions + 4 * count;
  std::uint32_t changed = in_state + count;
  std::uint32_t errors = changed + count;
  std::uint32_t silences = errors + count * types;  ///< of those that beat, no more than `count`
  std::uint32_t all = silences + count;
};

/// A health's families. `Health` has the names of its components and of those that beat, and `error_types()`.
template <class Health>
struct health_source {
  static constexpr auto count = static_cast<std::uint32_t>(Health::component_names.size());
  static constexpr auto beating = static_cast<std::uint32_t>(Health::beating_names.size());
  static constexpr health_reading at{count};

  static constexpr label_family phase_label[] = {{.name = "phase", .values = phase_texts}};
  static constexpr label_family by_component[] = {{.name = "component", .values = Health::component_names}};
  static constexpr label_family by_beating[] = {{.name = "component", .values = Health::beating_names}};
  static constexpr label_family by_state[] = {{.name = "component", .values = Health::component_names},
                                              {.name = "component_state", .values = status_texts}};
  static constexpr label_family by_target[] = {{.name = "component", .values = Health::component_names},
                                               {.name = "to", .values = status_texts}};
  static constexpr label_family by_type[] = {
      {.name = "component", .values = Health::component_names},
      {.name = "type", .values = {}, .table = &Health::error_types, .slots = most_error_types}};

  static constexpr family one(std::string_view name, std::string_view help, std::string_view unit, metric_type type,
                              value_kind kind, view<label_family> labels, std::uint32_t first,
                              std::uint32_t series) noexcept {
    return {.name = name,
            .help = help,
            .unit = unit,
            .type = type,
            .kind = kind,
            .labels = labels,
            .bounds = {},
            .first = first,
            .series = series,
            .stride = 1,
            .width = 1};
  }

  static constexpr family all[] = {
      one("phase", "Where the program is in its life.", {}, metric_type::state_set, value_kind::state, phase_label,
          at.phase, 5),
      one("ready", "1 where the program takes work, else 0.", {}, metric_type::gauge, value_kind::unsigned_integer, {},
          at.ready, 1),
      one("live", "0 where the program should be restarted, else 1.", {}, metric_type::gauge,
          value_kind::unsigned_integer, {}, at.live, 1),
      one("uptime_seconds", "Time since the program's first event.", "seconds", metric_type::gauge, value_kind::real,
          {}, at.uptime, 1),
      one("refused_transitions_total", "Events that were illegal in the program's phase.", {}, metric_type::counter,
          value_kind::unsigned_integer, {}, at.refused, 1),
      one("component_status", "1 where the component is healthy or degraded, else 0.", {}, metric_type::gauge,
          value_kind::unsigned_integer, by_component, at.status, count),
      one("component_state", "How the component fares.", {}, metric_type::state_set, value_kind::state, by_state,
          at.state, 4 * count),
      one("component_transitions_total", "How often the component came to be so.", {}, metric_type::counter,
          value_kind::unsigned_integer, by_target, at.transitions, 4 * count),
      one("component_state_duration_seconds", "How long the component has been as it is.", "seconds",
          metric_type::gauge, value_kind::real, by_component, at.in_state, count),
      one("component_last_change_timestamp_seconds", "When the component changed last, 0 before.", "seconds",
          metric_type::gauge, value_kind::real, by_component, at.changed, count),
      one("component_errors_total", "Errors of the component.", {}, metric_type::counter, value_kind::unsigned_integer,
          by_type, at.errors, count*(most_error_types + 1)),
      one("component_heartbeat_age_seconds", "Time since the component's last heartbeat, or since the start.",
          "seconds", metric_type::gauge, value_kind::real, by_beating, at.silences, beating),
  };
  static constexpr std::size_t families =
      beating != 0 ? (sizeof all / sizeof all[0]) : (sizeof all / sizeof all[0]) - 1;
};

/// Fills in a reading's cells.
inline void read_health(const health_ref& of, std::uint64_t* out) noexcept {
  const std::size_t count = of.facts->components.size();
  const health_report r = report_of(of, of.clock.milliseconds());
  const auto real = [](double value) { return std::bit_cast<std::uint64_t>(value); };
  const auto seconds = [&](std::uint64_t ms) { return real(static_cast<double>(ms) / 1000); };
  *out++ = phase_text_of(r.now);
  *out++ = r.ready ? 1 : 0;
  *out++ = r.live ? 1 : 0;
  *out++ = seconds(r.uptime);
  *out++ = of.at(process_cell::refused).load(std::memory_order_relaxed);
  for (const component_report& c : r.components()) {
    *out++ = c.now == status::healthy || c.now == status::degraded ? 1 : 0;
  }
  for (const component_report& c : r.components()) {
    *out++ = static_cast<std::uint64_t>(c.now);
  }
  for (std::size_t i = 0; i != count; ++i) {
    for (std::size_t s = 0; s != statuses; ++s) {
      *out++ = of.at(i, component_cell::entered, s).load(std::memory_order_relaxed);
    }
  }
  for (const component_report& c : r.components()) {
    *out++ = seconds(c.age);
  }
  for (std::size_t i = 0; i != count; ++i) {
    *out++ = seconds(of.at(i, component_cell::changed).load(std::memory_order_relaxed));
  }
  constexpr std::size_t types = most_error_types + 1;
  set_zero(out, out + count * types);
  const error_table table{of};
  for (std::size_t i = 0; i != table.size(); ++i) {
    const cell* const entry = table.entry(i);
    if (const std::uint64_t key = entry[error_cell::key].load(std::memory_order_acquire); key != 0) {
      out[key - 1] += entry[error_cell::count].load(std::memory_order_relaxed);
    }
  }
  out += count * types;
  for (std::size_t i = 0; i != count; ++i) {
    if (of.facts->components[i].deadline != 0) {
      const std::uint64_t silence = r.all[i].silence;
      *out++ = seconds(silence == component_report::never ? r.uptime : silence);
    }
  }
}

}  // namespace vitals::inline v0::detail

#endif
