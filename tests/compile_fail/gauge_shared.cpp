// expect: a gauge is always shared by all threads: leave out vitals::shared
// shows: "depth"
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::gauge<"depth", "Jobs waiting.", vitals::shared> {};
#else
struct m : vitals::gauge<"depth", "Jobs waiting."> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>().set(1);
}
