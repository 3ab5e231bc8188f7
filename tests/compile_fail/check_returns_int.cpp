// expect: a check returns bool or vitals::check_result
// shows: return ping();
#include <vitals/health/monitor.hpp>

struct store : vitals::component<"store"> {};
using app_health = vitals::health<"app", store>;
int ping();  // 0 where it went well, which as a bool would be a failure
void start(vitals::monitor& checks) {
#ifdef FAIL
  checks.add<app_health, store>([] { return ping(); });
#else
  checks.add<app_health, store>([] { return ping() == 0; });
#endif
}
