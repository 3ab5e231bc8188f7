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
