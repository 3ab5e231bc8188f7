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
#include <vitals/metric/held.hpp>

namespace vitals::inline v0::detail {

/// Maps numbers to slots by the top bits of their double: exponent and first bits of the mantissa. The map never
/// falls as values rise. So a bound in a lower slot than a value is below it, a bound in a higher slot above it, and
/// only bounds in the value's own slot need a compare.
struct slot_map {
  int shift = 62;          ///< bits below these do not matter
  std::uint32_t low = 0;   ///< the top bits of the first slot, just below the smallest non-zero bound
  std::uint32_t high = 0;  ///< the top bits of the last slot, that of the largest bound or of the largest value
  bool two_signs = false;  ///< negative values have slots of their own, below
  bool whole = false;      ///< no value lies above the last slot

  [[nodiscard]] constexpr std::uint32_t half() const noexcept { return high - low + 1; }

  /// For any number but NaN; where `two_signs` is not set, for none that is negative.
  [[nodiscard]] VITALS_HOT constexpr std::size_t slot(double value) const noexcept {
    const double least = std::bit_cast<double>(std::uint64_t{low} << shift);
    const double most = std::bit_cast<double>(std::uint64_t{high} << shift);
    const bool negative = two_signs && value < 0;
    const double size = negative ? -value : value;
    const std::size_t top =
        std::bit_cast<std::uint64_t>(whole ? raised(size, least) : held(size, least, most)) >> shift;
    if (!two_signs) {
      return top - low;
    }
    return negative ? high - top : half() + top - low;
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
/// fewest. Where there is room it has slots for all values that an integer can have, which saves holding them.
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
  const std::uint64_t greatest = std::bit_cast<std::uint64_t>(static_cast<double>(std::numeric_limits<T>::max()));
  const std::size_t room = table_bytes / (N < 256 ? 1 : 2) / (best.map.two_signs ? 2 : 1);
  for (int shift = 62; shift >= 32; --shift) {
    table_plan plan;
    plan.map = {.shift = shift,
                .low = static_cast<std::uint32_t>(smallest >> shift) - (smallest >> shift == 0 ? 0 : 1),
                .high = static_cast<std::uint32_t>(largest >> shift),
                .two_signs = best.map.two_signs};
    if (plan.map.half() > room) {
      break;
    }
    if (std::numeric_limits<T>::is_integer && (greatest >> shift) - plan.map.low < room) {
      plan.map.high = static_cast<std::uint32_t>(greatest >> shift);
      plan.map.whole = true;
    }
    plan.slots = std::size_t{plan.map.half()} * (plan.map.two_signs ? 2 : 1);
    std::size_t run = 0;
    std::size_t last = plan.slots;
    for (const T bound : bounds) {
      const std::size_t slot = plan.map.slot(static_cast<double>(bound));
      run = slot == last ? run + 1 : 1;
      last = slot;
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

  /// Where no value is negative, doubles compare as their bits do: by one instruction less, and sooner.
  using key = std::conditional_t<plan.map.two_signs, value_type, std::uint64_t>;
  VITALS_HOT static constexpr key key_of(value_type value) noexcept {
    if constexpr (plan.map.two_signs) {
      return value;
    } else {
      return std::bit_cast<std::uint64_t>(value);
    }
  }

  /// In one place, so that one address leads to both.
  struct table {
    /// The bounds, and behind them as many that no value exceeds as a slot may look at.
    std::array<key, count + plan.most> bounds{};
    /// For each slot, how many bounds lie in lower slots.
    std::array<entry, plan.slots> below{};
  };
  static constexpr table lookup = [] {
    table made;
    for (std::size_t i = 0; i != made.bounds.size(); ++i) {
      made.bounds[i] =
          key_of(i < count                                       ? Bounds::list[i]
                 : std::numeric_limits<value_type>::has_infinity ? std::numeric_limits<value_type>::infinity()
                                                                 : std::numeric_limits<value_type>::max());
    }
    std::size_t passed = 0;
    for (std::size_t s = 0; s != plan.slots; ++s) {
      while (passed != count && plan.map.slot(static_cast<double>(Bounds::list[passed])) < s) {
        ++passed;
      }
      made.below[s] = static_cast<entry>(passed);
    }
    return made;
  }();

 public:
  static_assert(count < 65536);

  /// Bytes of the table, for reports.
  static constexpr std::size_t bytes = sizeof(lookup.below);

  /// How many bounds are below `value`: the index of its bucket, 0 to count. Not for NaN; where no bound is negative,
  /// for no value with a minus sign, not even -0.
  [[nodiscard]] VITALS_HOT static constexpr std::size_t find(value_type value) noexcept {
    const key sought = key_of(value);
    const std::size_t first = lookup.below[plan.map.slot(static_cast<double>(value))];
    std::size_t found = first;
    if constexpr (plan.most <= 4) {
      for (std::size_t i = 0; i != plan.most; ++i) {
        found += lookup.bounds[first + i] < sought ? 1U : 0U;
      }
    } else {  // halve the slot's bounds without a branch
      for (std::size_t left = plan.most; left != 0;) {
        const std::size_t step = (left + 1) / 2;
        found += lookup.bounds[found + step - 1] < sought ? step : 0U;
        left -= step;
      }
    }
    return found;
  }
};

}  // namespace vitals::inline v0::detail

#endif
