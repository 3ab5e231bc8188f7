// expect: that are not named like what they inherit: name, help, unit, labels, type, kind, shape, bounds, buckets
// shows: registry<name>
#include <vitals/vitals.hpp>

#ifdef FAIL
struct name : vitals::gauge<"jobs", "Jobs waiting."> {};
#define METRIC name
using metrics = vitals::registry<name>;
#else
struct jobs : vitals::gauge<"jobs", "Jobs waiting."> {};
#define METRIC jobs
using metrics = vitals::registry<jobs>;
#endif

void touch() {
  metrics::get<METRIC>().set(1);
}
