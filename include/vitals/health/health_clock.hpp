// The clocks of a program's health: one for times, one that is read at a heartbeat.
#ifndef VITALS_HEALTH_HEALTH_CLOCK_HPP
#define VITALS_HEALTH_HEALTH_CLOCK_HPP

#include <time.h>

#include <cstdint>

#include <vitals/core/clock.hpp>
#include <vitals/core/config.hpp>

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
