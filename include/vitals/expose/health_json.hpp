// A program's health for machines and people: JSON, application/health+json, and Kubernetes' verbose lines.
//
// The JSON document has the same members on every path:
//
//   {"status":"degraded","ready":true,"live":true,"started":true,
//    "reasons":["cache: connection_timeout"],
//    "components":{
//     "cache":{"status":"unhealthy","criticality":"degrading","reason":"connection_timeout","cause":"cache",
//              "age_seconds":12.5,"flapping":false,"errors":3,"errors_in_a_row":3,
//              "heartbeat_age_seconds":0.2,"checked_seconds_ago":4.1},
//     ...},
//    "service":"relay","version":"1.4.2","environment":"production",
//    "uptime_seconds":3600.5,"uptime":"1h 0m","timestamp":"2026-01-31T12:00:00.000Z"}
//
// `status` is starting, ready, degraded, unready (it would take work, and a critical component fails), draining or
// stopped. `reasons` names what is at fault, not what suffers from it: `cause` tells for each component. Probes of
// liveness and of the start have no components. A heartbeat's age is there for components that beat, that of a check's
// result for those that a monitor has checked. More members may be added.
#ifndef VITALS_EXPOSE_HEALTH_JSON_HPP
#define VITALS_EXPOSE_HEALTH_JSON_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <vitals/core/view.hpp>
#include <vitals/expose/json.hpp>
#include <vitals/expose/number.hpp>
#include <vitals/health/errors.hpp>
#include <vitals/health/report.hpp>

