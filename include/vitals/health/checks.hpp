// Ready-made checks, for a monitor or for a program's own loop: each is a callable that returns a check_result.
#ifndef VITALS_HEALTH_CHECKS_HPP
#define VITALS_HEALTH_CHECKS_HPP

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

#include <vitals/core/cell.hpp>
#include <vitals/core/view.hpp>
#include <vitals/health/check.hpp>
#include <vitals/health/component_state.hpp>
#include <vitals/health/health_clock.hpp>
#include <vitals/metric/callback.hpp>
#include <vitals/metric/histogram.hpp>
#include <vitals/metric/quantile.hpp>
#include <vitals/process/parse.hpp>
#include <vitals/process/proc.hpp>

namespace vitals::inline v0 {

namespace detail {

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

inline std::string text_of_errno(int error) {
  return std::generic_category().message(error);
}

}  // namespace detail

/// Fails where a file is missing ("missing"), was written too long ago ("stale"), or cannot be asked ("unreadable").
/// One that was written in the future is fresh.
struct file_check {
  std::string path{};
  std::chrono::milliseconds most_age = std::chrono::minutes{1};

  [[nodiscard]] check_result operator()() const {
    struct ::stat about {};
    if (::stat(path.c_str(), &about) != 0) {
      const int why = errno;
      const bool missing = why == ENOENT || why == ENOTDIR;
      return check_result::failed(missing ? "missing" : "unreadable", path + ": " + detail::text_of_errno(why));
    }
    constexpr std::int64_t most = 1'000'000'000'000;  // 30,000 years: a file may say more than milliseconds can
    const std::chrono::milliseconds written =
        std::chrono::seconds{std::clamp(std::int64_t{about.st_mtim.tv_sec}, -most, most)};
    const auto age = std::chrono::milliseconds{health_clock::wall()} - written;
    if (age > most_age) {
      return check_result::failed("stale", path + ": written " + detail::shown(age) + " ago, at most " +
                                               detail::shown(most_age) + " are allowed");
    }
    return true;
  }
};

/// Fails ("low_space") where a file system has fewer free bytes, or a smaller free part of it, than is given; what only
/// root may use is not free. "unreadable" where it cannot be asked.
struct disk_check {
  std::string path{};  ///< any file in it
  std::uint64_t least_bytes = 0;
  double least_part = 0;  ///< 0.05: 5 %

  [[nodiscard]] check_result operator()() const {
    struct ::statvfs about {};
    if (::statvfs(path.c_str(), &about) != 0) {
      return check_result::failed("unreadable", path + ": " + detail::text_of_errno(errno));
    }
    return judge(about.f_frsize, about.f_blocks - about.f_bfree, about.f_bavail);
  }

  /// The same of so many blocks used and available.
  [[nodiscard]] check_result judge(std::uint64_t block, std::uint64_t used, std::uint64_t available) const {
    const double bytes = static_cast<double>(available) * static_cast<double>(block);
    const double all = static_cast<double>(used) + static_cast<double>(available);
    const double part = all == 0 ? 0 : static_cast<double>(available) / all;
    if (bytes < static_cast<double>(least_bytes) || part < least_part) {
      return check_result::failed("low_space", path + ": " + detail::shown(static_cast<std::uint64_t>(bytes)) +
                                                   " bytes are free, a part of " + detail::shown(part));
    }
    return true;
  }
};

/// Fails ("memory_limit") where the process has more memory in RAM than is given; degraded above the lower bound.
struct memory_check {
  std::uint64_t most_bytes = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t degraded_bytes = std::numeric_limits<std::uint64_t>::max();

  [[nodiscard]] check_result operator()() const {
    process_reading reading;
#if defined(__linux__)
    detail::file_room room;
    if (const auto text = detail::read_file(detail::proc_files{}.stat, room)) {
      detail::add_stat(reading, detail::parse_stat(*text));
    }
#endif
    if (!reading.resident_memory_bytes) {
      return check_result::failed("unreadable", "the system does not tell the process's memory");
    }
    return judge(*reading.resident_memory_bytes);
  }

  /// The same of so many bytes.
  [[nodiscard]] check_result judge(std::uint64_t bytes) const {
    if (bytes <= most_bytes && bytes <= degraded_bytes) {
      return true;
    }
    std::string message = detail::shown(bytes) + " bytes are in RAM";
    return bytes > most_bytes ? check_result::failed("memory_limit", std::move(message))
                              : check_result::degraded("memory_limit", std::move(message));
  }
};

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

/// Past readings of something that only grows, a few dozen at most: enough to say what it was a window ago.
template <class Reading>
class growth_window {
 public:
  explicit growth_window(std::chrono::milliseconds length)
      : length_(length.count() < 0 ? 0 : static_cast<std::uint64_t>(length.count())) {}

  /// The reading at the window's start, or the oldest there is, and this one for later. Where the clock has stepped
  /// back, or it did not only grow, as after a reset, the past is forgotten.
  const Reading& since(std::uint64_t now, const Reading& reading, bool has_shrunk) {
    if (!past_.empty() && (has_shrunk || now < past_.back().at)) {
      past_.clear();
    }
    if (past_.empty() || now - past_.back().at >= length_ / 32) {
      past_.push_back({now, reading});
    }
    while (past_.size() > 1 && now - past_[1].at >= length_) {
      past_.pop_front();
    }
    return past_.front().reading;
  }
  [[nodiscard]] std::size_t size() const noexcept { return past_.size(); }
  [[nodiscard]] const Reading* latest() const { return past_.empty() ? nullptr : &past_.back().reading; }

 private:
  struct sample {
    std::uint64_t at;
    Reading reading;
  };
  std::uint64_t length_;
  std::deque<sample> past_;
};

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
