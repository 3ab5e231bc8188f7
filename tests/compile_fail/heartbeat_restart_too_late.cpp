// expect: restart_after is longer than the heartbeat's silence: write heartbeat<5s, restart_after<60s>>
// shows: vitals::heartbeat<5s, vitals::restart_after<25h>>
#include <vitals/vitals.hpp>

using namespace std::chrono_literals;

#ifdef FAIL
struct store : vitals::component<"store", vitals::heartbeat<5s, vitals::restart_after<25h>>> {};
#else
struct store : vitals::component<"store", vitals::heartbeat<5s, vitals::restart_after<24h>>> {};
#endif
using app_health = vitals::health<"app", store>;
void touch() {
  app_health::mark_healthy<store>();
}
