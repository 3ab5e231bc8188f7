// expect: _bucket, _count, _sum and _created are a histogram's: choose another ending
// shows: "jobs_count"
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::gauge<"jobs_count", "Jobs waiting."> {};
#else
struct m : vitals::gauge<"jobs", "Jobs waiting."> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>().set(1);
}
