// expect: a max_gauge has one window: leave out the other
// shows: "jobs"
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::max_gauge<"jobs", "Jobs waiting.", vitals::window<30>, vitals::window<60>> {};
#else
struct m : vitals::max_gauge<"jobs", "Jobs waiting.", vitals::window<30>> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>().observe(1);
}
