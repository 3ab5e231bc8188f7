// expect: this metric keeps no exemplars: add vitals::exemplars to its descriptor's options
// shows: inc(e)
#include <vitals/vitals.hpp>

struct m : vitals::counter<"jobs_total", "Jobs done."> {};
using metrics = vitals::registry<m>;

void touch([[maybe_unused]] const vitals::exemplar& e) {
#ifdef FAIL
  metrics::get<m>().inc(e);
#else
  metrics::get<m>().inc();
#endif
}
