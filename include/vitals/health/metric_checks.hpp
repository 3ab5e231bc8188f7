// Checks of the process by its own metrics: a ratio of counters, a quantile of a histogram, within a window.
#ifndef VITALS_HEALTH_METRIC_CHECKS_HPP
#define VITALS_HEALTH_METRIC_CHECKS_HPP

#include <chrono>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <vitals/core/view.hpp>
#include <vitals/health/check.hpp>
#include <vitals/health/growth_window.hpp>
#include <vitals/health/health_clock.hpp>
#include <vitals/health/shown.hpp>
#include <vitals/metric/histogram.hpp>
#include <vitals/metric/quantile.hpp>

namespace vitals::inline v0 {

/// When a check by the process's own metrics has failed. It looks at what they grew by within the window, or since its
/// last run where that is longer ago.
struct window_bounds {
  double degraded = std::numeric_limits<double>::infinity();  ///< beyond it: degraded
  double failed = std::numeric_limits<double>::infinity();    ///< beyond it: failed
  double least_events = 1;                                    ///< with fewer in the window it passes
  std::chrono::milliseconds window = std::chrono::minutes{1};
  std::string reason{};  ///< otherwise the check's own: "ratio" or "slow"
};

namespace detail {

inline void check_window(const window_bounds& b) {
  if (b.degraded != b.degraded || b.failed != b.failed || b.least_events != b.least_events ||
      b.window < std::chrono::milliseconds{1}) {
    throw std::invalid_argument("vitals: a check's bounds are numbers, and its window is longer than 0");
  }
}

inline check_result judge_window(double value, const window_bounds& b, std::string_view what, const char* reason) {
  if (value <= b.degraded && value <= b.failed) {
    return true;
  }
  const bool degraded = value <= b.failed;
  std::string message = std::string{what} + " is " + shown(value) + " within " + shown(b.window) + ", at most " +
                        shown(degraded ? b.degraded : b.failed) + " is allowed";
  std::string why = b.reason.empty() ? reason : b.reason;
  return degraded ? check_result::degraded(std::move(why), std::move(message))
                  : check_result::failed(std::move(why), std::move(message));
}

/// What a counter's handle holds, or what a callable gives.
template <class Counter>
auto total_of(Counter& counter) {
  if constexpr (requires { counter.value(); }) {
    return counter.value();
  } else if constexpr (std::is_invocable_v<Counter&>) {
    return counter();
  }
}

template <class Handle>
inline constexpr bool is_histogram = false;
template <class Registry, class Metric>
inline constexpr bool is_histogram<histogram_handle<Registry, Metric>> = true;

/// The bounds of all of a histogram's buckets.
template <class Registry, class Metric>
view<double> bounds_behind(const histogram_handle<Registry, Metric>&) noexcept {
  if constexpr (requires { Metric::native_buckets; }) {
    return Metric::native_buckets.bounds;
  } else {
    return Metric::bounds;
  }
}

}  // namespace detail

/// Compares the ratio of two counters' growth within a window with bounds: errors to requests. A counter is a handle
/// (`metrics::get<errors>()`) or a callable that gives a total, such as a sum over several. "ratio" is the reason.
///
///   vitals::ratio_check{metrics::get<errors>(), metrics::get<requests>(), {.failed = 0.05, .least_events = 100}}
template <class Part, class Whole, class Clock = health_clock>
class ratio_check {
  using part_total = std::remove_cvref_t<decltype(detail::total_of(std::declval<Part&>()))>;
  using whole_total = std::remove_cvref_t<decltype(detail::total_of(std::declval<Whole&>()))>;
  static_assert(std::is_arithmetic_v<part_total> && std::is_arithmetic_v<whole_total>,
                "a ratio is of two counters: give handles, or callables that return numbers");

 public:
  /// Throws std::invalid_argument for bounds that are NaN.
  ratio_check(Part part, Whole whole, window_bounds bounds)
      : part_(std::move(part)),
        whole_(std::move(whole)),
        bounds_(std::move(bounds)),
        past_(bounds_.window) {
    detail::check_window(bounds_);
    static_cast<void>((*this)());  // what there is before is no growth
  }

  [[nodiscard]] check_result operator()() {
    const totals now{detail::total_of(part_), detail::total_of(whole_)};
    const totals* const before = past_.latest();
    const bool has_shrunk = before != nullptr && (now.part < before->part || now.whole < before->whole);
    const totals& then = past_.since(Clock::milliseconds(), now, has_shrunk);
    const auto part = static_cast<double>(now.part - then.part);
    const auto whole = static_cast<double>(now.whole - then.whole);
    return whole > 0 && whole >= bounds_.least_events
               ? detail::judge_window(part / whole, bounds_, "the ratio", "ratio")
               : check_result{true};
  }

 private:
  struct totals {
    part_total part;
    whole_total whole;
  };
  Part part_;
  Whole whole_;
  window_bounds bounds_;
  detail::growth_window<totals> past_;
};

/// Compares a quantile of what a histogram observed within a window with bounds. Where it is above all of the
/// histogram's bounds it is beyond every bound. "slow" is the reason.
///
///   vitals::quantile_check{metrics::get<latency>(), 0.99, {.failed = 0.5, .least_events = 100}}
template <class Histogram, class Clock = health_clock>
class quantile_check {
  static_assert(detail::is_histogram<Histogram>,
                "a quantile is of a histogram: give its handle, such as metrics::get<latency>()");
  using reading = decltype(std::declval<Histogram&>().value().buckets);

 public:
  /// Throws std::invalid_argument for a quantile that is not from 0 to 1, and for bounds that are NaN.
  quantile_check(Histogram of, double q, window_bounds bounds)
      : of_(of),
        q_(q),
        bounds_(std::move(bounds)),
        past_(bounds_.window) {
    detail::check_window(bounds_);
    if (!(q >= 0 && q <= 1)) {
      throw std::invalid_argument("vitals: a quantile is from 0 to 1");
    }
    static_cast<void>((*this)());  // what there is before is no growth
  }

  [[nodiscard]] check_result operator()() {
    reading grown = of_.value().buckets;
    bool has_shrunk = false;
    if (const reading* const before = past_.latest()) {
      for (std::size_t i = 0; i != grown.size(); ++i) {
        has_shrunk = has_shrunk || grown[i] < (*before)[i];
      }
    }
    const reading& then = past_.since(Clock::milliseconds(), grown, has_shrunk);
    double events = 0;
    for (std::size_t i = 0; i != grown.size(); ++i) {
      grown[i] -= then[i];
      events += static_cast<double>(grown[i]);
    }
    if (events == 0 || events < bounds_.least_events) {
      return true;
    }
    const bool above = q_ * events > events - static_cast<double>(grown.back());
    const double value = above ? std::numeric_limits<double>::infinity()
                               : quantile(q_, {grown.data(), grown.size()}, detail::bounds_behind(of_));
    return detail::judge_window(value, bounds_, "the quantile " + detail::shown(q_), "slow");
  }

 private:
  Histogram of_;
  double q_;
  window_bounds bounds_;
  detail::growth_window<reading> past_;
};

}  // namespace vitals::inline v0

#endif
