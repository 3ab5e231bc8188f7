// expect: a drain is of a program's health: write vitals::drain<app_health>
// shows: vitals::drain<store> draining
#include <vitals/health/drain.hpp>

struct store : vitals::component<"store"> {};
using app_health = vitals::health<"app", store>;
void run() {
#ifdef FAIL
  vitals::drain<store> draining;
#else
  vitals::drain<app_health> draining;
#endif
  draining.wait();
}
