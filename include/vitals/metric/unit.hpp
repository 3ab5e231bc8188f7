// Units: what a metric's name says that its values are counted in.
// https://prometheus.io/docs/practices/naming/#base-units
#ifndef VITALS_METRIC_UNIT_HPP
#define VITALS_METRIC_UNIT_HPP

#include <string_view>

#include <vitals/core/fixed_string.hpp>
#include <vitals/metric/lint.hpp>

namespace vitals::inline v0 {

/// Units as a metric's options: `gauge<"room_celsius", "...", unit::celsius>`. The metric's name must end in the unit,
/// before `_total`. Without one, a name that ends in a unit of this list has it.
namespace unit {

/// A unit that is not in the list: `unit::custom<"widgets">`.
template <fixed_string Name>
struct custom {
  static constexpr std::string_view name = Name.view();
};

using seconds = custom<"seconds">;
using bytes = custom<"bytes">;
using ratio = custom<"ratio">;
using celsius = custom<"celsius">;
using meters = custom<"meters">;
using grams = custom<"grams">;
using joules = custom<"joules">;
using volts = custom<"volts">;
using amperes = custom<"amperes">;
using hertz = custom<"hertz">;

}  // namespace unit

namespace detail {

template <class T>
inline constexpr bool is_unit = false;
template <fixed_string Name>
inline constexpr bool is_unit<unit::custom<Name>> = true;

template <class T>
inline constexpr std::string_view unit_name{};
template <fixed_string Name>
inline constexpr std::string_view unit_name<unit::custom<Name>> = unit::custom<Name>::name;

/// Whether `name`, but for `_total`, ends in `_unit`.
constexpr bool ends_in_unit(std::string_view name, std::string_view unit) noexcept {
  if (name.ends_with("_total")) {
    name.remove_suffix(6);
  }
  return name.size() > unit.size() && name.ends_with(unit) && name[name.size() - unit.size() - 1] == '_';
}

inline constexpr std::string_view known_units[] = {"seconds", "bytes",  "ratio", "celsius", "meters",
                                                   "grams",   "joules", "volts", "amperes", "hertz"};

/// The unit of the list that a name ends in; empty where it ends in none.
constexpr std::string_view known_unit(std::string_view name) noexcept {
  for (const std::string_view& one : known_units) {
    if (ends_in_unit(name, one)) {
      return one;
    }
  }
  return {};
}

}  // namespace detail

}  // namespace vitals::inline v0

#endif
