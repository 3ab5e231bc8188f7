// Counts the locks that a thread takes, whether it waits for them or not. The sanitizers have functions of their own.
#ifndef VITALS_TESTS_LOCKS_HPP
#define VITALS_TESTS_LOCKS_HPP

#include <cstddef>

#include <allocations.hpp>

#if VITALS_TESTS_COUNT_ALLOCATIONS && defined(__GLIBC__)
#define VITALS_TESTS_COUNT_LOCKS 1
extern constinit thread_local std::size_t locks;  // mutexes, shared mutexes and spin locks, see count_locks.hpp
#else
#define VITALS_TESTS_COUNT_LOCKS 0
#endif

#endif
