// The largest value of a time window: a ring of sub-windows in a series' cells.
#ifndef VITALS_CORE_MAX_RING_HPP
#define VITALS_CORE_MAX_RING_HPP

#include <bit>
#include <cstdint>

#include <vitals/core/cell.hpp>
#include <vitals/core/config.hpp>

namespace vitals::inline v0::detail {

/// A window is seven sub-windows, and a ring holds the largest value of each of the last eight, so that a window that
/// begins within one of them is covered. Time is counted in epochs, one a sub-window, from 1 on. Each slot is a pair of
/// cells beside each other on a cache line: its epoch, 0 where it holds nothing, and the largest value's bits.
///
/// One thread writes a ring at a time (its own, or with the directory's mutex the retired one), any may read it. A
/// writer that gives a slot to another epoch sets its epoch to 0, then the value, then the epoch, the last two a
/// release; a reader takes epoch, value and epoch again, each an acquire. Who sees the new value sees the 0 as well, so
/// a reader that finds the same epoch twice has a value of that epoch.
///
/// All functions are told the time, which may step back. An epoch counts within a window on both sides of its own time:
/// what was observed before a step back goes on to count where the step is shorter than the window, and after a longer
/// one does not. What is observed after it counts as ever.
struct max_ring {
  static constexpr std::uint32_t slots = 8;
  static constexpr std::uint32_t cells = 2 * slots;
  static constexpr std::uint64_t window = slots - 1;  ///< in epochs

  /// The length of a sub-window, for a window's length.
  static constexpr std::uint64_t part_of(std::uint64_t length) noexcept { return (length + window - 1) / window; }

  VITALS_HOT static constexpr std::uint64_t epoch_at(std::uint64_t time, std::uint64_t part) noexcept {
    return time / part + 1;
  }

  /// Whether what was observed in `epoch` counts at `now`.
  static constexpr bool counts(std::uint64_t epoch, std::uint64_t now) noexcept {
    return epoch + window - now < 2 * slots && epoch != 0;
  }

  /// Observes a value, which is not NaN. By the ring's only writer.
  VITALS_HOT static void raise(cell* ring, std::uint64_t epoch, double value) noexcept {
    cell* const slot = ring + 2 * (epoch % slots);
    if (slot[0].load(std::memory_order_relaxed) != epoch) [[unlikely]] {
      begin(slot, epoch, value);
    } else if (value > std::bit_cast<double>(slot[1].load(std::memory_order_relaxed))) [[unlikely]] {
      slot[1].store(std::bit_cast<std::uint64_t>(value), std::memory_order_release);
    }
  }

  /// Takes the values of a ring whose thread has ended over into another. By the only writer of both.
  static void fold(cell* ring, const cell* from, std::uint64_t now) noexcept {
    for (const cell* slot = from; slot != from + cells; slot += 2) {
      if (const std::uint64_t epoch = slot[0].load(std::memory_order_relaxed); epoch != 0) {
        fold(ring, epoch, std::bit_cast<double>(slot[1].load(std::memory_order_relaxed)), now);
      }
    }
  }

  /// The same of one value. A later epoch that counts now keeps its slot.
  static void fold(cell* ring, std::uint64_t epoch, double value, std::uint64_t now) noexcept {
    const std::uint64_t held = ring[2 * (epoch % slots)].load(std::memory_order_relaxed);
    if (held <= epoch || !counts(held, now)) {
      raise(ring, epoch, value);
    }
  }

  /// What a reader adds its rings up in: NaN's bits, and 0. Then the bits of the largest value that counts, and 1 where
  /// a value was ever observed. (Out of line, as `add`: inlined into a reading of one cell, which is never a ring's,
  /// g++ would warn of the second one.)
  [[gnu::noinline]] static void clear(std::uint64_t* out) noexcept {
    out[0] = std::bit_cast<std::uint64_t>(__builtin_nan(""));
    out[1] = 0;
  }

  /// Adds a ring. By any thread.
  [[gnu::noinline]] static void add(const cell* ring, std::uint64_t now, std::uint64_t* out) noexcept {
    for (const cell* slot = ring; slot != ring + cells; slot += 2) {
      std::uint64_t epoch = slot[0].load(std::memory_order_acquire);
      out[1] |= epoch != 0 ? 1U : 0U;
      for (int i = 0; i != 4; ++i) {  // a second try takes a writer that came round the whole ring in between
        const std::uint64_t value = slot[1].load(std::memory_order_acquire);
        const std::uint64_t again = slot[0].load(std::memory_order_acquire);
        if (again == epoch) {
          const bool larger = !(std::bit_cast<double>(value) <= std::bit_cast<double>(out[0]));
          out[0] = larger && counts(epoch, now) ? value : out[0];
          break;
        }
        epoch = again;
      }
    }
  }

 private:
  VITALS_COLD static void begin(cell* slot, std::uint64_t epoch, double value) noexcept {
    slot[0].store(0, std::memory_order_relaxed);
    slot[1].store(std::bit_cast<std::uint64_t>(value), std::memory_order_release);
    slot[0].store(epoch, std::memory_order_release);
  }
};

}  // namespace vitals::inline v0::detail

#endif
