// A clock that a test sets.
#ifndef VITALS_TESTS_HEALTH_SET_CLOCK_HPP
#define VITALS_TESTS_HEALTH_SET_CLOCK_HPP

#include <atomic>
#include <cstdint>

/// One for all that is under test: a test of its own begins by setting it.
struct set_clock {
  static constexpr std::uint64_t epoch = 1'700'000'000'000;  ///< of the wall clock

  static inline std::atomic<std::uint64_t> now{1'000'000};
  static inline std::atomic<std::uint64_t> readings{0};

  static std::uint64_t milliseconds() noexcept {
    ++readings;
    return now;
  }
  static std::uint64_t wall() noexcept {
    ++readings;
    return epoch + now;
  }
  static std::uint64_t ticks() noexcept {
    ++readings;
    return now + 1;
  }
  static std::uint64_t silence(std::uint64_t ticks) noexcept {
    const std::uint64_t then = ticks - 1;
    return now < then ? 0 : now - then;
  }
};

#endif
