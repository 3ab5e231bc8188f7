#include <vitals/metric/quantile.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <span>
#include <vector>

#include <doctest/doctest.h>

#include <vitals/metric/buckets.hpp>
#include <vitals/metric/histogram.hpp>
#include <vitals/registry/registry.hpp>

namespace quantile_tests {

using vitals::quantile;
using counts = std::vector<std::uint64_t>;
using bounds = std::vector<double>;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double most = std::numeric_limits<double>::max();
constexpr std::uint64_t all_bits = ~std::uint64_t{0};

/// histogram_quantile() written down again, in long doubles over cumulative counts.
double plain(double q, const counts& own, const bounds& upper) {
  using real = long double;
  if (std::isnan(q)) {
    return nan;
  }
  if (q < 0 || q > 1) {
    return q < 0 ? -infinity : infinity;
  }
  std::vector<real> cumulative;
  for (const std::uint64_t n : own) {
    cumulative.push_back((cumulative.empty() ? 0 : cumulative.back()) + static_cast<real>(n));
  }
  if (cumulative.back() == 0) {
    return nan;
  }
  const real rank = static_cast<real>(q) * cumulative.back();
  std::size_t b = 0;
  while (b + 1 != own.size() && (cumulative[b] < rank || own[b] == 0)) {
    ++b;
  }
  if (b + 1 == own.size()) {
    return upper.back();
  }
  if (b == 0 && upper[0] <= 0) {
    return upper[0];
  }
  const real start = b == 0 ? 0 : upper[b - 1];
  const real before = b == 0 ? 0 : cumulative[b - 1];
  return static_cast<double>(start + (upper[b] - start) * (rank - before) / static_cast<real>(own[b]));
}

TEST_CASE("a quantile lies evenly within its bucket") {
  const counts own{10, 20, 60, 10, 0};
  const bounds upper{1, 2, 4, 8};
  CHECK(quantile(0.05, own, upper) == doctest::Approx(0.5));
  CHECK(quantile(0.1, own, upper) == doctest::Approx(1));
  CHECK(quantile(0.2, own, upper) == doctest::Approx(1.5));
  CHECK(quantile(0.3, own, upper) == doctest::Approx(2));
  CHECK(quantile(0.5, own, upper) == doctest::Approx(2 + 2 * 20.0 / 60));
  CHECK(quantile(0.95, own, upper) == doctest::Approx(6));
  CHECK(quantile(1, own, upper) == 8);
}

TEST_CASE("the lowest bucket starts at 0 where its bound is above 0; else it is its bound") {
  CHECK(quantile(0.5, counts{4, 0}, bounds{10}) == 5);
  CHECK(quantile(0.5, counts{4, 0}, bounds{0}) == 0);
  CHECK(quantile(0.5, counts{4, 0, 0}, bounds{-1, 1}) == -1);
  CHECK(quantile(0.5, counts{0, 4, 0}, bounds{-1, 1}) == 0);
  CHECK(quantile(0.25, counts{0, 4, 0}, bounds{-3, -1}) == -2.5);
}

TEST_CASE("a quantile above all bounds is the highest bound") {
  CHECK(quantile(0.5, counts{1, 1, 8}, bounds{1, 2}) == 2);
  CHECK(quantile(0, counts{0, 0, 8}, bounds{1, 2}) == 2);
  CHECK(quantile(1, counts{5, 5, 1}, bounds{1, 2}) == 2);
  CHECK(quantile(0.5, counts{0, 3}, bounds{-7}) == -7);
}

TEST_CASE("the 0 quantile is where the lowest bucket that holds anything starts") {
  CHECK(quantile(0, counts{1, 1, 0}, bounds{1, 2}) == 0);
  CHECK(quantile(0, counts{0, 1, 1, 0}, bounds{1, 2, 3}) == 1);
  CHECK(quantile(0, counts{0, 0, 1, 0}, bounds{-1, 2, 3}) == 2);
  CHECK(quantile(-0.0, counts{1, 1, 0}, bounds{1, 2}) == 0);
}

TEST_CASE("what has no answer says so") {
  const counts own{1, 2, 3};
  const bounds upper{1, 2};
  CHECK(std::isnan(quantile(0.5, counts{0, 0, 0}, upper)));
  CHECK(std::isnan(quantile(nan, own, upper)));
  CHECK(std::isnan(quantile(nan, counts{0, 0, 0}, upper)));
  CHECK(quantile(-0.001, own, upper) == -infinity);
  CHECK(quantile(-infinity, own, upper) == -infinity);
  CHECK(quantile(1.001, own, upper) == infinity);
  CHECK(quantile(infinity, own, upper) == infinity);
  CHECK(std::isnan(quantile(0.5, {}, {})));
  CHECK(std::isnan(quantile(0.5, counts{1}, {})));
  CHECK(std::isnan(quantile(0.5, counts{1, 2}, upper)));
  CHECK(std::isnan(quantile(0.5, counts{1, 2, 3, 4}, upper)));
}

TEST_CASE("empty buckets are stepped over") {
  const counts own{0, 5, 0, 0, 5, 0};
  const bounds upper{1, 2, 3, 4, 5};
  CHECK(quantile(0.5, own, upper) == 2);
  CHECK(quantile(0.75, own, upper) == 4.5);
  CHECK(quantile(0.50001, own, upper) == doctest::Approx(4.00002).epsilon(1e-9));
}

TEST_CASE("counts of 64 bits add up exactly: nothing wraps, and an estimate stays in its bucket") {
  const bounds upper{1, 2, 3};
  CHECK(quantile(0.5, counts{all_bits, all_bits, all_bits, all_bits}, upper) == 2);
  CHECK(quantile(0.125, counts{all_bits, all_bits, all_bits, all_bits}, upper) == 0.5);
  CHECK(quantile(0.5, counts{all_bits, 0, 1, 0}, upper) == 0.5);
  CHECK(quantile(0.25, counts{0, all_bits, all_bits, 0}, upper) == 1.5);
  CHECK(quantile(1, counts{all_bits, 0, 1, 0}, upper) == 1);  // 2^64 - 1 and 2^64 are one double
  CHECK(quantile(1, counts{(std::uint64_t{1} << 53U) - 1, 0, 1, 0}, upper) == 3);
  CHECK(quantile(0.5, counts{std::uint64_t{1} << 53U, 0, (std::uint64_t{1} << 53U) + 1, 0}, upper) >= 1);
  std::mt19937_64 random{7};
  unsigned outside = 0;
  for (int i = 0; i != 20'000; ++i) {
    const counts own{random() >> (random() % 64), random() >> (random() % 64), random() >> (random() % 64), 0};
    const double q = static_cast<double>(random() >> 11U) * 0x1p-53;
    const double estimate = quantile(q, own, upper);
    const double expected = plain(q, own, upper);
    const bool close = std::abs(estimate - expected) < 1e-6 || std::abs(std::round(expected) - expected) < 1e-6 ||
                       own[1] < 1'000'000 || own[2] < 1'000'000;  // within a small bucket the rank's rounding shows
    outside += estimate >= 0 && estimate <= 3 && close ? 0U : 1U;
  }
  CHECK(outside == 0);
}

TEST_CASE("bounds further apart than a double goes") {
  CHECK(quantile(0.5, counts{0, 2, 0}, bounds{-most, most}) == 0);
  CHECK(quantile(0, counts{0, 2, 0}, bounds{-most, most}) == -most);
  CHECK(quantile(1, counts{0, 2, 0}, bounds{-most, most}) == most);
  CHECK(quantile(0.75, counts{0, 2, 0}, bounds{-most, most}) / most == doctest::Approx(0.5));
}

TEST_CASE("no estimate leaves its bucket by a rounding") {
  CHECK(quantile(1, counts{0, 1, 0}, bounds{0.49, 2.68}) == 2.68);
  CHECK(0.49 + (2.68 - 0.49) > 2.68);  // what it would be without care
}

TEST_CASE("random histograms: the same as a plain computation, and a higher quantile is never lower") {
  std::mt19937_64 random{42};
  unsigned wrong = 0;
  unsigned falls = 0;
  for (int i = 0; i != 5'000; ++i) {
    const std::size_t size = 1 + random() % 20;
    bounds upper;
    double bound = static_cast<double>(random() % 2000) / 100 - 10;
    for (std::size_t k = 0; k != size; ++k) {
      upper.push_back(bound);
      bound += 0.01 + static_cast<double>(random() % 1000) / 100;
    }
    counts own(size + 1);
    for (std::uint64_t& n : own) {
      n = random() % 3 == 0 ? 0 : random() % 10'000;
    }
    double last = -infinity;
    for (const double q : {0.0, 1e-9, 0.01, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1.0}) {
      const double estimate = quantile(q, own, upper);
      const double expected = plain(q, own, upper);
      const bool equal = std::isnan(expected) ? std::isnan(estimate)
                                              : std::abs(estimate - expected) <= 1e-9 * (1 + std::abs(expected));
      wrong += equal ? 0U : 1U;
      falls += estimate < last ? 1U : 0U;
      last = estimate;
    }
  }
  CHECK(wrong == 0);
  CHECK(falls == 0);
}

TEST_CASE("the percentiles are these quantiles") {
  const counts own{50, 45, 4, 1};
  const bounds upper{1, 2, 3};
  const vitals::percentiles all = vitals::percentiles_of(own, upper);
  CHECK(all.p50 == 1);
  CHECK(all.p95 == 2);
  CHECK(all.p99 == 3);
  CHECK(std::isnan(vitals::percentiles_of(counts{0, 0}, bounds{1}).p99));
}

TEST_CASE("a reading of a histogram has quantiles") {
  struct latency : vitals::histogram<"quantiles_latency_seconds", "Latency.", vitals::buckets::web> {};
  using metrics = vitals::registry<latency>;
  for (int i = 0; i != 100; ++i) {
    metrics::get<latency>().observe(i < 90 ? 0.02 : 0.7);
  }
  const auto reading = metrics::get<latency>().value();
  CHECK(quantile(0.5, reading.buckets, latency::bounds) == doctest::Approx(0.01 + 0.015 * 50 / 90));
  CHECK(vitals::percentiles_of(reading.buckets, latency::bounds).p95 == doctest::Approx(0.75));
}

constexpr std::array<std::uint64_t, 3> own_when_compiling{1, 2, 1};
constexpr std::array<double, 2> upper_when_compiling{1.0, 3.0};
static_assert(quantile(0.5, own_when_compiling, upper_when_compiling) == 2);
static_assert(quantile(2, own_when_compiling, upper_when_compiling) == infinity);
static_assert(noexcept(quantile(0.5, own_when_compiling, upper_when_compiling)));

}  // namespace quantile_tests
