// A cell: 64 bits of one thread's count, and how each kind of number lies in cells.
#ifndef VITALS_CORE_CELL_HPP
#define VITALS_CORE_CELL_HPP

#include <atomic>
#include <bit>
#include <cstdint>

#include <vitals/core/config.hpp>

namespace vitals::inline v0::detail {

/// Written by one thread alone (a thread's block) or by read-modify-write (retired totals, shared metrics), read by
/// any. Relaxed is enough throughout: a cell publishes nothing but itself, and a reader needs no order between cells.
using cell = std::atomic<std::uint64_t>;
static_assert(cell::is_always_lock_free, "vitals needs lock-free 64-bit atomics");
static_assert(sizeof(cell) == 8);

inline constexpr std::size_t cells_a_line = 8;

__extension__ using wide = __int128;
__extension__ using unsigned_wide = unsigned __int128;

// What a relaxed load, add and store come to: one instruction that reads and writes memory, without a lock prefix.
// clang makes it of them; g++ keeps the three apart, takes doubles through integer registers on the way, and so is
// told. Aligned words are loaded and stored whole, and asm that is volatile neither goes nor is doubled: no more is
// relied on. (Not with a sanitizer, which would not see it.)
#if defined(__x86_64__) && !defined(__clang__) && !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
#define VITALS_ADD_IN_MEMORY 1
#else
#define VITALS_ADD_IN_MEMORY 0
#endif

/// Adds to a cell that only this thread writes: load, add, store, and no lock prefix.
VITALS_HOT void own_add(cell& c, std::uint64_t n) noexcept {
#if VITALS_ADD_IN_MEMORY
  asm volatile("add{q}\t{%1, %0|%0, %1}" : "+m"(reinterpret_cast<std::uint64_t&>(c)) : "er"(n));
#else
  c.store(c.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
#endif
}
VITALS_HOT void own_add(cell& c, double v) noexcept {
#if VITALS_ADD_IN_MEMORY
  asm volatile("addsd\t{%1, %0|%0, %1}" : "+x"(v) : "m"(reinterpret_cast<std::uint64_t&>(c)));
  asm volatile("movsd\t{%1, %0|%0, %1}" : "=m"(reinterpret_cast<std::uint64_t&>(c)) : "x"(v));
#else
  c.store(std::bit_cast<std::uint64_t>(std::bit_cast<double>(c.load(std::memory_order_relaxed)) + v),
          std::memory_order_relaxed);
#endif
}

/// Stores a double in a cell that any thread writes.
VITALS_HOT void store_double(cell& c, double v) noexcept {
#if VITALS_ADD_IN_MEMORY
  asm volatile("movsd\t{%1, %0|%0, %1}" : "=m"(reinterpret_cast<std::uint64_t&>(c)) : "x"(v));
#else
  c.store(std::bit_cast<std::uint64_t>(v), std::memory_order_relaxed);
#endif
}

/// Adds to a cell that several threads write.
VITALS_HOT void common_add(cell& c, std::uint64_t n) noexcept {
  c.fetch_add(n, std::memory_order_relaxed);
}
inline void common_add(cell& c, double v) noexcept {
  std::uint64_t old = c.load(std::memory_order_relaxed);
  while (!c.compare_exchange_weak(old, std::bit_cast<std::uint64_t>(std::bit_cast<double>(old) + v),
                                  std::memory_order_relaxed)) {
  }
}

/// A total of nanoseconds in two cells, 126 bits: 64 wrap within a day at 10,000 a second of 30 s.
///
/// `low` is the total modulo 2^64, `high` the total divided by 2^62, rounded down: they overlap in two bits. A reader
/// that finds `high` behind sees by the overlap how many steps, up to three; so a reading is never off by a carry.
///
/// That is used twice. A writer stores `low` first and `high` after it, and a reader may come between the two. And the
/// owning thread of a total that only rises leaves `high` behind until `low` wraps (584 years of nanoseconds): it then
/// brings `high` up to what `low` was, stores `low`, and takes `high` further. Its stores to `low` are releases, each
/// of them: a reader that sees a `low` that has wrapped (acquire) sees a `high` from after the last wrap.
struct wide_total {
  static constexpr int shift = 62;
  static constexpr std::uint64_t mask = (std::uint64_t{1} << shift) - 1;

  /// How far `high` moves when `add` is added to a total whose low cell is `low`.
  static constexpr std::int64_t carry(std::uint64_t low, wide add) noexcept {
    return static_cast<std::int64_t>((static_cast<wide>(low & mask) + add) >> shift);
  }

  /// What `low` becomes, for the owning thread to store with release. False where that is not all, and own_add does it;
  /// and for a negative amount of a total that only rises.
  template <bool MayFall>
  VITALS_HOT static bool own_next(std::uint64_t old, std::int64_t nanoseconds, std::uint64_t& now) noexcept {
    if constexpr (MayFall) {
      now = old + static_cast<std::uint64_t>(nanoseconds);
      return (old ^ now) >> shift == 0;
    } else {
      return nanoseconds >= 0 && !__builtin_add_overflow(old, static_cast<std::uint64_t>(nanoseconds), &now);
    }
  }

  /// By the owning thread, for any amount.
  static void own_add(cell& low, cell& high, std::int64_t nanoseconds) noexcept {
    const std::uint64_t old = low.load(std::memory_order_relaxed);
    const std::int64_t step = carry(old, nanoseconds);
    if (step != 0) {
      own_carry(high, static_cast<std::int64_t>(((old >> shift) - high.load(std::memory_order_relaxed)) & 3U));
    }
    low.store(old + static_cast<std::uint64_t>(nanoseconds), std::memory_order_release);
    own_carry(high, step);
  }

  static void own_carry(cell& high, std::int64_t step) noexcept {
    if (step != 0) {
      // release: a reader that sees this step (acquire) sees the low cell that caused it
      high.store(high.load(std::memory_order_relaxed) + static_cast<std::uint64_t>(step), std::memory_order_release);
    }
  }

  /// By any thread.
  static void common_add(cell& low, cell& high, wide nanoseconds) noexcept {
    const std::uint64_t old = low.fetch_add(static_cast<std::uint64_t>(nanoseconds), std::memory_order_relaxed);
    if (const std::int64_t step = carry(old, nanoseconds); step != 0) {
      high.fetch_add(static_cast<std::uint64_t>(step), std::memory_order_release);
    }
  }

  /// By any thread. A step back is only taken for one where totals may fall.
  static wide read(const cell& low, const cell& high, bool may_fall) noexcept {
    std::uint64_t top = high.load(std::memory_order_acquire);
    std::uint64_t bottom = low.load(std::memory_order_acquire);
    for (int i = 0; i != 4; ++i) {  // a carry that finished in between: take a fresh pair
      const std::uint64_t again = high.load(std::memory_order_acquire);
      if (again == top) {
        break;
      }
      top = again;
      bottom = low.load(std::memory_order_acquire);
    }
    auto behind = static_cast<std::int64_t>(((bottom >> shift) - top) & 3U);
    behind = may_fall && behind == 3 ? -1 : behind;
    return static_cast<wide>(static_cast<std::int64_t>(top) + behind) * (wide{1} << shift) +
           static_cast<wide>(bottom & mask);
  }
};

}  // namespace vitals::inline v0::detail

#endif
