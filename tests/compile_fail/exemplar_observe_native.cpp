// expect: this metric keeps no exemplars: add vitals::exemplars to its descriptor's options
// shows: observe(0.5, e)
#include <vitals/vitals.hpp>

struct m : vitals::native_histogram<"latency_seconds", "Latency."> {};
using metrics = vitals::registry<m>;

void touch([[maybe_unused]] const vitals::exemplar& e) {
#ifdef FAIL
  metrics::get<m>().observe(0.5, e);
#else
  metrics::get<m>().observe(0.5);
#endif
}
