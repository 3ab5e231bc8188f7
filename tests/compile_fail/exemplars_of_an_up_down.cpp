// expect: only counters and histograms keep exemplars: leave out vitals::exemplars
// shows: vitals::exemplars
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::up_down<"depth", "Depth.", vitals::exemplars> {};
#else
struct m : vitals::up_down<"depth", "Depth."> {};
#endif
using metrics = vitals::registry<m>;

void touch() {
  metrics::get<m>().inc();
}
