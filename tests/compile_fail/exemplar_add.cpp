// expect: this metric keeps no exemplars: add vitals::exemplars to its descriptor's options
// shows: add(0.5, e)
#include <vitals/vitals.hpp>

struct m : vitals::real_counter<"energy_joules_total", "Energy."> {};
using metrics = vitals::registry<m>;

void touch([[maybe_unused]] const vitals::exemplar& e) {
#ifdef FAIL
  metrics::get<m>().add(0.5, e);
#else
  metrics::get<m>().add(0.5);
#endif
}
