// expect: one_of needs at least one value
// shows: "zone"
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::counter<"jobs_total", "Jobs done.", vitals::label<"zone", vitals::one_of<>>> {};
#else
struct m : vitals::counter<"jobs_total", "Jobs done.", vitals::label<"zone", vitals::one_of<"eu">>> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>("eu").inc();
}
