// expect: a callback's function takes one value for each label
// shows: depth
#include <vitals/vitals.hpp>

int depth();

#ifdef FAIL
struct m : vitals::callback<"queue_depth", "Depth.", &depth, vitals::label<"hot", bool>> {};
#else
struct m : vitals::callback<"queue_depth", "Depth.", &depth> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  static_cast<void>(vitals::scrape<metrics>());
}
