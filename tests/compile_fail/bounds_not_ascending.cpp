// expect: a histogram's bounds ascend, are finite and leave out +Inf
// shows: 0.1, 5, 1
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::histogram<"job_bytes", "Size of a job.", vitals::buckets::of<0.1, 5, 1>> {};
#else
struct m : vitals::histogram<"job_bytes", "Size of a job.", vitals::buckets::of<0.1, 1, 5>> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>().observe(1);
}
