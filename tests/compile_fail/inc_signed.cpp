// expect: a counter only goes up, so its amount is unsigned: write inc(2u), or use vitals::up_down
// shows: inc(2)
#include <vitals/vitals.hpp>

struct jobs : vitals::counter<"jobs_total", "Jobs done."> {};
using metrics = vitals::registry<jobs>;

#ifdef FAIL
void touch() {
  metrics::get<jobs>().inc(2);
}
#else
void touch() {
  metrics::get<jobs>().inc(2u);
}
#endif
