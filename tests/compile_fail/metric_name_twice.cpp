// expect: duplicate metric in a registry
// shows: registry<jobs, runs>
#include <vitals/vitals.hpp>

#ifdef FAIL
struct jobs : vitals::counter<"jobs_total", "Jobs done."> {};
struct runs : vitals::counter<"jobs_total", "Runs done."> {};
#else
struct jobs : vitals::counter<"jobs_total", "Jobs done."> {};
struct runs : vitals::counter<"runs_total", "Runs done."> {};
#endif

using metrics = vitals::registry<jobs, runs>;
void touch() {
  metrics::get<jobs>().inc();
}
