// The naming rules, each a question to a name. https://prometheus.io/docs/practices/naming/
#ifndef VITALS_METRIC_LINT_HPP
#define VITALS_METRIC_LINT_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace vitals::inline v0::detail {

/// Whether one of the name's parts (between underscores) satisfies `question`.
template <class Question>
constexpr bool any_part(std::string_view name, Question question) noexcept {
  std::size_t start = 0;
  // not find(): with -fsanitize=undefined that is no constant to g++ 12
  for (std::size_t i = 0; i <= name.size(); ++i) {
    if (i == name.size() || name[i] == '_') {
      if (question(name.substr(start, i - start))) {
        return true;
      }
      start = i + 1;
    }
  }
  return false;
}

/// Whether a part is one of the list. (The first letters are compared without a call: most are enough.)
template <std::size_t N>
constexpr bool is_one_of(std::string_view part, const std::string_view (&list)[N]) noexcept {
  if (part.empty()) {
    return false;
  }
  for (const std::string_view& known : list) {
    if (known.data()[0] == part.data()[0] && known == part) {
      return true;
    }
  }
  return false;
}

// The lists stand outside of the functions that read them: clang would make a function's own anew in each call.
inline constexpr std::string_view other_units[] = {
    "minutes", "hours",   "days",   "weeks", "kelvin", "kelvins", "fahrenheit", "s",      "ms",    "us",
    "ns",      "sec",     "m",      "h",     "d",      "b",       "kb",         "mb",     "gb",    "tb",
    "pb",      "rankine", "inches", "yards", "miles",  "bits",    "calories",   "pounds", "ounces"};
inline constexpr std::string_view unit_prefixes[] = {"pico",  "nano", "micro", "milli", "centi", "deci", "deca",
                                                     "hecto", "kilo", "kibi",  "mega",  "mibi",  "mebi", "giga",
                                                     "gibi",  "tera", "tebi",  "peta",  "pebi"};
inline constexpr std::string_view prefixed_units[] = {"seconds", "bytes",  "bits",  "meters",  "metres",
                                                      "grams",   "joules", "volts", "amperes", "moles",
                                                      "celsius", "kelvin", "watts"};
inline constexpr std::string_view metric_types[] = {"counter", "gauge", "histogram", "summary"};

/// The last letters of such units that are longer than three: most parts of names end in another one, and need no
/// search. This runs for every metric's name.
inline constexpr std::uint32_t unit_endings = [] {
  std::uint32_t letters = 0;
  const auto add = [&letters](std::string_view unit) {
    letters |= unit.size() > 3 ? std::uint32_t{1} << (unit.back() - 'a') : 0;
  };
  for (const std::string_view unit : other_units) {
    add(unit);
  }
  for (const std::string_view unit : prefixed_units) {
    add(unit);
  }
  return letters;
}();

/// Whether a part of the name is a unit other than a base unit (seconds, bytes, ratio, celsius, grams, ...), or an
/// abbreviation of one.
constexpr bool names_other_unit(std::string_view name) noexcept {
  return any_part(name, [](std::string_view part) {
    const char last = part.empty() ? '_' : part.back();
    if (part.size() > 3 && (last < 'a' || last > 'z' || (unit_endings >> (last - 'a') & 1U) == 0)) {
      return false;
    }
    if (is_one_of(part, other_units)) {
      return true;
    }
    for (const std::string_view& prefix : unit_prefixes) {
      if (part.starts_with(prefix) && is_one_of(part.substr(prefix.size()), prefixed_units)) {
        return true;
      }
    }
    return false;
  });
}

/// Whether the name says its own type, which a scraper knows already.
constexpr bool names_type(std::string_view name) noexcept {
  return any_part(name, [](std::string_view part) { return is_one_of(part, metric_types); });
}

/// Whether the name has an upper-case letter: names are snake_case.
constexpr bool has_upper_case(std::string_view name) noexcept {
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') {
      return true;
    }
  }
  return false;
}

/// Whether the name ends as samples of a histogram do, or as the time since when something counts.
constexpr bool ends_as_sample(std::string_view name) noexcept {
  return name.ends_with("_bucket") || name.ends_with("_count") || name.ends_with("_sum") || name.ends_with("_created");
}

}  // namespace vitals::inline v0::detail

#endif
