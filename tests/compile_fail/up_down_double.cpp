// expect: an up-down counter counts whole things: pass an integer, or use vitals::gauge for a measured value
// shows: add(0.5)
#include <vitals/vitals.hpp>

struct depth : vitals::up_down<"queue_depth", "Jobs waiting."> {};
using metrics = vitals::registry<depth>;

#ifdef FAIL
void touch() {
  metrics::get<depth>().add(0.5);
}
#else
void touch() {
  metrics::get<depth>().add(-2);
}
#endif
