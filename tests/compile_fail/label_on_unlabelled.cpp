// expect: too many labels: get takes one value for each label of the metric, in their order
// shows: get<jobs>(true)
#include <vitals/vitals.hpp>

struct jobs : vitals::counter<"jobs_total", "Jobs done."> {};
struct runs : vitals::counter<"runs_total", "Runs done."> {};
using metrics = vitals::registry<jobs>;

#ifdef FAIL
void touch() {
  metrics::get<jobs>(true).inc();
}
#else
void touch() {
  metrics::get<jobs>().inc();
}
#endif
