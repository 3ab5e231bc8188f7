// expect: a metric's name is snake_case
// shows: "jobsDone_total"
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::counter<"jobsDone_total", "Jobs done."> {};
#else
struct m : vitals::counter<"jobs_total", "Jobs done."> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>().inc();
}
