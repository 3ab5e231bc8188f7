// A counter: a total that only goes up.
#ifndef VITALS_METRIC_COUNTER_HPP
#define VITALS_METRIC_COUNTER_HPP

#include <concepts>
#include <cstdint>

#include <vitals/metric/descriptor.hpp>
#include <vitals/metric/exemplar.hpp>
#include <vitals/metric/handle.hpp>

namespace vitals::inline v0 {

/// A series of a counter.
template <class Registry, class Metric>
class counter_handle : detail::handle<Registry, Metric> {
 public:
  using detail::handle<Registry, Metric>::handle;

  /// Counts one. Lock-free and async-thread-safe; in a signal handler only for `shared` metrics.
  VITALS_HOT void inc() const noexcept { this->add_to(0, std::uint64_t{1}); }

  /// Counts `n`, which is unsigned: a signed amount does not compile. Wraps at 2^64.
  template <class N>
  VITALS_HOT void inc(N n) const noexcept {
    static_assert(std::unsigned_integral<N> && !std::same_as<N, bool>,
                  "a counter only goes up, so its amount is unsigned: write inc(2u), or use vitals::up_down");
    if constexpr (std::unsigned_integral<N>) {
      this->add_to(0, std::uint64_t{n});
    }
  }

  /// Counts one, or `n`, and keeps the exemplar. Only with the option `exemplars`.
  VITALS_HOT void inc(const exemplar& e) const noexcept { inc(1U, e); }
  template <class N>
  VITALS_HOT void inc(N n, const exemplar& e) const noexcept {
    inc(n);
    this->keep(e, static_cast<double>(n));
  }

  /// The same as inc(n).
  template <class N>
  VITALS_HOT void add(N n) const noexcept {
    inc(n);
  }
  template <class N>
  VITALS_HOT void add(N n, const exemplar& e) const noexcept {
    inc(n, e);
  }

  /// The total over all threads, for tests and reports. Takes a mutex: not for a hot path.
  [[nodiscard]] std::uint64_t value() const noexcept { return this->read()[0]; }
};

/// A descriptor of a counter. Derive from it: `struct jobs : vitals::counter<"jobs_total", "Jobs done."> {};`
/// Options: labels, a unit, `shared`, `packed`, `exemplars`.
template <fixed_string Name, fixed_string Help, class... Options>
struct counter : detail::descriptor<Name, Help, Options...> {
 private:
  using base = detail::descriptor<Name, Help, Options...>;
  static_assert(base::name.ends_with("_total"), "a counter's name ends in _total: write \"http_requests_total\"");
  static constexpr std::uint32_t stride = base::is_shared && !base::is_packed ? detail::cells_a_line : 1;

 public:
  static constexpr metric_type type = metric_type::counter;
  static constexpr value_kind kind = value_kind::unsigned_integer;
  static constexpr detail::shape shape{.stride = stride,
                                       .series = detail::label_facts<typename base::labels>::series,
                                       .shared = base::is_shared,
                                       .trash = detail::label_facts<typename base::labels>::can_miss,
                                       .points = base::has_exemplars ? 1 : 0};
  template <class Registry, class Metric>
  using handle = counter_handle<Registry, Metric>;
};

}  // namespace vitals::inline v0

#endif
