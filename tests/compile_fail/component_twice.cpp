// expect: two components have the same name: rename one
// shows: store, cache
#include <vitals/vitals.hpp>

struct store : vitals::component<"store"> {};

#ifdef FAIL
struct cache : vitals::component<"store"> {};
#else
struct cache : vitals::component<"cache"> {};
#endif
using app_health = vitals::health<"app", store, cache>;
void touch() {
  app_health::mark_healthy<store>();
}
