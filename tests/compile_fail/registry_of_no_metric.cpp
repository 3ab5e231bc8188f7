// expect: a registry lists metrics: types derived from counter, gauge, histogram
// shows: registry<jobs, queue>
#include <vitals/vitals.hpp>

struct queue {};
struct jobs : vitals::counter<"jobs_total", "Jobs done."> {};

#ifdef FAIL
using metrics = vitals::registry<jobs, queue>;
#else
using metrics = vitals::registry<jobs>;
#endif

void touch() {
  metrics::get<jobs>().inc();
}
