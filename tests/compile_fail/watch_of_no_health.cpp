// expect: a monitor watches a program's health: write watch<app_health>()
// shows: watch<store>
#include <vitals/health/monitor.hpp>

struct store : vitals::component<"store"> {};
using app_health = vitals::health<"app", store>;
void start(vitals::monitor& checks) {
#ifdef FAIL
  checks.watch<store>();
#else
  checks.watch<app_health>();
#endif
}