namespace vitals::inline v0 {

/// What is told beside a program's health.
struct health_page_options {
  std::string version{};
  std::string environment{};
  std::vector<std::string> metrics{};  ///< names of the families that the status page shows
  bool show_errors = false;            ///< whether the errors' last messages are shown, to whoever asks
};

namespace detail {

/// The one word for the whole.
inline std::string_view status_of(const health_report& r) noexcept {
  return takes_work(r.now) && !r.ready ? std::string_view{"unready"} : name_of(r.now);
}

inline std::string_view name_of(criticality c) noexcept {
  constexpr std::string_view names[] = {"critical", "degrading", "informational"};
  return names[static_cast<std::size_t>(c)];
}

/// Adds ms as seconds with up to 3 decimals.
inline void append_seconds(std::string& out, std::uint64_t ms) {
  char digits[number_room];
  out.append(digits, static_cast<std::size_t>(write_unsigned(digits, ms / 1000) - digits));
  if (ms % 1000 != 0) {
    out += '.';
    out += static_cast<char>('0' + ms / 100 % 10);
    out += static_cast<char>('0' + ms / 10 % 10);
    out += static_cast<char>('0' + ms % 10);
  }
}

inline void append_count(std::string& out, std::uint64_t n) {
  char digits[number_room];
  out.append(digits, static_cast<std::size_t>(write_unsigned(digits, n) - digits));
}

/// Adds a time since 1970 in ms as RFC 3339 has it, in UTC.
inline void append_timestamp(std::string& out, std::uint64_t ms) {
  constexpr std::uint64_t day = 86'400'000;
  constexpr std::uint64_t last = 253'402'300'799'999;  // the end of the year 9999: a year has four digits
  ms = ms < last ? ms : last;
  // By years that begin in March, whose leap day is their last, from the one that began 719,468 days before 1970.
  // (gmtime_r takes a lock, and the calendars of <chrono> are long to compile.)
  const auto days = static_cast<unsigned>(ms / day) + 719'468;
  const unsigned in_cycle = days % 146'097;  // of 400 years
  const unsigned year_of_cycle = (in_cycle - in_cycle / 1'460 + in_cycle / 36'524 - in_cycle / 146'096) / 365;
  const unsigned in_year = in_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
  const unsigned month = (5 * in_year + 2) / 153;  // from March; five of them have 153 days
  const unsigned year = days / 146'097 * 400 + year_of_cycle + (month < 10 ? 0 : 1);
  const auto second = static_cast<unsigned>(ms % day / 1000);
  char text[] = "0000-00-00T00:00:00.000Z";
  const auto put = [&text](std::size_t at, std::size_t digits, unsigned n) {
    for (; digits != 0; n /= 10) {
      text[at + --digits] = static_cast<char>('0' + n % 10);
    }
  };
  put(0, 4, year);
  put(5, 2, month < 10 ? month + 3 : month - 9);
  put(8, 2, in_year - (153 * month + 2) / 5 + 1);
  put(11, 2, second / 3600);
  put(14, 2, second / 60 % 60);
  put(17, 2, second % 60);
  put(20, 3, static_cast<unsigned>(ms % 1000));
  out.append(text, sizeof text - 1);
}

/// Adds a time span for people: its two largest parts, `3d 4h`, `12m 5s`, `42s`.
inline void append_span(std::string& out, std::uint64_t ms) {
  const std::uint64_t s = ms / 1000;
  const struct {
    std::uint64_t count;
    char unit;
  } parts[] = {{s / 86400, 'd'}, {s / 3600 % 24, 'h'}, {s / 60 % 60, 'm'}, {s % 60, 's'}};
  std::size_t first = 0;
  while (first != 3 && parts[first].count == 0) {
    ++first;
  }
  for (std::size_t i = first; i != 4 && i != first + 2; ++i) {
    out += i == first ? "" : " ";
    append_count(out, parts[i].count);
    out += parts[i].unit;
  }
}

inline void append_text_member(std::string& out, std::string_view name, std::string_view value) {
  out += ",\"";
  out += name;
  out += "\":";
  append_json(out, value);
}

inline void append_flag(std::string& out, std::string_view name, bool value) {
  out += ",\"";
  out += name;
  out += value ? "\":true" : "\":false";
}

/// A bit for each component that is at fault that some component, itself or one that needs it, makes the program
/// unready or degraded.
inline std::uint64_t at_fault(const health_report& r) noexcept {
  static_assert(most_components <= 64);
  std::uint64_t all = 0;
  for (const component_report& c : r.components()) {
    if (c.now != status::healthy && c.matters != criticality::informational) {
      all |= std::uint64_t{1} << c.cause;
    }
  }
  return all;
}

inline void append_reasons(std::string& out, const health_report& r) {
  std::string_view between;
  out += '[';
  if (!takes_work(r.now)) {
    out.append("\"process: ").append(name_of(r.now)).append("\"");
    between = ",";
  }
  const std::uint64_t blamed = at_fault(r);
  for (std::size_t i = 0; i != r.count; ++i) {
    const component_report& c = r.all[i];
    if ((blamed >> i & 1U) != 0) {
      out += between;
      between = ",";
      out += '"';
      out += c.name;
      out += ": ";
      append_json_escaped(out, c.reason.empty() ? name_of(c.now) : c.reason);
      out += '"';
    }
  }
  out += ']';
}

inline std::uint64_t errors_of(const error_index& errors, std::size_t component) noexcept {
  std::uint64_t sum = 0;
  errors.each(component, [&sum](const cell* entry, std::uint32_t) {
    sum += entry[error_cell::count].load(std::memory_order_relaxed);
  });
  return sum;
}

inline void append_errors(std::string& out, const health_ref& of, const error_index& errors, std::size_t component,
                          bool messages) {
  std::string_view between = ",\"error_types\":[";
  errors.each(component, [&](const cell* entry, std::uint32_t type) {
    const std::uint64_t count = entry[error_cell::count].load(std::memory_order_relaxed);
    if (count == 0) {  // its first error is being written
      return;
    }
    out += between;
    between = ",";
    out += "{\"type\":";
    append_json(out, text_of_slot(*of.error_types, type));
    out += ",\"count\":";
    append_count(out, count);
    out += ",\"first\":\"";
    append_timestamp(out, entry[error_cell::first].load(std::memory_order_relaxed));
    out += "\",\"last\":\"";
    append_timestamp(out, entry[error_cell::last].load(std::memory_order_relaxed));
    out += '"';
    if (messages) {
      error_report e;
      load_message(entry, e);
      append_text_member(out, "message", e.message());
    }
    out += '}';
  });
  out += between == "," ? "]" : "";
}

inline void append_component(std::string& out, const health_ref& of, const health_report& r, const error_index& errors,
                             std::size_t i, bool messages) {
  const component_report& c = r.all[i];
  append_json(out, c.name);
  out += ":{\"status\":\"";
  out += name_of(c.now);
  out += "\",\"criticality\":\"";
  out += name_of(c.matters);
  out += "\",\"reason\":";
  append_json(out, c.reason);
  append_text_member(out, "cause", c.now == status::healthy ? std::string_view{} : r.all[c.cause].name);
  out += ",\"age_seconds\":";
  append_seconds(out, c.age);
  append_flag(out, "flapping", c.is_flapping);
  out += ",\"errors\":";
  append_count(out, errors_of(errors, i));
  out += ",\"errors_in_a_row\":";
  append_count(out, error_table{of}.in_a_row[i].load(std::memory_order_relaxed));
  if (c.silence != component_report::never) {
    out += ",\"heartbeat_age_seconds\":";
    append_seconds(out, c.silence);
  }
  if (c.checked != component_report::never) {
    out += ",\"checked_seconds_ago\":";
    append_seconds(out, c.checked);
  }
  append_errors(out, of, errors, i, messages);
  out += '}';
}

/// Adds the document without its closing brace, for more members.
inline void append_health(std::string& out, const health_ref& of, const health_report& r,
                          const health_page_options& options, bool components) {
  out += "{\"status\":\"";
  out += status_of(r);
  out += '"';
  append_flag(out, "ready", r.ready);
  append_flag(out, "live", r.live);
  append_flag(out, "started", r.started);
  out += ",\"reasons\":";
  append_reasons(out, r);
  out += ",\"components\":{";
  if (components) {
    const error_index errors{of};
    for (std::size_t i = 0; i != r.count; ++i) {
      out += i == 0 ? "\n " : ",\n ";
      append_component(out, of, r, errors, i, options.show_errors);
    }
  }
  out += '}';
  append_text_member(out, "service", of.facts->name);
  append_text_member(out, "version", options.version);
  append_text_member(out, "environment", options.environment);
  out += ",\"uptime_seconds\":";
  append_seconds(out, r.uptime);
  out += ",\"uptime\":\"";
  append_span(out, r.uptime);
  out += "\",\"timestamp\":\"";
  append_timestamp(out, of.clock.wall());
  out += '"';
}

/// The same as application/health+json has it (draft-inadarei-api-health-check).
inline void append_health_check(std::string& out, const health_ref& of, const health_report& r,
                                const health_page_options& options) {
  constexpr std::string_view words[] = {"fail", "pass", "warn", "fail"};
  out += "{\"status\":\"";
  out += !r.ready ? "fail" : r.now == phase::degraded ? "warn" : "pass";
  out += '"';
  append_text_member(out, "serviceId", of.facts->name);
  append_text_member(out, "version", options.version);
  append_text_member(out, "description", status_of(r));
  out += ",\"checks\":{";
  for (std::size_t i = 0; i != r.count; ++i) {
    const component_report& c = r.all[i];
    out += i == 0 ? "\n " : ",\n ";
    append_json(out, c.name);
    out += ":[{\"componentType\":\"component\",\"status\":\"";
    out += words[static_cast<std::size_t>(c.now)];
    out += '"';
    if (c.now != status::healthy) {
      append_text_member(out, "output", c.reason.empty() ? name_of(c.now) : c.reason);
    }
    out += '}';
    out += ']';
  }
  out += "}}\n";
}

/// Adds a line as Kubernetes' verbose form has it. Control characters become blanks: a reason is no line of its own.
inline void append_check_line(std::string& out, std::string_view name, bool good, std::string_view why,
                              bool excluded = false) {
  if (excluded) {
    out.append("[+]").append(name).append(" excluded: ok\n");
    return;
  }
  out += good ? "[+]" : "[-]";
  out += name;
  out += good ? " ok" : " failed: ";
  for (const char c : good ? std::string_view{} : why) {
    out += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
  }
  out += '\n';
}

}  // namespace detail

}  // namespace vitals::inline v0

#endif
