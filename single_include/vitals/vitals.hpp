// vitals 0.1.0 in one file, made by single_include/amalgamate.py: edit include/vitals instead.
//
// MIT License
//
// Copyright (c) 2026 the vitals authors
//
// Permission is hereby granted, free of charge, to any person obtaining a copy
// of this software and associated documentation files (the "Software"), to deal
// in the Software without restriction, including without limitation the rights
// to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
// copies of the Software, and to permit persons to whom the Software is
// furnished to do so, subject to the following conditions:
//
// The above copyright notice and this permission notice shall be included in all
// copies or substantial portions of the Software.
//
// THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
// IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
// FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
// AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
// LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
// OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
// SOFTWARE.

// A program's own warnings are for its own code. vitals' tests see them here too.
#ifndef VITALS_WARNINGS
#pragma GCC system_header
#endif

// vitals: a program's vital signs. This header is all that a program needs to count and to print a scrape; with
// VITALS_HTTP defined before it, to serve one too (that takes fmt and Boost headers), with what only the file that
// serves needs: JSON, protobuf, and the process's own metrics. VITALS_TLS adds a server over TLS to that (OpenSSL),
// VITALS_CRYPT the check of passwords (libcrypt). VITALS_RESPONDER is for a program that has an HTTP server already: what
// answers requests, with fmt and without Boost.
#ifndef VITALS_VITALS_HPP
#define VITALS_VITALS_HPP

// Clocks: for timers steady_clock, and by choice the processor's time-stamp counter; a coarse one for time windows.
#ifndef VITALS_CORE_CLOCK_HPP
#define VITALS_CORE_CLOCK_HPP

#include <time.h>

#include <atomic>
#include <cstdint>

// The durations and clocks of std::chrono.
#ifndef VITALS_CORE_CHRONO_HPP
#define VITALS_CORE_CHRONO_HPP

// As C++20, libstdc++'s <chrono> is mostly calendars and their streams: a fifth of the time that it takes to compile
// vitals. The part below, which its <mutex> has too, is all that is used here; where there is no such part, all is
// taken.
#if __has_include(<bits/chrono.h>)
#include <bits/chrono.h>
#else
#include <chrono>
#endif

#endif
// What only the preprocessor can decide: attributes and the model of thread-local storage.
#ifndef VITALS_CORE_CONFIG_HPP
#define VITALS_CORE_CONFIG_HPP

#if !defined(__GNUC__)
#error "vitals needs g++ 12 or clang 14 or newer: it uses their attributes and __PRETTY_FUNCTION__"
#endif

// A step of the hot path: inlined even into debug builds, so that its symbol, which spells every metric of the
// registry, is never emitted.
#define VITALS_HOT [[gnu::always_inline]] inline

// The path that is taken once a thread, or never: kept out of line and away from the hot code.
#define VITALS_COLD [[gnu::cold, gnu::noinline]]

// Visible to every shared library of the process, whatever -fvisibility says.
#define VITALS_EXPORT [[gnu::visibility("default")]]

// The thread's pointer to its cells. An executable needs no help: its own thread-local storage is one instruction
// away. In a shared library the default model calls __tls_get_addr for each access; initial-exec takes a load instead
// and a few bytes of glibc's static TLS space (1.6 KB are left for libraries opened by dlopen: 200 registries).
// VITALS_TLS_DYNAMIC opts out, for a library that is opened where that space is short: an increment then costs
// 3 to 4 ns instead of 1. With either model an address of thread-local storage must not be kept across a switch of
// fibers that may resume on another thread; handles keep none, but a compiler may within one function.
#if defined(__GLIBC__) && defined(__PIC__) && !defined(__PIE__) && !defined(VITALS_TLS_DYNAMIC)
#define VITALS_TLS_MODEL [[gnu::tls_model("initial-exec")]]
#else
#define VITALS_TLS_MODEL
#endif

#endif

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace vitals::inline v0 {

/// A steady clock read from the processor's time-stamp counter: about half the cost of steady_clock. Its rate is
/// measured against steady_clock in the first 20 ms, for which the first reading waits (`calibrate()` does it ahead),
/// to some parts in 100,000. Where the counter does not tick at a constant rate it is steady_clock itself. Thread-safe.
struct tsc_clock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<tsc_clock>;
  static constexpr bool is_steady = true;

  /// The time since an arbitrary start.
  [[nodiscard]] static time_point now() noexcept {
    const std::uint64_t rate = rate_.load(std::memory_order_acquire);
    if (rate != 0 && rate != unusable) [[likely]] {
      return time_point{duration{static_cast<rep>(at_rate(ticks(), rate))}};
    }
    return first_now(rate);
  }

  /// Measures the counter's rate now rather than at the first reading. Waits until 20 ms have passed since the first
  /// use of this clock.
  VITALS_COLD static void calibrate() noexcept {
    if (rate_.load(std::memory_order_acquire) == 0) {
      if (is_counter()) {
        static_cast<void>(measure(~std::uint64_t{0}));
      } else {
        publish(unusable);
      }
    }
  }

  /// The counter as it is: cheaper than `now`, for what is compared later. Steady_clock's nanoseconds where the counter
  /// does not tick at a constant rate.
  [[nodiscard]] VITALS_HOT static std::uint64_t raw() noexcept {
    return usable_.load(std::memory_order_relaxed) == 1 ? ticks() : first_raw();
  }

  /// A difference of two `raw()` in nanoseconds. It waits for the rate, once and up to 20 ms, only where less time than
  /// that difference has passed since the first use of this clock in this library.
  [[nodiscard]] static std::uint64_t nanoseconds(std::uint64_t difference) noexcept {
    if (!is_counter()) {
      return difference;
    }
    const std::uint64_t rate = rate_.load(std::memory_order_acquire);
    return at_rate(difference, rate != 0 ? rate : measure(difference));
  }

 private:
  static constexpr int fraction_bits = 32;
  static constexpr std::uint64_t unusable = ~std::uint64_t{0};

  /// Nanoseconds a tick as a binary fraction; 0 before it is known. Written once, by whoever calibrates first; it
  /// publishes nothing but itself.
  static inline constinit std::atomic<std::uint64_t> rate_{0};

  /// Whether the counter is one: 0 before it is known, then 1 or 2, which each thread would find alike. Released: who
  /// sees it finds the first instant.
  static inline constinit std::atomic<std::uint32_t> usable_{0};

  /// The first instant. Both are written once, by the thread that sets the ticks (relaxed, for they are read after the
  /// time); the time, not 0, is released behind them.
  static inline constinit std::atomic<std::uint64_t> first_ticks_{0};
  static inline constinit std::atomic<std::uint64_t> first_time_{0};

  /// The counter and steady_clock at one moment.
  struct instant {
    std::uint64_t ticks = 0;
    std::uint64_t time = 0;
  };
  /// The closest of three, as a thread may be put aside between two readings.
  static instant now_by_both() noexcept {
    instant closest;
    for (std::uint64_t best = ~std::uint64_t{0}, i = 0; i != 3; ++i) {
      const std::uint64_t before = ticks();
      const std::uint64_t time = steady_nanoseconds();
      const std::uint64_t apart = ticks() - before;
      if (apart < best) {
        best = apart;
        closest = {.ticks = before + apart / 2, .time = time};
      }
    }
    return closest;
  }
  static instant first_instant() noexcept {
    if (const std::uint64_t time = first_time_.load(std::memory_order_acquire); time != 0) {
      return {.ticks = first_ticks_.load(std::memory_order_relaxed), .time = time};
    }
    const instant here = now_by_both();
    if (std::uint64_t none = 0; first_ticks_.compare_exchange_strong(none, here.ticks, std::memory_order_relaxed)) {
      first_time_.store(here.time, std::memory_order_release);
    }
    return here;  // where another thread is just writing its own, this is as good
  }

  /// The rate since the first instant: for good where 20 ms have passed. Where not, it waits until it is good enough
  /// for the difference, which it is as soon as so much has passed: then it is as exact as the instants are.
  VITALS_COLD static std::uint64_t measure(std::uint64_t difference) noexcept {
    instant from = first_instant();
    instant to = now_by_both();
    if (to.ticks < from.ticks || to.time - from.time > longest) {
      from = to;
    }
    while (to.time - from.time < 20'000'000 && to.ticks - from.ticks <= difference) {
      to = now_by_both();
    }
    const auto rate = static_cast<std::uint64_t>(static_cast<double>(to.time - from.time) /
                                                 static_cast<double>(to.ticks - from.ticks) *
                                                 static_cast<double>(std::uint64_t{1} << fraction_bits));
    return to.time - from.time < 20'000'000 ? rate : publish(rate);
  }
  /// An hour: in a longer time the machine may have slept, and the counter begun again.
  static constexpr std::uint64_t longest = 3'600'000'000'000;

  /// The first to finish decides: a rate that changed would make the clock jump.
  static std::uint64_t publish(std::uint64_t rate) noexcept {
    std::uint64_t known = 0;
    return rate_.compare_exchange_strong(known, rate, std::memory_order_acq_rel) ? rate : known;
  }
  static std::uint64_t at_rate(std::uint64_t ticks, std::uint64_t rate) noexcept {
    __extension__ using wide = unsigned __int128;
    return static_cast<std::uint64_t>(static_cast<wide>(ticks) * rate >> fraction_bits);
  }
  static std::uint64_t steady_nanoseconds() noexcept {
    return static_cast<std::uint64_t>(duration{std::chrono::steady_clock::now().time_since_epoch()}.count());
  }

  static bool is_counter() noexcept {
    std::uint32_t known = usable_.load(std::memory_order_acquire);
    if (known == 0) {
      known = counter_is_invariant() ? 1 : 2;
      if (known == 1) {
        static_cast<void>(first_instant());
      }
      usable_.store(known, std::memory_order_release);
    }
    return known == 1;
  }
  VITALS_COLD static std::uint64_t first_raw() noexcept { return is_counter() ? ticks() : steady_nanoseconds(); }

  VITALS_COLD static time_point first_now(std::uint64_t rate) noexcept {
    if (rate == unusable) {
      return time_point{duration{std::chrono::steady_clock::now().time_since_epoch()}};
    }
    calibrate();
    return now();
  }

#if defined(__x86_64__)
  static std::uint64_t ticks() noexcept {
    return __builtin_ia32_rdtsc();
  }
  static bool counter_is_invariant() noexcept {
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;
    return __get_cpuid(0x80000007U, &a, &b, &c, &d) != 0 && (d >> 8 & 1U) != 0;
  }
#elif defined(__aarch64__)
  static std::uint64_t ticks() noexcept {
    std::uint64_t value = 0;
    asm volatile("mrs %0, cntvct_el0" : "=r"(value));
    return value;
  }
  static bool counter_is_invariant() noexcept {
    return true;
  }
#else
  static std::uint64_t ticks() noexcept {
    return 0;
  }
  static bool counter_is_invariant() noexcept {
    return false;
  }
#endif
};

namespace detail {

/// Nanoseconds since the machine's start, as of the last tick of its timer, which was 1 to 10 ms ago. Never steps back.
VITALS_HOT std::uint64_t coarse_nanoseconds() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
}

}  // namespace detail

}  // namespace vitals::inline v0

#endif
// An audit: which declared series nothing has happened to, so that an application's tests can check its
// instrumentation.
#ifndef VITALS_EXPOSE_AUDIT_HPP
#define VITALS_EXPOSE_AUDIT_HPP

#include <cstdint>
#include <string>

// An array that grows.
#ifndef VITALS_CORE_DYNAMIC_ARRAY_HPP
#define VITALS_CORE_DYNAMIC_ARRAY_HPP

#include <cstddef>
#include <utility>

namespace vitals::inline v0::detail {

/// As much of std::vector as laying a page takes: its header, and one instantiation for each kind of element, take a
/// seventh of the time that it takes to compile vitals. Elements are made at once for the whole capacity, and assigned
/// to. Moves, and does not copy.
template <class T>
class dynamic_array {
 public:
  dynamic_array() noexcept = default;
  dynamic_array(dynamic_array&& other) noexcept
      : first_(std::exchange(other.first_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  dynamic_array& operator=(dynamic_array&& other) noexcept {
    std::swap(first_, other.first_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }
  ~dynamic_array() { delete[] first_; }

  /// Throws std::bad_alloc, and is then as it was. `value` may be an element.
  void push_back(T value) {
    reserve(size_ + 1);
    first_[size_++] = std::move(value);
  }

  /// New elements are T{}. Throws as `push_back` does.
  void resize(std::size_t size) {
    reserve(size);
    while (size_ < size) {
      first_[size_++] = T{};
    }
    size_ = size;
  }

  /// Room for `size` elements at least. Throws as `push_back` does.
  void reserve(std::size_t size) {
    if (size <= capacity_) {
      return;
    }
    const std::size_t capacity = size < 2 * capacity_ ? 2 * capacity_ : size;
    T* const all = new T[capacity]{};
    for (std::size_t i = 0; i != size_; ++i) {
      all[i] = std::move(first_[i]);
    }
    delete[] std::exchange(first_, all);
    capacity_ = capacity;
  }

  [[nodiscard]] T* data() noexcept { return first_; }
  [[nodiscard]] const T* data() const noexcept { return first_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] const T* begin() const noexcept { return first_; }
  [[nodiscard]] const T* end() const noexcept { return first_ + size_; }
  [[nodiscard]] T& operator[](std::size_t i) noexcept { return first_[i]; }
  [[nodiscard]] const T& operator[](std::size_t i) const noexcept { return first_[i]; }

 private:
  T* first_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace vitals::inline v0::detail

#endif
// A reading: the cells of some sources at one time, and the families that lie in them.
#ifndef VITALS_EXPOSE_READING_HPP
#define VITALS_EXPOSE_READING_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// The texts of a label that are only known at run time: interned once, found again without a lock, never moved or
// freed.
#ifndef VITALS_CORE_SLOT_TABLE_HPP
#define VITALS_CORE_SLOT_TABLE_HPP

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

// A cell: 64 bits of one thread's count, and how each kind of number lies in cells.
#ifndef VITALS_CORE_CELL_HPP
#define VITALS_CORE_CELL_HPP

#include <atomic>
#include <bit>
#include <cstdint>

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
// The directory of a process's registries: one for all of its shared libraries.
#ifndef VITALS_CORE_DIRECTORY_HPP
#define VITALS_CORE_DIRECTORY_HPP

#include <pthread.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

// std::mutex and std::lock_guard.
#ifndef VITALS_CORE_MUTEX_HPP
#define VITALS_CORE_MUTEX_HPP

// libstdc++'s <mutex> has tuples too, for locks of several mutexes: 3 % of the time that it takes to compile vitals.
// The part below is all that is used here; where there is no such part, all is taken.
#if __has_include(<bits/std_mutex.h>)
#include <bits/std_mutex.h>
#else
#include <mutex>
#endif

#endif

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
// The one grammar of names and texts, used when compiling and at run time alike.
// Prometheus data model: https://prometheus.io/docs/concepts/data_model/
#ifndef VITALS_CORE_NAME_HPP
#define VITALS_CORE_NAME_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace vitals::inline v0 {

/// Whether `name` can name a metric: [a-zA-Z_][a-zA-Z0-9_]*. Colons are legal on the wire but kept for recording
/// rules, so they are refused here.
[[nodiscard]] constexpr bool is_metric_name(std::string_view name) noexcept {
  for (const char c : name) {  // no call for each letter: this runs for every metric when compiling
    if (!((c >= 'a' && c <= 'z') || c == '_' || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))) {
      return false;
    }
  }
  return !name.empty() && !(name.front() >= '0' && name.front() <= '9');
}

/// Whether `name` can name a label: the grammar of a metric's name, and no leading `__` (reserved by Prometheus).
[[nodiscard]] constexpr bool is_label_name(std::string_view name) noexcept {
  return is_metric_name(name) && !name.starts_with("__");
}

/// Whether `text` is well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing past U+10FFFF).
[[nodiscard]] constexpr bool is_utf8(std::string_view text) noexcept {
  std::size_t i = 0;
  const auto byte = [&](std::size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U; };
  const std::size_t size = text.size();
  while (i < size) {
    if (static_cast<unsigned char>(text.data()[i]) < 0x80) {  // most are, and this runs for every help when compiling
      ++i;
      continue;
    }
    const unsigned lead = byte(i);
    const std::size_t length = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
    if (length == 0) {
      return false;
    }
    for (std::size_t k = 1; k < length; ++k) {
      if ((byte(i + k) & 0xC0U) != 0x80U) {
        return false;
      }
    }
    const unsigned second = byte(i + 1);
    if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) || (lead == 0xF0 && second < 0x90) ||
        (lead == 0xF4 && second > 0x8F)) {
      return false;
    }
    i += length;
  }
  return true;
}

namespace detail {

/// FNV-1a, 64 bits: to sort names and to key registries, never against an adversary.
[[nodiscard]] constexpr std::uint64_t hash(std::string_view text, std::uint64_t seed = 0xcbf29ce484222325U) noexcept {
  for (const char c : text) {
    seed = (seed ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  }
  return seed;
}

}  // namespace detail

}  // namespace vitals::inline v0

#endif
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

// Exemplars in cells: written by the threads that count, read by scrapes, and neither waits for the other.
#ifndef VITALS_CORE_EXEMPLAR_CELLS_HPP
#define VITALS_CORE_EXEMPLAR_CELLS_HPP

#include <time.h>

#include <cstdint>

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
// Summing a registry's cells over all threads, and folding the cells of a thread that ends.
#ifndef VITALS_CORE_SUM_HPP
#define VITALS_CORE_SUM_HPP

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

// The largest value of a time window: a ring of sub-windows in a series' cells.
#ifndef VITALS_CORE_MAX_RING_HPP
#define VITALS_CORE_MAX_RING_HPP

#include <bit>
#include <cstdint>

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

namespace VITALS_EXPORT vitals_abi_3 {

/// A place for a text. It is given once: a text that was removed keeps it, so that no handle ever counts for another.
struct slot {
  const char* text;         ///< written once, under the mutex, before an entry or `shown` leads here
  std::uint32_t length;     ///< as `text`
  std::atomic<bool> shown;  ///< written under the mutex (release), read by who lays a page (acquire)
};

/// The texts of one label, for all libraries of the process: made at its first touch and never freed.
struct slot_table {
  slot_table* next;
  const char* name;  ///< the label's
  std::uint32_t name_length;
  std::uint32_t capacity;  ///< slots; one more index, `capacity`, stands for all other texts
  slot* slots;
  /// A hash table of slot numbers + 1, 0 where empty; a power of two of them, at least twice the capacity. Written
  /// under the mutex (release, when the slot is whole), read by any thread (acquire).
  std::atomic<std::uint32_t>* entries;
  std::uint32_t entry_mask;
  std::atomic<std::uint32_t>
      used;                       ///< slots given; written under the mutex, relaxed: who reads too few takes the mutex
  std::atomic<bool> other_shown;  ///< whether anything was ever counted for `other`; set by any thread
  cell refused_full;              ///< read-modify-write by any thread
  cell refused_text;              ///< as `refused_full`
};

}  // namespace vitals_abi_3

namespace vitals::inline v0::detail {

/// The text that stands for all that have no slot.
inline constexpr std::string_view other_text = "other";
inline constexpr std::size_t most_slot_bytes = 1024;

inline bool is_slot_text(std::string_view text) noexcept {
  return !text.empty() && text.size() <= most_slot_bytes && is_utf8(text);
}

/// The text of an index. An `other` is always there; a slot only once it is shown.
inline std::string_view text_of_slot(const abi::slot_table& of, std::uint32_t index) noexcept {
  return index == of.capacity ? other_text : std::string_view{of.slots[index].text, of.slots[index].length};
}

/// Whether an index has a text that was not removed.
inline bool is_slot_shown(const abi::slot_table& of, std::uint32_t index) noexcept {
  return (index == of.capacity ? of.other_shown : of.slots[index].shown).load(std::memory_order_acquire);
}

/// Those who lay pages see that another text is shown, or no longer.
inline void show_slot(std::atomic<bool>& shown, bool show) noexcept {
  if (shown.exchange(show, std::memory_order_acq_rel) != show) {
    abi::the_directory.slot_changes.fetch_add(1, std::memory_order_release);
  }
}

/// The entry that holds the text, or else the empty one where it belongs. An entry that is seen is seen whole.
inline std::atomic<std::uint32_t>& entry_of_text(const abi::slot_table& of, std::string_view text) noexcept {
  for (auto i = static_cast<std::uint32_t>(hash(text));; ++i) {  // ends: at least half of the entries are empty
    std::atomic<std::uint32_t>& entry = of.entries[i & of.entry_mask];
    const std::uint32_t number = entry.load(std::memory_order_acquire);
    if (number == 0 || text_of_slot(of, number - 1) == text) {
      return entry;
    }
  }
}

/// Gives a text a slot where it has none, and shows it. The index `capacity` where there is none left, or no memory.
VITALS_COLD inline std::uint32_t show_text(abi::slot_table& of, std::string_view text) noexcept {
  const std::lock_guard lock{abi::the_directory.mutex};
  std::atomic<std::uint32_t>& entry = entry_of_text(of, text);
  std::uint32_t number = entry.load(std::memory_order_relaxed);
  if (number == 0) {
    const std::uint32_t used = of.used.load(std::memory_order_relaxed);
    char* const copy = used == of.capacity ? nullptr : new_array<char>(text.size());
    if (copy == nullptr) {
      return of.capacity;
    }
    std::memcpy(copy, text.data(), text.size());
    of.slots[used].text = copy;
    of.slots[used].length = static_cast<std::uint32_t>(text.size());
    of.used.store(used + 1, std::memory_order_relaxed);
    number = used + 1;
    entry.store(number, std::memory_order_release);
  }
  show_slot(of.slots[number - 1].shown, true);
  return number - 1;
}

VITALS_COLD inline std::uint32_t refuse_text(abi::slot_table& of, abi::cell& reason) noexcept {
  common_add(reason, std::uint64_t{1});
  if (!of.other_shown.load(std::memory_order_relaxed)) {
    show_slot(of.other_shown, true);
  }
  return of.capacity;
}

/// The index of a text: its slot's, or `capacity` (and a count of that) where it can have none. A text that is shown
/// already is found without a lock, and so is that all slots are taken.
inline std::uint32_t intern_text(abi::slot_table& of, std::string_view text) noexcept {
  if (text == other_text) {
    show_slot(of.other_shown, true);
    return of.capacity;
  }
  if (!is_slot_text(text)) {
    return refuse_text(of, of.refused_text);
  }
  const std::uint32_t number = entry_of_text(of, text).load(std::memory_order_relaxed);
  if (number != 0 && is_slot_shown(of, number - 1)) {
    return number - 1;
  }
  const bool full = number == 0 && of.used.load(std::memory_order_relaxed) == of.capacity;
  const std::uint32_t index = full ? of.capacity : show_text(of, text);
  return index == of.capacity ? refuse_text(of, of.refused_full) : index;
}

/// Shows a text no longer. Its slot stays its own: a handle may still count there.
inline bool hide_text(abi::slot_table& of, std::string_view text) noexcept {
  const std::lock_guard lock{abi::the_directory.mutex};
  const std::uint32_t number = entry_of_text(of, text).load(std::memory_order_relaxed);
  if (number == 0 || !is_slot_shown(of, number - 1)) {
    return false;
  }
  show_slot(of.slots[number - 1].shown, false);
  return true;
}

/// The process's table of a label, made if this is its first touch. The program ends with a message where no memory is
/// left for it.
VITALS_COLD inline abi::slot_table& find_slot_table(std::string_view name, std::uint32_t capacity) noexcept {
  abi::directory& d = abi::the_directory;
  const std::lock_guard lock{d.mutex};
  for (abi::slot_table* t = d.slot_tables; t != nullptr; t = t->next) {
    if (t->capacity == capacity && std::string_view{t->name, t->name_length} == name) {
      return *t;
    }
  }
  const std::uint32_t entries = std::bit_ceil(2 * capacity);
  auto* const t = new_array<abi::slot_table>(1);
  auto* const copy = new_array<char>(name.size());
  auto* const slots = new_array<abi::slot>(capacity);
  auto* const table = new_array<std::atomic<std::uint32_t>>(entries);
  if (t == nullptr || copy == nullptr || slots == nullptr || table == nullptr) {
    std::fputs("vitals: out of memory at the first touch of a label's slots\n", stderr);
    std::abort();
  }
  std::memcpy(copy, name.data(), name.size());
  t->next = d.slot_tables;
  t->name = copy;
  t->name_length = static_cast<std::uint32_t>(name.size());
  t->capacity = capacity;
  t->slots = slots;
  t->entries = table;
  t->entry_mask = entries - 1;
  d.slot_tables = t;
  keep_fork_handler();
  return *t;
}

}  // namespace vitals::inline v0::detail

#endif
// Neighbouring values that are kept elsewhere.
#ifndef VITALS_CORE_VIEW_HPP
#define VITALS_CORE_VIEW_HPP

#include <concepts>
#include <cstddef>

namespace vitals::inline v0 {

/// A pointer to constant values and their count: what the tables need of std::span, whose header and conversions take a
/// seventh of the time that it takes to compile vitals. The values must outlive it. Copies freely, from and to a span.
template <class T>
class view {
 public:
  constexpr view() noexcept = default;
  constexpr view(const T* first, std::size_t count) noexcept : first_(first), count_(count) {}
  // NOLINTBEGIN(google-explicit-constructor): an array is its own view
  template <std::size_t N>
  constexpr view(const T (&values)[N]) noexcept : view(values, N) {}
  template <class Range>
  requires requires(const Range& values) {
    { values.data() } -> std::convertible_to<const T*>;
    { values.size() } -> std::convertible_to<std::size_t>;
  }
  constexpr view(const Range& values) noexcept : view(values.data(), values.size()) {}
  // NOLINTEND(google-explicit-constructor)

  [[nodiscard]] constexpr const T* begin() const noexcept { return first_; }
  [[nodiscard]] constexpr const T* end() const noexcept { return first_ + count_; }
  [[nodiscard]] constexpr const T* data() const noexcept { return first_; }
  [[nodiscard]] constexpr std::size_t size() const noexcept { return count_; }
  [[nodiscard]] constexpr bool empty() const noexcept { return count_ == 0; }
  [[nodiscard]] constexpr const T& operator[](std::size_t i) const noexcept { return first_[i]; }
  [[nodiscard]] constexpr const T& front() const noexcept { return first_[0]; }
  [[nodiscard]] constexpr const T& back() const noexcept { return first_[count_ - 1]; }

 private:
  const T* first_ = nullptr;
  std::size_t count_ = 0;
};

}  // namespace vitals::inline v0

#endif
// What cannot stand on one page: families of one name, labels that clash.
#ifndef VITALS_EXPOSE_CONFLICT_HPP
#define VITALS_EXPOSE_CONFLICT_HPP

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

// Finds a repeated hash among many, when compiling and at run time: never compares all pairs.
#ifndef VITALS_CORE_UNIQUE_HPP
#define VITALS_CORE_UNIQUE_HPP

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace vitals::inline v0::detail {

inline constexpr std::size_t npos = static_cast<std::size_t>(-1);

/// Sorts in place (a heap sort: no order of the input makes it slow).
constexpr void sort_hashes(std::uint64_t* heap, std::size_t count) noexcept {
  const auto swap = [heap](std::size_t a, std::size_t b) {
    const std::uint64_t moved = heap[a];
    heap[a] = heap[b];
    heap[b] = moved;
  };
  const auto sift = [&](std::size_t at, std::size_t size) {
    for (std::size_t child = 2 * at + 1; child < size; at = child, child = 2 * at + 1) {
      child += child + 1 < size && heap[child] < heap[child + 1] ? 1 : 0;
      if (heap[at] >= heap[child]) {
        return;
      }
      swap(at, child);
    }
  };
  for (std::size_t i = count / 2; i != 0; --i) {
    sift(i - 1, count);
  }
  for (std::size_t size = count; size > 1; --size) {
    swap(0, size - 1);
    sift(0, size - 1);
  }
}

/// A hash that stands among them more than once (the smallest such); null where all differ. Reorders them.
constexpr const std::uint64_t* repeated_among(std::uint64_t* hashes, std::size_t count) noexcept {
  sort_hashes(hashes, count);
  for (std::size_t i = 1; i < count; ++i) {
    if (hashes[i] == hashes[i - 1]) {
      return hashes + i;
    }
  }
  return nullptr;
}

/// Whether any hash stands there twice. When compiling, where nearly always none does, this takes a fraction of the
/// steps of a sort.
template <std::size_t N>
constexpr bool any_repeated(const std::uint64_t* hashes) noexcept {
  constexpr std::size_t slots = std::bit_ceil(2 * N);
  std::uint32_t taken[slots]{};  // by which hash, counted from 1
  for (std::size_t i = 0; i != N; ++i) {
    const std::uint64_t hash = hashes[i];
    std::size_t slot = (hash ^ hash >> 32U) & (slots - 1);
    while (taken[slot] != 0) {
      if (hashes[taken[slot] - 1] == hash) {
        return true;
      }
      slot = (slot + 1) & (slots - 1);
    }
    taken[slot] = static_cast<std::uint32_t>(i + 1);
  }
  return false;
}

/// The last index of a repeated hash, the smallest such; npos where all differ.
template <std::size_t N>
constexpr std::size_t repeated_at(const std::array<std::uint64_t, N>& hashes) noexcept {
  if constexpr (N > 1) {
    if (any_repeated<N>(hashes.data())) {
      std::array<std::uint64_t, N> sorted = hashes;
      const std::uint64_t* const repeated = repeated_among(sorted.data(), N);
      std::size_t last = N - 1;
      while (hashes[last] != *repeated) {
        --last;
      }
      return last;
    }
  }
  return npos;
}

}  // namespace vitals::inline v0::detail

#endif
// What a source of metrics tells its readers: one table of families, and a way to read their cells.
#ifndef VITALS_METRIC_FAMILY_HPP
#define VITALS_METRIC_FAMILY_HPP

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

namespace vitals::inline v0 {

/// What a family is to a scraper. A format that has no such type downgrades it.
enum class metric_type : std::uint8_t { counter, gauge, histogram, summary, info, state_set };

/// How a family's values lie in its cells.
enum class value_kind : std::uint8_t {
  unsigned_integer,
  signed_integer,
  real,                ///< a double's bits
  real_histogram,      ///< sum (a double's bits), then a cell for each bucket; a summary has one bucket
  duration_histogram,  ///< low half of the sum in nanoseconds, a cell for each bucket, high half of the sum
  one,                 ///< no cell: the value is 1
  maximum,             ///< a double's bits, NaN where the window is empty; then 1 where anything was ever observed
  state,               ///< a cell holds the index of the present state; the last label's values are the states
};

/// A label of a family and the texts of its values, in the order of their indices.
struct label_family {
  std::string_view name;
  view<std::string_view> values;  ///< those that are known when compiling

  /// A label with slots: its table, and how many slots that has. `other` is one more value.
  detail::abi::slot_table& (*table)() noexcept = nullptr;
  std::uint32_t slots = 0;

  [[nodiscard]] constexpr std::uint32_t size() const noexcept {
    return table != nullptr ? slots + 1 : static_cast<std::uint32_t>(values.size());
  }
  /// Whether a value has a text. Of a label with slots that changes as texts come and go.
  [[nodiscard]] bool is_shown(std::uint32_t index) const noexcept {
    return table == nullptr || detail::is_slot_shown(table(), index);
  }
  /// The text of a value that has one.
  [[nodiscard]] std::string_view text(std::uint32_t index) const noexcept {
    return table == nullptr ? values[index] : detail::text_of_slot(table(), index);
  }
};

/// The buckets of a native histogram: the zero bucket up to 2^low, `parts` buckets up to each further bound, and one
/// for what lies above all bounds. Bucket k (from 0, the zero bucket) reaches to 2^(low + k * 2^-schema).
struct native_family {
  int schema = 0;
  int low = 0;
  std::uint32_t parts = 0;  ///< 0 in a histogram that is not native
  view<double> bounds{};    ///< of all buckets, the zero bucket's first
};

/// Some neighbouring cells; none where `count` is 0.
struct cell_range {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
};

/// Where a reading has a family's exemplars, five cells each: the time in milliseconds since 1970 (0 where there is no
/// exemplar), the trace's upper and lower half, the span, and the value's bits. A counter's series has one of them, a
/// histogram's one for each classic bucket, +Inf's last.
struct exemplar_cells {
  std::uint32_t first = 0;   ///< index of the first series' first one
  std::uint32_t stride = 0;  ///< from one series to the next; 0 in a family that keeps none
  std::uint32_t step = 0;    ///< from one bucket to the next
};

/// A family: what every format needs to know of one metric. The series are all combinations of the labels' values,
/// the last label's changing fastest.
struct family {
  static constexpr std::uint32_t always = std::numeric_limits<std::uint32_t>::max();
  static constexpr std::string_view all_endings[] = {"_created", "_sum", "_count", "_bucket"};

  std::string_view name;  ///< with `_total` and `_info`, where the type has such an ending
  std::string_view help;
  std::string_view unit;  ///< an ending of the name (before `_total`); empty where it has none
  metric_type type;
  value_kind kind;
  view<label_family> labels;
  view<double> bounds;             ///< of a histogram's classic buckets, ascending, without +Inf
  std::uint32_t first;             ///< index of the first series' first cell
  std::uint32_t series;            ///< how many series
  std::uint32_t stride;            ///< from one series to the next; in a state set from one set to the next
  std::uint32_t width;             ///< cells of one series
  cell_range label_drops{};        ///< these add up to the updates dropped for a label outside its values
  cell_range value_drops{};        ///< to those dropped for NaN, or for a negative value where no bound is negative
  cell_range failures{};           ///< to the callbacks that failed
  native_family native{};          ///< how a native histogram's cells make up its classic buckets
  std::uint32_t present = always;  ///< a cell that is 0 where this reading has no values for the family
  exemplar_cells exemplars{};      ///< where it keeps any

  /// The index of a series' first cell.
  [[nodiscard]] constexpr std::uint32_t cell_of(std::uint32_t at) const noexcept {
    return first + (kind == value_kind::state ? state_of(at).set : at) * stride;
  }

  /// The index of a series' exemplar, or its bucket's; only in a family that keeps some.
  [[nodiscard]] constexpr std::uint32_t exemplar_of(std::uint32_t at, std::uint32_t bucket = 0) const noexcept {
    return exemplars.first + at * exemplars.stride + bucket * exemplars.step;
  }

  /// The bounds of all of a histogram's buckets, which the cells behind the first count.
  [[nodiscard]] constexpr view<double> all_bounds() const noexcept {
    return native.parts == 0 ? bounds : native.bounds;
  }

  /// The cells of a histogram's classic bucket, counted from the series' first cell. The last bucket is +Inf's own.
  [[nodiscard]] constexpr cell_range bucket(std::uint32_t at) const noexcept {
    if (native.parts == 0 || at == 0) {
      return {.first = 1 + at, .count = 1};
    }
    return {.first = 2 + (at - 1) * native.parts, .count = at == bounds.size() ? 1 : native.parts};
  }

  /// Whether any of the labels has texts that are only known at run time.
  [[nodiscard]] constexpr bool has_slots() const noexcept {
    for (const label_family& l : labels) {
      if (l.table != nullptr) {
        return true;
      }
    }
    return false;
  }

  /// Calls `visit(label, value's index)` for each label of a series.
  template <class Visit>
  constexpr void each_label(std::uint32_t at, Visit visit) const {
    std::uint32_t below = series;  // how many series have one value of this label, and of those before it
    for (const label_family& l : labels) {
      below /= l.size();
      visit(l, at / below);
      at %= below;
    }
  }

  /// Calls `visit(series)` for each series whose labels all have a text now.
  template <class Visit>
  void each_series(Visit visit) const {
    const bool all = !has_slots();
    for (std::uint32_t i = 0; i != series; ++i) {
      bool shown = true;
      if (!all) {
        each_label(i, [&shown](const label_family& l, std::uint32_t index) { shown = shown && l.is_shown(index); });
      }
      if (shown) {
        visit(i);
      }
    }
  }

  struct state_place {
    std::uint32_t set;
    std::uint32_t state;
  };
  /// Where a series of a state set stands: in which set, and which of its states.
  [[nodiscard]] constexpr state_place state_of(std::uint32_t at) const noexcept {
    const auto states = labels.back().size();
    return {.set = at / states, .state = at % states};
  }

  /// What samples of a counter, a histogram or a summary add to the stem, beside the name itself.
  [[nodiscard]] constexpr view<std::string_view> endings() const noexcept {
    return {all_endings, std::size_t{type == metric_type::histogram ? 4U
                                     : type == metric_type::summary ? 3U
                                     : type == metric_type::counter ? 1U
                                                                    : 0U}};
  }

  /// The name without the ending that the type gives it: what OpenMetrics calls the family's name.
  [[nodiscard]] constexpr std::string_view stem() const noexcept {
    const std::string_view ending = type == metric_type::counter ? "_total" : type == metric_type::info ? "_info" : "";
    return name.ends_with(ending) ? name.substr(0, name.size() - ending.size()) : name;
  }
};

namespace detail {

/// How many names a family takes for itself on a page.
constexpr std::size_t names_taken(const family& f) noexcept {
  return (f.stem().size() != f.name.size() ? 2 : 1) + f.endings().size();
}

/// Writes the hashes of all names that a family takes: its own, its stem, its samples'. Returns their end. `seed` is
/// the hash of a prefix.
constexpr std::uint64_t* hash_names(const family& f, std::uint64_t* out, std::uint64_t seed = hash("")) noexcept {
  const std::size_t size = f.stem().size();
  const std::uint64_t stem = hash({f.name.data(), size}, seed);
  *out++ = stem;
  if (size != f.name.size()) {
    *out++ = hash(f.name.substr(size), stem);
  }
  for (const std::string_view ending : f.endings()) {
    *out++ = hash(ending, stem);
  }
  return out;
}

}  // namespace detail

/// A label that all series of a source get where it is exposed.
struct constant_label {
  std::string_view name;
  std::string_view value;
};

/// A source without its type: what a page, a server or an encoder keeps. What it points to must outlive it.
struct source_ref {
  view<family> families;
  std::size_t cells;  ///< how many cells a reading has
  /// Writes a reading of all cells; any thread, any time. `self` is the member below.
  void (*read)(const void* self, std::uint64_t* out) noexcept;
  const void* self = nullptr;
  std::string_view prefix{};      ///< stands before the families' names
  view<constant_label> labels{};  ///< stand before the families' own
  /// When its counting began, in nanoseconds since 1970 (UTC); null where that is not known. Any thread, any time.
  std::uint64_t (*created)(const void* self) noexcept = nullptr;
};

/// Anything that offers families: a registry, or whatever else has a constexpr table and can sum its cells.
template <class S>
concept source = requires {
  { S::source() }
  noexcept->std::same_as<source_ref>;
};

}  // namespace vitals::inline v0

#endif

namespace vitals::inline v0::detail {

[[noreturn]] inline void refuse(const source_ref& s, const family& f, const char* why) {
  throw std::invalid_argument("vitals: cannot expose the family " + std::string{s.prefix} + std::string{f.name} + ": " +
                              why);
}

/// Checks how a family is exposed: the prefix, and the labels that it gets.
inline void refuse_decoration(const source_ref& s, const family& f) {
  if (!s.prefix.empty() && !is_metric_name(s.prefix)) {
    refuse(s, f, "its prefix is made of a-z, 0-9 and _, and does not start with a digit");
  }
  for (const constant_label& l : s.labels) {
    if (!is_label_name(l.name) || l.name == "le" || l.name == "quantile") {
      refuse(s, f, "a constant label's name is made of a-z, 0-9 and _, and is not reserved (le, quantile, __x)");
    }
    if (!is_utf8(l.value)) {
      refuse(s, f, "a constant label's value is UTF-8 text");
    }
    std::size_t same = 0;
    for (const constant_label& other : s.labels) {
      same += other.name == l.name ? 1 : 0;
    }
    for (const label_family& other : f.labels) {
      same += other.name == l.name ? 1 : 0;
    }
    if (same != 1) {
      refuse(s, f, "two of its labels have the same name");
    }
  }
}

/// Throws std::invalid_argument, with the family's name, where sources cannot stand on one page as they are exposed.
inline void refuse_conflicts(view<source_ref> sources) {
  dynamic_array<std::uint64_t> names;
  for (const source_ref& s : sources) {
    for (const family& f : s.families) {
      refuse_decoration(s, f);
      const std::size_t before = names.size();
      names.resize(before + names_taken(f));
      hash_names(f, names.data() + before, hash(s.prefix));
    }
  }
  dynamic_array<std::uint64_t> in_order;
  in_order.reserve(names.size());
  for (const std::uint64_t name : names) {
    in_order.push_back(name);
  }
  const std::uint64_t* const twice = repeated_among(names.data(), names.size());
  if (twice == nullptr) {
    return;
  }
  std::size_t at = 0;
  for (const source_ref& s : sources) {
    for (const family& f : s.families) {
      for (const std::size_t end = at + names_taken(f); at != end; ++at) {
        if (in_order[at] == *twice) {
          refuse(s, f, "a family of that name is exposed already: rename one, give it a prefix, or expose it once");
        }
      }
    }
  }
}

}  // namespace vitals::inline v0::detail

#endif

namespace vitals::inline v0::detail {

/// Three families of a reading's own: what its sources dropped, by reason, how often their callbacks failed, and what
/// their labels with slots refused.
struct own_families {
  static constexpr std::string_view reasons[] = {"label", "value"};
  static constexpr label_family by_reason[] = {{.name = "reason", .values = reasons}};
  static constexpr family drops{
      .name = "vitals_dropped_total",
      .help = "Updates dropped: a label outside its values, NaN, or a negative value where none may be.",
      .unit = {},
      .type = metric_type::counter,
      .kind = value_kind::unsigned_integer,
      .labels = by_reason,
      .bounds = {},
      .first = 0,
      .series = 2,
      .stride = 1,
      .width = 1};
  static constexpr family failures{
      .name = "vitals_callback_failures_total",
      .help = "Callbacks that threw, or gave a counter what it cannot be: their families were left out of a scrape.",
      .unit = {},
      .type = metric_type::counter,
      .kind = value_kind::unsigned_integer,
      .labels = {},
      .bounds = {},
      .first = 2,
      .series = 1,
      .stride = 1,
      .width = 1};
  static constexpr std::size_t cells = 3;

  static constexpr std::string_view slot_reasons[] = {"full", "text"};
  /// What labels with slots refused, by label. `names` are the labels' names; `labels` are filled in, for the family.
  static family refusals(view<std::string_view> names, label_family (&by)[2]) noexcept {
    by[0] = {.name = "label", .values = names};
    by[1] = {.name = "reason", .values = slot_reasons};
    return {.name = "vitals_slot_refusals_total",
            .help =
                "Texts counted as other: all of the label's slots were taken, or the text was empty, longer than "
                "1,024 bytes or not UTF-8.",
            .unit = {},
            .type = metric_type::counter,
            .kind = value_kind::unsigned_integer,
            .labels = by,
            .bounds = {},
            .first = cells,
            .series = static_cast<std::uint32_t>(2 * names.size()),
            .stride = 1,
            .width = 1};
  }
};

/// Whether one of `names` is the family's, or one of its samples'.
inline bool is_named(const source_ref& s, const family& f, view<std::string> names) noexcept {
  for (std::string_view name : names) {
    if (!name.starts_with(s.prefix)) {
      continue;
    }
    name.remove_prefix(s.prefix.size());
    if (name == f.name || name == f.stem()) {
      return true;
    }
    for (const std::string_view ending : f.endings()) {
      if (name.starts_with(f.stem()) && name.substr(f.stem().size()) == ending) {
        return true;
      }
    }
  }
  return false;
}

/// Cells of several sources, one after the other, and its own. Behind each source's stands when it was created. Used by
/// one thread at a time.
class reading {
 public:
  /// Throws std::invalid_argument where the sources cannot stand on one page, and std::bad_alloc. Where `names` are
  /// given, the families of these names alone are shown (or of samples' names).
  reading(view<source_ref> sources, view<std::string> names) {
    for (const std::string& name : names) {
      names_.push_back(name);
    }
    refuse_conflicts(sources);
    std::uint32_t base = 0;
    for (const source_ref& s : sources) {
      sources_.push_back({s, base});
      base += static_cast<std::uint32_t>(s.cells) + 1;
      for (const family& f : s.families) {
        any_drops_ = any_drops_ || f.label_drops.count != 0 || f.value_drops.count != 0;
        any_failures_ = any_failures_ || f.failures.count != 0;
        for (const label_family& l : f.labels) {
          keep_table(l);
        }
      }
    }
    refusals_ = own_families::refusals(table_names_, by_table_);
    cells_.resize(std::size_t{base} + own_families::cells + refusals_.series);
  }
  reading(const reading&) = delete;
  reading& operator=(const reading&) = delete;

  /// Calls `visit(source, family, base)` for each family that is shown, whose cells are numbered from `base` on: the
  /// sources', and its own where anything can be dropped, fail or be refused. What is laid then shows the labels'
  /// values as they are now: `is_stale` says when they are others.
  template <class Visit>
  void each_shown(Visit visit) {
    const std::uint64_t changes = slot_changes();  // before any of them is looked at
    const auto show = [&](const source_ref& s, const family& f, std::uint32_t base) {
      if (names_.empty() || is_named(s, f, names_)) {
        visit(s, f, base);
      }
    };
    for (const auto& [s, base] : sources_) {
      for (const family& f : s.families) {
        show(s, f, base);
      }
    }
    const auto base = static_cast<std::uint32_t>(own() - cells_.data());
    if (any_drops_) {
      show(source_ref{}, own_families::drops, base);
    }
    if (any_failures_) {
      show(source_ref{}, own_families::failures, base);
    }
    if (!tables_.empty()) {
      show(source_ref{}, refusals_, base);
    }
    shown_changes_ = changes;
  }

  /// Whether a label with slots got or lost a value since `each_shown`.
  [[nodiscard]] bool is_stale() const noexcept { return !tables_.empty() && slot_changes() != shown_changes_; }

  /// Reads all sources.
  const std::uint64_t* take() noexcept {
    begin();
    while (take_next()) {
    }
    return cells();
  }

  /// The same one source at a time: false where all were read.
  void begin() noexcept { next_ = 0; }
  bool take_next() noexcept {
    std::uint64_t* const sums = own();
    if (next_ == 0) {
      set_zero(sums, sums + own_families::cells);
    }
    if (next_ < sources_.size()) {
      take(sources_[next_++], sums);
      return true;
    }
    if (next_ == sources_.size()) {
      ++next_;
      std::uint64_t* const out = sums + own_families::cells;
      set_zero(out, out + refusals_.series);
      for (const auto& [table, name] : tables_) {
        out[2 * name] += table->refused_full.load(std::memory_order_relaxed);
        out[2 * name + 1] += table->refused_text.load(std::memory_order_relaxed);
      }
    }
    return false;
  }
  [[nodiscard]] const std::uint64_t* cells() const noexcept { return cells_.data(); }

 private:
  struct placed_source {
    source_ref source;
    std::uint32_t base;
  };

  /// Reads a source, and adds what it dropped and what failed to `sums`.
  void take(const placed_source& placed, std::uint64_t* sums) noexcept {
    const source_ref& s = placed.source;
    std::uint64_t* const cells = cells_.data() + placed.base;
    if (s.created != nullptr) {
      cells[s.cells] = s.created(s.self);
    }
    s.read(s.self, cells);
    const auto add = [cells](std::uint64_t& total, cell_range range) {
      for (std::uint32_t i = 0; i != range.count; ++i) {
        total += cells[range.first + i];
      }
    };
    for (const family& f : s.families) {
      add(sums[0], f.label_drops);
      add(sums[1], f.value_drops);
      add(sums[2], f.failures);
    }
  }

  static std::uint64_t slot_changes() noexcept {
    return abi::the_directory.slot_changes.load(std::memory_order_acquire);
  }

  /// Its own cells follow the sources'.
  std::uint64_t* own() noexcept { return cells_.data() + (cells_.size() - own_families::cells - refusals_.series); }

  struct named_table {
    const abi::slot_table* table;
    std::size_t name;  // index of the label's name; two labels of one name may have tables of different sizes
  };

  void keep_table(const label_family& l) {
    if (l.table == nullptr) {
      return;
    }
    const abi::slot_table* const table = &l.table();
    std::size_t name = 0;
    while (name != table_names_.size() && table_names_[name] != l.name) {
      ++name;
    }
    if (name == table_names_.size()) {
      table_names_.push_back(l.name);
    }
    for (const named_table& t : tables_) {
      if (t.table == table) {
        return;
      }
    }
    tables_.push_back({table, name});
  }

  dynamic_array<std::string> names_;
  dynamic_array<placed_source> sources_;
  dynamic_array<std::uint64_t> cells_;
  std::size_t next_ = 0;  // source to be read
  bool any_drops_ = false;
  bool any_failures_ = false;
  dynamic_array<named_table> tables_;  // of the labels with slots
  dynamic_array<std::string_view> table_names_;
  label_family by_table_[2]{};
  family refusals_{own_families::failures};
  std::uint64_t shown_changes_ = 0;
};

}  // namespace vitals::inline v0::detail

#endif
// What the two text formats have in common: Prometheus text 0.0.4 and OpenMetrics 1.0. JSON takes labels and values
// from here too.
#ifndef VITALS_EXPOSE_TEXT_HPP
#define VITALS_EXPOSE_TEXT_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

// The labels of a family's series, as all formats show them.
#ifndef VITALS_EXPOSE_LABELS_HPP
#define VITALS_EXPOSE_LABELS_HPP

#include <cstdint>
#include <string>

namespace vitals::inline v0::detail {

/// Calls `visit(name, value)` for each label of a series: first for those that its source is exposed with.
template <class Visit>
void each_label(const source_ref& s, const family& f, std::uint32_t series, Visit visit) {
  for (const constant_label& l : s.labels) {
    visit(l.name, l.value);
  }
  f.each_label(series, [&](const label_family& l, std::uint32_t index) {
    const bool is_state = f.kind == value_kind::state && &l == &f.labels.back();  // its name is the family's
    if (is_state && !s.prefix.empty()) {
      visit(std::string{s.prefix}.append(l.name), l.text(index));
    } else {
      visit(l.name, l.text(index));
    }
  });
}

}  // namespace vitals::inline v0::detail

#endif
// Numbers as text: exact, and never through a locale or a stream.
#ifndef VITALS_EXPOSE_NUMBER_HPP
#define VITALS_EXPOSE_NUMBER_HPP

#include <array>
#include <bit>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace vitals::inline v0::detail {

/// Room that any number needs (-1.7976931348623157e+308), and a sum of nanoseconds over all of its 126 bits.
inline constexpr std::size_t number_room = 24;
inline constexpr std::size_t seconds_room = 48;

/// "00" to "99".
inline constexpr auto two_digits = [] {
  std::array<char, 200> table{};
  for (std::size_t i = 0; i != 100; ++i) {
    table[2 * i] = static_cast<char>('0' + i / 10);
    table[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return table;
}();

/// The powers of ten below 2^64.
inline constexpr auto powers_of_ten = [] {
  std::array<std::uint64_t, 20> all{};
  std::uint64_t power = 1;
  for (auto& p : all) {
    p = power;
    power *= 10;
  }
  return all;
}();

/// How many decimal digits `n` has; 1 for 0.
constexpr unsigned digits_of(std::uint64_t n) noexcept {
  const unsigned guess = static_cast<unsigned>(std::bit_width(n | 1U)) * 1233U >> 12;  // log10(2): right or 1 too small
  return guess + (n >= powers_of_ten[guess] ? 1U : 0U) + (n == 0 ? 1U : 0U);
}

/// Writes exactly `digits` digits of `n`, which has no more of them.
inline void write_digits(char* out, std::uint64_t n, unsigned digits) noexcept {
  char* at = out + digits;
  while (digits >= 2) {
    at -= 2;
    std::memcpy(at, &two_digits[2 * (n % 100)], 2);
    n /= 100;
    digits -= 2;
  }
  if (digits != 0) {
    *(at - 1) = static_cast<char>('0' + n % 10);
  }
}

/// Writes the 8 digits of `n`, which is below 10^8, but for the first `skip`. All digits are computed, whatever their
/// number: halves, quarters and digits are split off in all lanes of a word at once, by multiplying with rounded
/// reciprocals. A loop would turn as often as there are digits, and a processor mispredicts that.
inline void write_eight_digits(char* out, std::uint32_t n, unsigned skip = 0) noexcept {
  const std::uint64_t fours = n / 10000 | std::uint64_t{n % 10000} << 32;
  const std::uint64_t hundreds = (fours * 10486 >> 20) & 0x0000007F0000007FU;
  const std::uint64_t twos = hundreds | (fours - 100 * hundreds) << 16;
  const std::uint64_t tens = (twos * 103 >> 10) & 0x000F000F000F000FU;
  std::uint64_t text =
      (tens | (twos - 10 * tens) << 8) + 0x3030303030303030U;  // '0' to each; the first digit is lowest
  text >>= 8 * skip;
  if constexpr (std::endian::native == std::endian::big) {
    text = __builtin_bswap64(text);
  }
  std::memcpy(out, &text, 8);
}

/// Writes an unsigned integer, all 64 bits exactly; up to 7 bytes behind it are overwritten. Returns the end, as all of
/// these do.
inline char* write_unsigned(char* out, std::uint64_t n) noexcept {
  constexpr std::uint64_t part = 100'000'000;
  if (n >= part) {
    out = write_unsigned(out, n / part);
    write_eight_digits(out, static_cast<std::uint32_t>(n % part));
    return out + 8;
  }
  const unsigned digits = digits_of(n);
  write_eight_digits(out, static_cast<std::uint32_t>(n), 8 - digits);
  return out + digits;
}

#if defined(__SSE2__)
/// Writes an unsigned integer behind a text, of which at least 16 bytes stand before `out` and end at `text_end` too:
/// they are written again. No branch depends on the number of digits up to 16, which cannot be predicted of counters
/// that differ: all 16 are computed, and the zeros in front of the number are where the text belongs.
inline char* write_unsigned_behind(char* out, const char* text_end, std::uint64_t n) noexcept {
  constexpr std::uint64_t part = 100'000'000;
  const auto all = [](unsigned x) { return _mm_set1_epi32(static_cast<int>(x)); };
  const auto all_halves = [](short x) { return _mm_set1_epi16(x); };
  const std::uint64_t high = n / part;
  if (high >= part) [[unlikely]] {
    return write_unsigned(out, n);
  }
  // Each lane is split into two of half its size: the quotient first, and behind it the remainder.
  // x / 10000 is x * 3518437209 / 2^45 below 10^8, x / 100 is x * 5243 / 2^19 below 10^4, x / 10 x * 6554 / 2^16.
  const __m128i eights = _mm_set_epi64x(static_cast<long long>(high), static_cast<long long>(n - high * part));
  const __m128i top = _mm_srli_epi64(_mm_mul_epu32(eights, all(3518437209U)), 45);
  const __m128i last_first = _mm_add_epi64(eights, _mm_mul_epu32(top, all(0U - 10000)));  // top * 2^32 + remainder
  const __m128i fours = _mm_shuffle_epi32(last_first, 0b00'01'10'11);
  const __m128i hundreds = _mm_srli_epi16(_mm_mulhi_epu16(fours, all_halves(5243)), 3);
  const __m128i twos =
      _mm_or_si128(hundreds, _mm_slli_epi32(_mm_sub_epi32(fours, _mm_madd_epi16(hundreds, all(100))), 16));
  const __m128i tens = _mm_mulhi_epu16(twos, all_halves(6554));
  __m128i factor = all_halves(2559);
  asm("" : "+x"(factor));  // g++ would make five instructions of the multiplication
  const __m128i digits = _mm_sub_epi16(_mm_slli_epi16(twos, 8), _mm_mullo_epi16(tens, factor));
  char* const end = out + digits_of(n);  // (as soon as n is there; the digits themselves would tell it much later)
  const __m128i text = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text_end - 16));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(end - 16), _mm_or_si128(digits, _mm_set1_epi8('0')));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out - 16), text);
  return end;
}
#else
inline char* write_unsigned_behind(char* out, const char*, std::uint64_t n) noexcept {
  return write_unsigned(out, n);
}
#endif

inline char* write_signed(char* out, std::int64_t n) noexcept {
  auto size = static_cast<std::uint64_t>(n);
  if (n < 0) {
    *out++ = '-';
    size = 0 - size;
  }
  return write_unsigned(out, size);
}

/// Writes a double as Go's strconv does with 'g' and the shortest precision: what Prometheus itself prints.
inline char* write_real(char* out, double value) noexcept {
  if (value >= 0 && value < 1e6) {  // most gauges: a small whole number
    const auto whole = static_cast<std::uint64_t>(value);
    if (std::bit_cast<std::uint64_t>(static_cast<double>(whole)) == std::bit_cast<std::uint64_t>(value)) {
      return write_unsigned(out, whole);
    }
  }
  if (value - value != 0) {  // NaN or an infinity
    const char* const text = value != value ? "NaN" : value > 0 ? "+Inf" : "-Inf";
    const std::size_t length = value != value ? 3 : 4;
    std::memcpy(out, text, length);
    return out + length;
  }
  return std::to_chars(out, out + number_room, value, std::chars_format::general).ptr;
}

/// Writes a double as JSON has it (RFC 8259): NaN and the infinities, which it has not, as strings; -0 as -0.0, since a
/// reader may take `-0` for an integer, which has no such sign.
inline char* write_json_real(char* out, double value) noexcept {
  if (value - value != 0) {
    *out++ = '"';
    out = write_real(out, value);
    *out++ = '"';
    return out;
  }
  out = write_real(out, value);
  if (std::bit_cast<std::uint64_t>(value) == std::uint64_t{1} << 63) {
    std::memcpy(out, ".0", 2);
    out += 2;
  }
  return out;
}

/// Writes a bucket's bound in OpenMetrics' canonical form: as above, with `.0` behind a whole number.
inline char* write_bound(char* out, double bound) noexcept {
  char* const end = write_real(out, bound);
  for (const char* c = out; c != end; ++c) {
    if (*c == '.' || *c == 'e' || *c == 'f' || *c == 'N') {
      return end;
    }
  }
  std::memcpy(end, ".0", 2);
  return end + 2;
}

/// Writes nanoseconds as seconds, exactly, without trailing zeros.
inline char* write_seconds(char* out, wide nanoseconds) noexcept {
  constexpr std::uint64_t second = 1'000'000'000;
  auto size = static_cast<unsigned_wide>(nanoseconds);
  if (nanoseconds < 0) {
    *out++ = '-';
    size = 0 - size;
  }
  std::uint64_t fraction = 0;
  if (size >> 64 == 0) {
    const auto small = static_cast<std::uint64_t>(size);
    fraction = small % second;
    out = write_unsigned(out, small / second);
  } else {
    fraction = static_cast<std::uint64_t>(size % second);
    const unsigned_wide seconds = size / second;
    constexpr std::uint64_t part = 10'000'000'000'000'000'000U;  // 10^19
    const auto high = static_cast<std::uint64_t>(seconds / part);
    const auto low = static_cast<std::uint64_t>(seconds % part);
    if (high != 0) {
      out = write_unsigned(out, high);
      write_digits(out, low, 19);
      out += 19;
    } else {
      out = write_unsigned(out, low);
    }
  }
  if (fraction != 0) {
    unsigned digits = 9;
    while (fraction % 10 == 0) {
      fraction /= 10;
      --digits;
    }
    *out++ = '.';
    write_digits(out, fraction, digits);
    out += digits;
  }
  return out;
}

}  // namespace vitals::inline v0::detail

#endif
// The fixed text of a page, laid down once, and the numbers that belong into it.
#ifndef VITALS_EXPOSE_PAGE_TEXT_HPP
#define VITALS_EXPOSE_PAGE_TEXT_HPP

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

// Exemplars of a reading as text: OpenMetrics' and JSON's.
#ifndef VITALS_EXPOSE_EXEMPLARS_HPP
#define VITALS_EXPOSE_EXEMPLARS_HPP

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

// An exemplar: the trace and the span in which something was counted, so that a reader of a metric finds an example.
#ifndef VITALS_METRIC_EXEMPLAR_HPP
#define VITALS_METRIC_EXEMPLAR_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace vitals::inline v0 {

/// An option of a counter or a histogram: for each series, and each bucket, it keeps the newest exemplar that an update
/// was given, with the value and the wall clock's time (to some milliseconds, which is what tells the newest; one that
/// is later than now, since the clock was set back, is older than all others). Costs 96 bytes a thread for each of
/// them, and where an update has an exemplar some 10 ns. Where several threads meet at one exemplar, as in a `shared`
/// metric, some are skipped; all are counted.
struct exemplars {};

/// Names a trace by its 128 bits and a span by its 64, as W3C trace context does. One without a trace or a span (all
/// bits 0) is none: an update that is given it counts alike, and what was kept stays.
/// https://www.w3.org/TR/trace-context/#traceparent-header-field-values
class exemplar {
 public:
  /// None.
  constexpr exemplar() noexcept = default;
  /// From the ids as numbers, the trace's upper half first.
  constexpr exemplar(const std::array<std::uint64_t, 2>& trace_id, std::uint64_t span_id) noexcept
      : trace_(trace_id),
        span_(span_id) {}
  /// From the ids as bytes, in the order in which they are written.
  constexpr exemplar(const std::array<std::uint8_t, 16>& trace_id, const std::array<std::uint8_t, 8>& span_id) noexcept
      : trace_{number(trace_id.data()), number(trace_id.data() + 8)},
        span_(number(span_id.data())) {}

  /// From the ids as text: 32 and 16 hexadecimal digits in lower case. Anything else gives none.
  [[nodiscard]] static constexpr exemplar from_hex(std::string_view trace_id, std::string_view span_id) noexcept {
    exemplar e;
    const bool good = trace_id.size() == trace_digits && span_id.size() == span_digits &&
                      parse(trace_id.substr(0, span_digits), e.trace_[0]) &&
                      parse(trace_id.substr(span_digits), e.trace_[1]) && parse(span_id, e.span_);
    return good ? e : exemplar{};
  }

  /// Whether it names a trace and a span.
  [[nodiscard]] explicit constexpr operator bool() const noexcept { return (trace_[0] | trace_[1]) != 0 && span_ != 0; }
  [[nodiscard]] constexpr const std::array<std::uint64_t, 2>& trace_id() const noexcept { return trace_; }
  [[nodiscard]] constexpr std::uint64_t span_id() const noexcept { return span_; }

  /// How an exposition labels them, and the digits that follow.
  static constexpr std::string_view trace_label = "trace_id";
  static constexpr std::string_view span_label = "span_id";
  static constexpr std::size_t trace_digits = 32;
  static constexpr std::size_t span_digits = 16;
  // OpenMetrics has room for 128 characters: no exemplar is too long for it.
  static_assert(trace_label.size() + trace_digits + span_label.size() + span_digits <= 128);

  friend constexpr bool operator==(const exemplar&, const exemplar&) noexcept = default;

 private:
  static constexpr std::uint64_t number(const std::uint8_t* bytes) noexcept {
    std::uint64_t n = 0;
    for (int i = 0; i != 8; ++i) {
      n = n << 8U | bytes[i];
    }
    return n;
  }
  static constexpr bool parse(std::string_view digits, std::uint64_t& out) noexcept {
    for (const char c : digits) {
      const bool decimal = c >= '0' && c <= '9';
      if (!decimal && (c < 'a' || c > 'f')) {
        return false;
      }
      out = out << 4U | static_cast<std::uint64_t>(decimal ? c - '0' : c - 'a' + 10);
    }
    return true;
  }

  std::array<std::uint64_t, 2> trace_{};
  std::uint64_t span_ = 0;
};

}  // namespace vitals::inline v0

#endif

namespace vitals::inline v0::detail {

/// Room that any exemplar needs.
inline constexpr std::size_t exemplar_room = 192;

inline char* write_text(char* out, std::string_view text) noexcept {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

/// Writes all 16 hexadecimal digits of a number.
inline char* write_hex(char* out, std::uint64_t n) noexcept {
  constexpr std::string_view digits = "0123456789abcdef";
  for (unsigned shift = 64; shift != 0;) {
    shift -= 4;
    *out++ = digits[n >> shift & 0xFU];
  }
  return out;
}

/// The ids of an exemplar, whose words begin at `words`, as a writer of text needs them.
inline char* write_trace(char* out, const std::uint64_t* words) noexcept {
  return write_hex(write_hex(out, words[exemplar_word::trace]), words[exemplar_word::trace + 1]);
}
inline char* write_span(char* out, const std::uint64_t* words) noexcept {
  return write_hex(out, words[exemplar_word::span]);
}

/// Writes milliseconds as seconds.
inline char* write_milliseconds(char* out, std::uint64_t n) noexcept {
  out = write_unsigned(out, n / 1000);
  *out++ = '.';
  write_digits(out, n % 1000, 3);
  return out + 3;
}

/// Writes ` # {trace_id="...",span_id="..."} value time`, or nothing where there is none.
inline char* write_exemplar(char* out, const std::uint64_t* words) noexcept {
  if (words[exemplar_word::time] == 0) {
    return out;
  }
  out = write_text(write_text(write_text(out, " # {"), exemplar::trace_label), "=\"");
  out = write_text(write_trace(out, words), "\",");
  out = write_text(write_text(out, exemplar::span_label), "=\"");
  out = write_text(write_span(out, words), "\"} ");
  out = write_real(out, std::bit_cast<double>(words[exemplar_word::value]));
  *out++ = ' ';
  return write_milliseconds(out, words[exemplar_word::time]);
}

/// Writes `,"exemplar":{"trace_id":"...","span_id":"...","value":0.5,"timestamp":1.5}`, or nothing where there is none.
inline char* write_json_exemplar(char* out, const std::uint64_t* words) noexcept {
  if (words[exemplar_word::time] == 0) {
    return out;
  }
  out = write_text(write_text(write_text(out, ",\"exemplar\":{\""), exemplar::trace_label), "\":\"");
  out = write_text(write_trace(out, words), "\",\"");
  out = write_text(write_text(out, exemplar::span_label), "\":\"");
  out = write_text(write_span(out, words), "\",\"value\":");
  out = write_json_real(out, std::bit_cast<double>(words[exemplar_word::value]));
  out = write_text(out, ",\"timestamp\":");
  out = write_milliseconds(out, words[exemplar_word::time]);
  *out++ = '}';
  return out;
}

}  // namespace vitals::inline v0::detail

#endif
// Quantiles for people: estimates from a histogram's buckets, as Prometheus makes them.
// https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile
#ifndef VITALS_METRIC_QUANTILE_HPP
#define VITALS_METRIC_QUANTILE_HPP

#include <cstddef>
#include <cstdint>
#include <limits>

namespace vitals::inline v0 {

namespace detail {

/// The point at `part` (0 to 1, but for rounding) of the way from `low` to `high`, never outside them, also where they
/// are further apart than a double goes.
constexpr double between(double low, double high, double part) noexcept {
  const double width = high - low;
  const bool overflows = width > std::numeric_limits<double>::max();
  const double at = overflows ? low * (1 - part) + high * part : low + width * part;
  return at < low ? low : at > high ? high : at;
}

}  // namespace detail

/// Estimates the `q` quantile of a histogram from each bucket's own count (the last one above all bounds) and the
/// buckets' upper bounds, ascending and finite. It is what histogram_quantile() says of the same buckets: the values of
/// a bucket are taken to lie evenly in it, and the lowest bucket to start at 0 where its bound is above 0.
///
/// NaN where nothing was counted, where `q` is NaN, or where there is not one count more than bounds; -Inf for `q`
/// below 0, +Inf above 1. A quantile above all bounds is the highest bound, one in a lowest bucket that ends at 0 or
/// below is that bound. The 0 quantile is where the lowest bucket that holds anything starts; where the first bucket is
/// empty, histogram_quantile() says NaN instead, or that bucket's bound.
///
/// Counts are added exactly, whatever their size. Past 2^53 the total is rounded to a double once: the rank is then off
/// by at most one part in 2^53 of it, and the estimate still lies in the bucket.
[[nodiscard]] constexpr double quantile(double q, view<std::uint64_t> counts, view<double> bounds) noexcept {
  using limits = std::numeric_limits<double>;
  if (q != q || bounds.empty() || counts.size() != bounds.size() + 1) {
    return limits::quiet_NaN();
  }
  if (q < 0 || q > 1) {
    return q < 0 ? -limits::infinity() : limits::infinity();
  }
  detail::wide total = 0;
  for (const std::uint64_t count : counts) {
    total += count;
  }
  if (total == 0) {
    return limits::quiet_NaN();
  }
  const double rank = q * static_cast<double>(total);
  detail::wide below = 0;  // what the buckets before this one hold
  for (std::size_t i = 0; i != bounds.size(); ++i) {
    if (counts[i] != 0 && static_cast<double>(below + counts[i]) >= rank) {
      if (i == 0 && bounds[0] <= 0) {
        return bounds[0];
      }
      const double part = (rank - static_cast<double>(below)) / static_cast<double>(counts[i]);
      return detail::between(i == 0 ? 0 : bounds[i - 1], bounds[i], part);
    }
    below += counts[i];
  }
  return bounds.back();
}

/// The quantiles that people ask for.
struct percentiles {
  double p50;
  double p95;
  double p99;
};

/// Estimates the median and the 95th and 99th percentiles, as quantile() does.
[[nodiscard]] constexpr percentiles percentiles_of(view<std::uint64_t> counts, view<double> bounds) noexcept {
  return {.p50 = quantile(0.5, counts, bounds),
          .p95 = quantile(0.95, counts, bounds),
          .p99 = quantile(0.99, counts, bounds)};
}

}  // namespace vitals::inline v0

#endif

namespace vitals::inline v0::detail {

/// What number stands behind a piece of fixed text.
enum class slot : std::uint32_t {
  unsigned_integer,
  signed_integer,
  real,
  bucket,       ///< the count of this bucket and all before it in its series
  wide_bucket,  ///< the same, of one that `more` cells make up
  last_bucket,  ///< the same, of the last one
  count,        ///< what the last one was
  seconds,      ///< a wide total of nanoseconds: the cell is its low half, `more` cells further its high half
  time,         ///< nanoseconds since 1970, in seconds
  state,        ///< 1 where the cell is `more`, else 0
  present,      ///< no number: where the cell is 0, the next `more` pieces are left out
  json_real,    ///< a double as JSON has it: NaN and infinities as strings, the sign of a zero kept
  total,        ///< the sum of `more` cells
  quantile,     ///< of the buckets whose counts begin at the cell, as a json_real; `more` is what quantile_of gave
  separator,    ///< no number: a line feed, with a comma before it but for the first one on a page
  exemplar,     ///< no number: an exemplar, if the cells hold one; as a member of a JSON object where `more` is 1
  nothing,
};

/// Some fixed text, and the number behind it.
struct piece {
  std::uint32_t length;
  std::uint32_t cell;
  slot number;
  std::uint32_t more = 0;
};

/// A quantile that a page shows of some histogram, whose bounds outlive the page.
struct shown_quantile {
  double q;
  view<double> bounds;
};

/// Lays down a page's text. A format is a function that writes to one of these.
class page_text {
 public:
  page_text& text(std::string_view part) {
    text_ += part;
    return *this;
  }
  page_text& number(slot kind, std::uint32_t at, std::uint32_t more = 0) {
    pieces_.push_back({static_cast<std::uint32_t>(text_.size() - start_), at, kind, more});
    const std::size_t room = kind == slot::seconds    ? seconds_room
                             : kind == slot::exemplar ? exemplar_room
                                                      : std::size_t{number_room};
    room_ += room;
    const std::size_t all = text_.size() - start_ + room;
    largest_ = all < largest_ ? largest_ : all;
    start_ = text_.size();
    return *this;
  }

  /// How much is laid by now.
  struct size {
    std::size_t text;
    std::size_t pieces;
  };
  [[nodiscard]] size now() const noexcept { return {.text = text_.size(), .pieces = pieces_.size()}; }

  /// Takes room at once for `times` as much as was laid since `before`, where each piece has so much more text, and for
  /// a small family behind it.
  void expect(size before, std::size_t times, std::size_t more) {
    const std::size_t pieces = pieces_.size() - before.pieces;
    const std::size_t text = before.text + (text_.size() - before.text + pieces * more) * times;
    if (text > text_.capacity()) {
      text_.reserve(text + 1024);
      pieces_.reserve(before.pieces + pieces * times + 16);
    }
  }

  /// What `slot::quantile` takes; once for all series of a family.
  [[nodiscard]] std::uint32_t quantile_of(double q, view<double> bounds) {
    quantiles_.push_back({.q = q, .bounds = bounds});
    return static_cast<std::uint32_t>(quantiles_.size() - 1);
  }

  /// What stands between the two is left out of a page where the cell `present` is 0.
  void begin_optional(std::uint32_t present) {
    number(slot::present, present);
    optional_ = pieces_.size();
  }
  void end_optional() {
    number(slot::nothing, 0);
    pieces_[optional_ - 1].more = static_cast<std::uint32_t>(pieces_.size() - optional_);
  }

  /// Ends the text. Copies read and write beyond a piece's end by up to `slack`.
  void finish() {
    number(slot::nothing, 0);
    length_ = text_.size();
    text_.append(slack, '\0');
    if (text_.capacity() > text_.size() + text_.size() / 4) {
      text_.shrink_to_fit();
    }
  }

  /// The room that the page needs at most, slack included.
  [[nodiscard]] std::size_t room() const noexcept { return length_ + room_ + slack; }

  /// How long a page may well be.
  [[nodiscard]] std::size_t likely() const noexcept { return length_ + 8 * pieces_.size(); }

  /// How far a page is written.
  struct progress {
    const char* from;
    const piece* next;
    std::uint64_t below = 0;  ///< the counts of a histogram's buckets so far
    std::uint64_t total = 0;  ///< of all of them
    bool separated = false;
  };
  [[nodiscard]] progress beginning() const noexcept { return {.from = text_.data(), .next = pieces_.data()}; }
  [[nodiscard]] bool is_end(const progress& at) const noexcept { return at.next == pieces_.data() + pieces_.size(); }

  /// The room that what is written behind a given end may need.
  [[nodiscard]] std::size_t overhang() const noexcept { return largest_ + slack; }

  /// Writes the page with the numbers of a reading to `out`, from where the writing is to `stop`, or `overhang` beyond
  /// it. Returns the end.
  char* fill(char* out, const char* stop, progress& at, const std::uint64_t* cells) const noexcept {
    auto [from, next, below, total, separated] = at;
    for (const piece* const end = pieces_.data() + pieces_.size(); next != end && out < stop; ++next) {
      if (next->number == slot::unsigned_integer || next->number == slot::bucket) {
        out = fill_counts(out, stop, from, next, below, cells);
        continue;
      }
      const piece& p = *next;
      copy_text(out, from, p.length);
      out += p.length;
      from += p.length;
      const std::uint64_t value = cells[p.cell];
      switch (p.number) {
        case slot::unsigned_integer:
        case slot::bucket:
          break;  // above
        case slot::signed_integer:
          out = static_cast<std::int64_t>(value) >= 0 ? write_whole(out, p.length, from, value)
                                                      : write_signed(out, static_cast<std::int64_t>(value));
          break;
        case slot::real:
          out = write_real(out, std::bit_cast<double>(value));
          break;
        case slot::wide_bucket:
          for (std::uint32_t i = 0; i != p.more; ++i) {
            below += cells[p.cell + i];
          }
          out = write_whole(out, p.length, from, below);
          break;
        case slot::last_bucket:
          total = below + value;
          below = 0;
          out = write_whole(out, p.length, from, total);
          break;
        case slot::count:
          out = write_whole(out, p.length, from, total);
          break;
        case slot::seconds:
          out = write_seconds(out, plain_wide(value, cells[p.cell + p.more]));
          break;
        case slot::time:
          out = write_seconds(out, static_cast<wide>(value));
          break;
        case slot::state:
          *out++ = value == p.more ? '1' : '0';
          break;
        case slot::present:
          for (std::uint32_t left = value == 0 ? p.more : 0; left != 0; --left) {
            from += (++next)->length;
          }
          break;
        case slot::json_real:
          out = write_json_real(out, std::bit_cast<double>(value));
          break;
        case slot::total:
          out = write_whole(out, p.length, from, sum_of({cells + p.cell, p.more}));
          break;
        case slot::quantile:
          out = write_json_real(out, quantile_at(p.more, cells + p.cell));
          break;
        case slot::separator:
          *out = ',';
          out += separated ? 1 : 0;
          *out++ = '\n';
          separated = true;
          break;
        case slot::exemplar:
          out = p.more == 0 ? write_exemplar(out, cells + p.cell) : write_json_exemplar(out, cells + p.cell);
          break;
        case slot::nothing:
          break;
      }
    }
    at = {from, next, below, total, separated};
    return out;
  }

 private:
  static constexpr std::size_t slack = 96;  // most pieces are no longer: copied without a loop

  /// Copies the text of a piece, and up to `slack` beyond it.
  static void copy_text(char* out, const char* from, std::size_t length) noexcept {
    std::memcpy(out, from, slack);
    for (std::size_t done = slack; done < length; done += slack / 3) {
      std::memcpy(out + done, from + done, slack / 3);
    }
  }

  /// Writes a number behind a piece of text of `length`, which ends at `from`.
  static char* write_whole(char* out, std::size_t length, const char* from, std::uint64_t n) noexcept {
    return length >= 16 ? write_unsigned_behind(out, from, n) : write_unsigned(out, n);
  }

  /// Writes counters, or buckets, of which pages mostly consist: all that are alike from `next` on, which is the last
  /// of them then. A function of its own, since all that it needs fits into registers.
  [[gnu::noinline]] static char* fill_counts(char* out, const char* stop, const char*& from, const piece*& next,
                                             std::uint64_t& below, const std::uint64_t* cells) noexcept {
    const char* text = from;
    const piece* p = next;
    const slot kind = p->number;
    std::uint64_t sum = below;
    const std::uint64_t kept = kind == slot::bucket ? ~std::uint64_t{0} : 0;  // of the sum
    do {
      const std::size_t length = p->length;
      sum = (sum & kept) + cells[p->cell];
      ++p;
      copy_text(out, text, length);
      text += length;
      out = write_whole(out + length, length, text, sum);
    } while (p->number == kind && out < stop);  // the last piece of all is none
    from = text;
    next = p - 1;
    below = kind == slot::bucket ? sum : below;
    return out;
  }

  static std::uint64_t sum_of(view<std::uint64_t> cells) noexcept {
    std::uint64_t sum = 0;
    for (const std::uint64_t value : cells) {
      sum += value;
    }
    return sum;
  }
  [[nodiscard]] double quantile_at(std::uint32_t index, const std::uint64_t* counts) const noexcept {
    const auto& [q, bounds] = quantiles_[index];
    return quantile(q, {counts, bounds.size() + 1}, bounds);
  }

  std::string text_;
  dynamic_array<piece> pieces_;
  dynamic_array<shown_quantile> quantiles_;
  std::size_t start_ = 0;
  std::size_t length_ = 0;
  std::size_t room_ = 0;      // for the numbers
  std::size_t largest_ = 0;   // that a piece and its number need
  std::size_t optional_ = 0;  // the first piece that may be left out
};

}  // namespace vitals::inline v0::detail

#endif

namespace vitals::inline v0::detail {

/// Appends `text` with `\` and line feeds escaped, and quotes where asked for.
inline void append_escaped(std::string& out, std::string_view text, bool quotes_too) {
  std::size_t plain = 0;  // where what is not yet appended begins
  for (std::size_t i = 0; i != text.size(); ++i) {
    const char c = text[i];
    if (c == '\\' || c == '\n' || (c == '"' && quotes_too)) {
      out.append(text, plain, i - plain).append(1, '\\').append(1, c == '\n' ? 'n' : c);
      plain = i + 1;
    }
  }
  out.append(text, plain);
}

inline std::string escaped(std::string_view text, bool quotes_too) {
  std::string out;
  append_escaped(out, text, quotes_too);
  return out;
}

/// The labels of a family's series, `method="get",outcome="ok"`, without braces. Series are asked for one after
/// another: what differs from the one before is the last label, but for the first series with a new value of another.
class series_label_text {
 public:
  series_label_text(const source_ref& s, const family& f)
      : source_(&s),
        family_(&f),
        last_values_(f.labels.empty() ? 1 : f.labels.back().size()) {}

  /// Until the next call.
  std::string_view of(std::uint32_t series) {
    const std::uint32_t block = series / last_values_;
    if (block == block_ && !family_->labels.empty()) {
      kept_ = last_;
      text_.resize(last_);
      append_escaped(text_, family_->labels.back().text(series % last_values_), true);
      text_ += '"';
    } else {
      kept_ = 0;
      text_.clear();
      each_label(*source_, *family_, series, [this](std::string_view name, std::string_view value) {
        text_.append(text_.empty() ? "" : ",").append(name).append("=\"");
        last_ = text_.size();
        append_escaped(text_, value, true);
        text_ += '"';
      });
      block_ = block;
    }
    return text_;
  }

  /// How much of the last text is as it was in the one before.
  [[nodiscard]] std::size_t kept() const noexcept { return kept_; }

 private:
  const source_ref* source_;
  const family* family_;
  std::uint32_t last_values_;
  std::uint32_t block_ = ~std::uint32_t{0};  // which values the labels before the last one have
  std::string text_{};
  std::size_t last_ = 0;  // where the last value begins
  std::size_t kept_ = 0;
};

inline std::string series_labels(const source_ref& s, const family& f, std::uint32_t series) {
  return std::string{series_label_text{s, f}.of(series)};
}

inline std::string in_braces(std::string_view labels) {
  return labels.empty() ? std::string{} : std::string{'{'}.append(labels).append(1, '}');
}

/// Begins a sample's line: all before its number.
inline void begin_sample(page_text& page, std::string_view name, std::string_view ending, std::string_view labels) {
  page.text(name).text(ending);
  if (labels.empty()) {
    page.text(" ");
  } else {
    page.text("{").text(labels).text("} ");
  }
}

inline void lay_sum_and_count(page_text& page, std::string_view name, const family& f, std::string_view labels,
                              std::uint32_t first) {
  begin_sample(page, name, "_sum", labels);
  page.number(f.kind == value_kind::duration_histogram ? slot::seconds : slot::real, first, f.width - 1).text("\n");
  begin_sample(page, name, "_count", labels);
  page.number(f.type == metric_type::summary ? slot::unsigned_integer : slot::count, first + 1).text("\n");
}

/// Ends a sample's line: behind its number stands the exemplar, which begins at a cell, where the family has any.
inline void end_sample(page_text& page, bool has_exemplars, std::uint32_t at) {
  if (has_exemplars) {
    page.number(slot::exemplar, at);
  }
  page.text("\n");
}

/// `exemplar` is the cell of the first bucket's exemplar.
inline void lay_buckets(page_text& page, std::string_view name, const family& f, std::string_view labels,
                        std::uint32_t first, bool has_exemplars, std::uint32_t exemplar) {
  std::string before_bound{name};
  before_bound.append("_bucket{").append(labels).append(labels.empty() ? "" : ",").append("le=\"");
  char bound[seconds_room];
  std::uint32_t at = 0;
  for (const double b : f.bounds) {
    const char* const end = write_bound(bound, b);
    page.text(before_bound).text({bound, static_cast<std::size_t>(end - bound)}).text("\"} ");
    const cell_range cells = f.bucket(at++);
    page.number(cells.count == 1 ? slot::bucket : slot::wide_bucket, first + cells.first, cells.count);
    end_sample(page, has_exemplars, exemplar);
    exemplar += f.exemplars.step;
  }
  page.text(before_bound).text("+Inf\"} ").number(slot::last_bucket, first + f.bucket(at).first);
  end_sample(page, has_exemplars, exemplar);
}

/// The value of a family's series that is one number; `real` is how the format writes doubles.
inline void lay_value(page_text& page, const family& f, std::uint32_t series, std::uint32_t at, slot real) {
  switch (f.kind) {
    case value_kind::unsigned_integer:
      page.number(slot::unsigned_integer, at);
      break;
    case value_kind::signed_integer:
      page.number(slot::signed_integer, at);
      break;
    case value_kind::state:
      page.number(slot::state, at, f.state_of(series).state);
      break;
    case value_kind::one:
      page.text("1");
      break;
    default:
      page.number(real, at);
      break;
  }
}

/// How much longer the labels of a family's series are than the first one's: the mean, rounded up.
inline std::size_t mean_growth(const family& f) noexcept {
  std::size_t growth = 0;
  for (const label_family& l : f.labels) {
    std::size_t all = 0;
    for (std::uint32_t i = 0; i != l.size(); ++i) {
      all += l.text(i).size();
    }
    const std::size_t first = l.size() * l.text(0).size();
    growth += all > first ? (all - first) / l.size() + 1 : 0;
  }
  return growth;
}

/// What a text format makes of samples.
struct sample_rules {
  bool falling_sums;  ///< histograms with negative bounds have a sum
  bool created;       ///< what counts says since when, where that is known
  bool exemplars;     ///< samples may have exemplars
};

/// The samples of a family, which both formats write alike but for these rules.
inline void lay_samples(page_text& page, const source_ref& s, const family& f, std::uint32_t cell_base,
                        sample_rules rules) {
  const bool has_sum = rules.falling_sums || f.bounds.empty() || f.bounds.front() >= 0;
  // A function that is called at a scrape, and may be absent from one, gives values that began some other time.
  const bool has_created = rules.created && s.created != nullptr && !f.endings().empty() && f.present == family::always;
  const bool has_exemplars = rules.exemplars && f.exemplars.stride != 0;
  const std::string name = std::string{s.prefix} + std::string{f.name};
  series_label_text all_labels{s, f};
  std::string line = name;  // of one sample a series: all before its number
  const page_text::size before = page.now();
  f.each_series([&](std::uint32_t i) {
    const std::string_view labels = all_labels.of(i);
    const std::uint32_t at = cell_base + f.cell_of(i);
    if (f.type == metric_type::histogram) {
      lay_buckets(page, name, f, labels, at, has_exemplars, cell_base + f.exemplar_of(i));
    }
    if (f.type == metric_type::histogram || f.type == metric_type::summary) {
      if (has_sum) {
        lay_sum_and_count(page, name, f, labels, at);
      }
    } else {
      line.resize(name.size() + (all_labels.kept() == 0 ? 0 : 1 + all_labels.kept()));
      if (labels.empty()) {
        line += ' ';
      } else {
        line.append(all_labels.kept() == 0 ? "{" : "").append(labels.substr(all_labels.kept())).append("} ");
      }
      page.text(line);
      lay_value(page, f, i, at, slot::real);
      end_sample(page, has_exemplars, cell_base + f.exemplar_of(i));
    }
    if (has_created) {
      page.text(s.prefix);
      begin_sample(page, f.stem(), "_created", labels);
      page.number(slot::time, cell_base + static_cast<std::uint32_t>(s.cells)).text("\n");
    }
    if (i == 0 && !f.has_slots()) {
      page.expect(before, f.series, mean_growth(f));
    }
  });
}

}  // namespace vitals::inline v0::detail

#endif

namespace vitals::inline v0 {

namespace detail {

/// Whether a series says nothing yet: a histogram or a summary without a count, a number that is 0. What no program
/// sets (an info, a callback's value, one of a state set's states) always says something.
inline bool is_untouched(const family& f, const std::uint64_t* cells) noexcept {
  if (f.present != family::always || f.kind == value_kind::one || f.kind == value_kind::state) {
    return false;
  }
  if (f.kind == value_kind::maximum) {
    return cells[1] == 0;
  }
  std::uint64_t any = 0;
  for (std::uint32_t i = 0; i != f.width; ++i) {
    any |= cells[i];
  }
  return any == 0;
}

}  // namespace detail

/// The series of all Sources that are still as they were at the start, a line each, as a scrape names them:
/// `jobs_total{outcome="error"}`. Empty where all were touched. A gauge that was set to 0, and an up-down counter that
/// came back to it, look untouched too. Throws std::bad_alloc.
template <source... Sources>
requires(sizeof...(Sources) != 0) [[nodiscard]] std::string audit() {
  static constexpr source_ref sources[] = {Sources::source()...};
  std::string untouched;
  detail::dynamic_array<std::uint64_t> cells;
  for (const source_ref& s : sources) {
    cells.resize(s.cells);
    s.read(s.self, cells.data());
    for (const family& f : s.families) {
      f.each_series([&](std::uint32_t i) {
        if (detail::is_untouched(f, cells.data() + f.cell_of(i))) {
          untouched.append(f.name).append(detail::in_braces(detail::series_labels(s, f, i))).append("\n");
        }
      });
    }
  }
  return untouched;
}

}  // namespace vitals::inline v0

#endif
// Callbacks that are registered at run time: gauges and counters whose values functions give, as a source.
#ifndef VITALS_EXPOSE_CALLBACKS_HPP
#define VITALS_EXPOSE_CALLBACKS_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

// A callback: a gauge or counter whose value a function gives at each scrape.
#ifndef VITALS_METRIC_CALLBACK_HPP
#define VITALS_METRIC_CALLBACK_HPP

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

// What all metrics' descriptors have in common: name, help, labels, storage.
#ifndef VITALS_METRIC_DESCRIPTOR_HPP
#define VITALS_METRIC_DESCRIPTOR_HPP

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

// A string literal as a template argument.
#ifndef VITALS_CORE_FIXED_STRING_HPP
#define VITALS_CORE_FIXED_STRING_HPP

#include <cstddef>
#include <string_view>

namespace vitals::inline v0 {

/// Holds a string literal so that it can be a template argument: `counter<"jobs_total", "Jobs done.">`.
template <std::size_t N>
struct fixed_string {
  char text[N]{};  // public, as a template argument's members must be; the literal's terminator included

  // NOLINTNEXTLINE(google-explicit-constructor): a literal converts by itself
  consteval fixed_string(const char (&literal)[N]) noexcept {
    for (std::size_t i = 0; i != N; ++i) {
      text[i] = literal[i];
    }
  }

  /// The text without its terminator.
  [[nodiscard]] constexpr std::string_view view() const noexcept { return {text, N - 1}; }
};

}  // namespace vitals::inline v0

#endif
// Labels: a name and a fixed set of values, known when compiling.
#ifndef VITALS_METRIC_LABEL_HPP
#define VITALS_METRIC_LABEL_HPP

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

// The enumerators of an enum and their names, read from the compiler.
#ifndef VITALS_CORE_ENUM_NAMES_HPP
#define VITALS_CORE_ENUM_NAMES_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <type_traits>
#include <utility>

// clang 16 to 19 make an error of each value that an enum without a fixed type cannot hold, even where it is only asked
// whether it can. Such values are asked for here, and none is used.
#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wunknown-warning-option"
#pragma clang diagnostic ignored "-Wenum-constexpr-conversion"
#endif

namespace vitals::inline v0::detail {

/// One instantiation spells a whole chunk of values: `... V = {ns::a, ns::b, (ns::E)2}` in g++, `<...>` in clang.
template <class E, E... V>
consteval std::string_view spelled() noexcept {
  return __PRETTY_FUNCTION__;
}

/// Where a value's name stands in a spelling; its size is 0 where the value has none.
template <std::size_t Count>
struct spelled_names {
  std::uint32_t start[Count]{};  // plain arrays: operator[] would be one more call for each step
  std::uint32_t size[Count]{};
  std::size_t named = 0;  ///< one past the last value that has a name
};

/// Finds the names in a spelling of Count values. This runs when compiling, for each enum, where every step is dear, so
/// it looks at no more characters than it must, and calls nothing in its loops: all names of an enum begin at the same
/// place of their elements, and all values without a name have the same cast before their number.
template <std::size_t Count>
constexpr spelled_names<Count> find_names(std::string_view spelling) noexcept {
  spelled_names<Count> found;
  const char* const text = spelling.data();
  const std::size_t text_size = spelling.size();
  std::size_t at = 0;
  while (text[at] != 'V' || text[at + 1] != ' ' || text[at + 2] != '=') {
    ++at;
  }
  at += 5;               // past the opening bracket
  std::size_t name = 0;  // where names begin in an element; 0 while that is not known
  std::size_t cast = 0;  // where the cast ends in one without a name; 0 while that is not known
  std::size_t size = 0;  // of the last one without a name
  for (std::size_t i = 0; i != Count; ++i) {
    if (text[at] == '(') {
      if (cast != 0 && at + size < text_size && text[at + cast] == ')') {
        if (text[at + size] != ',') {
          size = cast + 2;
          while (text[at + size] != ',' && text[at + size] != '}' && text[at + size] != '>') {
            ++size;
          }
        }
        at += size + 2;
        continue;
      }
    } else if (name != 0) {
      const std::size_t start = at + name;
      at = start + 1;
      while (text[at] != ',' && text[at] != '}' && text[at] != '>') {
        ++at;
      }
      found.start[i] = static_cast<std::uint32_t>(start);
      found.size[i] = static_cast<std::uint32_t>(at - start);
      found.named = i + 1;
      at += 2;
      continue;
    }
    // An element of which nothing is known: the name is the identifier at its end.
    std::size_t start = at;
    int depth = 0;
    for (std::size_t end = at;; ++end) {
      const char c = text[end];
      if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '_' ||
          static_cast<unsigned char>(c) >= 0x80) {  // UTF-8; a plain char has no sign on some machines
        continue;
      }
      if (depth == 0 && (c == ',' || c == '}' || c == '>')) {
        if (start == end || (text[start] >= '0' && text[start] <= '9')) {
          cast = start - at - (text[start - 1] == '-' ? 2 : 1);
          size = end - at;
        } else {
          name = start - at;
          found.start[i] = static_cast<std::uint32_t>(start);
          found.size[i] = static_cast<std::uint32_t>(end - start);
          found.named = i + 1;
        }
        at = end + 2;
        break;
      }
      start = end + 1;
      depth += (c == '(' || c == '<' || c == '{') ? 1 : (c == ')' || c == '>' || c == '}') ? -1 : 0;
    }
  }
  return found;
}

/// Any look into an enum makes its definition known: that of a class template's member is not before.
template <class E>
concept looked_into = requires {
  E::none;
}
|| true;

/// The names of the values V..., in order; empty where a value has no enumerator.
template <looked_into E, E... V>
consteval std::array<std::string_view, sizeof...(V)> names_of() noexcept {
  std::array<std::string_view, sizeof...(V)> names{};
  const std::string_view spelling = spelled<E, V...>();
  const auto found = find_names<sizeof...(V)>(spelling);
  for (std::size_t i = 0; i != names.size(); ++i) {
    names[i] = {spelling.data() + found.start[i], found.size[i]};
  }
  return names;
}

/// An enum without a fixed type holds only the values that its enumerators' bits can hold; newer compilers refuse to
/// form others in a constant expression.
template <class E, auto V>
concept holds_value = requires {
  typename std::integral_constant<E, static_cast<E>(V)>;
};

inline constexpr std::size_t enum_chunk = 64;

/// How many of the values First, First + 1, ... one chunk may name: a power of two, 0 where E cannot hold First.
template <class E, std::size_t First, std::size_t Size = enum_chunk>
consteval std::size_t chunk_size() noexcept {
  using limits = std::numeric_limits<std::underlying_type_t<E>>;
  if constexpr (Size == 0) {
    return 0;
  } else if constexpr (First + Size - 1 > static_cast<unsigned long long>(limits::max())) {
    return chunk_size<E, First, Size / 2>();
  } else if constexpr (holds_value<E, First + Size - 1>) {
    return Size;
  } else {
    return chunk_size<E, First, Size / 2>();
  }
}

/// The spelling of the values First, First + Step, ...: all of a chunk in one instantiation.
template <looked_into E, auto First, auto Step, std::size_t... I>
consteval std::string_view spelled_chunk(std::index_sequence<I...>) noexcept {
  using number = std::underlying_type_t<E>;
  // no static_cast: it would warn of values that an enum without a fixed type cannot hold
  return spelled<E, __builtin_bit_cast(E, static_cast<number>(First + Step * static_cast<decltype(Step)>(I)))...>();
}

/// What a scan of an enum's values from 0 upward found.
template <std::size_t N>
struct scan {
  std::array<std::string_view, N> names{};
  bool gap = false;  ///< a value without a name lies below one that has a name, or a value below 0 has a name
};

/// How many of the values -1, -2, ... are looked at: an enum that counts from below 0 seldom starts lower.
inline constexpr int below_zero = 16;

template <class E>
consteval bool names_below_zero() noexcept {
  if constexpr (!std::is_signed_v<std::underlying_type_t<E>>) {
    return false;
  } else if constexpr (holds_value<E, -below_zero>) {
    return find_names<below_zero>(spelled_chunk<E, -1, -1>(std::make_index_sequence<below_zero>{})).named != 0;
  } else if constexpr (holds_value<E, -1>) {
    return find_names<1>(spelled_chunk<E, -1, -1>(std::make_index_sequence<1>{})).named != 0;
  } else {
    return false;
  }
}

/// A chunk's spelling and where its names stand. Constants of their own, not of a function: clang evaluates those once
/// when it reads the function, and again in each call.
template <class E, std::size_t First>
inline constexpr std::string_view chunk_spelling =
    spelled_chunk<E, First, std::size_t{1}>(std::make_index_sequence<chunk_size<E, First>()>{});
template <class E, std::size_t First>
inline constexpr auto chunk_names = find_names<chunk_size<E, First>()>(chunk_spelling<E, First>);

/// How many values a scan from First on goes through: chunk after chunk until one names nothing.
template <looked_into E, std::size_t First = 0>
consteval std::size_t named_up_to() noexcept {
  constexpr std::size_t size = chunk_size<E, First>();
  if constexpr (size == 0) {
    return First;
  } else if constexpr (chunk_names<E, First>.named == 0) {
    return First;
  } else {
    constexpr std::size_t rest = named_up_to<E, First + size>();
    return rest == First + size ? First + chunk_names<E, First>.named : rest;
  }
}

/// Reads the names of a chunk, and of those behind it.
template <class E, std::size_t First, std::size_t N>
constexpr void read_chunks(scan<N>& all) noexcept {
  constexpr auto& found = chunk_names<E, First>;
  constexpr std::size_t size = chunk_size<E, First>();
  for (std::size_t i = 0; i != size && First + i != N; ++i) {
    all.names[First + i] = {chunk_spelling<E, First>.data() + found.start[i], found.size[i]};
    all.gap = all.gap || found.size[i] == 0;
  }
  if constexpr (First + size < N) {
    read_chunks<E, First + size>(all);
  }
}

template <class E>
consteval auto scan_enum() noexcept {
  scan<named_up_to<E>()> all;
  if constexpr (all.names.size() != 0) {
    all.gap = names_below_zero<E>();
    read_chunks<E, 0>(all);
  }
  return all;
}

/// The scan of E, made once.
template <class E>
inline constexpr auto enum_scan = scan_enum<E>();

/// The name of one known enumerator; empty where V has none.
template <auto V>
consteval std::string_view enumerator_name() noexcept {
  return names_of<decltype(V), V>()[0];
}

/// The spelling of a type without the compiler's decoration.
template <class T>
consteval std::string_view type_name() noexcept {
  const std::string_view text = __PRETTY_FUNCTION__;
  const char* start = text.data();
  while (start[0] != 'T' || start[1] != ' ' || start[2] != '=') {
    ++start;
  }
  start += 4;
  const char* end = start;
  while (*end != ';' && *end != ']') {
    ++end;
  }
  return {start, static_cast<std::size_t>(end - start)};
}

}  // namespace vitals::inline v0::detail

#if defined(__clang__)
#pragma clang diagnostic pop
#endif

#endif
// The naming rules, each a question to a name. https://prometheus.io/docs/practices/naming/
#ifndef VITALS_METRIC_LINT_HPP
#define VITALS_METRIC_LINT_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace vitals::inline v0::detail {

/// Whether one of the name's parts (between underscores) satisfies `question`.
template <class Question>
constexpr bool any_part(std::string_view name, Question question) noexcept {
  std::size_t start = 0;
  // not find(): with -fsanitize=undefined that is no constant to g++ 12
  for (std::size_t i = 0; i <= name.size(); ++i) {
    if (i == name.size() || name[i] == '_') {
      if (question(name.substr(start, i - start))) {
        return true;
      }
      start = i + 1;
    }
  }
  return false;
}

/// Whether a part is one of the list. (The first letters are compared without a call: most are enough.)
template <std::size_t N>
constexpr bool is_one_of(std::string_view part, const std::string_view (&list)[N]) noexcept {
  if (part.empty()) {
    return false;
  }
  for (const std::string_view& known : list) {
    if (known.data()[0] == part.data()[0] && known == part) {
      return true;
    }
  }
  return false;
}

// The lists stand outside of the functions that read them: clang would make a function's own anew in each call.
inline constexpr std::string_view other_units[] = {
    "minutes", "hours",   "days",   "weeks", "kelvin", "kelvins", "fahrenheit", "s",      "ms",    "us",
    "ns",      "sec",     "m",      "h",     "d",      "b",       "kb",         "mb",     "gb",    "tb",
    "pb",      "rankine", "inches", "yards", "miles",  "bits",    "calories",   "pounds", "ounces"};
inline constexpr std::string_view unit_prefixes[] = {"pico",  "nano", "micro", "milli", "centi", "deci", "deca",
                                                     "hecto", "kilo", "kibi",  "mega",  "mibi",  "mebi", "giga",
                                                     "gibi",  "tera", "tebi",  "peta",  "pebi"};
inline constexpr std::string_view prefixed_units[] = {"seconds", "bytes",  "bits",  "meters",  "metres",
                                                      "grams",   "joules", "volts", "amperes", "moles",
                                                      "celsius", "kelvin", "watts"};
inline constexpr std::string_view metric_types[] = {"counter", "gauge", "histogram", "summary"};

/// The last letters of such units that are longer than three: most parts of names end in another one, and need no
/// search. This runs for every metric's name.
inline constexpr std::uint32_t unit_endings = [] {
  std::uint32_t letters = 0;
  const auto add = [&letters](std::string_view unit) {
    letters |= unit.size() > 3 ? std::uint32_t{1} << (unit.back() - 'a') : 0;
  };
  for (const std::string_view unit : other_units) {
    add(unit);
  }
  for (const std::string_view unit : prefixed_units) {
    add(unit);
  }
  return letters;
}();

/// Whether a part of the name is a unit other than a base unit (seconds, bytes, ratio, celsius, grams, ...), or an
/// abbreviation of one.
constexpr bool names_other_unit(std::string_view name) noexcept {
  return any_part(name, [](std::string_view part) {
    const char last = part.empty() ? '_' : part.back();
    if (part.size() > 3 && (last < 'a' || last > 'z' || (unit_endings >> (last - 'a') & 1U) == 0)) {
      return false;
    }
    if (is_one_of(part, other_units)) {
      return true;
    }
    for (const std::string_view& prefix : unit_prefixes) {
      if (part.starts_with(prefix) && is_one_of(part.substr(prefix.size()), prefixed_units)) {
        return true;
      }
    }
    return false;
  });
}

/// Whether the name says its own type, which a scraper knows already.
constexpr bool names_type(std::string_view name) noexcept {
  return any_part(name, [](std::string_view part) { return is_one_of(part, metric_types); });
}

/// Whether the name has an upper-case letter: names are snake_case.
constexpr bool has_upper_case(std::string_view name) noexcept {
  for (const char c : name) {
    if (c >= 'A' && c <= 'Z') {
      return true;
    }
  }
  return false;
}

/// Whether the name ends as samples of a histogram do, or as the time since when something counts.
constexpr bool ends_as_sample(std::string_view name) noexcept {
  return name.ends_with("_bucket") || name.ends_with("_count") || name.ends_with("_sum") || name.ends_with("_created");
}

}  // namespace vitals::inline v0::detail

#endif

namespace vitals::inline v0 {

/// A list of literals as a label's values: `label<"zone", one_of<"eu", "us">>`. Written in a call the literal is
/// checked when compiling; a text that is only known at run time goes through `find`.
template <fixed_string... Texts>
struct one_of {
  static_assert(sizeof...(Texts) != 0, "one_of needs at least one value");
  static constexpr std::array<std::string_view, sizeof...(Texts)> texts{Texts.view()...};

  /// One of the texts, or none of them.
  struct value {
    std::uint32_t index;
  };

  /// The value whose text is `text`. An unknown text gives a value that is dropped and counted wherever it is used.
  [[nodiscard]] static constexpr value find(std::string_view text) noexcept {
    std::uint32_t i = 0;
    while (i != texts.size() && texts[i] != text) {
      ++i;
    }
    return {i};
  }
};

namespace detail {

/// The values of an enum: those that `label_values(E)` gives, or else the enumerators found by a scan.
template <class E>
consteval auto enum_values() noexcept {
  if constexpr (requires { label_values(E{}); }) {
    return label_values(E{});
  } else {
    constexpr std::size_t size = enum_scan<E>.names.size();
    static_assert(size != 0,
                  "this enum has no enumerator from 0 upward: list its values with "
                  "`constexpr auto label_values(E) { return std::array{E::a, E::b}; }` beside the enum");
    static_assert(!enum_scan<E>.gap,
                  "this enum has gaps or starts below 0: list its values with "
                  "`constexpr auto label_values(E) { return std::array{E::a, E::b}; }` beside the enum");
    std::array<E, size> values{};
    for (std::size_t i = 0; i != size; ++i) {
      values[i] = static_cast<E>(i);
    }
    return values;
  }
}

template <class E>
inline constexpr auto enum_values_of = enum_values<E>();

/// The texts of an enum's values: `label_text(E)` where it gives one, or else the enumerator's name.
template <class E, std::size_t... I>
consteval auto enum_texts(std::index_sequence<I...>) noexcept {
  constexpr auto& values = enum_values_of<E>;
  std::array<std::string_view, sizeof...(I)> texts{};
  if constexpr (requires { label_values(E{}); }) {
    texts = names_of<E, values[I]...>();
  } else {
    texts = {enum_scan<E>.names[I]...};
  }
  if constexpr (requires { label_text(E{}); }) {
    for (std::size_t i = 0; i != texts.size(); ++i) {
      const std::string_view own = label_text(values[i]);
      texts[i] = own.empty() ? texts[i] : own;
    }
  }
  return texts;
}

/// How a label's values become texts and small integers.
template <class Values>
struct value_set {
  static_assert(sizeof(Values) == 0,
                "a label's values are an enum, bool or a list of literals: label<\"zone\", one_of<\"eu\", \"us\">>");
};

template <>
struct value_set<bool> {
  using argument_type = bool;
  static constexpr std::array<std::string_view, 2> texts{"false", "true"};
  static constexpr bool can_miss = false;
  VITALS_HOT static constexpr std::uint32_t index(bool value) noexcept { return value ? 1 : 0; }
};

template <fixed_string... Texts>
struct value_set<one_of<Texts...>> {
  using argument_type = typename one_of<Texts...>::value;
  static constexpr auto texts = one_of<Texts...>::texts;
  static constexpr bool can_miss = true;
  VITALS_HOT static constexpr std::uint32_t index(argument_type value) noexcept { return value.index; }
};

template <class E>
requires std::is_enum_v<E>
struct value_set<E> {
  using argument_type = E;
  static constexpr auto& values = enum_values_of<E>;
  static constexpr std::uint32_t size = values.size();
  static constexpr auto texts = enum_texts<E>(std::make_index_sequence<size>{});
  static constexpr bool can_miss = true;

  /// The value's place, or `size` and more for one that is not in the set.
  VITALS_HOT static constexpr std::uint32_t index(E value) noexcept {
    if constexpr (dense) {
      using underlying = std::underlying_type_t<E>;
      if constexpr (sizeof(underlying) > sizeof(std::uint32_t)) {
        const auto place = static_cast<std::uint64_t>(value);
        return place < size ? static_cast<std::uint32_t>(place) : size;
      } else {
        return static_cast<std::uint32_t>(value);  // a negative one becomes large
      }
    } else {
      std::uint32_t at = size;
      for (std::uint32_t i = 0; i != size; ++i) {
        at = values[i] == value ? i : at;
      }
      return at;
    }
  }

 private:
  static constexpr bool dense = [] {
    for (std::uint32_t i = 0; i != size; ++i) {
      if (static_cast<std::int64_t>(values[i]) != static_cast<std::int64_t>(i)) {
        return false;
      }
    }
    return true;
  }();
};

template <class Values>
consteval std::size_t repeated_text() noexcept {
  std::array<std::uint64_t, Values::texts.size()> hashes{};
  for (std::size_t i = 0; i != hashes.size(); ++i) {
    hashes[i] = hash(Values::texts[i]);
  }
  return repeated_at(hashes);
}

template <class Values>
consteval bool texts_are_legal() noexcept {
  for (const std::string_view text : Values::texts) {
    if (text.empty() || !is_utf8(text)) {
      return false;
    }
  }
  return true;
}

/// A label's name.
template <fixed_string Name>
struct label_name {
  static constexpr std::string_view name = Name.view();
  static_assert(is_metric_name(name), "a label's name is made of a-z, 0-9 and _, and does not start with a digit");
  static_assert(!has_upper_case(name), "a label's name is snake_case: write user_id");
  static_assert(!name.starts_with("__"), "label names that start with __ are reserved by Prometheus: choose another");
  static_assert(name != "le" && name != "quantile",
                "the labels le and quantile are written by histograms and summaries: choose another name");
};

/// Left undefined: a literal that is none of the label's values ends here when compiling.
void this_text_is_not_one_of_the_labels_values();

}  // namespace detail

/// A label: its name and its values, which are an enum, `bool` or `one_of<...>`.
///
/// An enum's values are its enumerators, counted from 0, and their texts the enumerators' names. Beside the enum
/// `constexpr std::string_view label_text(E)` renames (empty keeps the name), and
/// `constexpr auto label_values(E) { return std::array{...}; }` lists the values: needed where the enum has gaps or
/// does not start at 0. A value outside the set is dropped and counted, never written elsewhere.
template <fixed_string Name, class Values>
struct label : detail::label_name<Name> {
  using values = detail::value_set<Values>;
  static constexpr std::uint32_t size = values::texts.size();
  static_assert(size != 0, "a label has at least one value: list them in label_values");
  static_assert(detail::repeated_text<values>() == detail::npos, "two values of this label have the same text");
  static_assert(
      detail::texts_are_legal<values>(),
      "a label's value is UTF-8 text, and not empty: label_text names an enum's value that has no enumerator");
};

namespace detail {

template <class T>
inline constexpr bool is_label = false;
template <fixed_string Name, class Values>
inline constexpr bool is_label<label<Name, Values>> = true;

/// What `get` takes for a label: its enum, a bool, or a literal of the list. Anything else does not compile.
template <class Label>
struct label_argument;

template <fixed_string Name, class Values>
struct label_argument<label<Name, Values>> {
  using set = value_set<Values>;
  std::uint32_t index;

  template <class T>
  // NOLINTNEXTLINE(google-explicit-constructor): a label's value converts by itself
  VITALS_HOT constexpr label_argument(const T& value) noexcept : index(of(value)) {}

 private:
  template <class T>
  VITALS_HOT static constexpr std::uint32_t of(const T& value) noexcept {
    static_assert(std::same_as<T, typename set::argument_type>,
                  "wrong label type: pass a value of the type that the label was declared with, in the labels' order");
    if constexpr (std::same_as<T, typename set::argument_type>) {
      return set::index(value);
    } else {
      return 0;
    }
  }
};

template <fixed_string Name, fixed_string... Texts>
struct label_argument<label<Name, one_of<Texts...>>> {
  using list = one_of<Texts...>;
  std::uint32_t index;

  // NOLINTNEXTLINE(google-explicit-constructor)
  VITALS_HOT constexpr label_argument(typename list::value value) noexcept : index(value.index) {}

  template <std::size_t N>
  // NOLINTNEXTLINE(google-explicit-constructor)
  consteval label_argument(const char (&text)[N]) : index(list::find({text, N - 1}).index) {
    if (index == list::texts.size()) {
      this_text_is_not_one_of_the_labels_values();
    }
  }

  template <class T>
  // NOLINTNEXTLINE(google-explicit-constructor)
  constexpr label_argument(const T&) noexcept : index(0) {
    static_assert(sizeof(T) == 0,
                  "wrong label type: pass one of the label's literals, or for a text known at run time "
                  "one_of<...>::find(text)");
  }
};

}  // namespace detail

}  // namespace vitals::inline v0

#endif
// Units: what a metric's name says that its values are counted in.
// https://prometheus.io/docs/practices/naming/#base-units
#ifndef VITALS_METRIC_UNIT_HPP
#define VITALS_METRIC_UNIT_HPP

#include <string_view>

namespace vitals::inline v0 {

/// Units as a metric's options: `gauge<"room_celsius", "...", unit::celsius>`. The metric's name must end in the unit,
/// before `_total`. Without one, a name that ends in a unit of this list has it.
namespace unit {

/// A unit that is not in the list: `unit::custom<"widgets">`.
template <fixed_string Name>
struct custom {
  static constexpr std::string_view name = Name.view();
};

using seconds = custom<"seconds">;
using bytes = custom<"bytes">;
using ratio = custom<"ratio">;
using celsius = custom<"celsius">;
using meters = custom<"meters">;
using grams = custom<"grams">;
using joules = custom<"joules">;
using volts = custom<"volts">;
using amperes = custom<"amperes">;
using hertz = custom<"hertz">;

}  // namespace unit

namespace detail {

template <class T>
inline constexpr bool is_unit = false;
template <fixed_string Name>
inline constexpr bool is_unit<unit::custom<Name>> = true;

template <class T>
inline constexpr std::string_view unit_name{};
template <fixed_string Name>
inline constexpr std::string_view unit_name<unit::custom<Name>> = unit::custom<Name>::name;

/// Whether `name`, but for `_total`, ends in `_unit`.
constexpr bool ends_in_unit(std::string_view name, std::string_view unit) noexcept {
  if (name.ends_with("_total")) {
    name.remove_suffix(6);
  }
  return name.size() > unit.size() && name.ends_with(unit) && name[name.size() - unit.size() - 1] == '_';
}

inline constexpr std::string_view known_units[] = {"seconds", "bytes",  "ratio", "celsius", "meters",
                                                   "grams",   "joules", "volts", "amperes", "hertz"};

/// The unit of the list that a name ends in; empty where it ends in none.
constexpr std::string_view known_unit(std::string_view name) noexcept {
  for (const std::string_view& one : known_units) {
    if (ends_in_unit(name, one)) {
      return one;
    }
  }
  return {};
}

}  // namespace detail

}  // namespace vitals::inline v0

#endif

namespace vitals::inline v0 {

/// An option of a metric: one atomic cell for all threads instead of one a thread. Each update is a read-modify-write
/// (some 5 ns alone, far more when threads meet). For signal handlers, which may use no other storage, and for
/// programs of thousands of threads.
struct shared {};

/// An option of a gauge or a `shared` metric: its cells lie close together, not each on a cache line of its own. For
/// many series that are seldom written.
struct packed {};

namespace detail {

/// What a registry needs to know to lay out a metric.
struct shape {
  abi::summing kind = abi::summing::integers;
  std::uint32_t width = 1;   ///< cells of a series
  std::uint32_t stride = 1;  ///< from one series to the next
  std::uint32_t series = 1;
  bool may_fall = false;     ///< sums may go down
  bool shared = false;       ///< in the cells that all threads share
  bool trash = false;        ///< one more series takes what is dropped for its label
  bool label_drops = false;  ///< a cell counts what is dropped for its label
  bool value_drops = false;  ///< a cell counts what is dropped for its value
  std::uint32_t points = 0;  ///< of a series that keep exemplars
  bool called = false;       ///< no cells in the registry: a function gives the values at each reading
  std::uint64_t part = 0;    ///< of maxima: the length of a sub-window in nanoseconds
};

/// The smallest stride at which no series touches more cache lines than its width needs.
constexpr std::uint32_t line_stride(std::uint32_t width) noexcept {
  constexpr std::uint32_t line = cells_a_line;
  const std::uint32_t lines = (width + line - 1) / line;
  for (std::uint32_t stride = width;; ++stride) {
    bool fits = true;
    for (std::uint32_t i = 0; i != line; ++i) {
      fits = fits && i * stride % line + width <= lines * line;
    }
    if (fits) {
      return stride;
    }
  }
}

template <class... T>
struct list {};

template <class... A, class... B>
constexpr list<A..., B...> operator+(list<A...>, list<B...>) noexcept {
  return {};
}

template <class Option>
constexpr auto only_label() noexcept {
  static_assert(is_label<Option> || is_unit<Option> || std::same_as<Option, shared> || std::same_as<Option, packed> ||
                    std::same_as<Option, exemplars>,
                "a metric's options are labels, slots, a unit, vitals::shared, vitals::packed and vitals::exemplars: "
                "write vitals::label<\"method\", method>");
  if constexpr (is_label<Option>) {
    return list<Option>{};
  } else {
    return list<>{};
  }
}

/// The unit among a metric's options, or else the one that its name ends in.
template <class... Options>
consteval std::string_view unit_of(std::string_view name) noexcept {
  std::string_view given = known_unit(name);
  ((given = is_unit<Options> ? unit_name<Options> : given), ...);
  return given;
}

template <class... Label>
consteval std::size_t repeated_label(list<Label...>) noexcept {
  return repeated_at(std::array<std::uint64_t, sizeof...(Label)>{hash(Label::name)...});
}

/// The index of a label's name that stands at a smaller index too is in the error's instantiation.
template <std::size_t Index>
struct duplicate_label_at {
  static_assert(Index == npos, "a metric has two labels of the same name: rename one");
};

template <class Label>
constexpr label_family family_of_label() noexcept {
  if constexpr (requires { Label::values::table; }) {
    return {.name = Label::name, .values = {}, .table = &Label::values::table, .slots = Label::size - 1};
  } else {
    return {.name = Label::name, .values = Label::values::texts};
  }
}

template <class Labels>
struct label_facts;

template <class... Label>
struct label_facts<list<Label...>> {
  static constexpr std::size_t count = sizeof...(Label);
  static constexpr std::uint64_t most_series = std::uint64_t{1} << 24;
  static constexpr std::uint64_t wide_series = [] {
    std::uint64_t product = 1;
    ((product = product > most_series ? product : product * Label::size), ...);
    return product;
  }();
  static_assert(wide_series <= most_series, "a metric has at most 16 million series: leave out a label");
  static constexpr auto series = static_cast<std::uint32_t>(wide_series);
  static constexpr bool can_miss = (false || ... || Label::values::can_miss);
  static constexpr std::array<label_family, sizeof...(Label)> table{family_of_label<Label>()...};
};

/// The base of every descriptor.
template <fixed_string Name, fixed_string Help, class... Options>
struct descriptor {
  static constexpr std::string_view name = Name.view();
  static constexpr std::string_view help = Help.view();
  static constexpr std::string_view unit = unit_of<Options...>(name);
  using labels = decltype((list<>{} + ... + only_label<Options>()));

  static_assert(is_metric_name(name),
                "a metric's name is made of a-z, 0-9 and _, and does not start with a digit (colons are for recording "
                "rules)");
  static_assert(!has_upper_case(name), "a metric's name is snake_case: write http_requests_total");
  static_assert(!names_other_unit(name),
                "a metric's name says a base unit in full: seconds, bytes, ratio, celsius (not ms, minutes or kb)");
  static_assert(!names_type(name),
                "a metric's name does not say its type: leave out counter, gauge, histogram, summary");
  static_assert(unit.empty() || ends_in_unit(name, unit),
                "a metric's name ends in its unit (before _total): write \"request_size_bytes\" for unit::bytes");
  static_assert((0 + ... + (is_unit<Options> ? 1 : 0)) <= 1, "a metric has one unit: leave out the other");
  static_assert(!help.empty(), "a metric's help says in a sentence what is measured: it is empty");
  static_assert(is_utf8(help), "a metric's help is UTF-8 text");
  static_assert(sizeof(duplicate_label_at<repeated_label(labels{})>) != 0);
  static_assert(label_facts<labels>::series != 0);

  static constexpr bool has_exemplars = (std::same_as<Options, exemplars> || ...);

 protected:
  static constexpr bool is_shared = (std::same_as<Options, shared> || ...);
  static constexpr bool is_packed = (std::same_as<Options, packed> || ...);
};

}  // namespace detail

/// A metric's descriptor: a type derived from counter, up_down, gauge or histogram. Not one that hides what it inherits
/// by its own name: in `struct name : vitals::gauge<...>`, `name::name` is the type.
template <class M>
concept metric = requires {
  { M::name } -> std::convertible_to<std::string_view>;
  { M::help } -> std::convertible_to<std::string_view>;
  { M::unit } -> std::convertible_to<std::string_view>;
  { M::type } -> std::convertible_to<metric_type>;
  { M::kind } -> std::convertible_to<value_kind>;
  { M::shape } -> std::convertible_to<detail::shape>;
  detail::label_facts<typename M::labels>{};
  requires M::type != metric_type::histogram || requires {
    M::bounds;
  };
  requires(M::type != metric_type::histogram && M::type != metric_type::summary) || requires {
    M::buckets;
  };
};

}  // namespace vitals::inline v0

#endif

namespace vitals::inline v0 {

namespace detail {

template <class T>
inline constexpr bool is_duration = false;
template <class Rep, class Period>
inline constexpr bool is_duration<std::chrono::duration<Rep, Period>> = true;

/// How a callback's result lies in a cell.
template <class T>
constexpr value_kind kind_of_result() noexcept {
  return std::unsigned_integral<T> ? value_kind::unsigned_integer
         : std::signed_integral<T> ? value_kind::signed_integer
                                   : value_kind::real;
}

/// Writes a callback's result to a cell. False for what a counter cannot be: negative, NaN, infinite.
template <class T>
bool store_result(T result, bool is_counter, std::uint64_t& out) noexcept {
  if constexpr (is_duration<T>) {
    return store_result(std::chrono::duration<double>(result).count(), is_counter, out);
  } else if constexpr (std::integral<T>) {
    out = static_cast<std::uint64_t>(result);
    return !is_counter || result >= T{};
  } else {
    const auto real = static_cast<double>(result);
    out = std::bit_cast<std::uint64_t>(real);
    return !is_counter || (real >= 0 && real <= std::numeric_limits<double>::max());
  }
}

/// A label's value, from its index.
template <class Label>
constexpr auto argument_of(std::uint32_t index) noexcept {
  using set = typename Label::values;
  using argument = typename set::argument_type;
  if constexpr (std::same_as<argument, bool>) {
    return index != 0;
  } else if constexpr (std::is_enum_v<argument>) {
    return set::values[index];
  } else {
    return argument{index};
  }
}

/// Calls a metric's function for each of its series, with the labels' values.
template <auto Function, bool IsCounter, class Labels>
struct caller;

template <auto Function, bool IsCounter, class... Label>
struct caller<Function, IsCounter, list<Label...>> {
  static constexpr bool takes_labels = std::is_invocable_v<decltype(Function), decltype(argument_of<Label>(0))...>;

  static constexpr auto result_of() noexcept {
    if constexpr (takes_labels) {
      using given = std::invoke_result_t<decltype(Function), decltype(argument_of<Label>(0))...>;
      if constexpr (std::is_arithmetic_v<given> || is_duration<given>) {
        return given{};
      }
    }
  }
  using result = decltype(result_of());

  /// Writes a cell for each series. False where the function throws, or gives what a counter cannot be.
  static bool call(std::uint64_t* out) noexcept {
    try {
      for (std::uint32_t i = 0; i != label_facts<list<Label...>>::series; ++i) {
        if (!call_one(i, out[i], std::index_sequence_for<Label...>{})) {
          return false;
        }
      }
      return true;
    } catch (...) {
      return false;
    }
  }

 private:
  template <std::size_t... K>
  static bool call_one(std::uint32_t series, std::uint64_t& out, std::index_sequence<K...>) {
    [[maybe_unused]] const auto value_of = [series](std::size_t label) {
      constexpr std::array<std::uint32_t, sizeof...(Label)> sizes{Label::size...};
      std::uint32_t rest = series;
      for (std::size_t k = sizes.size() - 1; k != label; --k) {
        rest /= sizes[k];
      }
      return rest % sizes[label];
    };
    return store_result(Function(argument_of<Label>(value_of(K))...), IsCounter, out);
  }
};

/// A series of a callback: there is nothing to update.
template <class Registry, class Metric>
struct callback_handle {
  explicit constexpr callback_handle(std::uint32_t) noexcept {}
};

}  // namespace detail

/// A descriptor of a metric that a function gives: `struct depth : vitals::callback<"queue_depth", "Jobs that wait.",
/// &queue_depth> {};` (A lambda will do where no header has the struct: in each file it is another one.) A counter
/// where its name ends in `_total`, else a gauge. The function returns a number, or a duration where the name ends in
/// `_seconds`, and takes a value for each label; it is called for each series at each scrape, by the thread that
/// scrapes and never by two for one page, and must not scrape itself. Where it throws, or gives a counter a value that
/// is negative or no number, the whole family is left out of this scrape and the failure counted in
/// `vitals_callback_failures_total`. Options: labels, a unit.
template <fixed_string Name, fixed_string Help, auto Function, class... Options>
struct callback : detail::descriptor<Name, Help, Options...> {
 private:
  using base = detail::descriptor<Name, Help, Options...>;
  static constexpr bool is_counter = base::name.ends_with("_total");
  using calls = detail::caller<Function, is_counter, typename base::labels>;
  using result = typename calls::result;
  static_assert(!detail::ends_as_sample(base::name),
                "_bucket, _count, _sum and _created are a histogram's: choose another ending");
  static_assert(calls::takes_labels, "a callback's function takes one value for each label, in the labels' order");
  static_assert(!calls::takes_labels || !std::is_void_v<result>,
                "a callback's function returns a number or a duration");
  static_assert(!detail::is_duration<result> || detail::ends_in_unit(base::name, "seconds"),
                "a duration is in seconds: end the callback's name in _seconds or _seconds_total");
  static_assert(!base::is_shared && !base::is_packed, "a callback has no storage: leave out shared and packed");

 public:
  static constexpr metric_type type = is_counter ? metric_type::counter : metric_type::gauge;
  static constexpr value_kind kind = detail::kind_of_result<result>();
  static constexpr detail::shape shape{
      .series = detail::label_facts<typename base::labels>::series, .shared = true, .called = true};
  static constexpr bool (*call)(std::uint64_t*) noexcept = &calls::call;
  template <class Registry, class Metric>
  using handle = detail::callback_handle<Registry, Metric>;
};

}  // namespace vitals::inline v0

#endif

namespace vitals::inline v0 {

/// An object with families of its own: `callbacks queue; queue.gauge("queue_depth", "Jobs that wait.", [&] { return
/// jobs.size(); });`. Add all, then expose it; it must outlive its exposure. For metrics that are known when compiling
/// `vitals::callback` does the same as a type.
///
/// A function returns a number, or a duration where the name ends in `_seconds`. It is called at each scrape, by any
/// thread that scrapes, and must not scrape itself. Where it throws, or gives a counter what is negative or no number,
/// its family is left out of that scrape and the failure counted in `vitals_callback_failures_total`.
class callbacks {
 public:
  callbacks() = default;
  callbacks(const callbacks&) = delete;
  callbacks& operator=(const callbacks&) = delete;
  ~callbacks() {
    while (first_ != nullptr) {
      delete std::exchange(first_, first_->next);
    }
  }

  /// Adds a gauge. Throws std::invalid_argument for an illegal name or help, and where the name is taken here;
  /// std::logic_error once `source` was asked for.
  template <class Function>
  void gauge(std::string name, std::string help, Function function) {
    add<false>(std::move(name), std::move(help), std::move(function));
  }

  /// Adds a counter, whose name ends in `_total`. Throws as `gauge` does.
  template <class Function>
  void counter(std::string name, std::string help, Function function) {
    add<true>(std::move(name), std::move(help), std::move(function));
  }

  /// What a page or a server takes. Nothing can be added after this.
  [[nodiscard]] source_ref source() const noexcept {
    exposed_.store(true, std::memory_order_relaxed);
    return {.families = families_, .cells = cells_a_family * families_.size(), .read = &read, .self = this};
  }

 private:
  static constexpr std::uint32_t cells_a_family = 3;  // whether it has a value, the value, its failures

  struct entry {
    entry(std::string its_name, std::string its_help) : name(std::move(its_name)), help(std::move(its_help)) {}
    entry(const entry&) = delete;
    entry& operator=(const entry&) = delete;
    virtual ~entry() = default;
    virtual bool call(std::uint64_t& out) const = 0;

    std::string name;
    std::string help;
    entry* next = nullptr;
    mutable detail::cell failures{0};  // relaxed read-modify-write by any scraping thread: it stands for itself alone
  };

  template <bool IsCounter, class Function>
  struct entry_of final : entry {
    entry_of(std::string its_name, std::string its_help, Function its_function)
        : entry(std::move(its_name), std::move(its_help)),
          function(std::move(its_function)) {}
    bool call(std::uint64_t& out) const override { return detail::store_result(function(), IsCounter, out); }

    mutable Function function;
  };

  template <bool IsCounter, class Function>
  void add(std::string name, std::string help, Function function) {
    using result = std::invoke_result_t<Function&>;
    static_assert(std::is_arithmetic_v<result> || detail::is_duration<result>,
                  "a callback's function takes nothing and returns a number or a duration");
    refuse(name, help, IsCounter, detail::is_duration<result>);
    families_.reserve(families_.size() + 1);
    *last_ = new entry_of<IsCounter, Function>(std::move(name), std::move(help), std::move(function));
    const entry& e = **last_;
    last_ = &(*last_)->next;
    const auto first = static_cast<std::uint32_t>(cells_a_family * families_.size());
    families_.push_back({.name = e.name,
                         .help = e.help,
                         .unit = detail::known_unit(e.name),
                         .type = IsCounter ? metric_type::counter : metric_type::gauge,
                         .kind = detail::kind_of_result<result>(),
                         .labels = {},
                         .bounds = {},
                         .first = first + 1,
                         .series = 1,
                         .stride = 1,
                         .width = 1,
                         .failures = {.first = first + 2, .count = 1},
                         .present = first});
  }

  void refuse(const std::string& name, const std::string& help, bool is_counter, bool is_duration) const {
    const auto check = [&name](bool good, const char* why) {
      if (!good) {
        throw std::invalid_argument("vitals::callbacks: cannot add \"" + name + "\": " + why);
      }
    };
    if (exposed_.load(std::memory_order_relaxed)) {
      throw std::logic_error("vitals::callbacks: cannot add \"" + name + "\" once they are exposed: add all first");
    }
    check(is_metric_name(name) && !detail::has_upper_case(name),
          "a name is made of a-z, 0-9 and _, and does not start with a digit");
    check(std::string_view{name}.ends_with("_total") == is_counter,
          is_counter ? "a counter's name ends in _total" : "only a counter's name ends in _total");
    check(!detail::ends_as_sample(name), "_bucket, _count, _sum and _created are a histogram's: choose another ending");
    check(!is_duration || detail::ends_in_unit(name, "seconds"),
          "its function returns a duration, which is in seconds: end the name in _seconds or _seconds_total");
    check(!help.empty() && is_utf8(help), "its help says in a sentence, as UTF-8 text, what is measured");
    for (const entry* e = first_; e != nullptr; e = e->next) {
      check(e->name != name, "that name is taken");
    }
  }

  static void read(const void* self, std::uint64_t* out) noexcept {
    for (const entry* e = static_cast<const callbacks*>(self)->first_; e != nullptr; e = e->next) {
      bool good = false;
      try {
        good = e->call(out[1]);
      } catch (...) {
      }
      out[0] = good ? 1 : 0;
      detail::common_add(e->failures, std::uint64_t{good ? 0U : 1U});
      out[2] = e->failures.load(std::memory_order_relaxed);
      out += cells_a_family;
    }
  }

  entry* first_ = nullptr;
  entry** last_ = &first_;  ///< where the next one is put
  detail::dynamic_array<family> families_;
  mutable std::atomic<bool> exposed_{false};  // relaxed: who adds and who exposes are one thread, or already in order
};

}  // namespace vitals::inline v0

#endif
// The OpenMetrics 1.0 text format.
// https://github.com/OpenObservability/OpenMetrics/blob/main/specification/OpenMetrics.md
#ifndef VITALS_EXPOSE_OPENMETRICS_HPP
#define VITALS_EXPOSE_OPENMETRICS_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>

// A page: the exposition of some sources in one format. Its fixed text is laid down once; a scrape copies it and fills
// in the numbers.
#ifndef VITALS_EXPOSE_PAGE_HPP
#define VITALS_EXPOSE_PAGE_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace vitals::inline v0 {

namespace detail {

/// A format: lays down the text of a source's family, whose cells are numbered from `cell_base` on, and begins and ends
/// a page.
struct format {
  void (*lay)(page_text&, const source_ref&, const family&, std::uint32_t cell_base);
  std::string_view beginning{};
  std::string_view ending{};
};

}  // namespace detail

/// Renders some sources in one text format, again and again. Any thread may render; renderings of one page take turns.
/// Nothing is allocated once the buffer has grown to the page's size, but where a label with slots got or lost a value.
class page {
 public:
  /// Lays down the fixed text of all sources. Throws std::invalid_argument where two of them offer the same family,
  /// where a prefix or a constant label's name is none, or where a family has a label of that name itself; and
  /// std::bad_alloc. Where `names` are given, the page has the families of these names alone (or of samples' names).
  page(const detail::format& format, view<source_ref> sources, view<std::string> names = {})
      : format_(format),
        reading_(sources, names) {
    text_ = laid();
    likely_ = text_.likely();
  }

  /// Replaces `out` with the page. Keeps its capacity, so a buffer that is used again is not allocated again. Throws
  /// std::bad_alloc, and then leaves `out` as it was.
  void render(std::string& out) {
    const std::lock_guard turn{mutex_};
    if (reading_.is_stale()) {
      text_ = laid();
    }
    const std::uint64_t* const cells = reading_.take();
    out.reserve(text_.room());
    // resize() fills what it adds with zeros: only as much as the last page took, and the rest of the room if need be.
    const std::size_t likely = likely_ + text_.overhang();
    out.resize(likely < text_.room() ? likely : text_.room());
    auto at = text_.beginning();
    const char* end = text_.fill(out.data(), out.data() + out.size() - text_.overhang(), at, cells);
    if (!text_.is_end(at)) [[unlikely]] {
      const auto written = static_cast<std::size_t>(end - out.data());
      out.resize(text_.room());
      end = text_.fill(out.data() + written, out.data() + out.size(), at, cells);
    }
    likely_ = static_cast<std::size_t>(end - out.data());
    out.resize(likely_);
  }

  /// The same in parts, by one thread at a time, and not while another renders. Begins: with the sources as they are
  /// now, which are read one at a part.
  void begin() {
    if (reading_.is_stale()) {
      text_ = laid();
    }
    reading_.begin();
    at_ = text_.beginning();
  }
  /// Reads the next source, or appends about `bytes` of the page to `out`, which is empty at first. True at the page's
  /// end.
  bool more(std::string& out, std::size_t bytes) {
    if (reading_.take_next()) {
      return false;
    }
    const std::size_t before = out.size();
    out.resize(before + bytes + text_.overhang());
    char* const begin = out.data() + before;
    const char* const end = text_.fill(begin, begin + bytes, at_, reading_.cells());
    out.resize(static_cast<std::size_t>(end - out.data()));
    return text_.is_end(at_);
  }

 private:
  detail::page_text laid() {
    detail::page_text text;
    text.text(format_.beginning);
    reading_.each_shown([&](const source_ref& s, const family& f, std::uint32_t base) {
      if (f.present == family::always) {
        format_.lay(text, s, f, base);
      } else {
        text.begin_optional(base + f.present);
        format_.lay(text, s, f, base);
        text.end_optional();
      }
    });
    text.text(format_.ending).finish();
    return text;
  }

  detail::format format_;
  detail::page_text text_;            ///< guarded by the mutex, as it is laid anew where a label's values change
  detail::reading reading_;           ///< guarded by the mutex
  std::size_t likely_ = 0;            ///< how long a page is: as the last one; guarded by the mutex
  detail::page_text::progress at_{};  ///< of who renders in parts
  std::mutex mutex_;
};

}  // namespace vitals::inline v0

#endif

namespace vitals::inline v0 {

namespace detail {

/// Lays down a family as OpenMetrics, in which a counter's and an info's name are without their endings.
template <bool Created>
void lay_openmetrics(page_text& page, const source_ref& s, const family& f, std::uint32_t cell_base) {
  constexpr std::string_view types[] = {"counter", "gauge", "histogram", "summary", "info", "stateset"};
  const auto line = [&](std::string_view what, std::string_view text) {
    page.text("# ").text(what).text(" ").text(s.prefix).text(f.stem()).text(" ").text(text).text("\n");
  };
  line("TYPE", types[static_cast<std::size_t>(f.type)]);
  if (!f.unit.empty()) {
    line("UNIT", f.unit);
  }
  line("HELP", escaped(f.help, true));
  lay_samples(page, s, f, cell_base, {.falling_sums = false, .created = Created, .exemplars = true});
}

}  // namespace detail

/// The OpenMetrics 1.0 text format: its media type, and how its pages are laid.
struct openmetrics_text {
  static constexpr std::string_view content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
  static constexpr detail::format format{.lay = &detail::lay_openmetrics<false>, .ending = "# EOF\n"};
};

/// The same with the `_created` samples of counters, histograms and summaries: since when they count. A scraper that
/// does not know these takes them for series of their own, one for each of the others.
struct openmetrics_with_created {
  static constexpr std::string_view content_type = openmetrics_text::content_type;
  static constexpr detail::format format{.lay = &detail::lay_openmetrics<true>, .ending = "# EOF\n"};
};

}  // namespace vitals::inline v0

#endif
// The Prometheus text format 0.0.4.
// https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
#ifndef VITALS_EXPOSE_PROMETHEUS_HPP
#define VITALS_EXPOSE_PROMETHEUS_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace vitals::inline v0 {

namespace detail {

/// Lays down a family as Prometheus text 0.0.4, which has no info and no state sets: they become gauges.
inline void lay_prometheus(page_text& page, const source_ref& s, const family& f, std::uint32_t cell_base) {
  constexpr std::string_view types[] = {"counter", "gauge", "histogram", "summary", "gauge", "gauge"};
  page.text("# HELP ").text(s.prefix).text(f.name).text(" ").text(escaped(f.help, false)).text("\n");
  page.text("# TYPE ").text(s.prefix).text(f.name).text(" ").text(types[static_cast<std::size_t>(f.type)]).text("\n");
  lay_samples(page, s, f, cell_base, {.falling_sums = true, .created = false, .exemplars = false});
}

}  // namespace detail

/// The Prometheus text format 0.0.4: its media type, and how its pages are laid.
struct prometheus_text {
  static constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";
  static constexpr detail::format format{.lay = &detail::lay_prometheus, .ending = {}};
};

}  // namespace vitals::inline v0

#endif
// Ratios of counters, such as a success rate: derived at each reading, kept nowhere.
#ifndef VITALS_EXPOSE_RATIO_HPP
#define VITALS_EXPOSE_RATIO_HPP

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

namespace vitals::inline v0 {

namespace detail {

/// The place of a label's value among its values; npos where there is no such label, or value.
constexpr std::size_t value_index(view<label_family> labels, std::string_view name, std::string_view value) noexcept {
  for (const label_family& l : labels) {
    for (std::size_t i = 0; i != l.values.size(); ++i) {
      if (l.name == name && l.values[i] == value) {
        return i;
      }
    }
  }
  return npos;
}

}  // namespace detail

/// Those series of a counter whose label has the value: `where<requests, "outcome", "ok">`.
template <class Counter, fixed_string Label, fixed_string Value>
struct where {
  static constexpr std::string_view name = Counter::name;
  static constexpr metric_type type = Counter::type;
  static constexpr std::string_view label = Label.view();
  static constexpr std::size_t index =
      detail::value_index(detail::label_facts<typename Counter::labels>::table, label, Value.view());
  static_assert(index != detail::npos,
                "where<counter, label, value> names one of the counter's labels, and one of that label's values");
};

/// A ratio since the start of the program, for people: `struct success : vitals::ratio_of<"http_success_ratio",
/// "Requests that went well.", vitals::where<requests, "outcome", "ok">, requests> {};` Part and Whole are counters, of
/// which all series are added up, or some of their series. NaN where the whole is 0, or one of the two is absent. (A
/// rule divides the counters' rates instead.)
template <fixed_string Name, fixed_string Help, class Part, class Whole>
struct ratio_of : detail::descriptor<Name, Help, unit::ratio> {
  static_assert(Part::type == metric_type::counter && Whole::type == metric_type::counter,
                "a ratio is made of two counters, or of where<counter, label, value>");
  using part = Part;
  using whole = Whole;
};

namespace detail {

/// Some series of a family in a reading.
struct selection {
  const family* of = nullptr;
  std::uint32_t below = 0;  ///< how many neighbouring series have one value of the label; 0 where nothing is selected
  std::uint32_t size = 1;   ///< how many values the label has
  std::uint32_t index = 0;  ///< the one that is selected

  [[nodiscard]] double total(const std::uint64_t* cells) const noexcept {
    double sum = 0;
    for (std::uint32_t i = 0; i != of->series; ++i) {
      if (i / below % size == index) {
        const std::uint64_t cell_value = cells[of->cell_of(i)];
        sum += of->kind == value_kind::real ? std::bit_cast<double>(cell_value) : static_cast<double>(cell_value);
      }
    }
    return sum;
  }
  [[nodiscard]] bool is_present(const std::uint64_t* cells) const noexcept {
    return of->present == family::always || cells[of->present] != 0;
  }
};

/// Where what a ratio is made of lies in the readings of a source.
template <class Source, class Selected>
consteval selection select() noexcept {
  selection found;
  for (const family& f : Source::source().families) {
    if (f.name != Selected::name) {
      continue;
    }
    found = {.of = &f, .below = 1};
    if constexpr (requires { Selected::label; }) {
      std::uint32_t below = f.series;
      for (const label_family& l : f.labels) {
        below /= l.size();
        if (l.name == Selected::label) {
          found = {.of = &f, .below = below, .size = l.size(), .index = Selected::index};
        }
      }
    }
  }
  return found;
}

template <class Source, class Selected>
inline constexpr selection selection_of = [] {
  constexpr selection found = select<Source, Selected>();
  static_assert(found.below != 0, "a ratio's counters are in its registry: add them there");
  return found;
}();

}  // namespace detail

/// A registry with ratios of its counters, to be exposed in its place: `server.expose<vitals::with_ratios<metrics,
/// success>>()`. A scraper sees a gauge for each. They are made of the same reading as the counters beside them.
template <source Source, class... Ratios>
class with_ratios {
  static constexpr source_ref inner = Source::source();
  static constexpr std::size_t count = sizeof...(Ratios);

  static constexpr auto families = [] {
    std::array<family, inner.families.size() + count> all{};
    std::size_t at = 0;
    for (const family& f : inner.families) {
      all[at++] = f;
    }
    auto cell = static_cast<std::uint32_t>(inner.cells);
    ((all[at++] = {.name = Ratios::name,
                   .help = Ratios::help,
                   .unit = Ratios::unit,
                   .type = metric_type::gauge,
                   .kind = value_kind::real,
                   .labels = {},
                   .bounds = {},
                   .first = cell++,
                   .series = 1,
                   .stride = 1,
                   .width = 1}),
     ...);
    return all;
  }();

  template <class Ratio>
  static std::uint64_t read_one(const std::uint64_t* cells) noexcept {
    constexpr const detail::selection& part = detail::selection_of<Source, typename Ratio::part>;
    constexpr const detail::selection& whole = detail::selection_of<Source, typename Ratio::whole>;
    const double divisor = whole.total(cells);
    const bool exists = part.is_present(cells) && whole.is_present(cells) && divisor != 0;
    return std::bit_cast<std::uint64_t>(exists ? part.total(cells) / divisor
                                               : std::numeric_limits<double>::quiet_NaN());
  }

  static void read(const void* self, std::uint64_t* out) noexcept {
    inner.read(self, out);
    std::size_t at = inner.cells;
    ((out[at++] = read_one<Ratios>(out)), ...);
  }

 public:
  /// The registry and its ratios as a source of families.
  [[nodiscard]] static constexpr source_ref source() noexcept {
    source_ref all = inner;
    all.families = families;
    all.cells += count;
    all.read = &read;
    return all;
  }
};

}  // namespace vitals::inline v0

#endif
// A reference of all metrics as Markdown, from their descriptors.
#ifndef VITALS_EXPOSE_REFERENCE_HPP
#define VITALS_EXPOSE_REFERENCE_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace vitals::inline v0 {

namespace detail {

/// Adds `text` as a cell of a Markdown table: on one line, with nothing in it that Markdown or HTML would take for its
/// own.
inline void append_cell(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == '\n') {
      out += ' ';
    } else if (c == '<') {
      out += "&lt;";
    } else {
      out.append(c == '|' || c == '\\' || c == '`' || c == '*' || c == '_' || c == '[' ? 1 : 0, '\\') += c;
    }
  }
}

inline void append_number(std::string& out, std::uint64_t n) {
  char digits[number_room];
  out.append(digits, static_cast<std::size_t>(write_unsigned(digits, n) - digits));
}

/// A label and its values, of many only the first.
inline void append_values(std::string& out, const label_family& l) {
  constexpr std::size_t most = 12;
  append_cell(out, l.name);
  if (l.table != nullptr) {
    out += ": up to ";
    append_number(out, l.slots);
    out += " given at run time, other";
  }
  for (std::size_t i = 0; i != l.values.size(); ++i) {
    out += i == 0 ? ": " : ", ";
    if (i == most) {
      out += "... (";
      append_number(out, l.values.size());
      out += ')';
      break;
    }
    append_cell(out, l.values[i]);
  }
}

inline void append_reference(std::string& out, const source_ref& s) {
  constexpr std::string_view types[] = {"counter", "gauge", "histogram", "summary", "info", "state set"};
  for (const family& f : s.families) {
    out += "| `";
    out.append(s.prefix).append(f.name).append("` | ").append(types[static_cast<std::size_t>(f.type)]);
    out.append(f.native.parts != 0 ? " (native) | " : " | ").append(f.unit).append(" | ");
    std::string_view between;
    for (const label_family& l : f.labels) {
      out += between;
      append_values(out, l);
      between = "; ";
    }
    out += " | ";
    append_cell(out, f.help);
    out += " | ";
    append_number(out, f.series);
    out += " | ";
    const bool is_state = f.kind == value_kind::state;
    const std::size_t sets = is_state ? f.series / f.labels.back().size() : f.series;
    const std::size_t all = sets * f.stride + std::size_t{f.series} * f.exemplars.stride;
    append_number(out, f.present == family::always ? all * sizeof(std::uint64_t) : 0);
    out += " |\n";
  }
}

}  // namespace detail

/// A Markdown table of all metrics of all Sources: name, type, unit, labels and their values, help, number of series,
/// and the bytes that the series take: of each thread, or once where all threads share them. Throws std::bad_alloc.
template <source... Sources>
requires(sizeof...(Sources) != 0) [[nodiscard]] std::string reference() {
  std::string out = "| name | type | unit | labels | what | series | bytes |\n|---|---|---|---|---|---:|---:|\n";
  (detail::append_reference(out, Sources::source()), ...);
  return out;
}

}  // namespace vitals::inline v0

#endif
// A scrape of sources that are known when compiling.
#ifndef VITALS_EXPOSE_SCRAPE_HPP
#define VITALS_EXPOSE_SCRAPE_HPP

#include <string>

namespace vitals::inline v0 {

/// Replaces `out` with the exposition of all Sources as Prometheus text 0.0.4. A buffer that is
/// used again is not allocated again. Any thread; only other scrapes and `value()` wait while sums are taken. Throws
/// std::bad_alloc.
template <source... Sources>
requires(sizeof...(Sources) != 0) void scrape(std::string& out) {
  static constexpr source_ref sources[] = {Sources::source()...};
  static page& kept = *new page(prometheus_text::format, sources);  // never destroyed: a scrape at exit is safe
  kept.render(out);
}

/// The exposition of all Sources as Prometheus text 0.0.4.
template <source... Sources>
requires(sizeof...(Sources) != 0) [[nodiscard]] std::string scrape() {
  std::string out;
  scrape<Sources...>(out);
  return out;
}

}  // namespace vitals::inline v0

#endif
// A program's health: its components, how they are marked, and what a probe finds.
#ifndef VITALS_HEALTH_HEALTH_HPP
#define VITALS_HEALTH_HEALTH_HPP

#include <array>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

// Components: what a program is made of, as far as its health goes.
#ifndef VITALS_HEALTH_COMPONENT_HPP
#define VITALS_HEALTH_COMPONENT_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>

// The state of one component: a word of 64 bits, and how reports change it.
#ifndef VITALS_HEALTH_COMPONENT_STATE_HPP
#define VITALS_HEALTH_COMPONENT_STATE_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace vitals::inline v0 {

/// How a component fares.
enum class status : std::uint8_t {
  unknown,  ///< nothing was reported yet
  healthy,
  degraded,   ///< it works, but worse than it should
  unhealthy,  ///< it does not work
};

/// What is reported of a component.
enum class report : std::uint8_t { success, degradation, failure };

[[nodiscard]] constexpr std::string_view name_of(status s) noexcept {
  constexpr std::string_view names[] = {"unknown", "healthy", "degraded", "unhealthy"};
  return names[static_cast<std::size_t>(s)];
}

namespace detail {

inline constexpr std::size_t statuses = 4;
inline constexpr std::size_t reports = 3;

/// What enough reports in a row show.
enum class evidence : std::uint8_t {
  success,     ///< they are successes
  no_failure,  ///< none of them is a failure
  no_success,  ///< none of them is a success
  failure,     ///< they are failures
};
inline constexpr std::size_t evidences = 4;

/// The status that evidence leads to: a row for each status, a column for each evidence. None leads back to unknown.
inline constexpr status component_table[statuses][evidences] = {
    {status::healthy, status::degraded, status::degraded, status::unhealthy},
    {status::healthy, status::healthy, status::degraded, status::unhealthy},
    {status::healthy, status::degraded, status::degraded, status::unhealthy},
    {status::healthy, status::degraded, status::unhealthy, status::unhealthy},
};

constexpr status target_of(status from, evidence e) noexcept {
  return component_table[static_cast<std::size_t>(from)][static_cast<std::size_t>(e)];
}

/// When reports are believed.
struct component_policy {
  std::uint32_t fall = 1;             ///< so many failures, or reports without a success, in a row make it worse
  std::uint32_t rise = 1;             ///< so many successes, or reports without a failure, in a row make it better
  std::uint64_t dwell = 0;            ///< ms that it stays as it is before it becomes better
  std::uint64_t grace = 0;            ///< ms after the start in which a failure leaves it unknown
  std::uint32_t flap_limit = 0;       ///< so many changes within the window are flapping; 0: never
  std::uint64_t flap_window = 60000;  ///< ms
};

/// What a component's word holds. Two runs are enough to know, after a success, the successes in a row and the reports
/// without a failure; after a failure, the failures and the reports without a success; after a degradation, the reports
/// without either.
struct component_state {
  static constexpr std::uint32_t most_in_a_row = (1U << 8U) - 1;
  static constexpr std::uint32_t most_reason = (1U << 6U) - 1;
  static constexpr std::uint64_t most_time = (std::uint64_t{1} << 38U) - 1;

  status now = status::unknown;
  report last = report::success;  ///< what was reported last
  std::uint32_t failure_run = 0;  ///< so many in a row were failures, as the last one is, or were none, as it is none
  std::uint32_t success_run = 0;  ///< the same of successes. Both stop at `most_in_a_row`
  std::uint32_t reason = 0;       ///< of the last report that was no success; 0: none
  std::uint64_t since = 0;        ///< ms of the last change, by a clock that does not step; 8.7 years of them
  bool has_erred = false;         ///< there were errors since the last report, which was a success

  friend constexpr bool operator==(const component_state&, const component_state&) = default;

  /// How often in a row the last report was made, up to `most_in_a_row`; 0: there was none.
  [[nodiscard]] constexpr std::uint32_t in_a_row() const noexcept {
    return failure_run < success_run ? failure_run : success_run;
  }

  /// With one more report, whatever follows from it.
  [[nodiscard]] constexpr component_state with(report r) const noexcept {
    constexpr auto count = [](std::uint32_t run, bool goes_on) {
      return !goes_on ? 1 : run == most_in_a_row ? run : run + 1;
    };
    component_state s = *this;
    s.failure_run = count(failure_run, (r == report::failure) == (last == report::failure));
    s.success_run = count(success_run, (r == report::success) == (last == report::success));
    s.last = r;
    s.has_erred = false;
    return s;
  }

  /// The word: 2 bits status, 2 last report (or a success with errors since), 8 and 8 runs, 6 reason, 38 time.
  [[nodiscard]] constexpr std::uint64_t packed() const noexcept {
    return static_cast<std::uint64_t>(now) | (has_erred ? erred : static_cast<std::uint64_t>(last)) << 2U |
           static_cast<std::uint64_t>(failure_run) << 4U | static_cast<std::uint64_t>(success_run) << 12U |
           static_cast<std::uint64_t>(reason) << 20U | since << 26U;
  }
  [[nodiscard]] static constexpr component_state of(std::uint64_t word) noexcept {
    return {.now = static_cast<status>(word & 3U),
            .last = (word >> 2U & 3U) == erred ? report::success : static_cast<report>(word >> 2U & 3U),
            .failure_run = static_cast<std::uint32_t>(word >> 4U) & most_in_a_row,
            .success_run = static_cast<std::uint32_t>(word >> 12U) & most_in_a_row,
            .reason = static_cast<std::uint32_t>(word >> 20U) & most_reason,
            .since = word >> 26U,
            .has_erred = (word >> 2U & 3U) == erred};
  }

 private:
  static constexpr std::uint64_t erred = reports;  // beside the reports
};

/// A success that would change nothing but how many there were: healthy, and the last report was one, without errors
/// since.
VITALS_HOT bool is_steadily_healthy(std::uint64_t word) noexcept {
  constexpr component_state steady{.now = status::healthy, .last = report::success};
  return (word & 15U) == (steady.packed() & 15U);
}

/// How long ago `then` was; 0 where a clock has stepped back.
constexpr std::uint64_t elapsed(std::uint64_t then, std::uint64_t now) noexcept {
  return now < then ? 0 : now - then;
}

/// How far apart two times are: where a clock has stepped back, a wait is not as long as the step.
constexpr std::uint64_t distance(std::uint64_t then, std::uint64_t now) noexcept {
  return now < then ? then - now : now - then;
}

/// Whether a component is calm rather than flapping, and the ms since when; 0: always.
struct calmness {
  bool calm = true;
  std::uint64_t since = 0;
};

constexpr bool is_better(status than, status s) noexcept {
  return than == status::unknown ? s == status::healthy : s < than;
}

/// The status that the reports so far lead to, as far as their number goes. The first one is believed alone.
constexpr status target_of(const component_state& s, const component_policy& p) noexcept {
  const bool first = s.now == status::unknown;
  const std::uint32_t fall = first ? 1 : p.fall;
  const std::uint32_t rise = first ? 1 : p.rise;
  status to = s.now;
  if (s.last != report::failure && s.failure_run >= rise) {
    to = target_of(to, evidence::no_failure);
  }
  if (s.last != report::success && s.success_run >= fall) {
    to = target_of(to, evidence::no_success);
  }
  if (s.last == report::success && s.success_run >= rise) {
    to = target_of(to, evidence::success);
  }
  if (s.last == report::failure && s.failure_run >= fall) {
    to = target_of(to, evidence::failure);
  }
  return to;
}

/// What is believed of a component at a time, without a further report: an improvement that had to wait is there since
/// its dwell is over and the component is calm.
constexpr component_state settled(component_state s, std::uint64_t now, const component_policy& p,
                                  calmness calm) noexcept {
  const status target = target_of(s, p);
  const bool waits = s.now != status::unknown && is_better(s.now, target);
  if (waits && calm.calm && distance(s.since, now) >= p.dwell) {
    const std::uint64_t due = s.since + p.dwell < calm.since ? calm.since : s.since + p.dwell;
    s.now = target;
    s.since = due < now ? due : now;
    s.reason = target == status::healthy ? 0 : s.reason;
  }
  return s;
}

/// The state after a report. `in_grace`: whether the process has only just started.
constexpr component_state after(component_state s, report r, std::uint32_t reason, std::uint64_t now,
                                const component_policy& p, bool in_grace, calmness calm) noexcept {
  s = settled(s, now, p, calm).with(r);
  s.reason = r == report::success ? s.reason : reason;
  const status target = target_of(s, p);
  const bool worse = !is_better(s.now, target);
  const bool held = s.now == status::unknown ? r == report::failure && in_grace
                                             : !worse && (!calm.calm || distance(s.since, now) < p.dwell);
  if (target != s.now && !held) {
    s.now = target;
    s.since = now;
  }
  s.reason = s.now == status::healthy && r == report::success ? 0 : s.reason;
  return s;
}

}  // namespace detail

}  // namespace vitals::inline v0

#endif
// Bounds of a histogram's buckets, as types.
#ifndef VITALS_METRIC_BUCKETS_HPP
#define VITALS_METRIC_BUCKETS_HPP

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace vitals::inline v0 {

/// A number as a template argument, in compilers that take no double there: an integer, a double, or a duration (which
/// becomes seconds).
struct number {
  std::uint64_t bits;  // public, as a template argument's members must be

  // NOLINTBEGIN(google-explicit-constructor): a number converts by itself
  constexpr number(double value) noexcept : bits(std::bit_cast<std::uint64_t>(value)) {}
  template <std::integral T>
  constexpr number(T value) noexcept : number(static_cast<double>(value)) {}
  template <class Rep, class Period>
  constexpr number(std::chrono::duration<Rep, Period> value) noexcept
      : number(static_cast<double>(value.count()) * static_cast<double>(Period::num) /
               static_cast<double>(Period::den)) {}
  constexpr operator double() const noexcept { return std::bit_cast<double>(bits); }
  // NOLINTEND(google-explicit-constructor)
};

namespace detail {

/// A decimal number digits / 10^places, for doubles that were written as short decimals.
struct decimal {
  std::int64_t digits = 0;
  int places = -1;  ///< -1: the double is no short decimal

  static constexpr double power(int places) noexcept {
    double result = 1;
    for (int i = 0; i != places; ++i) {
      result *= 10;
    }
    return result;
  }

  static constexpr decimal of(double value) noexcept {
    for (int places = 0; places != 16; ++places) {
      const double scaled = value * power(places);
      if (!(scaled < 9e15 && scaled > -9e15)) {
        break;
      }
      const auto digits = static_cast<std::int64_t>(scaled + (scaled < 0 ? -0.5 : 0.5));
      if (static_cast<double>(digits) / power(places) == value) {
        return {digits, places};
      }
    }
    return {};
  }
};

/// The double nearest to start + step x i, where both are short decimals: 0.15, not 0.15000000000000002.
constexpr double step_up(double start, double step, std::size_t i) noexcept {
  const decimal a = decimal::of(start);
  const decimal b = decimal::of(step);
  if (a.places >= 0 && b.places >= 0) {
    const int places = a.places > b.places ? a.places : b.places;
    const double digits = static_cast<double>(a.digits) * decimal::power(places - a.places) +
                          static_cast<double>(b.digits) * decimal::power(places - b.places) * static_cast<double>(i);
    if (digits < 9e15 && digits > -9e15) {
      return digits / decimal::power(places);
    }
  }
  return start + step * static_cast<double>(i);
}

/// The double nearest to start x factor^i, where start is a short decimal and factor a whole number.
constexpr double scale_up(double start, double factor, std::size_t i) noexcept {
  double power = 1;
  for (std::size_t k = 0; k != i; ++k) {
    power *= factor;
  }
  const decimal a = decimal::of(start);
  const double digits = static_cast<double>(a.digits) * power;
  return a.places >= 0 && digits < 9e15 && digits == static_cast<double>(static_cast<std::int64_t>(digits))
             ? digits / decimal::power(a.places)
             : start * power;
}

/// More would exceed clang's limit of steps when compiling.
inline constexpr std::size_t most_bounds = 1000;

/// The first index whose bound is not finite or not above the one before; npos where all ascend.
template <std::size_t N>
constexpr std::size_t first_descent(const std::array<double, N>& bounds) noexcept {
  for (std::size_t i = 0; i != N; ++i) {
    const bool finite =
        bounds[i] >= -std::numeric_limits<double>::max() && bounds[i] <= std::numeric_limits<double>::max();
    if (!finite || (i != 0 && !(bounds[i - 1] < bounds[i]))) {
      return i;
    }
  }
  return npos;
}

}  // namespace detail

/// Ready-made bounds. A set of bounds is a type with `static constexpr std::array<double, N> bounds`, ascending and
/// without +Inf, so any such type of your own will do. A value belongs to the first bucket whose bound is not below it.
namespace buckets {

/// The bounds given: `of<0.1, 0.5, 1>`, `of<1ms, 5ms>`, `of<-20, 0, 20>`.
template <number... Bounds>
struct of {
  static constexpr std::array<double, sizeof...(Bounds)> bounds{double{Bounds}...};
};

/// `Count` bounds from Start upward, `Width` apart.
template <number Start, number Width, std::size_t Count>
struct linear {
  static_assert(Width > 0.0, "linear buckets have a width above 0");
  static_assert(Count <= detail::most_bounds, "a histogram has at most 1,000 bounds: take fewer");
  static constexpr std::array<double, Count> bounds = [] {
    std::array<double, Count> all{};
    for (std::size_t i = 0; i != Count; ++i) {
      all[i] = detail::step_up(Start, Width, i);
    }
    return all;
  }();
};

/// `Count` bounds from Start upward, each `Factor` times the one before.
template <number Start, number Factor, std::size_t Count>
struct exponential {
  static_assert(Start > 0.0 && Factor > 1.0, "exponential buckets start above 0 and have a factor above 1");
  static_assert(Count <= detail::most_bounds, "a histogram has at most 1,000 bounds: take fewer");
  static constexpr std::array<double, Count> bounds = [] {
    std::array<double, Count> all{};
    for (std::size_t i = 0; i != Count; ++i) {
      all[i] = detail::scale_up(Start, Factor, i);
    }
    return all;
  }();
};

/// For requests that people wait for: 5 ms to 10 s, the bounds that Prometheus clients start with.
struct web : of<0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10> {};

/// For work inside a process: 1 us to 1 s, three bounds a decade.
struct fast : of<1e-06, 2e-06, 5e-06, 1e-05, 2e-05, 5e-05, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02,
                 0.05, 0.1, 0.2, 0.5, 1> {};

}  // namespace buckets

}  // namespace vitals::inline v0

#endif

namespace vitals::inline v0 {

/// What a component's failure means for the program.
enum class criticality : std::uint8_t {
  critical,       ///< without it the program is not ready
  degrading,      ///< without it the program is ready, and degraded
  informational,  ///< only told
};

// A component's options.

struct critical {};       ///< The program is not ready without it. (So it is where none of the three is given.)
struct degrading {};      ///< The program goes on without it, degraded.
struct informational {};  ///< Told, and without consequence.

/// What the component needs: where one of these is unhealthy too, that one is named as the cause.
template <class... Components>
struct depends_on {};

/// So many failures in a row make it unhealthy, and so many reports without a success at least degraded: up to 255;
/// otherwise one does. (The very first report is believed alone, whatever it is.)
template <std::uint32_t Count>
struct fall {};
/// So many successes in a row make it healthy again, and so many reports without a failure lift it to degraded at
/// least: up to 255; otherwise one does.
template <std::uint32_t Count>
struct rise {};
/// It stays as it is for so long at least before it becomes better: `dwell<10s>`.
template <number Time>
struct dwell {};
/// For so long after the program's first event (`mark_initializing` or another), and before, a failure leaves it
/// unknown if it was; its first heartbeat may be missing for so much longer: `grace<30s>`.
template <number Time>
struct grace {};
/// So many changes within the window are flapping: it is then not believed to be better until no more than half as many
/// are left there. The first report is no change. (Counted in quarters of the window: a change leaves it up to a
/// quarter late.)
template <std::uint32_t Changes, number Window>
struct flapping {};

/// In a heartbeat: after a silence longer than this the program is no longer live, so that it is restarted.
template <number Silence>
struct restart_after {};
/// It beats, and is unhealthy when it has not for longer: `heartbeat<5s>`, `heartbeat<5s, restart_after<60s>>`.
template <number Silence, class Restart = void>
struct heartbeat {};

namespace detail {

/// What is known of a component when compiling.
struct component_facts {
  std::string_view name;
  criticality matters = criticality::critical;
  component_policy policy{};
  std::uint64_t deadline = 0;  ///< ms of silence; 0: it does not beat
  std::uint64_t restart = 0;   ///< ms; 0: never
  view<std::uint8_t> needs{};  ///< indices of the components that it depends on
};

constexpr std::uint64_t milliseconds_of(double seconds) noexcept {
  return seconds <= 0 ? 0 : static_cast<std::uint64_t>(seconds * 1000 + 0.5);
}

/// How an option changes a component's facts. One that is none has no such function.
template <class Option>
struct component_option {
  static_assert(sizeof(Option) == 0,
                "a component's options are critical, degrading or informational, depends_on<...>, heartbeat<5s>, "
                "fall<n>, rise<n>, dwell<10s>, grace<30s> and flapping<n, 1min>");
};
template <criticality What>
struct criticality_option {
  static constexpr bool says_criticality = true;
  static constexpr void apply(component_facts& f) noexcept { f.matters = What; }
};
template <>
struct component_option<critical> : criticality_option<criticality::critical> {};
template <>
struct component_option<degrading> : criticality_option<criticality::degrading> {};
template <>
struct component_option<informational> : criticality_option<criticality::informational> {};
template <class... Components>
struct component_option<depends_on<Components...>> {
  static constexpr void apply(component_facts&) noexcept {}
};
template <std::uint32_t Count>
struct component_option<fall<Count>> {
  static_assert(Count != 0 && Count <= component_state::most_in_a_row,
                "fall<n> and rise<n> take 1 to 255 reports in a row");
  static constexpr void apply(component_facts& f) noexcept { f.policy.fall = Count; }
};
template <std::uint32_t Count>
struct component_option<rise<Count>> {
  static_assert(Count != 0 && Count <= component_state::most_in_a_row,
                "fall<n> and rise<n> take 1 to 255 reports in a row");
  static constexpr void apply(component_facts& f) noexcept { f.policy.rise = Count; }
};
template <number Time>
struct component_option<dwell<Time>> {
  static_assert(Time >= 0 && Time <= 86400, "a time of a component is from 0 to a day: write dwell<10s>");
  static constexpr void apply(component_facts& f) noexcept { f.policy.dwell = milliseconds_of(Time); }
};
template <number Time>
struct component_option<grace<Time>> {
  static_assert(Time >= 0 && Time <= 86400, "a time of a component is from 0 to a day: write grace<30s>");
  static constexpr void apply(component_facts& f) noexcept { f.policy.grace = milliseconds_of(Time); }
};
template <std::uint32_t Changes, number Window>
struct component_option<flapping<Changes, Window>> {
  static_assert(Changes > 1 && Changes <= 100 && Window >= 1 && Window <= 86400,
                "flapping takes 2 to 100 changes within 1s to a day: write flapping<6, 1min>");
  static constexpr void apply(component_facts& f) noexcept {
    f.policy.flap_limit = Changes;
    f.policy.flap_window = milliseconds_of(Window);
  }
};
template <number Silence>
struct component_option<heartbeat<Silence, void>> {
  static_assert(Silence >= 0.01 && Silence <= 86400,
                "a heartbeat's silence is from 10ms to a day: write heartbeat<5s>");
  static constexpr void apply(component_facts& f) noexcept { f.deadline = milliseconds_of(Silence); }
};
template <number Silence, number Restart>
struct component_option<heartbeat<Silence, restart_after<Restart>>> : component_option<heartbeat<Silence>> {
  static_assert(Restart > Silence && Restart <= 86400,
                "restart_after is longer than the heartbeat's silence: write heartbeat<5s, restart_after<60s>>");
  static constexpr void apply(component_facts& f) noexcept {
    f.deadline = milliseconds_of(Silence);
    f.restart = milliseconds_of(Restart);
  }
};

template <class Option>
inline constexpr bool says_criticality = requires {
  component_option<Option>::says_criticality;
};

/// The components among a component's options.
template <class Option>
struct needs_of {
  using type = list<>;
};
template <class... Components>
struct needs_of<depends_on<Components...>> {
  using type = list<Components...>;
};

}  // namespace detail

/// A part of the program whose health is told: `struct store : vitals::component<"store", vitals::critical> {};`
template <fixed_string Name, class... Options>
struct component {
  static constexpr std::string_view name = Name.view();
  static_assert(is_metric_name(name) && !detail::has_upper_case(name),
                "a component's name is made of a-z, 0-9 and _, and does not start with a digit: it is a label's value, "
                "a member in JSON and part of a path");
  static_assert((0 + ... + (detail::says_criticality<Options> ? 1 : 0)) <= 1,
                "a component is critical, degrading or informational: leave out the others");
  using needs = decltype((detail::list<>{} + ... + typename detail::needs_of<Options>::type{}));
  static constexpr detail::component_facts facts = [] {
    detail::component_facts f{.name = name};
    (detail::component_option<Options>::apply(f), ...);
    return f;
  }();
};

}  // namespace vitals::inline v0

#endif
// Errors by component and type: a bounded table, with the last message of each.
#ifndef VITALS_HEALTH_ERRORS_HPP
#define VITALS_HEALTH_ERRORS_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

// What a probe finds: the process and each of its components at one moment, without a lock and without changing
// anything.
#ifndef VITALS_HEALTH_REPORT_HPP
#define VITALS_HEALTH_REPORT_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

// Flapping: a component that changes too often is not believed to be better until it is calm.
#ifndef VITALS_HEALTH_FLAPPING_HPP
#define VITALS_HEALTH_FLAPPING_HPP

#include <array>
#include <cstddef>
#include <cstdint>

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
// The life of a process: a state machine whose transitions are a table.
#ifndef VITALS_HEALTH_LIFECYCLE_HPP
#define VITALS_HEALTH_LIFECYCLE_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace vitals::inline v0 {

/// Where a process is in its life. To operators the first three are one: starting.
enum class phase : std::uint8_t {
  unstarted,     ///< it has not said anything yet
  initializing,  ///< it reads its configuration, fills its caches
  live,          ///< it runs, and takes no work yet
  ready,         ///< it takes work
  degraded,      ///< it takes work, and does some of it worse
  draining,      ///< it finishes what it has and takes no more
  stopped,
};

/// What can happen to a process.
enum class life_event : std::uint8_t { initialize, go_live, become_ready, degrade, recover, drain, stop };

namespace detail {

inline constexpr std::size_t phases = 7;
inline constexpr std::size_t life_events = 7;

struct life_transition {
  phase to;
  bool legal;  ///< what is not legal leaves the phase as it is
};

/// All transitions: a row for each phase, a column for each event.
inline constexpr auto life_table = [] {
  struct table {
    life_transition rows[phases][life_events];
  };
  constexpr auto no = [](phase from) { return life_transition{from, false}; };
  constexpr auto to = [](phase p) { return life_transition{p, true}; };
  using enum phase;
  //            initialize         go_live            become_ready    degrade            recover            drain stop
  return table{{{to(initializing), to(live), to(ready), no(unstarted), no(unstarted), to(draining), to(stopped)},
                {to(initializing), to(live), to(ready), no(initializing), no(initializing), to(draining), to(stopped)},
                {no(live), to(live), to(ready), no(live), no(live), to(draining), to(stopped)},
                {no(ready), no(ready), to(ready), to(degraded), to(ready), to(draining), to(stopped)},
                {no(degraded), no(degraded), to(degraded), to(degraded), to(ready), to(draining), to(stopped)},
                {no(draining), no(draining), no(draining), no(draining), no(draining), to(draining), to(stopped)},
                {no(stopped), no(stopped), no(stopped), no(stopped), no(stopped), no(stopped), to(stopped)}}};
}();

}  // namespace detail

/// The phase after an event; the same one where the event is illegal.
[[nodiscard]] constexpr phase after(phase from, life_event event) noexcept {
  return detail::life_table.rows[static_cast<std::size_t>(from)][static_cast<std::size_t>(event)].to;
}

/// Whether an event may happen in a phase.
[[nodiscard]] constexpr bool is_legal(phase from, life_event event) noexcept {
  return detail::life_table.rows[static_cast<std::size_t>(from)][static_cast<std::size_t>(event)].legal;
}

/// Whether the process takes work, as far as its own life goes.
[[nodiscard]] constexpr bool takes_work(phase p) noexcept {
  return p == phase::ready || p == phase::degraded;
}

/// Whether the process is there: it has begun and has not stopped.
[[nodiscard]] constexpr bool is_alive(phase p) noexcept {
  return p != phase::unstarted && p != phase::stopped;
}

/// Whether its start is over: what Kubernetes' startup probe asks.
[[nodiscard]] constexpr bool has_started(phase p) noexcept {
  return p != phase::unstarted && p != phase::initializing && p != phase::stopped;
}

/// The phase in one of operators' five words.
[[nodiscard]] constexpr std::string_view name_of(phase p) noexcept {
  constexpr std::string_view names[] = {"starting", "starting", "starting", "ready", "degraded", "draining", "stopped"};
  return names[static_cast<std::size_t>(p)];
}

}  // namespace vitals::inline v0

#endif

namespace vitals::inline v0 {

namespace detail {

inline constexpr std::size_t most_components = 64;

/// What is known of a program's health when compiling.
struct health_facts {
  std::string_view name;
  view<component_facts> components;
};

/// The process's cells. Any thread writes them, by compare-exchange or read-modify-write; acquire and release, so that
/// who sees a change sees what led to it: they change rarely.
enum class process_cell : std::uint32_t {
  phase,     ///< the phase, and above 8 bits the ms of its beginning: seq_cst, see `component_cell::state`
  start,     ///< ms of the first event, plus 1; 0: there was none
  refused,   ///< how many events were illegal in their phase
  listener,  ///< functions to call at a change, up to `most_listeners`
  entered = listener + 4,  ///< how often each phase was entered
  count = entered + 8,
};
inline constexpr std::size_t most_listeners = 4;

/// The bounds in seconds of the histogram of how long checks took.
inline constexpr double check_bounds[] = {0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0};
inline constexpr std::uint32_t check_cells = std::size(check_bounds) + 3;

/// A component's cells.
enum class component_cell : std::uint32_t {
  /// A component_state: by compare-exchange of any thread. One thread changes this and reads the phase, another changes
  /// the phase and reads this: at least one of them must see the other's change, so both are sequentially consistent.
  state,
  flaps,    ///< a flap_state: as `state`
  beat,     ///< the clock's ticks at the last beat, 0 before: a relaxed store by any thread; it stands for itself alone
  changed,  ///< the wall clock's ms of the last change: a relaxed store by who made it
  entered,  ///< how often each status was entered: read-modify-write by any thread, relaxed
  told = entered + 4,  ///< of one that beats, a told_state: by compare-exchange of any thread, as `state`
  checked,             ///< ms of the last check's result, plus 1; 0: none. A relaxed store; it stands for itself alone
  durations,           ///< of checks, as a histogram of durations has them: read-modify-write by any thread
  count = durations + check_cells,
};
static_assert(statuses == 4 && phases <= 8);

/// A program's clock: as functions, so that only what marks in a hot path is a template.
struct health_clock_ref {
  std::uint64_t (*milliseconds)() noexcept;          ///< since some start; does not step
  std::uint64_t (*silence)(std::uint64_t) noexcept;  ///< ms since a beat's ticks
  std::uint64_t (*wall)() noexcept;                  ///< ms since 1970 (UTC)
};

/// A program's health without its type: what probes, formats and monitors take.
struct health_ref {
  const health_facts* facts = nullptr;
  cell* cells = nullptr;                                   ///< the process's, then each component's
  const std::atomic<abi::slot_table*>* reasons = nullptr;  ///< each component's; relaxed: who has the cells sees them
  abi::slot_table* error_types = nullptr;                  ///< of all components
  health_clock_ref clock{};

  static constexpr std::uint32_t place(std::size_t component, component_cell c) noexcept {
    return static_cast<std::uint32_t>(process_cell::count) +
           static_cast<std::uint32_t>(component) * static_cast<std::uint32_t>(component_cell::count) +
           static_cast<std::uint32_t>(c);
  }
  [[nodiscard]] cell& at(process_cell c, std::size_t index = 0) const noexcept {
    return cells[static_cast<std::uint32_t>(c) + index];
  }
  [[nodiscard]] cell& at(std::size_t component, component_cell c, std::size_t index = 0) const noexcept {
    return cells[place(component, c) + index];
  }
};

inline constexpr std::string_view missed_heartbeat = "heartbeat_missed";

}  // namespace detail

/// A component at the moment of a report.
struct component_report {
  static constexpr std::uint64_t never = ~std::uint64_t{0};

  std::string_view name{};
  criticality matters = criticality::critical;
  status now = status::unknown;
  std::string_view reason{};      ///< what the last report said that was no success; empty where healthy or not said
  std::uint64_t age = 0;          ///< ms since it came to be so; since the start, where nothing was reported
  std::uint64_t silence = never;  ///< ms since its last heartbeat
  std::uint64_t checked = never;  ///< ms since the last result of its check
  bool is_silent = false;         ///< its heartbeat is missing
  bool is_flapping = false;
  bool is_stuck = false;     ///< silent for so long that the program should be restarted
  bool is_excluded = false;  ///< it was left out of account
  std::uint8_t cause = 0;    ///< index of the component that is at fault: its own, or one that it depends on
};

/// A program at the moment of a report.
struct health_report {
  phase now = phase::unstarted;  ///< ready or degraded by the components, where the program itself is ready
  bool live = false;             ///< it runs, and no heartbeat is missing for so long that it should be restarted
  bool started = false;          ///< its start is over
  bool ready = false;            ///< it takes work, and so do all critical components
  std::uint64_t uptime = 0;      ///< ms since the program's first event: mark_initializing or another
  std::size_t count = 0;
  component_report all[detail::most_components]{};

  [[nodiscard]] view<component_report> components() const& noexcept { return {all, count}; }
  void components() const&& = delete;  // keep the report: `const auto report = app_health::report();`
};

namespace detail {

inline std::string_view reason_text(const health_ref& of, std::size_t component, std::uint32_t reason) noexcept {
  return reason == 0 ? std::string_view{}
                     : text_of_slot(*of.reasons[component].load(std::memory_order_relaxed), reason - 1);
}

/// What is believed of one component. `start` is the ms of the first event, plus 1.
inline component_report report_on(const health_ref& of, std::size_t index, std::uint64_t now,
                                  std::uint64_t start) noexcept {
  const component_facts& facts = of.facts->components[index];
  component_report r{.name = facts.name, .matters = facts.matters, .cause = static_cast<std::uint8_t>(index)};
  const component_state there =
      component_state::of(of.at(index, component_cell::state).load(std::memory_order_seq_cst));
  flap_state flaps = flap_state::of(of.at(index, component_cell::flaps).load(std::memory_order_acquire));
  const component_state s = settled(there, now, facts.policy, flaps.calm_at(now, facts.policy));
  flaps = s.now == there.now ? flaps : flaps.after_change(s.since, facts.policy);
  r.is_flapping = flaps.is_flapping(now, facts.policy);
  r.now = s.now;
  r.reason = s.now == status::healthy ? std::string_view{} : reason_text(of, index, s.reason);
  const std::uint64_t since_start = start == 0 ? 0 : elapsed(start - 1, now);
  r.age = s.now == status::unknown ? since_start : elapsed(s.since, now);
  const std::uint64_t checked = of.at(index, component_cell::checked).load(std::memory_order_relaxed);
  r.checked = checked == 0 ? component_report::never : elapsed(checked - 1, now);
  if (facts.deadline == 0) {
    return r;
  }
  const std::uint64_t ticks = of.at(index, component_cell::beat).load(std::memory_order_relaxed);
  std::uint64_t silence = since_start;
  std::uint64_t extra = facts.policy.grace;
  if (ticks != 0) {
    r.silence = silence = of.clock.silence(ticks);
    extra = 0;
    r.now = s.now == status::unknown && s.in_a_row() == 0 ? status::healthy : r.now;
  }
  if (silence > facts.deadline + extra) {
    const std::uint64_t missing = silence - facts.deadline - extra;
    r.age = r.now == status::unhealthy && r.age > missing ? r.age : missing;
    r.now = status::unhealthy;
    r.reason = missed_heartbeat;
    r.is_silent = true;
  }
  r.is_stuck = facts.restart != 0 && silence > facts.restart + extra;
  return r;
}

/// Names, for what is unhealthy, the component at fault: from each to the first of its needs that is unhealthy too,
/// down to one that has none.
inline void find_causes(const health_facts& facts, health_report& r) noexcept {
  for (std::size_t i = 0; i != r.count; ++i) {
    std::size_t cause = i;
    for (bool deeper = r.all[i].now == status::unhealthy; deeper;) {  // ends: dependencies have no cycle
      deeper = false;
      for (const std::uint8_t need : facts.components[cause].needs) {
        if (r.all[need].now == status::unhealthy) {
          cause = need;
          deeper = true;
          break;
        }
      }
    }
    r.all[i].cause = static_cast<std::uint8_t>(cause);
  }
}

/// What follows from the components, in a process whose own phase is `own`.
inline void conclude(health_report& r, phase own) noexcept {
  r.live = is_alive(own);
  r.started = has_started(own);
  r.ready = takes_work(own);
  bool worse = false;
  for (const component_report& c : r.components()) {
    const bool fails = c.now == status::unhealthy || c.now == status::unknown;
    r.ready = r.ready && !(fails && c.matters == criticality::critical);
    worse = worse || (c.now != status::healthy && c.matters != criticality::informational);
    r.live = r.live && !c.is_stuck;
  }
  r.now = !takes_work(own) ? own : worse ? phase::degraded : phase::ready;
}

/// Leaves a component out of account.
inline void exclude(health_report& r, std::string_view name) noexcept {
  for (std::size_t i = 0; i != r.count; ++i) {
    if (r.all[i].name == name) {
      r.all[i].matters = criticality::informational;
      r.all[i].is_stuck = false;
      r.all[i].is_excluded = true;
    }
  }
  conclude(r, r.now);
}

/// Reads each word once. No lock, no allocation, nothing is changed.
inline health_report report_of(const health_ref& of, std::uint64_t now) noexcept {
  health_report r;
  const std::uint64_t word = of.at(process_cell::phase).load(std::memory_order_acquire);
  const std::uint64_t start = of.at(process_cell::start).load(std::memory_order_acquire);
  r.uptime = start == 0 ? 0 : elapsed(start - 1, now);
  r.count = of.facts->components.size();
  for (std::size_t i = 0; i != r.count; ++i) {
    r.all[i] = report_on(of, i, now, start);
  }
  conclude(r, static_cast<phase>(word & 0xFFU));
  find_causes(*of.facts, r);
  return r;
}

}  // namespace detail

}  // namespace vitals::inline v0

#endif

namespace vitals::inline v0 {

/// What is known of a component's errors of one type.
struct error_report {
  static constexpr std::size_t most_text = 215;

  std::string_view component{};
  std::string_view type{};
  std::uint64_t count = 0;
  std::uint64_t first = 0;  ///< ms since 1970 (UTC)
  std::uint64_t last = 0;
  char text[most_text + 1] = {};  ///< the last message, cut where it was longer; empty while another is being written
  std::size_t length = 0;

  [[nodiscard]] std::string_view message() const noexcept { return {text, length}; }
};

namespace detail {

inline constexpr std::uint32_t most_error_types = 31;
inline constexpr std::size_t error_entries = 64;  ///< and one more for each component, for what has no other place

/// An entry's cells. Any thread writes them.
struct error_cell {
  static constexpr std::size_t key = 0;    ///< 1 + component * 32 + type, 0 while free: claimed once (release)
  static constexpr std::size_t count = 1;  ///< read-modify-write, relaxed
  static constexpr std::size_t first = 2;  ///< wall clock's ms: stored once
  static constexpr std::size_t last = 3;   ///< relaxed store: the last writer wins
  /// Even while the message is whole. A writer makes it odd by compare-exchange, and leaves the message where another
  /// one is at it; stores the words (release) and makes it even again (release). A reader takes it before and after the
  /// words (acquire all): the same even number means that the words are of one message.
  static constexpr std::size_t guard = 4;
  static constexpr std::size_t message = 5;  ///< its length in the first byte, then its text
  static constexpr std::size_t words = 27;
  static constexpr std::size_t all = message + words;
};
static_assert(error_cell::words * 8 == error_report::most_text + 1);

/// Where a program's errors lie: behind its components' cells. First a cell for each component, which counts its errors
/// since the last success that left it healthy (relaxed: one that races with a success may stay until the next one is
/// looked at); then the entries.
struct error_table {
  explicit error_table(const health_ref& of) noexcept
      : components(of.facts->components.size()),
        in_a_row(of.cells + health_ref::place(components, component_cell::state)),
        entries(in_a_row + components) {}

  static constexpr std::uint32_t cells(std::size_t components) noexcept {
    return static_cast<std::uint32_t>(components + (error_entries + components) * error_cell::all);
  }
  [[nodiscard]] cell* entry(std::size_t i) const noexcept { return entries + i * error_cell::all; }
  [[nodiscard]] std::size_t size() const noexcept { return error_entries + components; }

  std::size_t components;
  cell* in_a_row;
  cell* entries;
};

/// The types of a program's errors. (The table's name is no label's.)
inline abi::slot_table& error_types_of(const health_facts& of) noexcept {
  char name[256];
  const std::size_t length = of.name.size() < 240 ? of.name.size() : 240;
  std::memcpy(name, of.name.data(), length);
  std::memcpy(name + length, ".errors", 7);
  return find_slot_table({name, length + 7}, most_error_types);
}

/// The entry of a component's errors of one type: its own where the table has room, or else that of all other types.
inline cell* error_entry(const error_table& table, std::size_t component, std::uint32_t type) noexcept {
  const std::uint64_t key = 1 + component * (most_error_types + 1) + type;
  for (std::size_t i = 0; type != most_error_types && i != error_entries; ++i) {
    cell* const entry = table.entry(i);
    std::uint64_t there = entry[error_cell::key].load(std::memory_order_acquire);
    if (there == 0) {
      entry[error_cell::key].compare_exchange_strong(there, key, std::memory_order_acq_rel);
      there = there == 0 ? key : there;
    }
    if (there == key) {
      return entry;
    }
  }
  cell* const other = table.entry(error_entries + component);
  other[error_cell::key].store(1 + component * (most_error_types + 1) + most_error_types, std::memory_order_release);
  return other;
}

/// Copies as much of `text` as fits into `out`, whole characters only, control characters as blanks and what is no
/// UTF-8 as question marks. Returns the length.
inline std::size_t copy_cleaned(char* out, std::size_t room, std::string_view text) noexcept {
  std::size_t length = 0;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t size = 1;
    while (size <= 4 && i + size <= text.size() && !is_utf8(text.substr(i, size))) {
      ++size;
    }
    const bool good = size <= 4 && i + size <= text.size();
    size = good ? size : 1;
    if (length + size > room) {
      break;
    }
    const auto byte = static_cast<unsigned char>(text[i]);
    if (!good) {
      out[length] = '?';
    } else if (byte < 0x20 || byte == 0x7F) {
      out[length] = ' ';
    } else {
      std::memcpy(out + length, text.data() + i, size);
    }
    length += size;
    i += size;
  }
  return length;
}

inline void store_message(cell* entry, std::string_view message) noexcept {
  std::uint64_t words[error_cell::words] = {};
  char bytes[sizeof words] = {};
  const std::size_t length = copy_cleaned(bytes + 1, sizeof bytes - 1, message);
  bytes[0] = static_cast<char>(length);
  std::memcpy(words, bytes, sizeof words);
  cell& guard = entry[error_cell::guard];
  std::uint64_t even = guard.load(std::memory_order_relaxed);
  if ((even & 1U) != 0 || !guard.compare_exchange_strong(even, even + 1, std::memory_order_acquire)) {
    return;  // another thread's message is as new
  }
  for (std::size_t i = 0; i != error_cell::words; ++i) {
    entry[error_cell::message + i].store(words[i], std::memory_order_release);
  }
  guard.store(even + 2, std::memory_order_release);
}

inline void load_message(const cell* entry, error_report& out) noexcept {
  for (int attempt = 0; attempt != 4; ++attempt) {
    std::uint64_t words[error_cell::words];
    const std::uint64_t before = entry[error_cell::guard].load(std::memory_order_acquire);
    for (std::size_t i = 0; i != error_cell::words; ++i) {
      words[i] = entry[error_cell::message + i].load(std::memory_order_acquire);
    }
    if ((before & 1U) == 0 && entry[error_cell::guard].load(std::memory_order_acquire) == before) {
      char bytes[sizeof words];
      std::memcpy(bytes, words, sizeof words);
      out.length = static_cast<unsigned char>(bytes[0]);
      std::memcpy(out.text, bytes + 1, out.length);
      return;
    }
  }
}

/// Has the next success looked at: as one more of a component that is steadily healthy it would end no errors.
inline void await_success(cell& state) noexcept {
  std::uint64_t word = state.load(std::memory_order_relaxed);
  while (is_steadily_healthy(word)) {
    component_state s = component_state::of(word);
    s.has_erred = true;
    if (state.compare_exchange_weak(word, s.packed(), std::memory_order_seq_cst)) {
      return;
    }
  }
}

/// Counts an error. Lock-free where its type is known already.
VITALS_COLD inline void record_error(const health_ref& of, std::size_t component, std::string_view type,
                                     std::string_view message) noexcept {
  const error_table table{of};
  cell* const entry = error_entry(table, component, intern_text(*of.error_types, type));
  const std::uint64_t now = of.clock.wall();
  std::uint64_t never = 0;
  entry[error_cell::first].compare_exchange_strong(never, now, std::memory_order_relaxed);
  entry[error_cell::last].store(now, std::memory_order_relaxed);
  common_add(entry[error_cell::count], std::uint64_t{1});
  common_add(table.in_a_row[component], std::uint64_t{1});
  await_success(of.at(component, component_cell::state));  // behind the count: whoever sees it ends this one too
  store_message(entry, message);
}

constexpr std::size_t component_of_key(std::uint64_t key) noexcept {
  return (key - 1) / (most_error_types + 1);
}
constexpr std::uint32_t type_of_key(std::uint64_t key) noexcept {
  return static_cast<std::uint32_t>((key - 1) % (most_error_types + 1));
}

/// Calls `visit(error_report)` for each component and type that had an error. No lock, no allocation.
template <class Visit>
void each_error(const health_ref& of, Visit visit) {
  const error_table table{of};
  for (std::size_t i = 0; i != table.size(); ++i) {
    const cell* const entry = table.entry(i);
    const std::uint64_t key = entry[error_cell::key].load(std::memory_order_acquire);
    const std::uint64_t count = entry[error_cell::count].load(std::memory_order_relaxed);
    if (key == 0 || count == 0) {
      continue;
    }
    error_report r{.component = of.facts->components[component_of_key(key)].name,
                   .type = text_of_slot(*of.error_types, type_of_key(key)),
                   .count = count,
                   .first = entry[error_cell::first].load(std::memory_order_relaxed),
                   .last = entry[error_cell::last].load(std::memory_order_relaxed)};
    load_message(entry, r);
    visit(r);
  }
}

/// The table's entries by component: one pass over it is enough for a page of all components.
class error_index {
 public:
  explicit error_index(const health_ref& of) noexcept : table_(of) {
    std::size_t used = 0;  // entries are taken in their order
    while (used != error_entries && key_of(used) != 0) {
      ++used;
    }
    for (std::size_t i = table_.size(); i-- != error_entries;) {
      add(i);
    }
    for (std::size_t i = used; i-- != 0;) {  // backwards, as each comes before those that are there
      add(i);
    }
  }

  /// Calls `visit(entry, type)` for each entry of a component, in the table's order.
  template <class Visit>
  void each(std::size_t component, Visit visit) const {
    for (std::size_t i = first_[component]; i != 0; i = next_[i - 1]) {
      visit(static_cast<const cell*>(table_.entry(i - 1)), type_of_key(key_of(i - 1)));
    }
  }

 private:
  [[nodiscard]] std::uint64_t key_of(std::size_t i) const noexcept {
    return table_.entry(i)[error_cell::key].load(std::memory_order_acquire);
  }
  void add(std::size_t i) noexcept {
    if (const std::uint64_t key = key_of(i); key != 0) {
      std::uint8_t& first = first_[component_of_key(key)];
      next_[i] = first;
      first = static_cast<std::uint8_t>(i + 1);
    }
  }

  static_assert(error_entries + most_components < 256);
  error_table table_;
  std::uint8_t first_[most_components] = {};  // of each component, an index + 1; 0: none
  std::uint8_t next_[error_entries + most_components];
};

}  // namespace detail

}  // namespace vitals::inline v0

#endif
// The clocks of a program's health: one for times, one that is read at a heartbeat.
#ifndef VITALS_HEALTH_HEALTH_CLOCK_HPP
#define VITALS_HEALTH_HEALTH_CLOCK_HPP

#include <time.h>

#include <cstdint>

namespace vitals::inline v0 {

/// The system's clocks. A test may give another type with the same functions to `basic_health`.
struct health_clock {
  /// ms since some start, which never step.
  static std::uint64_t milliseconds() noexcept { return read(CLOCK_MONOTONIC); }
  /// ms since 1970 (UTC).
  static std::uint64_t wall() noexcept { return read(CLOCK_REALTIME); }
  /// What a heartbeat stores: not 0. (A program's health reads it once at its first use: so no silence since a later
  /// heartbeat waits for the rate of the processor's counter.)
  VITALS_HOT static std::uint64_t ticks() noexcept { return tsc_clock::raw() | 1U; }
  /// ms since such ticks; 0 for those of another processor that are ahead.
  static std::uint64_t silence(std::uint64_t ticks) noexcept {
    const std::uint64_t now = tsc_clock::raw();
    return now < ticks ? 0 : tsc_clock::nanoseconds(now - ticks) / 1'000'000;
  }

 private:
  static std::uint64_t read(clockid_t clock) noexcept {
    timespec now{};
    clock_gettime(clock, &now);
    return static_cast<std::uint64_t>(now.tv_sec) * 1000 + static_cast<std::uint64_t>(now.tv_nsec) / 1'000'000;
  }
};

}  // namespace vitals::inline v0

#endif
// A program's health as families of metrics.
#ifndef VITALS_HEALTH_HEALTH_FAMILIES_HPP
#define VITALS_HEALTH_HEALTH_FAMILIES_HPP

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace vitals::inline v0::detail {

inline constexpr std::string_view phase_texts[] = {"starting", "ready", "degraded", "draining", "stopped"};
inline constexpr std::string_view status_texts[] = {"unknown", "healthy", "degraded", "unhealthy"};

/// Where the operators' five phases begin among the exact ones.
constexpr std::uint64_t phase_text_of(phase p) noexcept {
  return p <= phase::live ? 0 : static_cast<std::uint64_t>(p) - static_cast<std::uint64_t>(phase::live);
}

/// Where a reading's cells lie.
struct health_reading {
  constexpr explicit health_reading(std::uint32_t components) noexcept : count(components) {}

  std::uint32_t count;
  std::uint32_t types = most_error_types + 1;
  std::uint32_t phase = 0;
  std::uint32_t ready = 1;
  std::uint32_t live = 2;
  std::uint32_t uptime = 3;
  std::uint32_t refused = 4;
  std::uint32_t status = 5;
  std::uint32_t state = status + count;
  std::uint32_t transitions = state + count;
  std::uint32_t in_state = transitions + 4 * count;
  std::uint32_t changed = in_state + count;
  std::uint32_t errors = changed + count;
  std::uint32_t durations = errors + count * types;
  std::uint32_t checks = durations + count * check_cells;  ///< whether there were any
  std::uint32_t silences = checks + 1;                     ///< of those that beat, no more than `count`
  std::uint32_t all = silences + count;
};

/// A health's families. `Health` has the names of its components and of those that beat, and `error_types()`.
template <class Health>
struct health_source {
  static constexpr auto count = static_cast<std::uint32_t>(Health::component_names.size());
  static constexpr auto beating = static_cast<std::uint32_t>(Health::beating_names.size());
  static constexpr health_reading at{count};

  static constexpr label_family phase_label[] = {{.name = "phase", .values = phase_texts}};
  static constexpr label_family by_component[] = {{.name = "component", .values = Health::component_names}};
  static constexpr label_family by_beating[] = {{.name = "component", .values = Health::beating_names}};
  static constexpr label_family by_state[] = {{.name = "component", .values = Health::component_names},
                                              {.name = "component_state", .values = status_texts}};
  static constexpr label_family by_target[] = {{.name = "component", .values = Health::component_names},
                                               {.name = "to", .values = status_texts}};
  static constexpr label_family by_type[] = {
      {.name = "component", .values = Health::component_names},
      {.name = "type", .values = {}, .table = &Health::error_types, .slots = most_error_types}};

  static constexpr family one(std::string_view name, std::string_view help, std::string_view unit, metric_type type,
                              value_kind kind, view<label_family> labels, std::uint32_t first,
                              std::uint32_t series) noexcept {
    return {.name = name,
            .help = help,
            .unit = unit,
            .type = type,
            .kind = kind,
            .labels = labels,
            .bounds = {},
            .first = first,
            .series = series,
            .stride = 1,
            .width = 1};
  }

  static constexpr family check_durations{.name = "component_check_duration_seconds",
                                          .help = "How long the component's checks took.",
                                          .unit = "seconds",
                                          .type = metric_type::histogram,
                                          .kind = value_kind::duration_histogram,
                                          .labels = by_component,
                                          .bounds = check_bounds,
                                          .first = at.durations,
                                          .series = count,
                                          .stride = check_cells,
                                          .width = check_cells,
                                          .present = at.checks};

  static constexpr family all[] = {
      one("phase", "Where the program is in its life.", {}, metric_type::state_set, value_kind::state, phase_label,
          at.phase, 5),
      one("ready", "1 where the program takes work, else 0.", {}, metric_type::gauge, value_kind::unsigned_integer, {},
          at.ready, 1),
      one("live", "0 where the program should be restarted, else 1.", {}, metric_type::gauge,
          value_kind::unsigned_integer, {}, at.live, 1),
      one("uptime_seconds", "Time since the program's first event.", "seconds", metric_type::gauge, value_kind::real,
          {}, at.uptime, 1),
      one("refused_transitions_total", "Events that were illegal in the program's phase.", {}, metric_type::counter,
          value_kind::unsigned_integer, {}, at.refused, 1),
      one("component_status", "1 where the component is healthy or degraded, else 0.", {}, metric_type::gauge,
          value_kind::unsigned_integer, by_component, at.status, count),
      one("component_state", "How the component fares.", {}, metric_type::state_set, value_kind::state, by_state,
          at.state, 4 * count),
      one("component_transitions_total", "How often the component came to be so.", {}, metric_type::counter,
          value_kind::unsigned_integer, by_target, at.transitions, 4 * count),
      one("component_state_duration_seconds", "How long the component has been as it is.", "seconds",
          metric_type::gauge, value_kind::real, by_component, at.in_state, count),
      one("component_last_change_timestamp_seconds", "When the component changed last, 0 before.", "seconds",
          metric_type::gauge, value_kind::real, by_component, at.changed, count),
      one("component_errors_total", "Errors of the component.", {}, metric_type::counter, value_kind::unsigned_integer,
          by_type, at.errors, count*(most_error_types + 1)),
      check_durations,
      one("component_heartbeat_age_seconds", "Time since the component's last heartbeat, or since the start.",
          "seconds", metric_type::gauge, value_kind::real, by_beating, at.silences, beating),
  };
  static constexpr std::size_t families =
      beating != 0 ? (sizeof all / sizeof all[0]) : (sizeof all / sizeof all[0]) - 1;
};

/// Fills in a reading's cells.
inline void read_health(const health_ref& of, std::uint64_t* out) noexcept {
  const std::size_t count = of.facts->components.size();
  const health_report r = report_of(of, of.clock.milliseconds());
  const auto real = [](double value) { return std::bit_cast<std::uint64_t>(value); };
  const auto seconds = [&](std::uint64_t ms) { return real(static_cast<double>(ms) / 1000); };
  *out++ = phase_text_of(r.now);
  *out++ = r.ready ? 1 : 0;
  *out++ = r.live ? 1 : 0;
  *out++ = seconds(r.uptime);
  *out++ = of.at(process_cell::refused).load(std::memory_order_relaxed);
  for (const component_report& c : r.components()) {
    *out++ = c.now == status::healthy || c.now == status::degraded ? 1 : 0;
  }
  for (const component_report& c : r.components()) {
    *out++ = static_cast<std::uint64_t>(c.now);
  }
  for (std::size_t i = 0; i != count; ++i) {
    for (std::size_t s = 0; s != statuses; ++s) {
      *out++ = of.at(i, component_cell::entered, s).load(std::memory_order_relaxed);
    }
  }
  for (const component_report& c : r.components()) {
    *out++ = seconds(c.age);
  }
  for (std::size_t i = 0; i != count; ++i) {
    *out++ = seconds(of.at(i, component_cell::changed).load(std::memory_order_relaxed));
  }
  constexpr std::size_t types = most_error_types + 1;
  set_zero(out, out + count * types);
  const error_table table{of};
  for (std::size_t i = 0; i != table.size(); ++i) {
    const cell* const entry = table.entry(i);
    if (const std::uint64_t key = entry[error_cell::key].load(std::memory_order_acquire); key != 0) {
      out[key - 1] += entry[error_cell::count].load(std::memory_order_relaxed);
    }
  }
  out += count * types;
  std::uint64_t checks = 0;
  for (std::size_t i = 0; i != count; ++i) {
    const cell* const from = &of.at(i, component_cell::durations);
    set_plain_wide(out[0], out[check_cells - 1], wide_total::read(from[0], from[check_cells - 1], false));
    for (std::uint32_t b = 1; b != check_cells - 1; ++b) {
      out[b] = from[b].load(std::memory_order_relaxed);
      checks += out[b];
    }
    out += check_cells;
  }
  *out++ = checks;
  for (std::size_t i = 0; i != count; ++i) {
    if (of.facts->components[i].deadline != 0) {
      const std::uint64_t silence = r.all[i].silence;
      *out++ = seconds(silence == component_report::never ? r.uptime : silence);
    }
  }
}

}  // namespace vitals::inline v0::detail

#endif
// Marks: how reports and events change a program's health.
#ifndef VITALS_HEALTH_MARK_HPP
#define VITALS_HEALTH_MARK_HPP

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace vitals::inline v0 {

/// A change of the process's phase, or of a component's status.
struct health_change {
  std::string_view program;
  std::string_view component;  ///< empty where it is the process's phase
  std::string_view from;
  std::string_view to;
  std::string_view reason;  ///< of a component that became worse; may be empty
  bool refused = false;     ///< an event that is illegal in the phase `from`; `to` is the event's name
};

/// What is called at a change, on the thread that made it. It must not block, throw or mark.
using health_listener = void (*)(const health_change&) noexcept;

namespace detail {

inline constexpr std::uint32_t most_reasons = 30;
static_assert(most_reasons + 1 <= component_state::most_reason);

/// The table of a component's reasons. (Its name is no label's.)
inline abi::slot_table& reasons_of(const health_facts& of, std::size_t component) {
  return find_slot_table(std::string{of.name} + "." + std::string{of.components[component].name}, most_reasons);
}

inline bool add_listener(const health_ref& of, health_listener listener) noexcept {
  for (std::size_t i = 0; i != most_listeners; ++i) {
    std::uint64_t none = 0;
    if (of.at(process_cell::listener, i)
            .compare_exchange_strong(none, std::bit_cast<std::uint64_t>(listener), std::memory_order_acq_rel)) {
      return true;
    }
  }
  return false;
}

inline void tell(const health_ref& of, const health_change& change) noexcept {
  for (std::size_t i = 0; i != most_listeners; ++i) {
    const std::uint64_t listener = of.at(process_cell::listener, i).load(std::memory_order_acquire);
    if (listener != 0) {
      std::bit_cast<health_listener>(listener)(change);
    }
  }
}

constexpr std::string_view name_of(life_event e) noexcept {
  constexpr std::string_view names[] = {"initialize", "go_live", "become_ready", "degrade", "recover", "drain", "stop"};
  return names[static_cast<std::size_t>(e)];
}

/// What a phase is called where a change is told; unlike operators it tells the three that start apart.
constexpr std::string_view exact_name_of(phase p) noexcept {
  constexpr std::string_view names[] = {"unstarted", "initializing", "live",   "ready",
                                        "degraded",  "draining",     "stopped"};
  return names[static_cast<std::size_t>(p)];
}

inline void reconcile(const health_ref& of, std::uint64_t now) noexcept;

/// Replaces the process's word `old` by a phase, counts and tells it. False, and `old` anew, where another thread came
/// between.
inline bool enter(const health_ref& of, std::uint64_t& old, phase to, std::uint64_t now) noexcept {
  const auto from = static_cast<phase>(old & 0xFFU);
  if (!of.at(process_cell::phase)
           .compare_exchange_strong(old, static_cast<std::uint64_t>(to) | now << 8U, std::memory_order_seq_cst)) {
    return false;
  }
  common_add(of.at(process_cell::entered, static_cast<std::size_t>(to)), std::uint64_t{1});
  tell(of, {of.facts->name, {}, exact_name_of(from), exact_name_of(to), {}});
  return true;
}

/// An event of the process. One that is illegal in its phase changes nothing, is counted and told; so is one that loses
/// a race to such an end.
VITALS_COLD inline void mark_process(const health_ref& of, life_event event) noexcept {
  const std::uint64_t now = of.clock.milliseconds();
  std::uint64_t never = 0;
  of.at(process_cell::start).compare_exchange_strong(never, now + 1, std::memory_order_acq_rel);
  std::uint64_t old = of.at(process_cell::phase).load(std::memory_order_acquire);
  for (;;) {
    const auto from = static_cast<phase>(old & 0xFFU);
    if (!is_legal(from, event)) {
      common_add(of.at(process_cell::refused), std::uint64_t{1});
      tell(of, {of.facts->name, {}, exact_name_of(from), name_of(event), {}, true});
      return;
    }
    const phase to = after(from, event);
    if (to == from) {
      return;
    }
    if (enter(of, old, to, now)) {
      break;
    }
  }
  if (event == life_event::become_ready) {
    reconcile(of, now);
  }
}

/// Makes the process ready or degraded as its components are, where it takes work at all. Whoever changes a component
/// or the phase looks at both afterwards, and again after each step of its own: so the last to come leaves them agreed.
inline void reconcile(const health_ref& of, std::uint64_t now) noexcept {
  std::uint64_t word = of.at(process_cell::phase).load(std::memory_order_seq_cst);
  for (;;) {
    const auto stored = static_cast<phase>(word & 0xFFU);
    const phase found = report_of(of, now).now;
    if (!takes_work(stored) || !takes_work(found) || found == stored) {
      return;
    }
    if (enter(of, word, after(stored, found == phase::degraded ? life_event::degrade : life_event::recover), now)) {
      word = of.at(process_cell::phase).load(std::memory_order_seq_cst);
    }
  }
}

/// A component's status has changed: counts and tells it.
inline void tell_status(const health_ref& of, std::size_t index, status from, status to, std::string_view reason,
                        std::uint64_t since, std::uint64_t now) noexcept {
  of.at(index, component_cell::changed).store(elapsed(elapsed(since, now), of.clock.wall()), std::memory_order_relaxed);
  common_add(of.at(index, component_cell::entered, static_cast<std::size_t>(to)), std::uint64_t{1});
  if (to == status::healthy) {
    error_table{of}.in_a_row[index].store(0, std::memory_order_relaxed);
  }
  tell(of, {of.facts->name, of.facts->components[index].name, vitals::name_of(from), vitals::name_of(to), reason});
}

/// What a tick has seen of a component's heartbeat.
enum class heart : std::uint8_t { unheard, beating, silent };

/// What was told of a component that beats: its status follows from its word and from its heart.
struct told_state {
  status now = status::unknown;
  heart beats = heart::unheard;

  friend constexpr bool operator==(const told_state&, const told_state&) = default;

  /// The word: 2 bits status, 2 heart.
  [[nodiscard]] constexpr std::uint64_t packed() const noexcept {
    return static_cast<std::uint64_t>(now) | static_cast<std::uint64_t>(beats) << 2U;
  }
  [[nodiscard]] static constexpr told_state of(std::uint64_t word) noexcept {
    return {.now = static_cast<status>(word & 3U), .beats = static_cast<heart>(word >> 2U & 3U)};
  }
  [[nodiscard]] constexpr status target(component_state s) const noexcept {
    const bool first = s.now == status::unknown && s.in_a_row() == 0;
    return beats == heart::silent ? status::unhealthy : beats == heart::beating && first ? status::healthy : s.now;
  }
};

/// Tells the status of a component that beats, where it is not what was told last. Whoever changes its word or its
/// heart looks at both afterwards, and again after each step of its own: so each change begins where the last one
/// ended, and the last to come leaves told what is.
inline void tell_beating(const health_ref& of, std::size_t index, std::uint64_t since, std::uint64_t now) noexcept {
  cell& told = of.at(index, component_cell::told);
  std::uint64_t word = told.load(std::memory_order_seq_cst);
  for (;;) {
    const component_state s = component_state::of(of.at(index, component_cell::state).load(std::memory_order_seq_cst));
    const told_state from = told_state::of(word);
    const told_state to{.now = from.target(s), .beats = from.beats};
    if (to == from) {
      return;
    }
    if (told.compare_exchange_strong(word, to.packed(), std::memory_order_seq_cst)) {
      tell_status(of, index, from.now, to.now,
                  to.beats == heart::silent ? missed_heartbeat : reason_text(of, index, s.reason), since, now);
      word = told.load(std::memory_order_seq_cst);
    }
  }
}

/// A component's word was replaced: what follows from a change of its status.
VITALS_COLD inline void tell_component(const health_ref& of, std::size_t index, component_state from,
                                       component_state to, std::uint64_t now) noexcept {
  const component_facts& facts = of.facts->components[index];
  cell& flaps = of.at(index, component_cell::flaps);
  std::uint64_t old = flaps.load(std::memory_order_acquire);
  while (from.now != status::unknown && facts.policy.flap_limit != 0 &&
         !flaps.compare_exchange_weak(old, flap_state::of(old).after_change(to.since, facts.policy).packed(),
                                      std::memory_order_acq_rel, std::memory_order_acquire)) {
  }
  if (facts.deadline != 0) {
    tell_beating(of, index, to.since, now);
  } else {
    tell_status(of, index, from.now, to.now, reason_text(of, index, to.reason), to.since, now);
  }
  reconcile(of, now);
}

inline calmness calm_now(const health_ref& of, std::size_t index, std::uint64_t now) noexcept {
  return flap_state::of(of.at(index, component_cell::flaps).load(std::memory_order_acquire))
      .calm_at(now, of.facts->components[index].policy);
}

/// Replaces a component's state by `next(state, calmness)`, until nobody comes between. `next` is without effects.
template <class Next>
void replace_state(const health_ref& of, std::size_t index, std::uint64_t now, Next next) noexcept {
  cell& word = of.at(index, component_cell::state);
  std::uint64_t old = word.load(std::memory_order_acquire);
  for (;;) {
    const component_state from = component_state::of(old);
    const component_state to = next(from, calm_now(of, index, now));
    if (to == from) {
      return;
    }
    if (word.compare_exchange_weak(old, to.packed(), std::memory_order_seq_cst)) {
      if (to.now != from.now) {
        tell_component(of, index, from, to, now);
      }
      return;
    }
  }
}

/// An improvement that had to wait becomes the component's state.
inline void settle_component(const health_ref& of, std::size_t index, std::uint64_t now) noexcept {
  const component_policy& p = of.facts->components[index].policy;
  replace_state(of, index, now, [&](component_state s, calmness calm) { return settled(s, now, p, calm); });
}

/// A heartbeat that has come to be missing, or is there again, is told; once by whoever sees it first.
inline void tick_component(const health_ref& of, std::size_t index, std::uint64_t now) noexcept {
  settle_component(of, index, now);
  if (of.facts->components[index].deadline == 0) {
    return;
  }
  const component_report r = report_on(of, index, now, of.at(process_cell::start).load(std::memory_order_acquire));
  const heart beats = r.is_silent                            ? heart::silent
                      : r.silence != component_report::never ? heart::beating
                                                             : heart::unheard;
  cell& told = of.at(index, component_cell::told);
  std::uint64_t word = told.load(std::memory_order_seq_cst);
  for (;;) {
    told_state t = told_state::of(word);
    if (t.beats == beats) {
      break;
    }
    t.beats = beats;
    if (told.compare_exchange_weak(word, t.packed(), std::memory_order_seq_cst)) {
      break;
    }
  }
  tell_beating(of, index, r.is_silent ? elapsed(r.age, now) : now, now);
}

/// What time alone changes is stored, counted and told: an improvement that had waited, a heartbeat that is missing or
/// is there again, and the phase that follows.
VITALS_COLD inline void tick(const health_ref& of) noexcept {
  const std::uint64_t now = of.clock.milliseconds();
  for (std::size_t i = 0; i != of.facts->components.size(); ++i) {
    tick_component(of, i, now);
  }
  reconcile(of, now);
}

/// A report on a component. Lock-free: a compare-exchange where it changes anything.
VITALS_COLD inline void mark_component(const health_ref& of, std::size_t index, report what,
                                       std::string_view reason) noexcept {
  const component_policy& p = of.facts->components[index].policy;
  const std::uint64_t now = of.clock.milliseconds();
  const std::uint64_t start = of.at(process_cell::start).load(std::memory_order_acquire);
  const bool in_grace = p.grace != 0 && (start == 0 || elapsed(start - 1, now) < p.grace);
  const std::uint32_t number =
      reason.empty() ? 0 : intern_text(*of.reasons[index].load(std::memory_order_relaxed), reason) + 1;
  settle_component(of, index, now);
  replace_state(of, index, now,
                [&](component_state s, calmness calm) { return after(s, what, number, now, p, in_grace, calm); });
  if (what == report::success &&
      is_steadily_healthy(of.at(index, component_cell::state).load(std::memory_order_relaxed))) {
    error_table{of}.in_a_row[index].store(0, std::memory_order_relaxed);  // such as were too few to fall
  }
}

}  // namespace detail

}  // namespace vitals::inline v0

#endif

namespace vitals::inline v0 {

namespace detail {

/// The place of a component in a list; npos where it is not there.
template <class C, class... All>
constexpr std::size_t component_index() noexcept {
  constexpr bool same[] = {__is_same(C, All)..., true};
  std::size_t i = 0;
  while (!same[i]) {
    ++i;
  }
  return i == sizeof...(All) ? npos : i;
}

/// Whether some component depends on itself, through others too: takes away, again and again, those that need nothing
/// that is left.
template <std::size_t Count>
constexpr bool has_cycle(const std::array<view<std::uint8_t>, Count>& needs) noexcept {
  std::array<bool, Count> gone{};
  std::size_t left = Count;
  for (bool some = true; some;) {
    some = false;
    for (std::size_t i = 0; i != Count; ++i) {
      bool free = !gone[i];
      for (const std::uint8_t need : needs[i]) {
        free = free && (need >= Count || gone[need]);
      }
      if (free) {
        gone[i] = true;
        --left;
        some = true;
      }
    }
  }
  return left != 0;
}

}  // namespace detail

/// A program's health by a clock of one's own, for tests: see `health`.
template <class Clock, fixed_string Name, class... Components>
class basic_health {
  static constexpr std::size_t count = sizeof...(Components);
  static_assert(count != 0, "a program's health has at least one component");
  static_assert(count <= detail::most_components, "a program's health has at most 64 components: join some");
  static_assert(is_metric_name(Name.view()) && !detail::has_upper_case(Name.view()),
                "a program's name is made of a-z, 0-9 and _, and does not start with a digit");
  static_assert(detail::repeated_at(std::array<std::uint64_t, count>{detail::hash(Components::name)...}) ==
                    detail::npos,
                "two components have the same name: rename one");

  template <class C, class Need>
  static constexpr std::uint8_t index_of_need = [] {
    constexpr std::size_t index = detail::component_index<Need, Components...>();
    static_assert(index != detail::npos, "a component depends on one that is not in the list: add it there");
    return static_cast<std::uint8_t>(index);
  }();
  template <class C>
  static constexpr auto needs_of = []<class... Needs>(detail::list<Needs...>) {
    return std::array<std::uint8_t, sizeof...(Needs)>{index_of_need<C, Needs>...};
  }(typename C::needs{});
  static_assert(!detail::has_cycle<count>({needs_of<Components>...}),
                "components depend on each other in a circle: leave out one of the depends_on");

  static constexpr std::array<detail::component_facts, count> all = [] {
    std::array<detail::component_facts, count> facts{Components::facts...};
    std::size_t i = 0;
    ((facts[i++].needs = needs_of<Components>), ...);
    return facts;
  }();
  /// Before the names of its metrics: the program's name and `_`.
  static constexpr auto prefix = [] {
    std::array<char, Name.view().size() + 1> text{};
    for (std::size_t i = 0; i != Name.view().size(); ++i) {
      text[i] = Name.view()[i];
    }
    text.back() = '_';
    return text;
  }();
  static constexpr detail::health_facts facts{.name = Name.view(), .components = all};

  template <class C>
  static constexpr std::size_t index_of = [] {
    constexpr std::size_t index = detail::component_index<C, Components...>();
    static_assert(index != detail::npos, "this component is not in the program's health: add it to the list");
    return index == detail::npos ? 0 : index;
  }();

 public:
  static constexpr std::string_view name = Name.view();

  /// The program has begun: it reads its configuration, fills its caches.
  static void mark_initializing() noexcept { detail::mark_process(ref(), life_event::initialize); }
  /// Its start is over; it takes no work yet.
  static void mark_live() noexcept { detail::mark_process(ref(), life_event::go_live); }
  /// It takes work.
  static void mark_ready() noexcept { detail::mark_process(ref(), life_event::become_ready); }
  /// It takes no more work, and finishes what it has.
  static void mark_draining() noexcept { detail::mark_process(ref(), life_event::drain); }
  /// It has stopped.
  static void mark_stopped() noexcept { detail::mark_process(ref(), life_event::stop); }

  /// Reports a success. Where the component is healthy anyway this is a load and a compare: safe in a hot path.
  template <class C>
  VITALS_HOT static void mark_healthy() noexcept {
    if (detail::cell* const at = cells_.load(std::memory_order_acquire); at != nullptr) [[likely]] {
      const std::uint64_t word =
          at[detail::health_ref::place(index_of<C>, detail::component_cell::state)].load(std::memory_order_relaxed);
      if (detail::is_steadily_healthy(word)) [[likely]] {
        return;
      }
    }
    mark(index_of<C>, vitals::report::success, {});
  }

  /// Reports that a component works, but worse than it should, and why: one of a few texts, such as "slow". (Of a
  /// component 30 reasons are kept, others become "other"; what is different each time belongs to an error's message.)
  template <class C>
  static void mark_degraded(std::string_view reason = {}) noexcept {
    mark(index_of<C>, vitals::report::degradation, reason);
  }

  /// Reports a failure and why, as `mark_degraded` does.
  template <class C>
  static void mark_unhealthy(std::string_view reason = {}) noexcept {
    mark(index_of<C>, vitals::report::failure, reason);
  }

  /// The same, and the error that led to it: of the type `reason`, with a message for people. The message is kept in
  /// the table of errors alone, cut at 215 bytes.
  template <class C>
  static void mark_unhealthy(std::string_view reason, std::string_view message) noexcept {
    error<C>(reason, message);
    mark_unhealthy<C>(reason);
  }

  /// Counts an error of a type (one of a few texts, such as "timeout"; of a program 31 types are kept, others become
  /// "other") and keeps its message as the last one. It changes no status; `errors_in_a_row` counts up to the next
  /// success.
  template <class C>
  static void error(std::string_view type, std::string_view message = {}) noexcept {
    detail::record_error(ref(), index_of<C>, type, message);
  }

  /// A heartbeat: reads the processor's counter and stores it, relaxed.
  template <class C>
  VITALS_HOT static void beat() noexcept {
    constexpr std::size_t index = index_of<C>;
    static_assert(all[index].deadline != 0, "this component has no heartbeat: give it heartbeat<5s>");
    if (detail::cell* const at = cells_.load(std::memory_order_acquire); at != nullptr) [[likely]] {
      at[detail::health_ref::place(index, detail::component_cell::beat)].store(Clock::ticks(),
                                                                               std::memory_order_relaxed);
    } else {
      first_beat(index);
    }
  }

  /// Stores and tells what time alone changes: a heartbeat that is missing, an improvement that had to wait. A monitor
  /// does this; a program without one may, about once a second. Probes see it without.
  static void tick() noexcept { detail::tick(ref()); }

  /// What a probe finds now. No lock, no allocation.
  [[nodiscard]] static health_report report() noexcept {
    const std::uint64_t now = Clock::milliseconds();
    return detail::report_of(ref(), now);
  }

  /// Calls `listener` at every change of the process's phase and of a component's status, on the thread that made it;
  /// up to 4 of them, and false where there are. It must not block, throw or mark.
  static bool on_change(health_listener listener) noexcept { return detail::add_listener(ref(), listener); }

  /// Health as a source of metrics, under the program's name: expose it beside registries.
  [[nodiscard]] static constexpr source_ref source() noexcept {
    using families = detail::health_source<basic_health>;
    return {.families = {families::all, families::families},
            .cells = families::at.all,
            .read = [](const void*, std::uint64_t* out) noexcept { detail::read_health(ref(), out); },
            .prefix = {prefix.data(), prefix.size()}};
  }

  static constexpr std::array<std::string_view, count> component_names{Components::name...};
  static constexpr auto beating_names = [] {
    std::array<std::string_view, (0 + ... + (Components::facts.deadline != 0 ? 1 : 0))> names{};
    [[maybe_unused]] std::size_t at = 0;
    for (const detail::component_facts& f : all) {
      if (f.deadline != 0) {
        names[at++] = f.name;
      }
    }
    return names;
  }();
  /// (For the library's own use, as what follows.)
  template <class C>
  static constexpr std::size_t place_of = index_of<C>;

  static detail::abi::slot_table& error_types() noexcept {
    static_cast<void>(ref());  // which has found it
    return *error_types_.load(std::memory_order_acquire);
  }

  /// (clang 14 spells but the beginning of a long name within a type's.)
  static constexpr detail::image image{
      .key = detail::hash("health", detail::hash(name, detail::hash(detail::type_name<basic_health>()))),
      .thread_cells = 0,
      .shared_cells =
          detail::health_ref::place(count, detail::component_cell::state) + detail::error_table::cells(count),
      .runs = nullptr,
      .run_count = 0};

  [[nodiscard]] static detail::health_ref ref() noexcept {
    detail::cell* at = cells_.load(std::memory_order_acquire);
    if (at == nullptr) {
      at = find();
    }
    return {.facts = &facts,
            .cells = at,
            .reasons = reasons_.data(),
            .error_types = error_types_.load(std::memory_order_relaxed),  // who has the cells sees it
            .clock = {.milliseconds = &Clock::milliseconds, .silence = &Clock::silence, .wall = &Clock::wall}};
  }

 private:
  VITALS_COLD static detail::cell* find() noexcept {
    for (std::size_t i = 0; i != count; ++i) {
      reasons_[i].store(&detail::reasons_of(facts, i), std::memory_order_relaxed);
    }
    error_types_.store(&detail::error_types_of(facts), std::memory_order_release);
    if constexpr (!beating_names.empty()) {
      static_cast<void>(Clock::ticks());  // whose first use costs more: here no heartbeat and no probe pays for it
    }
    detail::cell* const at = detail::find_record(image).shared;
    cells_.store(at, std::memory_order_release);
    return at;
  }

  VITALS_COLD static void mark(std::size_t index, vitals::report what, std::string_view reason) noexcept {
    detail::mark_component(ref(), index, what, reason);
  }

  VITALS_COLD static void first_beat(std::size_t index) noexcept {
    ref().at(index, detail::component_cell::beat).store(Clock::ticks(), std::memory_order_relaxed);
  }

  /// The shared cells, once this library has asked for them: written with one value only (release), read by all
  /// (acquire), as it leads to the cells.
  static inline constinit std::atomic<detail::cell*> cells_{nullptr};
  static inline constinit std::array<std::atomic<detail::abi::slot_table*>, count> reasons_{};
  static inline constinit std::atomic<detail::abi::slot_table*> error_types_{nullptr};
};

/// A program's health: `using app_health = vitals::health<"event_relay", store, tailer>;` All of it is static, and one
/// in the process. Any thread may mark and probe at any time.
template <fixed_string Name, class... Components>
using health = basic_health<health_clock, Name, Components...>;

namespace detail {

template <class H>
concept is_health = requires {
  { H::ref() }
  noexcept->std::same_as<health_ref>;
};

}  // namespace detail

}  // namespace vitals::inline v0

#endif
// A counter: a total that only goes up.
#ifndef VITALS_METRIC_COUNTER_HPP
#define VITALS_METRIC_COUNTER_HPP

#include <concepts>
#include <cstdint>

// A handle: one series of a metric in a registry, the size of an offset. What all kinds of handles share.
#ifndef VITALS_METRIC_HANDLE_HPP
#define VITALS_METRIC_HANDLE_HPP

#include <array>
#include <cstdint>
#include <limits>

namespace vitals::inline v0::detail {

/// The offset of a series that does not exist and has no trash set: its updates are only counted.
inline constexpr std::uint32_t no_series = std::numeric_limits<std::uint32_t>::max();

/// Where a registry has laid a metric.
struct place {
  std::uint32_t first = 0;
  std::uint32_t label_drop = 0;
  std::uint32_t value_drop = 0;  ///< or what counts a callback's failures
  std::uint32_t present = 0;     ///< in a reading: whether a callback gave its values
  std::uint32_t exemplars = 0;   ///< the first point
};

/// A series' place in a registry, and how cells are reached from there. Trivially copied, good to keep, usable by any
/// thread at any time.
template <class Registry, class Metric>
class handle {
 public:
  VITALS_HOT explicit constexpr handle(std::uint32_t offset) noexcept : offset_(offset) {}

 protected:
  using cells = typename Registry::cells;
  static constexpr const shape& shape_of = Metric::shape;

  /// Adds to the cell `step` cells after the series' first.
  template <class Amount>
  VITALS_HOT void add_to(std::uint32_t step, Amount amount) const noexcept {
    if constexpr (Metric::shape.shared) {
      common_add(shared_cell(step), amount);
    } else if (cell* const mine = cells::mine; cells::attached(mine)) [[likely]] {
      own_add(mine[offset_ + step], amount);
    } else {
      cells::add(offset_ + step, amount);
    }
  }

  /// Keeps an exemplar of what was counted in the series, or in one of its buckets.
  VITALS_HOT void keep(const exemplar& e, double value, std::uint32_t point = 0) const noexcept {
    static_assert(Metric::has_exemplars,
                  "this metric keeps no exemplars: add vitals::exemplars to its descriptor's options");
    constexpr const place& p = Registry::where;
    constexpr const shape& s = Metric::shape;
    const std::uint32_t series = (offset_ - p.first) / s.stride;
    if (series < s.series) [[likely]] {  // not for a label outside its values
      const std::uint32_t at = p.exemplars + (series * s.points + point) * exemplar_point;
      cells::template keep<s.shared>(at, value, e.trace_id()[0], e.trace_id()[1], e.span_id());
    }
  }

  /// A cell that all threads share.
  VITALS_HOT cell& shared_cell(std::uint32_t step = 0) const noexcept {
    return cells::common()[offset_ - Registry::image.thread_cells + step];
  }

  /// Whether the series exists; only asked by metrics without a trash set.
  VITALS_HOT constexpr bool exists() const noexcept { return offset_ != no_series; }

  VITALS_COLD static void count_label_drop() noexcept { count_drop(Registry::where.label_drop); }
  VITALS_COLD static void count_value_drop() noexcept { count_drop(Registry::where.value_drop); }

  /// This series summed over all threads. Waits for a scrape that sums: with 1,000 threads of 1,000 series half a
  /// millisecond.
  std::array<std::uint64_t, Metric::shape.width> read() const noexcept {
    std::array<std::uint64_t, Metric::shape.width> out{};
    if (exists()) {
      constexpr const shape& s = Metric::shape;
      sum_run(cells::record(),
              {.kind = s.kind,
               .first = offset_,
               .sets = 1,
               .stride = s.width,
               .width = s.width,
               .may_fall = s.may_fall,
               .part = s.part},
              out.data());
    }
    return out;
  }

  std::uint32_t offset_;

 private:
  static void count_drop(std::uint32_t at) noexcept {
    if (at < Registry::image.thread_cells) {
      cells::add(at, std::uint64_t{1});
    } else {
      common_add(cells::common()[at - Registry::image.thread_cells], std::uint64_t{1});
    }
  }
};

}  // namespace vitals::inline v0::detail

#endif

namespace vitals::inline v0 {

/// A series of a counter.
template <class Registry, class Metric>
class counter_handle : detail::handle<Registry, Metric> {
 public:
  using detail::handle<Registry, Metric>::handle;

  /// Counts one. Lock-free and async-thread-safe; in a signal handler only for `shared` metrics.
  VITALS_HOT void inc() const noexcept { this->add_to(0, std::uint64_t{1}); }

  /// Counts `n`, which is unsigned: a signed amount does not compile. Wraps at 2^64.
  template <class N>
  VITALS_HOT void inc(N n) const noexcept {
    static_assert(std::unsigned_integral<N> && !std::same_as<N, bool>,
                  "a counter only goes up, so its amount is unsigned: write inc(2u), or use vitals::up_down");
    if constexpr (std::unsigned_integral<N>) {
      this->add_to(0, std::uint64_t{n});
    }
  }

  /// Counts one, or `n`, and keeps the exemplar. Only with the option `exemplars`.
  VITALS_HOT void inc(const exemplar& e) const noexcept { inc(1U, e); }
  template <class N>
  VITALS_HOT void inc(N n, const exemplar& e) const noexcept {
    inc(n);
    this->keep(e, static_cast<double>(n));
  }

  /// The same as inc(n).
  template <class N>
  VITALS_HOT void add(N n) const noexcept {
    inc(n);
  }
  template <class N>
  VITALS_HOT void add(N n, const exemplar& e) const noexcept {
    inc(n, e);
  }

  /// The total over all threads, for tests and reports. Takes a mutex: not for a hot path.
  [[nodiscard]] std::uint64_t value() const noexcept { return this->read()[0]; }
};

/// A descriptor of a counter. Derive from it: `struct jobs : vitals::counter<"jobs_total", "Jobs done."> {};`
/// Options: labels, a unit, `shared`, `packed`, `exemplars`.
template <fixed_string Name, fixed_string Help, class... Options>
struct counter : detail::descriptor<Name, Help, Options...> {
 private:
  using base = detail::descriptor<Name, Help, Options...>;
  static_assert(base::name.ends_with("_total"), "a counter's name ends in _total: write \"http_requests_total\"");
  static constexpr std::uint32_t stride = base::is_shared && !base::is_packed ? detail::cells_a_line : 1;

 public:
  static constexpr metric_type type = metric_type::counter;
  static constexpr value_kind kind = value_kind::unsigned_integer;
  static constexpr detail::shape shape{.stride = stride,
                                       .series = detail::label_facts<typename base::labels>::series,
                                       .shared = base::is_shared,
                                       .trash = detail::label_facts<typename base::labels>::can_miss,
                                       .points = base::has_exemplars ? 1 : 0};
  template <class Registry, class Metric>
  using handle = counter_handle<Registry, Metric>;
};

}  // namespace vitals::inline v0

#endif
// A gauge: a measured value; the last write wins.
#ifndef VITALS_METRIC_GAUGE_HPP
#define VITALS_METRIC_GAUGE_HPP

#include <bit>
#include <concepts>
#include <cstdint>
#include <type_traits>

namespace vitals::inline v0 {

/// A series of a gauge.
template <class Registry, class Metric>
class gauge_handle : detail::handle<Registry, Metric> {
 public:
  using detail::handle<Registry, Metric>::handle;

  /// Sets the value: one relaxed store, seen by every thread; the last write wins. Any double, NaN and infinities too.
  /// Safe in a signal handler.
  template <class T>
  VITALS_HOT void set(T value) const noexcept {
    static_assert(std::is_arithmetic_v<T>, "a gauge holds a number: pass an integer or a floating-point value");
    const auto real = static_cast<double>(value);
    const std::uint32_t at = this->offset_ - Registry::image.thread_cells;
    if (!this->exists()) [[unlikely]] {
      this->count_label_drop();
    } else if (auto* const common = Registry::cells::shared.load(std::memory_order_acquire); common != nullptr)
        [[likely]] {
      detail::store_double(common[at], real);
    } else {
      set_first(at, real);
    }
  }

  /// Sets a duration, in seconds; for gauges whose name ends in `_seconds`.
  template <class Rep, class Period>
  VITALS_HOT void set(std::chrono::duration<Rep, Period> value) const noexcept {
    static_assert(Metric::name.ends_with("_seconds"), "a duration is in seconds: end the gauge's name in _seconds");
    set(std::chrono::duration<double>(value).count());
  }

  /// Adds `amount`, which may be negative: a compare-exchange loop, for what several threads change; what one thread
  /// measures is cheaper to `set`, and what is begun and ended cheaper in an `up_down`.
  template <class T>
  void add(T amount) const noexcept {
    static_assert(std::is_arithmetic_v<T>, "a gauge holds a number: pass an integer or a floating-point value");
    if (this->exists()) [[likely]] {
      detail::common_add(this->shared_cell(), static_cast<double>(amount));
    } else {
      this->count_label_drop();
    }
  }

  /// One more, and one less.
  void inc() const noexcept { add(1.0); }
  void dec() const noexcept { add(-1.0); }

  /// Sets the present time, in seconds since 1970 (UTC), such as for the last success of a job.
  void set_to_current_time() const noexcept { set(std::chrono::system_clock::now().time_since_epoch()); }

  /// The last value set, by any thread; 0 before.
  [[nodiscard]] double value() const noexcept { return std::bit_cast<double>(this->read()[0]); }

 private:
  VITALS_COLD static void set_first(std::uint32_t at, double value) noexcept {
    Registry::cells::store_first(at, std::bit_cast<std::uint64_t>(value));
  }
};

/// A descriptor of a gauge: `struct temperature : vitals::gauge<"room_celsius", "Temperature of the room."> {};`
/// Each series has a cache line of its own. Options: labels, a unit, `packed`.
template <fixed_string Name, fixed_string Help, class... Options>
struct gauge : detail::descriptor<Name, Help, Options...> {
 private:
  using base = detail::descriptor<Name, Help, Options...>;
  static_assert(!base::name.ends_with("_total"), "only a counter's name ends in _total: leave it out");
  static_assert(!detail::ends_as_sample(base::name),
                "_bucket, _count, _sum and _created are a histogram's: choose another ending");
  static_assert(!base::is_shared, "a gauge is always shared by all threads: leave out vitals::shared");

 public:
  static constexpr metric_type type = metric_type::gauge;
  static constexpr value_kind kind = value_kind::real;
  static constexpr detail::shape shape{.stride = base::is_packed ? 1 : std::uint32_t{detail::cells_a_line},
                                       .series = detail::label_facts<typename base::labels>::series,
                                       .shared = true,
                                       .label_drops = detail::label_facts<typename base::labels>::can_miss};
  template <class Registry, class Metric>
  using handle = gauge_handle<Registry, Metric>;
};

}  // namespace vitals::inline v0

#endif
// A histogram: how values are distributed over buckets, and their sum.
#ifndef VITALS_METRIC_HISTOGRAM_HPP
#define VITALS_METRIC_HISTOGRAM_HPP

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <ratio>
#include <type_traits>

// The bucket of a value in constant time: a table built when compiling, and one compare.
#ifndef VITALS_METRIC_BUCKET_INDEX_HPP
#define VITALS_METRIC_BUCKET_INDEX_HPP

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

// A number held within limits, without a branch.
#ifndef VITALS_METRIC_HELD_HPP
#define VITALS_METRIC_HELD_HPP

#include <type_traits>

namespace vitals::inline v0::detail {

/// The same number, of which the compiler knows nothing. (What g++ knows of a number it makes branches of, and those
/// would be mispredicted: which bucket is next cannot be learned.)
VITALS_HOT constexpr double unknown(double value) noexcept {
#if defined(__x86_64__)
  if (!std::is_constant_evaluated()) {
    asm("" : "+x"(value));
  }
#endif
  return value;
}

/// `value`, but at least `least`: one instruction.
VITALS_HOT constexpr double raised(double value, double least) noexcept {
  return unknown(value > least ? value : least);
}

/// `value`, but at least `least` and at most `most`: two instructions.
VITALS_HOT constexpr double held(double value, double least, double most) noexcept {
  const double from_below = raised(value, least);
  return unknown(from_below < most ? from_below : most);
}

}  // namespace vitals::inline v0::detail

#endif

namespace vitals::inline v0::detail {

/// Maps numbers to slots by the top bits of their double: exponent and first bits of the mantissa. The map never
/// falls as values rise. So a bound in a lower slot than a value is below it, a bound in a higher slot above it, and
/// only bounds in the value's own slot need a compare.
struct slot_map {
  int shift = 62;          ///< bits below these do not matter
  std::uint32_t low = 0;   ///< the top bits of the first slot, just below the smallest non-zero bound
  std::uint32_t high = 0;  ///< the top bits of the last slot, that of the largest bound or of the largest value
  bool two_signs = false;  ///< negative values have slots of their own, below
  bool whole = false;      ///< no value lies above the last slot

  [[nodiscard]] constexpr std::uint32_t half() const noexcept { return high - low + 1; }

  /// For any number but NaN; where `two_signs` is not set, for none that is negative.
  [[nodiscard]] VITALS_HOT constexpr std::size_t slot(double value) const noexcept {
    const double least = std::bit_cast<double>(std::uint64_t{low} << shift);
    const double most = std::bit_cast<double>(std::uint64_t{high} << shift);
    const bool negative = two_signs && value < 0;
    const double size = negative ? -value : value;
    const std::size_t top =
        std::bit_cast<std::uint64_t>(whole ? raised(size, least) : held(size, least, most)) >> shift;
    if (!two_signs) {
      return top - low;
    }
    return negative ? high - top : half() + top - low;
  }
};

/// What the table of one list of bounds looks like.
struct table_plan {
  slot_map map;
  std::size_t slots = 1;
  std::size_t most = 0;  ///< bounds in the fullest slot
};

inline constexpr std::size_t table_bytes = 512;

/// Chooses the fewest bits at which no slot has two bounds, within 512 bytes; else those at which the fullest slot has
/// fewest. Where there is room it has slots for all values that an integer can have, which saves holding them.
template <class T, std::size_t N>
constexpr table_plan plan_table(const std::array<T, N>& bounds) noexcept {
  constexpr std::uint64_t sign = std::uint64_t{1} << 63;
  std::uint64_t smallest = sign;
  std::uint64_t largest = 0;
  for (const T bound : bounds) {
    const std::uint64_t size = std::bit_cast<std::uint64_t>(static_cast<double>(bound)) & ~sign;
    smallest = size != 0 && size < smallest ? size : smallest;
    largest = size > largest ? size : largest;
  }
  table_plan best;
  best.most = N;
  best.map.two_signs = bounds[0] < T{0};
  best.slots = best.map.two_signs ? 2 : 1;
  if (largest == 0) {  // 0 is the only bound
    return best;
  }
  const std::uint64_t greatest = std::bit_cast<std::uint64_t>(static_cast<double>(std::numeric_limits<T>::max()));
  const std::size_t room = table_bytes / (N < 256 ? 1 : 2) / (best.map.two_signs ? 2 : 1);
  for (int shift = 62; shift >= 32; --shift) {
    table_plan plan;
    plan.map = {.shift = shift,
                .low = static_cast<std::uint32_t>(smallest >> shift) - (smallest >> shift == 0 ? 0 : 1),
                .high = static_cast<std::uint32_t>(largest >> shift),
                .two_signs = best.map.two_signs};
    if (plan.map.half() > room) {
      break;
    }
    if (std::numeric_limits<T>::is_integer && (greatest >> shift) - plan.map.low < room) {
      plan.map.high = static_cast<std::uint32_t>(greatest >> shift);
      plan.map.whole = true;
    }
    plan.slots = std::size_t{plan.map.half()} * (plan.map.two_signs ? 2 : 1);
    std::size_t run = 0;
    std::size_t last = plan.slots;
    for (const T bound : bounds) {
      const std::size_t slot = plan.map.slot(static_cast<double>(bound));
      run = slot == last ? run + 1 : 1;
      last = slot;
      plan.most = run > plan.most ? run : plan.most;
    }
    if (plan.most < best.most || shift == 62) {
      best = plan;
    }
    if (best.most <= 1) {
      break;
    }
  }
  return best;
}

/// Finds the bucket of a value among `Bounds::list`, an ascending array of doubles or of integers.
template <class Bounds>
struct bucket_index {
 private:
  using value_type = typename std::remove_cvref_t<decltype(Bounds::list)>::value_type;
  static constexpr std::size_t count = Bounds::list.size();
  static constexpr table_plan plan = plan_table(Bounds::list);
  using entry = std::conditional_t<(count < 256), std::uint8_t, std::uint16_t>;

  /// Where no value is negative, doubles compare as their bits do: by one instruction less, and sooner.
  using key = std::conditional_t<plan.map.two_signs, value_type, std::uint64_t>;
  VITALS_HOT static constexpr key key_of(value_type value) noexcept {
    if constexpr (plan.map.two_signs) {
      return value;
    } else {
      return std::bit_cast<std::uint64_t>(value);
    }
  }

  /// In one place, so that one address leads to both.
  struct table {
    /// The bounds, and behind them as many that no value exceeds as a slot may look at.
    std::array<key, count + plan.most> bounds{};
    /// For each slot, how many bounds lie in lower slots.
    std::array<entry, plan.slots> below{};
  };
  static constexpr table lookup = [] {
    table made;
    for (std::size_t i = 0; i != made.bounds.size(); ++i) {
      made.bounds[i] =
          key_of(i < count                                       ? Bounds::list[i]
                 : std::numeric_limits<value_type>::has_infinity ? std::numeric_limits<value_type>::infinity()
                                                                 : std::numeric_limits<value_type>::max());
    }
    std::size_t passed = 0;
    for (std::size_t s = 0; s != plan.slots; ++s) {
      while (passed != count && plan.map.slot(static_cast<double>(Bounds::list[passed])) < s) {
        ++passed;
      }
      made.below[s] = static_cast<entry>(passed);
    }
    return made;
  }();

 public:
  static_assert(count < 65536);

  /// Bytes of the table, for reports.
  static constexpr std::size_t bytes = sizeof(lookup.below);

  /// How many bounds are below `value`: the index of its bucket, 0 to count. Not for NaN; where no bound is negative,
  /// for no value with a minus sign, not even -0.
  [[nodiscard]] VITALS_HOT static constexpr std::size_t find(value_type value) noexcept {
    const key sought = key_of(value);
    const std::size_t first = lookup.below[plan.map.slot(static_cast<double>(value))];
    std::size_t found = first;
    if constexpr (plan.most <= 4) {
      for (std::size_t i = 0; i != plan.most; ++i) {
        found += lookup.bounds[first + i] < sought ? 1U : 0U;
      }
    } else {  // halve the slot's bounds without a branch
      for (std::size_t left = plan.most; left != 0;) {
        const std::size_t step = (left + 1) / 2;
        found += lookup.bounds[found + step - 1] < sought ? step : 0U;
        left -= step;
      }
    }
    return found;
  }
};

}  // namespace vitals::inline v0::detail

#endif
// Any duration, and any number of seconds, as whole nanoseconds; nothing overflows.
#ifndef VITALS_METRIC_DURATION_HPP
#define VITALS_METRIC_DURATION_HPP

#include <concepts>
#include <cstdint>
#include <limits>
#include <ratio>

namespace vitals::inline v0::detail {

using nanos = std::int64_t;
inline constexpr nanos most_nanos = std::numeric_limits<nanos>::max();

/// Seconds to the nearest nanosecond, held at +-292 years (also for infinities). Not for NaN; without `Signed`, for
/// nothing negative.
template <bool Signed = true>
VITALS_HOT constexpr nanos nanos_of_seconds(double seconds) noexcept {
  constexpr double limit = 9223372036854775808.0;  // 2^63
  constexpr double half = 0.49999999999999994;     // the double below 0.5, which would lift odd numbers past 2^52
  const double exact = seconds * 1e9;
  const double rounded = exact + (Signed && exact < 0 ? -half : half);
  if (rounded >= limit) [[unlikely]] {
    return most_nanos;
  }
  if (Signed && rounded <= -limit) [[unlikely]] {
    return -most_nanos;
  }
  return static_cast<nanos>(rounded);
}

/// A duration to the nearest nanosecond, held at +-292 years; without `Signed`, a negative one is just negative. A
/// duration of doubles must not be NaN.
template <bool Signed = true, class Rep, class Period>
VITALS_HOT constexpr nanos nanos_of(std::chrono::duration<Rep, Period> d) noexcept {
  using to_nano = std::ratio_divide<Period, std::nano>;
  if constexpr (!std::integral<Rep>) {
    return nanos_of_seconds(static_cast<double>(d.count()) * static_cast<double>(Period::num) /
                            static_cast<double>(Period::den));
  } else if constexpr (to_nano::den == 1) {
    nanos result = 0;
    if (__builtin_mul_overflow(d.count(), nanos{to_nano::num}, &result)) [[unlikely]] {
      return d.count() < 0 ? -most_nanos : most_nanos;
    }
    return Signed && result < -most_nanos ? -most_nanos : result;
  } else {
    const wide exact = static_cast<wide>(d.count()) * to_nano::num;
    const wide rounded = (exact + (exact < 0 ? -1 : 1) * (to_nano::den / 2)) / to_nano::den;
    return rounded > most_nanos ? most_nanos : rounded < -most_nanos ? -most_nanos : static_cast<nanos>(rounded);
  }
}

}  // namespace vitals::inline v0::detail

#endif
// A timer: observes the time that it lived.
#ifndef VITALS_METRIC_TIMER_HPP
#define VITALS_METRIC_TIMER_HPP

namespace vitals::inline v0 {

/// Observes the time from its making to the end of its scope, in a histogram's series. Stays on one thread's stack.
template <class Handle, class Clock>
class [[nodiscard("a timer records when it leaves its scope: give it a name, auto timing = ...")]] timer {
 public:
  explicit timer(Handle series) noexcept : series_(series), start_(Clock::now()) {}
  timer(const timer&) = delete;
  timer& operator=(const timer&) = delete;
  ~timer() {
    if (running_) {
      series_.observe(Clock::now() - start_);
    }
  }

  /// Observes now, and not again at the end of the scope. Does nothing the second time.
  void stop() noexcept {
    if (running_) {
      series_.observe(Clock::now() - start_);
      running_ = false;
    }
  }

  /// Observes now, with an exemplar.
  void stop(const exemplar& e) noexcept {
    if (running_) {
      series_.observe(Clock::now() - start_, e);
      running_ = false;
    }
  }

  /// Observes nothing.
  void cancel() noexcept {
    running_ = false;
  }

  /// The time so far.
  [[nodiscard]] typename Clock::duration elapsed() const noexcept {
    return Clock::now() - start_;
  }

 private:
  Handle series_;
  typename Clock::time_point start_;
  bool running_ = true;
};

}  // namespace vitals::inline v0

#endif

namespace vitals::inline v0 {

/// What a series of a histogram holds: one reading over all threads.
template <std::size_t Buckets>
struct histogram_reading {
  std::array<std::uint64_t, Buckets> buckets{};  ///< each bucket's own count, the last one above all bounds
  std::uint64_t count = 0;                       ///< the sum of the buckets
  double sum = 0;                                ///< of the values; seconds for durations
};

/// A series of a histogram.
template <class Registry, class Metric>
class histogram_handle : detail::handle<Registry, Metric> {
  static constexpr bool durations = Metric::kind == value_kind::duration_histogram;
  static constexpr bool signed_values = Metric::shape.may_fall;
  static constexpr std::uint32_t bucket_count = Metric::buckets;

 public:
  using detail::handle<Registry, Metric>::handle;

  /// Counts `value` in its bucket and adds it to the sum. In a histogram of durations it is in seconds, rounded to
  /// nanoseconds and held at 292 years. NaN, and a negative value where no bound is negative, are dropped and counted;
  /// an infinity counts in the outermost bucket and leaves the sum alone. (Doubles may still add up to one, and where
  /// no value is refused for its sign two such to NaN.) Lock-free; in a signal handler only for `shared` metrics.
  template <class T>
  VITALS_HOT void observe(T value) const noexcept {
    static_assert(std::is_arithmetic_v<T>, "a histogram observes a number, or a duration");
    const auto real = static_cast<double>(value);
    const auto bits = std::bit_cast<std::uint64_t>(real);
    if ((signed_values ? bits & ~sign_bit : bits) >= infinity_bits) [[unlikely]] {
      observe_odd(this->offset_, real);
    } else if constexpr (durations) {
      count(detail::nanos_of_seconds<signed_values>(real));
    } else {
      count(real);
    }
  }

  /// Counts a duration, held at 292 years; only in a histogram whose name ends in `_seconds`.
  template <class Rep, class Period>
  VITALS_HOT void observe(std::chrono::duration<Rep, Period> value) const noexcept {
    static_assert(durations, "this histogram counts plain numbers: end its name in _seconds to observe durations");
    if constexpr (!std::is_integral_v<Rep>) {
      observe(std::chrono::duration<double>(value).count());
    } else if constexpr (durations) {
      constexpr bool may_round_to_0 = std::ratio_less_v<Period, std::nano>;
      if (may_round_to_0 && !signed_values && value.count() < 0) [[unlikely]] {
        this->count_value_drop();
      } else {
        count(detail::nanos_of<signed_values>(value));
      }
    }
  }

  /// Counts a number or a duration as above, and keeps the exemplar in its bucket. Only with the option `exemplars`.
  template <class T>
  VITALS_HOT void observe(T value, const exemplar& e) const noexcept {
    observe(value);
    keep_of(value, e);
  }

  /// A timer that observes its lifetime here. `Clock` is steady_clock, or `tsc_clock` for half its cost.
  template <class Clock = std::chrono::steady_clock>
  timer<histogram_handle, Clock> time() const noexcept {
    static_assert(durations, "this histogram counts plain numbers: end its name in _seconds to time something");
    static_assert(Clock::is_steady, "a timer needs a steady clock: std::chrono::steady_clock or vitals::tsc_clock");
    return timer<histogram_handle, Clock>{*this};
  }

  /// A reading over all threads, for tests and reports. Takes a mutex: not for a hot path.
  [[nodiscard]] histogram_reading<bucket_count> value() const noexcept {
    const auto read = detail::handle<Registry, Metric>::read();
    histogram_reading<bucket_count> reading;
    for (std::uint32_t i = 0; i != bucket_count; ++i) {
      reading.buckets[i] = read[1 + i];
      reading.count += read[1 + i];
    }
    reading.sum = durations ? static_cast<double>(detail::plain_wide(read.front(), read.back())) / 1e9
                            : std::bit_cast<double>(read.front());
    return reading;
  }

 private:
  static constexpr std::uint64_t sign_bit = std::uint64_t{1} << 63;
  static constexpr std::uint64_t infinity_bits = 0x7FF0000000000000U;

  using cells = typename Registry::cells;
  using cell = detail::cell;
  using comparable = std::conditional_t<durations, detail::nanos, double>;
  static constexpr std::uint32_t last = Metric::shape.width - 1;

  /// Counts in this thread's cells, for almost all values; false, and nothing counted, for those that are left to the
  /// cold path. The bucket before the sum: the other way round takes a tenth longer.
  VITALS_HOT static bool count_own(cell* series, std::size_t bucket, comparable value) noexcept {
    if constexpr (durations) {
      std::uint64_t sum = 0;
      if (!detail::wide_total::own_next<signed_values>(series[0].load(std::memory_order_relaxed), value, sum))
          [[unlikely]] {
        return false;
      }
      detail::own_add(series[1 + bucket], std::uint64_t{1});
      series[0].store(sum, std::memory_order_release);  // as wide_total has it; costs nothing on x86
    } else {
      detail::own_add(series[1 + bucket], std::uint64_t{1});
      detail::own_add(series[0], value);
    }
    return true;
  }

  static void add_common_sum(cell* series, comparable value) noexcept {
    if constexpr (durations) {
      detail::wide_total::common_add(series[0], series[last], value);
    } else {
      detail::common_add(series[0], value);
    }
  }

  /// Counts a value; of those that may be refused only a duration may come here.
  VITALS_HOT void count(comparable value) const noexcept {
    const std::size_t bucket = Metric::index::find(value);
    if constexpr (Metric::shape.shared) {
      if (durations && !signed_values && value < 0) [[unlikely]] {
        this->count_value_drop();
      } else {
        this->add_to(1 + static_cast<std::uint32_t>(bucket), std::uint64_t{1});
        add_common_sum(&this->shared_cell(), value);
      }
    } else if (cell* const mine = cells::mine; cells::attached(mine) && count_own(mine + this->offset_, bucket, value))
        [[likely]] {
      return;
    } else {
      count_cold(this->offset_, static_cast<std::uint32_t>(bucket), value);
    }
  }

  /// A thread's first touch, or one after its end; a duration that is refused, or that moves the sum's high cell.
  VITALS_COLD static void count_cold(std::uint32_t offset, std::uint32_t bucket, comparable value) noexcept {
    if (durations && !signed_values && value < 0) {
      histogram_handle::count_value_drop();
      return;
    }
    cells::add(offset + 1 + bucket, std::uint64_t{1});
    if (cell* const mine = cells::attach(); mine == nullptr) {
      add_common_sum(cells::record().retired + offset, value);
    } else if constexpr (durations) {
      detail::wide_total::own_add(mine[offset], mine[offset + last], value);
    } else {
      detail::own_add(mine[offset], value);
    }
  }

  /// Keeps an exemplar of a value that was observed, but for one that was dropped. (It finds the bucket again: without
  /// an exemplar `observe` has nobody to tell it to, and would be slower if it did.)
  template <class T>
  void keep_of(T value, const exemplar& e) const noexcept {
    const auto real = static_cast<double>(value) + 0.0;  // -0 becomes 0
    if (real != real || (!signed_values && real < 0)) {
      return;
    }
    if (real - real != 0) {
      this->keep(e, real, real < 0 ? 0 : Metric::shape.points - 1);
    } else if constexpr (durations) {
      keep_counted(detail::nanos_of_seconds(real), e);
    } else {
      keep_counted(real, e);
    }
  }
  template <class Rep, class Period>
  void keep_of(std::chrono::duration<Rep, Period> value, const exemplar& e) const noexcept {
    if constexpr (!std::is_integral_v<Rep>) {
      keep_of(std::chrono::duration<double>(value).count(), e);
    } else if constexpr (durations) {
      if (signed_values || value.count() >= 0) [[likely]] {
        keep_counted(detail::nanos_of(value), e);
      }
    }
  }
  void keep_counted(comparable value, const exemplar& e) const noexcept {
    auto bucket = static_cast<std::uint32_t>(Metric::index::find(value));
    if constexpr (requires { Metric::native_buckets; }) {  // the classic one that it is a part of
      bucket = (bucket + Metric::native_buckets.parts - 1) / Metric::native_buckets.parts;
    }
    this->keep(e, durations ? static_cast<double>(value) / 1e9 : static_cast<double>(value), bucket);
  }

  /// NaN, an infinity, or a negative value (-0 is none) where no bound is negative.
  VITALS_COLD static void observe_odd(std::uint32_t offset, double value) noexcept {
    const histogram_handle series{offset};
    if (value == 0) {
      series.observe(0.0);
    } else if (value > 0) {
      series.add_to(bucket_count, std::uint64_t{1});
    } else if (signed_values && value < 0) {
      series.add_to(1, std::uint64_t{1});
    } else {
      series.count_value_drop();
    }
  }
};

namespace detail {

/// Bounds as the histogram compares them: doubles, or whole nanoseconds.
template <class Buckets>
struct real_bounds {
  static constexpr auto list = [] {
    auto all = Buckets::bounds;
    for (double& bound : all) {
      bound = bound == 0 ? 0 : bound;  // -0 becomes 0
    }
    return all;
  }();
};

template <class Buckets>
struct duration_bounds {
  static constexpr auto list = [] {
    std::array<nanos, Buckets::bounds.size()> all{};
    for (std::size_t i = 0; i != all.size(); ++i) {
      all[i] = nanos_of_seconds(Buckets::bounds[i]);
    }
    return all;
  }();
  /// The same in seconds, as they are printed.
  static constexpr auto seconds = [] {
    auto all = Buckets::bounds;
    for (std::size_t i = 0; i != all.size(); ++i) {
      all[i] = static_cast<double>(list[i]) / 1e9;
    }
    return all;
  }();
};

/// The index of the first bound that does not ascend is in the error's instantiation.
template <std::size_t Index>
struct bounds_descend_at {
  static_assert(Index == npos, "a histogram's bounds ascend, are finite and leave out +Inf: put them in order");
};

}  // namespace detail

/// A descriptor of a histogram: `struct latency : vitals::histogram<"request_duration_seconds", "Time to serve.",
/// vitals::buckets::web> {};` One whose name ends in `_seconds` counts durations, exactly, in nanoseconds; any other
/// counts doubles. Options: labels, a unit, `shared`, `packed`, `exemplars`.
template <fixed_string Name, fixed_string Help, class Buckets, class... Options>
struct histogram : detail::descriptor<Name, Help, Options...> {
 private:
  using base = detail::descriptor<Name, Help, Options...>;
  static_assert(!base::name.ends_with("_total"), "only a counter's name ends in _total: leave it out");
  static_assert(!detail::ends_as_sample(base::name),
                "a histogram adds _bucket, _count, _sum and _created to its name itself: choose another ending");
  static_assert(Buckets::bounds.size() != 0, "a histogram has at least one bound");
  static_assert(Buckets::bounds.size() <= detail::most_bounds, "a histogram has at most 1,000 bounds: take fewer");
  static_assert(sizeof(detail::bounds_descend_at<detail::first_descent(Buckets::bounds)>) != 0);
  static constexpr bool durations = base::name.ends_with("_seconds");
  using comparable = std::conditional_t<durations, detail::duration_bounds<Buckets>, detail::real_bounds<Buckets>>;

  static constexpr auto printed_bounds() noexcept {
    if constexpr (durations) {
      constexpr auto seconds = detail::duration_bounds<Buckets>::seconds;
      static_assert(seconds.front() > -9e9 && seconds.back() < 9e9, "a bound in seconds is below 285 years");
      static_assert(detail::first_descent(seconds) == detail::npos,
                    "a histogram of seconds counts whole nanoseconds: two of its bounds round to the same one");
      return seconds;
    } else {
      return detail::real_bounds<Buckets>::list;
    }
  }

  static constexpr detail::shape make_shape() noexcept {
    const std::uint32_t width = Buckets::bounds.size() + (durations ? 3 : 2);
    constexpr std::uint32_t line = detail::cells_a_line;
    const bool apart = base::is_shared && !base::is_packed;
    return {.kind = durations ? detail::abi::summing::duration_histogram : detail::abi::summing::real_histogram,
            .width = width,
            .stride = apart ? (width + line - 1) / line * line : detail::line_stride(width),
            .series = detail::label_facts<typename base::labels>::series,
            .may_fall = Buckets::bounds[0] < 0,
            .shared = base::is_shared,
            .trash = detail::label_facts<typename base::labels>::can_miss,
            .value_drops = true,
            .points = base::has_exemplars ? static_cast<std::uint32_t>(Buckets::bounds.size()) + 1 : 0};
  }

 public:
  static constexpr metric_type type = metric_type::histogram;
  static constexpr value_kind kind = durations ? value_kind::duration_histogram : value_kind::real_histogram;
  static constexpr auto bounds = printed_bounds();
  static constexpr std::uint32_t buckets = bounds.size() + 1;
  static constexpr detail::shape shape = make_shape();
  using index = detail::bucket_index<comparable>;
  template <class Registry, class Metric>
  using handle = histogram_handle<Registry, Metric>;
};

}  // namespace vitals::inline v0

#endif
// Info: facts about a program that do not change while it runs, as the labels of a series whose value is 1.
#ifndef VITALS_METRIC_INFO_HPP
#define VITALS_METRIC_INFO_HPP

namespace vitals::inline v0 {

/// A label with one value: `constant<"version", "1.4.2">`.
template <fixed_string Name, fixed_string Value>
using constant = label<Name, one_of<Value>>;

namespace detail {

/// A series of an info: there is nothing to update.
template <class Registry, class Metric>
struct info_handle {
  explicit constexpr info_handle(std::uint32_t) noexcept {}
};

#if defined(__clang__)
inline constexpr fixed_string compiler{"clang " __clang_version__};
#else
inline constexpr fixed_string compiler{"g++ " __VERSION__};
#endif

}  // namespace detail

/// A descriptor of an info: `struct disk : vitals::info<"disk_info", "The data disk.", constant<"model", "X9">> {};`
template <fixed_string Name, fixed_string Help, class... Labels>
struct info : detail::descriptor<Name, Help, Labels...> {
 private:
  using base = detail::descriptor<Name, Help, Labels...>;
  static_assert(base::name.ends_with("_info"), "an info's name ends in _info: write \"app_build_info\"");
  static_assert(base::unit.empty(), "an info has no unit: leave it out");
  static_assert(detail::label_facts<typename base::labels>::count != 0,
                "an info's labels are what it says: add vitals::constant<\"version\", \"1.4.2\">");
  static_assert(detail::label_facts<typename base::labels>::series == 1,
                "an info's labels have one value each: write vitals::constant<\"version\", \"1.4.2\">");
  static_assert(!base::is_shared && !base::is_packed, "an info has no storage: leave out shared and packed");

 public:
  static constexpr metric_type type = metric_type::info;
  static constexpr value_kind kind = value_kind::one;
  static constexpr detail::shape shape{.width = 0, .stride = 0};
  template <class Registry, class Metric>
  using handle = detail::info_handle<Registry, Metric>;
};

/// Which build runs, with the compiler that made it: `struct build : vitals::build_info<"app_build_info", "1.4.2",
/// "9fceb02"> {};`
template <fixed_string Name, fixed_string Version, fixed_string Commit>
struct build_info : info<Name, "Which build runs, and what compiled it.", constant<"version", Version>,
                         constant<"commit", Commit>, constant<"compiler", detail::compiler>> {};

}  // namespace vitals::inline v0

#endif
// A gauge of the largest value within a time window: for queues and other things whose peaks fall between two scrapes.
#ifndef VITALS_METRIC_MAX_GAUGE_HPP
#define VITALS_METRIC_MAX_GAUGE_HPP

#include <bit>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace vitals::inline v0 {

/// An option of a max_gauge: how far it looks back, `window<30s>` or, in seconds, `window<30>`.
template <number Length>
struct window {
  static constexpr double seconds = Length;
};

namespace detail {

template <class T>
inline constexpr bool is_window = false;
template <number Length>
inline constexpr bool is_window<window<Length>> = true;

/// A window's length; that of no window is 0.
template <class T>
inline constexpr double window_seconds = 0;
template <number Length>
inline constexpr double window_seconds<window<Length>> = window<Length>::seconds;

/// A shorter one would be near the coarse clock's ticks.
template <class T>
inline constexpr bool window_is_legal =
    !is_window<T> || (window_seconds<T> >= 0.1 && window_seconds<T> <= 86400.0 * 365);

template <class Option>
using unless_window = std::conditional_t<is_window<Option>, list<>, list<Option>>;

/// The base of a max_gauge: its window is no business of other metrics.
template <fixed_string Name, fixed_string Help, class Options>
struct max_base;
template <fixed_string Name, fixed_string Help, class... Options>
struct max_base<Name, Help, list<Options...>> : descriptor<Name, Help, Options...> {};

}  // namespace detail

/// A series of a max_gauge.
template <class Registry, class Metric>
class max_gauge_handle : detail::handle<Registry, Metric> {
  using cells = typename Registry::cells;
  static constexpr std::uint64_t part = Metric::shape.part;

 public:
  using detail::handle<Registry, Metric>::handle;

  /// Observes a value: any double, infinities too; NaN is dropped and counted. Stores nothing where the thread has
  /// observed one as large lately. Lock-free; reads the coarse clock; not for signal handlers.
  template <class T>
  VITALS_HOT void observe(T value) const noexcept {
    static_assert(std::is_arithmetic_v<T>, "a max_gauge observes a number, or a duration");
    const auto real = static_cast<double>(value);
    if (!this->exists()) [[unlikely]] {
      this->count_label_drop();
    } else if (real != real) [[unlikely]] {
      this->count_value_drop();
    } else {
      const std::uint64_t epoch = detail::max_ring::epoch_at(detail::coarse_nanoseconds(), part);
      if (detail::cell* const mine = cells::mine; cells::attached(mine)) [[likely]] {
        detail::max_ring::raise(mine + this->offset_, epoch, real);
      } else {
        observe_cold(this->offset_, epoch, real);
      }
    }
  }

  /// Observes a duration, in seconds; for gauges whose name ends in `_seconds`.
  template <class Rep, class Period>
  VITALS_HOT void observe(std::chrono::duration<Rep, Period> value) const noexcept {
    static_assert(Metric::name.ends_with("_seconds"), "a duration is in seconds: end the max_gauge's name in _seconds");
    observe(std::chrono::duration<double>(value).count());
  }

  /// The largest value that any thread has observed within the window; NaN where there is none. Takes a mutex: not for
  /// a hot path.
  [[nodiscard]] double value() const noexcept {
    return this->exists() ? std::bit_cast<double>(this->read()[0]) : std::numeric_limits<double>::quiet_NaN();
  }

 private:
  /// A thread's first touch, or one after its end, which goes to the retired ring as a fold does.
  VITALS_COLD static void observe_cold(std::uint32_t offset, std::uint64_t epoch, double value) noexcept {
    if (detail::cell* const mine = cells::attach()) {
      detail::max_ring::raise(mine + offset, epoch, value);
    } else {
      detail::cell* const retired = cells::record().retired;
      const std::lock_guard lock{detail::abi::the_directory.mutex};
      detail::max_ring::fold(retired + offset, epoch, value, epoch);
    }
  }
};

/// A descriptor of a gauge that shows the largest value within the last 60 s, or within another window:
/// `struct depth : vitals::max_gauge<"queue_depth_max", "Jobs that waited.", vitals::window<30s>> {};` A value is shown
/// for the window's length at least, and a seventh of it longer at most. A scrape changes nothing, so any number of
/// scrapers see the same. Options: a window, labels, a unit.
template <fixed_string Name, fixed_string Help, class... Options>
struct max_gauge : detail::max_base<Name, Help, decltype((detail::list<>{} + ... + detail::unless_window<Options>{}))> {
 private:
  using base = typename max_gauge::max_base;
  static_assert(!base::name.ends_with("_total"), "only a counter's name ends in _total: leave it out");
  static_assert(!detail::ends_as_sample(base::name),
                "_bucket, _count and _sum are a histogram's: choose another ending");
  static_assert((0 + ... + (detail::is_window<Options> ? 1 : 0)) <= 1,
                "a max_gauge has one window: leave out the other");
  static_assert(!base::is_shared, "a max_gauge is kept for each thread: leave out vitals::shared");
  static_assert((... && detail::window_is_legal<Options>),
                "a window is from 100ms to a year long: write vitals::window<30s>");
  static constexpr double given = (0.0 + ... + detail::window_seconds<Options>);
  static constexpr auto length = static_cast<std::uint64_t>(detail::nanos_of_seconds(given == 0 ? 60 : given));

 public:
  static constexpr metric_type type = metric_type::gauge;
  static constexpr value_kind kind = value_kind::maximum;
  static constexpr detail::shape shape{.kind = detail::abi::summing::maxima,
                                       .width = detail::max_ring::cells,
                                       .stride = detail::max_ring::cells,
                                       .series = detail::label_facts<typename base::labels>::series,
                                       .may_fall = true,
                                       .label_drops = detail::label_facts<typename base::labels>::can_miss,
                                       .value_drops = true,
                                       .part = detail::max_ring::part_of(length)};
  template <class Registry, class Metric>
  using handle = max_gauge_handle<Registry, Metric>;
};

}  // namespace vitals::inline v0

#endif
// A native histogram: many narrow buckets of fixed growth, for quantiles without bounds to choose.
#ifndef VITALS_METRIC_NATIVE_HISTOGRAM_HPP
#define VITALS_METRIC_NATIVE_HISTOGRAM_HPP

#include <cstdint>

// Exponential buckets of native histograms: 2^schema of them between neighbouring powers of two.
// https://prometheus.io/docs/specs/native_histograms/
#ifndef VITALS_METRIC_NATIVE_HPP
#define VITALS_METRIC_NATIVE_HPP

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace vitals::inline v0 {

/// The buckets of a native histogram: `Schema` (-4 to 8) fixes their width, a factor of 2^(2^-Schema): 1.09 for 3. The
/// zero bucket reaches to 2^Low; above 2^High values go to the outermost bucket. All of it is fixed, so that no cell
/// ever changes its meaning: a series takes 8 bytes a thread for each bucket, 2^Schema x (High - Low) of them.
/// The default takes a microsecond to 17 minutes, in seconds, with 9% a bucket: 2 KB.
template <int Schema = 3, int Low = -20, int High = 10>
struct native {
  static constexpr int schema = Schema;
  static constexpr int low = Low;
  static constexpr int high = High;
  static_assert(Schema >= -4 && Schema <= 8, "a native histogram's schema is from -4 to 8");
  static_assert(Low < High && Low >= -1022 && High <= 1023,
                "a native histogram reaches from 2^Low to 2^High, exponents of a double: put them in order");

  /// How many powers of two lie between two bounds, for a schema below 0.
  static constexpr int step = Schema < 0 ? 1 << -Schema : 1;
  static_assert(Low % step == 0 && High % step == 0,
                "this schema's bounds are powers of two whose exponents are multiples of 2^-Schema: choose such ends");
  /// Buckets between neighbouring powers of two that are bounds.
  static constexpr std::uint32_t parts = Schema > 0 ? 1U << Schema : 1U;
  /// Buckets between the zero bucket and what lies above.
  static constexpr std::uint32_t buckets = static_cast<std::uint32_t>((High - Low) / step) * parts;
  static_assert(buckets <= 16384, "a native histogram has at most 16,384 buckets: take a smaller schema or range");

  /// The powers of two that are bounds: what formats show that have classic buckets only.
  static constexpr auto bounds = [] {
    std::array<double, static_cast<std::size_t>((High - Low) / step) + 1> all{};
    for (std::size_t i = 0; i != all.size(); ++i) {
      const int exponent = Low + static_cast<int>(i) * step;
      all[i] = std::bit_cast<double>(static_cast<std::uint64_t>(exponent + 1023) << 52);
    }
    return all;
  }();
};

namespace detail {

template <class T>
inline constexpr bool is_native = false;
template <int Schema, int Low, int High>
inline constexpr bool is_native<native<Schema, Low, High>> = true;

/// A number with 63 binary places, to the nearest.
constexpr std::uint64_t rounded_63(unsigned_wide with_126) noexcept {
  return static_cast<std::uint64_t>((with_126 + (unsigned_wide{1} << 62)) >> 63);
}

/// The square root of a number of 63 binary places, to the nearest.
constexpr std::uint64_t root_63(unsigned_wide n) noexcept {
  std::uint64_t root = 0;
  for (int bit = 63; bit >= 0; --bit) {
    const std::uint64_t next = root | std::uint64_t{1} << bit;
    root = static_cast<unsigned_wide>(next) * next <= n << 63 ? next : root;
  }
  return root + ((n << 63) - static_cast<unsigned_wide>(root) * root > root ? 1 : 0);
}

/// The fraction bits of the doubles 2^(i / Parts), i from 0 to Parts - 1: products of square roots of square roots
/// of 2.
template <std::uint32_t Parts>
constexpr std::array<std::uint64_t, Parts> exponential_fractions() noexcept {
  constexpr std::uint64_t one = std::uint64_t{1} << 63;
  std::array<std::uint64_t, Parts> all{};
  std::uint64_t root = root_63(unsigned_wide{one} << 1);
  all[0] = one;
  for (std::uint32_t half = Parts / 2; half != 0; half /= 2) {  // those whose last factor is this root
    for (std::uint32_t i = half; i < Parts; i += 2 * half) {
      all[i] = rounded_63(static_cast<unsigned_wide>(all[i - half]) * root);
    }
    root = root_63(root);
  }
  for (std::uint64_t& bound : all) {
    bound = (bound - one + (std::uint64_t{1} << 10)) >> 11;
  }
  return all;
}

/// The bounds of all buckets, the zero bucket's first.
template <class Buckets>
inline constexpr auto native_bounds = [] {
  constexpr auto fractions = exponential_fractions<Buckets::parts>();
  std::array<double, Buckets::buckets + 1> all{};
  for (std::uint32_t i = 0; i != all.size(); ++i) {
    const auto power = static_cast<int>(i / Buckets::parts) * Buckets::step;
    const auto exponent = static_cast<std::uint64_t>(Buckets::low + power + 1023);
    all[i] = std::bit_cast<double>(exponent << 52 | fractions[i % Buckets::parts]);
  }
  return all;
}();

/// Finds a value's bucket from its bits by one addition. Bucket 0 is the zero bucket, the last one takes what is above
/// 2^High; a bucket holds its upper bound.
///
/// Exponent and fraction of a double together are its logarithm, but for the curve between two powers of two: cut off
/// behind `slot_bits - 1` bits of the fraction they would number the buckets, were those of equal width. The table,
/// keyed by one bit more of the fraction, so that a slot holds one bound at most, adds what bends the line to the
/// curve: the buckets that the bounds are ahead, and whatever lifts a value past the cut that lies above the slot's
/// bound.
template <class Buckets>
struct native_index {
  static constexpr std::uint32_t parts = Buckets::parts;
  static constexpr std::uint64_t lowest = std::bit_cast<std::uint64_t>(Buckets::bounds.front());
  static constexpr std::uint64_t highest = std::bit_cast<std::uint64_t>(Buckets::bounds.back());
  static constexpr int part_bits = std::bit_width(parts) - 1;
  /// What stays behind this is the bucket.
  static constexpr int cut = 52 - part_bits + std::bit_width(static_cast<unsigned>(Buckets::step)) - 1;
  static constexpr std::size_t slots = parts == 1 ? 1 : std::size_t{2} * parts;
  static constexpr int slot_shift = 52 - part_bits - 1;

  static constexpr auto table = [] {
    constexpr auto fractions = exponential_fractions<parts>();
    constexpr std::uint64_t slot_width = std::uint64_t{1} << slot_shift;
    std::array<std::uint64_t, slots> all{};
    for (std::size_t slot = 0, below = 0; slot != slots; ++slot) {
      const std::uint64_t begin = slot * slot_width;
      const bool has_bound = below != parts && (slots == 1 || fractions[below] - begin < slot_width);
      // all that lies above this is past one bound more than are below the slot
      const std::uint64_t bound = has_bound ? fractions[below] : begin + slot_width - 1;
      all[slot] = ((below + 1) << cut) - 1 - bound - lowest;
      below += has_bound ? 1 : 0;
    }
    return all;
  }();

  /// For a value that is not negative and not NaN.
  VITALS_HOT static constexpr std::size_t find(double value) noexcept {
    const double within = held(value, std::bit_cast<double>(lowest), std::bit_cast<double>(highest + 1));
    const auto bits = std::bit_cast<std::uint64_t>(within);
    return (bits + table[bits >> slot_shift & (slots - 1)]) >> cut;
  }

  /// A duration's: by its seconds, to one unit in the last place; to the last bit where they are a power of two. (1e-9
  /// is off by less than half of a unit there. Dividing would be exact, and takes half as long again.)
  VITALS_HOT static constexpr std::size_t find(std::int64_t nanoseconds) noexcept {
    return find(static_cast<double>(nanoseconds) * 1e-9);
  }
};

}  // namespace detail

}  // namespace vitals::inline v0

#endif

namespace vitals::inline v0 {

/// A descriptor of a native histogram: `struct latency : vitals::native_histogram<"request_duration_seconds", "Time to
/// serve."> {};` Used as a histogram is. The Prometheus protobuf carries all of its buckets; the text formats show
/// those at powers of two, the same ones in every scrape, with what lies above the range in +Inf alone. A negative
/// value is dropped and counted. Options: labels, a unit, `shared`, `packed`, `exemplars` (for each classic bucket).
template <fixed_string Name, fixed_string Help, class Buckets = native<>, class... Options>
struct native_histogram : detail::descriptor<Name, Help, Options...> {
 private:
  using base = detail::descriptor<Name, Help, Options...>;
  static_assert(detail::is_native<Buckets>,
                "a native histogram's buckets are vitals::native<schema, low, high>, before its labels");
  static_assert(!base::name.ends_with("_total"), "only a counter's name ends in _total: leave it out");
  static_assert(!detail::ends_as_sample(base::name),
                "a histogram adds _bucket, _count, _sum and _created to its name itself: choose another ending");
  static constexpr bool durations = base::name.ends_with("_seconds");

  static constexpr detail::shape make_shape() noexcept {
    constexpr std::uint32_t line = detail::cells_a_line;
    const std::uint32_t width = Buckets::buckets + (durations ? 4 : 3);
    return {.kind = durations ? detail::abi::summing::duration_histogram : detail::abi::summing::real_histogram,
            .width = width,
            .stride = base::is_packed ? width : (width + line - 1) / line * line,
            .series = detail::label_facts<typename base::labels>::series,
            .shared = base::is_shared,
            .trash = detail::label_facts<typename base::labels>::can_miss,
            .value_drops = true,
            .points = base::has_exemplars ? static_cast<std::uint32_t>(Buckets::bounds.size()) + 1 : 0};
  }

 public:
  static constexpr metric_type type = metric_type::histogram;
  static constexpr value_kind kind = durations ? value_kind::duration_histogram : value_kind::real_histogram;
  static constexpr const auto& bounds = Buckets::bounds;
  static constexpr std::uint32_t buckets = Buckets::buckets + 2;  ///< the zero bucket, and what lies above
  static constexpr native_family native_buckets{.schema = Buckets::schema,
                                                .low = Buckets::low,
                                                .parts = Buckets::parts,
                                                .bounds = detail::native_bounds<Buckets>};
  static constexpr detail::shape shape = make_shape();
  using index = detail::native_index<Buckets>;
  template <class Registry, class Metric>
  using handle = histogram_handle<Registry, Metric>;
};

}  // namespace vitals::inline v0

#endif
// A counter of doubles: a total of an amount that is not counted in whole things, such as energy or processor time.
#ifndef VITALS_METRIC_REAL_COUNTER_HPP
#define VITALS_METRIC_REAL_COUNTER_HPP

#include <bit>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace vitals::inline v0 {

/// A series of a counter of doubles.
template <class Registry, class Metric>
class real_counter_handle : detail::handle<Registry, Metric> {
 public:
  using detail::handle<Registry, Metric>::handle;

  /// Adds an amount. A negative one, NaN and infinity are dropped and counted. Lock-free; in a signal handler only for
  /// `shared` metrics. Takes a duration where the name ends in `_seconds_total`.
  template <class T>
  VITALS_HOT void add(T amount) const noexcept {
    if constexpr (requires { std::chrono::duration<double>(amount); } && !std::is_arithmetic_v<T>) {
      static_assert(Metric::name.ends_with("_seconds_total"),
                    "a duration is in seconds: end the counter's name in _seconds_total");
      add(std::chrono::duration<double>(amount).count());
    } else {
      static_assert(std::is_arithmetic_v<T>, "a counter of doubles adds a number, or a duration");
      const auto value = static_cast<double>(amount);
      if (!this->exists()) [[unlikely]] {
        this->count_label_drop();
      } else if (value >= 0 && value <= std::numeric_limits<double>::max()) [[likely]] {
        this->add_to(0, value);
      } else {
        this->count_value_drop();
      }
    }
  }

  /// Adds an amount and keeps the exemplar. Only with the option `exemplars`.
  template <class T>
  VITALS_HOT void add(T amount, const exemplar& e) const noexcept {
    add(amount);
    keep_of(amount, e);
  }

  /// The same as add(amount).
  template <class T>
  VITALS_HOT void inc(T amount) const noexcept {
    add(amount);
  }
  template <class T>
  VITALS_HOT void inc(T amount, const exemplar& e) const noexcept {
    add(amount, e);
  }

  /// Adds one.
  VITALS_HOT void inc() const noexcept { add(1.0); }
  VITALS_HOT void inc(const exemplar& e) const noexcept { add(1.0, e); }

  /// The total over all threads, for tests and reports. Takes a mutex: not for a hot path.
  [[nodiscard]] double value() const noexcept { return std::bit_cast<double>(this->read()[0]); }

 private:
  /// Keeps an exemplar of an amount that was added, but for one that was dropped.
  template <class T>
  void keep_of(T amount, const exemplar& e) const noexcept {
    if constexpr (!std::is_arithmetic_v<T>) {
      keep_of(std::chrono::duration<double>(amount).count(), e);
    } else {
      const auto value = static_cast<double>(amount) + 0.0;  // -0 becomes 0
      if (this->exists() && value >= 0 && value <= std::numeric_limits<double>::max()) {
        this->keep(e, value);
      }
    }
  }
};

/// A descriptor of a counter of doubles: `struct energy : vitals::real_counter<"energy_joules_total", "Energy used.">
/// {};` Its total never falls for a reader, though sums of doubles change in the last place when a thread ends.
/// Options: labels, a unit, `shared`, `packed`, `exemplars`.
template <fixed_string Name, fixed_string Help, class... Options>
struct real_counter : detail::descriptor<Name, Help, Options...> {
 private:
  using base = detail::descriptor<Name, Help, Options...>;
  static_assert(base::name.ends_with("_total"), "a counter's name ends in _total: write \"energy_joules_total\"");
  static constexpr std::uint32_t stride = base::is_shared && !base::is_packed ? detail::cells_a_line : 1;

 public:
  static constexpr metric_type type = metric_type::counter;
  static constexpr value_kind kind = value_kind::real;
  static constexpr detail::shape shape{.kind = detail::abi::summing::reals,
                                       .stride = stride,
                                       .series = detail::label_facts<typename base::labels>::series,
                                       .shared = base::is_shared,
                                       .label_drops = detail::label_facts<typename base::labels>::can_miss,
                                       .value_drops = true,
                                       .points = base::has_exemplars ? 1 : 0};
  template <class Registry, class Metric>
  using handle = real_counter_handle<Registry, Metric>;
};

}  // namespace vitals::inline v0

#endif
// Slots: a label whose values are only known at run time, such as names from a configuration file.
#ifndef VITALS_METRIC_SLOTS_HPP
#define VITALS_METRIC_SLOTS_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace vitals::inline v0 {

/// A label with up to `Count` values that are given at run time: `using server = vitals::slots<"server", 32>;` is a
/// label of any metrics, and `metrics::get<requests>(server::intern(name))` one's series. All metrics of the process
/// that name the same label and count share one set of values.
///
/// The set is bounded: when it is full, further texts share the value `other`, and so does what is no label's value: a
/// text that is empty, longer than 1,024 bytes or not UTF-8. `vitals_slot_refusals_total` counts both. A series is on a
/// page once its text was interned, `other` once anything was given to it.
template <fixed_string Name, std::size_t Count>
class slots : public detail::label_name<Name> {
  static_assert(Count != 0 && Count <= 65'535,
                "a label has 1 to 65,535 slots: each is a series of every metric with it");

 public:
  /// One of the values, the size of an integer. Good to keep for as long as the process lives.
  class value {
   public:
    friend bool operator==(value, value) = default;

   private:
    friend class slots;
    template <class>
    friend struct detail::label_argument;
    constexpr explicit value(std::uint32_t index) noexcept : index_(index) {}

    std::uint32_t index_;
  };

  /// The value that stands for all that have no slot.
  static constexpr value other{Count};

  /// The value whose text is `text`, which is copied into a free slot where it has none yet. Any thread; no lock where
  /// the text has its slot, or none is free. It costs a search by hash: keep the value, or the handle.
  [[nodiscard]] static value intern(std::string_view text) noexcept {
    return value{detail::intern_text(values::table(), text)};
  }

  /// Takes a text's series off all pages; false where they were on none. The slot remains the text's own, as a handle
  /// may still count for it: interned again, it goes on from its former counts. So the texts that a process interns in
  /// its whole life should be fewer than `Count`.
  static bool remove(std::string_view text) noexcept { return detail::hide_text(values::table(), text); }

  /// The text of a value.
  [[nodiscard]] static std::string_view text(value of) noexcept {
    return detail::text_of_slot(values::table(), of.index_);
  }

  /// How often `intern` gave `other` to another text, because all slots were taken.
  [[nodiscard]] static std::uint64_t overflows() noexcept {
    return values::table().refused_full.load(std::memory_order_relaxed);
  }

  static constexpr std::uint32_t size = Count + 1;
  /// (For the library's own use.)
  struct values {
    static constexpr bool can_miss = false;

    static detail::abi::slot_table& table() noexcept {
      detail::abi::slot_table* t = known.load(std::memory_order_acquire);
      if (t == nullptr) {
        t = &detail::find_slot_table(slots::name, Count);
        known.store(t, std::memory_order_release);
      }
      return *t;
    }

   private:
    /// Written once by each library, to a value that is the same for all; acquire and release, as it leads to insides.
    static inline constinit std::atomic<detail::abi::slot_table*> known{nullptr};
  };
};

namespace detail {

template <fixed_string Name, std::size_t Count>
inline constexpr bool is_label<slots<Name, Count>> = true;

template <fixed_string Name, std::size_t Count>
struct label_argument<slots<Name, Count>> {
  using label = slots<Name, Count>;
  std::uint32_t index;

  // NOLINTNEXTLINE(google-explicit-constructor): a label's value converts by itself
  VITALS_HOT constexpr label_argument(typename label::value value) noexcept : index(value.index_) {}

  template <class T>
  // NOLINTNEXTLINE(google-explicit-constructor)
  constexpr label_argument(const T&) noexcept : index(0) {
    static_assert(sizeof(T) == 0,
                  "wrong label type: a label with slots takes what its intern(text) gave; keep that, or the handle");
  }
};

}  // namespace detail

}  // namespace vitals::inline v0

#endif
// A state set: which one of an enum's states something is in.
#ifndef VITALS_METRIC_STATE_SET_HPP
#define VITALS_METRIC_STATE_SET_HPP

#include <cstdint>
#include <type_traits>

namespace vitals::inline v0 {

/// A series of a state set.
template <class Registry, class Metric>
class state_set_handle : detail::handle<Registry, Metric> {
 public:
  using detail::handle<Registry, Metric>::handle;
  using state_type = typename Metric::state_type;

  /// Enters a state: one relaxed store, seen by every thread; the last write wins. A value that is none of the enum's
  /// is dropped and counted. Safe in a signal handler.
  template <class State>
  VITALS_HOT void set(State entered) const noexcept {
    static_assert(std::is_same_v<State, state_type>, "wrong state type: pass an enumerator of the state set's enum");
    const std::uint32_t index = detail::value_set<State>::index(entered);
    if (this->exists() && index < detail::value_set<State>::size) [[likely]] {
      this->shared_cell().store(index, std::memory_order_relaxed);
    } else {
      this->count_label_drop();
    }
  }

  /// The present state; the enum's first before any was entered.
  [[nodiscard]] state_type value() const noexcept { return detail::value_set<state_type>::values[this->read()[0]]; }
};

/// A descriptor of a state set: `struct phase : vitals::state_set<"app_phase", "What it does.", app_phase> {};` In a
/// scrape each state is a series, 1 for the present one and 0 for the others, under a label named after the metric.
/// Begins in the enum's first state. Options: labels, `packed`.
template <fixed_string Name, fixed_string Help, class State, class... Options>
struct state_set : detail::descriptor<Name, Help, Options...> {
 private:
  using base = detail::descriptor<Name, Help, Options...>;
  static_assert(std::is_enum_v<State>, "a state set's states are the values of an enum");
  static_assert(!base::name.ends_with("_total"), "only a counter's name ends in _total: leave it out");
  static_assert(base::unit.empty(), "a state set has no unit: choose another ending");
  static_assert(!base::is_shared, "a state set is always shared by all threads: leave out vitals::shared");

 public:
  using state_type = State;
  using shown_labels = decltype(typename base::labels{} + detail::list<label<Name, State>>{});
  static_assert(sizeof(detail::duplicate_label_at<detail::repeated_label(shown_labels{})>) != 0);
  static constexpr metric_type type = metric_type::state_set;
  static constexpr value_kind kind = value_kind::state;
  static constexpr detail::shape shape{.stride = base::is_packed ? 1 : std::uint32_t{detail::cells_a_line},
                                       .series = detail::label_facts<typename base::labels>::series,
                                       .shared = true,
                                       .label_drops = true};
  template <class Registry, class Metric>
  using handle = state_set_handle<Registry, Metric>;
};

}  // namespace vitals::inline v0

#endif
// A summary: how many values there were, and their sum; for an average, where no distribution is needed.
#ifndef VITALS_METRIC_SUMMARY_HPP
#define VITALS_METRIC_SUMMARY_HPP

#include <cstdint>

namespace vitals::inline v0 {

namespace detail {

/// The index of the only bucket.
struct one_bucket {
  template <class Value>
  VITALS_HOT static constexpr std::uint32_t find(Value) noexcept {
    return 0;
  }
};

}  // namespace detail

/// A descriptor of a summary: `struct payload : vitals::summary<"payload_bytes", "Sizes of payloads."> {};` Used as a
/// histogram is: `observe`, `time`; its name in `_seconds` makes it count durations. A quarter of a histogram's cost;
/// it has no quantiles. Options: labels, a unit, `shared`, `packed`.
template <fixed_string Name, fixed_string Help, class... Options>
struct summary : detail::descriptor<Name, Help, Options...> {
 private:
  using base = detail::descriptor<Name, Help, Options...>;
  static_assert(!base::name.ends_with("_total"), "only a counter's name ends in _total: leave it out");
  static_assert(!detail::ends_as_sample(base::name),
                "a summary adds _count, _sum and _created to its name itself: choose another ending");
  static constexpr bool durations = base::name.ends_with("_seconds");

  static constexpr detail::shape make_shape() noexcept {
    const std::uint32_t width = durations ? 3 : 2;
    const bool apart = base::is_shared && !base::is_packed;
    return {.kind = durations ? detail::abi::summing::duration_histogram : detail::abi::summing::real_histogram,
            .width = width,
            .stride = apart ? std::uint32_t{detail::cells_a_line} : detail::line_stride(width),
            .series = detail::label_facts<typename base::labels>::series,
            .shared = base::is_shared,
            .trash = detail::label_facts<typename base::labels>::can_miss,
            .value_drops = true};
  }

 public:
  static constexpr metric_type type = metric_type::summary;
  static constexpr value_kind kind = durations ? value_kind::duration_histogram : value_kind::real_histogram;
  static constexpr std::uint32_t buckets = 1;
  static constexpr detail::shape shape = make_shape();
  using index = detail::one_bucket;
  template <class Registry, class Metric>
  using handle = histogram_handle<Registry, Metric>;
};

}  // namespace vitals::inline v0

#endif
// An up-down counter: a sum that goes up and down, such as the requests in flight.
#ifndef VITALS_METRIC_UP_DOWN_HPP
#define VITALS_METRIC_UP_DOWN_HPP

#include <concepts>
#include <cstdint>

namespace vitals::inline v0 {

/// A series of an up-down counter.
template <class Registry, class Metric>
class up_down_handle : detail::handle<Registry, Metric> {
 public:
  using detail::handle<Registry, Metric>::handle;

  /// One more. Lock-free; in a signal handler only for `shared` metrics. One thread may go up and another down: a
  /// scrape may then read the one's cell before and the other's after, and see a sum that never was, below zero too. A
  /// `shared` one is a single cell, and shows only sums that were.
  VITALS_HOT void inc() const noexcept { add(1); }

  /// One less.
  VITALS_HOT void dec() const noexcept { add(-1); }

  /// Adds `n`, an integer. Wraps at 64 bits.
  template <class N>
  VITALS_HOT void add(N n) const noexcept {
    static_assert(std::integral<N> && !std::same_as<N, bool>,
                  "an up-down counter counts whole things: pass an integer, or use vitals::gauge for a measured value");
    if (this->exists()) [[likely]] {
      this->add_to(0, static_cast<std::uint64_t>(n));
    } else {
      this->count_label_drop();
    }
  }

  /// The sum over all threads, for tests and reports. Takes a mutex: not for a hot path.
  [[nodiscard]] std::int64_t value() const noexcept { return static_cast<std::int64_t>(this->read()[0]); }
};

/// A descriptor of an up-down counter: `struct in_flight : vitals::up_down<"requests_in_flight", "Being served."> {};`
/// A scraper sees a gauge. Options: labels, a unit, `shared`, `packed`.
template <fixed_string Name, fixed_string Help, class... Options>
struct up_down : detail::descriptor<Name, Help, Options...> {
 private:
  using base = detail::descriptor<Name, Help, Options...>;
  static_assert(!base::name.ends_with("_total"), "only a counter's name ends in _total: leave it out");
  static_assert(!detail::ends_as_sample(base::name),
                "_bucket, _count, _sum and _created are a histogram's: choose another ending");
  static constexpr std::uint32_t stride = base::is_shared && !base::is_packed ? detail::cells_a_line : 1;

 public:
  static constexpr metric_type type = metric_type::gauge;
  static constexpr value_kind kind = value_kind::signed_integer;
  static constexpr detail::shape shape{.stride = stride,
                                       .series = detail::label_facts<typename base::labels>::series,
                                       .shared = base::is_shared,
                                       .label_drops = detail::label_facts<typename base::labels>::can_miss};
  template <class Registry, class Metric>
  using handle = up_down_handle<Registry, Metric>;
};

}  // namespace vitals::inline v0

#endif
// A registry: a list of metrics, and the way to reach each of their series.
#ifndef VITALS_REGISTRY_REGISTRY_HPP
#define VITALS_REGISTRY_REGISTRY_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <utility>

// This thread's cells of a registry: one pointer to load and test, and the cold paths behind it.
#ifndef VITALS_CORE_THREAD_CELLS_HPP
#define VITALS_CORE_THREAD_CELLS_HPP

#include <cxxabi.h>

#include <atomic>
#include <bit>
#include <cstdint>

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
// Where a registry's metrics lie: every cell's index, computed when compiling.
#ifndef VITALS_REGISTRY_LAYOUT_HPP
#define VITALS_REGISTRY_LAYOUT_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace vitals::inline v0::detail {

/// A registry's cells: first those of a thread's block, then those that all threads share. In each part plain numbers
/// come first, histograms follow from a cache line's start, cells that count drops come next, exemplars last. A reading
/// has some more: what callbacks give, and for each of them whether it did.
template <std::size_t Metrics>
struct layout {
  std::array<place, Metrics> places{};
  std::array<abi::run, 2 * Metrics + 6> runs{};  ///< how to sum the cells, in order; no cell is in two
  std::uint32_t run_count = 0;
  std::uint32_t thread_cells = 0;
  std::uint32_t all_cells = 0;
  std::uint32_t reading_cells = 0;

 private:
  constexpr void add_run(const abi::run& r) noexcept {
    if (r.sets == 0) {
      return;
    }
    if (run_count != 0) {
      abi::run& last = runs[run_count - 1];
      if (last.kind == r.kind && last.stride == r.stride && last.width == r.width && last.may_fall == r.may_fall &&
          last.part == r.part && last.first + last.sets * last.stride == r.first &&
          (last.first < thread_cells) == (r.first < thread_cells)) {
        last.sets += r.sets;
        return;
      }
    }
    runs[run_count++] = r;
  }

  constexpr void add_integers(std::uint32_t first, std::uint32_t end) noexcept {
    add_run({.kind = abi::summing::integers,
             .first = first,
             .sets = end - first,
             .stride = 1,
             .width = 1,
             .may_fall = false});
  }

 public:
  constexpr void lay(const std::array<shape, Metrics>& shapes, bool in_shared) noexcept {
    constexpr auto to_line = [](std::uint32_t at) {
      return (at + std::uint32_t{cells_a_line} - 1) / std::uint32_t{cells_a_line} * std::uint32_t{cells_a_line};
    };
    std::uint32_t at = in_shared ? thread_cells : 0;
    const std::uint32_t start = at;
    for (std::size_t i = 0; i != Metrics; ++i) {
      const shape& s = shapes[i];
      if (s.shared == in_shared && !s.called && s.kind == abi::summing::integers) {
        at = s.stride == 1 ? at : to_line(at);
        places[i].first = at;
        at += s.stride * (s.series + (s.trash ? 1 : 0));
      }
    }
    add_integers(start, at);
    for (std::size_t i = 0; i != Metrics; ++i) {
      const shape& s = shapes[i];
      if (s.shared == in_shared && s.kind != abi::summing::integers) {
        at = to_line(at);
        places[i].first = at;
        const std::uint32_t sets = s.series + (s.trash ? 1 : 0);
        add_run({.kind = s.kind,
                 .first = at,
                 .sets = sets,
                 .stride = s.stride,
                 .width = s.width,
                 .may_fall = s.may_fall,
                 .part = s.part});
        at += s.stride * sets;
      }
    }
    const std::uint32_t drops = at;
    for (std::size_t i = 0; i != Metrics; ++i) {
      const shape& s = shapes[i];
      if (s.shared == in_shared) {
        places[i].label_drop = s.label_drops ? at++ : 0;
        places[i].value_drop = s.value_drops || s.called ? at++ : 0;
      }
    }
    add_integers(drops, at);
    const std::uint32_t points = to_line(at);
    std::uint32_t count = 0;
    for (std::size_t i = 0; i != Metrics; ++i) {
      const shape& s = shapes[i];
      if (s.shared == in_shared && s.points != 0) {
        places[i].exemplars = points + count * exemplar_point;
        count += s.points * s.series;
      }
    }
    add_run({.kind = abi::summing::exemplars,
             .first = points,
             .sets = count,
             .stride = exemplar_point,
             .width = exemplar_point,
             .may_fall = false});
    at = count == 0 ? at : points + count * exemplar_point;
    (in_shared ? all_cells : thread_cells) = to_line(at);
  }

  constexpr void lay_called(const std::array<shape, Metrics>& shapes) noexcept {
    reading_cells = all_cells;
    for (std::size_t i = 0; i != Metrics; ++i) {
      if (shapes[i].called) {
        places[i].present = reading_cells++;
        places[i].first = reading_cells;
        reading_cells += shapes[i].series;
      }
    }
  }
};

template <std::size_t Metrics>
consteval layout<Metrics> make_layout(const std::array<shape, Metrics>& shapes) noexcept {
  layout<Metrics> l;
  l.thread_cells = ~std::uint32_t{0};  // all cells laid so far are a thread's
  l.lay(shapes, false);
  l.lay(shapes, true);
  l.lay_called(shapes);
  return l;
}

/// The labels of a metric as they are shown.
template <class M>
constexpr auto shown_labels() noexcept {
  if constexpr (requires { typename M::shown_labels; }) {
    return typename M::shown_labels{};
  } else {
    return typename M::labels{};
  }
}

template <class M>
consteval family family_of(const place& p) noexcept {
  constexpr const shape& s = M::shape;
  static_assert(M::has_exemplars == (s.points != 0),
                "only counters and histograms keep exemplars: leave out vitals::exemplars");
  using facts = label_facts<decltype(shown_labels<M>())>;
  const auto one = [](std::uint32_t at, bool is_there) { return cell_range{.first = at, .count = is_there ? 1U : 0U}; };
  family f{.name = M::name,
           .help = M::help,
           .unit = M::unit,
           .type = M::type,
           .kind = M::kind,
           .labels = facts::table,
           .bounds = {},
           .first = p.first,
           .series = facts::series,
           .stride = s.stride,
           .width = s.width,
           .label_drops = one(p.label_drop, s.label_drops),
           .value_drops = one(p.value_drop, s.value_drops),
           .failures = one(p.value_drop, s.called),
           .present = s.called ? p.present : family::always};
  if constexpr (M::type == metric_type::histogram) {
    f.bounds = M::bounds;
  }
  if constexpr (requires { M::native_buckets; }) {
    f.native = M::native_buckets;
  }
  if (s.points != 0) {
    f.exemplars = {.first = p.exemplars, .stride = s.points * exemplar_point, .step = exemplar_point};
  }
  if (s.trash) {
    f.label_drops = {.first = p.first + s.series * s.stride, .count = 1};
    if constexpr (requires { M::buckets; }) {
      f.label_drops.first += 1;
      f.label_drops.count = M::buckets;
    }
  }
  return f;
}

/// As hash(), in one step for all bytes: it runs for every fact of every metric.
constexpr std::uint64_t hash_number(std::uint64_t n, std::uint64_t seed) noexcept {
  const std::uint64_t mixed = (seed ^ n) * 0x9e3779b97f4a7c15U;
  return mixed ^ mixed >> 32U;
}

constexpr std::uint64_t combined(std::initializer_list<std::uint64_t> hashes) noexcept {
  std::uint64_t seed = hash("vitals");
  for (const std::uint64_t h : hashes) {
    seed = hash_number(h, seed);
  }
  return seed;
}

constexpr std::uint64_t hash_text(std::string_view text, std::uint64_t seed) noexcept {
  return hash(text, hash_number(text.size(), seed));
}

/// All that is known of a label, as one number, which is made once for all metrics that have the label.
template <class Label>
inline constexpr std::uint64_t label_key = [] {
  const label_family l = family_of_label<Label>();
  std::uint64_t seed = hash_text(l.name, hash("label"));
  for (const std::string_view& value : l.values) {
    seed = hash_text(value, seed);
  }
  return hash_number(l.slots, seed);
}();

template <class... Label>
constexpr std::uint64_t key_of_labels(list<Label...>) noexcept {
  return combined({label_key<Label>..., sizeof...(Label)});
}

/// What makes two metrics of two libraries the same: their type and all that is known of them.
template <class M>
consteval std::uint64_t key_of(const family& f) noexcept {
  std::uint64_t seed = hash_text(f.name, hash_text(type_name<M>(), hash("metric")));
  for (const double bound : f.bounds) {
    seed = hash_number(std::bit_cast<std::uint64_t>(bound), seed);
  }
  for (const std::uint64_t n :
       {std::uint64_t{static_cast<std::uint8_t>(f.kind)}, key_of_labels(shown_labels<M>()), std::uint64_t{f.first},
        std::uint64_t{f.series}, std::uint64_t{f.stride}, std::uint64_t{f.width}, std::uint64_t{f.exemplars.first},
        std::uint64_t{f.exemplars.stride}, M::shape.part}) {
    seed = hash_number(n, seed);
  }
  return seed;
}

}  // namespace vitals::inline v0::detail

#endif

namespace vitals::inline v0 {

/// Updates of a metric that were dropped rather than written where they do not belong.
struct drops {
  std::uint64_t label = 0;  ///< for a label outside its values; a counter's by their amount
  std::uint64_t value = 0;  ///< for NaN, or for a negative value where no bound is negative
};

namespace detail {

/// What the handles of one metric know of its registry.
template <class Key, place Place>
struct registered {
  using cells = thread_cells<Key>;
  static constexpr const detail::image& image = Key::image;
  static constexpr place where = Place;
  static constexpr bool is_there = Place.first != no_series;
};

/// Gives a registry's key the registry's image.
template <class Registry, std::uint64_t Key>
struct image_giver {
  friend constexpr const image& image_of(registry_key<Key>) noexcept { return Registry::image; }
};

/// Reaches a metric's series: one argument for each label, in their order.
template <class Registry, class Metric, class Labels = typename Metric::labels>
struct accessor;

template <class Registry, class Metric, class... Label>
struct accessor<Registry, Metric, list<Label...>> {
  using handle = typename Metric::template handle<Registry, Metric>;

  [[nodiscard]] VITALS_HOT constexpr handle operator()(label_argument<Label>... labels) const noexcept {
    static_assert(Registry::is_there, "this metric is not in the registry: add it to the registry's list");
    constexpr const shape& s = Metric::shape;
    std::uint32_t index = 0;
    bool known = true;
    ((index = index * Label::size + labels.index, known = known & (labels.index < Label::size)), ...);
    if constexpr (s.trash) {
      if constexpr (sizeof...(Label) > 1) {
        if (!std::is_constant_evaluated() && !__builtin_constant_p(known)) {
          asm("" : "+r"(index), "+r"(known));  // one conditional move for all labels: g++ would branch for each
        }
      }
      index = known ? index : s.series;
    }
    const std::uint32_t offset = Registry::where.first + index * s.stride;
    return handle{s.label_drops && !known ? no_series : offset};
  }

  template <class... T>
  requires(sizeof...(T) != sizeof...(Label)) constexpr handle operator()(const T&...) const noexcept {
    static_assert(sizeof...(T) >= sizeof...(Label),
                  "missing label: get takes one value for each label of the metric, in their order");
    static_assert(sizeof...(T) <= sizeof...(Label),
                  "too many labels: get takes one value for each label of the metric, in their order");
    return handle{0};
  }
};

// No folds over metrics: clang stops at 256 operands.
consteval bool all_of(std::initializer_list<bool> facts) noexcept {
  for (const bool fact : facts) {
    if (!fact) {
      return false;
    }
  }
  return true;
}

/// The hashes of all names that a registry's families take. `Names` says how many they are.
template <std::size_t Names>
consteval auto name_hashes(view<family> families) noexcept {
  std::array<std::uint64_t, Names> hashes{};
  std::uint64_t* at = hashes.data();
  for (const family& f : families) {
    at = hash_names(f, at);
  }
  return hashes;
}

consteval std::size_t names_taken(view<family> families) noexcept {
  std::size_t sum = 0;
  for (const family& f : families) {
    sum += names_taken(f);
  }
  return sum;
}

/// Which of the registry's sample names (a histogram has five) stands there twice is in the error's instantiation.
template <std::size_t Index>
struct duplicate_metric_at {
  static_assert(
      Index == npos,
      "duplicate metric in a registry: two metrics have the same name (a counter's with and without _total), or "
      "one is named like a sample of another: its _bucket, _count, _sum or _created");
};

using call = bool (*)(std::uint64_t*) noexcept;

/// What gives a metric's values at a reading; null where its cells do.
template <class M>
constexpr call call_of() noexcept {
  if constexpr (M::shape.called) {
    return M::call;
  } else {
    return nullptr;
  }
}

}  // namespace detail

/// A list of metrics, each a type derived from counter, up_down, gauge or histogram. All of it is static: there is no
/// object to make, and two libraries of a process that name the same registry share its counts.
template <class... Metrics>
class registry {
  static_assert(detail::all_of({metric<Metrics>..., true}),
                "a registry lists metrics: types derived from counter, gauge, histogram ... that are not named like "
                "what they inherit: name, help, unit, labels, type, kind, shape, bounds, buckets");

  static constexpr std::size_t count = sizeof...(Metrics);
  static constexpr detail::layout<count> layout = detail::make_layout<count>({Metrics::shape...});

  template <class M>
  static constexpr std::size_t index_of = [] {
    constexpr bool is_there[] = {__is_same(M, Metrics)..., true};  // a builtin: no instantiation for each pair
    std::size_t i = 0;
    while (!is_there[i]) {
      ++i;
    }
    return i;
  }();

  template <std::size_t... I>
  static consteval std::array<family, count> make_families(std::index_sequence<I...>) noexcept {
    return {detail::family_of<Metrics>(layout.places[I])...};
  }
  static constexpr std::array<family, count> families = make_families(std::make_index_sequence<count>{});
  static constexpr std::size_t names = detail::names_taken(families);
  static_assert(sizeof(detail::duplicate_metric_at<detail::repeated_at(detail::name_hashes<names>(families))>) != 0);

  // A constant for each metric: clang bounds the steps that one may take.
  template <class M, std::size_t I>
  static constexpr std::uint64_t metric_key = detail::key_of<M>(families[I]);
  template <std::size_t... I>
  static consteval std::uint64_t make_key(std::index_sequence<I...>) noexcept {
    return detail::combined({metric_key<Metrics, I>..., count});
  }
  static constexpr std::uint64_t key = make_key(std::make_index_sequence<count>{});
  static_assert(sizeof(detail::image_giver<registry, key>) != 0);

 public:
  /// How the directory knows this registry. (For the library's own use, as `cells` and `place_of` are.)
  static constexpr detail::image image{.key = key,
                                       .thread_cells = layout.thread_cells,
                                       .shared_cells = layout.all_cells - layout.thread_cells,
                                       .runs = layout.runs.data(),
                                       .run_count = layout.run_count};
  using cells = detail::thread_cells<detail::registry_key<key>>;
  /// Of a metric that is not in the registry, `first` is no series.
  template <class M>
  static constexpr detail::place place_of =
      index_of<M> != count ? layout.places[index_of<M> % count] : detail::place{.first = detail::no_series};

  /// The way to a series: `get<requests>(method::get, outcome::ok)` is a handle to it, the size of an offset. Good to
  /// keep and to share between threads; making one costs nothing where the labels are constants.
  template <class M>
  static constexpr detail::accessor<detail::registered<detail::registry_key<key>, place_of<M>>, M> get{};

  /// Gives the calling thread its cells ahead of its first update, which otherwise allocates them. Any thread, any
  /// number of times.
  static void attach_thread() noexcept {
    cells::attach();
    cells::common();
  }

  /// Sets all metrics to zero. For a forked child that should not go on from its parent's totals; only while no other
  /// thread counts.
  static void reset_after_fork() noexcept { detail::reset_record(cells::record()); }

  /// What was dropped of a metric's updates, over all threads. Takes a mutex: not for a hot path.
  template <class M>
  [[nodiscard]] static drops dropped() noexcept {
    static_assert(index_of<M> != count, "this metric is not in the registry: add it to the registry's list");
    constexpr const family& f = families[index_of<M> % count];
    const auto total = [](cell_range range) {
      std::uint64_t sum = 0;
      for (std::uint32_t i = range.first; i != range.first + range.count; ++i) {
        std::uint64_t one = 0;
        detail::sum_run(
            cells::record(),
            {.kind = detail::abi::summing::integers, .first = i, .sets = 1, .stride = 1, .width = 1, .may_fall = false},
            &one);
        sum += one;
      }
      return sum;
    };
    return {.label = total(f.label_drops), .value = total(f.value_drops)};
  }

  /// This registry as a source of families.
  [[nodiscard]] static constexpr source_ref source() noexcept {
    return {.families = families, .cells = layout.reading_cells, .read = &read, .created = &created};
  }

 private:
  static std::uint64_t created(const void*) noexcept { return cells::record().created.load(std::memory_order_relaxed); }

  static void read(const void*, std::uint64_t* out) noexcept {
    detail::abi::record& record = cells::record();
    if constexpr (layout.reading_cells != layout.all_cells) {
      static constexpr std::array<detail::call, count> calls{detail::call_of<Metrics>()...};
      for (std::size_t i = 0; i != count; ++i) {
        const detail::place& p = layout.places[i];
        if (calls[i] != nullptr) {
          out[p.present] = calls[i](out + p.first) ? 1 : 0;
          detail::common_add(record.shared[p.value_drop - layout.thread_cells], std::uint64_t{1} - out[p.present]);
        }
      }
    }
    detail::sum_cells(record, out);
  }
};

}  // namespace vitals::inline v0

#endif
// The version of vitals: the only place where it is written. CMake and the amalgamation read it here.
#ifndef VITALS_VERSION_HPP
#define VITALS_VERSION_HPP

#define VITALS_VERSION_MAJOR 0
#define VITALS_VERSION_MINOR 1
#define VITALS_VERSION_PATCH 0

namespace vitals::inline v0 {

/// The library's version, as `major.minor.patch` (https://semver.org).
struct version_number {
  int major;
  int minor;
  int patch;
};

/// The version of the headers that this file was compiled with.
inline constexpr version_number version{VITALS_VERSION_MAJOR, VITALS_VERSION_MINOR, VITALS_VERSION_PATCH};

}  // namespace vitals::inline v0

#endif

#endif

#if (defined(VITALS_TLS) || defined(VITALS_CRYPT)) && !defined(VITALS_HTTP)
#define VITALS_HTTP
#endif
#if defined(VITALS_HTTP) && !defined(VITALS_RESPONDER)
#define VITALS_RESPONDER
#endif

// Outside the guard: a file may include this header, define VITALS_HTTP, and include it again.
#if defined(VITALS_RESPONDER) && !defined(VITALS_RESPONDER_INCLUDED)
#define VITALS_RESPONDER_INCLUDED
// All that a server answers, for a program that has an HTTP server already. It knows no HTTP library.
#ifndef VITALS_HTTP_RESPONDER_HPP
#define VITALS_HTTP_RESPONDER_HPP

#include <utility>

// All that is served, without who serves it: the sources, the health, and the routes to them.
#ifndef VITALS_HTTP_ENDPOINT_HPP
#define VITALS_HTTP_ENDPOINT_HPP

#include <string>
#include <utility>
#include <vector>

// The endpoint that scrapers read: some sources, rendered for each request in the format that it asks for.
#ifndef VITALS_HTTP_EXPOSITION_HPP
#define VITALS_HTTP_EXPOSITION_HPP

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// A request and a response, without any library's types.
#ifndef VITALS_HTTP_MESSAGE_HPP
#define VITALS_HTTP_MESSAGE_HPP

#include <initializer_list>
#include <string>
#include <string_view>

namespace vitals::inline v0::http {

/// What a router needs of a request. The views must live until `handle` returns.
struct request {
  std::string_view method;             ///< as on the wire, `GET`
  std::string_view target;             ///< as on the wire: path and query
  std::string_view accept{};           ///< the Accept lines' values, joined by commas; empty where there is none
  std::string_view accept_encoding{};  ///< the Accept-Encoding lines' values, likewise
};

/// What a router answers. To a HEAD request the sender sends the headers alone, with the length of `body`.
struct response {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body{};
  std::string allow{};             ///< the Allow header, where not empty
  std::string content_encoding{};  ///< likewise
  std::string vary{};              ///< likewise
  std::string cache_control{};     ///< likewise
  std::string retry_after{};       ///< likewise: seconds
  std::string www_authenticate{};  ///< likewise

  /// As a new one, but for the memory of its texts, which the next answer takes.
  void clear() {
    status = 200;
    content_type = "text/plain; charset=utf-8";
    for (std::string* const text :
         {&body, &allow, &content_encoding, &vary, &cache_control, &retry_after, &www_authenticate}) {
      text->clear();
    }
  }
};

/// Calls `visit(name, value)` for each header that a response has, but for what the sender knows best: the date, the
/// connection, and the length (that of the body, for HEAD too; none where the status is 204).
template <class Visit>
void each_header(const response& of, Visit visit) {
  const auto tell = [&visit](std::string_view name, std::string_view value) {
    if (!value.empty()) {
      visit(name, value);
    }
  };
  if (of.status != 204) {  // which has no content, and no word of it (RFC 9110, 8.6)
    tell("Content-Type", of.content_type);
    tell("Content-Encoding", of.content_encoding);
  }
  tell("Allow", of.allow);
  tell("Retry-After", of.retry_after);
  tell("WWW-Authenticate", of.www_authenticate);
  tell("Vary", of.vary);
  tell("Cache-Control", of.cache_control);
  // A page of another origin may neither guess at a type nor take this in as a script, a style or a picture.
  tell("X-Content-Type-Options", "nosniff");
  tell("Cross-Origin-Resource-Policy", "same-origin");
}

}  // namespace vitals::inline v0::http

#endif
// Which page of metrics a request asks for, and the paths that it may ask at.
#ifndef VITALS_HTTP_PAGE_CHOICE_HPP
#define VITALS_HTTP_PAGE_CHOICE_HPP

#include <optional>
#include <string>
#include <string_view>
#include <vector>

// JSON for people and scripts (RFC 8259). One family a line:
//
//   {"families":[
//   {"name":"jobs_total","type":"counter","help":"Jobs done.","unit":"","series":[
//     {"labels":{"zone":"eu"},"value":3}]},
//   {"name":"wait_seconds","type":"histogram","help":"Waits.","unit":"seconds","series":[
//     {"labels":{},"count":3,"sum":0.5,"quantiles":{"p50":0.05,"p95":0.1,"p99":0.1},
//      "buckets":[{"bound":0.1,"count":2},{"bound":"+Inf","count":1}]}]}
//   ]}
//
// (Broken here to fit.) A `type` is counter, gauge, histogram, summary, info or stateset, a `unit` may be empty. A
// summary's series has `count` and `sum`, any other's a `value`. A bucket's count is its own: of the values above the
// bound before it, up to its own; they add up to `count`. Integers have all their 64 bits: a reader that holds numbers
// as doubles rounds those past 2^53. NaN and infinities are the strings "NaN", "+Inf" and "-Inf"; a quantile of nothing
// is "NaN". More members may be added. A counter's series and a bucket may hold an exemplar behind these:
//
//   "exemplar":{"trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"b7ad6b7169203331","value":0.07,
//    "timestamp":1520879607.789}
#ifndef VITALS_EXPOSE_JSON_HPP
#define VITALS_EXPOSE_JSON_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace vitals::inline v0 {

namespace detail {

/// Adds `text`, which is UTF-8, as it stands within a JSON string.
inline void append_json_escaped(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::size_t done = 0;  // up to here it is added: what needs no escape at once
  for (std::size_t i = 0; i != text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0x20 && byte != '"' && byte != '\\') {
      continue;
    }
    out.append(text, done, i - done);
    done = i + 1;
    if (byte < 0x20) {
      out += "\\u00";
      out += digits[byte >> 4U];
      out += digits[byte & 0xFU];
    } else {
      out += '\\';
      out += text[i];
    }
  }
  out.append(text, done);
}

/// Adds it as a JSON string.
inline void append_json(std::string& out, std::string_view text) {
  out += '"';
  append_json_escaped(out, text);
  out += '"';
}

inline std::string json_string(std::string_view text) {
  std::string out;
  append_json(out, text);
  return out;
}

inline std::string json_labels(const source_ref& s, const family& f, std::uint32_t series) {
  std::string out = "{";
  each_label(s, f, series, [&out](std::string_view name, std::string_view value) {
    out += out.size() == 1 ? "" : ",";
    append_json(out, name);
    out += ':';
    append_json(out, value);
  });
  out += '}';
  return out;
}

inline void lay_json_exemplar(page_text& page, const family& f, std::uint32_t at) {
  if (f.exemplars.stride != 0) {
    page.number(slot::exemplar, at, 1);
  }
}

/// `exemplar` is the cell of the first bucket's exemplar.
inline void lay_json_buckets(page_text& page, const family& f, std::uint32_t first, std::uint32_t exemplar) {
  char bound[number_room];
  std::uint32_t at = 0;
  page.text(",\"buckets\":[");
  for (const double b : f.bounds) {
    const char* const end = write_json_real(bound, b);
    page.text("{\"bound\":").text({bound, static_cast<std::size_t>(end - bound)}).text(",\"count\":");
    const cell_range cells = f.bucket(at++);
    page.number(slot::total, first + cells.first, cells.count);
    lay_json_exemplar(page, f, exemplar);
    page.text("},");
    exemplar += f.exemplars.step;
  }
  page.text("{\"bound\":\"+Inf\",\"count\":").number(slot::unsigned_integer, first + f.bucket(at).first);
  lay_json_exemplar(page, f, exemplar);
  page.text("}]");
}

/// Lays down a family as JSON.
inline void lay_json(page_text& page, const source_ref& s, const family& f, std::uint32_t cell_base) {
  constexpr std::string_view types[] = {"counter", "gauge", "histogram", "summary", "info", "stateset"};
  page.number(slot::separator, 0).text("{\"name\":\"").text(s.prefix).text(f.name);
  page.text("\",\"type\":\"").text(types[static_cast<std::size_t>(f.type)]);
  page.text("\",\"help\":").text(json_string(f.help)).text(",\"unit\":").text(json_string(f.unit));
  page.text(",\"series\":[");
  const bool is_histogram = f.type == metric_type::histogram;
  const auto shown = [&](double q) { return is_histogram ? page.quantile_of(q, f.all_bounds()) : 0; };
  const std::uint32_t p50 = shown(0.5);
  const std::uint32_t p95 = shown(0.95);
  const std::uint32_t p99 = shown(0.99);
  std::string_view between;
  f.each_series([&](std::uint32_t i) {
    const std::uint32_t at = cell_base + f.cell_of(i);
    page.text(between).text("{\"labels\":").text(json_labels(s, f, i));
    between = ",";
    if (is_histogram || f.type == metric_type::summary) {
      page.text(",\"count\":").number(slot::total, at + 1, static_cast<std::uint32_t>(f.all_bounds().size()) + 1);
      page.text(",\"sum\":");
      page.number(f.kind == value_kind::duration_histogram ? slot::seconds : slot::json_real, at, f.width - 1);
    } else {
      page.text(",\"value\":");
      lay_value(page, f, i, at, slot::json_real);
      lay_json_exemplar(page, f, cell_base + f.exemplar_of(i));
    }
    if (is_histogram) {
      page.text(",\"quantiles\":{\"p50\":").number(slot::quantile, at + 1, p50);
      page.text(",\"p95\":").number(slot::quantile, at + 1, p95);
      page.text(",\"p99\":").number(slot::quantile, at + 1, p99).text("}");
      lay_json_buckets(page, f, at, cell_base + f.exemplar_of(i));
    }
    page.text("}");
  });
  page.text("]}");
}

}  // namespace detail

/// JSON, in the shape that stands at the top: its media type, and how its pages are laid.
struct json_text {
  static constexpr std::string_view content_type = "application/json";
  static constexpr detail::format format{.lay = &detail::lay_json, .beginning = "{\"families\":[", .ending = "\n]}\n"};
};

}  // namespace vitals::inline v0

#endif
// What a client asked for: the format of a page by Accept, gzip by Accept-Encoding.
// RFC 9110, 12.5.1 and 12.5.3; https://prometheus.io/docs/instrumenting/content_negotiation/
#ifndef VITALS_HTTP_NEGOTIATE_HPP
#define VITALS_HTTP_NEGOTIATE_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

// The grammar of request headers that are lists of weighted members, `text/plain;version=0.0.4;q=0.5, */*;q=0.1`.
// RFC 9110: 5.6 (lists, tokens, quoted strings, parameters), 12.4.2 (weights)
#ifndef VITALS_HTTP_WEIGHTED_LIST_HPP
#define VITALS_HTTP_WEIGHTED_LIST_HPP

#include <cstddef>
#include <string_view>

namespace vitals::inline v0::http::detail {

[[nodiscard]] constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Whether two texts are the same but for the case of ASCII letters.
[[nodiscard]] constexpr bool same_name(std::string_view a, std::string_view b) noexcept {
  bool same = a.size() == b.size();
  for (std::size_t i = 0; same && i != a.size(); ++i) {
    same = lower(a[i]) == lower(b[i]);
  }
  return same;
}

/// A parameter of a header's member: `version=1.0.0`, `title="a, \"b\""`.
struct parameter {
  std::string_view name;
  std::string_view written;  ///< the value, between the quotes where it has some
  bool quoted = false;

  [[nodiscard]] constexpr bool given() const noexcept { return !name.empty(); }

  /// Whether the value is `text`.
  [[nodiscard]] constexpr bool is(std::string_view text, bool any_case = false) const noexcept {
    std::size_t at = 0;
    for (std::size_t i = 0; i != written.size(); ++i) {
      if (quoted && written[i] == '\\') {
        ++i;  // there is one more: the quote that ends the value is not escaped
      }
      if (at == text.size() || (any_case ? lower(written[i]) != lower(text[at]) : written[i] != text[at])) {
        return false;
      }
      ++at;
    }
    return at == text.size();
  }
};

/// Reads one member of a header that is a list: `text/plain;version=0.0.4;q=0.5`.
class member_reader {
 public:
  constexpr explicit member_reader(std::string_view text) noexcept : rest_(text) {
    skip_blanks();
    while (!rest_.empty() && is_blank(rest_.back())) {
      rest_.remove_suffix(1);
    }
  }

  [[nodiscard]] constexpr bool at_end() const noexcept { return rest_.empty(); }

  /// Takes `c` if it comes next.
  constexpr bool take(char c) noexcept {
    const bool next = rest_.starts_with(c);
    rest_.remove_prefix(next ? 1 : 0);
    return next;
  }

  /// Takes the token that comes next (RFC 9110, 5.6.2); empty where none does.
  constexpr std::string_view token() noexcept {
    std::size_t size = 0;
    while (size != rest_.size() && is_token_char(rest_[size])) {
      ++size;
    }
    return taken(size);
  }

  /// Takes `; name=value`, a `;` alone too: its name is empty. False where something else comes next.
  constexpr bool take_parameter(parameter& p) noexcept {
    p = {};
    skip_blanks();
    if (!take(';')) {
      return false;
    }
    skip_blanks();
    p.name = token();
    if (p.name.empty()) {
      return at_end() || rest_.front() == ';';
    }
    if (!take('=')) {
      return false;
    }
    p.quoted = take('"');
    if (!p.quoted) {
      p.written = token();
      return !p.written.empty();
    }
    std::size_t size = 0;
    while (size < rest_.size() && rest_[size] != '"') {
      size += rest_[size] == '\\' ? 2 : 1;
    }
    if (size >= rest_.size()) {
      return false;
    }
    p.written = taken(size);
    return take('"');
  }

 private:
  static constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }
  static constexpr bool is_token_char(char c) noexcept {
    return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') ||
           std::string_view{"!#$%&'*+-.^_`|~"}.find(c) != std::string_view::npos;
  }

  constexpr void skip_blanks() noexcept {
    while (!rest_.empty() && is_blank(rest_.front())) {
      rest_.remove_prefix(1);
    }
  }

  constexpr std::string_view taken(std::size_t size) noexcept {
    const std::string_view text = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return text;
  }

  std::string_view rest_;
};

/// Takes the text up to the next comma that stands in no quotes, and the comma.
[[nodiscard]] constexpr std::string_view take_member(std::string_view& rest) noexcept {
  bool quoted = false;
  std::size_t size = 0;
  for (; size < rest.size() && (quoted || rest[size] != ','); ++size) {
    if (quoted && rest[size] == '\\') {
      ++size;
    } else if (rest[size] == '"') {
      quoted = !quoted;
    }
  }
  const std::string_view member = rest.substr(0, size);
  rest.remove_prefix(size < rest.size() ? size + 1 : rest.size());
  return member;
}

/// A weight in thousandths (RFC 9110, 12.4.2), or -1 where it is malformed.
[[nodiscard]] constexpr int weight_of(const parameter& q) noexcept {
  const std::string_view text = q.written;
  if (q.quoted || text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1') ||
      (text.size() > 1 && text[1] != '.')) {
    return -1;
  }
  int weight = text[0] == '1' ? 1000 : 0;
  int place = 100;
  for (std::size_t i = 2; i < text.size(); ++i, place /= 10) {
    if (text[i] < '0' || text[i] > '9') {
      return -1;
    }
    weight += place * (text[i] - '0');
  }
  return weight <= 1000 ? weight : -1;
}

}  // namespace vitals::inline v0::http::detail

#endif

namespace vitals::inline v0::http {

/// The formats that share the path /metrics. Prometheus text 0.0.4 and 1.0.0 are the same bytes under two media types.
enum class page_format : std::uint8_t { prometheus_text, openmetrics, protobuf };

/// What an answer is written in, and its Content-Type.
struct negotiated {
  page_format format;
  std::string_view content_type;
};

namespace detail {

/// A media range of Accept with the parameters that we know. Others do not narrow it.
struct media_range {
  std::string_view type;
  std::string_view subtype;
  parameter version;
  parameter charset;
  parameter proto;
  parameter encoding;
  parameter escaping;
  int weight = 1000;

  /// Reads a member; false where it is malformed or repeats a parameter.
  constexpr bool read(std::string_view member) noexcept {
    member_reader reader{member};
    type = reader.token();
    const bool slash = reader.take('/');
    subtype = reader.token();
    if (type.empty() || !slash || subtype.empty() || (type == "*" && subtype != "*")) {
      return false;
    }
    parameter q;
    parameter other;
    while (!reader.at_end()) {
      parameter p;
      if (!reader.take_parameter(p)) {
        return false;
      }
      parameter& known = same_name(p.name, "q")          ? q  // wherever it stands
                         : same_name(p.name, "version")  ? version
                         : same_name(p.name, "charset")  ? charset
                         : same_name(p.name, "proto")    ? proto
                         : same_name(p.name, "encoding") ? encoding
                         : same_name(p.name, "escaping") ? escaping
                                                         : other;
      if (known.given() && &known != &other) {
        return false;
      }
      known = p;
    }
    weight = q.given() ? weight_of(q) : weight;
    return weight >= 0;
  }
};

/// A media type that we can answer with.
struct offer {
  page_format format;
  std::string_view type;
  std::string_view subtype;
  std::string_view version;              ///< none for protobuf
  view<std::string_view> content_types;  ///< where the request states no escaping, and then by its escaping

  /// How closely a range names this type: 0 not at all, 1 `*/*`, 2 `text/*`, 3 the type, more with parameters.
  [[nodiscard]] constexpr int closeness(const media_range& range) const noexcept {
    const bool any_type = range.type == "*";
    const bool any_subtype = range.subtype == "*";
    if ((!any_type && !same_name(range.type, type)) || (!any_subtype && !same_name(range.subtype, subtype))) {
      return 0;
    }
    if (format == page_format::protobuf) {  // only for who names all of it: it is nothing to be read by people
      const bool whole = range.proto.is("io.prometheus.client.MetricFamily") && range.encoding.is("delimited");
      return whole && !any_subtype ? 5 : 0;
    }
    if ((range.version.given() && !range.version.is(version)) ||
        (range.charset.given() && !range.charset.is("utf-8", true))) {
      return 0;
    }
    const int parameters = int{range.version.given()} + int{range.charset.given()} + int{range.escaping.given()};
    return any_type ? 1 : any_subtype ? 2 : 3 + parameters;
  }
};

inline constexpr std::string_view text_types[] = {"text/plain; version=0.0.4; charset=utf-8"};
inline constexpr std::string_view new_text_types[] = {
    "text/plain; version=1.0.0; charset=utf-8; escaping=underscores",
    "text/plain; version=1.0.0; charset=utf-8; escaping=underscores",
    "text/plain; version=1.0.0; charset=utf-8; escaping=allow-utf-8",
    "text/plain; version=1.0.0; charset=utf-8; escaping=dots",
    "text/plain; version=1.0.0; charset=utf-8; escaping=values",
};
inline constexpr std::string_view openmetrics_types[] = {
    "application/openmetrics-text; version=1.0.0; charset=utf-8",
    "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores",
    "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8",
    "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=dots",
    "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=values",
};
inline constexpr std::string_view protobuf_types[] = {
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"};

/// By default the first is preferred to the second, and so on.
inline constexpr std::array<offer, 4> offers{{
    {page_format::prometheus_text, "text", "plain", "0.0.4", text_types},
    {page_format::openmetrics, "application", "openmetrics-text", "1.0.0", openmetrics_types},
    {page_format::prometheus_text, "text", "plain", "1.0.0", new_text_types},
    {page_format::protobuf, "application", "vnd.google.protobuf", "", protobuf_types},
}};

/// How names beyond [a-zA-Z0-9_] are to be written: which of the content types above says so. There are no such names,
/// so all of these print the same.
[[nodiscard]] constexpr std::size_t escaping_of(const parameter& asked) noexcept {
  if (!asked.given()) {
    return 0;
  }
  return asked.is("allow-utf-8") ? 2 : asked.is("dots") ? 3 : asked.is("values") ? 4 : 1;
}

}  // namespace detail

/// Chooses the format for an Accept header, its lines joined by commas. The highest q wins; of equals the one that is
/// named most closely, then the one that is named first. Prometheus text 0.0.4 where nothing of the header can be used.
/// Malformed members do not count. Takes time in proportion to the header's length.
[[nodiscard]] constexpr negotiated negotiate(std::string_view accept) noexcept {
  struct standing {
    int closeness = 0;  // of the range that decides
    int weight = 0;
    std::size_t place = 0;
    std::size_t escaping = 0;

    [[nodiscard]] constexpr bool beats(const standing& other) const noexcept {
      constexpr auto rank = [](const standing& s) { return s.closeness < 4 ? s.closeness : 4; };
      return weight != other.weight       ? weight > other.weight
             : rank(*this) != rank(other) ? rank(*this) > rank(other)
                                          : place < other.place;
    }
  };
  std::array<standing, detail::offers.size()> standings{};
  for (std::size_t place = 0; !accept.empty(); ++place) {
    detail::media_range range;
    if (!range.read(detail::take_member(accept))) {
      continue;
    }
    for (std::size_t i = 0; i != standings.size(); ++i) {
      const int closeness = detail::offers[i].closeness(range);
      standing& s = standings[i];
      if (closeness > s.closeness || (closeness != 0 && closeness == s.closeness && range.weight > s.weight)) {
        s = {closeness, range.weight, place, detail::escaping_of(range.escaping)};
      }
    }
  }
  std::size_t best = 0;
  for (std::size_t i = 1; i != standings.size(); ++i) {
    best = standings[i].beats(standings[best]) ? i : best;
  }
  const detail::offer& chosen = detail::offers[standings[best].weight != 0 ? best : 0];
  const std::size_t escaping = chosen.content_types.size() == 1 ? 0 : standings[best].escaping;
  return {chosen.format, chosen.content_types[escaping]};
}

/// Whether an Accept header names a media type itself, and prefers no other such as `instead` to it. Malformed members
/// do not count.
[[nodiscard]] constexpr bool prefers(std::string_view accept, std::string_view type, std::string_view subtype,
                                     std::string_view instead) noexcept {
  int wanted = 0;
  int other = 0;
  while (!accept.empty()) {
    detail::media_range range;
    if (range.read(detail::take_member(accept)) && detail::same_name(range.type, type)) {
      int* const meant = detail::same_name(range.subtype, subtype)   ? &wanted
                         : detail::same_name(range.subtype, instead) ? &other
                                                                     : nullptr;
      if (meant != nullptr) {
        *meant = range.weight;
      }
    }
  }
  return wanted > 0 && wanted >= other;
}

/// Whether an Accept-Encoding header, its lines joined by commas, prefers gzip to no coding at all, or likes both as
/// much. What names a coding wins over `*`; malformed members do not count.
[[nodiscard]] constexpr bool accepts_gzip(std::string_view accept_encoding) noexcept {
  constexpr int unnamed = -1;
  int gzip = unnamed;
  int identity = unnamed;
  int others = unnamed;
  while (!accept_encoding.empty()) {
    detail::member_reader reader{detail::take_member(accept_encoding)};
    const std::string_view coding = reader.token();
    int weight = 1000;
    detail::parameter p;
    if (!reader.at_end()) {
      weight =
          reader.take_parameter(p) && detail::same_name(p.name, "q") && reader.at_end() ? detail::weight_of(p) : -1;
    }
    if (coding.empty() || weight < 0) {
      continue;
    }
    const bool names_gzip = detail::same_name(coding, "gzip") || detail::same_name(coding, "x-gzip");
    int* const meant = names_gzip                              ? &gzip
                       : detail::same_name(coding, "identity") ? &identity
                       : coding == "*"                         ? &others
                                                               : nullptr;
    if (meant != nullptr && (*meant == unnamed || weight < *meant)) {  // named twice: the more careful reading
      *meant = weight;
    }
  }
  gzip = gzip == unnamed ? others : gzip;
  identity = identity == unnamed ? others : identity;
  return gzip > 0 && gzip >= identity;
}

}  // namespace vitals::inline v0::http

#endif
// The query of a request's target: names and values, percent-decoded.
// https://url.spec.whatwg.org/#application/x-www-form-urlencoded
#ifndef VITALS_HTTP_QUERY_HPP
#define VITALS_HTTP_QUERY_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace vitals::inline v0::http {

/// Decodes %XX and `+`; a `%` without two hexadecimal digits stays as it is.
[[nodiscard]] inline std::string percent_decoded(std::string_view text) {
  const auto digit = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
  };
  std::string out;
  for (std::size_t i = 0; i != text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0) {
      out += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

/// The values of all parameters called `name` in a request's target, in their order.
[[nodiscard]] inline std::vector<std::string> query_values(std::string_view target, std::string_view name) {
  std::vector<std::string> values;
  target = target.substr(0, target.find('#'));
  const std::size_t start = target.find('?');
  std::string_view rest = start == std::string_view::npos ? std::string_view{} : target.substr(start + 1);
  while (!rest.empty()) {
    const std::string_view one = rest.substr(0, rest.find('&'));
    rest.remove_prefix(one.size() == rest.size() ? one.size() : one.size() + 1);
    const std::size_t equals = one.find('=');
    if (percent_decoded(one.substr(0, equals)) == name) {
      values.push_back(equals == std::string_view::npos ? std::string{} : percent_decoded(one.substr(equals + 1)));
    }
  }
  return values;
}

}  // namespace vitals::inline v0::http

#endif

namespace vitals::inline v0::http {

/// A format, a coding and a selection of families. Requests with the same choice get the same page.
struct page_choice {
  std::optional<page_format> format{};  ///< JSON where there is none
  std::string_view content_type{};      ///< a constant, as `vary` is
  std::string_view vary{};
  bool zipped = false;
  std::vector<std::string> names{};  ///< the families of `name[]`; empty: all

  friend bool operator==(const page_choice&, const page_choice&) = default;
};

/// The page in the format and the coding that a request accepts.
[[nodiscard]] inline page_choice negotiated_page(const request& asked) {
  const negotiated to = negotiate(asked.accept);
  return {.format = to.format,
          .content_type = to.content_type,
          .vary = "Accept, Accept-Encoding",
          .zipped = accepts_gzip(asked.accept_encoding),
          .names = query_values(asked.target, "name[]")};
}

/// The page in one format, whatever the request accepts.
[[nodiscard]] inline page_choice text_page(const request& asked) {
  return {.format = page_format::prometheus_text,
          .content_type = prometheus_text::content_type,
          .vary = "Accept-Encoding",
          .zipped = accepts_gzip(asked.accept_encoding),
          .names = query_values(asked.target, "name[]")};
}
[[nodiscard]] inline page_choice json_page(const request& asked) {
  return {.format = std::nullopt,
          .content_type = json_text::content_type,
          .vary = "Accept-Encoding",
          .zipped = accepts_gzip(asked.accept_encoding),
          .names = query_values(asked.target, "name[]")};
}

namespace detail {

/// A path of metrics.
struct page_path {
  std::string_view path;
  std::string_view what;
  page_choice (*choose)(const request&);
};
inline constexpr page_path page_paths[] = {
    {"/metrics", "metrics as Prometheus text, OpenMetrics or protobuf, whichever is asked for", &negotiated_page},
    {"/metrics/json", "metrics as JSON", &json_page},
    {"/api/v1/metrics", "metrics as JSON", &json_page},
    {"/api/v1/metrics/prometheus", "metrics as Prometheus text 0.0.4", &text_page},
};

/// The path that a page is at; null where there is none.
[[nodiscard]] constexpr const page_path* find_page_path(std::string_view path) noexcept {
  for (const page_path& known : page_paths) {
    if (known.path == path) {
      return &known;
    }
  }
  return nullptr;
}

}  // namespace detail

}  // namespace vitals::inline v0::http

#endif
// Some sources' pages in all formats.
#ifndef VITALS_HTTP_PAGES_HPP
#define VITALS_HTTP_PAGES_HPP

#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// The Prometheus protobuf format: io.prometheus.client.MetricFamily messages, each behind its length.
// https://github.com/prometheus/client_model/blob/master/io/prometheus/client/metrics.proto
#ifndef VITALS_EXPOSE_PROTOBUF_HPP
#define VITALS_EXPOSE_PROTOBUF_HPP

#include <cstdint>
#include <string>
#include <string_view>

// Families as messages of the Prometheus protobuf format, encoded once and then filled with numbers.
#ifndef VITALS_EXPOSE_PROTOBUF_FAMILIES_HPP
#define VITALS_EXPOSE_PROTOBUF_FAMILIES_HPP

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

// What a series holds, as messages of the Prometheus protobuf format: counters, summaries, histograms, exemplars.
// https://github.com/prometheus/client_model/blob/master/io/prometheus/client/metrics.proto
#ifndef VITALS_EXPOSE_PROTOBUF_VALUES_HPP
#define VITALS_EXPOSE_PROTOBUF_VALUES_HPP

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

// A native histogram's buckets as they are sent: those that hold something, in spans, as differences.
// https://prometheus.io/docs/specs/native_histograms/
#ifndef VITALS_EXPOSE_NATIVE_BUCKETS_HPP
#define VITALS_EXPOSE_NATIVE_BUCKETS_HPP

#include <bit>
#include <cstddef>
#include <cstdint>

// Protocol buffers on the wire: fields, and messages in messages.
// https://protobuf.dev/programming-guides/encoding/
#ifndef VITALS_EXPOSE_WIRE_HPP
#define VITALS_EXPOSE_WIRE_HPP

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace vitals::inline v0::detail {

/// How a field's value lies behind its number.
enum class wire_type : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2 };

constexpr std::uint64_t wire_tag(std::uint32_t field, wire_type type) noexcept {
  return std::uint64_t{field} << 3U | static_cast<std::uint64_t>(type);
}

/// How many bytes a varint takes: 1 to 10.
constexpr std::size_t varint_size(std::uint64_t n) noexcept {
  return (static_cast<std::size_t>(std::bit_width(n | 1U)) + 6) / 7;
}

/// The room that a field needs at most: a varint, a double, and the number and length of what takes `room` itself.
constexpr std::size_t varint_field_room(std::uint32_t field) noexcept {
  return varint_size(wire_tag(field, wire_type::varint)) + 10;
}
constexpr std::size_t real_field_room(std::uint32_t field) noexcept {
  return varint_size(wire_tag(field, wire_type::fixed64)) + 8;
}
constexpr std::size_t bytes_field_room(std::uint32_t field, std::size_t room) noexcept {
  return varint_size(wire_tag(field, wire_type::bytes)) + varint_size(room) + room;
}

/// Writes a varint and returns its end, as all of these do.
inline char* write_varint(char* out, std::uint64_t n) noexcept {
  for (; n >= 0x80; n >>= 7U) {
    *out++ = static_cast<char>(n | 0x80U);
  }
  *out++ = static_cast<char>(n);
  return out;
}

/// Writes a varint as `size` bytes, which are enough: zeros stand above a number that needs fewer.
inline char* write_padded_varint(char* out, std::uint64_t n, std::size_t size) noexcept {
  for (; size > 1; --size) {
    *out++ = static_cast<char>(n | 0x80U);
    n >>= 7U;
  }
  *out++ = static_cast<char>(n);
  return out;
}

/// Writes a double: its bits, the lowest byte first.
inline char* write_fixed64(char* out, double value) noexcept {
  auto bits = std::bit_cast<std::uint64_t>(value);
  if constexpr (std::endian::native == std::endian::big) {
    bits = __builtin_bswap64(bits);
  }
  std::memcpy(out, &bits, 8);
  return out + 8;
}

/// Writes fields to where there is room for them.
///
/// A message's length stands before its content and depends on it. So that everything is written once and forward, a
/// length takes as many bytes as the largest one that the message can have, and is filled in when the content is
/// there. A varint with zeros above it is legal, and is at most one or two bytes longer here.
class field_writer {
 public:
  explicit field_writer(char* out) noexcept : out_(out) {}

  void varint(std::uint32_t field, std::uint64_t value) noexcept {
    tag(field, wire_type::varint);
    out_ = write_varint(out_, value);
  }
  void real(std::uint32_t field, double value) noexcept {
    tag(field, wire_type::fixed64);
    out_ = write_fixed64(out_, value);
  }
  void bytes(std::uint32_t field, std::string_view content) noexcept {
    tag(field, wire_type::bytes);
    out_ = write_varint(out_, content.size());
    copy(content);
  }
  /// Fields that are encoded already.
  void copy(std::string_view fields) noexcept {
    std::memcpy(out_, fields.data(), fields.size());
    out_ += fields.size();
  }
  /// A message of at most `room` bytes, which `content` writes.
  template <class Content>
  void message(std::uint32_t field, std::size_t room, Content content) noexcept {
    tag(field, wire_type::bytes);
    delimited(room, content);
  }
  /// A message as a stream has it: its length, and no field's number.
  template <class Content>
  void delimited(std::size_t room, Content content) noexcept {
    char* const length = out_;
    const std::size_t size = varint_size(room);
    out_ += size;
    content();
    write_padded_varint(length, static_cast<std::uint64_t>(out_ - length) - size, size);
  }

  [[nodiscard]] char* end() const noexcept { return out_; }

 private:
  void tag(std::uint32_t field, wire_type type) noexcept { out_ = write_varint(out_, wire_tag(field, type)); }

  char* out_;
};

inline void append_varint(std::string& out, std::uint64_t n) {
  char bytes[10];
  out.append(bytes, static_cast<std::size_t>(write_varint(bytes, n) - bytes));
}
inline void append_varint(std::string& out, std::uint32_t field, std::uint64_t value) {
  append_varint(out, wire_tag(field, wire_type::varint));
  append_varint(out, value);
}
inline void append_real(std::string& out, std::uint32_t field, double value) {
  append_varint(out, wire_tag(field, wire_type::fixed64));
  char bytes[8];
  out.append(bytes, static_cast<std::size_t>(write_fixed64(bytes, value) - bytes));
}
/// A text, or a message that is encoded already.
inline void append_bytes(std::string& out, std::uint32_t field, std::string_view bytes) {
  append_varint(out, wire_tag(field, wire_type::bytes));
  append_varint(out, bytes.size());
  out += bytes;
}

}  // namespace vitals::inline v0::detail

#endif

namespace vitals::inline v0::detail {

/// The numbers of a Histogram's fields that only a native one has.
struct native_field {
  static constexpr std::uint32_t schema = 5, zero_threshold = 6, zero_count = 7, positive_span = 12,
                                 positive_delta = 13;
};
struct span_field {
  static constexpr std::uint32_t offset = 1, length = 2;
};

/// A signed number as protobuf's sint32 and sint64 have it.
constexpr std::uint64_t zigzag(std::int64_t n) noexcept {
  return static_cast<std::uint64_t>(n) << 1U ^ static_cast<std::uint64_t>(n >> 63);
}

/// How many buckets are sent at most: where more hold something, neighbours are sent as one, of half the resolution.
inline constexpr std::uint32_t most_native_buckets = 160;

inline constexpr std::size_t span_room = varint_field_room(span_field::offset) + varint_field_room(span_field::length);

/// The room that a native histogram's own fields need at most.
constexpr std::size_t native_room() noexcept {
  return 2 * varint_field_room(native_field::schema) + real_field_room(native_field::zero_threshold) +
         most_native_buckets * (bytes_field_room(native_field::positive_span, span_room) +
                                varint_field_room(native_field::positive_delta));
}

/// The buckets of a native histogram's reading, at its own resolution or a coarser one.
class native_buckets {
 public:
  /// `cells` begin with the series' first. Halves the resolution until few enough buckets hold something.
  native_buckets(const family& f, const std::uint64_t* cells) noexcept
      : counts_(cells + 2),
        first_(f.native.low * (1 << (f.native.schema > 0 ? f.native.schema : 0)) /
                   (1 << (f.native.schema < 0 ? -f.native.schema : 0)) +
               1),
        buckets_(static_cast<std::uint32_t>(f.bounds.size() - 1) * f.native.parts) {
    const auto too_many = [this] {
      std::uint32_t held = 0;
      each([&held](std::int32_t, std::uint64_t) { ++held; });
      return held > most_native_buckets;
    };
    while (too_many()) {
      ++halvings_;
    }
  }

  [[nodiscard]] int halvings() const noexcept { return halvings_; }

  /// Calls `visit(index, count)` for each bucket that holds something. What lies above all bounds is in the last one.
  template <class Visit>
  void each(Visit visit) const noexcept {
    std::int32_t merged = 0;
    std::uint64_t count = 0;
    for (std::uint32_t i = 0; i != buckets_; ++i) {
      const std::uint64_t here = counts_[i] + (i + 1 == buckets_ ? counts_[buckets_] : 0);
      if (here == 0) {
        continue;
      }
      // a bucket of half the resolution ends where its second half does: the index is divided and rounded up
      const std::int32_t index = ((first_ + static_cast<std::int32_t>(i) - 1) >> halvings_) + 1;
      if (count != 0 && index != merged) {
        visit(merged, count);
        count = 0;
      }
      merged = index;
      count += here;
    }
    if (count != 0) {
      visit(merged, count);
    }
  }

 private:
  const std::uint64_t* counts_;
  std::int32_t first_;  // index of the first bucket above the zero bucket
  std::uint32_t buckets_;
  int halvings_ = 0;
};

/// Writes a native histogram's own fields.
inline void write_native(field_writer& to, const family& f, const std::uint64_t* cells) noexcept {
  const native_buckets buckets{f, cells};
  to.varint(native_field::schema, zigzag(f.native.schema - buckets.halvings()));
  to.real(native_field::zero_threshold, f.bounds.front());
  to.varint(native_field::zero_count, cells[1]);
  std::int32_t next = 0;  // the bucket that would continue the span
  std::int32_t begin = 0;
  std::int32_t end_before = 0;
  std::uint32_t length = 0;
  const auto write_span = [&] {
    to.message(native_field::positive_span, span_room, [&] {
      to.varint(span_field::offset, zigzag(begin - end_before));
      to.varint(span_field::length, length);
    });
    end_before = next;
  };
  buckets.each([&](std::int32_t index, std::uint64_t) {
    if (length != 0 && index != next) {
      write_span();
      length = 0;
    }
    begin = length == 0 ? index : begin;
    ++length;
    next = index + 1;
  });
  if (length != 0) {
    write_span();
  }
  std::uint64_t before = 0;
  buckets.each([&](std::int32_t, std::uint64_t count) {
    to.varint(native_field::positive_delta, zigzag(static_cast<std::int64_t>(count - before)));
    before = count;
  });
}

}  // namespace vitals::inline v0::detail

#endif

namespace vitals::inline v0::detail {

/// The numbers of the messages' fields.
struct label_pair_field {
  static constexpr std::uint32_t name = 1, value = 2;
};
struct value_field {                                                    // a gauge's and a counter's
  static constexpr std::uint32_t value = 1, exemplar = 2, created = 3;  // a gauge has the value alone
};
struct summary_field {
  static constexpr std::uint32_t sample_count = 1, sample_sum = 2, created = 4;
};
struct histogram_field {
  static constexpr std::uint32_t sample_count = 1, sample_sum = 2, bucket = 3, created = 15, exemplars = 16;
};
struct bucket_field {
  static constexpr std::uint32_t cumulative_count = 1, upper_bound = 2, exemplar = 3;
};
struct exemplar_field {
  static constexpr std::uint32_t label = 1, value = 2, timestamp = 3;
};
struct timestamp_field {
  static constexpr std::uint32_t seconds = 1, nanos = 2;
};

/// Since when something counts: a Timestamp whose encoding has the same size always. `field` is the message's that it
/// stands in.
class created_time {
 public:
  /// More seconds than 64 bits of nanoseconds have.
  static constexpr std::size_t seconds_digits = 6, nanos_digits = 5, size = 2 + seconds_digits + nanos_digits;

  explicit created_time(std::uint64_t nanoseconds) noexcept {
    constexpr std::uint64_t second = 1'000'000'000;
    char* out = write_varint(bytes_, wire_tag(timestamp_field::seconds, wire_type::varint));
    out = write_padded_varint(out, nanoseconds / second, seconds_digits);
    out = write_varint(out, wire_tag(timestamp_field::nanos, wire_type::varint));
    write_padded_varint(out, nanoseconds % second, nanos_digits);
  }

  [[nodiscard]] std::string_view bytes() const noexcept { return {bytes_, size}; }

  static constexpr std::uint32_t field(const family& f) noexcept {
    return f.type == metric_type::histogram ? histogram_field::created
           : f.type == metric_type::summary ? summary_field::created
                                            : value_field::created;
  }

  /// Whether a family says it. A function that is called at a scrape, and may be absent from one, gives values that
  /// began some other time.
  static constexpr bool is_known(const source_ref& s, const family& f) noexcept {
    return s.created != nullptr && !f.endings().empty() && f.present == family::always;
  }

 private:
  char bytes_[size];
};

/// Nanoseconds as seconds, rounded once: the double that a reader makes of them where they are printed.
inline double seconds_of(wide nanoseconds) noexcept {
  constexpr std::uint64_t second = 1'000'000'000;
  const unsigned_wide bits = static_cast<unsigned_wide>(nanoseconds);
  const unsigned_wide size = nanoseconds < 0 ? 0 - bits : bits;
  double seconds = 0;
  if (size >> 53U == 0) {
    seconds = static_cast<double>(static_cast<std::uint64_t>(size)) / 1e9;
  } else {  // a quotient of 55 bits or more, the lowest of them set where there is a rest: the conversion rounds it
    const unsigned shift = size >> 85U == 0 ? 32 : 0;
    const unsigned_wide scaled = size << shift;
    const unsigned_wide quotient = scaled / second | (scaled % second != 0 ? 1U : 0U);
    seconds = static_cast<double>(quotient) / static_cast<double>(std::uint64_t{1} << shift);
  }
  return nanoseconds < 0 ? -seconds : seconds;
}

/// The sum of a histogram or a summary, whose cells begin at `cells`.
inline double sum_of(const family& f, const std::uint64_t* cells) noexcept {
  return f.kind == value_kind::duration_histogram ? seconds_of(plain_wide(cells[0], cells[f.width - 1]))
                                                  : std::bit_cast<double>(cells[0]);
}

inline constexpr std::size_t summary_room =
    varint_field_room(summary_field::sample_count) + real_field_room(summary_field::sample_sum);

/// Writes a Summary's fields.
inline void write_summary(field_writer& to, const family& f, const std::uint64_t* cells) noexcept {
  to.varint(summary_field::sample_count, cells[1]);
  to.real(summary_field::sample_sum, sum_of(f, cells));
}

constexpr std::size_t pair_room(std::size_t name, std::size_t value) noexcept {
  return bytes_field_room(label_pair_field::name, name) + bytes_field_room(label_pair_field::value, value);
}
inline constexpr std::size_t trace_room = pair_room(exemplar::trace_label.size(), exemplar::trace_digits);
inline constexpr std::size_t span_label_room = pair_room(exemplar::span_label.size(), exemplar::span_digits);
inline constexpr std::size_t timestamp_room =
    varint_field_room(timestamp_field::seconds) + varint_field_room(timestamp_field::nanos);
inline constexpr std::size_t exemplar_message_room =
    bytes_field_room(exemplar_field::label, trace_room) + bytes_field_room(exemplar_field::label, span_label_room) +
    real_field_room(exemplar_field::value) + bytes_field_room(exemplar_field::timestamp, timestamp_room);

/// Writes an Exemplar as a field, if a reading's words hold one.
inline void write_exemplar(field_writer& to, std::uint32_t field, const std::uint64_t* words) noexcept {
  const std::uint64_t time = words[exemplar_word::time];
  if (time == 0) {
    return;
  }
  const auto write_label = [&to](std::size_t room, std::string_view name, std::string_view value) {
    to.message(exemplar_field::label, room, [&] {
      to.bytes(label_pair_field::name, name);
      to.bytes(label_pair_field::value, value);
    });
  };
  char digits[exemplar::trace_digits];
  to.message(field, exemplar_message_room, [&] {
    write_trace(digits, words);
    write_label(trace_room, exemplar::trace_label, {digits, exemplar::trace_digits});
    write_span(digits, words);
    write_label(span_label_room, exemplar::span_label, {digits, exemplar::span_digits});
    to.real(exemplar_field::value, std::bit_cast<double>(words[exemplar_word::value]));
    to.message(exemplar_field::timestamp, timestamp_room, [&] {
      to.varint(timestamp_field::seconds, time / 1000);
      to.varint(timestamp_field::nanos, time % 1000 * 1'000'000);
    });
  });
}

/// How many of a native histogram's exemplars stand in its own list: the newest ones.
inline constexpr std::uint32_t most_native_exemplars = 10;
inline constexpr std::size_t native_exemplars_room =
    most_native_exemplars * bytes_field_room(histogram_field::exemplars, exemplar_message_room);

/// Writes the newest exemplars of a native histogram, the oldest of them first: a reader takes them in order of time.
/// `points` is the first bucket's.
inline void write_native_exemplars(field_writer& to, const family& f, const std::uint64_t* points) noexcept {
  const std::uint64_t* newest[most_native_exemplars + 1];  // and room for the one that leaves
  std::uint32_t held = 0;
  for (std::size_t i = 0; i <= f.bounds.size(); ++i) {
    const std::uint64_t* const point = points + i * f.exemplars.step;
    const std::uint64_t time = point[exemplar_word::time];
    if (time != 0) {
      std::uint32_t at = held;
      for (; at != 0 && newest[at - 1][exemplar_word::time] < time; --at) {
        newest[at] = newest[at - 1];
      }
      newest[at] = point;
      held += held != most_native_exemplars ? 1 : 0;
    }
  }
  while (held != 0) {
    write_exemplar(to, histogram_field::exemplars, newest[--held]);
  }
}

/// The room that a family's buckets need each.
constexpr std::size_t bucket_room(const family& f) noexcept {
  return varint_field_room(bucket_field::cumulative_count) + real_field_room(bucket_field::upper_bound) +
         (f.exemplars.stride != 0 ? bytes_field_room(bucket_field::exemplar, exemplar_message_room) : 0);
}

/// The room that a Histogram's fields need.
constexpr std::size_t histogram_room(const family& f) noexcept {
  const bool has_exemplars = f.exemplars.stride != 0;
  return varint_field_room(histogram_field::sample_count) + real_field_room(histogram_field::sample_sum) +
         (f.bounds.size() + (has_exemplars ? 1 : 0)) * bytes_field_room(histogram_field::bucket, bucket_room(f)) +
         (f.native.parts != 0 ? native_room() : 0) + (f.native.parts != 0 && has_exemplars ? native_exemplars_room : 0);
}

/// Writes a Histogram's fields. The bucket up to +Inf, which holds `sample_count`, is optional: it is there where it
/// has an exemplar. A native histogram has its own buckets beside the classic ones. `points` are the series' exemplars.
inline void write_histogram(field_writer& to, const family& f, const std::uint64_t* cells,
                            const std::uint64_t* points) noexcept {
  const auto count_of = [&](std::uint32_t bucket) {
    const cell_range own = f.bucket(bucket);
    std::uint64_t sum = 0;
    for (std::uint32_t i = 0; i != own.count; ++i) {
      sum += cells[own.first + i];
    }
    return sum;
  };
  const auto bounds = static_cast<std::uint32_t>(f.bounds.size());
  std::uint64_t total = 0;
  for (std::uint32_t i = 0; i <= bounds; ++i) {
    total += count_of(i);
  }
  to.varint(histogram_field::sample_count, total);
  to.real(histogram_field::sample_sum, sum_of(f, cells));
  std::uint64_t below = 0;
  const auto write_bucket = [&](std::uint32_t i, double bound) {
    to.message(histogram_field::bucket, bucket_room(f), [&] {
      to.varint(bucket_field::cumulative_count, below);
      to.real(bucket_field::upper_bound, bound);
      if (f.exemplars.stride != 0) {
        write_exemplar(to, bucket_field::exemplar, points + i * f.exemplars.step);
      }
    });
  };
  for (std::uint32_t i = 0; i != bounds; ++i) {
    below += count_of(i);
    write_bucket(i, f.bounds[i]);
  }
  const bool has_exemplars = f.exemplars.stride != 0;
  if (has_exemplars && points[bounds * f.exemplars.step + exemplar_word::time] != 0) {
    below = total;
    write_bucket(bounds, std::numeric_limits<double>::infinity());
  }
  if (f.native.parts != 0) {
    write_native(to, f, cells);
    if (has_exemplars) {
      write_native_exemplars(to, f, points);
    }
  }
}

/// Whether the lengths of a family's messages depend on its numbers: doubles take the same room always, varints do not.
constexpr bool varies(const family& f) noexcept {
  return f.type == metric_type::histogram || f.type == metric_type::summary || f.exemplars.stride != 0;
}

/// A counter with exemplars.
inline constexpr std::size_t counter_room =
    real_field_room(value_field::value) + bytes_field_room(value_field::exemplar, exemplar_message_room);
inline void write_counter(field_writer& to, const family& f, std::uint64_t total, const std::uint64_t* words) noexcept {
  to.real(value_field::value, f.kind == value_kind::real ? std::bit_cast<double>(total) : static_cast<double>(total));
  write_exemplar(to, value_field::exemplar, words);
}

/// The room that a series' value needs in a family that varies, and writing it. `dated`: it says since when it counts.
constexpr std::size_t value_room(const family& f, bool dated) noexcept {
  return (f.type == metric_type::histogram ? histogram_room(f)
          : f.type == metric_type::summary ? summary_room
                                           : counter_room) +
         (dated ? bytes_field_room(created_time::field(f), created_time::size) : 0);
}
inline void write_value(field_writer& to, const family& f, const std::uint64_t* cells, std::uint32_t series) noexcept {
  const std::uint64_t* const own = cells + f.cell_of(series);
  const std::uint64_t* const points = cells + f.exemplar_of(series);
  if (f.type == metric_type::histogram) {
    write_histogram(to, f, own, points);
  } else if (f.type == metric_type::summary) {
    write_summary(to, f, own);
  } else {
    write_counter(to, f, *own, points);
  }
}

}  // namespace vitals::inline v0::detail

#endif

namespace vitals::inline v0::detail {

/// The numbers of the messages' fields.
struct metric_family_field {
  static constexpr std::uint32_t name = 1, help = 2, type = 3, metric = 4, unit = 5;
};
struct metric_field {
  static constexpr std::uint32_t label = 1, gauge = 2, counter = 3, summary = 4, histogram = 7;
};

constexpr std::size_t larger(std::size_t a, std::size_t b) noexcept {
  return a < b ? b : a;
}

/// The messages of some families: what of them does not change, encoded once, and where the numbers go.
class family_messages {
 public:
  /// Adds a family, whose cells are numbered from `cell_base` on.
  void lay(const source_ref& s, const family& f, std::uint32_t cell_base) {
    constexpr std::uint64_t types[] = {0, 1, 4, 2, 1, 1};  // an info and a state set are gauges
    std::string text;
    append_bytes(text, metric_family_field::name, std::string{s.prefix} + std::string{f.name});
    append_bytes(text, metric_family_field::help, f.help);
    append_varint(text, metric_family_field::type, types[static_cast<std::size_t>(f.type)]);
    if (!f.unit.empty()) {
      append_bytes(text, metric_family_field::unit, f.unit);
    }
    const std::size_t head = text.size();
    const std::size_t before = places_.size();
    const std::size_t room = varies(f) ? lay_varying(text, s, f) : lay_constant(text, s, f);
    room_ += varint_size(room) + room;
    largest_ = larger(largest_, varint_size(room) + head + largest_series(before, text.size(), head) +
                                    (varies(f) ? metric_room(f, 0, value_room(f, created_time::is_known(s, f))) +
                                                     varint_field_room(metric_family_field::metric)
                                               : 0));
    families_.push_back({.facts = &f,
                         .base = cell_base,
                         .created = created_time::is_known(s, f) ? static_cast<std::uint32_t>(s.cells) : 0,
                         .head = head,
                         .length = text.size(),
                         .room = room,
                         .series = places_.size() - before});
    text_ += text;
  }

  /// The room that all messages need at most.
  [[nodiscard]] std::size_t room() const noexcept { return room_; }

  /// How far the messages are written.
  struct progress {
    std::size_t family = 0;
    std::size_t series = 0;   ///< of the family
    std::size_t text = 0;     ///< where the family's lies
    std::size_t place = 0;    ///< where its series' lie
    std::size_t message = 0;  ///< where its message begins in the page
  };
  [[nodiscard]] bool is_end(const progress& at) const noexcept { return at.family == families_.size(); }

  /// The room that what is written behind a given end may need.
  [[nodiscard]] std::size_t overhang() const noexcept { return largest_; }

  /// Writes the messages with the numbers of a reading to `out`, which has room. Returns their end.
  char* fill(char* out, const std::uint64_t* cells) const noexcept {
    progress at;
    return fill(out, out, out + room_ + 1, at, cells);
  }

  /// The same from where the writing is to `stop`, or `overhang` beyond it. `page` is the page's beginning.
  char* fill(char* page, char* out, const char* stop, progress& at, const std::uint64_t* cells) const noexcept {
    while (at.family != families_.size() && out < stop) {
      const laid_family& laid = families_[at.family];
      const family& f = *laid.facts;
      const std::uint64_t* const own = cells + laid.base;
      const bool shown = f.present == family::always || own[f.present] != 0;
      if (shown) {
        out = varies(f) ? write_varying(page, out, stop, at, own) : write_constant(page, out, stop, at, own);
      }
      if (!shown || at.series == laid.series) {
        ++at.family;
        at.series = 0;
        at.text += laid.length;
        at.place += laid.series;
      }
    }
    return out;
  }

 private:
  struct laid_family {
    const family* facts;
    std::uint32_t base;
    std::uint32_t created;  // the cell that says since when it counts; 0: unknown
    std::size_t head;       // bytes before the first series
    std::size_t length;     // bytes of text
    std::size_t room;       // that the message needs, without its own length
    std::size_t series;     // how many are laid
  };

  static std::uint32_t series_field(const family& f) noexcept {
    return f.type == metric_type::histogram ? metric_field::histogram
           : f.type == metric_type::summary ? metric_field::summary
           : f.type == metric_type::counter ? metric_field::counter
                                            : metric_field::gauge;
  }
  static std::size_t metric_room(const family& f, std::size_t labels, std::size_t value) noexcept {
    return labels + bytes_field_room(series_field(f), value);
  }

  /// The longest text between two places of those from `first` on, or behind the last one.
  [[nodiscard]] std::size_t largest_series(std::size_t first, std::size_t size, std::size_t begin) const noexcept {
    std::size_t largest = 0;
    for (std::size_t i = first; i != places_.size(); ++i) {
      largest = larger(largest, places_[i].at - begin);
      begin = places_[i].at;
    }
    return larger(largest, size - begin) + 8;
  }

  static std::string labels_of(const source_ref& s, const family& f, std::uint32_t series) {
    std::string all;
    each_label(s, f, series, [&all](std::string_view name, std::string_view value) {
      std::string pair;
      append_bytes(pair, label_pair_field::name, name);
      append_bytes(pair, label_pair_field::value, value);
      append_bytes(all, metric_field::label, pair);
    });
    return all;
  }

  struct place {
    std::uint32_t at;  // from the start of the family's text
    std::uint32_t series;
  };

  static constexpr std::size_t real_tag = varint_size(wire_tag(value_field::value, wire_type::fixed64));

  /// Lays all of a family whose messages have a constant length. A place is where a series' double lies, behind the
  /// time of its creation where that is known.
  std::size_t lay_constant(std::string& text, const source_ref& s, const family& f) {
    f.each_series([&](std::uint32_t i) {
      std::string metric = labels_of(s, f, i);
      std::string value;
      if (created_time::is_known(s, f)) {
        append_bytes(value, created_time::field(f), created_time{0}.bytes());
      }
      append_real(value, value_field::value, 1);  // an info's is not written again
      append_bytes(metric, series_field(f), value);
      append_bytes(text, metric_family_field::metric, metric);
      places_.push_back({.at = static_cast<std::uint32_t>(text.size() - 8), .series = i});
    });
    return text.size();
  }

  /// Lays the labels of all series. A place is where a series' labels end.
  std::size_t lay_varying(std::string& text, const source_ref& s, const family& f) {
    std::size_t room = text.size();
    const std::size_t value = value_room(f, created_time::is_known(s, f));
    f.each_series([&](std::uint32_t i) {
      const std::string labels = labels_of(s, f, i);
      room += bytes_field_room(metric_family_field::metric, metric_room(f, labels.size(), value));
      text += labels;
      places_.push_back({.at = static_cast<std::uint32_t>(text.size()), .series = i});
    });
    return room;
  }

  /// Writes a family's message, or one more part of it: at least a series, and no more behind `stop`.
  char* write_constant(char* page, char* out, const char* stop, progress& at,
                       const std::uint64_t* cells) const noexcept {
    const laid_family& laid = families_[at.family];
    const family& f = *laid.facts;
    const place* const places = places_.data() + at.place;
    const auto end_of = [places](std::size_t series) {
      return series == 0 ? 0 : std::size_t{places[series - 1].at} + 8;
    };
    if (at.series == 0) {
      out = write_varint(out, laid.length);
      at.message = static_cast<std::size_t>(out - page);
    }
    char* const message = page + at.message;
    const std::size_t first = at.series;
    do {
      at.series += at.series != laid.series ? 1 : 0;
    } while (at.series != laid.series && message + end_of(at.series) < stop);
    const std::size_t begin = end_of(first);
    const std::size_t end = at.series == laid.series ? laid.length : end_of(at.series);
    std::memcpy(message + begin, text_.data() + at.text + begin, end - begin);
    const view<place> now{places + first, at.series - first};
    if (laid.created != 0) {
      const created_time created{cells[laid.created]};
      for (const place& p : now) {
        std::memcpy(message + p.at - real_tag - created_time::size, created.bytes().data(), created_time::size);
      }
    }
    const auto fill_in = [&](auto value_of) {
      for (const place& p : now) {
        write_fixed64(message + p.at, value_of(cells[f.cell_of(p.series)], p.series));
      }
    };
    switch (f.kind) {
      case value_kind::unsigned_integer:
        fill_in([](std::uint64_t n, std::uint32_t) { return static_cast<double>(n); });
        break;
      case value_kind::signed_integer:
        fill_in([](std::uint64_t n, std::uint32_t) { return static_cast<double>(static_cast<std::int64_t>(n)); });
        break;
      case value_kind::state:
        fill_in([&f](std::uint64_t n, std::uint32_t i) { return n == f.state_of(i).state ? 1.0 : 0.0; });
        break;
      case value_kind::one:
        break;
      default:
        fill_in([](std::uint64_t n, std::uint32_t) { return std::bit_cast<double>(n); });
        break;
    }
    return message + end;
  }

  /// The same.
  char* write_varying(char* page, char* out, const char* stop, progress& at,
                      const std::uint64_t* cells) const noexcept {
    const laid_family& laid = families_[at.family];
    const family& f = *laid.facts;
    const std::size_t room = value_room(f, laid.created != 0);
    const created_time created{cells[laid.created]};
    const char* const text = text_.data() + at.text;
    const place* const places = places_.data() + at.place;
    const std::size_t length_size = varint_size(laid.room);
    if (at.series == 0) {
      at.message = static_cast<std::size_t>(out - page);
      out += length_size;
    }
    field_writer to{out};
    if (at.series == 0) {
      to.copy({text, laid.head});
    }
    for (bool first = true; at.series != laid.series && (first || to.end() < stop); ++at.series, first = false) {
      const place& p = places[at.series];
      const std::size_t begin = at.series == 0 ? laid.head : places[at.series - 1].at;
      const std::string_view labels{text + begin, p.at - begin};
      to.message(metric_family_field::metric, metric_room(f, labels.size(), room), [&] {
        to.copy(labels);
        to.message(series_field(f), room, [&] {
          write_value(to, f, cells, p.series);
          if (laid.created != 0) {
            to.bytes(created_time::field(f), created.bytes());
          }
        });
      });
    }
    if (at.series == laid.series) {
      char* const length = page + at.message;
      write_padded_varint(length, static_cast<std::uint64_t>(to.end() - length) - length_size, length_size);
    }
    return to.end();
  }

  std::vector<laid_family> families_;
  std::string text_;           // of all families, one after the other
  std::vector<place> places_;  // of each series
  std::size_t room_ = 0;
  std::size_t largest_ = 0;  // that a family's head and one series of it need
};

}  // namespace vitals::inline v0::detail

#endif

namespace vitals::inline v0 {

/// Renders some sources as protobuf, again and again. Any thread may render; renderings of one page take turns. Nothing
/// is allocated once the buffer has grown to the page's size.
///
/// Values are doubles in this format: counts past 2^53 are rounded to the nearest one, but for those of histograms and
/// summaries, which are 64-bit integers. An info and a state set are gauges. A counter keeps its `_total`. What counts
/// says since when, where its source knows.
class protobuf_page {
 public:
  static constexpr std::string_view content_type =
      "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";

  /// Encodes what does not change. Throws std::invalid_argument where two sources offer the same family, where a prefix
  /// or a constant label's name is none, or where a family has a label of that name itself; and std::bad_alloc.
  /// Where `names` are given, the page has the families of these names alone (or of samples' names).
  explicit protobuf_page(view<source_ref> sources, view<std::string> names = {}) : reading_(sources, names) {
    messages_ = laid();
  }

  /// Replaces `out` with the page. Keeps its capacity, so a buffer that is used again is not allocated again. Throws
  /// std::bad_alloc, and then leaves `out` as it was.
  void render(std::string& out) {
    const std::lock_guard turn{mutex_};
    if (reading_.is_stale()) {
      messages_ = laid();
    }
    out.resize(messages_.room());
    const char* const end = messages_.fill(out.data(), reading_.take());
    out.resize(static_cast<std::size_t>(end - out.data()));
  }

  /// The same in parts, as a `page` does.
  void begin() {
    if (reading_.is_stale()) {
      messages_ = laid();
    }
    reading_.begin();
    at_ = {};
  }
  bool more(std::string& out, std::size_t bytes) {
    if (reading_.take_next()) {
      return false;
    }
    const std::size_t before = out.size();
    out.resize(before + bytes + messages_.overhang());
    char* const begin = out.data() + before;
    const char* const end = messages_.fill(out.data(), begin, begin + bytes, at_, reading_.cells());
    out.resize(static_cast<std::size_t>(end - out.data()));
    return messages_.is_end(at_);
  }

 private:
  detail::family_messages laid() {
    detail::family_messages messages;
    reading_.each_shown(
        [&messages](const source_ref& s, const family& f, std::uint32_t base) { messages.lay(s, f, base); });
    return messages;
  }

  detail::family_messages messages_;  ///< guarded by the mutex, as they are laid anew where a label's values change
  detail::reading reading_;           ///< guarded by the mutex
  detail::family_messages::progress at_{};  ///< of who renders in parts
  std::mutex mutex_;
};

}  // namespace vitals::inline v0

#endif

namespace vitals::inline v0::http::detail {

/// A page for each format (JSON where there is none); laid down when it is first asked for.
class pages {
 public:
  pages(const v0::detail::format& openmetrics, std::vector<source_ref> sources, std::vector<std::string> names = {})
      : openmetrics_format_(openmetrics),
        sources_(std::move(sources)),
        names_(std::move(names)) {}

  /// Throws std::invalid_argument where the sources do not fit one page.
  void check() const { page{prometheus_text::format, sources_}; }

  /// Renders. By any threads at once.
  void render(std::optional<page_format> format, std::string& out) {
    with(format, [&out](auto& laid) { laid.render(out); });
  }

  /// The same in parts, as `page` does. By one thread at a time, and not while others render.
  void begin(std::optional<page_format> format) {
    with(format, [](auto& laid) { laid.begin(); });
  }
  bool more(std::optional<page_format> format, std::string& out, std::size_t bytes) {
    bool done = false;
    with(format, [&](auto& laid) { done = laid.more(out, bytes); });
    return done;
  }

 private:
  template <class Page>
  struct lazily {
    std::once_flag once;
    std::optional<Page> page;
  };

  template <class Work>
  void with(std::optional<page_format> format, Work work) {
    if (!format) {
      with_text(json_, json_text::format, work);
    } else if (*format == page_format::openmetrics) {
      with_text(openmetrics_, openmetrics_format_, work);
    } else if (*format == page_format::prometheus_text) {
      with_text(text_, prometheus_text::format, work);
    } else {
      std::call_once(protobuf_.once, [this] { protobuf_.page.emplace(sources_, names_); });
      work(*protobuf_.page);
    }
  }
  template <class Work>
  void with_text(lazily<page>& kept, const v0::detail::format& format, Work work) {
    std::call_once(kept.once, [&] { kept.page.emplace(format, sources_, names_); });
    work(*kept.page);
  }

  v0::detail::format openmetrics_format_;
  std::vector<source_ref> sources_;
  std::vector<std::string> names_;
  lazily<page> text_;
  lazily<page> openmetrics_;
  lazily<page> json_;
  lazily<protobuf_page> protobuf_;
};

}  // namespace vitals::inline v0::http::detail

#endif

namespace vitals::inline v0::http {

/// How sources are exposed: what stands before all of their families' names, and labels that all of their series get.
/// So two libraries whose metrics have the same names can be told apart.
struct exposure {
  std::string prefix{};
  std::vector<std::pair<std::string, std::string>> labels{};
};

/// Replaces `out` with a page in gzip's coding. Called by one thread at a time.
using compressor = std::function<void(std::string_view page, std::string& out)>;

/// Sources behind a path. Thread-safe: sources may be added and taken away while it is served; but not by a callback
/// of theirs.
class exposition {
 public:
  /// `with_created`: OpenMetrics pages have `_created` samples. `make`: such as `make_gzip`; without it no page is
  /// compressed.
  explicit exposition(bool with_created = false, compressor (*make)() = nullptr)
      : openmetrics_(with_created ? openmetrics_with_created::format : openmetrics_text::format),
        make_compressor_(make),
        zipping_(new_zipping()) {
    replace({});
  }

  /// Adds sources. Throws std::invalid_argument where a family of theirs is offered already, or where `how` is illegal;
  /// then none is added.
  void expose(std::vector<source_ref> added, exposure how = {}) {
    const std::unique_lock lock{*mutex_};
    std::vector<placed> all = sources_;
    for (source_ref& s : added) {
      const auto kept = std::make_shared<const decoration>(how, s);
      s.prefix = kept->prefix;
      s.labels = kept->labels;
      all.push_back({s, kept});
    }
    replace(std::move(all));
  }

  /// Takes sources away, such as those of a library that will be unloaded: once this returns, nothing reads them.
  /// Sources that are not exposed are no error.
  void unexpose(const std::vector<source_ref>& removed) {
    const std::unique_lock lock{*mutex_};
    std::vector<placed> left;
    for (const placed& p : sources_) {
      const auto is_same = [&p](const source_ref& r) {
        return r.families.data() == p.source.families.data() && r.read == p.source.read && r.self == p.source.self;
      };
      if (std::none_of(removed.begin(), removed.end(), is_same)) {
        left.push_back(p);
      }
    }
    replace(std::move(left));
  }

  /// A page of all sources' present values, in the format and the coding that the request accepts; of the families that
  /// it names in `name[]` alone, where it names some. Replaces `out`, and allocates nothing once its texts have grown
  /// to the page's size.
  void answer(const request& asked, response& out) const { answer(negotiated_page(asked), out); }

  /// The same in one format, whatever the request accepts.
  void answer_text(const request& asked, response& out) const { answer(text_page(asked), out); }
  void answer_json(const request& asked, response& out) const { answer(json_page(asked), out); }

  /// The page of a choice.
  void answer(const page_choice& choice, response& out) const {
    out.clear();
    const std::shared_lock lock{*mutex_};
    std::optional<detail::pages> selection;
    if (!choice.names.empty()) {
      selection.emplace(openmetrics_, refs(sources_), choice.names);
    }
    detail::pages& chosen = selection ? *selection : *pages_;
    if (choice.zipped && zipping_->compress) {
      const std::scoped_lock turn{zipping_->mutex};
      chosen.render(choice.format, zipping_->plain);
      zipping_->compress(zipping_->plain, out.body);
      out.content_encoding = "gzip";
    } else {
      chosen.render(choice.format, out.body);
    }
    out.content_type = choice.content_type;
    out.vary = choice.vary;
  }

  /// Holds the sources, for who makes pages of them in steps: none comes or goes while this lives.
  class hold {
   public:
    explicit hold(const exposition& of) : lock_(*of.mutex_), of_(&of) {}
    [[nodiscard]] std::vector<source_ref> refs() const { return exposition::refs(of_->sources_); }
    /// Another one for each change of the sources.
    [[nodiscard]] std::uint64_t generation() const noexcept { return of_->generation_; }
    [[nodiscard]] const v0::detail::format& openmetrics() const noexcept { return of_->openmetrics_; }

   private:
    std::shared_lock<std::shared_mutex> lock_;
    const exposition* of_;
  };

  /// For a forked child, before anything else there: a thread that rendered is not there to end what it began. What it
  /// held is left behind, and never freed.
  void mend_after_fork() {
    static_cast<void>(mutex_.release());
    static_cast<void>(zipping_.release());
    static_cast<void>(pages_.release());
    mutex_ = std::make_unique<std::shared_mutex>();
    zipping_ = new_zipping();
    replace(std::move(sources_));
  }

  /// Some families' present values, as JSON.
  [[nodiscard]] std::string json_of(const std::vector<std::string>& names) const {
    const std::shared_lock lock{*mutex_};
    std::string out;
    detail::pages{openmetrics_text::format, refs(sources_), names}.render(std::nullopt, out);
    while (out.ends_with('\n')) {
      out.pop_back();
    }
    return out;
  }

 private:
  struct decoration {
    /// What a source is exposed with stands before what it has itself.
    decoration(exposure its, const source_ref& s) : how(std::move(its)), prefix(how.prefix + std::string{s.prefix}) {
      for (const auto& [name, value] : how.labels) {
        labels.push_back({name, value});
      }
      labels.insert(labels.end(), s.labels.begin(), s.labels.end());
    }
    decoration(const decoration&) = delete;
    decoration& operator=(const decoration&) = delete;
    ~decoration() = default;

    exposure how;
    std::string prefix;
    std::vector<constant_label> labels;
  };

  struct placed {
    source_ref source;
    std::shared_ptr<const decoration> kept;  // what the source's prefix and labels point into
  };

  /// What one thread at a time compresses with.
  struct zipping {
    std::mutex mutex;
    std::string plain;
    compressor compress;
  };

  [[nodiscard]] std::unique_ptr<zipping> new_zipping() const {
    auto fresh = std::make_unique<zipping>();
    fresh->compress = make_compressor_ != nullptr ? make_compressor_() : compressor{};
    return fresh;
  }

  static std::vector<source_ref> refs(const std::vector<placed>& all) {
    std::vector<source_ref> out;
    for (const placed& p : all) {
      out.push_back(p.source);
    }
    return out;
  }

  void replace(std::vector<placed> all) {
    auto laid = std::make_unique<detail::pages>(openmetrics_, refs(all));
    laid->check();
    pages_ = std::move(laid);
    sources_ = std::move(all);
    ++generation_;
  }

  const v0::detail::format openmetrics_;
  /// Held by all who render: who takes a source away waits for them.
  std::unique_ptr<std::shared_mutex> mutex_ = std::make_unique<std::shared_mutex>();
  std::vector<placed> sources_;
  std::unique_ptr<detail::pages> pages_;
  std::uint64_t generation_ = 0;  ///< of the sources; guarded by the mutex, as they are
  compressor (*make_compressor_)();
  std::unique_ptr<zipping> zipping_;
};

}  // namespace vitals::inline v0::http

#endif
// The probes: a program's health behind the paths that orchestrators, load balancers and people know.
#ifndef VITALS_HTTP_HEALTH_ROUTES_HPP
#define VITALS_HTTP_HEALTH_ROUTES_HPP

#include <atomic>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

// A program's health for machines and people: JSON, application/health+json, and Kubernetes' verbose lines.
//
// The JSON document has the same members on every path:
//
//   {"status":"degraded","ready":true,"live":true,"started":true,
//    "reasons":["cache: connection_timeout"],
//    "components":{
//     "cache":{"status":"unhealthy","criticality":"degrading","reason":"connection_timeout","cause":"cache",
//              "age_seconds":12.5,"flapping":false,"errors":3,"errors_in_a_row":3,
//              "heartbeat_age_seconds":0.2,"checked_seconds_ago":4.1},
//     ...},
//    "service":"relay","version":"1.4.2","environment":"production",
//    "uptime_seconds":3600.5,"uptime":"1h 0m","timestamp":"2026-01-31T12:00:00.000Z"}
//
// `status` is starting, ready, degraded, unready (it would take work, and a critical component fails), draining or
// stopped. `reasons` names what is at fault, not what suffers from it: `cause` tells for each component. Probes of
// liveness and of the start have no components. A heartbeat's age is there for components that beat, that of a check's
// result for those that a monitor has checked. More members may be added.
#ifndef VITALS_EXPOSE_HEALTH_JSON_HPP
#define VITALS_EXPOSE_HEALTH_JSON_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace vitals::inline v0 {

/// What is told beside a program's health.
struct health_page_options {
  std::string version{};
  std::string environment{};
  std::vector<std::string> metrics{};  ///< names of the families that the status page shows
  bool show_errors = false;            ///< whether the errors' last messages are shown, to whoever asks
};

namespace detail {

/// The one word for the whole.
inline std::string_view status_of(const health_report& r) noexcept {
  return takes_work(r.now) && !r.ready ? std::string_view{"unready"} : name_of(r.now);
}

inline std::string_view name_of(criticality c) noexcept {
  constexpr std::string_view names[] = {"critical", "degrading", "informational"};
  return names[static_cast<std::size_t>(c)];
}

/// Adds ms as seconds with up to 3 decimals.
inline void append_seconds(std::string& out, std::uint64_t ms) {
  char digits[number_room];
  out.append(digits, static_cast<std::size_t>(write_unsigned(digits, ms / 1000) - digits));
  if (ms % 1000 != 0) {
    out += '.';
    out += static_cast<char>('0' + ms / 100 % 10);
    out += static_cast<char>('0' + ms / 10 % 10);
    out += static_cast<char>('0' + ms % 10);
  }
}

inline void append_count(std::string& out, std::uint64_t n) {
  char digits[number_room];
  out.append(digits, static_cast<std::size_t>(write_unsigned(digits, n) - digits));
}

/// Adds a time since 1970 in ms as RFC 3339 has it, in UTC.
inline void append_timestamp(std::string& out, std::uint64_t ms) {
  constexpr std::uint64_t day = 86'400'000;
  constexpr std::uint64_t last = 253'402'300'799'999;  // the end of the year 9999: a year has four digits
  ms = ms < last ? ms : last;
  // By years that begin in March, whose leap day is their last, from the one that began 719,468 days before 1970.
  // (gmtime_r takes a lock, and the calendars of <chrono> are long to compile.)
  const auto days = static_cast<unsigned>(ms / day) + 719'468;
  const unsigned in_cycle = days % 146'097;  // of 400 years
  const unsigned year_of_cycle = (in_cycle - in_cycle / 1'460 + in_cycle / 36'524 - in_cycle / 146'096) / 365;
  const unsigned in_year = in_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
  const unsigned month = (5 * in_year + 2) / 153;  // from March; five of them have 153 days
  const unsigned year = days / 146'097 * 400 + year_of_cycle + (month < 10 ? 0 : 1);
  const auto second = static_cast<unsigned>(ms % day / 1000);
  char text[] = "0000-00-00T00:00:00.000Z";
  const auto put = [&text](std::size_t at, std::size_t digits, unsigned n) {
    for (; digits != 0; n /= 10) {
      text[at + --digits] = static_cast<char>('0' + n % 10);
    }
  };
  put(0, 4, year);
  put(5, 2, month < 10 ? month + 3 : month - 9);
  put(8, 2, in_year - (153 * month + 2) / 5 + 1);
  put(11, 2, second / 3600);
  put(14, 2, second / 60 % 60);
  put(17, 2, second % 60);
  put(20, 3, static_cast<unsigned>(ms % 1000));
  out.append(text, sizeof text - 1);
}

/// Adds a time span for people: its two largest parts, `3d 4h`, `12m 5s`, `42s`.
inline void append_span(std::string& out, std::uint64_t ms) {
  const std::uint64_t s = ms / 1000;
  const struct {
    std::uint64_t count;
    char unit;
  } parts[] = {{s / 86400, 'd'}, {s / 3600 % 24, 'h'}, {s / 60 % 60, 'm'}, {s % 60, 's'}};
  std::size_t first = 0;
  while (first != 3 && parts[first].count == 0) {
    ++first;
  }
  for (std::size_t i = first; i != 4 && i != first + 2; ++i) {
    out += i == first ? "" : " ";
    append_count(out, parts[i].count);
    out += parts[i].unit;
  }
}

inline void append_text_member(std::string& out, std::string_view name, std::string_view value) {
  out += ",\"";
  out += name;
  out += "\":";
  append_json(out, value);
}

inline void append_flag(std::string& out, std::string_view name, bool value) {
  out += ",\"";
  out += name;
  out += value ? "\":true" : "\":false";
}

/// A bit for each component that is at fault that some component, itself or one that needs it, makes the program
/// unready or degraded.
inline std::uint64_t at_fault(const health_report& r) noexcept {
  static_assert(most_components <= 64);
  std::uint64_t all = 0;
  for (const component_report& c : r.components()) {
    if (c.now != status::healthy && c.matters != criticality::informational) {
      all |= std::uint64_t{1} << c.cause;
    }
  }
  return all;
}

inline void append_reasons(std::string& out, const health_report& r) {
  std::string_view between;
  out += '[';
  if (!takes_work(r.now)) {
    out.append("\"process: ").append(name_of(r.now)).append("\"");
    between = ",";
  }
  const std::uint64_t blamed = at_fault(r);
  for (std::size_t i = 0; i != r.count; ++i) {
    const component_report& c = r.all[i];
    if ((blamed >> i & 1U) != 0) {
      out += between;
      between = ",";
      out += '"';
      out += c.name;
      out += ": ";
      append_json_escaped(out, c.reason.empty() ? name_of(c.now) : c.reason);
      out += '"';
    }
  }
  out += ']';
}

inline std::uint64_t errors_of(const error_index& errors, std::size_t component) noexcept {
  std::uint64_t sum = 0;
  errors.each(component, [&sum](const cell* entry, std::uint32_t) {
    sum += entry[error_cell::count].load(std::memory_order_relaxed);
  });
  return sum;
}

inline void append_errors(std::string& out, const health_ref& of, const error_index& errors, std::size_t component,
                          bool messages) {
  std::string_view between = ",\"error_types\":[";
  errors.each(component, [&](const cell* entry, std::uint32_t type) {
    const std::uint64_t count = entry[error_cell::count].load(std::memory_order_relaxed);
    if (count == 0) {  // its first error is being written
      return;
    }
    out += between;
    between = ",";
    out += "{\"type\":";
    append_json(out, text_of_slot(*of.error_types, type));
    out += ",\"count\":";
    append_count(out, count);
    out += ",\"first\":\"";
    append_timestamp(out, entry[error_cell::first].load(std::memory_order_relaxed));
    out += "\",\"last\":\"";
    append_timestamp(out, entry[error_cell::last].load(std::memory_order_relaxed));
    out += '"';
    if (messages) {
      error_report e;
      load_message(entry, e);
      append_text_member(out, "message", e.message());
    }
    out += '}';
  });
  out += between == "," ? "]" : "";
}

inline void append_component(std::string& out, const health_ref& of, const health_report& r, const error_index& errors,
                             std::size_t i, bool messages) {
  const component_report& c = r.all[i];
  append_json(out, c.name);
  out += ":{\"status\":\"";
  out += name_of(c.now);
  out += "\",\"criticality\":\"";
  out += name_of(c.matters);
  out += "\",\"reason\":";
  append_json(out, c.reason);
  append_text_member(out, "cause", c.now == status::healthy ? std::string_view{} : r.all[c.cause].name);
  out += ",\"age_seconds\":";
  append_seconds(out, c.age);
  append_flag(out, "flapping", c.is_flapping);
  out += ",\"errors\":";
  append_count(out, errors_of(errors, i));
  out += ",\"errors_in_a_row\":";
  append_count(out, error_table{of}.in_a_row[i].load(std::memory_order_relaxed));
  if (c.silence != component_report::never) {
    out += ",\"heartbeat_age_seconds\":";
    append_seconds(out, c.silence);
  }
  if (c.checked != component_report::never) {
    out += ",\"checked_seconds_ago\":";
    append_seconds(out, c.checked);
  }
  append_errors(out, of, errors, i, messages);
  out += '}';
}

/// Adds the document without its closing brace, for more members.
inline void append_health(std::string& out, const health_ref& of, const health_report& r,
                          const health_page_options& options, bool components) {
  out += "{\"status\":\"";
  out += status_of(r);
  out += '"';
  append_flag(out, "ready", r.ready);
  append_flag(out, "live", r.live);
  append_flag(out, "started", r.started);
  out += ",\"reasons\":";
  append_reasons(out, r);
  out += ",\"components\":{";
  if (components) {
    const error_index errors{of};
    for (std::size_t i = 0; i != r.count; ++i) {
      out += i == 0 ? "\n " : ",\n ";
      append_component(out, of, r, errors, i, options.show_errors);
    }
  }
  out += '}';
  append_text_member(out, "service", of.facts->name);
  append_text_member(out, "version", options.version);
  append_text_member(out, "environment", options.environment);
  out += ",\"uptime_seconds\":";
  append_seconds(out, r.uptime);
  out += ",\"uptime\":\"";
  append_span(out, r.uptime);
  out += "\",\"timestamp\":\"";
  append_timestamp(out, of.clock.wall());
  out += '"';
}

/// The same as application/health+json has it (draft-inadarei-api-health-check).
inline void append_health_check(std::string& out, const health_ref& of, const health_report& r,
                                const health_page_options& options) {
  constexpr std::string_view words[] = {"fail", "pass", "warn", "fail"};
  out += "{\"status\":\"";
  out += !r.ready ? "fail" : r.now == phase::degraded ? "warn" : "pass";
  out += '"';
  append_text_member(out, "serviceId", of.facts->name);
  append_text_member(out, "version", options.version);
  append_text_member(out, "description", status_of(r));
  out += ",\"checks\":{";
  for (std::size_t i = 0; i != r.count; ++i) {
    const component_report& c = r.all[i];
    out += i == 0 ? "\n " : ",\n ";
    append_json(out, c.name);
    out += ":[{\"componentType\":\"component\",\"status\":\"";
    out += words[static_cast<std::size_t>(c.now)];
    out += '"';
    if (c.now != status::healthy) {
      append_text_member(out, "output", c.reason.empty() ? name_of(c.now) : c.reason);
    }
    out += '}';
    out += ']';
  }
  out += "}}\n";
}

/// Adds a line as Kubernetes' verbose form has it. Control characters become blanks: a reason is no line of its own.
inline void append_check_line(std::string& out, std::string_view name, bool good, std::string_view why,
                              bool excluded = false) {
  if (excluded) {
    out.append("[+]").append(name).append(" excluded: ok\n");
    return;
  }
  out += good ? "[+]" : "[-]";
  out += name;
  out += good ? " ok" : " failed: ";
  for (const char c : good ? std::string_view{} : why) {
    out += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
  }
  out += '\n';
}

}  // namespace detail

}  // namespace vitals::inline v0

#endif
// The router: from a request's method and path to a response. It knows no HTTP library.
#ifndef VITALS_HTTP_ROUTER_HPP
#define VITALS_HTTP_ROUTER_HPP

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vitals::inline v0::http {

/// The path of a request's target (RFC 9112, 3.2): without query, and without scheme and host where a proxy sent them.
[[nodiscard]] constexpr std::string_view path_of(std::string_view target) noexcept {
  if (const auto scheme = target.find("://"); !target.starts_with('/') && scheme != std::string_view::npos) {
    const auto path = target.find('/', scheme + 3);
    target = path == std::string_view::npos ? std::string_view{"/"} : target.substr(path);
  }
  return target.substr(0, target.find_first_of("?#"));
}

/// What `/` tells: whose program this is, and what is behind which path.
struct overview {
  struct endpoint {
    std::string path;
    std::string what;
  };
  std::string service{};  ///< empty where the program did not say
  std::string version{};
  std::string environment{};
  std::vector<endpoint> endpoints{};
};

/// Routes GET and HEAD requests to handlers by their exact path, and answers OPTIONS with what is allowed. `/` is built
/// in: it tells whose program this is and lists the routes, as text, or as JSON where that is accepted by name. Add
/// routes first; then `handle` may be called by any threads at once, as far as the handlers allow.
class router {
 public:
  using handler = std::function<response(const request&)>;
  /// Fills a response that is clear, whose texts may have memory from an answer before.
  using filler = std::function<void(const request&, response&)>;

  /// Adds a route. `what` is a line for the list at `/`. Throws std::invalid_argument for a path that does not start
  /// with `/` or is taken.
  void add(std::string path, std::string what, handler answer) {
    add(std::move(path), std::move(what),
        filler{[answer = std::move(answer)](const request& asked, response& out) { out = answer(asked); }});
  }
  void add(std::string path, std::string what, filler answer) {
    if (!path.starts_with('/') || path == "/" || find(path) != routes_.end()) {
      throw std::invalid_argument(
          fmt::format("vitals::http::router: cannot add the path \"{}\": a path starts with / "
                      "and is added once (/ itself is the list of routes)",
                      path));
    }
    routes_.push_back({std::move(path), std::move(what), std::move(answer)});
  }

  /// The route of a path, by its name, which may be a part of the path; empty where there is none.
  using namer = std::function<std::string_view(std::string_view path)>;

  /// Adds paths that come and go: `name` tells whether a path is there now, `answer` answers for all of them (a 404 of
  /// its own where one is gone by then), `list` adds what is there to the list at `/`. By any threads at once.
  void add_group(namer name, filler answer, std::function<void(overview&)> list) {
    groups_.push_back({std::move(name), std::move(answer), std::move(list)});
  }

  /// Answers a request: 404 for an unknown path, 405 for a method other than GET, HEAD and OPTIONS, 500 where a handler
  /// throws.
  [[nodiscard]] response handle(const request& asked) const {
    response out;
    handle(asked, out);
    return out;
  }

  /// The same into a response that is used again, and allocates nothing where the handler does not. Returns the route's
  /// name: for `add` its path, a part of `asked.target`; empty where there is none.
  std::string_view handle(const request& asked, response& out) const {
    out.clear();
    const std::string_view path = path_of(asked.target);
    const auto [answer, name] = find_answer(path);
    if (path != "/" && answer == nullptr) {
      out.status = 404;
      out.body = "404 Not Found: GET / lists what is here\n";
    } else if (asked.method == "OPTIONS") {
      out.status = 204;
      out.allow = "GET, HEAD, OPTIONS";
    } else if (asked.method != "GET" && asked.method != "HEAD") {
      out.status = 405;
      out.body = "405 Method Not Allowed: use GET or HEAD\n";
      out.allow = "GET, HEAD, OPTIONS";
    } else if (path == "/") {
      answer_overview(asked, out);
    } else {
      try {
        (*answer)(asked, out);
      } catch (const std::exception&) {  // what it says may be no stranger's business
        out.clear();
        out.status = 500;
        out.body = "500 Internal Server Error\n";
      }
    }
    return path == "/" ? path : name;
  }

 private:
  struct route {
    std::string path;
    std::string what;
    filler answer;
  };
  struct group {
    namer name;
    filler answer;
    std::function<void(overview&)> list;
  };

  struct found {
    const filler* answer = nullptr;
    std::string_view name{};
  };

  /// What answers for a path; null where nothing does.
  [[nodiscard]] found find_answer(std::string_view path) const {
    if (const auto exact = find(path); exact != routes_.end()) {
      return {&exact->answer, path};
    }
    for (const group& g : groups_) {
      if (const std::string_view name = g.name(path); !name.empty()) {
        return {&g.answer, name};
      }
    }
    return {};
  }

  [[nodiscard]] std::vector<route>::const_iterator find(std::string_view path) const noexcept {
    return std::find_if(routes_.begin(), routes_.end(), [path](const route& r) { return r.path == path; });
  }

  void answer_overview(const request& asked, response& out) const {
    overview all;
    for (const route& r : routes_) {
      all.endpoints.push_back({r.path, r.what});
    }
    for (const group& g : groups_) {
      g.list(all);
    }
    out.vary = "Accept";
    if (prefers(asked.accept, "application", "json", "")) {
      out.content_type = "application/json";
      append_document(out.body, all);
    } else {
      append_text(out.body, all);
    }
  }

  static void append_text(std::string& out, const overview& all) {
    for (const std::string_view part : {all.service, all.version, all.environment}) {
      out.append(part).append(part.empty() ? "" : " ");
    }
    out += fmt::format("{}vitals {}.{}.{}\n\n", out.empty() ? "" : "| ", version.major, version.minor, version.patch);
    for (const auto& [path, what] : all.endpoints) {
      out += fmt::format("{}  {}\n", path, what);
    }
  }

  static void append_document(std::string& out, const overview& all) {
    using v0::detail::append_json;
    out += "{\"service\":";
    append_json(out, all.service);
    out += ",\"version\":";
    append_json(out, all.version);
    out += ",\"environment\":";
    append_json(out, all.environment);
    out += ",\"endpoints\":{";
    std::string_view before = "\n ";
    for (const auto& [path, what] : all.endpoints) {
      out += std::exchange(before, ",\n ");
      append_json(out, path);
      out += ':';
      append_json(out, what);
    }
    out += "}}\n";
  }

  std::vector<route> routes_;
  std::vector<group> groups_;
};

}  // namespace vitals::inline v0::http

#endif

namespace vitals::inline v0::http {

/// Anything that is a program's health: `vitals::health<...>`.
template <class H>
concept health_source = requires {
  { H::ref() }
  noexcept->std::same_as<v0::detail::health_ref>;
};

/// A program's health behind its paths. The status code is the answer, 200 or 503; the body says why.
///
/// | path | question |
/// | `/livez` `/healthz` `/live` `/health/live` `/api/v1/health/live` | should it be restarted? |
/// | `/startupz` | is its start over? |
/// | `/readyz` `/ready` `/health/ready` `/api/v1/health/ready` | does it take work? |
/// | `/health` `/api/v1/health` | the same, with all components |
/// | `/status` `/api/v1/status` | always 200: all of it, with the metrics that the program chose |
///
/// `?exclude=name` leaves a component out of the question; `/readyz/name` and `/livez/name` ask for one alone. The body
/// is JSON, with `?verbose` Kubernetes' lines, application/health+json where that is accepted.
class health_routes {
 public:
  /// `json_of` gives some families as JSON, for `/status`.
  explicit health_routes(health_page_options options,
                         std::function<std::string(const std::vector<std::string>&)> json_of = {})
      : options_(std::move(options)),
        json_of_(std::move(json_of)) {
    make_utf8(options_.version);
    make_utf8(options_.environment);
  }

  /// Throws std::invalid_argument where another health is served already.
  void expose(const v0::detail::health_ref& of) {
    const std::lock_guard lock{mutex_};
    if (shown_.load(std::memory_order_relaxed) == nullptr) {
      of_ = of;
      shown_.store(&of_, std::memory_order_seq_cst);
    } else if (of_.facts != of.facts) {
      throw std::invalid_argument("vitals: cannot expose the health \"" + std::string{of.facts->name} +
                                  "\": a server has one health, and this one has \"" + std::string{of_.facts->name} +
                                  "\" already");
    }
  }
  /// Takes it away: once this returns, nothing reads it.
  void unexpose(const v0::detail::health_ref& of) {
    const std::lock_guard lock{mutex_};
    if (shown_.load(std::memory_order_relaxed) == nullptr || of_.facts != of.facts) {
      return;
    }
    shown_.store(nullptr, std::memory_order_seq_cst);
    while (readers_.load(std::memory_order_seq_cst) != 0) {  // each for as long as one answer takes
      std::this_thread::sleep_for(std::chrono::microseconds{100});
    }
  }

  /// For a forked child, before anything else there: who was reading is not there to leave.
  void mend_after_fork() noexcept { readers_.store(0, std::memory_order_relaxed); }

  /// Whether a path is one of those that probes ask, whatever health there is; or one of `/status`.
  [[nodiscard]] static constexpr bool is_probe(std::string_view path) noexcept {
    return path.starts_with("/readyz/") || path.starts_with("/livez/") || is_known(path, false);
  }
  [[nodiscard]] static constexpr bool is_status(std::string_view path) noexcept { return is_known(path, true); }

  /// Adds its paths to a router, which must not outlive it.
  void add_to(router& routes) {
    routes.add_group([this](std::string_view path) { return name_of_route(path); },
                     [this](const request& asked, response& out) { answer(asked, out); },
                     [this](overview& all) { list(all); });
  }

 private:
  /// JSON is UTF-8, and what a program took from its surroundings need not be.
  static void make_utf8(std::string& text) {
    if (!is_utf8(text)) {
      std::string clean(text.size(), '\0');
      clean.resize(v0::detail::copy_cleaned(clean.data(), clean.size(), text));
      text = std::move(clean);
    }
  }

  enum class question { live, started, ready, overall, everything };

  struct known_path {
    std::string_view path;
    question asks;
    std::string_view what;
  };
  static constexpr known_path paths[] = {
      {"/livez", question::live, "whether it runs; 503 where it should be restarted"},
      {"/healthz", question::live, {}},
      {"/live", question::live, {}},
      {"/health/live", question::live, {}},
      {"/api/v1/health/live", question::live, {}},
      {"/startupz", question::started, "whether its start is over"},
      {"/readyz", question::ready, "whether it takes work"},
      {"/ready", question::ready, {}},
      {"/health/ready", question::ready, {}},
      {"/api/v1/health/ready", question::ready, {}},
      {"/health", question::overall, "whether it takes work, with all components"},
      {"/api/v1/health", question::overall, {}},
      {"/status", question::everything, "all that is known, always 200"},
      {"/api/v1/status", question::everything, {}},
  };

  static constexpr bool is_known(std::string_view path, bool as_status) noexcept {
    for (const known_path& known : paths) {
      if (path == known.path) {
        return (known.asks == question::everything) == as_status;
      }
    }
    return false;
  }

  /// What a path asks, and of which component where it asks of one alone.
  struct asked_for {
    question asks;
    std::optional<std::size_t> component{};
  };

  /// The health that is served, which is not taken away while this lives; none where there is none. Takes no lock.
  class reading {
   public:
    explicit reading(const health_routes& from) noexcept {
      if (from.shown_.load(std::memory_order_acquire) != nullptr) {  // or else none would be left to wait for
        from.readers_.fetch_add(1, std::memory_order_seq_cst);
        readers_ = &from.readers_;
        of_ = from.shown_.load(std::memory_order_seq_cst);
      }
    }
    reading(const reading&) = delete;
    reading& operator=(const reading&) = delete;
    ~reading() {
      if (readers_ != nullptr) {
        readers_->fetch_sub(1, std::memory_order_release);
      }
    }
    [[nodiscard]] const v0::detail::health_ref* get() const noexcept { return of_; }

   private:
    const v0::detail::health_ref* of_ = nullptr;
    std::atomic<std::uint32_t>* readers_ = nullptr;
  };

  [[nodiscard]] static std::optional<asked_for> find(const v0::detail::health_ref* of, std::string_view path) noexcept {
    if (of == nullptr) {
      return std::nullopt;
    }
    for (const known_path& known : paths) {
      if (path == known.path) {
        return asked_for{known.asks};
      }
    }
    const auto& all = of->facts->components;
    for (const auto& [before, asks] : {std::pair{std::string_view{"/readyz/"}, question::ready},
                                       std::pair{std::string_view{"/livez/"}, question::live}}) {
      for (std::size_t i = 0; path.starts_with(before) && i != all.size(); ++i) {
        if (all[i].name == path.substr(before.size())) {
          return asked_for{asks, i};
        }
      }
    }
    return std::nullopt;
  }

  /// That of one component is what all of them have in common.
  [[nodiscard]] std::string_view name_of_route(std::string_view path) const {
    const reading now{*this};
    const auto asked = find(now.get(), path);
    return !asked ? std::string_view{} : asked->component ? path.substr(0, path.rfind('/') + 1) : path;
  }

  void list(overview& all) const {
    const reading now{*this};
    if (now.get() != nullptr) {
      all.service = now.get()->facts->name;
      all.version = options_.version;
      all.environment = options_.environment;
      for (const known_path& known : paths) {
        if (!known.what.empty()) {
          all.endpoints.push_back({std::string{known.path}, std::string{known.what}});
        }
      }
    }
  }

  void answer(const request& asked, response& out) const {
    const reading now{*this};
    const std::optional<asked_for> wanted = find(now.get(), path_of(asked.target));
    if (!wanted) {  // taken away since it was looked for
      out.status = 404;
      out.body = "404 Not Found: GET / lists what is here\n";
      return;
    }
    const v0::detail::health_ref& of = *now.get();
    health_report r = v0::detail::report_of(of, of.clock.milliseconds());
    out.cache_control = "no-store";
    if (wanted->component) {
      answer_one(of, *wanted->component, wanted->asks == question::live, r, asked, out);
    } else {
      answer_all(of, wanted->asks, r, asked, out);
    }
  }

  void answer_all(const v0::detail::health_ref& of, question asks, health_report& r, const request& asked,
                  response& out) const {
    for (const std::string& name : query_values(asked.target, "exclude")) {
      v0::detail::exclude(r, name);
    }
    const bool good = asks == question::live         ? r.live
                      : asks == question::started    ? r.started
                      : asks == question::everything ? true
                                                     : r.ready;
    out.status = good ? 200 : 503;
    if (has_flag(asked, "verbose")) {
      write_lines(out.body, asks, r, good);
    } else if (asks != question::everything && accepts_health_json(asked.accept)) {
      out.content_type = "application/health+json";
      v0::detail::append_health_check(out.body, of, r, options_);
    } else {
      out.content_type = "application/json";
      const bool whole = asks == question::ready || asks == question::overall || asks == question::everything;
      v0::detail::append_health(out.body, of, r, options_, whole);
      if (asks == question::everything) {
        append_needs(out.body, of);
        out.body += ",\"metrics\":";
        out.body += json_of_ && !options_.metrics.empty() ? json_of_(options_.metrics) : "{}";
      }
      out.body += "}\n";
    }
    out.vary = "Accept";
  }

  void answer_one(const v0::detail::health_ref& of, std::size_t index, bool live, const health_report& r,
                  const request& asked, response& out) const {
    const component_report& c = r.all[index];
    const bool good = live ? !c.is_stuck : is_working(c);
    out.status = good ? 200 : 503;
    if (has_flag(asked, "verbose")) {
      v0::detail::append_check_line(out.body, c.name, good, why(c));
    } else {
      out.content_type = "application/json";
      out.body = "{";
      v0::detail::append_component(out.body, of, r, v0::detail::error_index{of}, index, options_.show_errors);
      out.body += "}\n";
    }
  }

  static bool is_working(const component_report& c) noexcept {
    return c.now == status::healthy || c.now == status::degraded;
  }
  static std::string_view why(const component_report& c) noexcept {
    return c.reason.empty() ? name_of(c.now) : c.reason;
  }

  static void write_lines(std::string& out, question asks, const health_report& r, bool good) {
    using v0::detail::append_check_line;
    if (asks == question::live) {
      append_check_line(out, "process", is_alive(r.now), name_of(r.now));
    } else if (asks == question::started) {
      append_check_line(out, "process", r.started, name_of(r.now));
    } else {
      append_check_line(out, "process", takes_work(r.now), name_of(r.now));
    }
    for (const component_report& c : r.components()) {
      if (asks == question::live) {
        append_check_line(out, c.name, !c.is_stuck, "silent for too long", c.is_excluded);
      } else if (asks != question::started) {
        append_check_line(out, c.name, is_working(c), why(c), c.is_excluded);
      }
    }
    constexpr std::string_view names[] = {"livez", "startupz", "readyz", "healthz", "status"};
    out.append(names[static_cast<std::size_t>(asks)]).append(good ? " check passed\n" : " check failed\n");
  }

  static void append_needs(std::string& out, const v0::detail::health_ref& of) {
    const auto& all = of.facts->components;
    out += ",\"dependencies\":{";
    for (std::size_t i = 0; i != all.size(); ++i) {
      out.append(i == 0 ? "\"" : ",\"").append(all[i].name).append("\":[");
      std::string_view between;
      for (const std::uint8_t need : all[i].needs) {
        out.append(between).append("\"").append(all[need].name).append("\"");
        between = ",";
      }
      out += ']';
    }
    out += '}';
  }

  static bool has_flag(const request& asked, std::string_view name) {
    return !query_values(asked.target, name).empty();
  }

  static bool accepts_health_json(std::string_view accept) {
    return prefers(accept, "application", "health+json", "json");
  }

  std::mutex mutex_;           // of who exposes and unexposes
  v0::detail::health_ref of_;  // written under the mutex, while it is not shown and nobody reads it
  /// Null, or where `of_` is. A reader counts itself and then looks here; who takes the health away clears this and
  /// then looks whether somebody reads: one of the two sees the other, as all of it is sequentially consistent. A
  /// reader leaves with release, so that what it read was read before.
  std::atomic<const v0::detail::health_ref*> shown_{nullptr};
  mutable std::atomic<std::uint32_t> readers_{0};
  health_page_options options_;
  std::function<std::string(const std::vector<std::string>&)> json_of_;
};

}  // namespace vitals::inline v0::http

#endif

namespace vitals::inline v0::http::detail {

/// As `server_options` have them, and `responder_options`.
struct endpoint_options {
  bool metrics = true;
  bool openmetrics_created = false;
  health_page_options health{};
  compressor (*compress)() = nullptr;
};

/// Thread-safe, but for `routes`. Its routes keep its address.
class endpoint {
 public:
  explicit endpoint(endpoint_options options)
      : metrics_(options.openmetrics_created, options.compress),
        health_(std::move(options.health),
                [this](const std::vector<std::string>& names) { return metrics_.json_of(names); }) {
    health_.add_to(routes_);
    if (options.metrics) {
      for (const page_path& p : page_paths) {
        routes_.add(std::string{p.path}, std::string{p.what},
                    [this, &p](const request& asked, response& out) { metrics_.answer(p.choose(asked), out); });
      }
    }
  }
  endpoint(const endpoint&) = delete;
  endpoint& operator=(const endpoint&) = delete;

  template <source... Sources>
  void expose(exposure how = {}) {
    metrics_.expose({Sources::source()...}, std::move(how));
    (expose_health<Sources>(), ...);
  }
  void expose(const callbacks& calls, exposure how = {}) { metrics_.expose({calls.source()}, std::move(how)); }

  template <source... Sources>
  void unexpose() {
    (unexpose_health<Sources>(), ...);
    metrics_.unexpose({Sources::source()...});
  }
  void unexpose(const callbacks& calls) { metrics_.unexpose({calls.source()}); }

  [[nodiscard]] const exposition& metrics() const noexcept { return metrics_; }
  [[nodiscard]] router& routes() noexcept { return routes_; }
  [[nodiscard]] const router& routes() const noexcept { return routes_; }

  /// To be called first in a forked child, where locks may be held by threads that are not there.
  void mend_after_fork() noexcept {
    metrics_.mend_after_fork();
    health_.mend_after_fork();
  }

 private:
  template <class Source>
  void expose_health() {
    if constexpr (health_source<Source>) {
      health_.expose(Source::ref());
    }
  }
  template <class Source>
  void unexpose_health() {
    if constexpr (health_source<Source>) {
      health_.unexpose(Source::ref());
    }
  }

  exposition metrics_;
  health_routes health_;
  router routes_{};
};

}  // namespace vitals::inline v0::http::detail

#endif

namespace vitals::inline v0::http {

/// As `server_options` have them.
struct responder_options {
  bool metrics = true;
  bool openmetrics_created = false;
  health_page_options health{};
  compressor (*compress)() = nullptr;  ///< `make_gzip`, which takes Boost, or another; null: pages are not compressed
};

/// Answers requests as `server` does, where another server reads and sends them: a request's fields in, a response out.
/// Thread-safe, but for `routes`.
class responder {
 public:
  explicit responder(responder_options options = {})
      : all_({.metrics = options.metrics,
              .openmetrics_created = options.openmetrics_created,
              .health = std::move(options.health),
              .compress = options.compress}) {}

  /// As `server::expose` and `server::unexpose`.
  template <source... Sources>
  void expose(exposure how = {}) {
    all_.expose<Sources...>(std::move(how));
  }
  void expose(const callbacks& calls, exposure how = {}) { all_.expose(calls, std::move(how)); }
  template <source... Sources>
  void unexpose() {
    all_.unexpose<Sources...>();
  }
  void unexpose(const callbacks& calls) { all_.unexpose(calls); }

  /// The routes, to add some of your own before the first request.
  [[nodiscard]] router& routes() noexcept { return all_.routes(); }

  /// Answers a request, whatever its path: 404 where nothing is there. A response that is used again keeps its memory.
  [[nodiscard]] response handle(const request& asked) const { return all_.routes().handle(asked); }
  void handle(const request& asked, response& out) const { all_.routes().handle(asked, out); }

 private:
  detail::endpoint all_;
};

}  // namespace vitals::inline v0::http

#endif
#endif

#if defined(VITALS_RESPONDER) && defined(VITALS_HTTP) && !defined(VITALS_HTTP_INCLUDED)
#define VITALS_HTTP_INCLUDED
// A scrape as a file, for the node exporter's textfile collector.
// https://github.com/prometheus/node_exporter#textfile-collector
#ifndef VITALS_EXPOSE_TEXTFILE_HPP
#define VITALS_EXPOSE_TEXTFILE_HPP

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <string>
#include <string_view>
#include <system_error>

namespace vitals::inline v0 {

namespace detail {

/// A file on its way to replace another: it has a name of its own until all of it is on the disk.
class replacing_file {
 public:
  explicit replacing_file(const std::string& path) : path_(&path) {}
  replacing_file(const replacing_file&) = delete;
  replacing_file& operator=(const replacing_file&) = delete;
  ~replacing_file() {
    close();
    if (made_) {
      ::unlink(name_.c_str());
    }
  }

  /// Takes all steps. False where one fails; `error` and `step` tell then which and why.
  bool replace(std::string_view text) {
    return check_place() && make() && write(text) && sync() && (close() || fail("closing ")) && rename();
  }

  [[nodiscard]] std::error_code error() const noexcept { return {error_, std::generic_category()}; }
  [[nodiscard]] std::string step() const { return std::string{step_} + (made_ ? name_ : *path_); }

 private:
  bool fail(std::string_view step, int error = errno) noexcept {
    step_ = step;
    error_ = error;
    return false;
  }

  /// A name in place of a device or a pipe would be a surprise, and a folder cannot be replaced.
  bool check_place() noexcept {
    struct stat there {};
    const bool other = ::stat(path_->c_str(), &there) == 0 && !S_ISREG(there.st_mode);
    return !other || fail("replacing ", S_ISDIR(there.st_mode) ? EISDIR : ENOTSUP);
  }

  /// Makes a file that nobody else has, in the same folder: a rename works within one file system only. Its name does
  /// not end in .prom, so that nobody reads it yet. The system takes the umask off its permissions.
  bool make() {
    static constinit std::atomic<unsigned> count{0};  // relaxed: only that no two threads get the same
    do {
      name_ = *path_ + '.' + std::to_string(::getpid()) + '.' +
              std::to_string(count.fetch_add(1, std::memory_order_relaxed)) + ".tmp";
      file_ = ::open(name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    } while (file_ < 0 && (errno == EEXIST || errno == EINTR));  // left by a crash, or made in another container
    made_ = file_ >= 0;
    return made_ || fail("making a file beside ");
  }

  bool write(std::string_view text) noexcept {
    while (!text.empty()) {
      const auto written = ::write(file_, text.data(), text.size());
      if (written < 0 && errno != EINTR) {
        return fail("writing ");
      }
      text.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
    }
    return true;
  }

  /// Without this a power cut may leave the new name on an empty file, which then hides the job's last success until
  /// the job runs again; and some file systems tell only now that they are full.
  bool sync() noexcept { return ::fsync(file_) == 0 || fail("syncing "); }

  bool close() noexcept {
    const int file = file_;
    file_ = -1;
    return file < 0 || ::close(file) == 0 || errno == EINTR;  // closed all the same
  }

  bool rename() noexcept {
    made_ = std::rename(name_.c_str(), path_->c_str()) != 0;
    return !made_ || fail("renaming ");
  }

  const std::string* path_;
  std::string name_;
  int file_ = -1;
  bool made_ = false;  ///< whether the file is there under its own name
  std::string_view step_;
  int error_ = 0;
};

}  // namespace detail

/// Replaces the file at `path` by the exposition of all Sources as Prometheus text 0.0.4. Readers find the old file or
/// the new one, whole, whoever else writes the same path at that time, and after a power cut too. The file's
/// permissions are 0644 less the umask; a symbolic link is replaced, not followed. Let `path` end in `.prom`. Throws
/// std::system_error that names the step where one fails (the folder is missing or may not be written, the disk is
/// full, at `path` is a folder or a device); nothing is changed then.
template <source... Sources>
requires(sizeof...(Sources) != 0) void write_textfile(const std::string& path) {
  const std::string text = scrape<Sources...>();
  detail::replacing_file file{path};
  if (!file.replace(text)) {
    throw std::system_error(file.error(), "vitals: cannot write " + path + ": " + file.step());
  }
}

/// The same, but reports instead of throwing. (Only std::bad_alloc is thrown.)
template <source... Sources>
requires(sizeof...(Sources) != 0) void write_textfile(const std::string& path, std::error_code& error) {
  const std::string text = scrape<Sources...>();
  detail::replacing_file file{path};
  file.replace(text);
  error = file.error();
}

}  // namespace vitals::inline v0

#endif
// Ready-made checks, for a monitor or for a program's own loop: each is a callable that returns a check_result.
#ifndef VITALS_HEALTH_CHECKS_HPP
#define VITALS_HEALTH_CHECKS_HPP

// A check of what a program tells itself: how long a queue is, how old its oldest entry.
#ifndef VITALS_HEALTH_LAG_CHECK_HPP
#define VITALS_HEALTH_LAG_CHECK_HPP

#include <concepts>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>

// What a check finds, and how a finding becomes a component's state.
#ifndef VITALS_HEALTH_CHECK_HPP
#define VITALS_HEALTH_CHECK_HPP

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace vitals::inline v0 {

/// What a check found. The reason is one of a few texts, such as "timeout"; the message is for people: it goes to the
/// table of errors alone.
struct check_result {
  report what = report::success;
  std::string reason{};
  std::string message{};

  check_result() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): a check may return a bool, and nothing else that becomes one
  check_result(std::same_as<bool> auto passed) : what(passed ? report::success : report::failure) {}

  [[nodiscard]] static check_result pass() { return {}; }
  [[nodiscard]] static check_result degraded(std::string reason, std::string message = {}) {
    return {report::degradation, std::move(reason), std::move(message)};
  }
  [[nodiscard]] static check_result failed(std::string reason, std::string message = {}) {
    return {report::failure, std::move(reason), std::move(message)};
  }

 private:
  check_result(report r, std::string why, std::string text)
      : what(r),
        reason(std::move(why)),
        message(std::move(text)) {}
};

namespace detail {

inline std::size_t check_bucket(nanos took) noexcept {
  std::size_t bucket = 0;
  while (bucket != std::size(check_bounds) && took > nanos_of_seconds(check_bounds[bucket])) {
    ++bucket;
  }
  return bucket;
}

/// Makes a check's result the report on its component; one that failed is an error too.
inline void record_check(const health_ref& of, std::size_t index, report what, std::string_view reason,
                         std::string_view message) noexcept {
  of.at(index, component_cell::checked).store(of.clock.milliseconds() + 1, std::memory_order_relaxed);
  if (what != report::success && reason.empty()) {
    reason = what == report::failure ? "check_failed" : "check_degraded";
  }
  if (what == report::failure || (what == report::degradation && !message.empty())) {
    record_error(of, index, reason, message);
  }
  mark_component(of, index, what, what == report::success ? std::string_view{} : reason);
}

/// Counts how long a check took.
inline void record_check_duration(const health_ref& of, std::size_t index, nanos took) noexcept {
  cell* const cells = &of.at(index, component_cell::durations);
  common_add(cells[1 + check_bucket(took)], std::uint64_t{1});
  wide_total::common_add(cells[0], cells[check_cells - 1], took < 0 ? 0 : took);
}

}  // namespace detail

}  // namespace vitals::inline v0

#endif
// Numbers and durations as text for people, in the messages of checks.
#ifndef VITALS_HEALTH_SHOWN_HPP
#define VITALS_HEALTH_SHOWN_HPP

#include <charconv>
#include <chrono>
#include <cmath>
#include <string>
#include <type_traits>

namespace vitals::inline v0::detail {

/// A number for people, whatever the locale.
template <class T>
requires std::is_arithmetic_v<T> std::string shown(T number) {
  char digits[64];
  const std::to_chars_result end = std::to_chars(digits, digits + sizeof digits, number);
  return {digits, end.ptr};
}
template <class Rep, class Period>
std::string shown(std::chrono::duration<Rep, Period> d) {
  const double seconds = std::chrono::duration<double>(d).count();  // the longest has no place in whole milliseconds
  return shown(std::round(seconds * 1000) / 1000) + " s";
}

}  // namespace vitals::inline v0::detail

#endif

namespace vitals::inline v0 {

namespace detail {

template <class T>
constexpr T most_of() noexcept {
  if constexpr (is_duration<T>) {
    return T::max();
  } else {
    return std::numeric_limits<T>::has_infinity ? std::numeric_limits<T>::infinity() : std::numeric_limits<T>::max();
  }
}

/// What a lag's callable gives. (What is none fails with a message elsewhere.)
template <class Lag>
using lag_value = std::remove_cvref_t<
    typename std::conditional_t<std::is_invocable_v<Lag&>, std::invoke_result<Lag&>, std::type_identity<int>>::type>;

}  // namespace detail

/// Beyond which values something is degraded, and beyond which it has failed; and the reason.
template <class T>
struct check_bounds_of {
  T degraded = detail::most_of<T>();
  T failed = detail::most_of<T>();
  std::string reason = "lag";
};

/// Compares what a callable gives, a number or a duration, with bounds: how long a queue is, how old its oldest entry.
/// NaN has failed.
///
///   vitals::lag_check{[] { return queue.oldest_age(); }, {.degraded = 1s, .failed = 10s}}
template <class Lag>
class lag_check {
  static_assert(std::is_invocable_v<Lag&>, "a lag is told by a callable without arguments");
  using value = detail::lag_value<Lag>;
  static_assert((std::is_arithmetic_v<value> && !std::same_as<value, bool>) || detail::is_duration<value>,
                "a lag is a number or a duration");

 public:
  lag_check(Lag lag, check_bounds_of<value> bounds) : lag_(std::move(lag)), bounds_(std::move(bounds)) {}

  [[nodiscard]] check_result operator()() {
    const value now = lag_();
    if (now <= bounds_.degraded && now <= bounds_.failed) {
      return true;
    }
    const bool degraded = now <= bounds_.failed;
    std::string message = "it is " + detail::shown(now) + ", at most " +
                          detail::shown(degraded ? bounds_.degraded : bounds_.failed) + " is allowed";
    return degraded ? check_result::degraded(bounds_.reason, std::move(message))
                    : check_result::failed(bounds_.reason, std::move(message));
  }

 private:
  Lag lag_;
  check_bounds_of<value> bounds_;
};

}  // namespace vitals::inline v0

#endif
// Checks of the process by its own metrics: a ratio of counters, a quantile of a histogram, within a window.
#ifndef VITALS_HEALTH_METRIC_CHECKS_HPP
#define VITALS_HEALTH_METRIC_CHECKS_HPP

#include <chrono>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

// How much something that only grows has grown by within a window of time.
#ifndef VITALS_HEALTH_GROWTH_WINDOW_HPP
#define VITALS_HEALTH_GROWTH_WINDOW_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>

namespace vitals::inline v0::detail {

/// Past readings of something that only grows, a few dozen at most: enough to say what it was a window ago.
template <class Reading>
class growth_window {
 public:
  explicit growth_window(std::chrono::milliseconds length)
      : length_(length.count() < 0 ? 0 : static_cast<std::uint64_t>(length.count())) {}

  /// The reading at the window's start, or the oldest there is, and this one for later. Where the clock has stepped
  /// back, or it did not only grow, as after a reset, the past is forgotten.
  const Reading& since(std::uint64_t now, const Reading& reading, bool has_shrunk) {
    if (!past_.empty() && (has_shrunk || now < past_.back().at)) {
      past_.clear();
    }
    if (past_.empty() || now - past_.back().at >= length_ / 32) {
      past_.push_back({now, reading});
    }
    while (past_.size() > 1 && now - past_[1].at >= length_) {
      past_.pop_front();
    }
    return past_.front().reading;
  }
  [[nodiscard]] std::size_t size() const noexcept { return past_.size(); }
  [[nodiscard]] const Reading* latest() const { return past_.empty() ? nullptr : &past_.back().reading; }

 private:
  struct sample {
    std::uint64_t at;
    Reading reading;
  };
  std::uint64_t length_;
  std::deque<sample> past_;
};

}  // namespace vitals::inline v0::detail

#endif

namespace vitals::inline v0 {

/// When a check by the process's own metrics has failed. It looks at what they grew by within the window, or since its
/// last run where that is longer ago.
struct window_bounds {
  double degraded = std::numeric_limits<double>::infinity();  ///< beyond it: degraded
  double failed = std::numeric_limits<double>::infinity();    ///< beyond it: failed
  double least_events = 1;                                    ///< with fewer in the window it passes
  std::chrono::milliseconds window = std::chrono::minutes{1};
  std::string reason{};  ///< otherwise the check's own: "ratio" or "slow"
};

namespace detail {

inline void check_window(const window_bounds& b) {
  if (b.degraded != b.degraded || b.failed != b.failed || b.least_events != b.least_events ||
      b.window < std::chrono::milliseconds{1}) {
    throw std::invalid_argument("vitals: a check's bounds are numbers, and its window is longer than 0");
  }
}

inline check_result judge_window(double value, const window_bounds& b, std::string_view what, const char* reason) {
  if (value <= b.degraded && value <= b.failed) {
    return true;
  }
  const bool degraded = value <= b.failed;
  std::string message = std::string{what} + " is " + shown(value) + " within " + shown(b.window) + ", at most " +
                        shown(degraded ? b.degraded : b.failed) + " is allowed";
  std::string why = b.reason.empty() ? reason : b.reason;
  return degraded ? check_result::degraded(std::move(why), std::move(message))
                  : check_result::failed(std::move(why), std::move(message));
}

/// What a counter's handle holds, or what a callable gives.
template <class Counter>
auto total_of(Counter& counter) {
  if constexpr (requires { counter.value(); }) {
    return counter.value();
  } else if constexpr (std::is_invocable_v<Counter&>) {
    return counter();
  }
}

template <class Handle>
inline constexpr bool is_histogram = false;
template <class Registry, class Metric>
inline constexpr bool is_histogram<histogram_handle<Registry, Metric>> = true;

/// The bounds of all of a histogram's buckets.
template <class Registry, class Metric>
view<double> bounds_behind(const histogram_handle<Registry, Metric>&) noexcept {
  if constexpr (requires { Metric::native_buckets; }) {
    return Metric::native_buckets.bounds;
  } else {
    return Metric::bounds;
  }
}

}  // namespace detail

/// Compares the ratio of two counters' growth within a window with bounds: errors to requests. A counter is a handle
/// (`metrics::get<errors>()`) or a callable that gives a total, such as a sum over several. "ratio" is the reason.
///
///   vitals::ratio_check{metrics::get<errors>(), metrics::get<requests>(), {.failed = 0.05, .least_events = 100}}
template <class Part, class Whole, class Clock = health_clock>
class ratio_check {
  using part_total = std::remove_cvref_t<decltype(detail::total_of(std::declval<Part&>()))>;
  using whole_total = std::remove_cvref_t<decltype(detail::total_of(std::declval<Whole&>()))>;
  static_assert(std::is_arithmetic_v<part_total> && std::is_arithmetic_v<whole_total>,
                "a ratio is of two counters: give handles, or callables that return numbers");

 public:
  /// Throws std::invalid_argument for bounds that are NaN.
  ratio_check(Part part, Whole whole, window_bounds bounds)
      : part_(std::move(part)),
        whole_(std::move(whole)),
        bounds_(std::move(bounds)),
        past_(bounds_.window) {
    detail::check_window(bounds_);
    static_cast<void>((*this)());  // what there is before is no growth
  }

  [[nodiscard]] check_result operator()() {
    const totals now{detail::total_of(part_), detail::total_of(whole_)};
    const totals* const before = past_.latest();
    const bool has_shrunk = before != nullptr && (now.part < before->part || now.whole < before->whole);
    const totals& then = past_.since(Clock::milliseconds(), now, has_shrunk);
    const auto part = static_cast<double>(now.part - then.part);
    const auto whole = static_cast<double>(now.whole - then.whole);
    return whole > 0 && whole >= bounds_.least_events
               ? detail::judge_window(part / whole, bounds_, "the ratio", "ratio")
               : check_result{true};
  }

 private:
  struct totals {
    part_total part;
    whole_total whole;
  };
  Part part_;
  Whole whole_;
  window_bounds bounds_;
  detail::growth_window<totals> past_;
};

/// Compares a quantile of what a histogram observed within a window with bounds. Where it is above all of the
/// histogram's bounds it is beyond every bound. "slow" is the reason.
///
///   vitals::quantile_check{metrics::get<latency>(), 0.99, {.failed = 0.5, .least_events = 100}}
template <class Histogram, class Clock = health_clock>
class quantile_check {
  static_assert(detail::is_histogram<Histogram>,
                "a quantile is of a histogram: give its handle, such as metrics::get<latency>()");
  using reading = decltype(std::declval<Histogram&>().value().buckets);

 public:
  /// Throws std::invalid_argument for a quantile that is not from 0 to 1, and for bounds that are NaN.
  quantile_check(Histogram of, double q, window_bounds bounds)
      : of_(of),
        q_(q),
        bounds_(std::move(bounds)),
        past_(bounds_.window) {
    detail::check_window(bounds_);
    if (!(q >= 0 && q <= 1)) {
      throw std::invalid_argument("vitals: a quantile is from 0 to 1");
    }
    static_cast<void>((*this)());  // what there is before is no growth
  }

  [[nodiscard]] check_result operator()() {
    reading grown = of_.value().buckets;
    bool has_shrunk = false;
    if (const reading* const before = past_.latest()) {
      for (std::size_t i = 0; i != grown.size(); ++i) {
        has_shrunk = has_shrunk || grown[i] < (*before)[i];
      }
    }
    const reading& then = past_.since(Clock::milliseconds(), grown, has_shrunk);
    double events = 0;
    for (std::size_t i = 0; i != grown.size(); ++i) {
      grown[i] -= then[i];
      events += static_cast<double>(grown[i]);
    }
    if (events == 0 || events < bounds_.least_events) {
      return true;
    }
    const bool above = q_ * events > events - static_cast<double>(grown.back());
    const double value = above ? std::numeric_limits<double>::infinity()
                               : quantile(q_, {grown.data(), grown.size()}, detail::bounds_behind(of_));
    return detail::judge_window(value, bounds_, "the quantile " + detail::shown(q_), "slow");
  }

 private:
  Histogram of_;
  double q_;
  window_bounds bounds_;
  detail::growth_window<reading> past_;
};

}  // namespace vitals::inline v0

#endif
// Checks of what the system tells: how old a file is, space on a disk, the memory of the process.
#ifndef VITALS_HEALTH_SYSTEM_CHECKS_HPP
#define VITALS_HEALTH_SYSTEM_CHECKS_HPP

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <system_error>
#include <utility>

// The texts of /proc as numbers. https://man7.org/linux/man-pages/man5/proc.5.html
#ifndef VITALS_PROCESS_PARSE_HPP
#define VITALS_PROCESS_PARSE_HPP

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace vitals::inline v0::detail {

/// A word as a number: nothing where it is more or less than the digits of an unsigned 64-bit number.
inline std::optional<std::uint64_t> number_of(std::string_view word) noexcept {
  std::uint64_t number = 0;
  const char* const end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(word.data(), end, number);
  return error == std::errc{} && stop == end ? std::optional{number} : std::nullopt;
}

/// Takes the next word off `text`; an empty one where none is left.
constexpr std::string_view take_word(std::string_view& text) noexcept {
  constexpr std::string_view blanks = " \t\n";
  const std::size_t start = text.find_first_not_of(blanks);
  text.remove_prefix(start == std::string_view::npos ? text.size() : start);
  const std::string_view word = text.substr(0, text.find_first_of(blanks));
  text.remove_prefix(word.size());
  return word;
}

/// Takes the next line off `text`, without its end. Nothing where no whole line is left: a number at the end of a text
/// that was cut may lack digits.
constexpr std::optional<std::string_view> take_line(std::string_view& text) noexcept {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

/// The number behind `key`, which is the first word of its line.
inline std::optional<std::uint64_t> number_behind(std::string_view key, std::string_view text) noexcept {
  while (auto line = take_line(text)) {
    if (take_word(*line) == key) {
      return number_of(take_word(*line));
    }
  }
  return std::nullopt;
}

/// What /proc/self/stat tells.
struct stat_numbers {
  std::optional<std::uint64_t> threads;
  std::optional<std::uint64_t> start_ticks;  ///< since the machine booted
  std::optional<std::uint64_t> virtual_bytes;
  std::optional<std::uint64_t> resident_pages;
};

inline stat_numbers parse_stat(std::string_view text) noexcept {
  stat_numbers found;
  text = text.substr(0, text.find_last_of(" \n") + 1);  // whole words only; npos + 1 is 0
  const std::size_t name_end = text.rfind(')');         // the last one: a program's name may hold anything
  if (name_end == std::string_view::npos) {
    return found;
  }
  text.remove_prefix(name_end + 1);
  for (int field = 3; field <= 24; ++field) {
    const std::string_view word = take_word(text);
    if (field == 20) {
      found.threads = number_of(word);
    } else if (field == 22) {
      found.start_ticks = number_of(word);
    } else if (field == 23) {
      found.virtual_bytes = number_of(word);
    } else if (field == 24) {
      found.resident_pages = number_of(word);
    }
  }
  return found;
}

/// Bytes received and sent.
struct octets {
  std::optional<std::uint64_t> received;
  std::optional<std::uint64_t> transmitted;
};

/// What /proc/self/net/netstat tells of IPv4: a line of names, and a line of numbers below it.
inline octets parse_netstat(std::string_view text) noexcept {
  octets found;
  constexpr std::string_view group = "IpExt:";
  while (auto names = take_line(text)) {
    if (take_word(*names) != group) {
      continue;
    }
    auto numbers = take_line(text);
    if (!numbers || take_word(*numbers) != group) {
      break;
    }
    for (std::string_view name = take_word(*names); !name.empty(); name = take_word(*names)) {
      const std::string_view number = take_word(*numbers);
      if (name == "InOctets") {
        found.received = number_of(number);
      } else if (name == "OutOctets") {
        found.transmitted = number_of(number);
      }
    }
    break;
  }
  return found;
}

/// What /proc/self/net/snmp6 tells of IPv6.
inline octets parse_snmp6(std::string_view text) noexcept {
  return {.received = number_behind("Ip6InOctets", text), .transmitted = number_behind("Ip6OutOctets", text)};
}

}  // namespace vitals::inline v0::detail

#endif
// A process's own numbers, from /proc and the kernel. Nothing is allocated.
#ifndef VITALS_PROCESS_PROC_HPP
#define VITALS_PROCESS_PROC_HPP

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>

namespace vitals::inline v0 {

/// A process's numbers at one time; each absent where it cannot be read.
struct process_reading {
  std::optional<double> cpu_seconds;                    ///< user and system, of all its threads
  std::optional<std::uint64_t> open_fds;                ///< file descriptors
  std::optional<double> max_fds;                        ///< +Inf where there is no limit
  std::optional<std::uint64_t> virtual_memory_bytes;    ///< address space
  std::optional<double> virtual_memory_max_bytes;       ///< +Inf where there is no limit
  std::optional<std::uint64_t> resident_memory_bytes;   ///< of it in RAM
  std::optional<std::uint64_t> threads;                 ///< those of the kernel
  std::optional<double> start_time_seconds;             ///< since 1970, to a tick of the kernel (10 ms)
  std::optional<double> uptime_seconds;                 ///< since that start, also while the machine slept
  std::optional<std::uint64_t> disk_read_bytes;         ///< also by the children that it has waited for
  std::optional<std::uint64_t> disk_written_bytes;      ///< likewise
  std::optional<std::uint64_t> network_receive_bytes;   ///< IP packets of its network namespace, loopback included
  std::optional<std::uint64_t> network_transmit_bytes;  ///< likewise
};

namespace detail {

/// Where the kernel tells them.
struct proc_files {
  const char* stat = "/proc/self/stat";
  const char* io = "/proc/self/io";
  const char* fd = "/proc/self/fd";
  const char* netstat = "/proc/self/net/netstat";
  const char* snmp6 = "/proc/self/net/snmp6";
};

/// Room for a file of /proc; the longest, netstat, is some 4 KiB.
using file_room = char[16384];

/// The text of a file, as much of it as there is room for. Nothing where it cannot be read; errno says why.
template <std::size_t Room>
std::optional<std::string_view> read_file(const char* path, char (&room)[Room]) noexcept {
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return std::nullopt;
  }
  std::size_t size = 0;
  while (size != Room) {
    const ssize_t got = ::read(fd, room + size, Room - size);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      const int why = errno;
      ::close(fd);
      errno = why;
      return std::nullopt;
    }
    if (got == 0) {
      break;
    }
    size += static_cast<std::size_t>(got);
  }
  ::close(fd);
  return std::string_view{room, size};
}

inline std::optional<std::int64_t> nanoseconds_of(clockid_t clock) noexcept {
  timespec now{};
  if (::clock_gettime(clock, &now) != 0) {
    return std::nullopt;
  }
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

/// The soft limit of a resource.
inline std::optional<double> limit_of(decltype(RLIMIT_NOFILE) resource) noexcept {
  rlimit limit{};
  if (::getrlimit(resource, &limit) != 0) {
    return std::nullopt;
  }
  return limit.rlim_cur == RLIM_INFINITY ? std::numeric_limits<double>::infinity()
                                         : static_cast<double>(limit.rlim_cur);
}

#if defined(__linux__)

/// How many entries the list of open files has. Listing takes a file descriptor, which is not counted; opendir would
/// allocate.
inline std::optional<std::uint64_t> list_fds(const char* path) noexcept {
  const int fd = ::open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) {
    return std::nullopt;
  }
  // struct linux_dirent64: 8 bytes of inode, 8 of offset, 2 of the entry's length, 1 of type, the name
  constexpr std::size_t length_at = 16;
  constexpr std::size_t name_at = 19;
  alignas(std::uint64_t) char entries[4096];
  std::uint64_t count = 0;
  long got = 0;
  while ((got = ::syscall(SYS_getdents64, fd, entries, sizeof entries)) > 0) {
    for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
      std::uint16_t length = 0;
      std::memcpy(&length, entries + at + length_at, sizeof length);
      count += entries[at + name_at] == '.' ? 0U : 1U;
      at += length;
    }
  }
  ::close(fd);
  return got == 0 && count != 0 ? std::optional{count - 1} : std::nullopt;
}

/// Since Linux 6.2 the directory's size is their number: that takes no file descriptor, of which none may be left, and
/// no time where there are many.
inline std::optional<std::uint64_t> count_fds(const char* path) noexcept {
  struct ::stat about {};
  if (::stat(path, &about) == 0 && about.st_size > 0) {
    return static_cast<std::uint64_t>(about.st_size);
  }
  return list_fds(path);
}

/// When the machine booted, in ticks since 1970, by the clocks: as /proc/stat's btime, but not cut to seconds, nor
/// behind the long list of a large machine's interrupts. It changes only when somebody sets the wall clock; so what was
/// seen first is kept, else an interruption between the two readings would look like a restart, and a change of a
/// second or more is believed.
constexpr std::int64_t settled_boot(std::int64_t kept, std::int64_t fresh, std::int64_t ticks_a_second) noexcept {
  return fresh - kept < ticks_a_second && kept - fresh < ticks_a_second ? kept : fresh;
}
inline std::int64_t boot_ticks(std::int64_t wall_nanos, std::int64_t boot_nanos, std::int64_t tick_nanos) noexcept {
  static constinit std::atomic<std::int64_t> kept{0};  // relaxed: it publishes nothing but itself
  std::int64_t seen = kept.load(std::memory_order_relaxed);
  const std::int64_t fresh = (wall_nanos - boot_nanos) / tick_nanos;
  const std::int64_t boot = settled_boot(seen, fresh, std::int64_t{1'000'000'000} / tick_nanos);
  if (boot != seen && !kept.compare_exchange_strong(seen, boot, std::memory_order_relaxed)) {
    return seen;  // another thread was first
  }
  return boot;
}

inline void add_stat(process_reading& to, const stat_numbers& from) noexcept {
  to.threads = from.threads;
  const long page = ::sysconf(_SC_PAGESIZE);
  const long ticks_a_second = ::sysconf(_SC_CLK_TCK);
  if (from.virtual_bytes.value_or(0) != 0) {  // 0: the main thread has ended and its memory does not show
    to.virtual_memory_bytes = from.virtual_bytes;
    std::uint64_t resident = 0;
    if (from.resident_pages && page > 0 &&
        !__builtin_mul_overflow(*from.resident_pages, static_cast<std::uint64_t>(page), &resident)) {
      to.resident_memory_bytes = resident;
    }
  }
  const auto wall = nanoseconds_of(CLOCK_REALTIME);
  const auto since_boot = nanoseconds_of(CLOCK_BOOTTIME);
  if (from.start_ticks && ticks_a_second > 0 && wall && since_boot) {
    const std::int64_t tick = 1'000'000'000 / ticks_a_second;
    const wide start = *from.start_ticks;
    to.start_time_seconds =
        static_cast<double>(boot_ticks(*wall, *since_boot, tick) + start) / static_cast<double>(ticks_a_second);
    const wide uptime = *since_boot - start * tick;
    to.uptime_seconds = uptime > 0 ? static_cast<double>(uptime) / 1e9 : 0;
  }
}

/// IPv4 and IPv6 together. A kernel without IPv6 has no file for it; where the file is there and cannot be read both
/// are absent, as a total without one part would look like a reset.
inline void add_network(process_reading& to, const proc_files& files, file_room& room) noexcept {
  const auto netstat = read_file(files.netstat, room);
  if (!netstat) {
    return;
  }
  const octets v4 = parse_netstat(*netstat);
  octets v6{.received = 0, .transmitted = 0};
  if (const auto snmp6 = read_file(files.snmp6, room)) {
    v6 = parse_snmp6(*snmp6);
  } else if (errno != ENOENT) {
    return;
  }
  if (v4.received && v6.received) {
    to.network_receive_bytes = *v4.received + *v6.received;
  }
  if (v4.transmitted && v6.transmitted) {
    to.network_transmit_bytes = *v4.transmitted + *v6.transmitted;
  }
}

inline void add_files(process_reading& to, const proc_files& files) noexcept {
  to.open_fds = count_fds(files.fd);
  file_room room;
  if (const auto text = read_file(files.stat, room)) {
    add_stat(to, parse_stat(*text));
  }
  if (const auto text = read_file(files.io, room)) {
    to.disk_read_bytes = number_behind("read_bytes:", *text);
    to.disk_written_bytes = number_behind("write_bytes:", *text);
  }
  add_network(to, files, room);
}

#else

inline void add_files(process_reading&, const proc_files&) noexcept {}

#endif

inline process_reading read_process(const proc_files& files) noexcept {
  process_reading reading;
  // Nanoseconds, where getrusage has microseconds and /proc/self/stat ticks of 10 ms; and it needs no /proc.
  if (const auto cpu = nanoseconds_of(CLOCK_PROCESS_CPUTIME_ID)) {
    reading.cpu_seconds = static_cast<double>(*cpu) / 1e9;
  }
  reading.max_fds = limit_of(RLIMIT_NOFILE);
  reading.virtual_memory_max_bytes = limit_of(RLIMIT_AS);
  add_files(reading, files);
  return reading;
}

}  // namespace detail

/// Reads the calling process's numbers. Any thread, any time; it opens and closes some files of /proc and takes 17 KiB
/// of stack.
[[nodiscard]] inline process_reading read_process() noexcept {
  return detail::read_process({});
}

}  // namespace vitals::inline v0

#endif

namespace vitals::inline v0 {

namespace detail {

inline std::string text_of_errno(int error) {
  return std::generic_category().message(error);
}

}  // namespace detail

/// Fails where a file is missing ("missing"), was written too long ago ("stale"), or cannot be asked ("unreadable").
/// One that was written in the future is fresh.
struct file_check {
  std::string path{};
  std::chrono::milliseconds most_age = std::chrono::minutes{1};

  [[nodiscard]] check_result operator()() const {
    struct ::stat about {};
    if (::stat(path.c_str(), &about) != 0) {
      const int why = errno;
      const bool missing = why == ENOENT || why == ENOTDIR;
      return check_result::failed(missing ? "missing" : "unreadable", path + ": " + detail::text_of_errno(why));
    }
    constexpr std::int64_t most = 1'000'000'000'000;  // 30,000 years: a file may say more than milliseconds can
    const std::chrono::milliseconds written =
        std::chrono::seconds{std::clamp(std::int64_t{about.st_mtim.tv_sec}, -most, most)};
    const auto age = std::chrono::milliseconds{health_clock::wall()} - written;
    if (age > most_age) {
      return check_result::failed("stale", path + ": written " + detail::shown(age) + " ago, at most " +
                                               detail::shown(most_age) + " are allowed");
    }
    return true;
  }
};

/// Fails ("low_space") where a file system has fewer free bytes, or a smaller free part of it, than is given; what only
/// root may use is not free. "unreadable" where it cannot be asked.
struct disk_check {
  std::string path{};  ///< any file in it
  std::uint64_t least_bytes = 0;
  double least_part = 0;  ///< 0.05: 5 %

  [[nodiscard]] check_result operator()() const {
    struct ::statvfs about {};
    if (::statvfs(path.c_str(), &about) != 0) {
      return check_result::failed("unreadable", path + ": " + detail::text_of_errno(errno));
    }
    return judge(about.f_frsize, about.f_blocks - about.f_bfree, about.f_bavail);
  }

  /// The same of so many blocks used and available.
  [[nodiscard]] check_result judge(std::uint64_t block, std::uint64_t used, std::uint64_t available) const {
    const double bytes = static_cast<double>(available) * static_cast<double>(block);
    const double all = static_cast<double>(used) + static_cast<double>(available);
    const double part = all == 0 ? 0 : static_cast<double>(available) / all;
    if (bytes < static_cast<double>(least_bytes) || part < least_part) {
      return check_result::failed("low_space", path + ": " + detail::shown(static_cast<std::uint64_t>(bytes)) +
                                                   " bytes are free, a part of " + detail::shown(part));
    }
    return true;
  }
};

/// Fails ("memory_limit") where the process has more memory in RAM than is given; degraded above the lower bound.
struct memory_check {
  std::uint64_t most_bytes = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t degraded_bytes = std::numeric_limits<std::uint64_t>::max();

  [[nodiscard]] check_result operator()() const {
    process_reading reading;
#if defined(__linux__)
    detail::file_room room;
    if (const auto text = detail::read_file(detail::proc_files{}.stat, room)) {
      detail::add_stat(reading, detail::parse_stat(*text));
    }
#endif
    if (!reading.resident_memory_bytes) {
      return check_result::failed("unreadable", "the system does not tell the process's memory");
    }
    return judge(*reading.resident_memory_bytes);
  }

  /// The same of so many bytes.
  [[nodiscard]] check_result judge(std::uint64_t bytes) const {
    if (bytes <= most_bytes && bytes <= degraded_bytes) {
      return true;
    }
    std::string message = detail::shown(bytes) + " bytes are in RAM";
    return bytes > most_bytes ? check_result::failed("memory_limit", std::move(message))
                              : check_result::degraded("memory_limit", std::move(message));
  }
};

}  // namespace vitals::inline v0

#endif

#endif
// Draining: a program that is asked to end goes on for a while, so that balancers can turn away from it first.
#ifndef VITALS_HEALTH_DRAIN_HPP
#define VITALS_HEALTH_DRAIN_HPP

#include <semaphore.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <thread>

// Threads of the library's own: signals are for the program's threads.
#ifndef VITALS_HEALTH_QUIET_THREAD_HPP
#define VITALS_HEALTH_QUIET_THREAD_HPP

#include <pthread.h>
#include <signal.h>

#include <thread>
#include <utility>

namespace vitals::inline v0::detail {

/// A thread that runs `work` with signals blocked, but for those of a crash: work may be the program's own, and where
/// it crashes the program's handler is to see it. Throws std::system_error where there can be none.
template <class Work>
std::thread quiet_thread(Work work) {
  struct blocked {
    blocked() noexcept {
      sigset_t quiet;
      sigfillset(&quiet);
      for (const int crash : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT}) {
        sigdelset(&quiet, crash);
      }
      pthread_sigmask(SIG_BLOCK, &quiet, &before);
    }
    blocked(const blocked&) = delete;
    blocked& operator=(const blocked&) = delete;
    ~blocked() { pthread_sigmask(SIG_SETMASK, &before, nullptr); }
    sigset_t before{};
  };
  const blocked while_it_starts;
  return std::thread{std::move(work)};
}

}  // namespace vitals::inline v0::detail

#endif

namespace vitals::inline v0 {

/// How a program drains.
struct drain_options {
  std::chrono::milliseconds delay = std::chrono::seconds{5};  ///< from the wish to end to the return of `wait`
  bool on_sigterm = true;
  bool on_sigint = false;
};

namespace detail {

/// The signals that ask a program to end. One in a process at a time.
class end_signals {
 public:
  /// Throws std::logic_error where another one handles signals, std::system_error where the system refuses.
  end_signals(bool on_sigterm, bool on_sigint) : wanted_{on_sigterm, on_sigint} {
    if (taken_.exchange(true, std::memory_order_acq_rel)) {
      throw std::logic_error("vitals: another vitals::drain handles the program's signals already");
    }
    if (!has_semaphore_) {  // it stays for good: a handler may be at it in another thread, however late
      ::sem_init(&asked_, 0, 0);
      has_semaphore_ = true;
    }
    owner_.store(::getpid(), std::memory_order_relaxed);
    seen_.store(false, std::memory_order_relaxed);
    for (std::size_t i = 0; i != signals.size(); ++i) {
      if (!wanted_[i]) {
        continue;
      }
      struct sigaction action {};
      action.sa_handler = &handle;
      action.sa_flags = SA_RESTART;  // the program goes on: its calls are not interrupted
      ::sigfillset(&action.sa_mask);
      if (::sigaction(signals[i], nullptr, &former_[i]) != 0 || ::sigaction(signals[i], &action, nullptr) != 0) {
        const int why = errno;
        restore(i);
        taken_.store(false, std::memory_order_release);
        throw std::system_error(why, std::generic_category(), "vitals: cannot handle a signal");
      }
    }
  }
  end_signals(const end_signals&) = delete;
  end_signals& operator=(const end_signals&) = delete;
  ~end_signals() {
    restore(signals.size());
    taken_.store(false, std::memory_order_release);
  }

  /// Waits for a signal, or for `wake`. Whether there was a signal.
  bool wait() noexcept {
    while (::sem_wait(&asked_) != 0 && errno == EINTR) {
    }
    return seen_.load(std::memory_order_acquire);
  }
  void wake() noexcept { ::sem_post(&asked_); }

 private:
  static constexpr std::array signals{SIGTERM, SIGINT};

  /// Async-signal-safe. A child that was forked has nobody who waits: there the signal does what it did before.
  static void handle(int signal) noexcept {
    const int before = errno;
    if (::getpid() == owner_.load(std::memory_order_relaxed)) {
      seen_.store(true, std::memory_order_release);
      ::sem_post(&asked_);
    } else {
      ::sigaction(signal, &former_[signal == SIGTERM ? 0 : 1], nullptr);
      ::raise(signal);  // delivered when this returns
    }
    errno = before;
  }

  /// The former handlers of the first signals, but where somebody has put another one into our place.
  void restore(std::size_t count) noexcept {
    for (std::size_t i = 0; i != count; ++i) {
      struct sigaction now {};
      if (wanted_[i] && ::sigaction(signals[i], nullptr, &now) == 0 && now.sa_handler == &handle) {
        ::sigaction(signals[i], &former_[i], nullptr);
      }
    }
  }

  std::array<bool, signals.size()> wanted_;
  static inline constinit std::atomic<bool> taken_{false};  // acquire and release: the next owner sees the last one's
  static inline constinit bool has_semaphore_ = false;
  static inline sem_t asked_;
  static inline constinit std::atomic<bool> seen_{false};  // release in the handler; what it says is all that it says
  static inline constinit std::atomic<pid_t> owner_{0};    // relaxed: written before a handler is there
  static inline std::array<struct sigaction, signals.size()> former_{};  // likewise; a child's handler reads its copy
};

/// When a drain began, and when it is over.
class drain_time {
 public:
  using clock = std::chrono::steady_clock;

  drain_time() = default;
  drain_time(const drain_time&) = delete;
  drain_time& operator=(const drain_time&) = delete;
  ~drain_time() {
    if (is_inherited()) {
      static_cast<void>(changed_.release());  // it would wait for those who waited when this child was forked
    }
  }

  /// Whether this is a child that was forked since.
  [[nodiscard]] bool is_inherited() const noexcept { return process_ != ::getpid(); }

  void begin(clock::time_point now, std::chrono::milliseconds delay) noexcept {
    constexpr std::chrono::milliseconds most = std::chrono::hours{24};
    const std::lock_guard lock{mutex_};
    end_ = now + std::clamp(delay, std::chrono::milliseconds{0}, most);
    changed_->notify_all();
  }
  [[nodiscard]] std::optional<clock::time_point> end() const noexcept {
    const std::lock_guard lock{mutex_};
    return end_;
  }
  [[nodiscard]] bool is_over(clock::time_point now) const noexcept {
    const auto at = end();
    return at && *at <= now;
  }
  void wait() noexcept {
    std::unique_lock lock{mutex_};
    changed_->wait(lock, [&] { return end_.has_value(); });
    while (clock::now() < *end_) {
      changed_->wait_until(lock, *end_);
    }
  }

 private:
  mutable std::mutex mutex_;
  std::unique_ptr<std::condition_variable> changed_ = std::make_unique<std::condition_variable>();
  const ::pid_t process_ = ::getpid();
  std::optional<clock::time_point> end_;
};

}  // namespace detail

/// The end of a program, in order: at SIGTERM (SIGINT too, by choice) or `begin` it is marked as draining at once, so
/// that readiness fails; everything else goes on, probes and scrapes included, until the delay is over and `wait`
/// returns. A second signal changes nothing. When the object goes, the program is marked as stopped.
///
///   vitals::drain<app_health> drain{{.delay = 5s}};
///   ...                                              // start servers and workers
///   drain.wait();                                    // then stop them
///
/// One in a process handles signals at a time; the former handlers are restored when it goes. A thread that has the
/// signals blocked does not receive them, so at least one must not.
template <class Health>
class drain {
  static_assert(detail::is_health<Health>, "a drain is of a program's health: write vitals::drain<app_health>");

 public:
  /// Throws std::logic_error where another drain handles signals, std::system_error where there can be no thread.
  explicit drain(const drain_options& options = {}) : options_(options) {
    if (options.on_sigterm || options.on_sigint) {
      signals_.emplace(options.on_sigterm, options.on_sigint);
      thread_ = detail::quiet_thread([this] {
        while (!gone_.load(std::memory_order_acquire)) {
          if (signals_->wait()) {
            begin();
          }
        }
      });
    }
  }
  drain(const drain&) = delete;
  drain& operator=(const drain&) = delete;
  ~drain() {
    if (thread_.joinable() && time_.is_inherited()) {
      thread_.detach();  // it is not there
    } else if (thread_.joinable()) {
      gone_.store(true, std::memory_order_release);
      signals_->wake();
      thread_.join();
    }
    Health::mark_stopped();
  }

  /// Begins to drain, as a signal does. Any thread, any number of times; not for a signal handler.
  void begin() noexcept {
    if (!begun_.exchange(true, std::memory_order_acq_rel)) {
      Health::mark_draining();  // before anybody may be told that it is over
      time_.begin(detail::drain_time::clock::now(), options_.delay);
    }
  }

  /// Whether it has begun.
  [[nodiscard]] bool has_begun() const noexcept { return begun_.load(std::memory_order_acquire); }

  /// Whether it has begun and the delay is over, for a loop that has other things to do than to `wait`. Any thread.
  [[nodiscard]] bool is_over() const noexcept { return has_begun() && time_.is_over(detail::drain_time::clock::now()); }

  /// Waits until it has begun and the delay is over. Any thread, any number of them.
  void wait() noexcept { time_.wait(); }

 private:
  drain_options options_;
  detail::drain_time time_;
  std::atomic<bool> begun_{false};  // acquire and release: set once, by whoever begins
  std::optional<detail::end_signals> signals_;
  std::atomic<bool> gone_{false};  // release before the semaphore's post, acquire after its wait
  std::thread thread_;
};

}  // namespace vitals::inline v0

#endif
// Active checks: run on a period, each on a thread of its own, never on a probe's path.
#ifndef VITALS_HEALTH_MONITOR_HPP
#define VITALS_HEALTH_MONITOR_HPP

#include <unistd.h>

#include <concepts>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <thread>
#include <type_traits>
#include <utility>

// When a check starts, and when it is overdue.
#ifndef VITALS_HEALTH_CHECK_SCHEDULE_HPP
#define VITALS_HEALTH_CHECK_SCHEDULE_HPP

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>

namespace vitals::inline v0 {

/// When a check runs. Times are up to a day.
struct check_timing {
  std::chrono::milliseconds period = std::chrono::seconds{10};  ///< from one start to the next
  std::chrono::milliseconds timeout = std::chrono::seconds{2};  ///< after which it has failed, for now
  std::chrono::milliseconds delay{};                            ///< before the first one
  /// Each start comes later by up to so much, at random: programs that were started together do not ask together.
  std::chrono::milliseconds jitter{};
};

namespace detail {

/// A number from 0 to `most`, another one at each call and in each process; good for nothing but to spread starts.
inline std::uint64_t some_number(std::uint64_t most) noexcept {
  static std::atomic<std::uint64_t> calls{0};  // relaxed: any difference will do
  std::uint64_t x = static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()) +
                    (static_cast<std::uint64_t>(::getpid()) << 32U) +
                    calls.fetch_add(1, std::memory_order_relaxed) * 0x9E3779B97F4A7C15U;
  x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9U;  // the finalizer of splitmix64
  x = (x ^ (x >> 27U)) * 0x94D049BB133111EBU;
  return (x ^ (x >> 31U)) % (most + 1);
}

/// When a check starts and when it is overdue, in ms of a clock. It waits for one thing at a time, and all waits are
/// distances: should the clock step, a wait is not as long as the step.
class check_schedule {
 public:
  enum class turn : std::uint8_t { wait, start, overdue };
  enum class ending : std::uint8_t { in_time, overdue, known_overdue };

  check_schedule(const check_timing& timing, std::uint64_t now) noexcept
      : period_(static_cast<std::uint64_t>(timing.period.count())),
        timeout_(static_cast<std::uint64_t>(timing.timeout.count())),
        jitter_(static_cast<std::uint64_t>(timing.jitter.count())),
        from_(now),
        wait_(static_cast<std::uint64_t>(timing.delay.count()) + some_number(jitter_)) {}

  /// What is to be done now.
  [[nodiscard]] turn at(std::uint64_t now) const noexcept {
    return left(now) != 0 ? turn::wait : runs_ ? turn::overdue : turn::start;
  }
  /// How long there is nothing to do.
  [[nodiscard]] std::uint64_t left(std::uint64_t now) const noexcept {
    const std::uint64_t passed = distance(from_, now);
    return passed < wait_ ? wait_ - passed : 0;
  }

  void start(std::uint64_t now) noexcept {
    runs_ = true;
    late_ = false;
    from_ = now;
    wait_ = timeout_;
  }
  /// For how long it has run.
  [[nodiscard]] std::uint64_t passed(std::uint64_t now) const noexcept { return distance(from_, now); }

  /// It was found overdue: look again in a period, should it still run.
  void pass_by(std::uint64_t now) noexcept {
    late_ = true;
    wait_ = distance(from_, now) + period_;
  }
  /// It has ended, at that time. The next start is a whole number of periods after the last one.
  ending end(std::uint64_t then, std::uint64_t now) noexcept {
    const ending how = late_                               ? ending::known_overdue
                       : distance(from_, then) >= timeout_ ? ending::overdue
                                                           : ending::in_time;
    runs_ = false;
    late_ = false;
    wait_ = (distance(from_, now) / period_ + 1) * period_ + some_number(jitter_);
    return how;
  }
  /// It is wanted now; where it runs, it will have a result anyhow.
  void hurry() noexcept { wait_ = runs_ ? wait_ : 0; }

  [[nodiscard]] bool is_running() const noexcept { return runs_; }
  [[nodiscard]] bool is_late() const noexcept { return late_; }

 private:
  std::uint64_t period_;
  std::uint64_t timeout_;
  std::uint64_t jitter_;
  std::uint64_t from_;
  std::uint64_t wait_;
  bool runs_ = false;
  bool late_ = false;
};

}  // namespace detail

}  // namespace vitals::inline v0

#endif
// What a monitor does at each step: it starts checks, takes their results, reports what is overdue, and ticks.
#ifndef VITALS_HEALTH_CHECK_WATCH_HPP
#define VITALS_HEALTH_CHECK_WATCH_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

// A check and its thread: what runs it, and what of it may be left behind.
#ifndef VITALS_HEALTH_CHECK_TASK_HPP
#define VITALS_HEALTH_CHECK_TASK_HPP

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

namespace vitals::inline v0::detail {

using check_milliseconds = std::uint64_t (*)() noexcept;

/// What a monitor and the threads of its checks share, so that a check that never ends may be left behind.
struct check_hub {
  std::mutex mutex{};
  std::condition_variable changed{};
  bool news = false;      ///< something has ended, was added, or is to stop
  bool stopping = false;  ///< no check is started any more
};

/// A check. Its thread and the monitor share it.
struct check_task {
  check_task(const health_ref& health, std::size_t component, std::function<check_result()> what,
             const check_timing& when, std::uint64_t now)
      : of(health),
        index(component),
        call(std::move(what)),
        timing(when),
        schedule(when, now) {}

  const health_ref of;
  const std::size_t index;
  const std::function<check_result()> call;  ///< called by one thread at a time
  const check_timing timing;

  // The monitor's own.
  check_schedule schedule;
  std::thread thread{};

  // Under the hub's mutex: somebody wants it to run at once.
  bool wanted = false;

  // Under the hub's mutex: written by the check's thread as its last act.
  bool done = false;
  std::uint64_t ended = 0;
  nanos took = 0;
  check_result result{};
};

inline check_result outcome_of(const check_task& task) noexcept {
  try {
    return task.call();
  } catch (const std::exception& e) {
    try {
      return check_result::failed("exception", e.what());
    } catch (...) {  // no memory for the message
    }
  } catch (...) {
  }
  check_result unknown = false;
  unknown.reason = "exception";  // so short a text needs no memory
  return unknown;
}

/// What a check's thread does.
inline void run_check(check_task& task, check_hub& hub, check_milliseconds clock) noexcept {
  const auto start = std::chrono::steady_clock::now();
  check_result result = outcome_of(task);
  const nanos took = nanos_of(std::chrono::steady_clock::now() - start);
  const std::lock_guard lock{hub.mutex};
  task.result = std::move(result);
  task.took = took;
  task.ended = clock();
  task.done = true;
  hub.news = true;
  hub.changed.notify_all();
}

}  // namespace vitals::inline v0::detail

#endif

namespace vitals::inline v0::detail {

/// A monitor but for its thread: `step` does what is due. Checks may be added at any time, and `ask_to_stop` comes from
/// any thread; all else is done by one thread at a time.
class check_watch {
 public:
  explicit check_watch(check_milliseconds clock) noexcept : clock_(clock) {}
  check_watch(const check_watch&) = delete;
  check_watch& operator=(const check_watch&) = delete;
  ~check_watch() { leave(); }

  void add(const health_ref& of, std::size_t index, std::function<check_result()> what, const check_timing& timing) {
    using std::chrono::milliseconds;
    constexpr milliseconds day = std::chrono::hours{24};
    const auto refuse = [&](const char* why) {
      throw std::invalid_argument("vitals: cannot check the component \"" +
                                  std::string{of.facts->components[index].name} + "\": " + why);
    };
    if (timing.period < milliseconds{1} || timing.period > day || timing.timeout < milliseconds{1} ||
        timing.timeout > day || timing.delay < milliseconds{0} || timing.delay > day ||
        timing.jitter < milliseconds{0} || timing.jitter > day) {
      refuse("its period and its timeout are from 1ms to a day, its delay and its jitter from 0 to a day");
    }
    auto task = std::make_shared<check_task>(of, index, std::move(what), timing, clock_());
    const std::lock_guard lock{hub_->mutex};
    for (const auto& other : tasks_) {
      if (other->of.cells == of.cells && other->index == index) {
        refuse("it has a check already: make one check of the two");
      }
    }
    note(of);
    tasks_.push_back(std::move(task));
    tick_every_ = std::min(tick_every_, tick_for(static_cast<std::uint64_t>(timing.period.count())));
    announce();
  }

  /// Has a health ticked that has no check.
  void add(const health_ref& of) {
    const std::lock_guard lock{hub_->mutex};
    note(of);
    announce();
  }

  /// Has a component's check run at the next step. False where it has none.
  bool want(const health_ref& of, std::size_t index) noexcept {
    const std::lock_guard lock{hub_->mutex};
    for (const auto& task : tasks_) {
      if (task->of.cells == of.cells && task->index == index) {
        task->wanted = true;
        announce();
        return true;
      }
    }
    return false;
  }

  /// Takes what has ended, reports what is overdue, starts what is due, and ticks. Returns for how many ms there is
  /// nothing to do, unless there is news.
  std::uint64_t step() noexcept {
    const bool stopping = is_stopping();
    std::uint64_t wait = tick_all();
    each_task([&](const std::shared_ptr<check_task>& task) {
      take(*task);
      if (!task->schedule.is_running() && is_wanted(*task)) {
        task->schedule.hurry();
      }
      const std::uint64_t now = clock_();
      const check_schedule::turn turn = task->schedule.at(now);
      if (turn == check_schedule::turn::overdue) {
        report_overdue(*task, now);
      } else if (turn == check_schedule::turn::start && !stopping) {
        start(task, now);
      }
      if (task->schedule.is_running() || !stopping) {
        wait = std::min(wait, std::max(task->schedule.left(now), std::uint64_t{1}));
      }
    });
    return wait;
  }

  /// Waits for news, or for so many ms.
  void wait(std::uint64_t milliseconds) noexcept {
    std::unique_lock lock{hub_->mutex};
    hub_->changed.wait_for(lock, std::chrono::milliseconds{milliseconds}, [&] { return hub_->news; });
    hub_->news = false;
  }

  /// Before the first step, and after a stop: delays begin now. What is stuck is not started again.
  void resume() noexcept {
    {
      const std::lock_guard lock{hub_->mutex};
      hub_->stopping = false;
    }
    each_task([&](const std::shared_ptr<check_task>& task) {
      take(*task);
      if (!task->schedule.is_running()) {
        task->schedule = check_schedule{task->timing, clock_()};
      }
    });
  }

  void ask_to_stop() noexcept {
    const std::lock_guard lock{hub_->mutex};
    hub_->stopping = true;
    announce();
  }

  /// Whether it is to stop, and no check runs that is still within its timeout.
  [[nodiscard]] bool may_stop() noexcept {
    bool may = is_stopping();
    each_task([&](const std::shared_ptr<check_task>& task) {
      may = may && (!task->schedule.is_running() || task->schedule.is_late());
    });
    return may;
  }

  /// Leaves behind what still runs. False where there was any.
  bool leave() noexcept {
    bool none = true;
    each_task([&](const std::shared_ptr<check_task>& task) {
      take(*task);
      if (task->thread.joinable()) {
        task->thread.detach();
      }
      none = none && !task->schedule.is_running();
    });
    return none;
  }

 private:
  /// Each second is soon enough for people; what is checked, or missed, sooner is told sooner.
  static constexpr std::uint64_t tick_for(std::uint64_t period) noexcept {
    return std::clamp<std::uint64_t>(period, 10, 1000);
  }

  /// With the mutex held, as `announce`.
  void note(const health_ref& of) {
    for (const health_ref& other : healths_) {
      if (other.cells == of.cells) {
        return;
      }
    }
    healths_.push_back(of);
    for (const component_facts& f : of.facts->components) {
      tick_every_ = f.deadline == 0 ? tick_every_ : std::min(tick_every_, tick_for(f.deadline));
    }
  }
  void announce() noexcept {
    hub_->news = true;
    hub_->changed.notify_all();
  }

  [[nodiscard]] bool is_stopping() const noexcept {
    const std::lock_guard lock{hub_->mutex};
    return hub_->stopping;
  }

  /// Whether somebody has wanted it since the last call.
  [[nodiscard]] bool is_wanted(check_task& task) const noexcept {
    const std::lock_guard lock{hub_->mutex};
    return std::exchange(task.wanted, false);
  }

  /// Visits all tasks, without the mutex: listeners are called, threads joined.
  template <class Visit>
  void each_task(Visit visit) noexcept {
    for (std::size_t i = 0;; ++i) {
      std::shared_ptr<check_task> task;
      {
        const std::lock_guard lock{hub_->mutex};
        if (i == tasks_.size()) {
          return;
        }
        task = tasks_[i];
      }
      visit(task);
    }
  }

  void start(const std::shared_ptr<check_task>& task, std::uint64_t now) noexcept {
    task->schedule.start(now);
    try {
      task->thread = quiet_thread([task, hub = hub_, clock = clock_] { run_check(*task, *hub, clock); });
    } catch (const std::exception& e) {
      task->schedule.end(now, now);
      record_check(task->of, task->index, report::failure, "no_thread", e.what());
    }
  }

  /// Makes a report of a result that has come in time; one that comes later is not believed.
  void take(check_task& task) noexcept {
    check_result result;
    std::uint64_t ended = 0;
    {
      const std::lock_guard lock{hub_->mutex};
      if (!task.done) {
        return;
      }
      task.done = false;
      ended = task.ended;
      result = std::move(task.result);
    }
    if (task.thread.joinable()) {
      task.thread.join();  // it has nothing left to do
    }
    switch (task.schedule.end(ended, clock_())) {
      case check_schedule::ending::in_time:
        record_check_duration(task.of, task.index, task.took);
        record_check(task.of, task.index, result.what, result.reason, result.message);
        break;
      case check_schedule::ending::overdue:
        record_check_duration(task.of, task.index, task.took);
        record_timeout(task, task.took / 1'000'000);
        break;
      case check_schedule::ending::known_overdue:
        break;
    }
  }

  void report_overdue(check_task& task, std::uint64_t now) noexcept {
    const auto passed = static_cast<nanos>(task.schedule.passed(now));
    if (!task.schedule.is_late()) {
      record_check_duration(task.of, task.index, passed * 1'000'000);
    }
    task.schedule.pass_by(now);
    record_timeout(task, passed);
  }

  static void record_timeout(const check_task& task, nanos milliseconds) noexcept {
    char message[64];
    const int length =
        std::snprintf(message, sizeof message, "no result after %lld ms", static_cast<long long>(milliseconds));
    record_check(task.of, task.index, report::failure, "timeout",
                 {message, length < 0 ? 0 : static_cast<std::size_t>(length)});
  }

  std::uint64_t tick_all() noexcept {
    const std::uint64_t now = clock_();
    std::uint64_t every = 0;
    {
      const std::lock_guard lock{hub_->mutex};
      every = tick_every_;
    }
    const std::uint64_t passed = distance(ticked_, now);
    if (has_ticked_ && passed < every) {
      return every - passed;
    }
    has_ticked_ = true;
    ticked_ = now;
    for (std::size_t i = 0;; ++i) {
      health_ref of;
      {
        const std::lock_guard lock{hub_->mutex};
        if (i == healths_.size()) {
          return every;
        }
        of = healths_[i];
      }
      detail::tick(of);
    }
  }

  check_milliseconds clock_;
  std::shared_ptr<check_hub> hub_ = std::make_shared<check_hub>();
  // Under the hub's mutex; none is ever taken away.
  std::vector<std::shared_ptr<check_task>> tasks_;
  std::vector<health_ref> healths_;
  std::uint64_t tick_every_ = 1000;
  // Of who takes steps.
  std::uint64_t ticked_ = 0;
  bool has_ticked_ = false;
};

}  // namespace vitals::inline v0::detail

#endif

namespace vitals::inline v0 {

/// Runs checks, each on a period and on a thread of its own (one at most, with signals blocked), and makes their
/// results reports on components, so that a probe reads but a word. A check that is over its timeout is a failure,
/// "timeout", and one more in each period until it ends; it holds up no other, is not started a second time meanwhile,
/// and its late result is ignored. Once a second, or sooner where a period is, the monitor's thread also does what
/// `tick` does.
///
///   vitals::monitor checks;
///   checks.add<app_health, store>([&] { return pool.ping(); }, {.period = 10s, .timeout = 2s});
///   checks.start();
///
/// Make, start and stop it on one thread at a time; `add`, `watch` and `run_now` may come at any time. A forked child
/// has none of a running monitor's threads: make another one there.
class monitor {
 public:
  monitor() = default;
  monitor(const monitor&) = delete;
  monitor& operator=(const monitor&) = delete;
  ~monitor() {
    stop();
    if (is_inherited()) {
      static_cast<void>(running_.release());  // its mutex may be locked, and waited for, by a thread that is not there
    }
  }

  /// Adds the check of a component: a callable that returns bool or a `check_result`. One that throws has failed, by
  /// "exception". What it refers to must outlive it, which a check that is stuck may do to the monitor. Throws
  /// std::invalid_argument where the component has a check already, or a time is out of its range.
  template <class Health, class Component, class Check>
  void add(Check check, const check_timing& timing = {}) {
    static_assert(detail::is_health<Health>,
                  "a check is of a program's health and one of its components: write add<app_health, store>(check)");
    static_assert(std::is_invocable_v<Check&>, "a check is called without arguments: bind them in a lambda");
    if constexpr (detail::is_health<Health> && std::is_invocable_v<Check&>) {
      using result = std::remove_cvref_t<std::invoke_result_t<Check&>>;
      static_assert(std::same_as<result, bool> || std::same_as<result, check_result>,
                    "a check returns bool or vitals::check_result");
      running_->watch.add(
          Health::ref(), Health::template place_of<Component>,
          [shared = std::make_shared<Check>(std::move(check))] { return check_result{(*shared)()}; }, timing);
    }
  }

  /// Ticks for a health that has no check.
  template <class Health>
  void watch() {
    static_assert(detail::is_health<Health>, "a monitor watches a program's health: write watch<app_health>()");
    if constexpr (detail::is_health<Health>) {
      running_->watch.add(Health::ref());
    }
  }

  /// Has a component's check run at once, not at its time: something has changed that it should see. Where it runs
  /// already it may have looked before, so it is run once more when it ends. False where the component has no check.
  template <class Health, class Component>
  bool run_now() noexcept {
    static_assert(detail::is_health<Health>,
                  "a check is of a program's health and one of its components: write run_now<app_health, store>()");
    if constexpr (detail::is_health<Health>) {
      return running_->watch.want(Health::ref(), Health::template place_of<Component>);
    }
  }

  /// Starts its thread; the checks' delays begin. Throws std::system_error where there can be none, std::logic_error in
  /// a child that was forked while it ran. Does nothing where it runs already.
  void start() {
    if (is_inherited()) {
      throw std::logic_error("vitals: a forked child has no threads of its parent's monitor: make another one there");
    }
    if (!running_->thread.joinable()) {
      running_->watch.resume();
      running_->thread = detail::quiet_thread([&watch = running_->watch] {
        for (std::uint64_t wait = watch.step(); !watch.may_stop(); wait = watch.step()) {
          watch.wait(wait);
        }
      });
      process_ = ::getpid();
    }
  }

  /// Starts no check any more and waits for those that are within their timeout. One that is over it is left behind,
  /// and false returned: it may still run, and use what it refers to. May be started again. Not for a listener: it
  /// would wait for itself.
  bool stop() noexcept {
    if (is_inherited()) {
      return true;  // nothing runs here
    }
    if (running_->thread.joinable()) {
      running_->watch.ask_to_stop();
      running_->thread.join();
    }
    const bool none_left = running_->watch.leave();
    process_ = none_left ? 0 : process_;
    return none_left;
  }

 private:
  struct parts {
    detail::check_watch watch{&health_clock::milliseconds};
    std::thread thread{};
  };

  /// Whether this is a child that was forked after the start.
  [[nodiscard]] bool is_inherited() const noexcept { return process_ != 0 && process_ != ::getpid(); }

  std::unique_ptr<parts> running_ = std::make_unique<parts>();
  ::pid_t process_ = 0;  ///< the one whose threads may be at it; 0: none
};

}  // namespace vitals::inline v0

#endif
// Ready-made checks of what a program talks to: whether a port takes connections, whether a server answers as it
// should.
#ifndef VITALS_HTTP_CHECKS_HPP
#define VITALS_HTTP_CHECKS_HPP

#include <fmt/format.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

// A blocking HTTP/1.1 client for small errands: one request, one connection, one deadline for all of it.
#ifndef VITALS_HTTP_CLIENT_HPP
#define VITALS_HTTP_CLIENT_HPP

#include <fmt/format.h>

#include <utility>  // before asio, which misses it in g++

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace vitals::inline v0::http {

/// A request to a server.
struct client_request {
  std::string method = "GET";
  std::string host{};  ///< a name or an IP address
  std::uint16_t port = 80;
  std::string target = "/";                                      ///< path and query, percent-encoded
  std::string content_type{};                                    ///< the body's, where not empty
  std::string_view body{};                                       ///< must live until `fetch` returns
  std::chrono::milliseconds timeout = std::chrono::seconds{10};  ///< for all: name, connection, request and answer
  std::size_t body_limit = 64 * 1024;                            ///< bytes of the answer's body to keep
};

/// What the server answered.
struct client_response {
  unsigned status = 0;
  std::string content_type{};
  std::string body{};  ///< as much of it as `body_limit` allows; the rest is not read
};

namespace detail {

/// A host as it stands in front of a port.
inline std::string bracketed(const std::string& host) {
  return host.find(':') == std::string::npos ? host : fmt::format("[{}]", host);
}

/// What a request is about, for messages.
inline std::string description(const client_request& asked) {
  return fmt::format("{} http://{}:{}{}", asked.method, bracketed(asked.host), asked.port, asked.target);
}

using steady_deadline = std::chrono::steady_clock::time_point;

/// What `work` returns or throws, or nothing where the deadline passes before. It runs on a thread of its own, which is
/// then left alone with it: the system's name lookup cannot be called off. What `work` refers to must be its own.
template <class Work>
auto outcome_by(steady_deadline deadline, Work work) -> std::optional<decltype(work())> {
  struct outcome {
    std::mutex mutex{};
    std::condition_variable changed{};
    bool there = false;
    std::optional<decltype(work())> value{};
    std::exception_ptr error{};
  };
  const auto shared = std::make_shared<outcome>();
  vitals::detail::quiet_thread([shared, work = std::move(work)]() mutable {
    std::optional<decltype(work())> value;
    std::exception_ptr error;
    try {
      value.emplace(work());
    } catch (...) {
      error = std::current_exception();
    }
    const std::lock_guard lock{shared->mutex};
    shared->value = std::move(value);
    shared->error = std::move(error);  // the only reference: this thread has nothing left to release
    shared->there = true;
    shared->changed.notify_one();
  }).detach();
  std::unique_lock lock{shared->mutex};
  if (!shared->changed.wait_until(lock, deadline, [&] { return shared->there; })) {
    return std::nullopt;
  }
  if (shared->error) {
    std::rethrow_exception(std::move(shared->error));
  }
  return std::move(shared->value);
}

/// Where a name leads.
struct host_addresses {
  boost::system::error_code error{};
  std::vector<boost::asio::ip::tcp::endpoint> endpoints{};
};

/// Where an IP address leads; nothing where the host is a name.
inline std::optional<host_addresses> address_of(const std::string& host, std::uint16_t port) {
  host_addresses found;
  const auto address = boost::asio::ip::make_address(host, found.error);
  if (found.error) {
    return std::nullopt;
  }
  found.endpoints.emplace_back(address, port);
  return found;
}

/// The system's name lookup: it may take as long as it likes.
inline host_addresses look_up(const std::string& host, std::uint16_t port) {
  host_addresses found;
  boost::asio::io_context io;
  for (const auto& entry : boost::asio::ip::tcp::resolver{io}.resolve(host, std::to_string(port), found.error)) {
    found.endpoints.push_back(entry.endpoint());
  }
  return found;
}

/// One request and its answer.
class exchange {
 public:
  explicit exchange(const client_request& asked)
      : asked_(&asked),
        deadline_(std::chrono::steady_clock::now() + std::clamp<std::chrono::milliseconds>(asked.timeout,
                                                                                           std::chrono::seconds{0},
                                                                                           std::chrono::hours{24})) {
    check("method", asked.method);
    check("host", asked.host);
    check("target", asked.target);
    check("content type", asked.content_type, true);
  }

  client_response run() {
    auto to = address_of(asked_->host, asked_->port);
    if (!to) {
      to = outcome_by(deadline_, [host = asked_->host, port = asked_->port] { return look_up(host, port); });
    }
    connect(to);
    return talk();
  }

  [[nodiscard]] steady_deadline deadline() const noexcept { return deadline_; }

  /// Connects where a lookup has led to; nothing: it has not come to an end. Of several addresses each has its share of
  /// the time that is left, so that one that is silent does not hide one that answers.
  void connect(const std::optional<host_addresses>& to) {
    if (!to || to->error) {
      fail("looking up the host", to ? std::error_code{to->error} : std::make_error_code(std::errc::timed_out));
    }
    error_type error = boost::asio::error::host_not_found;  // a lookup that led nowhere
    for (auto left = static_cast<std::ptrdiff_t>(to->endpoints.size()); const auto& endpoint : to->endpoints) {
      const auto now = std::chrono::steady_clock::now();
      stream_.close();
      error = finished([&](auto handler) { stream_.async_connect(endpoint, std::move(handler)); },
                       now + (deadline_ - now) / left--);
      if (!error) {
        return;
      }
    }
    fail("connecting", error);
  }

  /// Sends the request and reads its answer.
  client_response talk() {
    const error_type unsent = write();
    client_response answer;
    const error_type unread = read(answer);  // even so: a server may refuse a request before it has all of it
    if (unread) {
      fail(unsent ? "sending the request" : "reading the answer", unsent ? unsent : unread);
    }
    return answer;
  }

 private:
  using tcp = boost::asio::ip::tcp;
  using error_type = boost::system::error_code;
  using parser_type = boost::beast::http::response_parser<boost::beast::http::buffer_body>;

  /// What goes into the head may not end its line.
  static void check(std::string_view what, std::string_view text, bool blanks = false) {
    const bool good = std::all_of(text.begin(), text.end(),
                                  [blanks](unsigned char c) { return (c > ' ' && c != 0x7F) || (c == ' ' && blanks); });
    if (!good || (text.empty() && !blanks)) {
      throw std::invalid_argument(
          fmt::format("vitals::http::fetch: the {} is empty, or has blanks or control characters", what));
    }
  }

  [[noreturn]] void fail(std::string_view step, std::error_code error) const {
    if (error == error_type{boost::beast::error::timeout}) {
      error = std::make_error_code(std::errc::timed_out);
    }
    throw std::system_error(error, fmt::format("vitals: {}: {}", description(*asked_), step));
  }

  [[nodiscard]] error_type write() {
    namespace http = boost::beast::http;
    http::request<http::span_body<const char>> head;
    head.method_string(asked_->method);
    head.target(asked_->target);
    head.version(11);
    head.set(http::field::host, fmt::format("{}:{}", bracketed(asked_->host), asked_->port));
    head.set(http::field::user_agent, fmt::format("vitals/{}.{}.{}", version.major, version.minor, version.patch));
    if (!asked_->content_type.empty()) {
      head.set(http::field::content_type, asked_->content_type);
    }
    head.keep_alive(false);
    head.body() = {asked_->body.data(), asked_->body.size()};
    head.content_length(asked_->body.size());
    return finished([&](auto handler) { http::async_write(stream_, head, std::move(handler)); });
  }

  [[nodiscard]] error_type read(client_response& answer) {
    namespace http = boost::beast::http;
    std::optional<parser_type> parser;
    do {  // past interim answers such as 100 Continue
      parser.emplace();
      parser->body_limit(std::numeric_limits<std::uint64_t>::max());  // it is not kept in the parser
      parser->skip(asked_->method == "HEAD");
      if (const error_type error =
              finished([&](auto handler) { http::async_read_header(stream_, buffer_, *parser, std::move(handler)); })) {
        return error;
      }
      answer.status = parser->get().result_int();
    } while (answer.status / 100 == 1 && answer.status != 101);
    const auto content_type = parser->get()[http::field::content_type];
    answer.content_type.assign(content_type.data(), content_type.size());
    std::array<char, 4096> part;
    while (!parser->is_done() && answer.body.size() < asked_->body_limit) {
      auto& body = parser->get().body();
      body.data = part.data();
      body.size = std::min(part.size(), asked_->body_limit - answer.body.size());
      body.more = true;
      const std::size_t room = body.size;
      const error_type error =
          finished([&](auto handler) { http::async_read(stream_, buffer_, *parser, std::move(handler)); });
      if (error && error != http::error::need_buffer) {
        return error;
      }
      answer.body.append(part.data(), room - body.size);
    }
    return {};
  }

  /// Runs one operation to its end or to the deadline.
  template <class Start>
  [[nodiscard]] error_type finished(Start start) {
    return finished(std::move(start), deadline_);
  }
  template <class Start>
  [[nodiscard]] error_type finished(Start start, steady_deadline deadline) {
    error_type error = boost::beast::error::timeout;
    if (std::chrono::steady_clock::now() >= deadline) {
      return error;
    }
    stream_.expires_at(deadline);
    start([&error](error_type result, const auto&...) { error = result; });
    io_.restart();
    io_.run();
    return error;
  }

  const client_request* asked_;
  steady_deadline deadline_;
  boost::asio::io_context io_{1};
  boost::beast::tcp_stream stream_{io_};
  boost::beast::flat_buffer buffer_{16 * 1024};  // a head, or a line of a chunked body, has to fit
};

}  // namespace detail

/// Asks a server and waits for its answer, whatever its status; a redirection is not followed. Throws
/// std::system_error that names the step where one fails (std::errc::timed_out where the deadline passes),
/// std::invalid_argument for a request that cannot be sent, std::bad_alloc. Any thread.
[[nodiscard]] inline client_response fetch(const client_request& asked) {
  return detail::exchange{asked}.run();
}

}  // namespace vitals::inline v0::http

#endif

namespace vitals::inline v0::http {

namespace detail {

/// Finds where a host leads, again and again. The system's lookup cannot be called off: one that does not return is
/// waited for anew the next time, so that there is one thread at most.
class host_lookup {
 public:
  using lookup = host_addresses (*)(const std::string& host, std::uint16_t port);

  explicit host_lookup(lookup how = &look_up) : how_(how) {}

  /// Nothing where the deadline passes before. Throws std::system_error where there can be no thread.
  std::optional<host_addresses> find(const std::string& host, std::uint16_t port, steady_deadline deadline) {
    if (auto known = address_of(host, port)) {
      return known;
    }
    std::unique_lock lock{shared_->mutex};
    if (!shared_->runs) {
      shared_->found.reset();
      v0::detail::quiet_thread([shared = shared_, how = how_, host, port] {
        host_addresses found;
        try {
          found = how(host, port);
        } catch (...) {
          found.error = make_error_code(boost::system::errc::not_enough_memory);
        }
        const std::lock_guard done{shared->mutex};
        shared->found = std::move(found);
        shared->runs = false;
        shared->changed.notify_all();
      }).detach();
      shared_->runs = true;
    }
    shared_->changed.wait_until(lock, deadline, [&] { return !shared_->runs; });
    return shared_->runs ? std::nullopt : shared_->found;
  }

 private:
  struct state {
    std::mutex mutex{};
    std::condition_variable changed{};
    bool runs = false;
    std::optional<host_addresses> found{};
  };
  lookup how_;
  std::shared_ptr<state> shared_ = std::make_shared<state>();
};

/// What an error is called as a reason.
inline const char* reason_of(std::error_code error) {
  return error == std::errc::timed_out                                                     ? "timeout"
         : error == std::errc::connection_refused                                          ? "connection_refused"
         : error == std::errc::host_unreachable || error == std::errc::network_unreachable ? "unreachable"
         : error == std::errc::connection_reset                                            ? "connection_reset"
                                                                                           : "connection_failed";
}

}  // namespace detail

/// Where a connection is tried.
struct connect_target {
  std::string host{};  ///< a name or an IP address
  std::uint16_t port = 0;
  std::chrono::milliseconds timeout = std::chrono::seconds{1};  ///< for the name and the connection
};

/// Fails where a port takes no connection: of a database, a cache, a broker. The reasons are "timeout",
/// "connection_refused", "unreachable", "unknown_host" and the like.
///
///   checks.add<app_health, store>(vitals::http::connect_check{{.host = "db", .port = 5432}});
class connect_check {
 public:
  /// Throws std::invalid_argument for a host that cannot be asked for.
  explicit connect_check(const connect_target& to, detail::host_lookup lookup = detail::host_lookup{})
      : to_{.host = to.host, .port = to.port, .timeout = to.timeout},
        lookup_(std::move(lookup)) {
    detail::exchange{to_};
  }

  [[nodiscard]] check_result operator()() {
    detail::exchange connection{to_};
    const auto at = lookup_.find(to_.host, to_.port, connection.deadline());
    if (at && at->error) {
      return check_result::failed("unknown_host", fmt::format("{}: {}", to_.host, at->error.message()));
    }
    try {
      connection.connect(at);
    } catch (const std::system_error& e) {
      return check_result::failed(
          detail::reason_of(e.code()),
          fmt::format("{} port {}: {}{}", to_.host, to_.port, at ? "" : "looking up the host: ", e.code().message()));
    }
    return true;
  }

 private:
  client_request to_;
  detail::host_lookup lookup_;
};

/// What a server is asked, and how it should answer.
struct get_target {
  std::string host{};  ///< a name or an IP address
  std::uint16_t port = 80;
  std::string target = "/";                                     ///< path and query, percent-encoded
  unsigned status = 200;                                        ///< what it should answer
  std::chrono::milliseconds timeout = std::chrono::seconds{1};  ///< for all of it
};

/// Fails where a server does not answer a GET with the status that is expected. The reasons are those of
/// `connect_check`, and "unexpected_status". The answer's body is not read.
///
///   checks.add<app_health, pricing>(vitals::http::get_check{{.host = "pricing", .port = 8080, .target = "/readyz"}});
class get_check {
 public:
  /// Throws std::invalid_argument for a host or a target that cannot be asked for.
  explicit get_check(const get_target& from, detail::host_lookup lookup = detail::host_lookup{})
      : asked_{.host = from.host, .port = from.port, .target = from.target, .timeout = from.timeout, .body_limit = 0},
        status_(from.status),
        lookup_(std::move(lookup)) {
    detail::exchange{asked_};
  }

  [[nodiscard]] check_result operator()() {
    detail::exchange connection{asked_};
    const auto at = lookup_.find(asked_.host, asked_.port, connection.deadline());
    if (at && at->error) {
      return check_result::failed("unknown_host", fmt::format("{}: {}", asked_.host, at->error.message()));
    }
    try {
      connection.connect(at);
      const unsigned status = connection.talk().status;
      if (status == status_) {
        return true;
      }
      return check_result::failed("unexpected_status",
                                  fmt::format("{}: {}, expected {}", detail::description(asked_), status, status_));
    } catch (const std::system_error& e) {
      return check_result::failed(detail::reason_of(e.code()), e.what());
    }
  }

 private:
  client_request asked_;
  unsigned status_;
  detail::host_lookup lookup_;
};

}  // namespace vitals::inline v0::http

#endif
// A server's options from the environment, for programs that are configured so.
#ifndef VITALS_HTTP_ENVIRONMENT_HPP
#define VITALS_HTTP_ENVIRONMENT_HPP

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

// The server: an HTTP endpoint on threads of its own, or on an io_context.
#ifndef VITALS_HTTP_SERVER_HPP
#define VITALS_HTTP_SERVER_HPP

#include <fmt/format.h>

#include <utility>  // before asio, which misses it in g++

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

// Who may ask for what: by route group a password, a token, a client certificate, or nothing.
#ifndef VITALS_HTTP_ACCESS_HPP
#define VITALS_HTTP_ACCESS_HPP

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace vitals::inline v0::http {

/// Routes that are open or closed together. `metrics`: the pages of metrics, and `/status`, which shows some.
/// `probes`: what orchestrators and load balancers ask: liveness, readiness, startup, `/health`. `rest`: `/`, the
/// program's own routes, and paths where nothing is.
enum class route_group { metrics, probes, rest };

/// The group of a path, as `path_of` gives it.
[[nodiscard]] constexpr route_group group_of(std::string_view path) noexcept {
  return detail::find_page_path(path) != nullptr || health_routes::is_status(path) ? route_group::metrics
         : health_routes::is_probe(path)                                           ? route_group::probes
                                                                                   : route_group::rest;
}

/// How passwords are checked against what the configuration has of them. By any thread; may take long.
/// `crypt_hashing` (VITALS_CRYPT) is one.
struct password_hashing {
  bool (*matches)(const std::string& password, const std::string& hash) = nullptr;
  bool (*is_hash)(const std::string& hash) = nullptr;  ///< whether it can check against this
};

/// A user of basic authentication.
struct basic_user {
  std::string name{};  ///< without a colon
  std::string hash{};  ///< of the password, as `password_hashing` has it
};

/// Who may ask for the routes of a group: anybody where it is empty. One of the users or one of the tokens is enough; a
/// client certificate comes on top.
struct access_rule {
  std::vector<basic_user> users{};    ///< basic authentication (RFC 7617)
  std::vector<std::string> tokens{};  ///< bearer tokens (RFC 6750)
  std::string token_file{};           ///< a file with some, each on a line; read again when it changes
  bool client_certificate = false;    ///< one that a `tls_server`'s client authorities signed
};

/// Why a request was not let in.
enum class access_refusal {
  no_credentials,     ///< 401: it has no Authorization line
  wrong_credentials,  ///< 401: a wrong one, or one that cannot be understood
  no_certificate,     ///< 403: its connection has no client certificate
  busy,               ///< 503: too many passwords are being checked
  handshake,          ///< TLS could not be agreed on, or its client certificate is no good
};

/// The rules of all groups.
struct access_rules {
  access_rule metrics{};
  access_rule probes{};
  access_rule rest{};
  password_hashing passwords{};                      ///< needed where there are users
  std::function<void(access_refusal)> on_refusal{};  ///< called on the thread that serves; must not throw
};

}  // namespace vitals::inline v0::http

#endif
// What the connections of a server share, and a connection without its stream's type.
#ifndef VITALS_HTTP_CONNECTION_HPP
#define VITALS_HTTP_CONNECTION_HPP

#include <utility>  // before asio, which misses it in g++

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Keeps the rules of access: judges each request by its path and what it brings.
#ifndef VITALS_HTTP_GATEKEEPER_HPP
#define VITALS_HTTP_GATEKEEPER_HPP

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

// What an Authorization line says (RFC 9110, 11.6.2; RFC 7617; RFC 6750, 2.1), read strictly.
#ifndef VITALS_HTTP_CREDENTIALS_HPP
#define VITALS_HTTP_CREDENTIALS_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace vitals::inline v0::http::detail {

/// The value of a character in base64 (RFC 4648, 4); -1 where it has none.
[[nodiscard]] constexpr int base64_value(char c) noexcept {
  return c >= 'A' && c <= 'Z'   ? c - 'A'
         : c >= 'a' && c <= 'z' ? c - 'a' + 26
         : c >= '0' && c <= '9' ? c - '0' + 52
         : c == '+'             ? 62
         : c == '/'             ? 63
                                : -1;
}

/// Whether a text may be a bearer token (RFC 6750, 2.1).
[[nodiscard]] constexpr bool is_bearer_token(std::string_view text) noexcept {
  while (text.ends_with('=')) {
    text.remove_suffix(1);
  }
  for (const char c : text) {
    if (base64_value(c) == -1 && c != '-' && c != '.' && c != '_' && c != '~') {
      return false;
    }
  }
  return !text.empty();
}

/// An Authorization line, and memory for what it says.
class credentials {
 public:
  enum class scheme { none, basic, bearer, malformed };

  constexpr explicit credentials(std::string_view line) noexcept {
    if (line.empty()) {
      return;
    }
    is_ = scheme::malformed;
    const std::string_view name = line.substr(0, line.find(' '));
    std::string_view value = line.substr(name.size());
    while (value.starts_with(' ')) {
      value.remove_prefix(1);
    }
    if (same_name(name, "Bearer") && is_bearer_token(value)) {
      is_ = scheme::bearer;
      token_ = value;
    } else if (same_name(name, "Basic") && decode(value)) {
      const std::string_view all{text_.data(), size_};
      const std::size_t colon = all.find(':');
      if (colon != std::string_view::npos && has_no_controls(all)) {
        is_ = scheme::basic;
        user_size_ = colon;
      }
    }
  }

  [[nodiscard]] constexpr scheme is() const noexcept { return is_; }
  [[nodiscard]] constexpr std::string_view token() const noexcept { return token_; }
  [[nodiscard]] constexpr std::string_view user_and_password() const noexcept { return {text_.data(), size_}; }
  [[nodiscard]] constexpr std::string_view user() const noexcept { return {text_.data(), user_size_}; }
  [[nodiscard]] constexpr std::string_view password() const noexcept {
    return user_and_password().substr(user_size_ + 1);
  }

 private:
  static constexpr std::size_t most = 768;

  /// What ends a C string, or a line, must not end a password here and go on there.
  static constexpr bool has_no_controls(std::string_view text) noexcept {
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte < 0x20 || byte == 0x7F) {
        return false;
      }
    }
    return true;
  }

  constexpr bool decode(std::string_view text) noexcept {
    if (text.empty() || text.size() % 4 != 0 || text.size() / 4 * 3 > most) {
      return false;
    }
    const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
    text.remove_suffix(padding);
    std::uint32_t bits = 0;
    int have = 0;
    for (const char c : text) {
      const int value = base64_value(c);
      if (value == -1) {
        return false;
      }
      bits = bits << 6 | static_cast<std::uint32_t>(value);
      have += 6;
      if (have >= 8) {
        have -= 8;
        text_[size_++] = static_cast<char>(bits >> have & 0xFF);
      }
    }
    return (bits & ((1U << have) - 1)) == 0;  // else two texts would be the same
  }

  scheme is_ = scheme::none;
  std::string_view token_{};
  std::array<char, most> text_{};
  std::size_t size_ = 0;
  std::size_t user_size_ = 0;
};

}  // namespace vitals::inline v0::http::detail

#endif
// Files that a server's safety hangs on: who else may read or write them, and whether they changed.
#ifndef VITALS_HTTP_GUARDED_FILE_HPP
#define VITALS_HTTP_GUARDED_FILE_HPP

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace vitals::inline v0::http::detail {

using warning_sink = std::function<void(std::string_view)>;

/// What a file is for: a secret is nobody else's to read.
enum class file_use { secret, trusted };

[[noreturn]] inline void refuse_file(const std::string& path, int error, std::string_view why) {
  throw std::system_error(error, std::generic_category(), fmt::format("vitals: the file \"{}\" {}", path, why));
}

/// Throws std::system_error, which says what to do, for a file that anybody may write. Warns where a secret may be read
/// by others, or where somebody other than root and this program's user may write it (of mounted files this is often
/// so).
inline void check_guard(const std::string& path, const struct stat& facts, file_use use, const warning_sink& warn) {
  if (!S_ISREG(facts.st_mode)) {
    refuse_file(path, EINVAL, "is no regular file");
  }
  if ((facts.st_mode & S_IWOTH) != 0) {
    refuse_file(path, EPERM, fmt::format("can be written by anybody: chmod o-w {}", path));
  }
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  struct stat of_folder {};
  if (::stat(folder.c_str(), &of_folder) == 0 && (of_folder.st_mode & S_IWOTH) != 0 &&
      (of_folder.st_mode & S_ISVTX) == 0) {
    refuse_file(path, EPERM, fmt::format("can be replaced by anybody: chmod o-w {}", folder));
  }
  if (!warn) {
    return;
  }
  if (use == file_use::secret && (facts.st_mode & S_IROTH) != 0) {
    warn(fmt::format("vitals: the secret in \"{}\" can be read by anybody: chmod o-r {}", path, path));
  }
  if ((facts.st_mode & S_IWGRP) != 0) {
    warn(fmt::format("vitals: the file \"{}\" can be written by its group: chmod g-w {}", path, path));
  }
  if (facts.st_uid != 0 && facts.st_uid != ::geteuid()) {
    warn(fmt::format("vitals: the file \"{}\" belongs to another user, who can write it: chown {} {}", path,
                     ::geteuid(), path));
  }
}

/// The text of a file (a megabyte at most), which `check_guard` lets pass.
[[nodiscard]] inline std::string read_guarded(const std::string& path, file_use use, const warning_sink& warn) {
  constexpr std::size_t most = std::size_t{1} << 20U;
  struct descriptor {
    int number;
    explicit descriptor(int n) : number(n) {}
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;
    ~descriptor() { ::close(number); }
  };
  const descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)};  // a pipe must not hang
  struct stat facts {};
  if (file.number == -1 || ::fstat(file.number, &facts) != 0) {
    refuse_file(path, errno, "cannot be read: see that it is there, and that this program's user may read it");
  }
  check_guard(path, facts, use, warn);
  std::string text;
  for (char part[4096];;) {
    const ssize_t size = ::read(file.number, part, sizeof part);
    if (size == 0) {
      return text;
    }
    if (size < 0 && errno != EINTR) {
      refuse_file(path, errno, "cannot be read");
    }
    text.append(part, size > 0 ? static_cast<std::size_t>(size) : 0);
    if (text.size() > most) {
      refuse_file(path, EFBIG, "is too large to be what it should");
    }
  }
}

/// Tells whether some files were changed, or replaced. Looks once a second at most.
class file_watch {
 public:
  using clock = std::chrono::steady_clock;

  explicit file_watch(std::vector<std::string> paths) : paths_(std::move(paths)), seen_(look()) {}

  /// Whether they are not as they were when this was last true, or at the beginning.
  [[nodiscard]] bool changed(clock::time_point now = clock::now()) {
    if (paths_.empty() || now < next_) {
      return false;
    }
    next_ = now + std::chrono::seconds{1};
    std::vector<stamp> seen = look();
    if (seen == seen_) {
      return false;
    }
    seen_ = std::move(seen);
    return true;
  }

 private:
  struct stamp {
    dev_t device{};
    ino_t number{};
    off_t size{};
    time_t written{};
    long written_ns{};
    time_t changed{};
    long changed_ns{};
    friend bool operator==(const stamp&, const stamp&) = default;
  };

  [[nodiscard]] std::vector<stamp> look() const {
    std::vector<stamp> all;
    for (const std::string& path : paths_) {
      struct stat f {};
      all.push_back(::stat(path.c_str(), &f) != 0 ? stamp{}
                                                  : stamp{.device = f.st_dev,
                                                          .number = f.st_ino,
                                                          .size = f.st_size,
                                                          .written = f.st_mtim.tv_sec,
                                                          .written_ns = f.st_mtim.tv_nsec,
                                                          .changed = f.st_ctim.tv_sec,
                                                          .changed_ns = f.st_ctim.tv_nsec});
    }
    return all;
  }

  std::vector<std::string> paths_;
  std::vector<stamp> seen_;
  clock::time_point next_{};
};

}  // namespace vitals::inline v0::http::detail

#endif
// The head of a request, read strictly: what two readers could understand in two ways is refused.
// RFC 9112: 2.2, 3, 5, 6; RFC 9110: 5.6.2, 7.2, 10.1.1
#ifndef VITALS_HTTP_HEAD_HPP
#define VITALS_HTTP_HEAD_HPP

#include <cstddef>
#include <string>
#include <string_view>

// What the parts of a request's head are made of.
// RFC 9112: 3.2; RFC 9110: 5.5, 5.6.2, 7.2
#ifndef VITALS_HTTP_GRAMMAR_HPP
#define VITALS_HTTP_GRAMMAR_HPP

#include <cstddef>
#include <string_view>

namespace vitals::inline v0::http::detail {

/// What a name and a method are made of (RFC 9110, 5.6.2).
[[nodiscard]] constexpr bool is_token(std::string_view text) noexcept {
  for (const char c : text) {
    const bool alphanumeric = (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
    if (!alphanumeric && std::string_view{"!#$%&'*+-.^_`|~"}.find(c) == std::string_view::npos) {
      return false;
    }
  }
  return !text.empty();
}

[[nodiscard]] constexpr bool is_visible(char c) noexcept {
  return c > ' ' && c < '\x7F';
}

/// Whether a text is made of what stands visibly in ASCII, and is not empty.
[[nodiscard]] constexpr bool is_visible(std::string_view text) noexcept {
  for (const char c : text) {
    if (!is_visible(c)) {
      return false;
    }
  }
  return !text.empty();
}

/// Whether a header line's value has neither control characters nor line ends (RFC 9110, 5.5).
[[nodiscard]] constexpr bool is_field_value(std::string_view text) noexcept {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\t') || byte == 0x7F) {
      return false;
    }
  }
  return true;
}

[[nodiscard]] constexpr bool is_number(std::string_view text) noexcept {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

[[nodiscard]] constexpr std::string_view without_blanks(std::string_view text) noexcept {
  const std::size_t first = text.find_first_not_of(" \t");
  return first == std::string_view::npos ? std::string_view{}
                                         : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// The host of a Host line without its port. (That the port is a number was checked.)
[[nodiscard]] constexpr std::string_view without_port(std::string_view host) noexcept {
  const std::size_t from = host.starts_with('[') ? host.find(']') : 0;
  return from == std::string_view::npos ? host : host.substr(0, host.find(':', from));
}

/// Whether a Host line's value is one: a name or an IPv4 address, or an IPv6 address in brackets; and perhaps a port.
[[nodiscard]] constexpr bool is_host(std::string_view text) noexcept {
  const std::string_view name = without_port(text);
  const std::string_view port = text.substr(name.size());
  const bool good_port =
      port.empty() || (port.front() == ':' && port.size() <= 6 && (port.size() == 1 || is_number(port.substr(1))));
  if (name.starts_with('[')) {
    return good_port && name.size() > 2 && name.ends_with(']') &&
           name.substr(1, name.size() - 2).find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
  }
  for (const char c : name) {
    if (!is_visible(c) || std::string_view{"\"#/<>?@[\\]^`{|},"}.find(c) != std::string_view::npos) {
      return false;
    }
  }
  return good_port;
}

/// Whether a target is of a form that its method may have (RFC 9112, 3.2).
[[nodiscard]] constexpr bool is_target(std::string_view target, std::string_view method) noexcept {
  if (!is_visible(target) || target.find('#') != std::string_view::npos) {
    return false;
  }
  if (target == "*") {
    return method == "OPTIONS";
  }
  if (target.starts_with('/')) {
    return true;
  }
  if (method == "CONNECT") {
    return is_host(target);
  }
  const std::size_t scheme = target.find("://");
  if (scheme == std::string_view::npos) {
    return false;
  }
  const std::string_view authority = target.substr(scheme + 3, target.find_first_of("/?", scheme + 3) - scheme - 3);
  return (same_name(target.substr(0, scheme), "http") || same_name(target.substr(0, scheme), "https")) &&
         !authority.empty() && is_host(authority);
}

}  // namespace vitals::inline v0::http::detail

#endif

namespace vitals::inline v0::http {

/// How large a request's head may be.
struct head_limits {
  std::size_t bytes = 8192;   ///< all of it
  std::size_t target = 4096;  ///< the path and query
  std::size_t fields = 100;   ///< header lines
};

/// A request's head. The views are of the bytes that were read.
struct request_head {
  unsigned refusal = 0;       ///< the status that it must be refused with; 0 where it is good
  std::string_view method{};  ///< as on the wire
  std::string_view target{};  ///< likewise
  std::string_view fields{};  ///< the header lines, each with its line end
  std::string_view host{};    ///< of the Host line; may be empty, and is where there is none
  bool has_host = false;
  bool has_body = false;    ///< a body follows
  bool keep_alive = false;  ///< the peer may send another request behind this one
  unsigned minor = 1;       ///< of the version: HTTP/1.0 or HTTP/1.1 (higher ones are taken for that)
};

namespace detail {

inline constexpr std::string_view line_end = "\r\n";

/// Calls `visit(name, value)` for each of some header lines, until it returns false. False where it did, or where a
/// line is none: a folded one, one with a blank before its colon, or with control characters.
template <class Visit>
constexpr bool each_line(std::string_view fields, Visit visit) {
  while (!fields.empty()) {
    const std::size_t end = fields.find(line_end);
    const std::string_view line = fields.substr(0, end);
    const std::size_t colon = line.find(':');
    if (end == std::string_view::npos || colon == std::string_view::npos || !is_token(line.substr(0, colon)) ||
        !is_field_value(line.substr(colon + 1)) ||
        !visit(line.substr(0, colon), without_blanks(line.substr(colon + 1)))) {
      return false;
    }
    fields.remove_prefix(end + line_end.size());
  }
  return true;
}

/// Reads header lines into a head, of which the first line was read.
class field_rules {
 public:
  constexpr field_rules(request_head& head, const head_limits& limits) noexcept : head_(&head), limits_(&limits) {}

  /// One line. False where the request must be refused.
  constexpr bool take(std::string_view name, std::string_view value) noexcept {
    if (++count_ > limits_->fields) {
      return refuse(431);
    }
    if (same_name(name, "Host")) {
      if (head_->has_host || !is_host(value)) {
        return refuse(400);
      }
      head_->has_host = true;
      head_->host = value;
    } else if (same_name(name, "Content-Length")) {
      if (has_length_ || !is_number(value) || value.size() > 18) {
        return refuse(400);
      }
      has_length_ = true;
      head_->has_body = head_->has_body || value.find_first_not_of('0') != std::string_view::npos;
    } else if (same_name(name, "Transfer-Encoding")) {
      if (is_chunked_) {
        return refuse(400);  // chunked twice, or not last
      }
      if (!same_name(value, "chunked")) {
        return refuse(501);
      }
      is_chunked_ = true;
      head_->has_body = true;
    } else if (same_name(name, "Expect")) {
      if (!same_name(value, "100-continue")) {
        return refuse(417);
      }
    } else if (same_name(name, "Connection")) {
      bool good = true;
      each_member(value, [&](std::string_view member) {
        good = good && (member.empty() || is_token(member));
        closes_ = closes_ || same_name(member, "close");
        keeps_ = keeps_ || same_name(member, "keep-alive");
      });
      return good || refuse(400);
    }
    return true;
  }

  /// What follows from all lines.
  constexpr void conclude() noexcept {
    if ((is_chunked_ && (has_length_ || head_->minor == 0)) || (!head_->has_host && head_->minor != 0)) {
      refuse(400);
    }
    head_->keep_alive = !closes_ && (head_->minor != 0 || keeps_);
  }

 private:
  constexpr bool refuse(unsigned status) noexcept {
    head_->refusal = status;
    return false;
  }

  template <class Visit>
  static constexpr void each_member(std::string_view list, Visit visit) {
    while (!list.empty()) {
      const std::size_t comma = list.find(',');
      visit(without_blanks(list.substr(0, comma)));
      list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    }
  }

  request_head* head_;
  const head_limits* limits_;
  std::size_t count_ = 0;
  bool has_length_ = false;
  bool is_chunked_ = false;
  bool closes_ = false;
  bool keeps_ = false;
};

/// Methods that a server knows of, whether it serves them or not (RFC 9110, 9; RFC 5789).
[[nodiscard]] constexpr bool is_known_method(std::string_view method) noexcept {
  for (const std::string_view known :
       {"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"}) {
    if (method == known) {
      return true;
    }
  }
  return false;
}

/// Whether a first line, as far as it came, is too long: for a method, two blanks and a version there are 64 bytes.
[[nodiscard]] constexpr bool is_too_long(std::string_view line, const head_limits& limits) noexcept {
  return line.size() > limits.target + 64;
}

/// The version of a first line: the status to refuse it with, or 0 and the minor number.
[[nodiscard]] constexpr unsigned read_version(std::string_view text, unsigned& minor) noexcept {
  const bool is_version = text.size() == 8 && text.starts_with("HTTP/") && is_number(text.substr(5, 1)) &&
                          text[6] == '.' && is_number(text.substr(7, 1));
  if (!is_version) {
    return 400;
  }
  minor = text[7] == '0' ? 0 : 1;
  return text[5] == '1' ? 0 : 505;
}

}  // namespace detail

/// Where a head ends that begins there: behind its empty line; npos where it goes on. Line ends before it are a part of
/// it. `from` is how much of it was looked at before.
[[nodiscard]] constexpr std::size_t head_size(std::string_view bytes, std::size_t from = 0) noexcept {
  std::size_t first = 0;
  while (bytes.substr(first).starts_with(detail::line_end)) {
    first += detail::line_end.size();
  }
  const std::size_t looked = from < first + 3 ? first : from - 3;
  const std::size_t end = bytes.find("\r\n\r\n", looked);
  return end == std::string_view::npos ? end : end + 4;
}

/// The status to refuse with what is no whole head yet, because it can become none: it is too large, or not HTTP at all
/// (TLS, say). 0 where it can.
[[nodiscard]] constexpr unsigned refusal_of_part(std::string_view bytes, const head_limits& limits = {}) noexcept {
  std::size_t first = 0;
  while (bytes.substr(first).starts_with(detail::line_end)) {
    first += detail::line_end.size();
  }
  const std::string_view line = bytes.substr(first, bytes.find('\r', first) - first);
  for (const char c : line) {
    if (!detail::is_visible(c) && c != ' ') {
      return 400;
    }
  }
  if (detail::is_too_long(line, limits)) {
    return 414;
  }
  const bool is_first = first + line.size() == bytes.size();
  return bytes.size() < limits.bytes ? 0 : is_first ? 414 : 431;
}

/// Reads a whole head, as long as `head_size` says. One that is refused may have told less than all.
[[nodiscard]] constexpr request_head read_head(std::string_view bytes, const head_limits& limits = {}) noexcept {
  request_head head;
  const auto refused = [&head](unsigned status) {
    head.refusal = status;
    return head;
  };
  const std::size_t size = bytes.size();
  while (bytes.starts_with(detail::line_end)) {
    bytes.remove_prefix(detail::line_end.size());
  }
  const std::size_t end = bytes.find(detail::line_end);
  if (end == std::string_view::npos || !bytes.ends_with("\r\n\r\n")) {
    return refused(400);
  }
  const std::string_view line = bytes.substr(0, end);
  if (detail::is_too_long(line, limits)) {
    return refused(414);
  }
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last || !detail::is_token(line.substr(0, first))) {
    return refused(400);
  }
  head.method = line.substr(0, first);
  head.target = line.substr(first + 1, last - first - 1);
  if (const unsigned status = detail::read_version(line.substr(last + 1), head.minor); status != 0) {
    return refused(status);
  }
  if (head.target.size() > limits.target) {
    return refused(414);
  }
  if (!detail::is_target(head.target, head.method)) {
    return refused(400);
  }
  if (size > limits.bytes) {
    return refused(431);
  }
  head.fields = bytes.substr(end + 2, bytes.size() - end - 4);
  detail::field_rules rules{head, limits};
  const bool good = detail::each_line(
      head.fields, [&rules](std::string_view name, std::string_view value) { return rules.take(name, value); });
  if (!good) {
    return refused(head.refusal != 0 ? head.refusal : 400);
  }
  rules.conclude();
  if (head.refusal == 0 && !detail::is_known_method(head.method)) {
    return refused(501);
  }
  return head;
}

/// Replaces `all` with the values of all header lines of a name, joined by commas (RFC 9110, 5.3).
inline void join_fields(const request_head& head, std::string_view name, std::string& all) {
  all.clear();
  bool first = true;
  detail::each_line(head.fields, [&](std::string_view line_name, std::string_view value) {
    if (detail::same_name(line_name, name)) {
      all.append(first ? "" : ", ").append(value);
      first = false;
    }
    return true;
  });
}

}  // namespace vitals::inline v0::http

#endif
// Descriptors that belong to a process alone: a program that it executes does not get them, and a child that it forks
// closes its copies at once, so that no connection stays open and no port taken for as long as the child lives.
#ifndef VITALS_HTTP_KEPT_DESCRIPTOR_HPP
#define VITALS_HTTP_KEPT_DESCRIPTOR_HPP

#include <cxxabi.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <mutex>

namespace vitals::inline v0::http::detail {

/// A socket's descriptor, which somebody else reads and writes.
class kept_descriptor {
 public:
  kept_descriptor() = default;
  kept_descriptor(const kept_descriptor&) = delete;
  kept_descriptor& operator=(const kept_descriptor&) = delete;
  ~kept_descriptor() { forget(); }

  /// How often this process was forked, counted from its first ancestor that kept a descriptor. Another number says
  /// that the threads and sockets of before were the parent's.
  [[nodiscard]] static std::uint64_t generation() noexcept { return all().generation.load(std::memory_order_relaxed); }

  /// A new socket, or -1 and errno. A forked child closes it where `closes_at_fork`.
  int open(int family, bool closes_at_fork) noexcept {
    return keep(closes_at_fork, [family] { return ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0); });
  }
  /// The next connection of a listening socket, or -1 and errno.
  int accept(int listening, bool closes_at_fork) noexcept {
    return keep(closes_at_fork, [listening] { return ::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC); });
  }
  /// One that is only there to be closed, or -1.
  int open_nothing(bool closes_at_fork) noexcept {
    return keep(closes_at_fork, [] { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); });
  }

  [[nodiscard]] int get() const noexcept { return descriptor_; }

  /// Closes it. Does nothing where it is closed.
  void close() noexcept {
    const std::lock_guard lock{all().mutex};
    if (descriptor_ != -1) {
      ::close(descriptor_);
    }
    unlink();
  }
  /// Somebody else closes it.
  void forget() noexcept {
    const std::lock_guard lock{all().mutex};
    unlink();
  }

 private:
  struct list {
    std::mutex mutex;  ///< guards the list, and that what is open is in it; nothing else is locked under it
    kept_descriptor* first;
    bool has_handler;
    std::atomic<std::uint64_t> generation;  ///< written by a child before it has a second thread; relaxed
  };
  /// Trivially destroyed, as its handlers may run after main.
  static list& all() noexcept {
    static constinit list the_list{};
    return the_list;
  }

  /// Opened under the mutex: no fork comes between that and being in the list.
  template <class Open>
  int keep(bool closes_at_fork, Open open_it) noexcept {
    const std::lock_guard lock{all().mutex};
    keep_handler();
    descriptor_ = open_it();
    if (descriptor_ != -1 && closes_at_fork) {
      next_ = all().first;
      if (next_ != nullptr) {
        next_->previous_ = this;
      }
      all().first = this;
      listed_ = true;
    }
    return descriptor_;
  }
  void unlink() noexcept {
    if (listed_) {
      (previous_ != nullptr ? previous_->next_ : all().first) = next_;
      if (next_ != nullptr) {
        next_->previous_ = previous_;
      }
      next_ = previous_ = nullptr;
      listed_ = false;
    }
    descriptor_ = -1;
  }

  static void keep_handler() noexcept {
    if (!all().has_handler) {
      all().has_handler = pthread_atfork(&before_fork, &after_fork_in_parent, &after_fork_in_child) == 0;
      __cxxabiv1::__cxa_atexit(&forget_handler, nullptr, &v0::detail::this_library);
    }
  }
  /// The handler goes when its library is closed: who keeps a descriptor next makes another.
  static void forget_handler(void*) noexcept {
    const std::lock_guard lock{all().mutex};
    all().has_handler = false;
  }
  static void before_fork() noexcept { all().mutex.lock(); }
  static void after_fork_in_parent() noexcept { all().mutex.unlock(); }
  static void after_fork_in_child() noexcept {
    list& l = all();
    while (l.first != nullptr) {
      ::close(l.first->descriptor_);
      l.first->unlink();
    }
    l.generation.store(l.generation.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    l.mutex.unlock();
  }

  int descriptor_ = -1;
  bool listed_ = false;
  kept_descriptor* next_ = nullptr;
  kept_descriptor* previous_ = nullptr;
};

}  // namespace vitals::inline v0::http::detail

#endif
// Checks passwords apart from the thread that serves, since a good hash takes long by intent, and remembers what it
// found.
#ifndef VITALS_HTTP_PASSWORD_CHECKER_HPP
#define VITALS_HTTP_PASSWORD_CHECKER_HPP

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

// Secrets in memory: compared in a time that tells nothing of them, and told apart by a keyed hash.
#ifndef VITALS_HTTP_SECRET_HPP
#define VITALS_HTTP_SECRET_HPP

#include <sys/random.h>

#include <array>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <system_error>

namespace vitals::inline v0::http::detail {

/// Whether what was given is the secret. The time that it takes depends on the length of what was given alone.
[[nodiscard]] inline bool same_secret(std::string_view given, std::string_view secret) noexcept {
  const volatile std::size_t length = given.size() ^ secret.size();  // volatile: nothing is decided before the end
  volatile unsigned char differs = secret.empty() || length != 0 ? 1 : 0;
  for (std::size_t i = 0, at = 0; i != given.size() && !secret.empty();
       ++i, at = at + 1 == secret.size() ? 0 : at + 1) {
    differs = static_cast<unsigned char>(
        differs | (static_cast<unsigned char>(given[i]) ^ static_cast<unsigned char>(secret[at])));
  }
  return differs == 0 || (given.empty() && secret.empty());
}

/// SipHash-2-4 of a text: who does not know the key can neither foretell nor choose it.
[[nodiscard]] constexpr std::uint64_t keyed_hash(const std::array<std::uint64_t, 2>& key,
                                                 std::string_view text) noexcept {
  std::uint64_t a = key[0] ^ 0x736f6d6570736575;
  std::uint64_t b = key[1] ^ 0x646f72616e646f6d;
  std::uint64_t c = key[0] ^ 0x6c7967656e657261;
  std::uint64_t d = key[1] ^ 0x7465646279746573;
  const auto mix = [&](int rounds) {
    for (; rounds != 0; --rounds) {
      a += b;
      b = std::rotl(b, 13) ^ a;
      a = std::rotl(a, 32);
      c += d;
      d = std::rotl(d, 16) ^ c;
      a += d;
      d = std::rotl(d, 21) ^ a;
      c += b;
      b = std::rotl(b, 17) ^ c;
      c = std::rotl(c, 32);
    }
  };
  const auto take = [&](std::uint64_t word) {
    d ^= word;
    mix(2);
    a ^= word;
  };
  std::uint64_t word = 0;
  for (std::size_t i = 0; i != text.size(); ++i) {
    word |= std::uint64_t{static_cast<unsigned char>(text[i])} << (8 * (i % 8));
    if (i % 8 == 7) {
      take(word);
      word = 0;
    }
  }
  take(word | (std::uint64_t{text.size()} << 56));
  c ^= 0xff;
  mix(4);
  return a ^ b ^ c ^ d;
}

/// What a secret is remembered by.
using secret_tag = std::array<std::uint64_t, 2>;

/// Makes tags with a key that is this object's alone.
class secret_tagger {
 public:
  /// Throws std::system_error where the system has no random numbers.
  secret_tagger() {
    if (::getrandom(keys_.data(), sizeof keys_, 0) != static_cast<ssize_t>(sizeof keys_)) {
      throw std::system_error(errno, std::generic_category(), "vitals: no random numbers from the system");
    }
  }
  [[nodiscard]] secret_tag operator()(std::string_view secret) const noexcept {
    return {keyed_hash(keys_[0], secret), keyed_hash(keys_[1], secret)};
  }

 private:
  std::array<std::array<std::uint64_t, 2>, 2> keys_{};
};

/// The last few tags of many.
template <std::size_t Size>
class recent_tags {
 public:
  void add(const secret_tag& tag) noexcept {
    tags_[next_ % Size] = tag;
    ++next_;
  }
  [[nodiscard]] bool has(const secret_tag& tag) const noexcept {
    for (std::size_t i = 0; i != Size && i != next_; ++i) {
      if (tags_[i] == tag) {
        return true;
      }
    }
    return false;
  }

 private:
  std::array<secret_tag, Size> tags_{};
  std::size_t next_ = 0;
};

}  // namespace vitals::inline v0::http::detail

#endif

namespace vitals::inline v0::http::detail {

/// What is to be checked, and who is told when it is known.
struct password_question {
  secret_tag tag{};  ///< by which the answer is remembered
  std::string password{};
  std::string hash{};
  bool can_match = true;  ///< false: of no user. It is checked all the same, so that it takes as long
  const void* asker = nullptr;
  std::function<void()> done{};  ///< called on the checker's thread, under its mutex
};

/// On one thread of its own, so that passwords to guess take no more than one processor. Thread-safe.
class password_checker {
 public:
  /// Throws std::system_error where there can be no thread.
  explicit password_checker(password_hashing how) : how_(how), thread_(v0::detail::quiet_thread([this] { work(); })) {}
  password_checker(const password_checker&) = delete;
  password_checker& operator=(const password_checker&) = delete;
  ~password_checker() { stop(); }

  /// Whether a password is right; nothing where it was not checked, or long ago.
  [[nodiscard]] std::optional<bool> known(const secret_tag& tag) const {
    const std::lock_guard lock{mutex_};
    return found(tag);
  }

  /// False where too many wait already.
  [[nodiscard]] bool ask(password_question question) {
    const std::lock_guard lock{mutex_};
    if (stopped_ || waiting_.size() >= most_waiting) {
      return false;
    }
    waiting_.push_back(std::move(question));
    changed_.notify_one();
    return true;
  }

  /// Who asked is not told any more, once this returns.
  void leave(const void* asker) {
    const std::lock_guard lock{mutex_};
    std::erase_if(waiting_, [asker](const password_question& q) { return q.asker == asker; });
    if (checking_ == asker) {
      checking_ = nullptr;
    }
  }

  /// Waits for the check that is under way; nobody is told any more.
  void stop() noexcept {
    {
      const std::lock_guard lock{mutex_};
      stopped_ = true;
      waiting_.clear();
      checking_ = nullptr;
      changed_.notify_one();
    }
    if (thread_.joinable()) {
      thread_.join();
    }
  }

 private:
  static constexpr std::size_t most_waiting = 64;

  [[nodiscard]] std::optional<bool> found(const secret_tag& tag) const noexcept {
    return right_.has(tag) ? std::optional{true} : wrong_.has(tag) ? std::optional{false} : std::nullopt;
  }

  void work() {
    std::unique_lock lock{mutex_};
    for (;;) {
      changed_.wait(lock, [this] { return stopped_ || !waiting_.empty(); });
      if (stopped_) {
        return;
      }
      const password_question q = std::move(waiting_.front());
      waiting_.pop_front();
      checking_ = q.asker;
      if (!found(q.tag)) {  // asked by two, or again
        lock.unlock();
        const std::optional<bool> right = check(q);
        lock.lock();
        if (!right) {
          checking_ = nullptr;
        } else if (*right) {
          right_.add(q.tag);
        } else {
          wrong_.add(q.tag);
        }
      }
      if (checking_ != nullptr) {
        tell(q);
      }
      checking_ = nullptr;
    }
  }

  /// Nothing where there is no memory for it: who asked then waits for as long as it has time.
  [[nodiscard]] std::optional<bool> check(const password_question& q) const noexcept {
    try {
      const bool matches = how_.matches(q.password, q.hash);
      return matches && q.can_match;
    } catch (...) {
      return std::nullopt;
    }
  }
  static void tell(const password_question& q) noexcept {
    try {
      q.done();
    } catch (...) {  // likewise
    }
  }

  password_hashing how_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<password_question> waiting_;
  const void* checking_ = nullptr;  ///< who asked for what is being checked, if it still wants to know
  bool stopped_ = false;
  recent_tags<64> right_;  ///< apart from the wrong ones, which anybody may fill
  recent_tags<256> wrong_;
  std::thread thread_;
};

}  // namespace vitals::inline v0::http::detail

#endif

namespace vitals::inline v0::http::detail {

/// What is to be done with a request.
struct admission {
  unsigned status = 0;           ///< it is to be refused with; 0 where it is not
  std::string_view challenge{};  ///< for WWW-Authenticate, with a 401
  bool is_unknown = false;       ///< its password has to be checked first: `ask`
};

/// Who may ask for what. The rules do not change, but for the tokens in files. Thread-safe.
class gatekeeper {
 public:
  /// Throws std::system_error, which says what to do, for rules that cannot be kept.
  gatekeeper(const access_rules& rules, bool has_tls, warning_sink warn)
      : on_refusal_(rules.on_refusal),
        warn_(std::move(warn)) {
    const std::pair<const access_rule*, const char*> all[] = {
        {&rules.metrics, "metrics"}, {&rules.probes, "probes"}, {&rules.rest, "rest"}};
    bool has_users = false;
    for (std::size_t i = 0; i != groups_.size(); ++i) {
      const access_rule& rule = *all[i].first;
      check_rule(rule, all[i].second, rules.passwords, has_tls);
      groups_[i].emplace(rule, warn_);
      has_users = has_users || !rule.users.empty();
    }
    if (has_users) {
      checker_ = std::make_unique<password_checker>(rules.passwords);
    }
  }
  gatekeeper(const gatekeeper&) = delete;
  gatekeeper& operator=(const gatekeeper&) = delete;
  ~gatekeeper() {
    if (is_parents()) {  // the checker's thread is not here, and may have held its mutex
      static_cast<void>(checker_.release());
    }
  }

  /// Whether it ever refuses anybody, or tells of refusals.
  [[nodiscard]] bool is_needed() const noexcept {
    bool needed = on_refusal_ != nullptr || takes_secrets();
    for (const auto& g : groups_) {
      needed = needed || g->rule.client_certificate;
    }
    return needed;
  }

  /// Whether anybody is asked for a password or a token.
  [[nodiscard]] bool takes_secrets() const noexcept {
    bool takes = false;
    for (const auto& g : groups_) {
      takes = takes || g->is_closed();
    }
    return takes;
  }

  /// `authorization` is that header line; `certified`: the connection has a client certificate that was verified.
  [[nodiscard]] admission judge(std::string_view path, std::string_view authorization, bool certified) {
    group& g = group_at(path);
    if (g.rule.client_certificate && !certified) {
      return refuse(403, access_refusal::no_certificate);
    }
    if (!g.is_closed()) {
      return {};
    }
    const credentials given{authorization};
    switch (given.is()) {
      case credentials::scheme::bearer:
        if (g.has_token(given.token(), warn_)) {
          return {};
        }
        break;
      case credentials::scheme::basic:
        if (!g.rule.users.empty()) {
          const std::optional<bool> right = checker_->known(tag_of(g, given));
          if (!right) {
            return {.is_unknown = true};
          }
          if (*right) {
            return {};
          }
        }
        break;
      case credentials::scheme::none:
        return refuse(401, access_refusal::no_credentials, g.challenge);
      case credentials::scheme::malformed:
        break;
    }
    return refuse(401, access_refusal::wrong_credentials, g.challenge);
  }

  /// Has a password checked that `judge` knew not; `done` is called by another thread, unless `asker` has left. False
  /// where too many wait already.
  [[nodiscard]] bool ask(std::string_view path, std::string_view authorization, const void* asker,
                         std::function<void()> done) {
    const group& g = group_at(path);
    const credentials given{authorization};
    password_question q{.tag = tag_of(g, given),
                        .password = std::string{given.password()},
                        .hash = g.rule.users.front().hash,
                        .can_match = false,
                        .asker = asker,
                        .done = std::move(done)};
    for (const basic_user& user : g.rule.users) {
      if (same_secret(given.user(), user.name)) {
        q.hash = user.hash;
        q.can_match = true;
      }
    }
    const bool asked = checker_->ask(std::move(q));
    if (!asked) {
      refused(access_refusal::busy);
    }
    return asked;
  }

  void leave(const void* asker) {
    if (checker_ != nullptr && !is_parents()) {
      checker_->leave(asker);
    }
  }

  /// Nobody is told of a password any more once this returns.
  void stop() noexcept {
    if (checker_ != nullptr) {
      checker_->stop();
    }
  }

  void refused(access_refusal why) const {
    if (on_refusal_) {
      on_refusal_(why);
    }
  }

 private:
  struct group {
    group(const access_rule& its, const warning_sink& warn)
        : rule(its),
          watch(its.token_file.empty() ? std::vector<std::string>{} : std::vector{its.token_file}) {
      if (!its.token_file.empty()) {
        file_tokens = read_tokens(its.token_file, warn);
      }
      challenge = rule.users.empty() ? "" : "Basic realm=\"vitals\", charset=\"UTF-8\"";
      if (!rule.tokens.empty() || !rule.token_file.empty()) {
        challenge += challenge.empty() ? "" : ", ";
        challenge += "Bearer realm=\"vitals\"";
      }
    }

    [[nodiscard]] bool is_closed() const noexcept { return !challenge.empty(); }

    /// Compares with all of them, so that the time tells not which one it is.
    [[nodiscard]] bool has_token(std::string_view given, const warning_sink& warn) {
      const std::lock_guard lock{mutex};
      if (watch.changed()) {
        try {
          file_tokens = read_tokens(rule.token_file, warn);
        } catch (const std::system_error& e) {
          if (warn) {
            warn(fmt::format("{}; its former tokens stay good", e.what()));
          }
        }
      }
      bool found = false;
      for (const auto* const all : {&rule.tokens, &file_tokens}) {
        for (const std::string& token : *all) {
          found = same_secret(given, token) || found;
        }
      }
      return found;
    }

    access_rule rule;
    std::string challenge{};
    std::mutex mutex{};  ///< guards the two below
    file_watch watch;
    std::vector<std::string> file_tokens{};
  };

  static std::vector<std::string> read_tokens(const std::string& path, const warning_sink& warn) {
    const std::string text = read_guarded(path, file_use::secret, warn);
    std::vector<std::string> tokens;
    for (std::string_view rest = text; !rest.empty();) {
      const std::size_t end = rest.find('\n');
      std::string_view line = rest.substr(0, end);
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
      if (line.ends_with('\r')) {
        line.remove_suffix(1);
      }
      line = without_blanks(line);
      if (!line.empty() && !is_bearer_token(line)) {
        refuse_file(path, EINVAL, "has a line that is no bearer token: letters, digits and -._~+/ alone, = at the end");
      }
      if (!line.empty()) {
        tokens.emplace_back(line);
      }
    }
    if (tokens.empty()) {
      refuse_file(path, EINVAL, "has no token: write one on a line");
    }
    return tokens;
  }

  [[noreturn]] static void refuse_rule(const char* name, std::string_view why) {
    throw std::system_error(std::make_error_code(std::errc::invalid_argument),
                            fmt::format("vitals: the rule of access for {} {}", name, why));
  }

  static void check_rule(const access_rule& rule, const char* name, const password_hashing& passwords, bool has_tls) {
    if (rule.client_certificate && !has_tls) {
      refuse_rule(name, "asks for client certificates: use vitals::http::tls_server, with .client_authorities");
    }
    for (const std::string& token : rule.tokens) {
      if (!is_bearer_token(token)) {
        refuse_rule(name, "has a token that is none: letters, digits and -._~+/ alone, = at the end");
      }
    }
    if (!rule.users.empty() && (passwords.matches == nullptr || passwords.is_hash == nullptr)) {
      refuse_rule(name,
                  "has users, and nothing checks their passwords: set .passwords, to vitals::http::crypt_hashing "
                  "for one (define VITALS_CRYPT, link libcrypt)");
    }
    for (const basic_user& user : rule.users) {
      if (user.name.find(':') != std::string::npos || !is_field_value(user.name) || user.name.empty()) {
        refuse_rule(name, fmt::format("has a user \"{}\", whose name is empty, or has a colon or a control character",
                                      user.name));
      }
      if (!passwords.is_hash(user.hash)) {  // which might be a password: it is not told
        refuse_rule(name,
                    fmt::format("has for the user \"{}\" no hash of a password that can be checked: make one with "
                                "\"htpasswd -nB {}\" or \"mkpasswd\"",
                                user.name, user.name));
      }
    }
  }

  [[nodiscard]] group& group_at(std::string_view path) noexcept {
    return *groups_[static_cast<std::size_t>(group_of(path))];
  }
  /// Of the same name and password in another group it is another one.
  [[nodiscard]] secret_tag tag_of(const group& g, const credentials& given) const noexcept {
    secret_tag tag = tag_(given.user_and_password());
    for (std::size_t i = 0; i != groups_.size(); ++i) {
      tag[0] += &*groups_[i] == &g ? i : 0;
    }
    return tag;
  }

  admission refuse(unsigned status, access_refusal why, std::string_view challenge = {}) const {
    refused(why);
    return {.status = status, .challenge = challenge};
  }

  [[nodiscard]] bool is_parents() const noexcept { return generation_ != kept_descriptor::generation(); }

  std::function<void(access_refusal)> on_refusal_;
  warning_sink warn_;
  std::array<std::optional<group>, 3> groups_{};
  secret_tagger tag_{};
  std::uint64_t generation_ = kept_descriptor::generation();
  std::unique_ptr<password_checker> checker_;
};

}  // namespace vitals::inline v0::http::detail

#endif
// Whose name a request may come to. A page of a stranger's in a browser reaches a server on this machine by a name that
// it makes resolve to 127.0.0.1 (DNS rebinding): the Host line then has that name.
#ifndef VITALS_HTTP_HOST_RULES_HPP
#define VITALS_HTTP_HOST_RULES_HPP

#include <cstddef>
#include <string>
#include <string_view>

namespace vitals::inline v0::http {

namespace detail {

/// Whether a text is an IPv4 address, as browsers write it.
[[nodiscard]] constexpr bool is_ipv4(std::string_view text) noexcept {
  std::size_t numbers = 1;
  std::size_t digits = 0;
  unsigned number = 0;
  for (const char c : text) {
    if (c == '.' && digits != 0) {
      ++numbers;
      digits = 0;
      number = 0;
    } else if (c >= '0' && c <= '9' && ++digits <= 3) {
      number = number * 10 + static_cast<unsigned>(c - '0');
    } else {
      return false;
    }
    if (number > 255) {
      return false;
    }
  }
  return numbers == 4 && digits != 0;
}

}  // namespace detail

/// The host that a request is for, with its port where it has one: the target's where that has one (RFC 9112, 3.2.2),
/// else that of the Host line.
[[nodiscard]] constexpr std::string_view host_of(const request_head& head) noexcept {
  const std::size_t scheme = head.target.starts_with('/') ? std::string_view::npos : head.target.find("://");
  if (scheme == std::string_view::npos) {
    return head.host;
  }
  const std::string_view rest = head.target.substr(scheme + 3);
  return rest.substr(0, rest.find_first_of("/?"));
}

/// Whether a server answers who asks for this host. Who comes by an IP address, by a name without a dot (`localhost`, a
/// container's), or without a name does so from a network of the server's own, not from a stranger's page, and always
/// may. A name with a dot must be among the allowed ones where there are any; else it may, but not where the server
/// listens on a loopback address.
[[nodiscard]] inline bool is_allowed_host(std::string_view host, bool on_loopback, view<std::string> allowed) noexcept {
  std::string_view name = detail::without_port(host);
  if (name.ends_with('.')) {
    name.remove_suffix(1);
  }
  if (name.starts_with('[') || name.find('.') == std::string_view::npos || detail::is_ipv4(name)) {
    return true;
  }
  for (const std::string& other : allowed) {
    if (detail::same_name(name, other)) {
      return true;
    }
  }
  return allowed.empty() && !on_loopback;
}

}  // namespace vitals::inline v0::http

#endif
// The pages that scrapes wait for: made one after the other, apart from the connections' own work, and shared by all
// who asked for the same one before it was begun.
#ifndef VITALS_HTTP_RENDERINGS_HPP
#define VITALS_HTTP_RENDERINGS_HPP

#include <utility>  // before asio, which misses it in g++

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <mutex>
#include <new>
#include <thread>
#include <vector>

// Makes an exposition's pages in steps, so that who makes them can do something else in between.
#ifndef VITALS_HTTP_PAGE_MAKER_HPP
#define VITALS_HTTP_PAGE_MAKER_HPP

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

// gzip (RFC 1952) over Beast's own deflate: no library is linked for it.
#ifndef VITALS_HTTP_GZIP_HPP
#define VITALS_HTTP_GZIP_HPP

#include <boost/beast/zlib/deflate_stream.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

// CRC-32 as gzip has it (RFC 1952, 8).
#ifndef VITALS_HTTP_CRC32_HPP
#define VITALS_HTTP_CRC32_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace vitals::inline v0::http::detail {

/// Tables for eight bytes at a time: the k-th has the remainder of a byte with k zero bytes behind it.
inline constexpr auto crc32_tables = [] {
  std::array<std::array<std::uint32_t, 256>, 8> tables{};
  for (std::uint32_t byte = 0; byte != 256; ++byte) {
    std::uint32_t remainder = byte;
    for (int bit = 0; bit != 8; ++bit) {
      remainder = (remainder >> 1) ^ ((remainder & 1) != 0 ? 0xEDB88320U : 0U);
    }
    tables[0][byte] = remainder;
  }
  for (std::size_t k = 1; k != tables.size(); ++k) {
    for (std::size_t byte = 0; byte != 256; ++byte) {
      const std::uint32_t before = tables[k - 1][byte];
      tables[k][byte] = (before >> 8) ^ tables[0][before & 0xFF];
    }
  }
  return tables;
}();

/// The CRC-32 of a text, or of a text behind one whose CRC-32 is given.
[[nodiscard]] constexpr std::uint32_t crc32(std::string_view text, std::uint32_t before = 0) noexcept {
  const auto& t = crc32_tables;
  std::uint32_t crc = ~before;
  const auto byte = [&text](std::size_t at) { return std::uint32_t{static_cast<unsigned char>(text[at])}; };
  const auto word = [&byte](std::size_t at) {
    return byte(at) | byte(at + 1) << 8 | byte(at + 2) << 16 |
           byte(at + 3) << 24;  // one load on a little-endian machine
  };
  std::size_t at = 0;
  for (; text.size() - at >= 8; at += 8) {
    const std::uint32_t low = crc ^ word(at);
    const std::uint32_t high = word(at + 4);
    crc = t[7][low & 0xFF] ^ t[6][low >> 8 & 0xFF] ^ t[5][low >> 16 & 0xFF] ^ t[4][low >> 24] ^  //
          t[3][high & 0xFF] ^ t[2][high >> 8 & 0xFF] ^ t[1][high >> 16 & 0xFF] ^ t[0][high >> 24];
  }
  for (; at != text.size(); ++at) {
    crc = (crc >> 8) ^ t[0][(crc ^ byte(at)) & 0xFF];
  }
  return ~crc;
}

}  // namespace vitals::inline v0::http::detail

#endif

namespace vitals::inline v0::http {

/// A compressor to keep: its first use allocates 256 KiB, later ones nothing. For one thread at a time.
class gzip {
 public:
  gzip() {
    // The usual window and memory. With much less memory this deflate would be open to a bug of old zlib's,
    // CVE-2018-25032: many distant matches in a block too short for Huffman codes of its own.
    stream_.reset(level, 15, 8, boost::beast::zlib::Strategy::normal);
  }

  /// Replaces `out` with `in`, compressed. Keeps its capacity: a buffer that is used again for an input that is no
  /// larger is not allocated again. Throws std::bad_alloc, and then leaves `out` as it was.
  void compress(std::string_view in, std::string& out) {
    begin(in.size(), out);
    add(in, true, out);
  }

  /// The same in parts, `size` bytes in all: `begin`, and `add` for each part.
  void begin(std::size_t size, std::string& out) {
    stream_.reset();
    out.resize(head_size + stream_.upper_bound(size) + tail_size);
    out.replace(0, head_size, head, head_size);
    written_ = head_size;
    crc_ = 0;
    size_ = 0;
  }
  void add(std::string_view in, bool last, std::string& out) {
    namespace zlib = boost::beast::zlib;
    zlib::z_params io;
    io.next_in = in.data();
    io.avail_in = in.size();
    io.next_out = out.data() + written_;
    io.avail_out = out.size() - written_ - tail_size;
    boost::beast::error_code state;
    if (last || !in.empty()) {
      stream_.write(io, last ? zlib::Flush::finish : zlib::Flush::none, state);
    }
    if (io.avail_in != 0 || (last ? state != zlib::error::end_of_stream : state.failed())) {
      throw std::logic_error("vitals::http::gzip: the compressed text is larger than its bound");
    }
    written_ = out.size() - tail_size - io.avail_out;
    crc_ = detail::crc32(in, crc_);
    size_ += in.size();
    if (last) {
      out.resize(written_);
      append_word(out, crc_);
      append_word(out, static_cast<std::uint32_t>(size_ & 0xFFFFFFFF));
    }
  }

 private:
  // Of 70 KB of counters in 0.1 ms level 1 leaves 8.2 KB; level 4 leaves 7.3 in 0.2 ms, 6 leaves 7.0 in 0.6 ms and 9
  // leaves 6.4 in 2.4 ms: processor time that the program itself had better have.
  static constexpr int level = 1;
  static constexpr std::size_t head_size = 10;
  static constexpr std::size_t tail_size = 8;
  static constexpr char head[head_size + 1] =
      "\x1f\x8b\x08\0\0\0\0\0\x04\xff";  // deflate, no name or time, fast, any system

  static void append_word(std::string& out, std::uint32_t word) {
    for (int i = 0; i != 4; ++i, word >>= 8) {
      out += static_cast<char>(word & 0xFF);
    }
  }

  boost::beast::zlib::deflate_stream stream_;
  std::size_t written_ = 0;
  std::size_t size_ = 0;  ///< of what was read, and its CRC-32
  std::uint32_t crc_ = 0;
};

/// A compressor as `exposition` and `responder` take it.
[[nodiscard]] inline std::function<void(std::string_view, std::string&)> make_gzip() {
  return [kept = std::make_shared<gzip>()](std::string_view page, std::string& out) { kept->compress(page, out); };
}

}  // namespace vitals::inline v0::http

#endif

namespace vitals::inline v0::http::detail {

/// One page at a time: `begin`, then `step` until it is true; by one thread at a time. Allocates nothing once its
/// texts and the response's have grown to the page's size. (But for what a format's first page needs, which is laid in
/// one step.)
class page_maker {
 public:
  explicit page_maker(std::shared_ptr<const exposition> of) : of_(std::move(of)) {}

  /// `out` is clear, and must live until the last step.
  void begin(page_choice choice, response& out) {
    choice_ = std::move(choice);
    out_ = &out;
    now_ = stage::laying;
  }

  /// Goes on: lays a page, reads a source, writes or compresses about `bytes`. True once `out` has the page; or a
  /// status of 500 where there is no memory for it, or 503 after `stop`.
  bool step(std::size_t bytes) noexcept {
    const std::lock_guard turn{mutex_};
    if (!stopped_.load(std::memory_order_relaxed)) {
      try {
        if (!go_on(bytes)) {
          return false;
        }
        selection_.reset();
        return true;
      } catch (...) {
      }
    }
    selection_.reset();
    out_->clear();
    out_->status = stopped_.load(std::memory_order_relaxed) ? 503 : 500;
    return true;
  }

  /// Once this returns no source is read any more. From any thread, but for a callback of a source.
  void stop() noexcept {
    stopped_.store(true, std::memory_order_relaxed);
    const std::lock_guard turn{mutex_};
  }

 private:
  enum class stage { laying, writing, zipping };

  bool go_on(std::size_t bytes) {
    if (now_ != stage::zipping) {
      const exposition::hold sources{*of_};
      if (pages_ == std::nullopt || generation_ != sources.generation()) {  // a page that was begun is begun anew
        selection_.reset();
        pages_.emplace(sources.openmetrics(), sources.refs());
        generation_ = sources.generation();
        now_ = stage::laying;
      }
      if (now_ == stage::laying) {
        begin_page(sources);
        return false;
      }
      if (!chosen().more(choice_.format, text(), bytes)) {
        return false;
      }
      if (!choice_.zipped) {
        return true;
      }
      gzip_.begin(plain_.size(), out_->body);
      zipped_ = 0;
      now_ = stage::zipping;
      return false;
    }
    const std::string_view part = std::string_view{plain_}.substr(zipped_, bytes);
    zipped_ += part.size();
    gzip_.add(part, zipped_ == plain_.size(), out_->body);
    return zipped_ == plain_.size();
  }

  void begin_page(const exposition::hold& sources) {
    if (!choice_.names.empty()) {
      selection_.emplace(sources.openmetrics(), sources.refs(), choice_.names);
    }
    out_->content_type = choice_.content_type;
    out_->vary = choice_.vary;
    out_->content_encoding = choice_.zipped ? "gzip" : "";
    text().clear();
    chosen().begin(choice_.format);
    now_ = stage::writing;
  }

  pages& chosen() noexcept { return selection_ ? *selection_ : *pages_; }
  std::string& text() noexcept { return choice_.zipped ? plain_ : out_->body; }

  std::shared_ptr<const exposition> of_;
  std::mutex mutex_;                  ///< held for each step: who stops waits for one that is under way
  std::atomic<bool> stopped_{false};  ///< set ahead of the mutex, so that no further step begins; stands for itself
  page_choice choice_{};
  response* out_ = nullptr;
  stage now_ = stage::laying;
  std::uint64_t generation_ = 0;  ///< of the sources that `pages_` have
  std::optional<pages> pages_;
  std::optional<pages> selection_;
  std::string plain_;
  std::size_t zipped_ = 0;  ///< of `plain_`
  gzip gzip_;
};

}  // namespace vitals::inline v0::http::detail

#endif
// What servers count of themselves, by the toolkit's own means: one registry for all servers of a process.
#ifndef VITALS_HTTP_SERVER_METRICS_HPP
#define VITALS_HTTP_SERVER_METRICS_HPP

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace vitals::inline v0::http::own {

/// A route is known by its path; all that has none is `other`. (A route has its series once it was asked for. The sizes
/// are odd, so that no program's labels share these texts.)
using route = slots<"route", 61>;
using code = slots<"code", 29>;

/// What a request is for: a page of metrics, or anything else.
enum class purpose { scrape, other };

enum class coding { identity, gzip };

/// Why a request was not served.
enum class refusal {
  malformed,             ///< 400
  unauthorized,          ///< 401
  forbidden,             ///< 403
  header_timeout,        ///< 408: its head did not come in time
  body,                  ///< 413: it has one
  long_target,           ///< 414
  expectation,           ///< 417
  host,                  ///< 421: it came to another's name
  large_head,            ///< 431
  not_implemented,       ///< 501: its method, or its coding
  busy,                  ///< 503: too many different pages were to be made
  version,               ///< 505: it is neither HTTP/1.0 nor 1.1
  write_timeout,         ///< the peer did not take the response in time
  too_many_connections,  ///< one was closed so that there was room for another
  other,
};

struct requests : counter<"vitals_http_requests_total", "Requests answered, by route and status code.", route, code> {};
struct response_bytes : counter<"vitals_http_response_bytes_total", "Bytes of responses, heads included."> {};
struct duration : histogram<"vitals_http_request_duration_seconds",
                            "From a request's last byte to its response's, by what it was for.",
                            buckets::of<0.0001, 0.0005, 0.001, 0.005, 0.01, 0.1, 1, 10>, label<"purpose", purpose>> {};
struct in_flight : up_down<"vitals_http_requests_in_flight", "Requests that are being answered."> {};
struct connections : up_down<"vitals_http_connections", "Connections that are open."> {};
struct refusals
    : counter<"vitals_http_refusals_total", "Requests and connections refused, by reason.", label<"reason", refusal>> {
};
struct scrape_size
    : gauge<"vitals_http_scrape_size_bytes", "The last page of metrics, as it was sent.", label<"coding", coding>> {};

using registry = v0::registry<requests, response_bytes, duration, in_flight, connections, refusals, scrape_size>;

/// Why a request is refused with a status.
[[nodiscard]] constexpr refusal reason_of(unsigned status) noexcept {
  switch (status) {
    case 400:
      return refusal::malformed;
    case 401:
      return refusal::unauthorized;
    case 403:
      return refusal::forbidden;
    case 408:
      return refusal::header_timeout;
    case 413:
      return refusal::body;
    case 414:
      return refusal::long_target;
    case 417:
      return refusal::expectation;
    case 421:
      return refusal::host;
    case 431:
      return refusal::large_head;
    case 501:
      return refusal::not_implemented;
    case 503:
      return refusal::busy;
    case 505:
      return refusal::version;
    default:
      return refusal::other;
  }
}

inline void count_refusal(refusal why) noexcept {
  registry::get<refusals>(why).inc();
}

/// A connection that is open, for as long as this lives.
class open_connection {
 public:
  open_connection() noexcept { registry::get<connections>().inc(); }
  open_connection(const open_connection&) = delete;
  open_connection& operator=(const open_connection&) = delete;
  ~open_connection() { close(); }
  void close() noexcept {
    if (open_) {
      open_ = false;
      registry::get<connections>().dec();
    }
  }

 private:
  bool open_ = true;
};

/// A connection's requests, one after the other.
class request_count {
 public:
  using clock = std::chrono::steady_clock;

  request_count() = default;
  request_count(const request_count&) = delete;
  request_count& operator=(const request_count&) = delete;
  ~request_count() { end(); }

  /// A request is here.
  void begin(clock::time_point at) noexcept {
    end();
    is_under_way_ = true;
    purpose_ = purpose::other;
    began_ = at;
    registry::get<in_flight>().inc();
  }
  /// It has a route, by its name; empty where none is known.
  void routed(std::string_view name) noexcept { route_ = route::intern(name.empty() ? "other" : name); }
  void is_scrape() noexcept { purpose_ = purpose::scrape; }
  [[nodiscard]] bool is_under_way() const noexcept { return is_under_way_; }

  /// It was answered.
  void answered(unsigned status, std::size_t bytes, clock::time_point at) noexcept {
    if (is_under_way_) {
      const char digits[] = {static_cast<char>('0' + status / 100 % 10), static_cast<char>('0' + status / 10 % 10),
                             static_cast<char>('0' + status % 10)};
      registry::get<requests>(route_, code::intern({digits, 3})).inc();
      registry::get<duration>(purpose_).observe(at - began_);
      end();
    }
    registry::get<response_bytes>().inc(bytes);
  }
  /// It was not, or not in full.
  void end() noexcept {
    if (is_under_way_) {
      is_under_way_ = false;
      registry::get<in_flight>().dec();
    }
  }

 private:
  bool is_under_way_ = false;
  purpose purpose_ = purpose::other;
  route::value route_ = route::other;
  clock::time_point began_{};
};

/// For a forked child, which has none of its parent's connections. `generation` tells it from others of its line: the
/// first call for each has an effect.
inline void forget_parents(std::uint64_t generation) noexcept {
  static constinit std::atomic<std::uint64_t> known{
      0};  // who changes it does the rest; relaxed: nothing else hangs on it
  if (known.exchange(generation, std::memory_order_relaxed) != generation) {
    registry::get<in_flight>().add(-registry::get<in_flight>().value());
    registry::get<connections>().add(-registry::get<connections>().value());
  }
}

}  // namespace vitals::inline v0::http::own

#endif

namespace vitals::inline v0::http::detail {

struct rendering;

/// Who waits for a page.
class page_reader {
 public:
  /// The page is made. It stays as it is for as long as it is held.
  virtual void on_page(std::shared_ptr<const rendering> made) = 0;

 protected:
  page_reader() = default;
  page_reader(const page_reader&) = default;
  page_reader& operator=(const page_reader&) = default;
  ~page_reader() = default;
};

/// A page for all who wait for it, and later for all who send it.
struct rendering {
  page_choice choice{};
  response page{};
  std::vector<std::weak_ptr<page_reader>> readers{};
};

/// Where pages are made.
struct page_workshop {
  boost::asio::any_io_executor readers{};  ///< what those who wait run on, one at a time
  boost::asio::any_io_executor makers{};   ///< where steps are made; one is under way at a time
  std::size_t step = std::size_t{64} * 1024;
  std::size_t most_waiting = 16;  ///< pages that are to be made
};

/// A scrape shows no values from before it was asked for: who comes while a page is being made waits for the next one.
/// So there is one page being made and, for each choice, one that waits. All but `stop` on `readers`.
class renderings : public std::enable_shared_from_this<renderings> {
 public:
  renderings(page_workshop where, std::shared_ptr<const exposition> of)
      : where_(std::move(where)),
        maker_(std::move(of)) {}

  /// The reader gets the page when it is made. False where too many pages wait already.
  bool ask(page_choice choice, std::weak_ptr<page_reader> reader) {
    auto found = std::find_if(waiting_.begin(), waiting_.end(), [&](const auto& r) { return r->choice == choice; });
    if (found == waiting_.end()) {
      if (waiting_.size() >= where_.most_waiting) {
        return false;
      }
      waiting_.push_back(free_rendering());
      found = waiting_.end() - 1;
      (*found)->choice = std::move(choice);
    }
    (*found)->readers.push_back(std::move(reader));
    if (made_ == nullptr) {
      make_next();
    }
    return true;
  }

  /// The reader waits no longer.
  void leave(const page_reader& reader) noexcept {
    const auto is_it = [&reader](const std::weak_ptr<page_reader>& r) { return r.lock().get() == &reader; };
    for (const auto& r : kept_) {
      std::erase_if(r->readers, is_it);
    }
  }

  /// From any thread, but for a callback of a source: once this returns no source is read any more, and nothing posted.
  /// Who waits is told nothing.
  void stop() noexcept {
    maker_.stop();
    const std::lock_guard lock{posting_};
    is_stopped_ = true;
  }
  [[nodiscard]] bool is_stopped() noexcept {
    const std::lock_guard lock{posting_};
    return is_stopped_;
  }

 private:
  static constexpr std::size_t most_free = 8;

  /// A page that is lost would be waited for by all: where there is no memory for a moment, this tries again.
  template <class Executor, class Work>
  static void post_surely(const Executor& to, const Work& work) {
    for (bool posted = false; !posted;) {
      try {
        boost::asio::post(to, work);
        posted = true;
      } catch (const std::bad_alloc&) {
        std::this_thread::yield();
      }
    }
  }

  /// One that nobody holds. Their memory is used again.
  std::shared_ptr<rendering> free_rendering() {
    std::shared_ptr<rendering> found;
    std::size_t free = 0;
    std::erase_if(kept_, [&](const std::shared_ptr<rendering>& r) {
      if (r.use_count() != 1) {
        return false;
      }
      if (found == nullptr) {
        found = r;
        return false;
      }
      return ++free > most_free;
    });
    if (found == nullptr) {
      found = std::make_shared<rendering>();
      kept_.push_back(found);
    }
    found->page.clear();
    found->readers.clear();
    return found;
  }

  void make_next() {
    made_ = std::move(waiting_.front());
    waiting_.erase(waiting_.begin());
    maker_.begin(made_->choice, made_->page);
    post_step();
  }
  /// (What waits on an executor of the program's holds nothing: it may be there when the readers' io_context is not.)
  void post_step() {
    post_surely(where_.makers, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) {
        self->make_step();
      }
    });
  }
  /// One step is all that the makers' executor has of it at a time.
  void make_step() {
    const bool done = maker_.step(where_.step);
    const std::lock_guard lock{posting_};
    if (is_stopped_) {
      return;
    }
    if (done) {
      post_surely(where_.readers, [self = shared_from_this()] { self->hand_out(); });
    } else {
      post_step();
    }
  }

  void hand_out() {
    const std::shared_ptr<rendering> made = std::move(made_);
    made_ = nullptr;
    if (made->page.status == 200) {
      own::registry::get<own::scrape_size>(made->choice.zipped ? own::coding::gzip : own::coding::identity)
          .set(made->page.body.size());
    }
    if (!waiting_.empty()) {
      make_next();
    }
    told_.swap(made->readers);
    for (const std::weak_ptr<page_reader>& reader : told_) {
      if (const auto alive = reader.lock()) {
        alive->on_page(made);
      }
    }
    told_.clear();
    told_.swap(made->readers);  // its memory goes back
  }

  page_workshop where_;
  page_maker maker_;
  std::shared_ptr<rendering> made_;                  ///< being made: the maker's until it is handed out
  std::vector<std::shared_ptr<rendering>> waiting_;  ///< to be made
  std::vector<std::shared_ptr<rendering>> kept_;     ///< all of them
  std::vector<std::weak_ptr<page_reader>> told_;
  std::mutex posting_;
  bool is_stopped_ = false;  ///< guarded by the mutex
};

}  // namespace vitals::inline v0::http::detail

#endif

namespace vitals::inline v0::http {

/// How long a server waits for a peer, and how large a request's head may be.
struct connection_limits {
  head_limits head{};
  std::chrono::milliseconds idle = std::chrono::seconds{60};    ///< for the next request
  std::chrono::milliseconds header = std::chrono::seconds{10};  ///< from the first byte of a request's head to its last
  std::chrono::milliseconds write = std::chrono::seconds{30};   ///< for the peer to take a response
};

namespace detail {

namespace asio = boost::asio;
using boost_error = boost::system::error_code;

/// Where other threads may stop a server: what it does of the program's is done with the mutex held, and not at all
/// once it is closed. (A handler may stop its server: the mutex is its own thread's already.)
struct gate {
  std::recursive_mutex mutex{};
  bool is_open = true;
};

class connection;
struct service;

/// Makes a connection of a socket that was accepted. May throw std::bad_alloc.
using connector = std::function<std::shared_ptr<connection>(
    std::shared_ptr<const service>, std::unique_ptr<kept_descriptor>, asio::generic::stream_protocol::socket)>;

/// What the connections of a server share.
struct service {
  std::shared_ptr<const router> routes{};
  std::shared_ptr<renderings> pages{};   ///< of metrics; null where there are none
  std::shared_ptr<gate> calls{};         ///< null where the thread that serves ends before the server does
  std::shared_ptr<gatekeeper> access{};  ///< null where everybody may ask for everything
  connector connect{};                   ///< null: plain connections
  std::function<void()> on_close{};      ///< a connection was closed
  connection_limits limits{};
  bool on_loopback = true;                     ///< as `is_allowed_host` takes it
  std::vector<std::string> allowed_hosts{};    ///< likewise
  std::vector<std::string> allowed_origins{};  ///< as `allowed_origin` takes them

  /// The status to refuse a request with, whose head was read; 0 where it may be answered.
  [[nodiscard]] unsigned refusal_of(const request_head& head) const {
    if (head.refusal != 0) {
      return head.refusal;
    }
    if (head.has_body && (head.method == "GET" || head.method == "HEAD")) {
      return 413;
    }
    return is_allowed_host(host_of(head), on_loopback, allowed_hosts) ? 0 : 421;
  }

  /// The page that is asked for, where it is one of metrics: those are made elsewhere, all else by `handle`.
  [[nodiscard]] const page_path* page_of(const request& asked) const noexcept {
    const bool may_be = pages != nullptr && (asked.method == "GET" || asked.method == "HEAD");
    return may_be ? find_page_path(path_of(asked.target)) : nullptr;
  }

  /// Gives the route that answered; nothing where the server is stopped, by what answers too.
  [[nodiscard]] std::optional<std::string_view> handle(const request& asked, response& out) const {
    if (calls == nullptr) {
      return routes->handle(asked, out);
    }
    const std::lock_guard lock{calls->mutex};
    if (!calls->is_open) {
      return std::nullopt;
    }
    const std::string_view route = routes->handle(asked, out);
    return calls->is_open ? std::optional{route} : std::nullopt;
  }
};

/// A connection without its stream's type.
class connection {
 public:
  using clock = std::chrono::steady_clock;

  connection() = default;
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
  virtual ~connection() = default;

  virtual void start() = 0;
  /// Closes it: now if no response is under way, else behind it.
  virtual void finish() = 0;
  /// Closes it, whatever is under way.
  virtual void close() = 0;

  /// Whether it waits for a request, the rest of one's head included; and since when it waits, or answers.
  [[nodiscard]] bool is_waiting() const noexcept { return waiting_; }
  [[nodiscard]] clock::time_point since() const noexcept { return since_; }

 protected:
  void now_waiting(bool waits) noexcept {
    waiting_ = waits;
    since_ = clock::now();
  }

 private:
  bool waiting_ = true;
  clock::time_point since_ = clock::now();
};

}  // namespace detail

}  // namespace vitals::inline v0::http

#endif
// Listens on an address, and keeps the connections that come.
#ifndef VITALS_HTTP_LISTENER_HPP
#define VITALS_HTTP_LISTENER_HPP

#include <utility>  // before asio, which misses it in g++

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <list>
#include <memory>
#include <mutex>
#include <new>
#include <string>

// Where a server listens.
#ifndef VITALS_HTTP_LISTENING_POINT_HPP
#define VITALS_HTTP_LISTENING_POINT_HPP

#include <utility>  // before asio, which misses it in g++

#include <boost/asio/error.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace vitals::inline v0::http::detail {

/// Where to listen: `unix:` and a path, or an IP address.
struct listening_point {
  static constexpr std::string_view unix_scheme = "unix:";

  asio::generic::stream_protocol::endpoint endpoint{};
  asio::generic::stream_protocol protocol{0, 0};
  std::string path{};  ///< of a Unix domain socket
  bool on_loopback = true;

  static listening_point of(const std::string& address, std::uint16_t port, boost_error& error) {
    if (address.starts_with(unix_scheme)) {
      const std::string path = address.substr(unix_scheme.size());
      if (path.empty() || path.size() >= sizeof(sockaddr_un::sun_path)) {
        error = asio::error::name_too_long;
        return {};
      }
      const asio::local::stream_protocol::endpoint at{path};
      return {.endpoint = at, .protocol = at.protocol(), .path = path};
    }
    const auto ip = asio::ip::make_address(address, error);
    if (error) {
      return {};
    }
    const asio::ip::tcp::endpoint at{ip, port};
    return {.endpoint = at, .protocol = at.protocol(), .path = {}, .on_loopback = ip.is_loopback()};
  }

  /// A socket's file stays when its program was killed: it is removed where nobody listens on it.
  void remove_dead_socket() const {
    struct stat facts {};
    if (::lstat(path.c_str(), &facts) != 0 || !S_ISSOCK(facts.st_mode)) {
      return;
    }
    asio::io_context io{1};
    asio::local::stream_protocol::socket probe{io};
    boost_error error;
    probe.connect(asio::local::stream_protocol::endpoint{path}, error);
    if (error == asio::error::connection_refused) {
      ::unlink(path.c_str());
    }
  }
};

}  // namespace vitals::inline v0::http::detail

#endif
// One connection: reads requests, asks the router, writes responses, for as long as the peer keeps it open.
#ifndef VITALS_HTTP_SESSION_HPP
#define VITALS_HTTP_SESSION_HPP

#include <utility>  // before asio, which misses it in g++

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

// By when what a connection does must have ended.
#ifndef VITALS_HTTP_DEADLINE_HPP
#define VITALS_HTTP_DEADLINE_HPP

#include <utility>  // before asio, which misses it in g++

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>

namespace vitals::inline v0::http::detail {

/// A time that is moved often and reached seldom. The timer stays as it is where the new time is no sooner: when it
/// fires, it looks at what the time has become. So a connection that is used often hardly ever sets it. While it is
/// set it keeps its owner, which has it as a member.
template <class Owner>
class deadline {
 public:
  explicit deadline(const boost::asio::any_io_executor& on) : timer_(on) {}

  /// Calls the owner's `on_deadline` then, unless it is moved or ended before.
  void set(Owner& owner, std::chrono::milliseconds from_now) {
    at_ = clock::now() + from_now;
    if (at_ < due_) {
      wait(owner);
    }
  }

  /// For good.
  void end() noexcept {
    has_ended_ = true;
    boost::system::error_code ignored;
    timer_.cancel(ignored);
  }

 private:
  using clock = std::chrono::steady_clock;

  void wait(Owner& owner) {
    due_ = at_;
    timer_.expires_at(due_);
    timer_.async_wait([self = owner.shared_from_this(), this](boost::system::error_code cancelled) {
      if (!cancelled && !has_ended_) {
        look(*self);
      }
    });
  }

  void look(Owner& owner) {
    if (clock::now() < at_) {
      wait(owner);
    } else {
      due_ = clock::time_point::max();
      owner.on_deadline();
    }
  }

  boost::asio::steady_timer timer_;
  clock::time_point at_{};
  clock::time_point due_ = clock::time_point::max();  ///< when the timer looks
  bool has_ended_ = false;
};

}  // namespace vitals::inline v0::http::detail

#endif
// The bytes of requests that a connection has read, and the heads among them.
#ifndef VITALS_HTTP_REQUEST_BUFFER_HPP
#define VITALS_HTTP_REQUEST_BUFFER_HPP

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace vitals::inline v0::http::detail {

/// As large as a head may be. A peer may send its next requests before it has the response to the first.
class request_buffer {
 public:
  explicit request_buffer(const head_limits& limits) : limits_(limits), bytes_(limits.bytes, '\0') {}

  /// Where to read to; what it was filled with is said by `add`. It has room wherever `find_head` finds neither a head
  /// nor a reason to refuse.
  [[nodiscard]] std::span<char> room() noexcept { return std::span{bytes_}.subspan(have_); }
  void add(std::size_t size) noexcept { have_ += size; }

  [[nodiscard]] bool is_empty() const noexcept { return have_ == 0; }

  struct found {
    std::string_view
        head{};            ///< of the first request, while nothing is read or removed; empty where it is not here yet
    unsigned refusal = 0;  ///< the status to refuse it with, where its beginning is enough to know
  };
  [[nodiscard]] found find_head() noexcept {
    const std::string_view bytes{bytes_.data(), have_};
    if (const std::size_t end = head_size(bytes, looked_); end != std::string_view::npos) {
      return {.head = bytes.substr(0, end)};
    }
    looked_ = have_;
    return {.refusal = refusal_of_part(bytes, limits_)};
  }

  /// Removes a head, once it was answered.
  void remove(std::size_t size) noexcept {
    std::copy(bytes_.data() + size, bytes_.data() + have_, bytes_.data());
    have_ -= size;
    looked_ = 0;
  }

  /// For what is to be read and ignored, after the last request.
  [[nodiscard]] std::span<char> all() noexcept { return bytes_; }

 private:
  head_limits limits_;
  std::string bytes_;
  std::size_t have_ = 0;    ///< how many were read
  std::size_t looked_ = 0;  ///< how many of them have no end of a head
};

}  // namespace vitals::inline v0::http::detail

#endif
// The head of a response, and how long it may take to write one.
#ifndef VITALS_HTTP_RESPONSE_HEAD_HPP
#define VITALS_HTTP_RESPONSE_HEAD_HPP

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>

// Which pages of other origins a browser lets read what is served.
#ifndef VITALS_HTTP_ORIGIN_RULES_HPP
#define VITALS_HTTP_ORIGIN_RULES_HPP

#include <string>
#include <string_view>

namespace vitals::inline v0::http {

/// The value of Access-Control-Allow-Origin for a request with this Origin, or nothing where it gets none: where no
/// origin is allowed, or another. `allowed` are origins as browsers send them (`https://wall.example`, without a path),
/// compared byte for byte, or `*` for any. (The Fetch standard, "CORS protocol".)
[[nodiscard]] inline std::string_view allowed_origin(std::string_view origin, view<std::string> allowed) noexcept {
  for (const std::string& other : allowed) {
    if (other == "*") {
      return "*";
    }
    if (other == origin) {
      return origin;
    }
  }
  return {};
}

}  // namespace vitals::inline v0::http

#endif

namespace vitals::inline v0::http::detail {

/// The name of a status (RFC 9110, 15).
[[nodiscard]] constexpr std::string_view name_of_status(unsigned status) noexcept {
  switch (status) {
    case 200:
      return "OK";
    case 204:
      return "No Content";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Unknown";
  }
}

/// Appends a time, in seconds since 1970, as HTTP has it (RFC 9110, 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`. (gmtime_r
/// takes a lock.)
inline void append_date(std::string& out, std::int64_t seconds) {
  constexpr std::string_view days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::string_view months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  constexpr std::int64_t day = 86'400;
  const std::chrono::sys_days today{std::chrono::days{seconds / day}};
  const std::chrono::year_month_day date{today};
  const std::int64_t second = seconds % day;
  fmt::format_to(std::back_inserter(out), "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                 days[std::chrono::weekday{today}.c_encoding()], static_cast<unsigned>(date.day()),
                 months[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()), second / 3600,
                 second / 60 % 60, second % 60);
}

/// Replaces `out` with a response's head; `more` are header lines beyond the response's own, each with its end.
inline void write_response_head(std::string& out, const response& r, bool keep_alive, unsigned minor,
                                std::string_view more = {}) {
  out.clear();
  const auto line = [&out](std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append(line_end);
  };
  fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\nDate: ", r.status, name_of_status(r.status));
  append_date(out, ::time(nullptr));
  out += line_end;
  if (r.status != 204) {  // which has no content, and no word of it (RFC 9110, 8.6)
    fmt::format_to(std::back_inserter(out), "Content-Length: {}\r\n", r.body.size());
  }
  each_header(r, line);
  out += more;
  if (!keep_alive) {
    line("Connection", "close");
  } else if (minor == 0) {
    line("Connection", "keep-alive");
  }
  out += line_end;
}

/// Replaces `lines` with those that tell a browser whether a page of another origin may read the response.
inline void write_origin_lines(std::string& lines, const request_head& head, view<std::string> allowed) {
  lines.clear();
  if (allowed.empty()) {
    return;
  }
  std::string_view origin;
  each_line(head.fields, [&origin](std::string_view name, std::string_view value) {
    if (same_name(name, "Origin")) {
      origin = value;
    }
    return true;
  });
  const std::string_view answer = allowed_origin(origin, allowed);
  if (answer != "*") {
    lines += "Vary: Origin\r\n";
  }
  if (!answer.empty()) {
    lines.append("Access-Control-Allow-Origin: ").append(answer).append(line_end);
  }
}

/// How long a response may take to write: as configured, or shorter where the scraper says how long it waits.
inline std::chrono::milliseconds write_time(const request_head& head, std::string& text,
                                            std::chrono::milliseconds most) {
  join_fields(head, "X-Prometheus-Scrape-Timeout-Seconds", text);
  double seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || end != text.data() + text.size() || !(seconds > 0) || seconds > 86400) {
    return most;
  }
  return std::min(most, std::chrono::milliseconds{static_cast<std::int64_t>(seconds * 1000) + 1});
}

/// Makes a response that says nothing but its status.
inline void make_refusal(unsigned status, response& out) {
  out.clear();
  out.status = status;
  fmt::format_to(std::back_inserter(out.body), "{} {}\n", status, name_of_status(status));
  if (status == 503) {
    out.retry_after = "1";
  }
}

}  // namespace vitals::inline v0::http::detail

#endif

namespace vitals::inline v0::http::detail {

/// Lives as long as an operation of its connection is under way; while it is open its timer is. All of it runs on one
/// thread at a time. `Stream` is a socket, or has one as its lowest layer.
template <class Stream>
class session : public connection, public page_reader, public std::enable_shared_from_this<session<Stream>> {
 public:
  /// `own` is the stream's descriptor, or null where nobody else needs to know of it.
  template <class... Arguments>
  explicit session(std::shared_ptr<const service> of, std::unique_ptr<kept_descriptor> own, Arguments&&... arguments)
      : stream_(std::forward<Arguments>(arguments)...),
        own_(std::move(own)),
        deadline_(stream_.get_executor()),
        service_(std::move(of)),
        in_(service_->limits.head) {}

  void start() override {
    now_waiting(true);
    if constexpr (requires { stream_.async_begin([](boost_error) {}); }) {  // TLS
      expect_within(service_->limits.header);
      stream_.async_begin(
          [self = this->shared_from_this()](boost_error error) { error ? self->close() : self->wait(); });
    } else {
      wait();
    }
  }

  void finish() override {
    finishing_ = true;
    if (is_waiting() || (is_waiting_for_page_ && service_->pages->is_stopped())) {
      close();
    }
  }

  void close() override {
    deadline_.end();
    auto& socket = stream_.lowest_layer();
    if (!socket.is_open()) {
      return;
    }
    if (is_waiting_for_page_) {
      is_waiting_for_page_ = false;
      service_->pages->leave(*this);
    }
    counts_.end();
    open_.close();
    if (is_being_checked_) {
      is_being_checked_ = false;
      service_->access->leave(this);
    }
    boost_error ignored;
    if constexpr (requires { socket.release(ignored); }) {
      if (own_ != nullptr) {  // out of the poll set first: a forked child may have it still
        socket.release(ignored);
        own_->close();
      }
    }
    socket.close(ignored);
    if (service_->on_close) {
      service_->on_close();
    }
  }

  void on_page(std::shared_ptr<const rendering> made) override {
    if (!std::exchange(is_waiting_for_page_, false)) {
      return;
    }
    keep_alive_ = keep_alive_ && !finishing_;
    if (made->page.status == 200) {
      page_ = std::move(made);
      write(page_->page);
    } else {
      make_refusal(made->page.status, answer_);
      write(answer_);
    }
  }

 private:
  static constexpr std::chrono::seconds farewell{2};  // in which a peer may read why it was refused
  static constexpr std::size_t most_ignored = std::size_t{256} * 1024;

  /// Waits for a request, of which a part may be here already.
  void wait() {
    if (in_.is_empty()) {
      expect_within(service_->limits.idle);
      read();
    } else {
      began();
      look();
    }
  }

  friend class deadline<session>;
  void on_deadline() {
    if (is_waiting() && !in_.is_empty() && !saying_farewell_) {
      late_ = true;
      boost_error ignored;
      stream_.lowest_layer().cancel(ignored);  // `on_read` goes on
    } else {
      if (!is_waiting()) {
        own::count_refusal(own::refusal::write_timeout);
      }
      close();
    }
  }
  void expect_within(std::chrono::milliseconds time) { deadline_.set(*this, time); }
  void began() { expect_within(service_->limits.header); }

  void read() {
    stream_.async_read_some(
        buffer_of(in_.room()),
        [self = this->shared_from_this()](boost_error error, std::size_t size) { self->on_read(error, size); });
  }

  void on_read(boost_error error, std::size_t size) {
    if (late_ && stream_.lowest_layer().is_open()) {
      refuse(408);
    } else if (error) {  // closed by the peer, idle for too long, or the server stops
      close();
    } else {
      if (in_.is_empty()) {
        began();
      }
      in_.add(size);
      look();
    }
  }

  /// Answers the request that is here, or reads on.
  void look() {
    const request_buffer::found found = in_.find_head();
    if (found.refusal != 0) {
      refuse(found.refusal);
      return;
    }
    if (found.head.empty()) {
      read();
      return;
    }
    const request_head head = read_head(found.head, service_->limits.head);
    if (const unsigned refusal = service_->refusal_of(head); refusal != 0) {
      refuse(refusal);
    } else if (is_admitted(head)) {
      answer(head, found.head.size());
    }
  }

  /// Whether a request may be answered. Else it is refused, or looked at again when its password was checked.
  bool is_admitted(const request_head& head) {
    if (service_->access == nullptr) {
      return true;
    }
    bool certified = false;
    if constexpr (requires { stream_.has_client_certificate(); }) {
      certified = stream_.has_client_certificate();
    }
    join_fields(head, "Authorization", accept_);
    const admission judged = service_->access->judge(path_of(head.target), accept_, certified);
    if (judged.status != 0) {
      refuse(judged.status, judged.challenge);
    } else if (judged.is_unknown) {
      now_waiting(false);
      expect_within(service_->limits.write);
      is_being_checked_ = service_->access->ask(path_of(head.target), accept_, this,
                                                [weak = this->weak_from_this(), on = stream_.get_executor()] {
                                                  asio::post(on, [weak] {
                                                    if (const auto self = weak.lock()) {
                                                      self->on_checked();
                                                    }
                                                  });
                                                });
      if (!is_being_checked_) {
        refuse(503);
      }
    }
    return judged.status == 0 && !judged.is_unknown;
  }
  void on_checked() {
    if (std::exchange(is_being_checked_, false)) {
      look();
    }
  }

  void answer(const request_head& head, std::size_t size) {
    now_waiting(false);
    counts_.begin(since());
    expect_within(write_time(head, accept_, service_->limits.write));
    join_fields(head, "Accept", accept_);
    join_fields(head, "Accept-Encoding", accept_encoding_);
    // A body is never read: what follows it on the connection could not be told from it, so the connection ends.
    keep_alive_ = head.keep_alive && !head.has_body && !finishing_;
    head_only_ = head.method == "HEAD";
    minor_ = head.minor;
    write_origin_lines(origin_lines_, head, service_->allowed_origins);
    const request asked{
        .method = head.method, .target = head.target, .accept = accept_, .accept_encoding = accept_encoding_};
    if (const page_path* const page = service_->page_of(asked); page != nullptr) {
      counts_.routed(page->path);
      counts_.is_scrape();
      page_choice choice = page->choose(asked);
      in_.remove(size);
      wait_for_page(std::move(choice));
    } else if (const auto route = service_->handle(asked, answer_)) {
      counts_.routed(*route);
      in_.remove(size);
      write(answer_);
    } else {
      close();
    }
  }

  void wait_for_page(page_choice choice) {
    is_waiting_for_page_ = true;
    if (!service_->pages->ask(std::move(choice), this->weak_from_this())) {
      is_waiting_for_page_ = false;
      own::count_refusal(own::refusal::busy);
      make_refusal(503, answer_);
      write(answer_);
    }
  }

  static asio::mutable_buffer buffer_of(std::span<char> bytes) { return {bytes.data(), bytes.size()}; }

  void refuse(unsigned status, std::string_view challenge = {}) {
    now_waiting(false);
    own::count_refusal(own::reason_of(status));
    expect_within(service_->limits.write);
    make_refusal(status, answer_);
    answer_.www_authenticate = challenge;
    keep_alive_ = false;
    head_only_ = false;
    minor_ = 1;
    origin_lines_.clear();
    write(answer_);
  }

  void write(const response& out) {
    status_ = out.status;
    write_response_head(head_, out, keep_alive_, minor_, origin_lines_);
    const bool without_body = head_only_ || out.status == 204;
    const std::array<asio::const_buffer, 2> all{asio::buffer(head_),
                                                without_body ? asio::const_buffer{} : asio::buffer(out.body)};
    asio::async_write(stream_, all, [self = this->shared_from_this()](boost_error error, std::size_t size) {
      self->on_written(error, size);
    });
  }

  void on_written(boost_error error, std::size_t size) {
    page_.reset();
    if (error) {
      close();
      return;
    }
    now_waiting(true);
    counts_.answered(status_, size, since());
    if (finishing_) {
      close();
    } else if (keep_alive_) {
      wait();
    } else {
      say_farewell();
    }
  }

  /// Ends what it sends, and ignores for a while what still comes: a connection that is closed before all of it was
  /// read may be reset, and the response lost (RFC 9112, 9.6).
  void say_farewell() {
    saying_farewell_ = true;
    expect_within(farewell);
    if constexpr (requires { stream_.async_end([] {}); }) {  // TLS has an end of its own
      stream_.async_end([self = this->shared_from_this()] { self->shut_down(); });
    } else {
      shut_down();
    }
  }
  void shut_down() {
    boost_error ignored;
    stream_.lowest_layer().shutdown(asio::socket_base::shutdown_send, ignored);
    ignore();
  }
  void ignore() {
    stream_.async_read_some(buffer_of(in_.all()),
                            [self = this->shared_from_this()](boost_error error, std::size_t size) {
                              self->ignored_ += size;
                              if (error || self->ignored_ > most_ignored) {
                                self->close();
                              } else {
                                self->ignore();
                              }
                            });
  }

  Stream stream_;
  std::unique_ptr<kept_descriptor> own_;
  deadline<session> deadline_;
  std::shared_ptr<const service> service_;
  request_buffer in_;
  // Used again for each request, with memory for the largest so far: the connection gives it back when it closes.
  std::string accept_;
  std::string accept_encoding_;
  std::string origin_lines_;
  std::string head_;
  response answer_;
  std::shared_ptr<const rendering> page_;  ///< that is written, if it is no answer of this connection's own
  own::open_connection open_;
  own::request_count counts_;
  unsigned status_ = 0;  ///< that is written
  unsigned minor_ = 1;
  bool head_only_ = false;
  bool is_waiting_for_page_ = false;
  bool is_being_checked_ = false;
  bool keep_alive_ = false;
  bool finishing_ = false;
  bool late_ = false;  ///< the head of a request took too long
  bool saying_farewell_ = false;
  std::size_t ignored_ = 0;
};

}  // namespace vitals::inline v0::http::detail

#endif

namespace vitals::inline v0::http {

/// How many connections there may be.
struct connection_counts {
  std::size_t all = 512;
  std::size_t per_address = 0;  ///< 0: as many as of all
};

namespace detail {

/// On a socket of any kind.
using plain_session = session<asio::generic::stream_protocol::socket>;

/// Accepts connections and knows their sessions. All but `open` and `close` on its executor, one at a time.
class listener : public std::enable_shared_from_this<listener> {
 public:
  /// `closes_at_fork`: a forked child closes its copies of the sockets.
  listener(asio::any_io_executor on, const connection_counts& most, bool closes_at_fork)
      : most_(most),
        closes_at_fork_(closes_at_fork),
        acceptor_(on),
        pause_(on) {}
  listener(const listener&) = delete;
  listener& operator=(const listener&) = delete;
  ~listener() {
    remove_path();
    spare_.close();
  }

  void open(const std::string& address, std::uint16_t port, service shared, boost_error& error) {
    const listening_point at = listening_point::of(address, port, error);
    const auto then = [&error](auto&& step) {
      if (!error) {
        step();
      }
    };
    then([&] {
      if (own_.open(at.protocol.family(), closes_at_fork_) == -1) {
        error = {errno, boost::system::system_category()};
      }
    });
    then([&] { acceptor_.assign(at.protocol, own_.get(), error); });
    then([&] { acceptor_.non_blocking(true, error); });
    if (at.path.empty()) {
      then([&] { acceptor_.set_option(asio::socket_base::reuse_address(true), error); });
    } else {
      then([&] { at.remove_dead_socket(); });
    }
    // The system would keep megabytes for each peer that does not read. (Accepted sockets have it from this one.)
    then([&] { acceptor_.set_option(asio::socket_base::send_buffer_size(send_buffer), error); });
    then([&] { acceptor_.bind(at.endpoint, error); });
    then([&] {
      path_ = at.path;
      protocol_ = at.protocol;
    });
    then([&] { acceptor_.listen(asio::socket_base::max_listen_connections, error); });
    then([&] { port_ = at.path.empty() ? port_of(acceptor_.local_endpoint(error)) : 0; });
    if (error) {
      close();
      return;
    }
    spare_.open_nothing(closes_at_fork_);
    shared.on_loopback = at.on_loopback;
    shared.on_close = [weak = weak_from_this()] {
      if (const auto self = weak.lock()) {
        self->on_close();
      }
    };
    calls_ = shared.calls;
    service_ = std::make_shared<const service>(std::move(shared));
  }

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] asio::any_io_executor executor() { return acceptor_.get_executor(); }

  /// Accepts those that are there, and goes on when others come.
  void accept() {
    const auto lock = calls_ != nullptr ? std::unique_lock{calls_->mutex} : std::unique_lock<std::recursive_mutex>{};
    if (own_.get() == -1) {
      return;
    }
    bool goes_on = false;
    try {
      goes_on = accept_some();
    } catch (const std::bad_alloc&) {
    }
    if (goes_on || !is_somebody_there() || make_room()) {
      start();
    } else {
      pause();
    }
  }

  /// Goes on when somebody comes.
  void start() {
    acceptor_.async_wait(asio::socket_base::wait_read, [self = shared_from_this()](boost_error) { self->accept(); });
  }

  /// Listens no longer. Where there is a gate, any thread may call this with its mutex held.
  void close() {
    boost_error ignored;
    acceptor_.release(ignored);
    own_.close();
    remove_path();
  }

  /// Listens no longer, and ends the connections: those that wait at once, others behind their responses, which have 2
  /// seconds for it.
  void finish() {
    is_finishing_ = true;
    close();
    spare_.close();
    each_session(&connection::finish);
    pause_.expires_after(std::chrono::seconds{2});
    pause_.async_wait([self = shared_from_this()](boost_error) { self->each_session(&connection::close); });
    cancel_if_done();
  }

 private:
  using any_endpoint = asio::generic::stream_protocol::endpoint;

  struct known {
    std::weak_ptr<connection> session;
    std::string address;  ///< of the peer, as bytes; empty where it has none
  };

  static std::uint16_t port_of(const any_endpoint& at) {
    asio::ip::tcp::endpoint tcp;
    std::memcpy(tcp.data(), at.data(), std::min(at.size(), tcp.capacity()));
    return tcp.port();
  }

  /// The address without the port; of what is not IP nothing.
  static std::string address_of(const any_endpoint& at) {
    const int family = at.data()->sa_family;
    if (family != AF_INET && family != AF_INET6) {
      return {};
    }
    asio::ip::tcp::endpoint tcp;
    std::memcpy(tcp.data(), at.data(), std::min(at.size(), tcp.capacity()));
    return tcp.address().to_string();
  }

  /// False where there are no descriptors for those that come.
  bool accept_some() {
    for (int turn = 0; turn != most_at_once; ++turn) {
      auto fresh = std::make_unique<kept_descriptor>();
      if (fresh->accept(own_.get(), closes_at_fork_) != -1) {
        welcome(std::move(fresh));
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        return true;
      } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        return false;
      }  // else that connection was gone before it came
    }
    return true;
  }

  /// The system says that there is no descriptor before it looks whether there is somebody to have one.
  [[nodiscard]] bool is_somebody_there() const noexcept {
    pollfd listening{.fd = own_.get(), .events = POLLIN, .revents = 0};
    return ::poll(&listening, 1, 0) == 1;
  }

  /// Frees a descriptor for who comes: the spare one, which is taken again when a connection ends; else that of a
  /// connection. So probes are answered in a program that has no descriptors left.
  bool make_room() {
    forget_ended();
    if (spare_.get() == -1 && spare_.open_nothing(closes_at_fork_) == -1) {
      close_longest_waiting([](const known&) { return true; });
    }
    const bool has_room = spare_.get() != -1;
    spare_.close();
    return has_room;
  }

  /// Nothing is left to be closed: some descriptors may come free.
  void pause() {
    pause_.expires_after(std::chrono::milliseconds{100});
    pause_.async_wait([self = shared_from_this()](boost_error cancelled) {
      if (!cancelled) {
        self->accept();
      }
    });
  }

  void welcome(std::unique_ptr<kept_descriptor> own) {
    asio::generic::stream_protocol::socket socket{acceptor_.get_executor()};
    boost_error error;
    socket.assign(protocol_, own->get(), error);
    if (error) {
      own->close();
      return;
    }
    const any_endpoint peer = socket.remote_endpoint(error);
    if (error) {  // it is gone already
      boost_error ignored;
      socket.release(ignored);
      own->close();
      return;
    }
    std::string address = address_of(peer);
    if (!address.empty()) {
      socket.set_option(asio::ip::tcp::no_delay(true), error);
    }
    forget_ended();
    if (most_.per_address != 0 && !address.empty()) {
      const auto is_of_it = [&address](const known& k) { return k.address == address; };
      if (static_cast<std::size_t>(std::count_if(sessions_.begin(), sessions_.end(), is_of_it)) >= most_.per_address) {
        close_longest_waiting(is_of_it);
      }
    }
    if (sessions_.size() >= most_.all) {
      close_longest_waiting([](const known&) { return true; });
    }
    const std::shared_ptr<connection> fresh =
        service_->connect ? service_->connect(service_, std::move(own), std::move(socket))
                          : std::make_shared<plain_session>(service_, std::move(own), std::move(socket));
    sessions_.push_back({fresh, std::move(address)});
    ++open_;
    fresh->start();
  }

  void on_close() {
    --open_;
    if (spare_.get() == -1 && !is_finishing_) {
      spare_.open_nothing(closes_at_fork_);
    }
    cancel_if_done();
  }
  void cancel_if_done() {
    if (is_finishing_ && open_ == 0) {
      pause_.cancel();
    }
  }

  void forget_ended() {
    sessions_.remove_if([](const known& k) { return k.session.expired(); });
  }

  /// Closes, of those that `of` tells, the one that has waited longest for a request; where none waits, the one that
  /// has answered longest.
  template <class Of>
  void close_longest_waiting(Of of) {
    auto found = sessions_.end();
    std::shared_ptr<connection> longest;
    for (auto i = sessions_.begin(); i != sessions_.end(); ++i) {
      const auto s = of(*i) ? i->session.lock() : nullptr;
      const bool is_longer =
          s != nullptr &&
          (longest == nullptr ||
           (s->is_waiting() != longest->is_waiting() ? s->is_waiting() : s->since() < longest->since()));
      if (is_longer) {
        found = i;
        longest = s;
      }
    }
    if (longest != nullptr) {
      own::count_refusal(own::refusal::too_many_connections);
      sessions_.erase(found);
      longest->close();
    }
  }

  void each_session(void (connection::*act)()) {
    for (const known& k : sessions_) {
      if (const auto alive = k.session.lock()) {
        (*alive.*act)();
      }
    }
  }

  void remove_path() noexcept {
    if (!path_.empty()) {
      ::unlink(path_.c_str());
      path_.clear();
    }
  }

  static constexpr int most_at_once = 16;         // connections accepted before others have their turn
  static constexpr int send_buffer = 128 * 1024;  // Linux takes twice as much

  connection_counts most_;
  bool closes_at_fork_;
  kept_descriptor own_;
  kept_descriptor spare_;  ///< for the time when the program has no other left
  asio::basic_socket_acceptor<asio::generic::stream_protocol> acceptor_;
  asio::steady_timer pause_;
  asio::generic::stream_protocol protocol_{0, 0};
  std::shared_ptr<const service> service_;
  std::shared_ptr<gate> calls_;
  std::list<known> sessions_;
  std::size_t open_ = 0;  ///< sessions that are not closed
  bool is_finishing_ = false;
  std::string path_;
  std::uint16_t port_ = 0;
};

}  // namespace detail

}  // namespace vitals::inline v0::http

#endif
// A server at work: on threads of its own, or on an io_context of the program's.
#ifndef VITALS_HTTP_SERVING_HPP
#define VITALS_HTTP_SERVING_HPP

#include <utility>  // before asio, which misses it in g++

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>

namespace vitals::inline v0::http::detail {

/// What a server is to do.
struct serving_order {
  std::string address{};
  std::uint16_t port = 0;
  service shared{};                             ///< but for `pages`
  std::shared_ptr<const exposition> metrics{};  ///< null where it serves none
  boost::asio::any_io_executor renderer{};      ///< where pages are made, where it is not empty
  std::size_t most_waiting_pages = 16;
  connection_counts most{};
};

/// A server that listens, until `stop`. To be stopped before it is destroyed, or else left behind (in a forked child).
class serving {
 public:
  serving() = default;
  serving(const serving&) = delete;
  serving& operator=(const serving&) = delete;
  virtual ~serving() = default;

  /// Once this returns nothing of the program's is called any more.
  virtual void stop() noexcept = 0;
  [[nodiscard]] virtual std::uint16_t port() const noexcept = 0;

  /// Whether this process is not the one that began to serve, but a child of it: then nothing here may be touched.
  [[nodiscard]] bool is_parents() const noexcept { return generation_ != kept_descriptor::generation(); }

 private:
  std::uint64_t generation_ = kept_descriptor::generation();
};

/// Its connections on one thread, and the making of pages on another (or where the program says).
class own_threads final : public serving {
 public:
  /// Where it cannot serve, `error` says why, and it must not be used further.
  own_threads(serving_order order, std::error_code& error) {
    listener_ = std::make_shared<listener>(io_.get_executor(), order.most, true);
    const bool has_maker = order.metrics != nullptr && !order.renderer;
    if (order.metrics != nullptr) {
      pages_ = std::make_shared<renderings>(
          page_workshop{.readers = io_.get_executor(),
                        .makers = has_maker ? boost::asio::any_io_executor{making_.get_executor()} : order.renderer,
                        .most_waiting = order.most_waiting_pages},
          std::move(order.metrics));
      order.shared.pages = pages_;
    }
    boost_error failed;
    listener_->open(order.address, order.port, std::move(order.shared), failed);
    if (failed) {
      error = failed;
      return;
    }
    listener_->start();
    try {
      if (has_maker) {
        maker_ = v0::detail::quiet_thread([this] { work(making_); });
      }
      thread_ = v0::detail::quiet_thread([this] { work(io_); });
    } catch (const std::system_error& no_thread) {
      error = no_thread.code();
      listener_->close();
      end_maker();
    }
  }

  void stop() noexcept override {
    try {
      boost::asio::post(io_, [this] { listener_->finish(); });
    } catch (...) {  // out of memory: responses under way are lost
      io_.stop();
    }
    thread_.join();
    end_maker();
  }

  [[nodiscard]] std::uint16_t port() const noexcept override { return listener_->port(); }

 private:
  void end_maker() noexcept {
    if (pages_ != nullptr) {
      pages_->stop();
    }
    if (maker_.joinable()) {
      making_.stop();
      maker_.join();
    }
  }

  /// Runs handlers until none is left. One that throws (out of memory) loses its connection, not the program.
  static void work(boost::asio::io_context& on) noexcept {
    for (bool done = false; !done;) {
      try {
        on.run();
        done = true;
      } catch (...) {
      }
    }
  }

  // In this order: what runs on an io_context goes before it does.
  boost::asio::io_context io_{1};
  boost::asio::io_context making_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> more_to_make_{making_.get_executor()};
  std::shared_ptr<renderings> pages_;
  std::shared_ptr<listener> listener_;
  std::thread thread_;
  std::thread maker_;
};

/// On an io_context that the program runs, by any number of threads. What waits there keeps the listener and the
/// connections: where the io_context is gone they are gone too.
class on_context final : public serving {
 public:
  on_context(boost::asio::io_context& io, serving_order order, std::error_code& error) {
    const boost::asio::any_io_executor turns = boost::asio::make_strand(io);
    const auto fresh = std::make_shared<listener>(turns, order.most, false);
    if (order.metrics != nullptr) {
      order.shared.pages = std::make_shared<renderings>(
          page_workshop{.readers = turns,
                        .makers = order.renderer ? order.renderer : boost::asio::any_io_executor{io.get_executor()},
                        .most_waiting = order.most_waiting_pages},
          std::move(order.metrics));
      pages_ = order.shared.pages;
    }
    calls_ = order.shared.calls = std::make_shared<gate>();
    boost_error failed;
    fresh->open(order.address, order.port, std::move(order.shared), failed);
    if (failed) {
      error = failed;
      return;
    }
    listener_ = fresh;
    port_ = fresh->port();
    boost::asio::post(turns, [fresh] { fresh->accept(); });
  }

  void stop() noexcept override {
    if (const auto there = pages_.lock()) {
      there->stop();
    }
    const std::lock_guard lock{calls_->mutex};
    calls_->is_open = false;
    if (const auto there = listener_.lock()) {
      there->close();
      try {
        boost::asio::post(there->executor(), [there] { there->finish(); });
      } catch (...) {  // out of memory: connections end by their timeouts
      }
    }
  }

  [[nodiscard]] std::uint16_t port() const noexcept override { return port_; }

 private:
  // Weak, as what they hold must not outlive the io_context.
  std::weak_ptr<listener> listener_;
  std::weak_ptr<renderings> pages_;
  std::shared_ptr<gate> calls_;
  std::uint16_t port_ = 0;
};

}  // namespace vitals::inline v0::http::detail

#endif

namespace vitals::inline v0::http {

/// Where a server listens, and what it takes from whom.
struct server_options {
  std::string address = "127.0.0.1";  ///< an IP address, 4 or 6; 0.0.0.0 or :: for all; or `unix:` and a socket's path
  std::uint16_t port = 9464;          ///< 0 lets the system choose: ask `port()` after `start`
  bool metrics = true;                ///< serves `/metrics` and its likes; else they are not found
  bool own_metrics = true;            ///< what the process's servers count of themselves is among them: `own::registry`
  bool openmetrics_created = false;   ///< OpenMetrics says since when counts run: a series of its own to Prometheus 2
  health_page_options health{};       ///< what the health's pages tell beside it
  connection_limits limits{};         ///< how long it waits for a peer, how large a request may be
  connection_counts connections{};    ///< how many there may be
  std::vector<std::string> allowed_hosts{};    ///< names with a dot that requests may come to: see `is_allowed_host`
  std::vector<std::string> allowed_origins{};  ///< whose pages may read it in a browser: see `allowed_origin`
  boost::asio::any_io_executor renderer{};     ///< where pages are made, instead of where the server does
  std::size_t waiting_pages = 16;              ///< different pages that may wait to be made; further scrapes get a 503
  access_rules access{};                       ///< who may ask for what; everybody for everything where it is empty
  std::function<void(std::string_view)> on_warning{};  ///< what is not as it should be; by any thread; must not throw
};

/// Serves some sources: at `/metrics` in the format that is asked for, at `/metrics/json` as JSON, compressed for who
/// accepts gzip; `?name[]=` selects families. `/` lists the routes.
///
/// On threads of its own: one for the connections, where all handlers run, and one that makes the pages of metrics, so
/// that no scrape delays a probe. Or on an io_context that the program runs, where a page is made in slices of 64 KB,
/// each a handler of its own. Either makes them on an executor instead that the options name.
///
/// Make, start, stop and destroy it on one thread at a time; `expose` and `unexpose` may come at any time. Not in a
/// callback of a source that it exposes; nor, with threads of its own, in a handler of its routes.
///
/// In a forked child a server is stopped: its threads are the parent's, and its sockets are closed there. It may be
/// started again, and then serves the same sources and routes with a port of the child's own; or be destroyed, or left.
/// (Not where another thread of the parent's was in one of its functions at the fork.) On an io_context that is the
/// program's to say (`notify_fork`): the child must not use the io_context before, and a server that was started on it
/// may be left or destroyed there, but not started again. A program that is executed gets none of its descriptors.
class server {
 public:
  explicit server(server_options options = {})
      : options_(std::move(options)),
        all_(std::make_shared<detail::endpoint>(
            detail::endpoint_options{.metrics = options_.metrics,
                                     .openmetrics_created = options_.openmetrics_created,
                                     .health = options_.health,
                                     .compress = &make_gzip})) {
    if (options_.metrics && options_.own_metrics) {
      all_->expose<own::registry>();
    }
  }
  /// On an io_context, which must be there for as long as a server is started on it, and may be gone when the server is
  /// stopped or destroyed. Threads that run it, or none, may be at work at any time.
  explicit server(boost::asio::io_context& on, server_options options = {}) : server(std::move(options)) { io_ = &on; }
  server(const server&) = delete;
  server& operator=(const server&) = delete;
  ~server() { stop(); }

  /// Adds sources to `/metrics`, all under one prefix and with the same labels where `how` has some. Throws
  /// std::invalid_argument where one of their families is offered already.
  template <source... Sources>
  void expose(exposure how = {}) {
    mend();
    all_->expose<Sources...>(std::move(how));
  }

  /// The same for an object that is a source, such as `callbacks`. It must live until it is taken away, or the server
  /// is stopped for good.
  void expose(const callbacks& calls, exposure how = {}) {
    mend();
    all_->expose(calls, std::move(how));
  }

  /// Takes sources away: once this returns, nothing reads them, and a library that they came from may be unloaded.
  template <source... Sources>
  void unexpose() {
    mend();
    all_->unexpose<Sources...>();
  }
  void unexpose(const callbacks& calls) {
    mend();
    all_->unexpose(calls);
  }

  /// The routes, to add some of your own before `start`. Their handlers run on the thread that serves.
  [[nodiscard]] router& routes() noexcept { return all_->routes(); }

  /// Listens and serves. Throws std::system_error that names the address where it cannot: one that is no IP address,
  /// or whose port is taken; or that says what is wrong with the rules of access. Does nothing where it serves already.
  void start() {
    mend();
    if (serving_ == nullptr) {
      prepare();
    }
    std::error_code error;
    start(error);
    if (error) {
      throw std::system_error(error,
                              fmt::format("vitals: cannot serve on {} port {}", options_.address, options_.port));
    }
  }

  /// The same, but reports instead of throwing. (Only std::bad_alloc is thrown.)
  void start(std::error_code& error) {
    error.clear();
    mend();
    if (serving_ != nullptr) {
      return;
    }
    try {
      if (access_ == nullptr) {
        prepare();
      }
    } catch (const std::system_error& e) {
      error = e.code();
      return;
    }
    const server_options& o = options_;
    detail::serving_order order{
        .address = o.address,
        .port = o.port,
        .shared = {.routes = {all_, &std::as_const(*all_).routes()},
                   .access = access_->is_needed() ? access_ : nullptr,
                   .connect = std::move(connect_),
                   .limits = o.limits,
                   .allowed_hosts = o.allowed_hosts,
                   .allowed_origins = o.allowed_origins},
        .metrics = o.metrics ? std::shared_ptr<const exposition>{all_, &all_->metrics()} : nullptr,
        .renderer = o.renderer,
        .most_waiting_pages = o.waiting_pages,
        .most = o.connections};
    std::unique_ptr<detail::serving> fresh;
    if (io_ != nullptr) {
      fresh = std::make_unique<detail::on_context>(*io_, std::move(order), error);
    } else {
      fresh = std::make_unique<detail::own_threads>(std::move(order), error);
    }
    if (!error) {
      serving_ = std::move(fresh);
    } else {
      access_.reset();
    }
  }

  /// Stops: the port is free, and once this returns no handler is called and no source read; it waits for one that is
  /// under way. Responses under way are written still, for 2 seconds at most: with threads of its own this waits for
  /// that, else the io_context does it when it runs on. May be started again. Does nothing where it does not serve.
  void stop() noexcept {
    mend();
    if (serving_ != nullptr) {
      serving_->stop();
      serving_.reset();
      access_->stop();
      access_.reset();
    }
  }

  /// The port it listens on, the real one where 0 was asked for; 0 where it does not serve.
  [[nodiscard]] std::uint16_t port() const noexcept {
    return serving_ != nullptr && !serving_->is_parents() ? serving_->port() : 0;
  }

 protected:
  /// For servers with connections of another kind: `prepare` gives their maker at each start, or throws
  /// std::system_error.
  void connect_by(std::function<detail::connector()> prepare) { prepare_connector_ = std::move(prepare); }
  [[nodiscard]] const server_options& options() const noexcept { return options_; }

 private:
  void prepare() {
    connect_ = prepare_connector_ ? prepare_connector_() : nullptr;
    access_ = std::make_shared<detail::gatekeeper>(options_.access, connect_ != nullptr, options_.on_warning);
    boost::system::error_code bad;  // an address that is none, which is said by who listens
    if (connect_ == nullptr && options_.on_warning && access_->takes_secrets() &&
        !detail::listening_point::of(options_.address, options_.port, bad).on_loopback) {
      options_.on_warning(
          fmt::format("vitals: passwords and tokens that come to {} are readable on their way: use "
                      "vitals::http::tls_server, or listen on a loopback address behind who has TLS",
                      options_.address));
    }
  }

  /// In a forked child what serves is the parent's: its threads are not there, and may have held any lock.
  void mend() noexcept {
    if (const std::uint64_t now = detail::kept_descriptor::generation(); generation_ != now) {
      generation_ = now;
      static_cast<void>(serving_.release());
      access_.reset();
      all_->mend_after_fork();
      own::forget_parents(detail::kept_descriptor::generation());
    }
  }

  server_options options_;
  std::shared_ptr<detail::endpoint> all_;
  boost::asio::io_context* io_ = nullptr;
  std::function<detail::connector()> prepare_connector_{};  ///< null for plain connections
  detail::connector connect_{};
  std::shared_ptr<detail::gatekeeper> access_;  ///< there while it serves
  std::unique_ptr<detail::serving> serving_;
  std::uint64_t generation_ = detail::kept_descriptor::generation();  ///< written in a forked child alone
};

}  // namespace vitals::inline v0::http

#endif

namespace vitals::inline v0::http {

namespace detail {

[[noreturn]] inline void refuse_variable(const char* name, std::string_view value, const char* wanted) {
  throw std::invalid_argument(fmt::format("vitals: the environment's {}=\"{}\" is no {}", name, value, wanted));
}

/// The value of a variable; empty where there is none.
inline std::string_view variable(const char* name) noexcept {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string_view{} : std::string_view{value};
}

inline bool read_switch(const char* name, bool otherwise) {
  const std::string_view value = variable(name);
  for (const std::string_view yes : {"true", "1", "yes", "on"}) {
    if (same_name(value, yes)) {
      return true;
    }
  }
  for (const std::string_view no : {"false", "0", "no", "off"}) {
    if (same_name(value, no)) {
      return false;
    }
  }
  if (!value.empty()) {
    refuse_variable(name, value, "switch: true or false");
  }
  return otherwise;
}

}  // namespace detail

/// Options, but for what the environment says otherwise: HEALTH_CHECK_HOST (an IP address, or localhost),
/// HEALTH_CHECK_PORT, METRICS_ENABLED (`false`: /metrics is a 404). A variable that is empty says nothing. Throws
/// std::invalid_argument, which names the variable, for a value that is none. As all that reads the environment, it
/// must not run while another thread changes it.
[[nodiscard]] inline server_options from_environment(server_options options = {}) {
  if (const std::string_view host = detail::variable("HEALTH_CHECK_HOST"); !host.empty()) {
    options.address = host == "localhost" ? std::string_view{"127.0.0.1"} : host;
    boost::system::error_code error;
    boost::asio::ip::make_address(options.address, error);
    if (error && !options.address.starts_with("unix:")) {
      detail::refuse_variable("HEALTH_CHECK_HOST", host, "IP address");
    }
  }
  if (const std::string_view text = detail::variable("HEALTH_CHECK_PORT"); !text.empty()) {
    const char* const end = text.data() + text.size();
    const auto [read, error] = std::from_chars(text.data(), end, options.port);
    if (error != std::errc{} || read != end) {
      detail::refuse_variable("HEALTH_CHECK_PORT", text, "port: a number from 0 to 65535");
    }
  }
  options.metrics = detail::read_switch("METRICS_ENABLED", options.metrics);
  return options;
}

}  // namespace vitals::inline v0::http

#endif
// Pushes to a Pushgateway, for jobs that end before a scraper finds them.
// https://github.com/prometheus/pushgateway#api
#ifndef VITALS_HTTP_PUSH_HPP
#define VITALS_HTTP_PUSH_HPP

#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vitals::inline v0::http {

/// Where a push goes: the gateway, and the group of its metrics that the push replaces, adds to or deletes.
struct push_options {
  std::string host = "127.0.0.1";  ///< a name or an IP address
  std::uint16_t port = 9091;
  std::string job{};
  std::vector<std::pair<std::string, std::string>> grouping{};   ///< labels and their values, `{{"instance", "a"}}`
  std::chrono::milliseconds timeout = std::chrono::seconds{10};  ///< for all: name, connection, request and answer
};

namespace detail {

/// Base64 with the alphabet for URLs, without padding (RFC 4648, 5).
inline std::string base64url(std::string_view bytes) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  std::uint32_t bits = 0;
  int pending = 0;
  for (const char c : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(c);
    for (pending += 8; pending >= 6; pending -= 6) {
      text += digits[bits >> (pending - 6) & 63];
    }
  }
  if (pending != 0) {
    text += digits[bits << (6 - pending) & 63];
  }
  return text;
}

/// All but unreserved characters as `%XX` (RFC 3986, 2.3).
inline std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view{"-._~"}.find(c) != std::string_view::npos;
    encoded += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return encoded;
}

/// A label of the group as a piece of the path. A path cannot hold a slash, nothing, or a dot or two in its place.
inline std::string group_label(std::string_view name, std::string_view value) {
  const bool unfit = value.empty() || value == "." || value == ".." || value.find('/') != std::string_view::npos;
  return unfit ? fmt::format("/{}@base64/{}", name, value.empty() ? "=" : base64url(value))
               : fmt::format("/{}/{}", name, percent_encoded(value));
}

/// The path of a group. Throws std::invalid_argument for what cannot name one.
inline std::string group_path(const push_options& options) {
  const auto require = [](bool good, std::string_view what, std::string_view name) {
    if (!good) {
      throw std::invalid_argument(fmt::format("vitals::http::push: {} \"{}\"", what, name));
    }
  };
  require(!options.job.empty(), "a group is named by its job: set", "job");
  require(is_utf8(options.job), "not UTF-8: the job's name", options.job);
  std::string path = "/metrics" + group_label("job", options.job);
  for (std::size_t i = 0; i != options.grouping.size(); ++i) {
    const auto& [name, value] = options.grouping[i];
    require(is_label_name(name), "no label can be named", name);
    require(is_utf8(value), "not UTF-8: the value of", name);
    bool repeated = name == "job";
    for (std::size_t k = 0; k != i; ++k) {
      repeated = repeated || options.grouping[k].first == name;
    }
    require(!repeated, "given twice: the label", name);
    path += group_label(name, value);
  }
  return path;
}

/// The beginning of a text that a stranger sent as one line, fit to be printed. (A gateway lists its reasons below the
/// first line.)
inline std::string as_one_line(std::string_view text) {
  constexpr std::size_t limit = 500;
  std::string line;
  for (const char c : text.substr(0, limit)) {
    const bool blank = static_cast<unsigned char>(c) <= ' ' || c == 0x7F;
    if (!blank) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  return line.substr(0, line.find_last_not_of(' ') + 1);
}

inline void ask_gateway(std::string_view method, const push_options& options, std::string_view body) {
  const client_request asked{.method = std::string{method},
                             .host = options.host,
                             .port = options.port,
                             .target = group_path(options),
                             .content_type = std::string{body.empty() ? "" : prometheus_text::content_type},
                             .body = body,
                             .timeout = options.timeout};
  const client_response answer = fetch(asked);
  if (answer.status / 100 != 2) {
    const std::string reason = as_one_line(answer.body);
    throw std::runtime_error(fmt::format("vitals: {}: answered {}{}{}", description(asked), answer.status,
                                         reason.empty() ? "" : ": ", reason));
  }
}

}  // namespace detail

/// Replaces the group's metrics on the gateway by all of the Sources' (PUT). Waits for the gateway's word, for
/// `timeout` at most. Throws std::system_error where the gateway cannot be asked (std::errc::timed_out where it takes
/// too long), std::runtime_error with its status and the beginning of its answer where it refuses,
/// std::invalid_argument for a group without a job, or with a label twice, of an illegal name or of a value that is not
/// UTF-8, and std::bad_alloc. Any thread.
template <source... Sources>
requires(sizeof...(Sources) != 0) void push(const push_options& options) {
  detail::ask_gateway("PUT", options, scrape<Sources...>());
}

/// Replaces those of the group's metrics that have the names of the Sources', and keeps the others (POST). Else as
/// `push`.
template <source... Sources>
requires(sizeof...(Sources) != 0) void push_add(const push_options& options) {
  detail::ask_gateway("POST", options, scrape<Sources...>());
}

/// Deletes the group and its metrics (DELETE); one that is not there, too. Else as `push`.
inline void push_delete(const push_options& options) {
  detail::ask_gateway("DELETE", options, {});
}

}  // namespace vitals::inline v0::http

#endif
// The process's own metrics, under the names that all of Prometheus' client libraries use.
// https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics
#ifndef VITALS_PROCESS_PROCESS_METRICS_HPP
#define VITALS_PROCESS_PROCESS_METRICS_HPP

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace vitals::inline v0 {

namespace detail {

/// A family of the process's, and how a reading's number becomes its two cells: the value, and whether there is one.
struct process_number {
  std::string_view name;
  std::string_view help;
  value_kind kind;
  void (*store)(const process_reading&, std::uint64_t* cells) noexcept;
};

template <class T>
constexpr value_kind kind_of(std::optional<T> process_reading::*) noexcept {
  return std::same_as<T, double> ? value_kind::real : value_kind::unsigned_integer;
}

template <auto Member>
constexpr process_number number_from(std::string_view name, std::string_view help) noexcept {
  return {.name = name,
          .help = help,
          .kind = kind_of(Member),
          .store = [](const process_reading& reading, std::uint64_t* cells) noexcept {
            const auto& number = reading.*Member;
            cells[0] = number ? std::bit_cast<std::uint64_t>(*number) : 0;
            cells[1] = number ? 1 : 0;
          }};
}

inline constexpr std::array process_numbers{
    number_from<&process_reading::cpu_seconds>(
        "process_cpu_seconds_total", "Processor time that the process has used, user and system together, in seconds."),
    number_from<&process_reading::open_fds>("process_open_fds", "File descriptors that the process has open."),
    number_from<&process_reading::max_fds>(
        "process_max_fds", "File descriptors that the process may have open, +Inf where there is no limit."),
    number_from<&process_reading::virtual_memory_bytes>("process_virtual_memory_bytes",
                                                        "Address space of the process, in bytes."),
    number_from<&process_reading::virtual_memory_max_bytes>(
        "process_virtual_memory_max_bytes",
        "Address space that the process may have, in bytes, +Inf where there is no limit."),
    number_from<&process_reading::resident_memory_bytes>("process_resident_memory_bytes",
                                                         "Memory of the process that is in RAM, in bytes."),
    number_from<&process_reading::start_time_seconds>("process_start_time_seconds",
                                                      "When the process started, in seconds since 1970."),
    number_from<&process_reading::uptime_seconds>("process_uptime_seconds",
                                                  "Time since the process started, in seconds."),
    number_from<&process_reading::threads>("process_threads", "Threads of the process."),
    number_from<&process_reading::disk_read_bytes>(
        "process_disk_read_bytes_total",
        "Bytes read from storage for the process and the children that it has waited for."),
    number_from<&process_reading::disk_written_bytes>(
        "process_disk_written_bytes_total",
        "Bytes written, or soon to be written, to storage for the process and the children that it has waited for."),
    number_from<&process_reading::network_receive_bytes>(
        "process_network_receive_bytes_total",
        "Bytes of IP packets received in the process's network namespace, by whichever process, loopback included."),
    number_from<&process_reading::network_transmit_bytes>(
        "process_network_transmit_bytes_total",
        "Bytes of IP packets sent from the process's network namespace, by whichever process, loopback included."),
};

inline constexpr auto process_families = [] {
  std::array<family, process_numbers.size()> families{};
  for (std::size_t i = 0; i != families.size(); ++i) {
    const process_number& n = process_numbers[i];
    const auto first = static_cast<std::uint32_t>(2 * i);
    families[i] = {.name = n.name,
                   .help = n.help,
                   .unit = known_unit(n.name),
                   .type = n.name.ends_with("_total") ? metric_type::counter : metric_type::gauge,
                   .kind = n.kind,
                   .labels = {},
                   .bounds = {},
                   .first = first,
                   .series = 1,
                   .stride = 1,
                   .width = 1,
                   .present = first + 1};
  }
  return families;
}();

/// The calling process as a source of families, with the files that it is read from.
constexpr source_ref process_source(const proc_files& files) noexcept {
  return {.families = process_families,
          .cells = 2 * process_families.size(),
          .read =
              [](const void* self, std::uint64_t* out) noexcept {
                const process_reading reading = read_process(*static_cast<const proc_files*>(self));
                for (const process_number& n : process_numbers) {
                  n.store(reading, out);
                  out += 2;
                }
              },
          .self = &files};
}

}  // namespace detail

/// The calling process as a source: processor time, memory, file descriptors, threads, start time, disk and network
/// bytes. Expose it beside registries: `scrape<metrics, process_metrics>()`. A family that the system does not tell is
/// left out.
struct process_metrics {
  [[nodiscard]] static constexpr source_ref source() noexcept { return detail::process_source(files); }

 private:
  static constexpr detail::proc_files files{};
};

}  // namespace vitals::inline v0

#endif
#endif

#if defined(VITALS_HTTP) && defined(VITALS_CRYPT) && !defined(VITALS_CRYPT_INCLUDED)
#define VITALS_CRYPT_INCLUDED
// Passwords' hashes as crypt(3) has them: bcrypt, yescrypt, SHA-512. Behind VITALS_CRYPT; needs libcrypt (-lcrypt).
#ifndef VITALS_HTTP_CRYPT_HPP
#define VITALS_HTTP_CRYPT_HPP

#include <crypt.h>

#include <cstring>
#include <memory>
#include <string>

namespace vitals::inline v0::http {

namespace detail {

inline bool matches_crypt(const std::string& password, const std::string& hash) {
  const auto memory = std::make_unique<crypt_data>();
  const char* const made = ::crypt_r(password.c_str(), hash.c_str(), memory.get());
  const bool matches = made != nullptr && made[0] != '*' && same_secret(made, hash);
  ::explicit_bzero(memory.get(), sizeof *memory);
  return matches;
}

/// A setting that libcrypt knows, and behind it what becomes of a password.
inline bool is_crypt(const std::string& hash) {
  if (!hash.starts_with('$')) {  // the oldest ones: of 8 characters alone
    return false;
  }
  const auto memory = std::make_unique<crypt_data>();
  const char* const made = ::crypt_r("", hash.c_str(), memory.get());
  return made != nullptr && made[0] != '*' && std::strlen(made) == hash.size();
}

}  // namespace detail

/// For `access_rules::passwords`. `htpasswd -nB name`, `mkpasswd` and `openssl passwd -6` make such hashes.
inline constexpr password_hashing crypt_hashing{.matches = &detail::matches_crypt, .is_hash = &detail::is_crypt};

}  // namespace vitals::inline v0::http

#endif
#endif

#if defined(VITALS_HTTP) && defined(VITALS_TLS) && !defined(VITALS_TLS_INCLUDED)
#define VITALS_TLS_INCLUDED
// The server over TLS. Behind VITALS_TLS; needs OpenSSL (-lssl -lcrypto).
#ifndef VITALS_HTTP_TLS_HPP
#define VITALS_HTTP_TLS_HPP

#include <utility>  // before asio, which misses it in g++

#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>

#include <memory>
#include <new>
#include <system_error>

// A server's certificates and key, from files that may change while it serves.
#ifndef VITALS_HTTP_TLS_KEYS_HPP
#define VITALS_HTTP_TLS_KEYS_HPP

#include <fmt/format.h>

#include <utility>  // before asio, which misses it in g++

#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/context.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace vitals::inline v0::http {

/// Files as OpenSSL has them (PEM). They are read at the start and by `tls_server::reload`, and when they change: the
/// connections that come then get the new ones, those that are there go on.
struct tls_options {
  std::string certificate{};         ///< the server's, and behind it those up to the authority's, but for its own
  std::string key{};                 ///< of the certificate; without a passphrase
  std::string client_authorities{};  ///< who signs clients' certificates; needed where a rule of access asks for them
};

namespace detail {

/// The files, and what was last made of them. Thread-safe.
class tls_keys {
 public:
  /// Throws std::system_error, which says what to do, for files that cannot be used.
  tls_keys(tls_options files, warning_sink warn)
      : files_(std::move(files)),
        warn_(std::move(warn)),
        watch_(paths_of(files_)),
        now_(load()) {}

  /// What new connections use. Looks whether the files changed; where they are no good, the old ones stay.
  [[nodiscard]] std::shared_ptr<boost::asio::ssl::context> get() {
    const std::lock_guard lock{mutex_};
    if (watch_.changed()) {
      try {
        now_ = load();
      } catch (const std::system_error& e) {
        if (warn_) {
          warn_(fmt::format("{}; the former certificate stays", e.what()));
        }
      }
    }
    return now_;
  }

  /// Reads the files again. Throws as the constructor does, and then the old ones stay.
  void reload() {
    const std::lock_guard lock{mutex_};
    now_ = load();
  }

 private:
  using context = boost::asio::ssl::context;

  static std::vector<std::string> paths_of(const tls_options& files) {
    std::vector<std::string> paths{files.certificate, files.key};
    if (!files.client_authorities.empty()) {
      paths.push_back(files.client_authorities);
    }
    return paths;
  }

  [[nodiscard]] std::shared_ptr<context> load() const {
    if (files_.certificate.empty() || files_.key.empty()) {
      throw std::system_error(std::make_error_code(std::errc::invalid_argument),
                              "vitals: a tls_server needs the files of a certificate and of its key: set .certificate "
                              "and .key");
    }
    auto fresh = std::make_shared<context>(context::tls_server);
    harden(*fresh);
    const std::string certificate = read_guarded(files_.certificate, file_use::trusted, warn_);
    const std::string key = read_guarded(files_.key, file_use::secret, warn_);
    boost_error error;
    // A key with a passphrase would have OpenSSL ask for it at the terminal.
    fresh->set_password_callback([](std::size_t, context::password_purpose) { return std::string{}; }, error);
    fresh->use_certificate_chain(boost::asio::buffer(certificate), error);
    refuse_if(error, files_.certificate, "has no certificate in PEM form");
    fresh->use_private_key(boost::asio::buffer(key), context::pem, error);
    const bool is_another = ERR_GET_REASON(static_cast<unsigned long>(error.value())) == X509_R_KEY_VALUES_MISMATCH;
    if (is_another || (!error && SSL_CTX_check_private_key(fresh->native_handle()) != 1)) {
      refuse_file(files_.key, EINVAL,
                  fmt::format("is not the key of the certificate in \"{}\": see that both were made together",
                              files_.certificate));
    }
    refuse_if(error, files_.key,
              "has no private key in PEM form, or one with a passphrase: \"openssl pkey\" removes it");
    if (!files_.client_authorities.empty()) {
      ask_for_client(*fresh);
    }
    ERR_clear_error();
    return fresh;
  }

  static void harden(context& all) {
    SSL_CTX* const raw = all.native_handle();
    SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
    // Sessions are not resumed: each connection is judged by the certificates of now.
    SSL_CTX_set_options(
        raw, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_num_tickets(raw, 0);
    SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS);
  }

  /// Clients without a certificate are let in: the rules of access decide what they may ask for.
  void ask_for_client(context& of) const {
    const std::string authorities = read_guarded(files_.client_authorities, file_use::trusted, warn_);
    boost_error error;
    of.add_certificate_authority(boost::asio::buffer(authorities), error);
    refuse_if(error, files_.client_authorities, "has no certificate in PEM form");
    of.set_verify_mode(boost::asio::ssl::verify_peer, error);
  }

  static void refuse_if(boost_error error, const std::string& path, std::string_view why) {
    if (error) {
      ERR_clear_error();
      refuse_file(path, EINVAL, why);
    }
  }

  tls_options files_;
  warning_sink warn_;
  std::mutex mutex_;  ///< guards the two below
  file_watch watch_;
  std::shared_ptr<context> now_;
};

}  // namespace detail

}  // namespace vitals::inline v0::http

#endif
// A connection over TLS, by OpenSSL.
#ifndef VITALS_HTTP_TLS_STREAM_HPP
#define VITALS_HTTP_TLS_STREAM_HPP

#include <utility>  // before asio, which misses it in g++

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <openssl/ssl.h>

#include <functional>
#include <memory>

namespace vitals::inline v0::http::detail {

/// What a session reads and writes, with a beginning and an end of its own.
class tls_stream {
 public:
  using socket = asio::generic::stream_protocol::socket;
  using executor_type = socket::executor_type;
  using lowest_layer_type = socket::lowest_layer_type;

  /// `on_failure` is called where the two ends cannot agree, or the client's certificate is no good; but not where the
  /// client just goes away. It must not throw.
  tls_stream(std::shared_ptr<asio::ssl::context> by, socket over, std::function<void()> on_failure)
      : by_(std::move(by)),
        stream_(std::move(over), *by_),
        on_failure_(std::move(on_failure)) {}

  [[nodiscard]] executor_type get_executor() noexcept { return stream_.get_executor(); }
  [[nodiscard]] lowest_layer_type& lowest_layer() noexcept { return stream_.lowest_layer(); }

  /// Whether the client has a certificate that was verified. To be asked after `async_begin`.
  [[nodiscard]] bool has_client_certificate() const noexcept { return has_client_certificate_; }

  /// The handshake.
  template <class Then>
  void async_begin(Then then) {
    stream_.async_handshake(asio::ssl::stream_base::server, [this, then = std::move(then)](boost_error error) mutable {
      if (!error) {
        look_at_client();
      } else if (error.category() == asio::error::get_ssl_category() && on_failure_) {
        on_failure_();
      }
      then(error);
    });
  }

  /// Says that nothing more comes, and waits for the client to say so. What then comes is read as it is.
  template <class Then>
  void async_end(Then then) {
    stream_.async_shutdown([this, then = std::move(then)](boost_error) mutable {
      is_over_ = true;
      then();
    });
  }

  template <class Buffers, class Handler>
  void async_read_some(const Buffers& into, Handler&& then) {
    if (is_over_) {
      stream_.next_layer().async_read_some(into, std::forward<Handler>(then));
    } else {
      stream_.async_read_some(into, std::forward<Handler>(then));
    }
  }
  template <class Buffers, class Handler>
  void async_write_some(const Buffers& from, Handler&& then) {
    stream_.async_write_some(from, std::forward<Handler>(then));
  }

 private:
  void look_at_client() {
    SSL* const ssl = stream_.native_handle();
    X509* const its = SSL_get_peer_certificate(ssl);
    has_client_certificate_ = its != nullptr && SSL_get_verify_result(ssl) == X509_V_OK;
    X509_free(its);
  }

  std::shared_ptr<asio::ssl::context> by_;
  asio::ssl::stream<socket> stream_;
  std::function<void()> on_failure_;
  bool has_client_certificate_ = false;
  bool is_over_ = false;
};

}  // namespace vitals::inline v0::http::detail

#endif

namespace vitals::inline v0::http {

/// A `server` whose connections are TLS 1.2 or later. `start` throws std::system_error, which says what to do, for
/// files that are missing, or can be written by anybody, or a key that is not the certificate's; as `server::start` it
/// does nothing where it serves already.
///
///   vitals::http::tls_server server{{.certificate = "tls.crt", .key = "tls.key"}, {.address = "0.0.0.0"}};
class tls_server : private server {
 public:
  explicit tls_server(tls_options files, server_options options = {})
      : server(std::move(options)),
        files_(std::move(files)) {
    connect_by([this] { return make_connector(); });
  }
  /// On an io_context, as `server` is.
  explicit tls_server(boost::asio::io_context& on, tls_options files, server_options options = {})
      : server(on, std::move(options)),
        files_(std::move(files)) {
    connect_by([this] { return make_connector(); });
  }
  tls_server(const tls_server&) = delete;
  tls_server& operator=(const tls_server&) = delete;
  ~tls_server() { stop(); }

  using server::expose;
  using server::port;
  using server::routes;
  using server::start;
  using server::stop;
  using server::unexpose;

  /// Reads the files again, for the connections that come from now on. Throws std::system_error where they cannot be
  /// used: then those of before stay. Does nothing before the first start. While `start` and `stop` are not called,
  /// from any thread.
  void reload() {
    if (keys_ != nullptr) {
      keys_->reload();
    }
  }
  /// The same, but reports instead of throwing.
  void reload(std::error_code& error) {
    error.clear();
    try {
      reload();
    } catch (const std::system_error& e) {
      error = e.code();
    }
  }

 private:
  using tls_session = detail::session<detail::tls_stream>;

  detail::connector make_connector() {
    const server_options& o = options();
    const access_rules& rules = o.access;
    if (files_.client_authorities.empty() &&
        (rules.metrics.client_certificate || rules.probes.client_certificate || rules.rest.client_certificate)) {
      throw std::system_error(std::make_error_code(std::errc::invalid_argument),
                              "vitals: a rule of access asks for client certificates, and no authority signs them: set "
                              ".client_authorities to the file of its certificate");
    }
    keys_ = std::make_shared<detail::tls_keys>(files_, o.on_warning);
    return [keys = keys_](std::shared_ptr<const detail::service> of, std::unique_ptr<detail::kept_descriptor> own,
                          detail::tls_stream::socket socket) -> std::shared_ptr<detail::connection> {
      auto on_failure = [access = std::weak_ptr{of->access}] {
        if (const auto told = access.lock()) {
          told->refused(access_refusal::handshake);
        }
      };
      try {
        return std::make_shared<tls_session>(std::move(of), std::move(own), keys->get(), std::move(socket),
                                             std::move(on_failure));
      } catch (const boost::system::system_error&) {  // OpenSSL has no memory for it
        throw std::bad_alloc{};
      }
    };
  }

  tls_options files_;
  std::shared_ptr<detail::tls_keys> keys_;  ///< of the last start
};

}  // namespace vitals::inline v0::http

#endif
#endif
