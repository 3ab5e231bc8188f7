// expect: a metric's name ends in its unit (before _total)
// shows: "size"
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::gauge<"size", "Size.", vitals::unit::bytes> {};
#else
struct m : vitals::gauge<"size_bytes", "Size.", vitals::unit::bytes> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>().set(1);
}
