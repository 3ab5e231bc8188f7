// This thread's cells of a registry: one pointer to load and test, and the cold paths behind it.
#ifndef VITALS_CORE_THREAD_CELLS_HPP
#define VITALS_CORE_THREAD_CELLS_HPP

#include <cxxabi.h>

#include <atomic>
#include <bit>
#include <cstdint>

#include <vitals/core/cell.hpp>
#include <vitals/core/config.hpp>
#include <vitals/core/directory.hpp>
#include <vitals/core/exemplar_cells.hpp>
#include <vitals/core/record.hpp>

namespace vitals::inline v0::detail {

// The friend below is meant to be no template: each registry defines the one of its own key.
#if !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-template-friend"
#endif
/// Stands for a registry in the names of all that its updates call. A registry's own name spells every metric: with it
/// the compiler and the assembler would read some thousand characters for each update of each metric.
template <std::uint64_t Key>
struct registry_key {
  friend constexpr const detail::image& image_of(registry_key) noexcept;
  static constexpr const detail::image& image = image_of(registry_key{});
};
#if !defined(__clang__)
#pragma GCC diagnostic pop
#endif

/// Each library of a process has its own of these and so its own block for each thread; they meet in the registry's
/// one record. `Registry::image` says how many cells there are.
template <class Registry>
struct thread_cells {
  /// This thread's cells, null before its first touch, and 1 after its end: all that is kept in thread-local storage,
  /// since a library's static TLS space is scarce.
  VITALS_TLS_MODEL static inline constinit thread_local cell* mine = nullptr;

  /// Whether `mine`, as it was read, leads to cells.
  VITALS_HOT static bool attached(const cell* cells) noexcept { return reinterpret_cast<std::uintptr_t>(cells) > 1; }

  /// The cells that all threads share, or null before this library's first touch. Written once, to a value that is
  /// the same for all; acquire, so that who sees the pointer sees the zeroes behind it.
  static inline constinit std::atomic<cell*> shared{nullptr};

  /// The registry's record. (Out of line, but not cold, as attach() too: g++ takes all code that leads to a cold call,
  /// and all that follows one, to be cold itself, and so a thread's function that begins with attach_thread().)
  [[gnu::noinline]] static abi::record& record() noexcept {
    abi::record* r = known_.load(std::memory_order_acquire);
    if (r == nullptr) {
      r = &find_record(Registry::image);
      known_.store(r, std::memory_order_release);
      shared.store(r->shared, std::memory_order_release);
    }
    return *r;
  }

  /// Gives this thread its cells ahead of its first touch. Null once the thread's cells have been folded (a touch from
  /// another thread_local's destructor, or at exit), or where no memory is left: the caller then counts into the
  /// retired totals.
  [[gnu::noinline]] static cell* attach() noexcept {
    if (mine == nullptr) {
      if (abi::block* const b = link_block(record())) {
        mine = cells_of(b);
        __cxxabiv1::__cxa_thread_atexit(&end, b, &this_library);  // a thread_local's destructor, without its storage
      }
    }
    return attached(mine) ? mine : nullptr;
  }

  /// The first touch of a thread, or one after its end.
  template <class Amount>
  VITALS_COLD static void add(std::uint32_t at, Amount amount) noexcept {
    if (cell* const cells = attach()) {
      own_add(cells[at], amount);
    } else {
      common_add(record().retired[at], amount);
    }
  }

  /// Keeps an exemplar in the point at `at`: this thread's own, or one that all threads share. One without a trace or a
  /// span is none.
  template <bool Shared>
  [[gnu::noinline]] static void keep(std::uint32_t at, double value, std::uint64_t trace_high, std::uint64_t trace_low,
                                     std::uint64_t span) noexcept {
    if ((trace_high | trace_low) == 0 || span == 0) [[unlikely]] {
      return;
    }
    const std::uint64_t words[] = {wall_milliseconds(), trace_high, trace_low, span,
                                   std::bit_cast<std::uint64_t>(value)};
    static_assert(sizeof words == sizeof(cell) * exemplar_word::count);
    if constexpr (Shared) {
      common_exemplar(common() + (at - Registry::image.thread_cells), words);
    } else if (cell* const cells = mine; attached(cells)) [[likely]] {
      own_exemplar(cells + at, words);
    } else if (cell* const first = attach()) {
      own_exemplar(first + at, words);
    } else {
      common_exemplar(record().retired + at, words);
    }
  }

  /// The cells that all threads share. Before the library's first touch this makes the registry's record.
  VITALS_HOT static cell* common() noexcept {
    cell* const cells = shared.load(std::memory_order_acquire);
    if (cells != nullptr) [[likely]] {
      return cells;
    }
    return first_common();
  }

  /// The first store to a shared cell.
  VITALS_COLD static void store_first(std::uint32_t at, std::uint64_t bits) noexcept {
    first_common()[at].store(bits, std::memory_order_relaxed);
  }

 private:
  static void end(void* b) noexcept {
    mine = reinterpret_cast<cell*>(std::uintptr_t{1});
    fold_block(record(), static_cast<abi::block*>(b));
  }

  [[gnu::noinline]] static cell* first_common() noexcept {
    static_cast<void>(&early_);
    return record().shared;
  }

  /// Written once, to a value that is the same for all; acquire and release, as it leads to the record's insides.
  static inline constinit std::atomic<abi::record*> known_{nullptr};
  /// A signal handler cannot make a record. Where shared cells are used at all, it is made when the library is loaded.
  static inline const abi::record* const early_ = &record();
};

}  // namespace vitals::inline v0::detail

#endif
