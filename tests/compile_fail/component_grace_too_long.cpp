// expect: a time of a component is from 0 to a day: write grace<30s>
// shows: vitals::grace<25h>
#include <vitals/vitals.hpp>

using namespace std::chrono_literals;

#ifdef FAIL
struct store : vitals::component<"store", vitals::grace<25h>> {};
#else
struct store : vitals::component<"store", vitals::grace<24h>> {};
#endif
using app_health = vitals::health<"app", store>;
void touch() {
  app_health::mark_healthy<store>();
}
