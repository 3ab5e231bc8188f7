// expect: a duration is in seconds: end the gauge's name in _seconds
// shows: get<heat>
#include <vitals/vitals.hpp>

struct heat : vitals::gauge<"room_celsius", "Temperature."> {};
struct up : vitals::gauge<"uptime_seconds", "Since the start."> {};
using metrics = vitals::registry<heat, up>;

#ifdef FAIL
void touch() {
  metrics::get<heat>().set(std::chrono::seconds{1});
}
#else
void touch() {
  metrics::get<up>().set(std::chrono::seconds{1});
}
#endif
