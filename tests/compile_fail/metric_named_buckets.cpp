// expect: that are not named like what they inherit: name, help, unit, labels, type, kind, shape, bounds, buckets
// shows: registry<buckets>
#include <vitals/vitals.hpp>

#ifdef FAIL
struct buckets : vitals::histogram<"job_bytes", "Sizes of jobs.", vitals::buckets::of<1, 10>> {};
#define METRIC buckets
using metrics = vitals::registry<buckets>;
#else
struct jobs : vitals::histogram<"job_bytes", "Sizes of jobs.", vitals::buckets::of<1, 10>> {};
#define METRIC jobs
using metrics = vitals::registry<jobs>;
#endif

void touch() {
  metrics::get<METRIC>().observe(1);
}
