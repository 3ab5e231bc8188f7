// Counts what a thread takes from the heap. The sanitizers bring their own operators, and keep them.
#ifndef VITALS_TESTS_ALLOCATIONS_HPP
#define VITALS_TESTS_ALLOCATIONS_HPP

#include <cstddef>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define VITALS_TESTS_COUNT_ALLOCATIONS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define VITALS_TESTS_COUNT_ALLOCATIONS 0
#endif
#endif
#if !defined(VITALS_TESTS_COUNT_ALLOCATIONS)
#define VITALS_TESTS_COUNT_ALLOCATIONS 1
#endif

#if VITALS_TESTS_COUNT_ALLOCATIONS
extern constinit thread_local std::size_t allocations;  // by operator new, see main.cpp
#endif

#endif
