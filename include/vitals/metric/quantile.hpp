// Quantiles for people: estimates from a histogram's buckets, as Prometheus makes them.
// https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile
#ifndef VITALS_METRIC_QUANTILE_HPP
#define VITALS_METRIC_QUANTILE_HPP

#include <cstddef>
#include <cstdint>
#include <limits>

#include <vitals/core/cell.hpp>
#include <vitals/core/view.hpp>

namespace vitals::inline v0 {

namespace detail {

/// The point at `part` (0 to 1, but for rounding) of the way from `low` to `high`, never outside them, also where they
/// are further apart than a double goes.
constexpr double between(double low, double high, double part) noexcept {
  const double width = high - low;
  const bool overflows = width > std::numeric_limits<double>::max();
  const double at = overflows ? low * (1 - part) + high * part : low + width * part;
  return at < low ? low : at > high ? high : at;
}

}  // namespace detail

/// Estimates the `q` quantile of a histogram from each bucket's own count (the last one above all bounds) and the
/// buckets' upper bounds, ascending and finite. It is what histogram_quantile() says of the same buckets: the values of
/// a bucket are taken to lie evenly in it, and the lowest bucket to start at 0 where its bound is above 0.
///
/// NaN where nothing was counted, where `q` is NaN, or where there is not one count more than bounds; -Inf for `q`
/// below 0, +Inf above 1. A quantile above all bounds is the highest bound, one in a lowest bucket that ends at 0 or
/// below is that bound. The 0 quantile is where the lowest bucket that holds anything starts; where the first bucket is
/// empty, histogram_quantile() says NaN instead, or that bucket's bound.
///
/// Counts are added exactly, whatever their size. Past 2^53 the total is rounded to a double once: the rank is then off
/// by at most one part in 2^53 of it, and the estimate still lies in the bucket.
[[nodiscard]] constexpr double quantile(double q, view<std::uint64_t> counts, view<double> bounds) noexcept {
  using limits = std::numeric_limits<double>;
  if (q != q || bounds.empty() || counts.size() != bounds.size() + 1) {
    return limits::quiet_NaN();
  }
  if (q < 0 || q > 1) {
    return q < 0 ? -limits::infinity() : limits::infinity();
  }
  detail::wide total = 0;
  for (const std::uint64_t count : counts) {
    total += count;
  }
  if (total == 0) {
    return limits::quiet_NaN();
  }
  const double rank = q * static_cast<double>(total);
  detail::wide below = 0;  // what the buckets before this one hold
  for (std::size_t i = 0; i != bounds.size(); ++i) {
    if (counts[i] != 0 && static_cast<double>(below + counts[i]) >= rank) {
      if (i == 0 && bounds[0] <= 0) {
        return bounds[0];
      }
      const double part = (rank - static_cast<double>(below)) / static_cast<double>(counts[i]);
      return detail::between(i == 0 ? 0 : bounds[i - 1], bounds[i], part);
    }
    below += counts[i];
  }
  return bounds.back();
}

/// The quantiles that people ask for.
struct percentiles {
  double p50;
  double p95;
  double p99;
};

/// Estimates the median and the 95th and 99th percentiles, as quantile() does.
[[nodiscard]] constexpr percentiles percentiles_of(view<std::uint64_t> counts, view<double> bounds) noexcept {
  return {.p50 = quantile(0.5, counts, bounds),
          .p95 = quantile(0.95, counts, bounds),
          .p99 = quantile(0.99, counts, bounds)};
}

}  // namespace vitals::inline v0

#endif
