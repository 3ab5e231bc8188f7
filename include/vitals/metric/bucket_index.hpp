// The bucket of a value in constant time: a table built when compiling, and one compare.
#ifndef VITALS_METRIC_BUCKET_INDEX_HPP
#define VITALS_METRIC_BUCKET_INDEX_HPP

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

#include <vitals/core/config.hpp>

namespace vitals::inline v0::detail {

/// Maps numbers to slots by the top bits of their double: exponent and first bits of the mantissa. The map never
/// falls as values rise. So a bound in a lower slot than a value is below it, a bound in a higher slot above it, and
/// only bounds in the value's own slot need a compare.
struct slot_map {
  int shift = 62;          ///< bits below these do not matter
  std::uint32_t low = 0;   ///< the top bits of the first slot, just below the smallest non-zero bound
  std::uint32_t high = 0;  ///< the top bits of the last slot, that of the largest bound
  bool two_signs = false;  ///< negative values have slots of their own, below

  [[nodiscard]] constexpr std::uint32_t half() const noexcept { return high - low + 1; }

  [[nodiscard]] VITALS_HOT constexpr std::size_t slot(double value) const noexcept {
    constexpr std::uint64_t sign = std::uint64_t{1} << 63;
    const auto bits = std::bit_cast<std::uint64_t>(value);
    auto top = static_cast<std::uint32_t>((bits & ~sign) >> shift);
    top = top < low ? low : top;
    top = top > high ? high : top;
    if (!std::is_constant_evaluated()) {
      asm("" : "+r"(top));  // keeps g++ from making branches of the two conditional moves: they would be mispredicted
    }
    if (!two_signs) {
      return std::size_t{top} - low;
    }
    return (bits & sign) != 0 ? std::size_t{high} - top : std::size_t{half()} + top - low;
  }
};

/// What the table of one list of bounds looks like.
struct table_plan {
  slot_map map;
  std::size_t slots = 1;
  std::size_t most = 0;  ///< bounds in the fullest slot
};

inline constexpr std::size_t table_bytes = 512;

/// Chooses the fewest bits at which no slot has two bounds, within 512 bytes; else those at which the fullest slot has
/// fewest.
template <class T, std::size_t N>
constexpr table_plan plan_table(const std::array<T, N>& bounds) noexcept {
  constexpr std::uint64_t sign = std::uint64_t{1} << 63;
  std::uint64_t smallest = sign;
  std::uint64_t largest = 0;
  for (const T bound : bounds) {
    const std::uint64_t size = std::bit_cast<std::uint64_t>(static_cast<double>(bound)) & ~sign;
    smallest = size != 0 && size < smallest ? size : smallest;
    largest = size > largest ? size : largest;
  }
  table_plan best;
  best.most = N;
  best.map.two_signs = bounds[0] < T{0};
  best.slots = best.map.two_signs ? 2 : 1;
  if (largest == 0) {  // 0 is the only bound
    return best;
  }
  for (int shift = 62; shift >= 32; --shift) {
    table_plan plan;
    plan.map = {.shift = shift,
                .low = static_cast<std::uint32_t>(smallest >> shift) - (smallest >> shift == 0 ? 0 : 1),
                .high = static_cast<std::uint32_t>(largest >> shift),
                .two_signs = best.map.two_signs};
    plan.slots = std::size_t{plan.map.half()} * (plan.map.two_signs ? 2 : 1);
    if (plan.slots * (N < 256 ? 1 : 2) > table_bytes) {
      break;
    }
    std::size_t run = 0;
    for (std::size_t i = 0; i != N; ++i) {
      const bool same =
          i != 0 && plan.map.slot(static_cast<double>(bounds[i])) == plan.map.slot(static_cast<double>(bounds[i - 1]));
      run = same ? run + 1 : 1;
      plan.most = run > plan.most ? run : plan.most;
    }
    if (plan.most < best.most || shift == 62) {
      best = plan;
    }
    if (best.most <= 1) {
      break;
    }
  }
  return best;
}

/// Finds the bucket of a value among `Bounds::list`, an ascending array of doubles or of integers.
template <class Bounds>
struct bucket_index {
 private:
  using value_type = typename std::remove_cvref_t<decltype(Bounds::list)>::value_type;
  static constexpr std::size_t count = Bounds::list.size();
  static constexpr table_plan plan = plan_table(Bounds::list);
  using entry = std::conditional_t<(count < 256), std::uint8_t, std::uint16_t>;

  /// For each slot, how many bounds lie in lower slots.
  static constexpr std::array<entry, plan.slots> below = [] {
    std::array<entry, plan.slots> table{};
    std::size_t passed = 0;
    for (std::size_t s = 0; s != plan.slots; ++s) {
      while (passed != count && plan.map.slot(static_cast<double>(Bounds::list[passed])) < s) {
        ++passed;
      }
      table[s] = static_cast<entry>(passed);
    }
    return table;
  }();

  /// The bounds, and behind them as many that no value exceeds as a slot may look at.
  static constexpr std::array<value_type, count + plan.most> bounds = [] {
    std::array<value_type, count + plan.most> all{};
    for (std::size_t i = 0; i != all.size(); ++i) {
      all[i] = i < count                                       ? Bounds::list[i]
               : std::numeric_limits<value_type>::has_infinity ? std::numeric_limits<value_type>::infinity()
                                                               : std::numeric_limits<value_type>::max();
    }
    return all;
  }();

 public:
  static_assert(count < 65536);

  /// Bytes of the table, for reports.
  static constexpr std::size_t bytes = sizeof(below);

  /// How many bounds are below `value`, which is no NaN: the index of its bucket, 0 to count.
  [[nodiscard]] VITALS_HOT static constexpr std::uint32_t find(value_type value) noexcept {
    const std::size_t first = below[plan.map.slot(static_cast<double>(value))];
    if constexpr (plan.most <= 4) {
      auto found = static_cast<std::uint32_t>(first);
      for (std::uint32_t i = 0; i != plan.most; ++i) {
        found += bounds[first + i] < value ? 1U : 0U;
      }
      return found;
    } else {  // halve the slot's bounds without a branch
      auto found = static_cast<std::uint32_t>(first);
      for (auto left = static_cast<std::uint32_t>(plan.most); left != 0;) {
        const std::uint32_t step = (left + 1) / 2;
        found += bounds[found + step - 1] < value ? step : 0U;
        left -= step;
      }
      return found;
    }
  }
};

}  // namespace vitals::inline v0::detail

#endif
