// Summing a registry's cells over all threads, and folding the cells of a thread that ends.
#ifndef VITALS_CORE_SUM_HPP
#define VITALS_CORE_SUM_HPP

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

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

/// Adds `count` integers to `out`. Four at a time: most of a scrape's cells pass here.
inline void add_integers(const cell* from, std::uint64_t* out, std::size_t count) noexcept {
  const auto add = [from, out](std::size_t i) { out[i] += from[i].load(std::memory_order_relaxed); };
  std::size_t i = 0;
  for (; i + 4 <= count; i += 4) {
    add(i);
    add(i + 1);
    add(i + 2);
    add(i + 3);
  }
  for (; i != count; ++i) {
    add(i);
  }
}

/// The same of two sources, in place of what is there.
inline void put_integers(const cell* one, const cell* other, std::uint64_t* out, std::size_t count) noexcept {
  const auto put = [one, other, out](std::size_t i) {
    out[i] = one[i].load(std::memory_order_relaxed) + other[i].load(std::memory_order_relaxed);
  };
  std::size_t i = 0;
  for (; i + 4 <= count; i += 4) {
    put(i);
    put(i + 1);
    put(i + 2);
    put(i + 3);
  }
  for (; i != count; ++i) {
    put(i);
  }
}

/// Adds the sets [begin, end) of a run to `out`; `from` and `out` are where the run's first set lies. Reads each cell
/// once. `now` is the epoch, where the run has maxima.
inline void add_sets(const abi::run& r, const cell* from, std::uint64_t* out, std::uint32_t begin, std::uint32_t end,
                     std::uint64_t now = 0) noexcept {
  const auto load = [](const cell& c) { return c.load(std::memory_order_relaxed); };
  const auto add_real = [&](std::size_t i) {
    out[i] = std::bit_cast<std::uint64_t>(std::bit_cast<double>(out[i]) + std::bit_cast<double>(load(from[i])));
  };
  const auto set = [&](std::uint32_t i) { return std::size_t{i} * r.stride; };
  switch (r.kind) {
    case abi::summing::integers:
      add_integers(from + set(begin), out + set(begin), set(end) - set(begin));
      return;
    case abi::summing::reals:
      for (std::uint32_t i = begin; i != end; ++i) {
        add_real(set(i));
      }
      return;
    case abi::summing::real_histogram:
      for (std::uint32_t i = begin; i != end; ++i) {
        add_real(set(i));
        add_integers(from + set(i) + 1, out + set(i) + 1, r.width - 1);
      }
      return;
    case abi::summing::duration_histogram:
      for (std::uint32_t i = begin; i != end; ++i) {
        const std::size_t low = set(i);
        const std::size_t high = low + r.width - 1;
        set_plain_wide(out[low], out[high],
                       plain_wide(out[low], out[high]) + wide_total::read(from[low], from[high], r.may_fall));
        add_integers(from + low + 1, out + low + 1, r.width - 2);
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

/// Adds a block's counts to the retired totals. With `sums` held; the block's thread no longer writes it.
inline void fold_cells(abi::record& of, const cell* from) noexcept {
  const auto load = [from](std::size_t i) { return from[i].load(std::memory_order_relaxed); };
  const auto add_integers = [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i != end; ++i) {
      if (const std::uint64_t n = load(i); n != 0) {
        common_add(of.retired[i], n);
      }
    }
  };
  for (const abi::run* r = of.runs; r != of.runs + of.run_count && r->first < of.thread_cells; ++r) {
    const std::size_t sets_end = r->first + std::size_t{r->sets} * r->stride;
    if (r->kind == abi::summing::integers) {
      add_integers(r->first, sets_end);
      continue;
    }
    for (std::size_t at = r->first; at != sets_end; at += r->stride) {
      const std::size_t last = at + r->width - 1;
      switch (r->kind) {
        case abi::summing::integers:
          break;
        case abi::summing::reals:
        case abi::summing::real_histogram:
          common_add(of.retired[at], std::bit_cast<double>(load(at)));
          add_integers(at + 1, last + 1);
          break;
        case abi::summing::duration_histogram:
          wide_total::common_add(of.retired[at], of.retired[last], wide_total::read(from[at], from[last], r->may_fall));
          add_integers(at + 1, last);
          break;
        case abi::summing::maxima: {
          const std::lock_guard lock{abi::the_directory.mutex};  // a touch after a thread's end writes there too
          max_ring::fold(of.retired + at, from + at, epoch_of(*r));
          break;
        }
        case abi::summing::exemplars: {
          std::uint64_t words[exemplar_word::count];
          if (read_exemplar(from + at, words)) {
            common_exemplar(of.retired + at, words, true);
          }
          break;
        }
      }
    }
  }
}

/// Takes a block away from the record's; the last one takes its place. With both mutexes held.
inline void unlink(abi::record& of, abi::block* b) noexcept {
  abi::block** const blocks = of.blocks.load(std::memory_order_relaxed);
  const std::uint32_t count = of.block_count.load(std::memory_order_relaxed) - 1;
  abi::block* const last = blocks[count];
  blocks[b->place] = last;
  last->place = b->place;
  of.block_count.store(count, std::memory_order_relaxed);  // relaxed: who reads it takes `sums` after this thread
}

/// Takes one of the blocks away that were left behind by their threads; null where there is none. With `sums` held.
inline abi::block* take_ended(abi::record& of) noexcept {
  const std::lock_guard lock{abi::the_directory.mutex};
  abi::block* const b = of.ended;
  if (b != nullptr) {
    of.ended = b->next_ended;
    of.ended_count.store(of.ended_count.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
    unlink(of, b);
  }
  return b;
}

/// The blocks of a record. With `sums` held they stay, whoever comes or goes meanwhile.
struct block_list {
  abi::block* const* blocks;
  std::size_t count;
};
inline block_list blocks_of(const abi::record& of) noexcept {
  const std::size_t count = of.block_count.load(std::memory_order_acquire);
  return {of.blocks.load(std::memory_order_acquire), count};
}

/// Folds the blocks that were left behind until now, and says what blocks there are then. With `sums` held.
inline block_list fold_ended(abi::record& of) noexcept {
  // no more than there were: threads may end faster than they are folded
  for (std::size_t left = of.ended_count.load(std::memory_order_relaxed); left != 0; --left) {
    abi::block* const b = take_ended(of);
    fold_cells(of, cells_of(b));
    std::free(b);
  }
  return blocks_of(of);
}

/// How many cache lines are asked for ahead of the one that is read. Of many blocks a few lines each are read in turn,
/// which no processor foresees: with so many on their way a sum over 1,000 threads takes a third of the time.
inline constexpr std::size_t lines_ahead = 96;

inline void ask_for(const cell* begin, const cell* end) noexcept {
  for (; begin < end; begin += cells_a_line) {
    __builtin_prefetch(begin);
  }
}

/// Sums the sets [begin, end) of a run of the thread's cells into `out`. With `sums` held since before the blocks were
/// listed.
inline void sum_sets(abi::record& of, const block_list& from, const abi::run& r, std::uint64_t* out,
                     std::uint32_t begin, std::uint32_t end) noexcept {
  const std::size_t first = std::size_t{begin} * r.stride;
  const std::size_t last = std::size_t{end} * r.stride;
  const auto cells = [&](std::size_t block) { return cells_of(from.blocks[block]) + r.first; };
  const cell* const retired = of.retired + r.first;
  std::size_t left = from.count;
  std::uint64_t now = 0;
  if (r.kind == abi::summing::integers && left != 0) {
    --left;
    put_integers(retired + first, cells(left) + first, out + first, last - first);
  } else {
    set_zero(out + first, out + last);
    if (r.kind == abi::summing::maxima) {
      now = epoch_of(r);
      for (std::uint32_t i = begin; i != end; ++i) {
        max_ring::clear(out + std::size_t{i} * r.stride);
      }
    }
    add_sets(r, retired, out, begin, end, now);
  }
  const std::size_t ahead = 1 + lines_ahead / (1 + (last - first) / cells_a_line);
  while (left-- != 0) {  // the newest first
    if (left >= ahead) {
      ask_for(cells(left - ahead) + first, cells(left - ahead) + last);
    }
    add_sets(r, cells(left), out, begin, end, now);
  }
  if (of.published != nullptr && keeps_published(r)) {
    never_less(r, out, of.published + r.first, begin, end);
  }
}

/// How many cells of a block are added before those of the next: their sums stay in the first-level cache, and of many
/// blocks no more is asked for ahead than fits there.
constexpr std::uint32_t cells_a_step(const block_list& from) noexcept {
  return from.count < 8 ? 2048 : 128;
}

/// Sums all cells of a registry into `out` (the thread's cells, then the shared ones): integers as they are, doubles
/// as their bits, a wide total as 128 bits in the set's first and last cell, maxima as the largest value of the window.
/// Threads come and go meanwhile. The block of one that goes stays as it is until all is summed, so nothing is lost or
/// seen twice.
inline void sum_cells(abi::record& of, std::uint64_t* out) noexcept {
  const abi::run* const end = of.runs + of.run_count;
  const abi::run* r = of.runs;
  {
    const std::lock_guard sums{abi::the_directory.sums};
    const block_list from = fold_ended(of);
    for (; r != end && r->first < of.thread_cells; ++r) {
      const std::uint32_t step = cells_a_step(from) < r->stride ? 1 : cells_a_step(from) / r->stride;
      for (std::uint32_t set = 0; set != r->sets;) {
        const std::uint32_t next = step < r->sets - set ? set + step : r->sets;
        sum_sets(of, from, *r, out + r->first, set, next);
        set = next;
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
    const std::lock_guard sums{abi::the_directory.sums};
    sum_sets(of, fold_ended(of), r, out, 0, r.sets);
  } else {
    set_zero(out, out + std::size_t{r.sets} * r.stride);
    add_sets(r, of.shared + (r.first - of.thread_cells), out, 0, r.sets);
  }
}

}  // namespace vitals::inline v0::detail

#endif
