// Counts what a thread takes from the heap by malloc too, as opendir or fopen would.
#ifndef VITALS_TESTS_PROCESS_MALLOCS_HPP
#define VITALS_TESTS_PROCESS_MALLOCS_HPP

#include <cstddef>

#include <allocations.hpp>

#if VITALS_TESTS_COUNT_ALLOCATIONS && defined(__GLIBC__)  // which has a second name for malloc
#define VITALS_TESTS_COUNT_MALLOCS 1
#else
#define VITALS_TESTS_COUNT_MALLOCS 0
#endif

#if VITALS_TESTS_COUNT_MALLOCS
namespace process_tests {

inline constinit thread_local std::size_t mallocs = 0;  // of this thread; proc.cpp counts them

}  // namespace process_tests
#endif

#endif
