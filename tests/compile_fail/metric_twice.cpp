// expect: duplicate metric in a registry
// shows: registry<jobs, jobs>
#include <vitals/vitals.hpp>

struct jobs : vitals::counter<"jobs_total", "Jobs done."> {};

#ifdef FAIL
using metrics = vitals::registry<jobs, jobs>;
#else
using metrics = vitals::registry<jobs>;
#endif

void touch() {
  metrics::get<jobs>().inc();
}
