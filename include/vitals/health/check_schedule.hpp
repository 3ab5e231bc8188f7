// When a check starts, and when it is overdue.
#ifndef VITALS_HEALTH_CHECK_SCHEDULE_HPP
#define VITALS_HEALTH_CHECK_SCHEDULE_HPP

#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>

#include <vitals/health/component_state.hpp>

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
