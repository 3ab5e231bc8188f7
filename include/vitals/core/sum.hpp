// Summing a registry's cells over all threads, and folding the cells of a thread that ends.
#ifndef VITALS_CORE_SUM_HPP
#define VITALS_CORE_SUM_HPP

#include <sched.h>

#include <bit>
#include <cstddef>
#include <cstdint>

#include <vitals/core/cell.hpp>
#include <vitals/core/clock.hpp>
#include <vitals/core/directory.hpp>
#include <vitals/core/exemplar_cells.hpp>
#include <vitals/core/max_ring.hpp>
#include <vitals/core/mutex.hpp>

namespace vitals::inline v0::detail {

/// A wide total in a reader's plain array.
inline wide plain_wide(std::uint64_t low, std::uint64_t high) noexcept {
  return static_cast<wide>(static_cast<std::int64_t>(high)) * (wide{1} << 32) * (wide{1} << 32) +
         static_cast<wide>(low);
}
inline void set_plain_wide(std::uint64_t& low, std::uint64_t& high, wide value) noexcept {
  low = static_cast<std::uint64_t>(value);
  high = static_cast<std::uint64_t>(value >> 64);
}

/// (Not std::fill, here and elsewhere: <algorithm> would be a tenth of the time that it takes to compile vitals.)
inline void set_zero(std::uint64_t* from, const std::uint64_t* end) noexcept {
  for (; from != end; ++from) {
    *from = 0;
  }
}

/// Adds the sets [begin, end) of a run to `out`; `from` and `out` are where the run's first set lies. Reads each cell
/// once. `now` is the epoch, where the run has maxima.
inline void add_sets(const abi::run& r, const cell* from, std::uint64_t* out, std::uint32_t begin, std::uint32_t end,
                     std::uint64_t now = 0) noexcept {
  const auto load = [](const cell& c) { return c.load(std::memory_order_relaxed); };
  const auto add_integers = [&](std::size_t first, std::size_t last) {
    for (std::size_t i = first; i != last; ++i) {
      out[i] += load(from[i]);
    }
  };
  const auto add_real = [&](std::size_t i) {
    out[i] = std::bit_cast<std::uint64_t>(std::bit_cast<double>(out[i]) + std::bit_cast<double>(load(from[i])));
  };
  const auto set = [&](std::uint32_t i) { return std::size_t{i} * r.stride; };
  switch (r.kind) {
    case abi::summing::integers:
      add_integers(set(begin), set(end));
      return;
    case abi::summing::reals:
      for (std::uint32_t i = begin; i != end; ++i) {
        add_real(set(i));
      }
      return;
    case abi::summing::real_histogram:
      for (std::uint32_t i = begin; i != end; ++i) {
        add_real(set(i));
        add_integers(set(i) + 1, set(i) + r.width);
      }
      return;
    case abi::summing::duration_histogram:
      for (std::uint32_t i = begin; i != end; ++i) {
        const std::size_t low = set(i);
        const std::size_t high = low + r.width - 1;
        set_plain_wide(out[low], out[high],
                       plain_wide(out[low], out[high]) + wide_total::read(from[low], from[high], r.may_fall));
        add_integers(low + 1, high);
      }
      return;
    case abi::summing::maxima:
      for (std::uint32_t i = begin; i != end; ++i) {
        max_ring::add(from + set(i), now, out + set(i));
      }
      return;
    case abi::summing::exemplars:
      for (std::uint32_t i = begin; i != end; ++i) {
        take_newest(from + set(i), out + set(i));
      }
      return;
  }
}

/// The present epoch of a run of maxima.
inline std::uint64_t epoch_of(const abi::run& r) noexcept {
  return max_ring::epoch_at(coarse_nanoseconds(), r.part);
}

/// Never shows less than was shown before: sums of doubles re-associate when a thread ends, and one unit in the last
/// place down is a reset to a reader.
inline void never_less(const abi::run& r, std::uint64_t* out, std::uint64_t* published, std::uint32_t begin,
                       std::uint32_t end) noexcept {
  for (std::uint32_t i = begin; i != end; ++i) {
    const std::size_t low = std::size_t{i} * r.stride;
    if (r.kind == abi::summing::duration_histogram) {
      const std::size_t high = low + r.width - 1;
      const wide now = plain_wide(out[low], out[high]);
      const wide before = plain_wide(published[low], published[high]);
      const wide most = now < before ? before : now;
      set_plain_wide(out[low], out[high], most);
      set_plain_wide(published[low], published[high], most);
    } else {
      const auto now = std::bit_cast<double>(out[low]);
      const auto before = std::bit_cast<double>(published[low]);
      const double most = now < before ? before : now;
      out[low] = published[low] = std::bit_cast<std::uint64_t>(most);
    }
  }
}

/// Whether the sums of a run are kept from falling.
constexpr bool keeps_published(const abi::run& r) noexcept {
  return r.kind != abi::summing::integers && r.kind != abi::summing::exemplars && !r.may_fall;
}

/// How many cells are read in one turn with the mutex: some tens of microseconds.
inline constexpr std::size_t cells_a_turn = std::size_t{1} << 15;

/// Sums the sets [begin, end) of a run of the thread's cells into `out`. With the mutex held.
inline void sum_sets(abi::record& of, const abi::run& r, std::uint64_t* out, std::uint32_t begin,
                     std::uint32_t end) noexcept {
  set_zero(out + std::size_t{begin} * r.stride, out + std::size_t{end} * r.stride);
  std::uint64_t now = 0;
  if (r.kind == abi::summing::maxima) {
    now = epoch_of(r);
    for (std::uint32_t i = begin; i != end; ++i) {
      max_ring::clear(out + std::size_t{i} * r.stride);
    }
  }
  add_sets(r, of.retired + r.first, out, begin, end, now);
  for (abi::block* b = of.blocks; b != nullptr; b = b->next) {
    add_sets(r, cells_of(b) + r.first, out, begin, end, now);
  }
  if (of.published != nullptr && keeps_published(r)) {
    never_less(r, out, of.published + r.first, begin, end);
  }
}

/// Sums all cells of a registry into `out` (the thread's cells, then the shared ones): integers as they are, doubles
/// as their bits, a wide total as 128 bits in the set's first and last cell, maxima as the largest value of the window.
/// A set is read at one go. Holds the directory's mutex in turns, between which threads may come and go: each cell is
/// summed in one turn, so nothing is lost or seen twice.
inline void sum_cells(abi::record& of, std::uint64_t* out) noexcept {
  const abi::run* const end = of.runs + of.run_count;
  const abi::run* r = of.runs;
  std::uint32_t set = 0;
  while (r != end && r->first < of.thread_cells) {
    if (r != of.runs || set != 0) {
      sched_yield();  // a thread that waits for the mutex has its chance
    }
    const std::lock_guard lock{abi::the_directory.mutex};
    std::size_t left = cells_a_turn / (of.block_count + 1) + 1;
    while (left != 0 && r != end && r->first < of.thread_cells) {
      const std::size_t fit = left < r->stride ? 1 : left / r->stride;
      const std::uint32_t last = fit < r->sets - set ? set + static_cast<std::uint32_t>(fit) : r->sets;
      sum_sets(of, *r, out + r->first, set, last);
      const std::size_t taken = std::size_t{last - set} * r->stride;
      left = taken < left ? left - taken : 0;
      set = last;
      if (set == r->sets) {
        ++r;
        set = 0;
      }
    }
  }
  for (; r != end; ++r) {  // the shared cells need no mutex
    set_zero(out + r->first, out + r->first + std::size_t{r->sets} * r->stride);
    add_sets(*r, of.shared + (r->first - of.thread_cells), out + r->first, 0, r->sets);
  }
}

/// Sums one run alone into `out`, which has room for its cells.
inline void sum_run(abi::record& of, const abi::run& r, std::uint64_t* out) noexcept {
  if (r.first < of.thread_cells) {
    const std::lock_guard lock{abi::the_directory.mutex};
    sum_sets(of, r, out, 0, r.sets);
  } else {
    set_zero(out, out + std::size_t{r.sets} * r.stride);
    add_sets(r, of.shared + (r.first - of.thread_cells), out, 0, r.sets);
  }
}

/// Adds a block's counts to the retired totals. With the mutex held; the block's thread no longer writes it.
inline void fold_cells(abi::record& of, const cell* from) noexcept {
  const auto load = [](const cell& c) { return c.load(std::memory_order_relaxed); };
  for (const abi::run* r = of.runs; r != of.runs + of.run_count && r->first < of.thread_cells; ++r) {
    for (std::uint32_t i = 0; i != r->sets; ++i) {
      std::size_t at = r->first + std::size_t{i} * r->stride;
      std::size_t last = at + r->width;
      switch (r->kind) {
        case abi::summing::integers:
          break;
        case abi::summing::reals:
        case abi::summing::real_histogram:
          common_add(of.retired[at], std::bit_cast<double>(load(from[at])));
          ++at;
          break;
        case abi::summing::duration_histogram:
          --last;
          wide_total::common_add(of.retired[at], of.retired[last], wide_total::read(from[at], from[last], r->may_fall));
          ++at;
          break;
        case abi::summing::maxima:
          max_ring::fold(of.retired + at, from + at, epoch_of(*r));
          at = last;
          break;
        case abi::summing::exemplars: {
          std::uint64_t words[exemplar_word::count];
          if (read_exemplar(from + at, words)) {
            common_exemplar(of.retired + at, words, true);
          }
          at = last;
          break;
        }
      }
      for (; at != last; ++at) {
        if (const std::uint64_t n = load(from[at]); n != 0) {
          common_add(of.retired[at], n);
        }
      }
    }
  }
}

}  // namespace vitals::inline v0::detail

#endif
