// expect: that are not named like what they inherit: name, help, unit, labels, type, kind, shape, bounds, buckets
// shows: registry<labels>
#include <vitals/vitals.hpp>

#ifdef FAIL
struct labels : vitals::counter<"jobs_total", "Jobs done."> {};
#define METRIC labels
using metrics = vitals::registry<labels>;
#else
struct jobs : vitals::counter<"jobs_total", "Jobs done."> {};
#define METRIC jobs
using metrics = vitals::registry<jobs>;
#endif

void touch() {
  metrics::get<METRIC>().inc();
}
