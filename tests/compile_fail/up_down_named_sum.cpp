// expect: _bucket, _count, _sum and _created are a histogram's: choose another ending
// shows: "jobs_sum"
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::up_down<"jobs_sum", "Jobs waiting."> {};
#else
struct m : vitals::up_down<"jobs", "Jobs waiting."> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>().inc();
}
