// expect: only a counter's name ends in _total: leave it out
// shows: payload_total
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::summary<"payload_total", "Payload."> {};
#else
struct m : vitals::summary<"payload_bytes", "Payload."> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>().observe(1);
}
