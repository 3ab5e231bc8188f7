// expect: only a counter's name ends in _total: leave it out
// shows: app_total
#include <vitals/vitals.hpp>

enum class phase { starting, running };

#ifdef FAIL
struct m : vitals::state_set<"app_total", "Phase.", phase> {};
#else
struct m : vitals::state_set<"app_phase", "Phase.", phase> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  static_cast<void>(vitals::scrape<metrics>());
}
