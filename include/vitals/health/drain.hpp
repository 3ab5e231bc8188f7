// Draining: a program that is asked to end goes on for a while, so that balancers can turn away from it first.
#ifndef VITALS_HEALTH_DRAIN_HPP
#define VITALS_HEALTH_DRAIN_HPP

#include <semaphore.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <thread>

#include <vitals/health/health.hpp>
#include <vitals/health/quiet_thread.hpp>

namespace vitals::inline v0 {

/// How a program drains.
struct drain_options {
  std::chrono::milliseconds delay = std::chrono::seconds{5};  ///< from the wish to end to the return of `wait`
  bool on_sigterm = true;
  bool on_sigint = false;
};

namespace detail {

/// The signals that ask a program to end. One in a process at a time.
class end_signals {
 public:
  /// Throws std::logic_error where another one handles signals, std::system_error where the system refuses.
  end_signals(bool on_sigterm, bool on_sigint) : wanted_{on_sigterm, on_sigint} {
    if (taken_.exchange(true, std::memory_order_acq_rel)) {
      throw std::logic_error("vitals: another vitals::drain handles the program's signals already");
    }
    if (!has_semaphore_) {  // it stays for good: a handler may be at it in another thread, however late
      ::sem_init(&asked_, 0, 0);
      has_semaphore_ = true;
    }
    owner_.store(::getpid(), std::memory_order_relaxed);
    seen_.store(false, std::memory_order_relaxed);
    for (std::size_t i = 0; i != signals.size(); ++i) {
      if (!wanted_[i]) {
        continue;
      }
      struct sigaction action {};
      action.sa_handler = &handle;
      action.sa_flags = SA_RESTART;  // the program goes on: its calls are not interrupted
      ::sigfillset(&action.sa_mask);
      if (::sigaction(signals[i], nullptr, &former_[i]) != 0 || ::sigaction(signals[i], &action, nullptr) != 0) {
        const int why = errno;
        restore(i);
        taken_.store(false, std::memory_order_release);
        throw std::system_error(why, std::generic_category(), "vitals: cannot handle a signal");
      }
    }
  }
  end_signals(const end_signals&) = delete;
  end_signals& operator=(const end_signals&) = delete;
  ~end_signals() {
    restore(signals.size());
    taken_.store(false, std::memory_order_release);
  }

  /// Waits for a signal, or for `wake`. Whether there was a signal.
  bool wait() noexcept {
    while (::sem_wait(&asked_) != 0 && errno == EINTR) {
    }
    return seen_.load(std::memory_order_acquire);
  }
  void wake() noexcept { ::sem_post(&asked_); }

 private:
  static constexpr std::array signals{SIGTERM, SIGINT};

  /// Async-signal-safe. A child that was forked has nobody who waits: there the signal does what it did before.
  static void handle(int signal) noexcept {
    const int before = errno;
    if (::getpid() == owner_.load(std::memory_order_relaxed)) {
      seen_.store(true, std::memory_order_release);
      ::sem_post(&asked_);
    } else {
      ::sigaction(signal, &former_[signal == SIGTERM ? 0 : 1], nullptr);
      ::raise(signal);  // delivered when this returns
    }
    errno = before;
  }

  /// The former handlers of the first signals, but where somebody has put another one into our place.
  void restore(std::size_t count) noexcept {
    for (std::size_t i = 0; i != count; ++i) {
      struct sigaction now {};
      if (wanted_[i] && ::sigaction(signals[i], nullptr, &now) == 0 && now.sa_handler == &handle) {
        ::sigaction(signals[i], &former_[i], nullptr);
      }
    }
  }

  std::array<bool, signals.size()> wanted_;
  static inline constinit std::atomic<bool> taken_{false};  // acquire and release: the next owner sees the last one's
  static inline constinit bool has_semaphore_ = false;
  static inline sem_t asked_;
  static inline constinit std::atomic<bool> seen_{false};  // release in the handler; what it says is all that it says
  static inline constinit std::atomic<pid_t> owner_{0};    // relaxed: written before a handler is there
  static inline std::array<struct sigaction, signals.size()> former_{};  // likewise; a child's handler reads its copy
};

/// When a drain began, and when it is over.
class drain_time {
 public:
  using clock = std::chrono::steady_clock;

