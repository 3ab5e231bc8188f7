// expect: a check is called without arguments: bind them in a lambda
// shows: (int timeout)
#include <vitals/health/monitor.hpp>

struct store : vitals::component<"store"> {};
using app_health = vitals::health<"app", store>;
void start(vitals::monitor& checks) {
#ifdef FAIL
  checks.add<app_health, store>([](int timeout) { return timeout > 0; });
#else
  checks.add<app_health, store>([timeout = 1] { return timeout > 0; });
#endif
}
