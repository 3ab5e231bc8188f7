// expect: only a counter's name ends in _total
// shows: "job_seconds_total"
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::histogram<"job_seconds_total", "Time of a job.", vitals::buckets::web> {};
#else
struct m : vitals::histogram<"job_seconds", "Time of a job.", vitals::buckets::web> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>().observe(1);
}
