// expect: a metric has one unit: leave out the other
// shows: unit::bytes
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::gauge<"size_bytes", "Size.", vitals::unit::seconds, vitals::unit::bytes> {};
#else
struct m : vitals::gauge<"size_bytes", "Size.", vitals::unit::bytes> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>().set(1);
}
