// The naming rules, each a question to a name. https://prometheus.io/docs/practices/naming/
#ifndef VITALS_METRIC_LINT_HPP
#define VITALS_METRIC_LINT_HPP

#include <cstddef>
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

template <std::size_t N>
constexpr bool is_one_of(std::string_view part, const std::string_view (&list)[N]) noexcept {
  for (const std::string_view known : list) {
    if (part == known) {
      return true;
    }
  }
  return false;
}

/// Whether a part of the name is a unit other than a base unit (seconds, bytes, ratio, celsius, grams, ...), or an
/// abbreviation of one.
constexpr bool names_other_unit(std::string_view name) noexcept {
  return any_part(name, [](std::string_view part) {
    constexpr std::string_view others[] = {
        "minutes", "hours",   "days",   "weeks", "kelvin", "kelvins", "fahrenheit", "s",      "ms",    "us",
        "ns",      "sec",     "m",      "h",     "d",      "b",       "kb",         "mb",     "gb",    "tb",
        "pb",      "rankine", "inches", "yards", "miles",  "bits",    "calories",   "pounds", "ounces"};
    constexpr std::string_view prefixes[] = {"pico",  "nano", "micro", "milli", "centi", "deci", "deca",
                                             "hecto", "kilo", "kibi",  "mega",  "mibi",  "mebi", "giga",
                                             "gibi",  "tera", "tebi",  "peta",  "pebi"};
    constexpr std::string_view bases[] = {"seconds", "bytes",   "bits",  "meters",  "metres", "grams", "joules",
                                          "volts",   "amperes", "moles", "celsius", "kelvin", "watts"};
    if (is_one_of(part, others)) {
      return true;
    }
    for (const std::string_view prefix : prefixes) {
      if (part.starts_with(prefix) && is_one_of(part.substr(prefix.size()), bases)) {
        return true;
      }
    }
    return false;
  });
}

/// Whether the name says its own type, which a scraper knows already.
constexpr bool names_type(std::string_view name) noexcept {
  return any_part(name, [](std::string_view part) {
    constexpr std::string_view types[] = {"counter", "gauge", "histogram", "summary"};
    return is_one_of(part, types);
  });
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
