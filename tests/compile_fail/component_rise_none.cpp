// expect: fall<n> and rise<n> take 1 to 255 reports in a row
// shows: vitals::rise<0>
#include <vitals/vitals.hpp>

#ifdef FAIL
struct store : vitals::component<"store", vitals::rise<0>> {};
#else
struct store : vitals::component<"store", vitals::rise<1>> {};
#endif
using app_health = vitals::health<"app", store>;
void touch() {
  app_health::mark_healthy<store>();
}
