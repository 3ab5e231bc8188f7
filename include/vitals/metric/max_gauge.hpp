// A gauge of the largest value within a time window: for queues and other things whose peaks fall between two scrapes.
#ifndef VITALS_METRIC_MAX_GAUGE_HPP
#define VITALS_METRIC_MAX_GAUGE_HPP

#include <bit>
#include <cstdint>
#include <limits>
#include <type_traits>

#include <vitals/core/chrono.hpp>
#include <vitals/core/clock.hpp>
#include <vitals/core/directory.hpp>
#include <vitals/core/max_ring.hpp>
#include <vitals/core/mutex.hpp>
#include <vitals/metric/buckets.hpp>
#include <vitals/metric/descriptor.hpp>
#include <vitals/metric/duration.hpp>
#include <vitals/metric/handle.hpp>

namespace vitals::inline v0 {

/// An option of a max_gauge: how far it looks back, `window<30s>` or, in seconds, `window<30>`.
template <number Length>
struct window {
  static constexpr double seconds = Length;
};

namespace detail {

template <class T>
inline constexpr bool is_window = false;
template <number Length>
inline constexpr bool is_window<window<Length>> = true;

/// A window's length; that of no window is 0.
template <class T>
inline constexpr double window_seconds = 0;
template <number Length>
inline constexpr double window_seconds<window<Length>> = window<Length>::seconds;

/// A shorter one would be near the coarse clock's ticks.
template <class T>
inline constexpr bool window_is_legal =
    !is_window<T> || (window_seconds<T> >= 0.1 && window_seconds<T> <= 86400.0 * 365);

template <class Option>
using unless_window = std::conditional_t<is_window<Option>, list<>, list<Option>>;

/// The base of a max_gauge: its window is no business of other metrics.
template <fixed_string Name, fixed_string Help, class Options>
struct max_base;
template <fixed_string Name, fixed_string Help, class... Options>
struct max_base<Name, Help, list<Options...>> : descriptor<Name, Help, Options...> {};

}  // namespace detail

/// A series of a max_gauge.
template <class Registry, class Metric>
class max_gauge_handle : detail::handle<Registry, Metric> {
  using cells = typename Registry::cells;
  static constexpr std::uint64_t part = Metric::shape.part;

 public:
  using detail::handle<Registry, Metric>::handle;

  /// Observes a value: any double, infinities too; NaN is dropped and counted. Stores nothing where the thread has
  /// observed one as large lately. Lock-free; reads the coarse clock; not for signal handlers.
  template <class T>
  VITALS_HOT void observe(T value) const noexcept {
    static_assert(std::is_arithmetic_v<T>, "a max_gauge observes a number, or a duration");
    const auto real = static_cast<double>(value);
    if (!this->exists()) [[unlikely]] {
      this->count_label_drop();
    } else if (real != real) [[unlikely]] {
      this->count_value_drop();
    } else {
      const std::uint64_t epoch = detail::max_ring::epoch_at(detail::coarse_nanoseconds(), part);
      if (detail::cell* const mine = cells::mine; cells::attached(mine)) [[likely]] {
        detail::max_ring::raise(mine + this->offset_, epoch, real);
      } else {
        observe_cold(this->offset_, epoch, real);
      }
    }
  }

  /// Observes a duration, in seconds; for gauges whose name ends in `_seconds`.
  template <class Rep, class Period>
  VITALS_HOT void observe(std::chrono::duration<Rep, Period> value) const noexcept {
    static_assert(Metric::name.ends_with("_seconds"), "a duration is in seconds: end the max_gauge's name in _seconds");
    observe(std::chrono::duration<double>(value).count());
  }

  /// The largest value that any thread has observed within the window; NaN where there is none. Takes a mutex: not for
  /// a hot path.
  [[nodiscard]] double value() const noexcept {
    return this->exists() ? std::bit_cast<double>(this->read()[0]) : std::numeric_limits<double>::quiet_NaN();
  }

 private:
  /// A thread's first touch, or one after its end, which goes to the retired ring as a fold does.
  VITALS_COLD static void observe_cold(std::uint32_t offset, std::uint64_t epoch, double value) noexcept {
    if (detail::cell* const mine = cells::attach()) {
      detail::max_ring::raise(mine + offset, epoch, value);
    } else {
      detail::cell* const retired = cells::record().retired;
      const std::lock_guard lock{detail::abi::the_directory.mutex};
      detail::max_ring::fold(retired + offset, epoch, value, epoch);
    }
  }
};

/// A descriptor of a gauge that shows the largest value within the last 60 s, or within another window:
/// `struct depth : vitals::max_gauge<"queue_depth_max", "Jobs that waited.", vitals::window<30s>> {};` A value is shown
/// for the window's length at least, and a seventh of it longer at most. A scrape changes nothing, so any number of
/// scrapers see the same. Options: a window, labels, a unit.
template <fixed_string Name, fixed_string Help, class... Options>
struct max_gauge : detail::max_base<Name, Help, decltype((detail::list<>{} + ... + detail::unless_window<Options>{}))> {
 private:
  using base = typename max_gauge::max_base;
  static_assert(!base::name.ends_with("_total"), "only a counter's name ends in _total: leave it out");
  static_assert(!detail::ends_as_sample(base::name),
                "_bucket, _count and _sum are a histogram's: choose another ending");
  static_assert((0 + ... + (detail::is_window<Options> ? 1 : 0)) <= 1,
                "a max_gauge has one window: leave out the other");
  static_assert(!base::is_shared, "a max_gauge is kept for each thread: leave out vitals::shared");
  static_assert((... && detail::window_is_legal<Options>),
                "a window is from 100ms to a year long: write vitals::window<30s>");
  static constexpr double given = (0.0 + ... + detail::window_seconds<Options>);
  static constexpr auto length = static_cast<std::uint64_t>(detail::nanos_of_seconds(given == 0 ? 60 : given));

 public:
  static constexpr metric_type type = metric_type::gauge;
  static constexpr value_kind kind = value_kind::maximum;
  static constexpr detail::shape shape{.kind = detail::abi::summing::maxima,
                                       .width = detail::max_ring::cells,
                                       .stride = detail::max_ring::cells,
                                       .series = detail::label_facts<typename base::labels>::series,
                                       .may_fall = true,
                                       .label_drops = detail::label_facts<typename base::labels>::can_miss,
                                       .value_drops = true,
                                       .part = detail::max_ring::part_of(length)};
  template <class Registry, class Metric>
  using handle = max_gauge_handle<Registry, Metric>;
};

}  // namespace vitals::inline v0

#endif
