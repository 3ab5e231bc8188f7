// expect: a metric's name does not say its type
// shows: "jobs_counter_total"
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::counter<"jobs_counter_total", "Jobs done."> {};
#else
struct m : vitals::counter<"jobs_total", "Jobs done."> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>().inc();
}
