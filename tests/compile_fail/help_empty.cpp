// expect: a metric's help says in a sentence what is measured: it is empty
// shows: "jobs_total"
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::counter<"jobs_total", ""> {};
#else
struct m : vitals::counter<"jobs_total", "Jobs done."> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>().inc();
}
