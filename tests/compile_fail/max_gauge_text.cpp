// expect: a max_gauge observes a number, or a duration
// shows: observe("full")
#include <vitals/vitals.hpp>

struct depth : vitals::max_gauge<"queue_depth", "Jobs waiting."> {};
using metrics = vitals::registry<depth>;

#ifdef FAIL
void touch() {
  metrics::get<depth>().observe("full");
}
#else
void touch() {
  metrics::get<depth>().observe(3);
}
#endif
