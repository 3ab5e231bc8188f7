// expect: a component's name is made of a-z, 0-9 and _, and does not start with a digit
// shows: "st\\ore"
#include <vitals/vitals.hpp>

#ifdef FAIL
struct store : vitals::component<"st\\ore"> {};
#else
struct store : vitals::component<"store"> {};
#endif
using app_health = vitals::health<"app", store>;
void touch() {
  app_health::mark_healthy<store>();
}
