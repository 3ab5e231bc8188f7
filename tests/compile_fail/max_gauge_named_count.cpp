// expect: _bucket, _count and _sum are a histogram's: choose another ending
// shows: "jobs_count"
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::max_gauge<"jobs_count", "Jobs waiting."> {};
#else
struct m : vitals::max_gauge<"jobs", "Jobs waiting."> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>().observe(1);
}
