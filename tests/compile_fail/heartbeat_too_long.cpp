// expect: a heartbeat's silence is from 10ms to a day: write heartbeat<5s>
// shows: vitals::heartbeat<25h>
#include <vitals/vitals.hpp>

using namespace std::chrono_literals;

#ifdef FAIL
struct store : vitals::component<"store", vitals::heartbeat<25h>> {};
#else
struct store : vitals::component<"store", vitals::heartbeat<24h>> {};
#endif
using app_health = vitals::health<"app", store>;
void touch() {
  app_health::mark_healthy<store>();
}
