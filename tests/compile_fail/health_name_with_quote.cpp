// expect: a program's name is made of a-z, 0-9 and _, and does not start with a digit
// shows: "my\"app"
#include <vitals/vitals.hpp>

struct store : vitals::component<"store"> {};

void touch() {
#ifdef FAIL
  vitals::health<"my\"app", store>::mark_ready();
#else
  vitals::health<"my_app", store>::mark_ready();
#endif
}
