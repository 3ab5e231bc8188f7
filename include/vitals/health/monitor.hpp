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

#include <vitals/health/check.hpp>
#include <vitals/health/check_schedule.hpp>
#include <vitals/health/check_watch.hpp>
#include <vitals/health/health.hpp>
#include <vitals/health/health_clock.hpp>
#include <vitals/health/quiet_thread.hpp>

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
