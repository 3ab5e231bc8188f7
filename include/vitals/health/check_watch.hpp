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

#include <vitals/health/check.hpp>
#include <vitals/health/check_schedule.hpp>
#include <vitals/health/check_task.hpp>
#include <vitals/health/component.hpp>
#include <vitals/health/component_state.hpp>
#include <vitals/health/mark.hpp>
#include <vitals/health/quiet_thread.hpp>
#include <vitals/health/report.hpp>
#include <vitals/metric/duration.hpp>

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
