// The life of a registry's record and of its threads' blocks: found, linked, folded, carried over a fork.
#ifndef VITALS_CORE_RECORD_HPP
#define VITALS_CORE_RECORD_HPP

#include <cxxabi.h>
#include <pthread.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <new>

#include <vitals/core/cell.hpp>
#include <vitals/core/chrono.hpp>
#include <vitals/core/directory.hpp>
#include <vitals/core/exemplar_cells.hpp>
#include <vitals/core/mutex.hpp>
#include <vitals/core/sum.hpp>

namespace vitals::inline v0::detail {

/// Tells which library registers a destructor (Itanium C++ ABI, 3.3.6.3). Under another name than its symbol's, which
/// compilers declare themselves where they need it.
[[gnu::visibility("hidden")]] extern void* this_library __asm__("__dso_handle");

/// Zeroed memory from the C heap, which is one in a process whatever its libraries replace; null where none is left.
template <class T>
T* new_array(std::size_t count, std::size_t header = 0) noexcept {
  constexpr std::size_t alignment = alignof(abi::block);
  const std::size_t needed = header + count * sizeof(T);
  const std::size_t bytes = needed == 0 ? alignment : (needed + alignment - 1) / alignment * alignment;
  auto* const raw = static_cast<unsigned char*>(std::aligned_alloc(alignment, bytes));
  if (raw == nullptr) {
    return nullptr;
  }
  for (std::size_t i = 0; i != count; ++i) {
    ::new (static_cast<void*>(raw + header + i * sizeof(T))) T{};
  }
  return reinterpret_cast<T*>(raw);
}

/// Puts a block behind the record's. With the mutex held. False where no memory is left.
inline bool link(abi::record& of, abi::block* b) noexcept {
  abi::block** blocks = of.blocks.load(std::memory_order_relaxed);
  const std::uint32_t count = of.block_count.load(std::memory_order_relaxed);
  if (count == of.block_room) {
    const std::uint32_t room = 2 * of.block_room + 9;  // with the one before it, 128 bytes at first
    auto* const larger = new_array<abi::block*>(1 + room);
    if (larger == nullptr) {
      return false;
    }
    larger[0] = reinterpret_cast<abi::block*>(blocks);  // the former list is kept: a scrape may be reading it
    for (std::size_t i = 0; i != count; ++i) {
      larger[1 + i] = blocks[i];
    }
    blocks = larger + 1;
    of.blocks.store(blocks, std::memory_order_release);
    of.block_room = room;
  }
  b->place = count;
  blocks[count] = b;
  of.block_count.store(count + 1, std::memory_order_release);
  return true;
}

/// Calls `change` for each point of exemplars in the cells [begin, end), the first of which is `cells`. Returns where
/// their run, which is the last one, begins; `end` where there is none.
template <class Change>
std::uint32_t each_point(const abi::record& of, cell* cells, std::uint32_t begin, std::uint32_t end,
                         Change change) noexcept {
  for (const abi::run* r = of.runs; r != of.runs + of.run_count; ++r) {
    if (r->kind == abi::summing::exemplars && r->first >= begin && r->first < end) {
      for (std::uint32_t i = 0; i != r->sets; ++i) {
        change(cells + (r->first - begin) + std::size_t{i} * r->stride);
      }
      return r->first;
    }
  }
  return end;
}

// A fork copies the thread that calls it alone. The mutexes are held across it, so that the child finds the lists
// whole; the child folds the blocks of the threads it did not get, and so starts with its parent's totals. (Their
// memory is not given back: another library's allocator may not be ready yet.)
inline void before_fork() noexcept {
  abi::the_directory.sums.lock();
  abi::the_directory.mutex.lock();
}
inline void after_fork_in_parent() noexcept {
  abi::the_directory.mutex.unlock();
  abi::the_directory.sums.unlock();
}
inline void after_fork_in_child() noexcept {
  abi::the_directory.mutex.unlock();  // nobody else is there
  for (abi::record* r = abi::the_directory.records; r != nullptr; r = r->next) {
    each_point(*r, r->retired, 0, r->thread_cells, &mend_exemplar);
    each_point(*r, r->shared, r->thread_cells, r->thread_cells + r->shared_cells, &mend_exemplar);
    while (abi::block* const b = take_ended(*r)) {
      fold_cells(*r, cells_of(b));
    }
    const block_list all = blocks_of(*r);
    for (std::size_t i = all.count; i-- != 0;) {  // from the end: what takes a place was looked at before
      abi::block* const b = all.blocks[i];
      if (pthread_equal(b->owner, pthread_self()) == 0) {
        fold_cells(*r, cells_of(b));
        unlink(*r, b);
      }
    }
  }
  abi::the_directory.sums.unlock();
}

inline void forget_fork_handler(void*) noexcept {
  const std::lock_guard lock{abi::the_directory.mutex};
  abi::the_directory.fork_handler = false;
}

/// With the mutex held. The handler goes when its library is closed: the next thread to attach then makes another.
inline void keep_fork_handler() noexcept {
  abi::directory& d = abi::the_directory;
  if (!d.fork_handler) {
    d.fork_handler = pthread_atfork(&before_fork, &after_fork_in_parent, &after_fork_in_child) == 0;
    __cxxabiv1::__cxa_atexit(&forget_fork_handler, nullptr, &this_library);
  }
}

/// The wall clock: nanoseconds since 1970 (UTC).
inline std::uint64_t wall_time() noexcept {
  return static_cast<std::uint64_t>(
      std::chrono::nanoseconds{std::chrono::system_clock::now().time_since_epoch()}.count());
}

/// The registry's record, made if this is the process's first touch of it. The program ends with a message where no
/// memory is left for it: there is nowhere to count.
VITALS_COLD inline abi::record& find_record(const image& of) noexcept {
  abi::directory& d = abi::the_directory;
  const std::lock_guard lock{d.mutex};
  for (abi::record* r = d.records; r != nullptr; r = r->next) {
    if (r->key == of.key && r->thread_cells == of.thread_cells && r->shared_cells == of.shared_cells &&
        r->run_count == of.run_count) {
      return *r;
    }
  }
  bool keeps = false;
  for (std::uint32_t i = 0; i != of.run_count; ++i) {
    keeps = keeps || keeps_published(of.runs[i]);
  }
  auto* const r = new_array<abi::record>(1);
  auto* const runs = new_array<abi::run>(of.run_count);
  auto* const retired = new_array<cell>(of.thread_cells);
  auto* const shared = new_array<cell>(of.shared_cells);
  auto* const published = keeps ? new_array<std::uint64_t>(of.thread_cells) : nullptr;
  if (r == nullptr || runs == nullptr || retired == nullptr || shared == nullptr || (keeps && published == nullptr)) {
    std::fputs("vitals: out of memory at the first touch of a registry\n", stderr);
    std::abort();
  }
  for (std::uint32_t i = 0; i != of.run_count; ++i) {
    runs[i] = of.runs[i];
  }
  ::new (static_cast<void*>(r)) abi::record{.next = d.records,
                                            .key = of.key,
                                            .thread_cells = of.thread_cells,
                                            .shared_cells = of.shared_cells,
                                            .run_count = of.run_count,
                                            .runs = runs,
                                            .retired = retired,
                                            .shared = shared,
                                            .published = published,
                                            .blocks = r->first_blocks,
                                            .block_count = 0,
                                            .block_room = 3,
                                            .ended = nullptr,
                                            .ended_count = 0,
                                            .first_blocks = {},
                                            .created{wall_time()}};
  d.records = r;
  keep_fork_handler();
  return *r;
}

/// A block for this thread, linked into the record; null where no memory is left.
VITALS_COLD inline abi::block* link_block(abi::record& of) noexcept {
  void* const raw = new_array<cell>(of.thread_cells, sizeof(abi::block));
  if (raw == nullptr) {
    return nullptr;
  }
  auto* const b = ::new (raw) abi::block{.place = 0, .next_ended = nullptr, .owner = pthread_self()};
  {
    const std::lock_guard lock{abi::the_directory.mutex};
    keep_fork_handler();
    if (link(of, b)) {
      return b;
    }
  }
  std::free(b);
  return nullptr;
}

/// How many cells threads may leave behind in one registry: 16 MB.
inline constexpr std::size_t most_cells_left = std::size_t{1} << 21;

/// Leaves the block of a thread that ends to who sums or folds next. False where too many are left already.
inline bool leave_block(abi::record& of, abi::block* b) noexcept {
  const std::lock_guard lock{abi::the_directory.mutex};
  const std::uint32_t count = of.ended_count.load(std::memory_order_relaxed) + 1;
  if (std::size_t{count} * of.thread_cells > most_cells_left) {
    return false;
  }
  b->next_ended = of.ended;
  of.ended = b;
  of.ended_count.store(count, std::memory_order_relaxed);
  return true;
}

/// The end of a block: its counts move to the retired totals, at one stroke for every reader. Where somebody sums or
/// folds just now, that is left to the next one.
VITALS_COLD inline void fold_block(abi::record& of, abi::block* b) noexcept {
  abi::directory& d = abi::the_directory;
  if (!d.sums.try_lock()) {
    if (leave_block(of, b)) {
      return;
    }
    d.sums.lock();
  }
  {
    const std::lock_guard lock{d.mutex};
    unlink(of, b);
  }
  fold_cells(of, cells_of(b));
  std::free(b);
  fold_ended(of);
  d.sums.unlock();
}

/// Sets everything to zero, as of now. Only while no other thread counts, as in a forked child.
VITALS_COLD inline void reset_record(abi::record& of) noexcept {
  const auto clear = [&of](cell* cells, std::uint32_t begin, std::uint32_t end) {
    const std::uint32_t plain_end = each_point(of, cells, begin, end, &clear_exemplar);
    for (std::uint32_t i = begin; i != plain_end; ++i) {
      cells[i - begin].store(0, std::memory_order_relaxed);
    }
  };
  const std::lock_guard sums{abi::the_directory.sums};
  const std::lock_guard lock{abi::the_directory.mutex};
  of.created.store(wall_time(), std::memory_order_relaxed);
  clear(of.retired, 0, of.thread_cells);
  clear(of.shared, of.thread_cells, of.thread_cells + of.shared_cells);
  const block_list all = blocks_of(of);
  for (std::size_t i = 0; i != all.count; ++i) {
    clear(cells_of(all.blocks[i]), 0, of.thread_cells);
  }
  if (of.published != nullptr) {
    set_zero(of.published, of.published + of.thread_cells);
  }
}

}  // namespace vitals::inline v0::detail

#endif
