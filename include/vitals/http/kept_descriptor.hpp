// Descriptors that belong to a process alone: a program that it executes does not get them, and a child that it forks
// closes its copies at once, so that no connection stays open and no port taken for as long as the child lives.
#ifndef VITALS_HTTP_KEPT_DESCRIPTOR_HPP
#define VITALS_HTTP_KEPT_DESCRIPTOR_HPP

#include <cxxabi.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <mutex>

#include <vitals/core/record.hpp>

namespace vitals::inline v0::http::detail {

/// A socket's descriptor, which somebody else reads and writes.
class kept_descriptor {
 public:
  kept_descriptor() = default;
  kept_descriptor(const kept_descriptor&) = delete;
  kept_descriptor& operator=(const kept_descriptor&) = delete;
  ~kept_descriptor() { forget(); }

  /// How often this process was forked, counted from its first ancestor that kept a descriptor. Another number says
  /// that the threads and sockets of before were the parent's.
  [[nodiscard]] static std::uint64_t generation() noexcept { return all().generation.load(std::memory_order_relaxed); }

  /// A new socket, or -1 and errno. A forked child closes it where `closes_at_fork`.
  int open(int family, bool closes_at_fork) noexcept {
    return keep(closes_at_fork, [family] { return ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0); });
  }
  /// The next connection of a listening socket, or -1 and errno.
  int accept(int listening, bool closes_at_fork) noexcept {
    return keep(closes_at_fork, [listening] { return ::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC); });
  }
  /// One that is only there to be closed, or -1.
  int open_nothing(bool closes_at_fork) noexcept {
    return keep(closes_at_fork, [] { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); });
  }

  [[nodiscard]] int get() const noexcept { return descriptor_; }

  /// Closes it. Does nothing where it is closed.
  void close() noexcept {
    const std::lock_guard lock{all().mutex};
    if (descriptor_ != -1) {
      ::close(descriptor_);
    }
    unlink();
  }
  /// Somebody else closes it.
  void forget() noexcept {
    const std::lock_guard lock{all().mutex};
    unlink();
  }

 private:
  struct list {
    std::mutex mutex;  ///< guards the list, and that what is open is in it; nothing else is locked under it
    kept_descriptor* first;
    bool has_handler;
    std::atomic<std::uint64_t> generation;  ///< written by a child before it has a second thread; relaxed
  };
  /// Trivially destroyed, as its handlers may run after main.
  static list& all() noexcept {
    static constinit list the_list{};
    return the_list;
  }

  /// Opened under the mutex: no fork comes between that and being in the list.
  template <class Open>
  int keep(bool closes_at_fork, Open open_it) noexcept {
    const std::lock_guard lock{all().mutex};
    keep_handler();
    descriptor_ = open_it();
    if (descriptor_ != -1 && closes_at_fork) {
      next_ = all().first;
      if (next_ != nullptr) {
        next_->previous_ = this;
      }
      all().first = this;
      listed_ = true;
    }
    return descriptor_;
  }
  void unlink() noexcept {
    if (listed_) {
      (previous_ != nullptr ? previous_->next_ : all().first) = next_;
      if (next_ != nullptr) {
        next_->previous_ = previous_;
      }
      next_ = previous_ = nullptr;
      listed_ = false;
    }
    descriptor_ = -1;
  }

  static void keep_handler() noexcept {
    if (!all().has_handler) {
      all().has_handler = pthread_atfork(&before_fork, &after_fork_in_parent, &after_fork_in_child) == 0;
      __cxxabiv1::__cxa_atexit(&forget_handler, nullptr, &v0::detail::this_library);
    }
  }
  /// The handler goes when its library is closed: who keeps a descriptor next makes another.
  static void forget_handler(void*) noexcept {
    const std::lock_guard lock{all().mutex};
    all().has_handler = false;
  }
  static void before_fork() noexcept { all().mutex.lock(); }
  static void after_fork_in_parent() noexcept { all().mutex.unlock(); }
  static void after_fork_in_child() noexcept {
    list& l = all();
    while (l.first != nullptr) {
      ::close(l.first->descriptor_);
      l.first->unlink();
    }
    l.generation.store(l.generation.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    l.mutex.unlock();
  }

  int descriptor_ = -1;
  bool listed_ = false;
  kept_descriptor* next_ = nullptr;
  kept_descriptor* previous_ = nullptr;
};

}  // namespace vitals::inline v0::http::detail

#endif
