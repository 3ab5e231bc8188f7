// expect: wrong state type: pass an enumerator of the state set's enum
// shows: other::running
#include <vitals/vitals.hpp>

enum class phase { starting, running };
enum class other { starting, running };

#ifdef FAIL
struct m : vitals::state_set<"app_phase", "Phase.", phase> {};
inline void enter() {
  vitals::registry<m>::get<m>().set(other::running);
}
#else
struct m : vitals::state_set<"app_phase", "Phase.", phase> {};
inline void enter() {
  vitals::registry<m>::get<m>().set(phase::running);
}
#endif

using metrics = vitals::registry<m>;
void touch() {
  static_cast<void>(vitals::scrape<metrics>());
}
