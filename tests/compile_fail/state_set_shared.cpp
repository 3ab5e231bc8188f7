// expect: a state set is always shared by all threads: leave out vitals::shared
// shows: vitals::shared
#include <vitals/vitals.hpp>

enum class phase { starting, running };

#ifdef FAIL
struct m : vitals::state_set<"app_phase", "Phase.", phase, vitals::shared> {};
#else
struct m : vitals::state_set<"app_phase", "Phase.", phase> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>().set(phase::running);
}
