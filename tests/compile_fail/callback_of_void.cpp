// expect: a callback's function returns a number or a duration
// shows: depth
#include <vitals/vitals.hpp>

void depth();

#ifdef FAIL
struct m : vitals::callback<"queue_depth", "Depth.", &depth> {};
#else
struct m : vitals::callback<"queue_depth", "Depth.", [] { return 1; }> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  static_cast<void>(vitals::scrape<metrics>());
}
