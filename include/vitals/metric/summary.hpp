// A summary: how many values there were, and their sum; for an average, where no distribution is needed.
#ifndef VITALS_METRIC_SUMMARY_HPP
#define VITALS_METRIC_SUMMARY_HPP

#include <cstdint>

#include <vitals/metric/descriptor.hpp>
#include <vitals/metric/histogram.hpp>

namespace vitals::inline v0 {

namespace detail {

/// The index of the only bucket.
struct one_bucket {
  template <class Value>
  VITALS_HOT static constexpr std::uint32_t find(Value) noexcept {
    return 0;
  }
};

}  // namespace detail

/// A descriptor of a summary: `struct payload : vitals::summary<"payload_bytes", "Sizes of payloads."> {};` Used as a
/// histogram is: `observe`, `time`; its name in `_seconds` makes it count durations. A quarter of a histogram's cost;
/// it has no quantiles. Options: labels, a unit, `shared`, `packed`.
template <fixed_string Name, fixed_string Help, class... Options>
struct summary : detail::descriptor<Name, Help, Options...> {
 private:
  using base = detail::descriptor<Name, Help, Options...>;
  static_assert(!base::name.ends_with("_total"), "only a counter's name ends in _total: leave it out");
  static_assert(!detail::ends_as_sample(base::name),
                "a summary adds _count, _sum and _created to its name itself: choose another ending");
  static constexpr bool durations = base::name.ends_with("_seconds");

  static constexpr detail::shape make_shape() noexcept {
    const std::uint32_t width = durations ? 3 : 2;
    const bool apart = base::is_shared && !base::is_packed;
    return {.kind = durations ? detail::abi::summing::duration_histogram : detail::abi::summing::real_histogram,
            .width = width,
            .stride = apart ? std::uint32_t{detail::cells_a_line} : detail::line_stride(width),
            .series = detail::label_facts<typename base::labels>::series,
            .shared = base::is_shared,
            .trash = detail::label_facts<typename base::labels>::can_miss,
            .value_drops = true};
  }

 public:
  static constexpr metric_type type = metric_type::summary;
  static constexpr value_kind kind = durations ? value_kind::duration_histogram : value_kind::real_histogram;
  static constexpr std::uint32_t buckets = 1;
  static constexpr detail::shape shape = make_shape();
  using index = detail::one_bucket;
  template <class Registry, class Metric>
  using handle = histogram_handle<Registry, Metric>;
};

}  // namespace vitals::inline v0

#endif
