// Bounds of a histogram's buckets, as types.
#ifndef VITALS_METRIC_BUCKETS_HPP
#define VITALS_METRIC_BUCKETS_HPP

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>

#include <vitals/core/chrono.hpp>
#include <vitals/core/unique.hpp>

namespace vitals::inline v0 {

/// A number as a template argument, in compilers that take no double there: an integer, a double, or a duration (which
/// becomes seconds).
struct number {
  std::uint64_t bits;  // public, as a template argument's members must be

  // NOLINTBEGIN(google-explicit-constructor): a number converts by itself
  constexpr number(double value) noexcept : bits(std::bit_cast<std::uint64_t>(value)) {}
  template <std::integral T>
  constexpr number(T value) noexcept : number(static_cast<double>(value)) {}
  template <class Rep, class Period>
  constexpr number(std::chrono::duration<Rep, Period> value) noexcept
      : number(static_cast<double>(value.count()) * static_cast<double>(Period::num) /
               static_cast<double>(Period::den)) {}
  constexpr operator double() const noexcept { return std::bit_cast<double>(bits); }
  // NOLINTEND(google-explicit-constructor)
};

namespace detail {

/// A decimal number digits / 10^places, for doubles that were written as short decimals.
struct decimal {
  std::int64_t digits = 0;
  int places = -1;  ///< -1: the double is no short decimal

  static constexpr double power(int places) noexcept {
    double result = 1;
    for (int i = 0; i != places; ++i) {
      result *= 10;
    }
    return result;
  }

  static constexpr decimal of(double value) noexcept {
    for (int places = 0; places != 16; ++places) {
      const double scaled = value * power(places);
      if (!(scaled < 9e15 && scaled > -9e15)) {
        break;
      }
      const auto digits = static_cast<std::int64_t>(scaled + (scaled < 0 ? -0.5 : 0.5));
      if (static_cast<double>(digits) / power(places) == value) {
        return {digits, places};
      }
    }
    return {};
  }
};

/// The double nearest to start + step x i, where both are short decimals: 0.15, not 0.15000000000000002.
constexpr double step_up(double start, double step, std::size_t i) noexcept {
  const decimal a = decimal::of(start);
  const decimal b = decimal::of(step);
  if (a.places >= 0 && b.places >= 0) {
    const int places = a.places > b.places ? a.places : b.places;
    const double digits = static_cast<double>(a.digits) * decimal::power(places - a.places) +
                          static_cast<double>(b.digits) * decimal::power(places - b.places) * static_cast<double>(i);
    if (digits < 9e15 && digits > -9e15) {
      return digits / decimal::power(places);
    }
  }
  return start + step * static_cast<double>(i);
}

/// The double nearest to start x factor^i, where start is a short decimal and factor a whole number.
constexpr double scale_up(double start, double factor, std::size_t i) noexcept {
  double power = 1;
  for (std::size_t k = 0; k != i; ++k) {
    power *= factor;
  }
  const decimal a = decimal::of(start);
  const double digits = static_cast<double>(a.digits) * power;
  return a.places >= 0 && digits < 9e15 && digits == static_cast<double>(static_cast<std::int64_t>(digits))
             ? digits / decimal::power(a.places)
             : start * power;
}

/// More would exceed clang's limit of steps when compiling.
inline constexpr std::size_t most_bounds = 1000;

/// The first index whose bound is not finite or not above the one before; npos where all ascend.
template <std::size_t N>
constexpr std::size_t first_descent(const std::array<double, N>& bounds) noexcept {
  for (std::size_t i = 0; i != N; ++i) {
    const bool finite =
        bounds[i] >= -std::numeric_limits<double>::max() && bounds[i] <= std::numeric_limits<double>::max();
    if (!finite || (i != 0 && !(bounds[i - 1] < bounds[i]))) {
      return i;
    }
  }
  return npos;
}

}  // namespace detail

/// Ready-made bounds. A set of bounds is a type with `static constexpr std::array<double, N> bounds`, ascending and
/// without +Inf, so any such type of your own will do. A value belongs to the first bucket whose bound is not below it.
namespace buckets {

/// The bounds given: `of<0.1, 0.5, 1>`, `of<1ms, 5ms>`, `of<-20, 0, 20>`.
template <number... Bounds>
struct of {
  static constexpr std::array<double, sizeof...(Bounds)> bounds{double{Bounds}...};
};

/// `Count` bounds from Start upward, `Width` apart.
template <number Start, number Width, std::size_t Count>
struct linear {
  static_assert(Width > 0.0, "linear buckets have a width above 0");
  static_assert(Count <= detail::most_bounds, "a histogram has at most 1,000 bounds: take fewer");
  static constexpr std::array<double, Count> bounds = [] {
    std::array<double, Count> all{};
    for (std::size_t i = 0; i != Count; ++i) {
      all[i] = detail::step_up(Start, Width, i);
    }
    return all;
  }();
};

/// `Count` bounds from Start upward, each `Factor` times the one before.
template <number Start, number Factor, std::size_t Count>
struct exponential {
  static_assert(Start > 0.0 && Factor > 1.0, "exponential buckets start above 0 and have a factor above 1");
  static_assert(Count <= detail::most_bounds, "a histogram has at most 1,000 bounds: take fewer");
  static constexpr std::array<double, Count> bounds = [] {
    std::array<double, Count> all{};
    for (std::size_t i = 0; i != Count; ++i) {
      all[i] = detail::scale_up(Start, Factor, i);
    }
    return all;
  }();
};

/// For requests that people wait for: 5 ms to 10 s, the bounds that Prometheus clients start with.
struct web : of<0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10> {};

/// For work inside a process: 1 us to 1 s, three bounds a decade.
struct fast : of<1e-06, 2e-06, 5e-06, 1e-05, 2e-05, 5e-05, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02,
                 0.05, 0.1, 0.2, 0.5, 1> {};

}  // namespace buckets

}  // namespace vitals::inline v0

#endif
