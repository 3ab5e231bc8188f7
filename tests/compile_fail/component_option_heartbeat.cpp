// expect: a component's options are critical, degrading or informational
// shows: vitals::heartbeat<5s, vitals::fall<2>>
#include <vitals/vitals.hpp>

using namespace std::chrono_literals;

#ifdef FAIL
struct store : vitals::component<"store", vitals::heartbeat<5s, vitals::fall<2>>> {};
#else
struct store : vitals::component<"store", vitals::heartbeat<5s>, vitals::fall<2>> {};
#endif
using app_health = vitals::health<"app", store>;
void touch() {
  app_health::mark_healthy<store>();
}
