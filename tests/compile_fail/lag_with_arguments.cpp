// expect: a lag is told by a callable without arguments
// shows: (int queue)
#include <vitals/health/checks.hpp>

#ifdef FAIL
vitals::lag_check queue_check{[](int queue) { return queue; }, {.failed = 5}};
#else
vitals::lag_check queue_check{[] { return 1; }, {.failed = 5}};
#endif
