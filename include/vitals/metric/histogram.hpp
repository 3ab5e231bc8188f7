// A histogram: how values are distributed over buckets, and their sum.
#ifndef VITALS_METRIC_HISTOGRAM_HPP
#define VITALS_METRIC_HISTOGRAM_HPP

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <ratio>
#include <type_traits>

#include <vitals/core/cell.hpp>
#include <vitals/core/chrono.hpp>
#include <vitals/metric/bucket_index.hpp>
#include <vitals/metric/buckets.hpp>
#include <vitals/metric/descriptor.hpp>
#include <vitals/metric/duration.hpp>
#include <vitals/metric/exemplar.hpp>
#include <vitals/metric/handle.hpp>
#include <vitals/metric/timer.hpp>

namespace vitals::inline v0 {

/// What a series of a histogram holds: one reading over all threads.
template <std::size_t Buckets>
struct histogram_reading {
  std::array<std::uint64_t, Buckets> buckets{};  ///< each bucket's own count, the last one above all bounds
  std::uint64_t count = 0;                       ///< the sum of the buckets
  double sum = 0;                                ///< of the values; seconds for durations
};

/// A series of a histogram.
template <class Registry, class Metric>
class histogram_handle : detail::handle<Registry, Metric> {
  static constexpr bool durations = Metric::kind == value_kind::duration_histogram;
  static constexpr bool signed_values = Metric::shape.may_fall;
  static constexpr std::uint32_t bucket_count = Metric::buckets;

 public:
  using detail::handle<Registry, Metric>::handle;

  /// Counts `value` in its bucket and adds it to the sum. In a histogram of durations it is in seconds, rounded to
  /// nanoseconds and held at 292 years. NaN, and a negative value where no bound is negative, are dropped and counted;
  /// an infinity counts in the outermost bucket and leaves the sum alone. (Doubles may still add up to one, and where
  /// no value is refused for its sign two such to NaN.) Lock-free; in a signal handler only for `shared` metrics.
  template <class T>
  VITALS_HOT void observe(T value) const noexcept {
    static_assert(std::is_arithmetic_v<T>, "a histogram observes a number, or a duration");
    const auto real = static_cast<double>(value);
    const auto bits = std::bit_cast<std::uint64_t>(real);
    if ((signed_values ? bits & ~sign_bit : bits) >= infinity_bits) [[unlikely]] {
      observe_odd(this->offset_, real);
    } else if constexpr (durations) {
      count(detail::nanos_of_seconds<signed_values>(real));
    } else {
      count(real);
    }
  }

  /// Counts a duration, held at 292 years; only in a histogram whose name ends in `_seconds`.
  template <class Rep, class Period>
  VITALS_HOT void observe(std::chrono::duration<Rep, Period> value) const noexcept {
    static_assert(durations, "this histogram counts plain numbers: end its name in _seconds to observe durations");
    if constexpr (!std::is_integral_v<Rep>) {
      observe(std::chrono::duration<double>(value).count());
    } else if constexpr (durations) {
      constexpr bool may_round_to_0 = std::ratio_less_v<Period, std::nano>;
      if (may_round_to_0 && !signed_values && value.count() < 0) [[unlikely]] {
        this->count_value_drop();
      } else {
        count(detail::nanos_of<signed_values>(value));
      }
    }
  }

  /// Counts a number or a duration as above, and keeps the exemplar in its bucket. Only with the option `exemplars`.
  template <class T>
  VITALS_HOT void observe(T value, const exemplar& e) const noexcept {
    observe(value);
    keep_of(value, e);
  }

  /// A timer that observes its lifetime here. `Clock` is steady_clock, or `tsc_clock` for half its cost.
  template <class Clock = std::chrono::steady_clock>
  timer<histogram_handle, Clock> time() const noexcept {
    static_assert(durations, "this histogram counts plain numbers: end its name in _seconds to time something");
    static_assert(Clock::is_steady, "a timer needs a steady clock: std::chrono::steady_clock or vitals::tsc_clock");
    return timer<histogram_handle, Clock>{*this};
  }

  /// A reading over all threads, for tests and reports. Takes a mutex: not for a hot path.
  [[nodiscard]] histogram_reading<bucket_count> value() const noexcept {
    const auto read = detail::handle<Registry, Metric>::read();
    histogram_reading<bucket_count> reading;
    for (std::uint32_t i = 0; i != bucket_count; ++i) {
      reading.buckets[i] = read[1 + i];
      reading.count += read[1 + i];
    }
    reading.sum = durations ? static_cast<double>(detail::plain_wide(read.front(), read.back())) / 1e9
                            : std::bit_cast<double>(read.front());
    return reading;
  }

