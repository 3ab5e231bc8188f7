// Threads of the library's own: signals are for the program's threads.
#ifndef VITALS_HEALTH_QUIET_THREAD_HPP
#define VITALS_HEALTH_QUIET_THREAD_HPP

#include <pthread.h>
#include <signal.h>

#include <thread>
#include <utility>

namespace vitals::inline v0::detail {

/// A thread that runs `work` with signals blocked, but for those of a crash: work may be the program's own, and where
/// it crashes the program's handler is to see it. Throws std::system_error where there can be none.
template <class Work>
std::thread quiet_thread(Work work) {
  struct blocked {
    blocked() noexcept {
      sigset_t quiet;
      sigfillset(&quiet);
      for (const int crash : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT}) {
        sigdelset(&quiet, crash);
      }
      pthread_sigmask(SIG_BLOCK, &quiet, &before);
    }
    blocked(const blocked&) = delete;
    blocked& operator=(const blocked&) = delete;
    ~blocked() { pthread_sigmask(SIG_SETMASK, &before, nullptr); }
    sigset_t before{};
  };
  const blocked while_it_starts;
  return std::thread{std::move(work)};
}

}  // namespace vitals::inline v0::detail

#endif
