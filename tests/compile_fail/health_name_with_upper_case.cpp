// expect: a program's name is made of a-z, 0-9 and _, and does not start with a digit
// shows: "App"
#include <vitals/vitals.hpp>

struct store : vitals::component<"store"> {};

void touch() {
#ifdef FAIL
  vitals::health<"App", store>::mark_ready();
#else
  vitals::health<"app", store>::mark_ready();
#endif
}
