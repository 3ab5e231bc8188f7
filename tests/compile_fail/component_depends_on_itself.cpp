// expect: components depend on each other in a circle: leave out one of the depends_on
// shows: store
#include <vitals/vitals.hpp>

#ifdef FAIL
struct store : vitals::component<"store", vitals::depends_on<store>> {};
#else
struct store : vitals::component<"store"> {};
#endif
using app_health = vitals::health<"app", store>;
void touch() {
  app_health::mark_healthy<store>();
}
