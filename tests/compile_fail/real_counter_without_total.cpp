// expect: a counter's name ends in _total: write
// shows: energy_joules
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::real_counter<"energy_joules", "Energy."> {};
#else
struct m : vitals::real_counter<"energy_joules_total", "Energy."> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>().inc();
}
