// Active checks: run on a period, each on a thread of its own, never on a probe's path.
#ifndef VITALS_HEALTH_MONITOR_HPP
#define VITALS_HEALTH_MONITOR_HPP

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <concepts>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <vitals/health/check.hpp>
#include <vitals/health/component_state.hpp>
#include <vitals/health/health.hpp>
#include <vitals/health/health_clock.hpp>
#include <vitals/health/mark.hpp>
#include <vitals/health/quiet_thread.hpp>
#include <vitals/health/report.hpp>
#include <vitals/metric/duration.hpp>

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

using check_milliseconds = std::uint64_t (*)() noexcept;

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

}  // namespace detail

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
