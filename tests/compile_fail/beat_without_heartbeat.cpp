// expect: this component has no heartbeat: give it heartbeat<5s>
// shows: store
#include <vitals/vitals.hpp>

using namespace std::chrono_literals;

#ifdef FAIL
struct store : vitals::component<"store"> {};
#else
struct store : vitals::component<"store", vitals::heartbeat<5s>> {};
#endif
using app_health = vitals::health<"app", store>;
void touch() {
  app_health::beat<store>();
}
