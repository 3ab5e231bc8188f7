// A timer: observes the time that it lived.
#ifndef VITALS_METRIC_TIMER_HPP
#define VITALS_METRIC_TIMER_HPP

#include <vitals/core/chrono.hpp>
#include <vitals/metric/exemplar.hpp>

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
