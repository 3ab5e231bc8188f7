// Patience for what other threads must come to do.
#ifndef VITALS_TESTS_WAIT_FOR_HPP
#define VITALS_TESTS_WAIT_FOR_HPP

#include <chrono>
#include <functional>
#include <thread>

inline constexpr std::chrono::seconds long_enough{60};

/// Whether it has come to be so.
inline bool wait_for(const std::function<bool()>& done) {
  const auto end = std::chrono::steady_clock::now() + long_enough;
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) {
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  return true;
}

#endif
