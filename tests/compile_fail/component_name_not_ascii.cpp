// expect: a component's name is made of a-z, 0-9 and _, and does not start with a digit
// shows: "caf\xE9"
#include <vitals/vitals.hpp>

#ifdef FAIL
struct store : vitals::component<"caf\xE9"> {};
#else
struct store : vitals::component<"store"> {};
#endif
using app_health = vitals::health<"app", store>;
void touch() {
  app_health::mark_healthy<store>();
}
