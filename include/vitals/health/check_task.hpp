// A check and its thread: what runs it, and what of it may be left behind.
#ifndef VITALS_HEALTH_CHECK_TASK_HPP
#define VITALS_HEALTH_CHECK_TASK_HPP

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

#include <vitals/health/check.hpp>
#include <vitals/health/check_schedule.hpp>
#include <vitals/health/report.hpp>
#include <vitals/metric/duration.hpp>

namespace vitals::inline v0::detail {

using check_milliseconds = std::uint64_t (*)() noexcept;

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

}  // namespace vitals::inline v0::detail

#endif
