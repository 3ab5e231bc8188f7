// What locks.hpp counts is counted here: for one file of a program.
#ifndef VITALS_TESTS_COUNT_LOCKS_HPP
#define VITALS_TESTS_COUNT_LOCKS_HPP

#include <dlfcn.h>
#include <pthread.h>

#include <cstddef>

#include <locks.hpp>

#if VITALS_TESTS_COUNT_LOCKS
constinit thread_local std::size_t locks = 0;

namespace {

/// The C library's function of a name, found at its first use.
template <class Lock>
int take(int (*&function)(Lock*), const char* name, Lock* lock) noexcept {
  ++locks;
  auto* known = __atomic_load_n(&function, __ATOMIC_RELAXED);
  if (known == nullptr) {
    known = reinterpret_cast<int (*)(Lock*)>(dlsym(RTLD_NEXT, name));
    __atomic_store_n(&function, known, __ATOMIC_RELAXED);
  }
  return known(lock);
}

}  // namespace

// clang-format off
#define VITALS_TESTS_LOCK(name, type)             \
  int name(type* lock) noexcept {                 \
    static int (*function)(type*) = nullptr;       \
    return take<type>(function, #name, lock);     \
  }
extern "C" {
VITALS_TESTS_LOCK(pthread_mutex_lock, pthread_mutex_t)
VITALS_TESTS_LOCK(pthread_mutex_trylock, pthread_mutex_t)
VITALS_TESTS_LOCK(pthread_rwlock_rdlock, pthread_rwlock_t)
VITALS_TESTS_LOCK(pthread_rwlock_wrlock, pthread_rwlock_t)
VITALS_TESTS_LOCK(pthread_rwlock_tryrdlock, pthread_rwlock_t)
VITALS_TESTS_LOCK(pthread_rwlock_trywrlock, pthread_rwlock_t)
VITALS_TESTS_LOCK(pthread_spin_lock, pthread_spinlock_t)
VITALS_TESTS_LOCK(pthread_spin_trylock, pthread_spinlock_t)
}
// clang-format on
#endif

#endif
