// expect: this metric is not in the registry: add it to the registry's list
// shows: get<runs>
#include <vitals/vitals.hpp>

struct jobs : vitals::counter<"jobs_total", "Jobs done."> {};
struct runs : vitals::counter<"runs_total", "Runs done."> {};
using metrics = vitals::registry<jobs>;

#ifdef FAIL
void touch() {
  metrics::get<runs>().inc();
}
#else
void touch() {
  metrics::get<jobs>().inc();
}
#endif
