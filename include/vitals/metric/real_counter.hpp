// A counter of doubles: a total of an amount that is not counted in whole things, such as energy or processor time.
#ifndef VITALS_METRIC_REAL_COUNTER_HPP
#define VITALS_METRIC_REAL_COUNTER_HPP

#include <bit>
#include <cstdint>
#include <limits>
#include <type_traits>

#include <vitals/core/chrono.hpp>
#include <vitals/metric/descriptor.hpp>
#include <vitals/metric/exemplar.hpp>
#include <vitals/metric/handle.hpp>

namespace vitals::inline v0 {

/// A series of a counter of doubles.
template <class Registry, class Metric>
class real_counter_handle : detail::handle<Registry, Metric> {
 public:
  using detail::handle<Registry, Metric>::handle;

  /// Adds an amount. A negative one, NaN and infinity are dropped and counted. Lock-free; in a signal handler only for
  /// `shared` metrics. Takes a duration where the name ends in `_seconds_total`.
  template <class T>
  VITALS_HOT void add(T amount) const noexcept {
    if constexpr (requires { std::chrono::duration<double>(amount); } && !std::is_arithmetic_v<T>) {
      static_assert(Metric::name.ends_with("_seconds_total"),
                    "a duration is in seconds: end the counter's name in _seconds_total");
      add(std::chrono::duration<double>(amount).count());
    } else {
      static_assert(std::is_arithmetic_v<T>, "a counter of doubles adds a number, or a duration");
      const auto value = static_cast<double>(amount);
      if (!this->exists()) [[unlikely]] {
        this->count_label_drop();
      } else if (value >= 0 && value <= std::numeric_limits<double>::max()) [[likely]] {
        this->add_to(0, value);
      } else {
        this->count_value_drop();
      }
    }
  }

  /// Adds an amount and keeps the exemplar. Only with the option `exemplars`.
  template <class T>
  VITALS_HOT void add(T amount, const exemplar& e) const noexcept {
    add(amount);
    keep_of(amount, e);
  }

  /// The same as add(amount).
  template <class T>
  VITALS_HOT void inc(T amount) const noexcept {
    add(amount);
  }
  template <class T>
  VITALS_HOT void inc(T amount, const exemplar& e) const noexcept {
    add(amount, e);
  }

  /// Adds one.
  VITALS_HOT void inc() const noexcept { add(1.0); }
  VITALS_HOT void inc(const exemplar& e) const noexcept { add(1.0, e); }

  /// The total over all threads, for tests and reports. Takes a mutex: not for a hot path.
  [[nodiscard]] double value() const noexcept { return std::bit_cast<double>(this->read()[0]); }

 private:
  /// Keeps an exemplar of an amount that was added, but for one that was dropped.
  template <class T>
  void keep_of(T amount, const exemplar& e) const noexcept {
    if constexpr (!std::is_arithmetic_v<T>) {
      keep_of(std::chrono::duration<double>(amount).count(), e);
    } else {
      const auto value = static_cast<double>(amount) + 0.0;  // -0 becomes 0
      if (this->exists() && value >= 0 && value <= std::numeric_limits<double>::max()) {
        this->keep(e, value);
      }
    }
  }
};

/// A descriptor of a counter of doubles: `struct energy : vitals::real_counter<"energy_joules_total", "Energy used.">
/// {};` Its total never falls for a reader, though sums of doubles change in the last place when a thread ends.
/// Options: labels, a unit, `shared`, `packed`, `exemplars`.
template <fixed_string Name, fixed_string Help, class... Options>
struct real_counter : detail::descriptor<Name, Help, Options...> {
 private:
  using base = detail::descriptor<Name, Help, Options...>;
  static_assert(base::name.ends_with("_total"), "a counter's name ends in _total: write \"energy_joules_total\"");
  static constexpr std::uint32_t stride = base::is_shared && !base::is_packed ? detail::cells_a_line : 1;

 public:
  static constexpr metric_type type = metric_type::counter;
  static constexpr value_kind kind = value_kind::real;
  static constexpr detail::shape shape{.kind = detail::abi::summing::reals,
                                       .stride = stride,
                                       .series = detail::label_facts<typename base::labels>::series,
                                       .shared = base::is_shared,
                                       .label_drops = detail::label_facts<typename base::labels>::can_miss,
                                       .value_drops = true,
                                       .points = base::has_exemplars ? 1 : 0};
  template <class Registry, class Metric>
  using handle = real_counter_handle<Registry, Metric>;
};

}  // namespace vitals::inline v0

#endif
