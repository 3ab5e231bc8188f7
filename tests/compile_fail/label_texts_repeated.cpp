// expect: two values of this label have the same text
// shows: "zone"
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::counter<"jobs_total", "Jobs done.", vitals::label<"zone", vitals::one_of<"eu", "us", "eu">>> {};
#else
struct m : vitals::counter<"jobs_total", "Jobs done.", vitals::label<"zone", vitals::one_of<"eu", "us">>> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>("us").inc();
}
