// std::mutex and std::lock_guard.
#ifndef VITALS_CORE_MUTEX_HPP
#define VITALS_CORE_MUTEX_HPP

// libstdc++'s <mutex> has tuples too, for locks of several mutexes: 3 % of the time that it takes to compile vitals.
// The part below is all that is used here; where there is no such part, all is taken.
#if __has_include(<bits/std_mutex.h>)
#include <bits/std_mutex.h>
#else
#include <mutex>
#endif

#endif
