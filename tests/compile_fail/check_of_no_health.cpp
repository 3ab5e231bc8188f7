// expect: a check is of a program's health and one of its components: write add<app_health, store>(check)
// shows: add<store, store>
#include <vitals/health/monitor.hpp>

struct store : vitals::component<"store"> {};
using app_health = vitals::health<"app", store>;
void start(vitals::monitor& checks) {
#ifdef FAIL
  checks.add<store, store>([] { return true; });
#else
  checks.add<app_health, store>([] { return true; });
#endif
}
