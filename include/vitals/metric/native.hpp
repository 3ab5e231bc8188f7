// Exponential buckets of native histograms: 2^schema of them between neighbouring powers of two.
// https://prometheus.io/docs/specs/native_histograms/
#ifndef VITALS_METRIC_NATIVE_HPP
#define VITALS_METRIC_NATIVE_HPP

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include <vitals/core/cell.hpp>
#include <vitals/core/config.hpp>
#include <vitals/metric/held.hpp>

namespace vitals::inline v0 {

/// The buckets of a native histogram: `Schema` (-4 to 8) fixes their width, a factor of 2^(2^-Schema): 1.09 for 3. The
/// zero bucket reaches to 2^Low; above 2^High values go to the outermost bucket. All of it is fixed, so that no cell
/// ever changes its meaning: a series takes 8 bytes a thread for each bucket, 2^Schema x (High - Low) of them.
/// The default takes a microsecond to 17 minutes, in seconds, with 9% a bucket: 2 KB.
template <int Schema = 3, int Low = -20, int High = 10>
struct native {
  static constexpr int schema = Schema;
  static constexpr int low = Low;
  static constexpr int high = High;
  static_assert(Schema >= -4 && Schema <= 8, "a native histogram's schema is from -4 to 8");
  static_assert(Low < High && Low >= -1022 && High <= 1023,
                "a native histogram reaches from 2^Low to 2^High, exponents of a double: put them in order");

  /// How many powers of two lie between two bounds, for a schema below 0.
  static constexpr int step = Schema < 0 ? 1 << -Schema : 1;
  static_assert(Low % step == 0 && High % step == 0,
                "this schema's bounds are powers of two whose exponents are multiples of 2^-Schema: choose such ends");
  /// Buckets between neighbouring powers of two that are bounds.
  static constexpr std::uint32_t parts = Schema > 0 ? 1U << Schema : 1U;
  /// Buckets between the zero bucket and what lies above.
  static constexpr std::uint32_t buckets = static_cast<std::uint32_t>((High - Low) / step) * parts;
  static_assert(buckets <= 16384, "a native histogram has at most 16,384 buckets: take a smaller schema or range");

