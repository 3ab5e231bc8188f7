// An up-down counter: a sum that goes up and down, such as the requests in flight.
#ifndef VITALS_METRIC_UP_DOWN_HPP
#define VITALS_METRIC_UP_DOWN_HPP

#include <concepts>
#include <cstdint>

#include <vitals/metric/descriptor.hpp>
#include <vitals/metric/handle.hpp>

namespace vitals::inline v0 {

/// A series of an up-down counter.
template <class Registry, class Metric>
class up_down_handle : detail::handle<Registry, Metric> {
 public:
  using detail::handle<Registry, Metric>::handle;

  /// One more. Lock-free; in a signal handler only for `shared` metrics. One thread may go up and another down: a
  /// scrape may then read the one's cell before and the other's after, and see a sum that never was, below zero too. A
  /// `shared` one is a single cell, and shows only sums that were.
  VITALS_HOT void inc() const noexcept { add(1); }

  /// One less.
  VITALS_HOT void dec() const noexcept { add(-1); }

  /// Adds `n`, an integer. Wraps at 64 bits.
  template <class N>
  VITALS_HOT void add(N n) const noexcept {
    static_assert(std::integral<N> && !std::same_as<N, bool>,
                  "an up-down counter counts whole things: pass an integer, or use vitals::gauge for a measured value");
    if (this->exists()) [[likely]] {
      this->add_to(0, static_cast<std::uint64_t>(n));
    } else {
      this->count_label_drop();
    }
  }

  /// The sum over all threads, for tests and reports. Takes a mutex: not for a hot path.
  [[nodiscard]] std::int64_t value() const noexcept { return static_cast<std::int64_t>(this->read()[0]); }
};

/// A descriptor of an up-down counter: `struct in_flight : vitals::up_down<"requests_in_flight", "Being served."> {};`
/// A scraper sees a gauge. Options: labels, a unit, `shared`, `packed`.
template <fixed_string Name, fixed_string Help, class... Options>
struct up_down : detail::descriptor<Name, Help, Options...> {
 private:
  using base = detail::descriptor<Name, Help, Options...>;
  static_assert(!base::name.ends_with("_total"), "only a counter's name ends in _total: leave it out");
  static_assert(!detail::ends_as_sample(base::name),
                "_bucket, _count, _sum and _created are a histogram's: choose another ending");
  static constexpr std::uint32_t stride = base::is_shared && !base::is_packed ? detail::cells_a_line : 1;

 public:
  static constexpr metric_type type = metric_type::gauge;
  static constexpr value_kind kind = value_kind::signed_integer;
  static constexpr detail::shape shape{.stride = stride,
                                       .series = detail::label_facts<typename base::labels>::series,
                                       .shared = base::is_shared,
                                       .label_drops = detail::label_facts<typename base::labels>::can_miss};
  template <class Registry, class Metric>
  using handle = up_down_handle<Registry, Metric>;
};

}  // namespace vitals::inline v0

#endif
