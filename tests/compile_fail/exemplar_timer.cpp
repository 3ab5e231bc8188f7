// expect: this metric keeps no exemplars: add vitals::exemplars to its descriptor's options
// shows: stop(e)
#include <vitals/vitals.hpp>

struct m : vitals::histogram<"latency_seconds", "Latency.", vitals::buckets::web> {};
using metrics = vitals::registry<m>;

void touch([[maybe_unused]] const vitals::exemplar& e) {
#ifdef FAIL
  metrics::get<m>().time().stop(e);
#else
  metrics::get<m>().time().stop();
#endif
}
