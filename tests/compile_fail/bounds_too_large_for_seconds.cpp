// expect: a bound in seconds is below 285 years
// shows: "job_seconds"
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::histogram<"job_seconds", "Size of a job.", vitals::buckets::of<1, 1e10>> {};
#else
struct m : vitals::histogram<"job_seconds", "Size of a job.", vitals::buckets::of<1, 1e9>> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>().observe(1);
}
