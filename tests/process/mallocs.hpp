// Counts what a thread takes from the heap, by malloc or by new.
#ifndef VITALS_TESTS_PROCESS_MALLOCS_HPP
#define VITALS_TESTS_PROCESS_MALLOCS_HPP

#include <cstddef>

// The sanitizers bring a heap of their own, and other C libraries have no second name for malloc.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
#define VITALS_TESTS_COUNT_MALLOCS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define VITALS_TESTS_COUNT_MALLOCS 0
#endif
#endif
#if !defined(VITALS_TESTS_COUNT_MALLOCS)
#define VITALS_TESTS_COUNT_MALLOCS 1
#endif

#if VITALS_TESTS_COUNT_MALLOCS
namespace process_tests {

inline constinit thread_local std::size_t mallocs = 0;  // of this thread; proc.cpp counts them

}  // namespace process_tests
#endif

#endif
