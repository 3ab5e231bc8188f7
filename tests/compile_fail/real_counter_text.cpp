// expect: a counter of doubles adds a number, or a duration
// shows: add("1")
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::real_counter<"energy_joules_total", "Energy."> {};
inline void add() {
  vitals::registry<m>::get<m>().add("1");
}
#else
struct m : vitals::real_counter<"energy_joules_total", "Energy."> {};
inline void add() {
  vitals::registry<m>::get<m>().add(1);
}
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>().inc();
}
