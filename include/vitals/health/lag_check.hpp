// A check of what a program tells itself: how long a queue is, how old its oldest entry.
#ifndef VITALS_HEALTH_LAG_CHECK_HPP
#define VITALS_HEALTH_LAG_CHECK_HPP

#include <concepts>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>

#include <vitals/health/check.hpp>
#include <vitals/health/shown.hpp>
#include <vitals/metric/callback.hpp>

namespace vitals::inline v0 {

namespace detail {

template <class T>
constexpr T most_of() noexcept {
  if constexpr (is_duration<T>) {
    return T::max();
  } else {
    return std::numeric_limits<T>::has_infinity ? std::numeric_limits<T>::infinity() : std::numeric_limits<T>::max();
  }
}

/// What a lag's callable gives. (What is none fails with a message elsewhere.)
template <class Lag>
using lag_value = std::remove_cvref_t<
    typename std::conditional_t<std::is_invocable_v<Lag&>, std::invoke_result<Lag&>, std::type_identity<int>>::type>;

}  // namespace detail

/// Beyond which values something is degraded, and beyond which it has failed; and the reason.
template <class T>
struct check_bounds_of {
  T degraded = detail::most_of<T>();
  T failed = detail::most_of<T>();
  std::string reason = "lag";
};

/// Compares what a callable gives, a number or a duration, with bounds: how long a queue is, how old its oldest entry.
/// NaN has failed.
///
///   vitals::lag_check{[] { return queue.oldest_age(); }, {.degraded = 1s, .failed = 10s}}
template <class Lag>
class lag_check {
  static_assert(std::is_invocable_v<Lag&>, "a lag is told by a callable without arguments");
  using value = detail::lag_value<Lag>;
  static_assert((std::is_arithmetic_v<value> && !std::same_as<value, bool>) || detail::is_duration<value>,
                "a lag is a number or a duration");

 public:
  lag_check(Lag lag, check_bounds_of<value> bounds) : lag_(std::move(lag)), bounds_(std::move(bounds)) {}

  [[nodiscard]] check_result operator()() {
    const value now = lag_();
    if (now <= bounds_.degraded && now <= bounds_.failed) {
      return true;
    }
    const bool degraded = now <= bounds_.failed;
    std::string message = "it is " + detail::shown(now) + ", at most " +
                          detail::shown(degraded ? bounds_.degraded : bounds_.failed) + " is allowed";
    return degraded ? check_result::degraded(bounds_.reason, std::move(message))
                    : check_result::failed(bounds_.reason, std::move(message));
  }

 private:
  Lag lag_;
  check_bounds_of<value> bounds_;
};

}  // namespace vitals::inline v0

#endif
