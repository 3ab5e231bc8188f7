// Flapping: a component that changes too often is not believed to be better until it is calm.
#ifndef VITALS_HEALTH_FLAPPING_HPP
#define VITALS_HEALTH_FLAPPING_HPP

#include <array>
#include <cstddef>
#include <cstdint>

#include <vitals/health/component_state.hpp>

namespace vitals::inline v0::detail {

/// Counts of changes in the last quarters of the window. As many as the limit within a window are flapping for certain,
/// fewer within five quarters of it never. That is over when no more than half of the limit are left there.
struct flap_state {
  static constexpr std::size_t quarters = 5;  ///< four whole ones, and the one that is not over
  static constexpr std::uint8_t most = (1U << 7U) - 1;
  static constexpr std::uint64_t most_number = (std::uint64_t{1} << 28U) - 1;

  std::array<std::uint8_t, quarters> counts{};  ///< of the quarter `number` and of those before it; each up to `most`
  bool flapping = false;
  std::uint64_t number = 0;  ///< of the quarter that changed last, modulo 2^28: two years where they are shortest

  friend constexpr bool operator==(const flap_state&, const flap_state&) = default;

  /// The word: 5 times 7 bits counts, 1 flapping, 28 number.
  [[nodiscard]] constexpr std::uint64_t packed() const noexcept {
    std::uint64_t word = std::uint64_t{flapping} << 35U | number << 36U;
    for (std::size_t i = 0; i != quarters; ++i) {
      word |= std::uint64_t{counts[i]} << 7 * i;
    }
    return word;
  }
  [[nodiscard]] static constexpr flap_state of(std::uint64_t word) noexcept {
    flap_state s;
    for (std::size_t i = 0; i != quarters; ++i) {
      s.counts[i] = static_cast<std::uint8_t>(word >> 7 * i & most);
    }
    s.flapping = (word >> 35U & 1U) != 0;
    s.number = word >> 36U;
    return s;
  }

  /// Whether it is calm, and since when.
  [[nodiscard]] constexpr calmness calm_at(std::uint64_t now, const component_policy& p) const noexcept {
    if (!flapping) {
      return {};
    }
    const std::uint64_t passed = quarters_until(now, p);
    const std::uint64_t whole = now / quarter_of(p);
    std::uint32_t left = total();
    std::size_t quarter = 0;
    while (left * 2 > p.flap_limit) {
      left -= counts[quarters - ++quarter];
    }
    return {.calm = passed >= quarter, .since = whole < passed ? 0 : (whole - passed + quarter) * quarter_of(p)};
  }

  [[nodiscard]] constexpr bool is_flapping(std::uint64_t now, const component_policy& p) const noexcept {
    return !calm_at(now, p).calm;
  }

  /// After one more change.
  [[nodiscard]] constexpr flap_state after_change(std::uint64_t now, const component_policy& p) const noexcept {
    if (p.flap_limit == 0) {
      return *this;
    }
    const std::uint64_t passed = quarters_until(now, p);
    flap_state s{.flapping = is_flapping(now, p), .number = (number + passed) & most_number};
    for (std::size_t i = 0; i + passed < quarters; ++i) {
      s.counts[i + passed] = counts[i];
    }
    s.counts[0] = static_cast<std::uint8_t>(s.counts[0] == most ? most : s.counts[0] + 1);
    s.flapping = s.flapping || s.total() >= p.flap_limit;
    return s;
  }

 private:
  static constexpr std::uint64_t quarter_of(const component_policy& p) noexcept { return (p.flap_window + 3) / 4; }

  /// A time up to four quarters back is taken for the latest: it was read a moment before another thread's, or the
  /// clock has stepped back. One from further back ends the flapping, as one from far ahead does.
  [[nodiscard]] constexpr std::uint64_t quarters_until(std::uint64_t now, const component_policy& p) const noexcept {
    const std::uint64_t ahead = (now / quarter_of(p) - number) & most_number;
    return ahead + 4 > most_number ? 0 : ahead;
  }

  [[nodiscard]] constexpr std::uint32_t total() const noexcept {
    std::uint32_t sum = 0;
    for (const std::uint8_t count : counts) {
      sum += count;
    }
    return sum;
  }
};

}  // namespace vitals::inline v0::detail

#endif
