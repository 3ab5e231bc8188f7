// expect: a histogram has at least one bound
// shows: "job_bytes"
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::histogram<"job_bytes", "Size of a job.", vitals::buckets::of<>> {};
#else
struct m : vitals::histogram<"job_bytes", "Size of a job.", vitals::buckets::of<1>> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>().observe(1);
}
