// expect: this metric is not in the registry: add it to the registry's list
// shows: dropped<runs>
#include <vitals/vitals.hpp>

struct jobs : vitals::counter<"jobs_total", "Jobs done."> {};
struct runs : vitals::counter<"runs_total", "Runs done."> {};
using metrics = vitals::registry<jobs>;

#ifdef FAIL
auto touch() {
  return metrics::dropped<runs>().label;
}
#else
auto touch() {
  return metrics::dropped<jobs>().label;
}
#endif
