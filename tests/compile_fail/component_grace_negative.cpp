// expect: a time of a component is from 0 to a day: write grace<30s>
// shows: vitals::grace<-30s>
#include <vitals/vitals.hpp>

using namespace std::chrono_literals;

#ifdef FAIL
struct store : vitals::component<"store", vitals::grace<-30s>> {};
#else
struct store : vitals::component<"store", vitals::grace<30s>> {};
#endif
using app_health = vitals::health<"app", store>;
void touch() {
  app_health::mark_healthy<store>();
}
