// expect: linear buckets have a width above 0
// shows: linear<
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::histogram<"job_bytes", "Size of a job.", vitals::buckets::linear<0, -1, 5>> {};
#else
struct m : vitals::histogram<"job_bytes", "Size of a job.", vitals::buckets::linear<0, 1, 5>> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>().observe(1);
}
