// Clocks: for timers steady_clock, and by choice the processor's time-stamp counter; a coarse one for time windows.
#ifndef VITALS_CORE_CLOCK_HPP
#define VITALS_CORE_CLOCK_HPP

#include <time.h>

#include <atomic>
#include <cstdint>

#include <vitals/core/chrono.hpp>
#include <vitals/core/config.hpp>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace vitals::inline v0 {

/// A steady clock read from the processor's time-stamp counter: about half the cost of steady_clock. Its rate is
/// measured against steady_clock in 20 ms at the first reading (`calibrate()` does it ahead), to some parts in 100,000.
/// Where the counter does not tick at a constant rate it is steady_clock itself. Thread-safe.
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
      __extension__ using wide = unsigned __int128;
      return time_point{duration{static_cast<rep>(static_cast<wide>(ticks()) * rate >> fraction_bits)}};
    }
    return first_now(rate);
  }

  /// Measures the counter's rate now rather than at the first reading. Waits 20 ms the first time.
  VITALS_COLD static void calibrate() noexcept {
    if (rate_.load(std::memory_order_acquire) != 0) {
      return;
    }
    std::uint64_t rate = unusable;
    if (counter_is_invariant()) {
      const auto start = std::chrono::steady_clock::now();
      const std::uint64_t first = ticks();
      auto end = start;
      while (end - start < std::chrono::milliseconds{20}) {
        end = std::chrono::steady_clock::now();
      }
      const std::uint64_t passed = ticks() - first;
      const auto nanoseconds = static_cast<double>(duration{end - start}.count());
      rate = static_cast<std::uint64_t>(nanoseconds / static_cast<double>(passed) *
                                        static_cast<double>(std::uint64_t{1} << fraction_bits));
    }
    std::uint64_t unset = 0;  // the first to finish decides: a rate that changed would make the clock jump
    rate_.compare_exchange_strong(unset, rate, std::memory_order_acq_rel);
  }

  /// The counter as it is: cheaper than `now`, for what is compared later. Steady_clock's nanoseconds where the counter
  /// does not tick at a constant rate.
  [[nodiscard]] VITALS_HOT static std::uint64_t raw() noexcept {
    return usable_.load(std::memory_order_relaxed) == 1 ? ticks() : first_raw();
  }

  /// A difference of two `raw()` in nanoseconds. Waits 20 ms the first time.
  [[nodiscard]] static std::uint64_t nanoseconds(std::uint64_t difference) noexcept {
    if (!is_counter()) {
      return difference;
    }
    calibrate();
    __extension__ using wide = unsigned __int128;
    return static_cast<std::uint64_t>(static_cast<wide>(difference) * rate_.load(std::memory_order_acquire) >>
                                      fraction_bits);
  }

 private:
  static constexpr int fraction_bits = 32;

  /// Whether the counter is one: 0 before it is known, then 1 or 2, which each thread would find alike.
  static inline constinit std::atomic<std::uint32_t> usable_{0};

  static bool is_counter() noexcept {
    std::uint32_t known = usable_.load(std::memory_order_relaxed);
    if (known == 0) {
      known = counter_is_invariant() ? 1 : 2;
      usable_.store(known, std::memory_order_relaxed);
    }
    return known == 1;
  }
  VITALS_COLD static std::uint64_t first_raw() noexcept {
    return is_counter() ? ticks()
                        : static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
  }
  static constexpr std::uint64_t unusable = ~std::uint64_t{0};

  /// Nanoseconds a tick as a binary fraction; 0 before it is known. Written once, by whoever calibrates first; it
  /// publishes nothing but itself.
  static inline constinit std::atomic<std::uint64_t> rate_{0};

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
