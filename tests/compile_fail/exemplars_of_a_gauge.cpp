// expect: only counters and histograms keep exemplars: leave out vitals::exemplars
// shows: vitals::exemplars
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::gauge<"room_celsius", "Warmth.", vitals::exemplars> {};
#else
struct m : vitals::gauge<"room_celsius", "Warmth."> {};
#endif
using metrics = vitals::registry<m>;

void touch() {
  metrics::get<m>().set(1);
}
