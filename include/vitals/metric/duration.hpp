// Any duration, and any number of seconds, as whole nanoseconds; nothing overflows.
#ifndef VITALS_METRIC_DURATION_HPP
#define VITALS_METRIC_DURATION_HPP

#include <concepts>
#include <cstdint>
#include <limits>
#include <ratio>

#include <vitals/core/cell.hpp>
#include <vitals/core/chrono.hpp>
#include <vitals/core/config.hpp>

namespace vitals::inline v0::detail {

using nanos = std::int64_t;
inline constexpr nanos most_nanos = std::numeric_limits<nanos>::max();

/// Seconds to the nearest nanosecond, held at +-292 years (also for infinities). Not for NaN; without `Signed`, for
/// nothing negative.
template <bool Signed = true>
VITALS_HOT constexpr nanos nanos_of_seconds(double seconds) noexcept {
  constexpr double limit = 9223372036854775808.0;  // 2^63
  constexpr double half = 0.49999999999999994;     // the double below 0.5, which would lift odd numbers past 2^52
  const double exact = seconds * 1e9;
  const double rounded = exact + (Signed && exact < 0 ? -half : half);
  if (rounded >= limit) [[unlikely]] {
    return most_nanos;
  }
  if (Signed && rounded <= -limit) [[unlikely]] {
    return -most_nanos;
  }
  return static_cast<nanos>(rounded);
}

/// A duration to the nearest nanosecond, held at +-292 years; without `Signed`, a negative one is just negative. A
/// duration of doubles must not be NaN.
template <bool Signed = true, class Rep, class Period>
VITALS_HOT constexpr nanos nanos_of(std::chrono::duration<Rep, Period> d) noexcept {
  using to_nano = std::ratio_divide<Period, std::nano>;
  if constexpr (!std::integral<Rep>) {
    return nanos_of_seconds(static_cast<double>(d.count()) * static_cast<double>(Period::num) /
                            static_cast<double>(Period::den));
  } else if constexpr (to_nano::den == 1) {
    nanos result = 0;
    if (__builtin_mul_overflow(d.count(), nanos{to_nano::num}, &result)) [[unlikely]] {
      return d.count() < 0 ? -most_nanos : most_nanos;
    }
    return Signed && result < -most_nanos ? -most_nanos : result;
  } else {
    const wide exact = static_cast<wide>(d.count()) * to_nano::num;
    const wide rounded = (exact + (exact < 0 ? -1 : 1) * (to_nano::den / 2)) / to_nano::den;
    return rounded > most_nanos ? most_nanos : rounded < -most_nanos ? -most_nanos : static_cast<nanos>(rounded);
  }
}

}  // namespace vitals::inline v0::detail

#endif
