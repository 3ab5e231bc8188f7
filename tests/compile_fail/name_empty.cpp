// expect: a metric's name is made of a-z, 0-9 and _, and does not start with a digit
// shows: ""
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::gauge<"", "Depth of the queue."> {};
#else
struct m : vitals::gauge<"queue_depth", "Depth of the queue."> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>().set(1);
}
