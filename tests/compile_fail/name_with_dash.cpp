// expect: a metric's name is made of a-z, 0-9 and _, and does not start with a digit
// shows: "jobs-done_total"
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::counter<"jobs-done_total", "Jobs done."> {};
#else
struct m : vitals::counter<"jobs_total", "Jobs done."> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>().inc();
}
