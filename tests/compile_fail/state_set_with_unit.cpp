// expect: a state set has no unit: choose another ending
// shows: app_seconds
#include <vitals/vitals.hpp>

enum class phase { starting, running };

#ifdef FAIL
struct m : vitals::state_set<"app_seconds", "Phase.", phase> {};
#else
struct m : vitals::state_set<"app_phase", "Phase.", phase> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>().set(phase::running);
}
