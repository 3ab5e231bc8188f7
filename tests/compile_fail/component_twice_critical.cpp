// expect: a component is critical, degrading or informational: leave out the others
// shows: vitals::critical, vitals::degrading
#include <vitals/vitals.hpp>

#ifdef FAIL
struct store : vitals::component<"store", vitals::critical, vitals::degrading> {};
#else
struct store : vitals::component<"store", vitals::degrading> {};
#endif
using app_health = vitals::health<"app", store>;
void touch() {
  app_health::mark_healthy<store>();
}
