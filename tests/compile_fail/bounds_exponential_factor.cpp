// expect: exponential buckets start above 0 and have a factor above 1
// shows: exponential<
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::histogram<"job_bytes", "Size of a job.", vitals::buckets::exponential<1, 0.5, 5>> {};
#else
struct m : vitals::histogram<"job_bytes", "Size of a job.", vitals::buckets::exponential<1, 2, 5>> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>().observe(1);
}
