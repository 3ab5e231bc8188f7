// expect: a metric's name says a base unit in full
// shows: "uptime_minutes"
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::gauge<"uptime_minutes", "Time since the start."> {};
#else
struct m : vitals::gauge<"uptime_seconds", "Time since the start."> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>().set(1);
}