 private:
  static constexpr std::uint64_t sign_bit = std::uint64_t{1} << 63;
  static constexpr std::uint64_t infinity_bits = 0x7FF0000000000000U;

  using cells = typename Registry::cells;
  using cell = detail::cell;
  using comparable = std::conditional_t<durations, detail::nanos, double>;
  static constexpr std::uint32_t last = Metric::shape.width - 1;

  /// Counts in this thread's cells, for almost all values; false, and nothing counted, for those that are left to the
  /// cold path. The bucket before the sum: the other way round takes a tenth longer.
  VITALS_HOT static bool count_own(cell* series, std::size_t bucket, comparable value) noexcept {
    if constexpr (durations) {
      std::uint64_t sum = 0;
      if (!detail::wide_total::own_next<signed_values>(series[0].load(std::memory_order_relaxed), value, sum))
          [[unlikely]] {
        return false;
      }
      detail::own_add(series[1 + bucket], std::uint64_t{1});
      series[0].store(sum, std::memory_order_release);  // as wide_total has it; costs nothing on x86
    } else {
      detail::own_add(series[1 + bucket], std::uint64_t{1});
      detail::own_add(series[0], value);
    }
    return true;
  }

  static void add_common_sum(cell* series, comparable value) noexcept {
    if constexpr (durations) {
      detail::wide_total::common_add(series[0], series[last], value);
    } else {
      detail::common_add(series[0], value);
    }
  }

  /// Counts a value; of those that may be refused only a duration may come here.
  VITALS_HOT void count(comparable value) const noexcept {
    const std::size_t bucket = Metric::index::find(value);
    if constexpr (Metric::shape.shared) {
      if (durations && !signed_values && value < 0) [[unlikely]] {
        this->count_value_drop();
      } else {
        this->add_to(1 + static_cast<std::uint32_t>(bucket), std::uint64_t{1});
        add_common_sum(&this->shared_cell(), value);
      }
    } else if (cell* const mine = cells::mine; cells::attached(mine) && count_own(mine + this->offset_, bucket, value))
        [[likely]] {
      return;
    } else {
      count_cold(this->offset_, static_cast<std::uint32_t>(bucket), value);
    }
  }

  /// A thread's first touch, or one after its end; a duration that is refused, or that moves the sum's high cell.
  VITALS_COLD static void count_cold(std::uint32_t offset, std::uint32_t bucket, comparable value) noexcept {
    if (durations && !signed_values && value < 0) {
      histogram_handle::count_value_drop();
      return;
    }
    cells::add(offset + 1 + bucket, std::uint64_t{1});
    if (cell* const mine = cells::attach(); mine == nullptr) {
      add_common_sum(cells::record().retired + offset, value);
    } else if constexpr (durations) {
      detail::wide_total::own_add(mine[offset], mine[offset + last], value);
    } else {
      detail::own_add(mine[offset], value);
    }
  }

  /// Keeps an exemplar of a value that was observed, but for one that was dropped. (It finds the bucket again: without
  /// an exemplar `observe` has nobody to tell it to, and would be slower if it did.)
  template <class T>
  void keep_of(T value, const exemplar& e) const noexcept {
    const auto real = static_cast<double>(value) + 0.0;  // -0 becomes 0
    if (real != real || (!signed_values && real < 0)) {
      return;
    }
    if (real - real != 0) {
      this->keep(e, real, real < 0 ? 0 : Metric::shape.points - 1);
    } else if constexpr (durations) {
      keep_counted(detail::nanos_of_seconds(real), e);
    } else {
      keep_counted(real, e);
    }
  }
  template <class Rep, class Period>
  void keep_of(std::chrono::duration<Rep, Period> value, const exemplar& e) const noexcept {
    if constexpr (!std::is_integral_v<Rep>) {
      keep_of(std::chrono::duration<double>(value).count(), e);
    } else if constexpr (durations) {
      if (signed_values || value.count() >= 0) [[likely]] {
        keep_counted(detail::nanos_of(value), e);
      }
    }
  }
  void keep_counted(comparable value, const exemplar& e) const noexcept {
    auto bucket = static_cast<std::uint32_t>(Metric::index::find(value));
    if constexpr (requires { Metric::native_buckets; }) {  // the classic one that it is a part of
      bucket = (bucket + Metric::native_buckets.parts - 1) / Metric::native_buckets.parts;
    }
    this->keep(e, durations ? static_cast<double>(value) / 1e9 : static_cast<double>(value), bucket);
  }

