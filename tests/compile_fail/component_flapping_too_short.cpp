// expect: flapping takes 2 to 100 changes within 1s to a day: write flapping<6, 1min>
// shows: vitals::flapping<6, 999ms>
#include <vitals/vitals.hpp>

using namespace std::chrono_literals;

#ifdef FAIL
struct store : vitals::component<"store", vitals::flapping<6, 999ms>> {};
#else
struct store : vitals::component<"store", vitals::flapping<6, 1s>> {};
#endif
using app_health = vitals::health<"app", store>;
void touch() {
  app_health::mark_healthy<store>();
}