  drain_time() = default;
  drain_time(const drain_time&) = delete;
  drain_time& operator=(const drain_time&) = delete;
  ~drain_time() {
    if (is_inherited()) {
      static_cast<void>(changed_.release());  // it would wait for those who waited when this child was forked
    }
  }

  /// Whether this is a child that was forked since.
  [[nodiscard]] bool is_inherited() const noexcept { return process_ != ::getpid(); }

  void begin(clock::time_point now, std::chrono::milliseconds delay) noexcept {
    constexpr std::chrono::milliseconds most = std::chrono::hours{24};
    const std::lock_guard lock{mutex_};
    end_ = now + std::clamp(delay, std::chrono::milliseconds{0}, most);
    changed_->notify_all();
  }
  [[nodiscard]] std::optional<clock::time_point> end() const noexcept {
    const std::lock_guard lock{mutex_};
    return end_;
  }
  [[nodiscard]] bool is_over(clock::time_point now) const noexcept {
    const auto at = end();
    return at && *at <= now;
  }
  void wait() noexcept {
    std::unique_lock lock{mutex_};
    changed_->wait(lock, [&] { return end_.has_value(); });
    while (clock::now() < *end_) {
      changed_->wait_until(lock, *end_);
    }
  }

 private:
  mutable std::mutex mutex_;
  std::unique_ptr<std::condition_variable> changed_ = std::make_unique<std::condition_variable>();
  const ::pid_t process_ = ::getpid();
  std::optional<clock::time_point> end_;
};

}  // namespace detail

/// The end of a program, in order: at SIGTERM (SIGINT too, by choice) or `begin` it is marked as draining at once, so
/// that readiness fails; everything else goes on, probes and scrapes included, until the delay is over and `wait`
/// returns. A second signal changes nothing. When the object goes, the program is marked as stopped.
///
///   vitals::drain<app_health> drain{{.delay = 5s}};
///   ...                                              // start servers and workers
///   drain.wait();                                    // then stop them
///
/// One in a process handles signals at a time; the former handlers are restored when it goes. A thread that has the
/// signals blocked does not receive them, so at least one must not.
template <class Health>
class drain {
  static_assert(detail::is_health<Health>, "a drain is of a program's health: write vitals::drain<app_health>");

 public:
  /// Throws std::logic_error where another drain handles signals, std::system_error where there can be no thread.
  explicit drain(const drain_options& options = {}) : options_(options) {
    if (options.on_sigterm || options.on_sigint) {
      signals_.emplace(options.on_sigterm, options.on_sigint);
      thread_ = detail::quiet_thread([this] {
        while (!gone_.load(std::memory_order_acquire)) {
          if (signals_->wait()) {
            begin();
          }
        }
      });
    }
  }
  drain(const drain&) = delete;
  drain& operator=(const drain&) = delete;
  ~drain() {
    if (thread_.joinable() && time_.is_inherited()) {
      thread_.detach();  // it is not there
    } else if (thread_.joinable()) {
      gone_.store(true, std::memory_order_release);
      signals_->wake();
      thread_.join();
    }
    Health::mark_stopped();
  }

  /// Begins to drain, as a signal does. Any thread, any number of times; not for a signal handler.
  void begin() noexcept {
    if (!begun_.exchange(true, std::memory_order_acq_rel)) {
      Health::mark_draining();  // before anybody may be told that it is over
      time_.begin(detail::drain_time::clock::now(), options_.delay);
    }
  }

  /// Whether it has begun.
  [[nodiscard]] bool has_begun() const noexcept { return begun_.load(std::memory_order_acquire); }

  /// Whether it has begun and the delay is over, for a loop that has other things to do than to `wait`. Any thread.
  [[nodiscard]] bool is_over() const noexcept { return has_begun() && time_.is_over(detail::drain_time::clock::now()); }

  /// Waits until it has begun and the delay is over. Any thread, any number of them.
  void wait() noexcept { time_.wait(); }

 private:
  drain_options options_;
  detail::drain_time time_;
  std::atomic<bool> begun_{false};  // acquire and release: set once, by whoever begins
  std::optional<detail::end_signals> signals_;
  std::atomic<bool> gone_{false};  // release before the semaphore's post, acquire after its wait
  std::thread thread_;
};

}  // namespace vitals::inline v0

#endif