  /// NaN, an infinity, or a negative value (-0 is none) where no bound is negative.
  VITALS_COLD static void observe_odd(std::uint32_t offset, double value) noexcept {
    const histogram_handle series{offset};
    if (value == 0) {
      series.observe(0.0);
    } else if (value > 0) {
      series.add_to(bucket_count, std::uint64_t{1});
    } else if (signed_values && value < 0) {
      series.add_to(1, std::uint64_t{1});
    } else {
      series.count_value_drop();
    }
  }
};

namespace detail {

/// Bounds as the histogram compares them: doubles, or whole nanoseconds.
template <class Buckets>
struct real_bounds {
  static constexpr auto list = [] {
    auto all = Buckets::bounds;
    for (double& bound : all) {
      bound = bound == 0 ? 0 : bound;  // -0 becomes 0
    }
    return all;
  }();
};

template <class Buckets>
struct duration_bounds {
  static constexpr auto list = [] {
    std::array<nanos, Buckets::bounds.size()> all{};
    for (std::size_t i = 0; i != all.size(); ++i) {
      all[i] = nanos_of_seconds(Buckets::bounds[i]);
    }
    return all;
  }();
  /// The same in seconds, as they are printed.
  static constexpr auto seconds = [] {
    auto all = Buckets::bounds;
    for (std::size_t i = 0; i != all.size(); ++i) {
      all[i] = static_cast<double>(list[i]) / 1e9;
    }
    return all;
  }();
};

/// The index of the first bound that does not ascend is in the error's instantiation.
template <std::size_t Index>
struct bounds_descend_at {
  static_assert(Index == npos, "a histogram's bounds ascend, are finite and leave out +Inf: put them in order");
};

}  // namespace detail

/// A descriptor of a histogram: `struct latency : vitals::histogram<"request_duration_seconds", "Time to serve.",
/// vitals::buckets::web> {};` One whose name ends in `_seconds` counts durations, exactly, in nanoseconds; any other
/// counts doubles. Options: labels, a unit, `shared`, `packed`, `exemplars`.
template <fixed_string Name, fixed_string Help, class Buckets, class... Options>
struct histogram : detail::descriptor<Name, Help, Options...> {
 private:
  using base = detail::descriptor<Name, Help, Options...>;
  static_assert(!base::name.ends_with("_total"), "only a counter's name ends in _total: leave it out");
  static_assert(!detail::ends_as_sample(base::name),
                "a histogram adds _bucket, _count, _sum and _created to its name itself: choose another ending");
  static_assert(Buckets::bounds.size() != 0, "a histogram has at least one bound");
  static_assert(Buckets::bounds.size() <= detail::most_bounds, "a histogram has at most 1,000 bounds: take fewer");
  static_assert(sizeof(detail::bounds_descend_at<detail::first_descent(Buckets::bounds)>) != 0);
  static constexpr bool durations = base::name.ends_with("_seconds");
  using comparable = std::conditional_t<durations, detail::duration_bounds<Buckets>, detail::real_bounds<Buckets>>;

  static constexpr auto printed_bounds() noexcept {
    if constexpr (durations) {
      constexpr auto seconds = detail::duration_bounds<Buckets>::seconds;
      static_assert(seconds.front() > -9e9 && seconds.back() < 9e9, "a bound in seconds is below 285 years");
      static_assert(detail::first_descent(seconds) == detail::npos,
                    "a histogram of seconds counts whole nanoseconds: two of its bounds round to the same one");
      return seconds;
    } else {
      return detail::real_bounds<Buckets>::list;
    }
  }

  static constexpr detail::shape make_shape() noexcept {
    const std::uint32_t width = Buckets::bounds.size() + (durations ? 3 : 2);
    constexpr std::uint32_t line = detail::cells_a_line;
    const bool apart = base::is_shared && !base::is_packed;
    return {.kind = durations ? detail::abi::summing::duration_histogram : detail::abi::summing::real_histogram,
            .width = width,
            .stride = apart ? (width + line - 1) / line * line : detail::line_stride(width),
            .series = detail::label_facts<typename base::labels>::series,
            .may_fall = Buckets::bounds[0] < 0,
            .shared = base::is_shared,
            .trash = detail::label_facts<typename base::labels>::can_miss,
            .value_drops = true,
            .points = base::has_exemplars ? static_cast<std::uint32_t>(Buckets::bounds.size()) + 1 : 0};
  }

 public:
  static constexpr metric_type type = metric_type::histogram;
  static constexpr value_kind kind = durations ? value_kind::duration_histogram : value_kind::real_histogram;
  static constexpr auto bounds = printed_bounds();
  static constexpr std::uint32_t buckets = bounds.size() + 1;
  static constexpr detail::shape shape = make_shape();
  using index = detail::bucket_index<comparable>;
  template <class Registry, class Metric>
  using handle = histogram_handle<Registry, Metric>;
};

}  // namespace vitals::inline v0

#endif
