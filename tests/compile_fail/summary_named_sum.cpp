// expect: a summary adds _count, _sum and _created to its name itself
// shows: payload_sum
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::summary<"payload_sum", "Payload."> {};
#else
struct m : vitals::summary<"payload_bytes", "Payload."> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>().observe(1);
}
