// expect: a histogram has at most 1,000 bounds
// shows: linear<0, 1, 20000>
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::histogram<"job_bytes", "Size of a job.", vitals::buckets::linear<0, 1, 20000>> {};
#else
struct m : vitals::histogram<"job_bytes", "Size of a job.", vitals::buckets::linear<0, 1, 200>> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>().observe(1);
}
