// expect: only a counter's name ends in _total
// shows: "jobs_total"
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::max_gauge<"jobs_total", "Jobs waiting."> {};
#else
struct m : vitals::max_gauge<"jobs", "Jobs waiting."> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>().observe(1);
}
