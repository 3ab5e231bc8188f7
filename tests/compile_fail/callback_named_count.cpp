// expect: _bucket, _count, _sum and _created are a histogram's
// shows: queue_count
#include <vitals/vitals.hpp>

int depth();

#ifdef FAIL
struct m : vitals::callback<"queue_count", "Depth.", &depth> {};
#else
struct m : vitals::callback<"queue_depth", "Depth.", &depth> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  static_cast<void>(vitals::scrape<metrics>());
}
