// expect: a duration is in seconds: end the counter's name in _seconds_total
// shows: chrono::seconds{1}
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::real_counter<"energy_joules_total", "Energy."> {};
#else
struct m : vitals::real_counter<"busy_seconds_total", "Busy."> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>().add(std::chrono::seconds{1});
}
