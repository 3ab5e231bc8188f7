// expect: this metric keeps no exemplars: add vitals::exemplars to its descriptor's options
// shows: inc(2u, e)
#include <vitals/vitals.hpp>

struct m : vitals::counter<"jobs_total", "Jobs done."> {};
using metrics = vitals::registry<m>;

void touch([[maybe_unused]] const vitals::exemplar& e) {
#ifdef FAIL
  metrics::get<m>().inc(2u, e);
#else
  metrics::get<m>().inc(2u);
#endif
}
