// Numbers and durations as text for people, in the messages of checks.
#ifndef VITALS_HEALTH_SHOWN_HPP
#define VITALS_HEALTH_SHOWN_HPP

#include <charconv>
#include <chrono>
#include <cmath>
#include <string>
#include <type_traits>

namespace vitals::inline v0::detail {

/// A number for people, whatever the locale.
template <class T>
requires std::is_arithmetic_v<T> std::string shown(T number) {
  char digits[64];
  const std::to_chars_result end = std::to_chars(digits, digits + sizeof digits, number);
  return {digits, end.ptr};
}
template <class Rep, class Period>
std::string shown(std::chrono::duration<Rep, Period> d) {
  const double seconds = std::chrono::duration<double>(d).count();  // the longest has no place in whole milliseconds
  return shown(std::round(seconds * 1000) / 1000) + " s";
}

}  // namespace vitals::inline v0::detail

#endif
