// expect: a metric's options are labels, slots, a unit, vitals::shared, vitals::packed and vitals::exemplars
// shows: "jobs_total"
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::counter<"jobs_total", "Jobs done.", vitals::buckets::web> {};
#else
struct m : vitals::counter<"jobs_total", "Jobs done."> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>().inc();
}
