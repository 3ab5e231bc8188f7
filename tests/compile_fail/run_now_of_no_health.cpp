// expect: a check is of a program's health and one of its components: write run_now<app_health, store>()
// shows: run_now<store, store>
#include <vitals/health/monitor.hpp>

struct store : vitals::component<"store"> {};
using app_health = vitals::health<"app", store>;
bool run(vitals::monitor& checks) {
#ifdef FAIL
  return checks.run_now<store, store>();
#else
  return checks.run_now<app_health, store>();
#endif
}
