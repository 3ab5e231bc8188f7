// expect: a histogram adds _bucket, _count, _sum and _created to its name itself
// shows: "job_bytes_bucket"
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::histogram<"job_bytes_bucket", "Size of a job.", vitals::buckets::web> {};
#else
struct m : vitals::histogram<"job_bytes", "Size of a job.", vitals::buckets::web> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>().observe(1);
}
