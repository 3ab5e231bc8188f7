// expect: a program's health has at least one component
// shows: vitals::health<"app">
#include <vitals/vitals.hpp>

struct store : vitals::component<"store"> {};

void touch() {
#ifdef FAIL
  vitals::health<"app">::mark_ready();
#else
  vitals::health<"app", store>::mark_ready();
#endif
}
