// expect: a metric's name says a base unit in full
// shows: "wait_ms"
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::histogram<"wait_ms", "Time in the queue.", vitals::buckets::web> {};
#else
struct m : vitals::histogram<"wait_seconds", "Time in the queue.", vitals::buckets::web> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>().observe(1);
}
