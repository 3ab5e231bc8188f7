// expect: a ratio is of two counters: give handles, or callables that return numbers
// shows: "many"
#include <vitals/health/checks.hpp>

#ifdef FAIL
vitals::ratio_check errors{"many", [] { return 5; }, {}};
#else
vitals::ratio_check errors{[] { return 1; }, [] { return 5; }, {}};
#endif
