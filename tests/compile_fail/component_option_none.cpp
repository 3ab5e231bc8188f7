// expect: a component's options are critical, degrading or informational
// shows: int
#include <vitals/vitals.hpp>

#ifdef FAIL
struct store : vitals::component<"store", int> {};
#else
struct store : vitals::component<"store", vitals::critical> {};
#endif
using app_health = vitals::health<"app", store>;
void touch() {
  app_health::mark_healthy<store>();
}
