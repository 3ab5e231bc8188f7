// expect: a callback has no storage: leave out shared and packed
// shows: vitals::shared
#include <vitals/vitals.hpp>

int depth();

#ifdef FAIL
struct m : vitals::callback<"queue_depth", "Depth.", &depth, vitals::shared> {};
#else
struct m : vitals::callback<"queue_depth", "Depth.", &depth> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  static_cast<void>(vitals::scrape<metrics>());
}
