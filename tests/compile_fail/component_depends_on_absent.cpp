// expect: a component depends on one that is not in the list: add it there
// shows: cache
#include <vitals/vitals.hpp>

struct cache : vitals::component<"cache"> {};
struct store : vitals::component<"store", vitals::depends_on<cache>> {};

#ifdef FAIL
using app_health = vitals::health<"app", store>;
#else
using app_health = vitals::health<"app", store, cache>;
#endif
void touch() {
  app_health::mark_healthy<store>();
}
