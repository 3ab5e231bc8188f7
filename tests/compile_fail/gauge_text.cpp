// expect: a gauge holds a number
// shows: set("warm")
#include <vitals/vitals.hpp>

struct heat : vitals::gauge<"room_celsius", "Temperature."> {};
struct up : vitals::gauge<"uptime_seconds", "Since the start."> {};
using metrics = vitals::registry<heat, up>;

#ifdef FAIL
void touch() {
  metrics::get<heat>().set("warm");
}
#else
void touch() {
  metrics::get<heat>().set(21.5);
}
#endif
