// expect: a state set's states are the values of an enum
// shows: bool
#include <vitals/vitals.hpp>

enum class phase { starting, running };

#ifdef FAIL
struct m : vitals::state_set<"app_phase", "Phase.", bool> {};
#else
struct m : vitals::state_set<"app_phase", "Phase.", phase> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  static_cast<void>(vitals::scrape<metrics>());
}
