// Flapping: a component that changes too often is not believed to be better until it is calm.
#ifndef VITALS_HEALTH_FLAPPING_HPP
#define VITALS_HEALTH_FLAPPING_HPP

#include <cstdint>

#include <vitals/health/component_state.hpp>

namespace vitals::inline v0::detail {

/// A leaky count of changes: each adds one, and within a window as many leak away as the limit is. At the limit the
/// component is flapping, until no more than half of that is left.
struct flap_state {
  static constexpr std::uint64_t one = 1000;

  std::uint64_t level = 0;  ///< in thousandths of a change, below 2^23
  bool flapping = false;
  std::uint64_t since = 0;  ///< ms of the last change

  friend constexpr bool operator==(const flap_state&, const flap_state&) = default;

  /// The word: 23 bits level, 1 flapping, 40 time.
  [[nodiscard]] constexpr std::uint64_t packed() const noexcept {
    return level | std::uint64_t{flapping} << 23U | since << 24U;
  }
  [[nodiscard]] static constexpr flap_state of(std::uint64_t word) noexcept {
    return {.level = word & ((1U << 23U) - 1), .flapping = (word >> 23U & 1U) != 0, .since = word >> 24U};
  }

  /// What of the level is left.
  [[nodiscard]] constexpr std::uint64_t level_at(std::uint64_t now, const component_policy& p) const noexcept {
    const std::uint64_t passed = elapsed(since, now);
    const std::uint64_t leaked =
        passed >= p.flap_window ? p.flap_limit * one : passed * p.flap_limit * one / p.flap_window;
    return leaked < level ? level - leaked : 0;
  }
  [[nodiscard]] constexpr bool is_flapping(std::uint64_t now, const component_policy& p) const noexcept {
    return flapping && level_at(now, p) * 2 > p.flap_limit * one;
  }

  /// After one more change. (Held at twice the limit: it is calm again within a window and a half.)
  [[nodiscard]] constexpr flap_state after_change(std::uint64_t now, const component_policy& p) const noexcept {
    if (p.flap_limit == 0) {
      return *this;
    }
    const std::uint64_t most = 2 * p.flap_limit * one;
    const std::uint64_t left = level_at(now, p) + one;
    const std::uint64_t level_now = left < most ? left : most;
    return {.level = level_now, .flapping = is_flapping(now, p) || level_now >= p.flap_limit * one, .since = now};
  }
};

}  // namespace vitals::inline v0::detail

#endif
