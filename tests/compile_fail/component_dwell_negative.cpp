// expect: a time of a component is from 0 to a day: write dwell<10s>
// shows: vitals::dwell<-1s>
#include <vitals/vitals.hpp>

using namespace std::chrono_literals;

#ifdef FAIL
struct store : vitals::component<"store", vitals::dwell<-1s>> {};
#else
struct store : vitals::component<"store", vitals::dwell<0s>> {};
#endif
using app_health = vitals::health<"app", store>;
void touch() {
  app_health::mark_healthy<store>();
}
