// expect: a max_gauge is kept for each thread: leave out vitals::shared
// shows: "jobs"
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::max_gauge<"jobs", "Jobs waiting.", vitals::shared> {};
#else
struct m : vitals::max_gauge<"jobs", "Jobs waiting."> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>().observe(1);
}
