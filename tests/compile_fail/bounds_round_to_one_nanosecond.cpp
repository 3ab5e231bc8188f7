// expect: two of its bounds round to the same one
// shows: "job_seconds"
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::histogram<"job_seconds", "Size of a job.", vitals::buckets::of<1e-9, 1.1e-9>> {};
#else
struct m : vitals::histogram<"job_seconds", "Size of a job.", vitals::buckets::of<1e-9, 2e-9>> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>().observe(1);
}
