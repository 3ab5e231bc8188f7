// expect: components depend on each other in a circle: leave out one of the depends_on
// shows: store, cache, queue
#include <vitals/vitals.hpp>

struct cache;
struct queue;
struct store : vitals::component<"store", vitals::depends_on<cache>> {};
struct cache : vitals::component<"cache", vitals::depends_on<queue>> {};

#ifdef FAIL
struct queue : vitals::component<"queue", vitals::depends_on<store>> {};
#else
struct queue : vitals::component<"queue"> {};
#endif
using app_health = vitals::health<"app", store, cache, queue>;
void touch() {
  app_health::mark_healthy<store>();
}
