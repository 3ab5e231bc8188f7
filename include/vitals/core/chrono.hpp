// The durations and clocks of std::chrono.
#ifndef VITALS_CORE_CHRONO_HPP
#define VITALS_CORE_CHRONO_HPP

// As C++20, libstdc++'s <chrono> is mostly calendars and their streams: a fifth of the time that it takes to compile
// vitals. The part below, which its <mutex> has too, is all that is used here; where there is no such part, all is
// taken.
#if __has_include(<bits/chrono.h>)
#include <bits/chrono.h>
#else
#include <chrono>
#endif

#endif
