// expect: deleted
// shows: components
#include <vitals/health/health.hpp>

struct store : vitals::component<"store"> {};
using app_health = vitals::health<"app", store>;
bool all_healthy() {
#ifdef FAIL
  for (const auto& c : app_health::report().components()) {
#else
  const auto report = app_health::report();
  for (const auto& c : report.components()) {
#endif
    if (c.now != vitals::status::healthy) {
      return false;
    }
  }
  return true;
}
