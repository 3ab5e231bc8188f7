// expect: a counter's name ends in _total
// shows: "jobs"
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::counter<"jobs", "Jobs done."> {};
#else
struct m : vitals::counter<"jobs_total", "Jobs done."> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>().inc();
}
