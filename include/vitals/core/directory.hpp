// The directory of a process's registries: one for all of its shared libraries.
#ifndef VITALS_CORE_DIRECTORY_HPP
#define VITALS_CORE_DIRECTORY_HPP

#include <pthread.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include <vitals/core/cell.hpp>
#include <vitals/core/config.hpp>
#include <vitals/core/mutex.hpp>

/// What libraries of one process share. They may be built by other compilers and from other versions of vitals: any
/// change of these layouts, or of what a cell means, is a new number in this name, and libraries of two numbers keep
/// separate registries.
namespace VITALS_EXPORT vitals_abi_3 {

using cell = std::atomic<std::uint64_t>;

/// How cells are summed. A histogram's set of cells is its sum, its buckets and, for durations, the sum's high cell.
/// A set of maxima is a ring of sub-windows; its sum is the largest value of the window, NaN without one, in the first
/// cell, and in the second 1 where anything was ever observed.
enum class summing : std::uint32_t {
  integers,            ///< each cell an integer (64 bits, wrapping: signed ones add up too)
  reals,               ///< each cell a double
  real_histogram,      ///< a double, then integers
  duration_histogram,  ///< the low cell of a wide total, integers, the high cell
  maxima,              ///< a max_ring
  exemplars,           ///< none: the newest one of each point counts; these runs stand last
};

/// Neighbouring sets of cells that are summed alike.
struct run {
  summing kind;
  std::uint32_t first;   ///< index of the first set's first cell
  std::uint32_t sets;    ///< how many sets
  std::uint32_t stride;  ///< from one set to the next
  std::uint32_t width;   ///< cells of a set
  bool may_fall;         ///< whether its sums may go down (a histogram with a negative bound, maxima)
  std::uint64_t part{};  ///< of maxima: the length of a sub-window in nanoseconds
};

/// One thread's cells of one registry in one library. Cells follow it; it is as long as a cache line pair, so that no
/// two threads share a line or the line next to it.
struct alignas(128) block {
  std::uint32_t place;  ///< its index in the record's `blocks`; guarded by the mutex
  block* next_ended;    ///< guarded by the mutex
  pthread_t owner;      ///< tells a forked child which blocks have lost their thread
};

/// What a registry keeps. Made at its first touch, never freed and trivially destructible: any order of exit is safe.
/// Nothing in it points into a library that may be closed.
struct record {
  record* next;
  std::uint64_t key;           ///< of the metrics' types and descriptors
  std::uint32_t thread_cells;  ///< cells of a thread's block
  std::uint32_t shared_cells;  ///< cells that all threads share: gauges and `shared` metrics
  std::uint32_t run_count;     ///< runs over the thread's cells, then over the shared ones
  run* runs;
  cell* retired;             ///< totals of threads that ended; written by read-modify-write, at any time
  cell* shared;              ///< the shared cells
  std::uint64_t* published;  ///< what scrapes have shown last, where re-association may lose an ulp; or null; guarded
                             ///< by `sums`
  /// Of the living threads, and of some that ended. Written under the mutex; read with `sums` held, when the list only
  /// grows: its count is stored (release) behind what it counts, and loaded (acquire) before it.
  std::atomic<block**> blocks;
  std::atomic<std::uint32_t> block_count;
  std::uint32_t block_room;  ///< how many `blocks` has room for; guarded by the mutex, as the next one
  block* ended;              ///< those of `blocks` whose threads are gone, and whose counts are not yet in `retired`
  std::atomic<std::uint32_t> ended_count;  ///< written under the mutex; relaxed: who reads too few leaves some behind
  block* first_blocks[3];                  ///< a list that is long enough for most programs' registries, as `blocks`
  cell created;  ///< when counting began, in nanoseconds since 1970 (UTC); relaxed: it stands for itself alone
};

struct slot_table;

struct directory {
  /// Held by who sums cells or adds those of an ended thread to the retired totals, be it for milliseconds. A thread
  /// that comes or goes does not wait for it: with it held, blocks are added behind the others, and none is taken away.
  /// Taken before `mutex`.
  std::mutex sums;
  std::mutex mutex;  ///< guards the lists and each block's membership; held for a few steps at a time
  record* records;
  bool fork_handler;
  slot_table* slot_tables;  ///< of the labels whose texts are only known at run time; guarded by the mutex
  /// How often a text came to be shown, or no longer: added to by any thread (release, behind the change), read by who
  /// lays a page, before it does (acquire).
  std::atomic<std::uint64_t> slot_changes;
};

/// constant-initialised and trivially destroyed: usable before main and after it
inline constinit directory the_directory{};

}  // namespace vitals_abi_3

namespace vitals::inline v0::detail {

namespace abi = vitals_abi_3;

VITALS_HOT cell* cells_of(abi::block* b) noexcept {
  return reinterpret_cast<cell*>(reinterpret_cast<unsigned char*>(b) + sizeof(abi::block));
}

/// What a library knows of a registry when it attaches.
struct image {
  std::uint64_t key;
  std::uint32_t thread_cells;
  std::uint32_t shared_cells;
  const abi::run* runs;
  std::uint32_t run_count;
};

}  // namespace vitals::inline v0::detail

#endif
