// expect: a quantile is of a histogram: give its handle, such as metrics::get<latency>()
// shows: get<requests>(), 0.99
#include <vitals/vitals.hpp>

#include <vitals/health/checks.hpp>

struct requests : vitals::counter<"requests_total", "Requests."> {};
struct latency : vitals::histogram<"latency_seconds", "Latency.", vitals::buckets::web> {};
using metrics = vitals::registry<requests, latency>;
void start() {
#ifdef FAIL
  vitals::quantile_check slow{metrics::get<requests>(), 0.99, {}};
#else
  vitals::quantile_check slow{metrics::get<latency>(), 0.99, {}};
#endif
  static_cast<void>(slow);
}
