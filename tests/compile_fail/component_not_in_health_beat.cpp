// expect: this component is not in the program's health: add it to the list
// shows: cache
#include <vitals/vitals.hpp>

using namespace std::chrono_literals;

struct store : vitals::component<"store"> {};
struct cache : vitals::component<"cache", vitals::heartbeat<5s>> {};

#ifdef FAIL
using app_health = vitals::health<"app", store>;
#else
using app_health = vitals::health<"app", store, cache>;
#endif
void touch() {
  app_health::beat<cache>();
}
