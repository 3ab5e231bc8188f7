// A gauge: a measured value; the last write wins.
#ifndef VITALS_METRIC_GAUGE_HPP
#define VITALS_METRIC_GAUGE_HPP

#include <bit>
#include <concepts>
#include <cstdint>
#include <type_traits>

#include <vitals/core/chrono.hpp>
#include <vitals/metric/descriptor.hpp>
#include <vitals/metric/handle.hpp>

namespace vitals::inline v0 {

/// A series of a gauge.
template <class Registry, class Metric>
class gauge_handle : detail::handle<Registry, Metric> {
 public:
  using detail::handle<Registry, Metric>::handle;

  /// Sets the value: one relaxed store, seen by every thread; the last write wins. Any double, NaN and infinities too.
  /// Safe in a signal handler.
  template <class T>
  VITALS_HOT void set(T value) const noexcept {
    static_assert(std::is_arithmetic_v<T>, "a gauge holds a number: pass an integer or a floating-point value");
    const auto real = static_cast<double>(value);
    const std::uint32_t at = this->offset_ - Registry::image.thread_cells;
    if (!this->exists()) [[unlikely]] {
      this->count_label_drop();
    } else if (auto* const common = Registry::cells::shared.load(std::memory_order_acquire); common != nullptr)
        [[likely]] {
      detail::store_double(common[at], real);
    } else {
      set_first(at, real);
    }
  }

  /// Sets a duration, in seconds; for gauges whose name ends in `_seconds`.
  template <class Rep, class Period>
  VITALS_HOT void set(std::chrono::duration<Rep, Period> value) const noexcept {
    static_assert(Metric::name.ends_with("_seconds"), "a duration is in seconds: end the gauge's name in _seconds");
    set(std::chrono::duration<double>(value).count());
  }

  /// Adds `amount`, which may be negative: a compare-exchange loop, for what several threads change; what one thread
  /// measures is cheaper to `set`, and what is begun and ended cheaper in an `up_down`.
  template <class T>
  void add(T amount) const noexcept {
    static_assert(std::is_arithmetic_v<T>, "a gauge holds a number: pass an integer or a floating-point value");
    if (this->exists()) [[likely]] {
      detail::common_add(this->shared_cell(), static_cast<double>(amount));
    } else {
      this->count_label_drop();
    }
  }

  /// One more, and one less.
  void inc() const noexcept { add(1.0); }
  void dec() const noexcept { add(-1.0); }

  /// Sets the present time, in seconds since 1970 (UTC), such as for the last success of a job.
  void set_to_current_time() const noexcept { set(std::chrono::system_clock::now().time_since_epoch()); }

  /// The last value set, by any thread; 0 before.
  [[nodiscard]] double value() const noexcept { return std::bit_cast<double>(this->read()[0]); }

 private:
  VITALS_COLD static void set_first(std::uint32_t at, double value) noexcept {
    Registry::cells::store_first(at, std::bit_cast<std::uint64_t>(value));
  }
};

/// A descriptor of a gauge: `struct temperature : vitals::gauge<"room_celsius", "Temperature of the room."> {};`
/// Each series has a cache line of its own. Options: labels, a unit, `packed`.
template <fixed_string Name, fixed_string Help, class... Options>
struct gauge : detail::descriptor<Name, Help, Options...> {
 private:
  using base = detail::descriptor<Name, Help, Options...>;
  static_assert(!base::name.ends_with("_total"), "only a counter's name ends in _total: leave it out");
  static_assert(!detail::ends_as_sample(base::name),
                "_bucket, _count, _sum and _created are a histogram's: choose another ending");
  static_assert(!base::is_shared, "a gauge is always shared by all threads: leave out vitals::shared");

 public:
  static constexpr metric_type type = metric_type::gauge;
  static constexpr value_kind kind = value_kind::real;
  static constexpr detail::shape shape{.stride = base::is_packed ? 1 : std::uint32_t{detail::cells_a_line},
                                       .series = detail::label_facts<typename base::labels>::series,
                                       .shared = true,
                                       .label_drops = detail::label_facts<typename base::labels>::can_miss};
  template <class Registry, class Metric>
  using handle = gauge_handle<Registry, Metric>;
};

}  // namespace vitals::inline v0

#endif
