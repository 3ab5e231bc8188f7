// A native histogram: many narrow buckets of fixed growth, for quantiles without bounds to choose.
#ifndef VITALS_METRIC_NATIVE_HISTOGRAM_HPP
#define VITALS_METRIC_NATIVE_HISTOGRAM_HPP

#include <cstdint>

#include <vitals/metric/descriptor.hpp>
#include <vitals/metric/histogram.hpp>
#include <vitals/metric/native.hpp>

namespace vitals::inline v0 {

/// A descriptor of a native histogram: `struct latency : vitals::native_histogram<"request_duration_seconds", "Time to
/// serve."> {};` Used as a histogram is. The Prometheus protobuf carries all of its buckets; the text formats show
/// those at powers of two, the same ones in every scrape, with what lies above the range in +Inf alone. A negative
/// value is dropped and counted. Options: labels, a unit, `shared`, `packed`, `exemplars` (for each classic bucket).
template <fixed_string Name, fixed_string Help, class Buckets = native<>, class... Options>
struct native_histogram : detail::descriptor<Name, Help, Options...> {
 private:
  using base = detail::descriptor<Name, Help, Options...>;
  static_assert(detail::is_native<Buckets>,
                "a native histogram's buckets are vitals::native<schema, low, high>, before its labels");
  static_assert(!base::name.ends_with("_total"), "only a counter's name ends in _total: leave it out");
  static_assert(!detail::ends_as_sample(base::name),
                "a histogram adds _bucket, _count, _sum and _created to its name itself: choose another ending");
  static constexpr bool durations = base::name.ends_with("_seconds");

  static constexpr detail::shape make_shape() noexcept {
    constexpr std::uint32_t line = detail::cells_a_line;
    const std::uint32_t width = Buckets::buckets + (durations ? 4 : 3);
    return {.kind = durations ? detail::abi::summing::duration_histogram : detail::abi::summing::real_histogram,
            .width = width,
            .stride = base::is_packed ? width : (width + line - 1) / line * line,
            .series = detail::label_facts<typename base::labels>::series,
            .shared = base::is_shared,
            .trash = detail::label_facts<typename base::labels>::can_miss,
            .value_drops = true,
            .points = base::has_exemplars ? static_cast<std::uint32_t>(Buckets::bounds.size()) + 1 : 0};
  }

 public:
  static constexpr metric_type type = metric_type::histogram;
  static constexpr value_kind kind = durations ? value_kind::duration_histogram : value_kind::real_histogram;
  static constexpr const auto& bounds = Buckets::bounds;
  static constexpr std::uint32_t buckets = Buckets::buckets + 2;  ///< the zero bucket, and what lies above
  static constexpr native_family native_buckets{.schema = Buckets::schema,
                                                .low = Buckets::low,
                                                .parts = Buckets::parts,
                                                .bounds = detail::native_bounds<Buckets>};
  static constexpr detail::shape shape = make_shape();
  using index = detail::native_index<Buckets>;
  template <class Registry, class Metric>
  using handle = histogram_handle<Registry, Metric>;
};

}  // namespace vitals::inline v0

#endif
