// expect: a counter only goes up, so its amount is unsigned: write inc(2u), or use vitals::up_down
// shows: inc(true)
#include <vitals/vitals.hpp>

struct jobs : vitals::counter<"jobs_total", "Jobs done."> {};
using metrics = vitals::registry<jobs>;

#ifdef FAIL
void touch() {
  metrics::get<jobs>().inc(true);
}
#else
void touch() {
  metrics::get<jobs>().inc(2u);
}
#endif