  /// The powers of two that are bounds: what formats show that have classic buckets only.
  static constexpr auto bounds = [] {
    std::array<double, static_cast<std::size_t>((High - Low) / step) + 1> all{};
    for (std::size_t i = 0; i != all.size(); ++i) {
      const int exponent = Low + static_cast<int>(i) * step;
      all[i] = std::bit_cast<double>(static_cast<std::uint64_t>(exponent + 1023) << 52);
    }
    return all;
  }();
};

namespace detail {

template <class T>
inline constexpr bool is_native = false;
template <int Schema, int Low, int High>
inline constexpr bool is_native<native<Schema, Low, High>> = true;

/// A number with 63 binary places, to the nearest.
constexpr std::uint64_t rounded_63(unsigned_wide with_126) noexcept {
  return static_cast<std::uint64_t>((with_126 + (unsigned_wide{1} << 62)) >> 63);
}

/// The square root of a number of 63 binary places, to the nearest.
constexpr std::uint64_t root_63(unsigned_wide n) noexcept {
  std::uint64_t root = 0;
  for (int bit = 63; bit >= 0; --bit) {
    const std::uint64_t next = root | std::uint64_t{1} << bit;
    root = static_cast<unsigned_wide>(next) * next <= n << 63 ? next : root;
  }
  return root + ((n << 63) - static_cast<unsigned_wide>(root) * root > root ? 1 : 0);
}

/// The fraction bits of the doubles 2^(i / Parts), i from 0 to Parts - 1: products of square roots of square roots
/// of 2.
template <std::uint32_t Parts>
constexpr std::array<std::uint64_t, Parts> exponential_fractions() noexcept {
  constexpr std::uint64_t one = std::uint64_t{1} << 63;
  std::array<std::uint64_t, Parts> all{};
  std::uint64_t root = root_63(unsigned_wide{one} << 1);
  all[0] = one;
  for (std::uint32_t half = Parts / 2; half != 0; half /= 2) {  // those whose last factor is this root
    for (std::uint32_t i = half; i < Parts; i += 2 * half) {
      all[i] = rounded_63(static_cast<unsigned_wide>(all[i - half]) * root);
    }
    root = root_63(root);
  }
  for (std::uint64_t& bound : all) {
    bound = (bound - one + (std::uint64_t{1} << 10)) >> 11;
  }
  return all;
}

/// The bounds of all buckets, the zero bucket's first.
template <class Buckets>
inline constexpr auto native_bounds = [] {
  constexpr auto fractions = exponential_fractions<Buckets::parts>();
  std::array<double, Buckets::buckets + 1> all{};
  for (std::uint32_t i = 0; i != all.size(); ++i) {
    const auto power = static_cast<int>(i / Buckets::parts) * Buckets::step;
    const auto exponent = static_cast<std::uint64_t>(Buckets::low + power + 1023);
    all[i] = std::bit_cast<double>(exponent << 52 | fractions[i % Buckets::parts]);
  }
  return all;
}();

/// Finds a value's bucket from its bits by one addition. Bucket 0 is the zero bucket, the last one takes what is above
/// 2^High; a bucket holds its upper bound.
///
/// Exponent and fraction of a double together are its logarithm, but for the curve between two powers of two: cut off
/// behind `slot_bits - 1` bits of the fraction they would number the buckets, were those of equal width. The table,
/// keyed by one bit more of the fraction, so that a slot holds one bound at most, adds what bends the line to the
/// curve: the buckets that the bounds are ahead, and whatever lifts a value past the cut that lies above the slot's
/// bound.
template <class Buckets>
struct native_index {
  static constexpr std::uint32_t parts = Buckets::parts;
  static constexpr std::uint64_t lowest = std::bit_cast<std::uint64_t>(Buckets::bounds.front());
  static constexpr std::uint64_t highest = std::bit_cast<std::uint64_t>(Buckets::bounds.back());
  static constexpr int part_bits = std::bit_width(parts) - 1;
  /// What stays behind this is the bucket.
  static constexpr int cut = 52 - part_bits + std::bit_width(static_cast<unsigned>(Buckets::step)) - 1;
  static constexpr std::size_t slots = parts == 1 ? 1 : std::size_t{2} * parts;
  static constexpr int slot_shift = 52 - part_bits - 1;

  static constexpr auto table = [] {
    constexpr auto fractions = exponential_fractions<parts>();
    constexpr std::uint64_t slot_width = std::uint64_t{1} << slot_shift;
    std::array<std::uint64_t, slots> all{};
    for (std::size_t slot = 0, below = 0; slot != slots; ++slot) {
      const std::uint64_t begin = slot * slot_width;
      const bool has_bound = below != parts && (slots == 1 || fractions[below] - begin < slot_width);
      // all that lies above this is past one bound more than are below the slot
      const std::uint64_t bound = has_bound ? fractions[below] : begin + slot_width - 1;
      all[slot] = ((below + 1) << cut) - 1 - bound - lowest;
      below += has_bound ? 1 : 0;
    }
    return all;
  }();

  /// For a value that is not negative and not NaN.
  VITALS_HOT static constexpr std::size_t find(double value) noexcept {
    const double within = held(value, std::bit_cast<double>(lowest), std::bit_cast<double>(highest + 1));
    const auto bits = std::bit_cast<std::uint64_t>(within);
    return (bits + table[bits >> slot_shift & (slots - 1)]) >> cut;
  }

  /// A duration's: by its seconds, to one unit in the last place; to the last bit where they are a power of two. (1e-9
  /// is off by less than half of a unit there. Dividing would be exact, and takes half as long again.)
  VITALS_HOT static constexpr std::size_t find(std::int64_t nanoseconds) noexcept {
    return find(static_cast<double>(nanoseconds) * 1e-9);
  }
};

}  // namespace detail

}  // namespace vitals::inline v0

#endif
