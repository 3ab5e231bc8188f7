// expect: a callback's function takes nothing and returns a number or a duration
// shows: "many"
#include <vitals/vitals.hpp>

void add(vitals::callbacks& calls) {
#ifdef FAIL
  calls.gauge("queue_depth", "Depth.", [] { return "many"; });
#else
  calls.gauge("queue_depth", "Depth.", [] { return 7; });
#endif
}
