// expect: a heartbeat's silence is from 10ms to a day: write heartbeat<5s>
// shows: vitals::heartbeat<0s, vitals::restart_after<60s>>
#include <vitals/vitals.hpp>

using namespace std::chrono_literals;

#ifdef FAIL
struct store : vitals::component<"store", vitals::heartbeat<0s, vitals::restart_after<60s>>> {};
#else
struct store : vitals::component<"store", vitals::heartbeat<1s, vitals::restart_after<60s>>> {};
#endif
using app_health = vitals::health<"app", store>;
void touch() {
  app_health::mark_healthy<store>();
}
