// expect: a lag is a number or a duration
// shows: "long"
#include <vitals/health/checks.hpp>

#ifdef FAIL
vitals::lag_check queue_check{[] { return "long"; }, {}};
#else
vitals::lag_check queue_check{[] { return 5; }, {}};
#endif
