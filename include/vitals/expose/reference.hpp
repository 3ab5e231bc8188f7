// A reference of all metrics as Markdown, from their descriptors.
#ifndef VITALS_EXPOSE_REFERENCE_HPP
#define VITALS_EXPOSE_REFERENCE_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <vitals/expose/number.hpp>
#include <vitals/metric/family.hpp>

namespace vitals::inline v0 {

namespace detail {

/// Adds `text` as a cell of a Markdown table: on one line, with nothing in it that Markdown or HTML would take for its
/// own.
inline void append_cell(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == '\n') {
      out += ' ';
    } else if (c == '<') {
      out += "&lt;";
    } else {
      out.append(c == '|' || c == '\\' || c == '`' || c == '*' || c == '_' || c == '[' ? 1 : 0, '\\') += c;
    }
  }
}

inline void append_number(std::string& out, std::uint64_t n) {
  char digits[number_room];
  out.append(digits, static_cast<std::size_t>(write_unsigned(digits, n) - digits));
}

/// A label and its values, of many only the first.
inline void append_values(std::string& out, const label_family& l) {
  constexpr std::size_t most = 12;
  append_cell(out, l.name);
  if (l.table != nullptr) {
    out += ": up to ";
    append_number(out, l.slots);
    out += " given at run time, other";
  }
  for (std::size_t i = 0; i != l.values.size(); ++i) {
    out += i == 0 ? ": " : ", ";
    if (i == most) {
      out += "... (";
      append_number(out, l.values.size());
      out += ')';
      break;
    }
    append_cell(out, l.values[i]);
  }
}

inline void append_reference(std::string& out, const source_ref& s) {
  constexpr std::string_view types[] = {"counter", "gauge", "histogram", "summary", "info", "state set"};
  for (const family& f : s.families) {
    out += "| `";
    out.append(s.prefix).append(f.name).append("` | ").append(types[static_cast<std::size_t>(f.type)]);
    out.append(f.native.parts != 0 ? " (native) | " : " | ").append(f.unit).append(" | ");
    std::string_view between;
    for (const label_family& l : f.labels) {
      out += between;
      append_values(out, l);
      between = "; ";
    }
    out += " | ";
    append_cell(out, f.help);
    out += " | ";
    append_number(out, f.series);
    out += " | ";
    const bool is_state = f.kind == value_kind::state;
    const std::size_t sets = is_state ? f.series / f.labels.back().size() : f.series;
    const std::size_t all = sets * f.stride + std::size_t{f.series} * f.exemplars.stride;
    append_number(out, f.present == family::always ? all * sizeof(std::uint64_t) : 0);
    out += " |\n";
  }
}

}  // namespace detail

/// A Markdown table of all metrics of all Sources: name, type, unit, labels and their values, help, number of series,
/// and the bytes that the series take: of each thread, or once where all threads share them. Throws std::bad_alloc.
template <source... Sources>
requires(sizeof...(Sources) != 0) [[nodiscard]] std::string reference() {
  std::string out = "| name | type | unit | labels | what | series | bytes |\n|---|---|---|---|---|---:|---:|\n";
  (detail::append_reference(out, Sources::source()), ...);
  return out;
}

}  // namespace vitals::inline v0

#endif
