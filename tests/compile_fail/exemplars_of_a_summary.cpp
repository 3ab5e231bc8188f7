// expect: only counters and histograms keep exemplars: leave out vitals::exemplars
// shows: vitals::exemplars
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::summary<"size_bytes", "Sizes.", vitals::exemplars> {};
#else
struct m : vitals::summary<"size_bytes", "Sizes."> {};
#endif
using metrics = vitals::registry<m>;

void touch() {
  metrics::get<m>().observe(1);
}
