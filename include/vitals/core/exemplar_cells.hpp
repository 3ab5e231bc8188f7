// Exemplars in cells: written by the threads that count, read by scrapes, and neither waits for the other.
#ifndef VITALS_CORE_EXEMPLAR_CELLS_HPP
#define VITALS_CORE_EXEMPLAR_CELLS_HPP

#include <time.h>

#include <cstdint>

#include <vitals/core/cell.hpp>

namespace vitals::inline v0::detail {

/// Which of an exemplar's words is what, in cells and in readings.
struct exemplar_word {
  static constexpr std::uint32_t time = 0;  ///< milliseconds since 1970; 0 where there is no exemplar
  static constexpr std::uint32_t trace = 1, span = 3;
  static constexpr std::uint32_t value = 4;  ///< a double's bits
  static constexpr std::uint32_t count = 5;
};

/// A point is where the newest exemplar of a counter's series, or of one bucket, is kept: two slots, each a sequence
/// and the words. A sequence is 0 before the first exemplar, odd while its slot is written, even when it is whole. The
/// slot of the smaller one is written next, and only while the other is whole: so a reader always finds one that is.
///
/// Orders: a word is stored with release and loaded with acquire. A reader that meets a word of a newer exemplar then
/// sees the odd sequence that was stored before it, when it looks at the sequence again, and takes nothing.
inline constexpr std::uint32_t exemplar_slot = 1 + exemplar_word::count;
inline constexpr std::uint32_t exemplar_point = 2 * exemplar_slot;

/// The wall clock, to some milliseconds: a fifth of an exact one's cost.
inline std::uint64_t wall_milliseconds() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME_COARSE, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1000 + static_cast<std::uint64_t>(now.tv_nsec) / 1'000'000;
}

/// Whether an exemplar of one time is newer than one of another. A time later than now, from before the clock was set
/// back, is older than every other, or it would stand until the clock is there again.
inline bool is_newer(std::uint64_t time, std::uint64_t other) noexcept {
  if (time == 0 || other == 0) {
    return time != 0;
  }
  const std::uint64_t now = wall_milliseconds();  // after both: what is written meanwhile is not later than this
  return (time > now) == (other > now) ? time > other : other > now;
}

/// The sequences of a point's slots, and which slot is next.
struct exemplar_turn {
  explicit exemplar_turn(const cell* point) noexcept  // acquire: the words of a whole slot are seen with its sequence
      : first(point[0].load(std::memory_order_acquire)),
        second(point[exemplar_slot].load(std::memory_order_acquire)) {}

  [[nodiscard]] std::uint32_t next_slot() const noexcept { return first < second ? 0 : exemplar_slot; }
  [[nodiscard]] std::uint64_t smaller() const noexcept { return first < second ? first : second; }
  [[nodiscard]] std::uint64_t larger() const noexcept { return first < second ? second : first; }
  /// Odd, and larger than both.
  [[nodiscard]] std::uint64_t odd() const noexcept { return (larger() + 1) | 1U; }
  [[nodiscard]] bool both_whole() const noexcept { return ((first | second) & 1U) == 0; }

  std::uint64_t first;
  std::uint64_t second;
};

/// Fills a slot whose sequence is odd by now.
inline void fill_exemplar(cell* slot, std::uint64_t odd, const std::uint64_t* words) noexcept {
  slot[1].store(words[0], std::memory_order_release);
  slot[2].store(words[1], std::memory_order_release);
  slot[3].store(words[2], std::memory_order_release);
  slot[4].store(words[3], std::memory_order_release);
  slot[5].store(words[4], std::memory_order_release);
  static_assert(exemplar_slot == 6);
  slot[0].store(odd + 1, std::memory_order_release);
}

/// Keeps an exemplar in a point that only this thread writes.
inline void own_exemplar(cell* point, const std::uint64_t* words) noexcept {
  const exemplar_turn turn{point};
  cell* const slot = point + turn.next_slot();
  slot[0].store(turn.odd(), std::memory_order_relaxed);  // relaxed: the words are stored with release after it
  fill_exemplar(slot, turn.odd(), words);
}

/// Keeps an exemplar in a point that several threads write, signal handlers too. Where another one is at it, this one
/// is skipped.
///
/// The exchange takes the slot from the sequence that was read: had anybody written here since, or begun to, that
/// sequence would be another, as the smaller one is always next. So the other slot is whole and stays so, and holds
/// what `only_newer` compared with.
inline void common_exemplar(cell* point, const std::uint64_t* words, bool only_newer = false) noexcept {
  const exemplar_turn turn{point};
  if (!turn.both_whole()) {
    return;
  }
  cell* const slot = point + turn.next_slot();
  const cell* const other = point + (exemplar_slot - turn.next_slot());
  if (only_newer &&
      !is_newer(words[exemplar_word::time], other[1 + exemplar_word::time].load(std::memory_order_acquire))) {
    return;
  }
  std::uint64_t expected = turn.smaller();
  // acquire: the words that stood here are stored before those that follow
  if (slot[0].compare_exchange_strong(expected, turn.odd(), std::memory_order_acquire, std::memory_order_relaxed)) {
    fill_exemplar(slot, turn.odd(), words);
  }
}

/// Reads a point's newest exemplar. False where there is none, or where it is written so fast that none could be read
/// in a few attempts.
inline bool read_exemplar(const cell* point, std::uint64_t* words) noexcept {
  for (int attempt = 0; attempt != 8; ++attempt) {
    const exemplar_turn turn{point};
    const bool larger_is_whole = (turn.larger() & 1U) == 0;
    const std::uint64_t sequence = larger_is_whole ? turn.larger() : turn.smaller();
    if (sequence == 0) {
      return false;
    }
    const cell* const slot = point + (larger_is_whole ? exemplar_slot - turn.next_slot() : turn.next_slot());
    for (std::uint32_t i = 0; i != exemplar_word::count; ++i) {
      words[i] = slot[1 + i].load(std::memory_order_acquire);
    }
    // relaxed: the words were loaded with acquire before it
    if (slot[0].load(std::memory_order_relaxed) == sequence && (sequence & 1U) == 0) {
      return words[exemplar_word::time] != 0;
    }
  }
  return false;
}

/// Puts a point's newest exemplar where a reading has it, if it is newer than what is there. (Out of line for the
/// reason that max_ring::clear is.)
[[gnu::noinline]] inline void take_newest(const cell* point, std::uint64_t* out) noexcept {
  std::uint64_t words[exemplar_word::count];
  if (read_exemplar(point, words) && is_newer(words[exemplar_word::time], out[exemplar_word::time])) {
    for (std::uint32_t i = 0; i != exemplar_word::count; ++i) {
      out[i] = words[i];
    }
  }
}

/// Sets a point to none, as an exemplar of no time: it may be read meanwhile. What a thread that is gone has left
/// half written ends too. Only while no other thread writes.
inline void clear_exemplar(cell* point) noexcept {
  constexpr std::uint64_t none[exemplar_word::count] = {};
  own_exemplar(point, none);
  own_exemplar(point, none);
}

/// After a fork, in which nobody else reads or writes: gives up the slot that a thread of the parent was writing.
inline void mend_exemplar(cell* point) noexcept {
  for (cell* const slot : {point, point + exemplar_slot}) {
    if ((slot[0].load(std::memory_order_relaxed) & 1U) != 0) {
      slot[0].store(0, std::memory_order_relaxed);
    }
  }
}

}  // namespace vitals::inline v0::detail

#endif
