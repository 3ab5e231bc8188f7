// expect: a label's value is UTF-8 text, and not empty
// shows: "zone"
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::counter<"jobs_total", "Jobs done.", vitals::label<"zone", vitals::one_of<"eu", "">>> {};
#else
struct m : vitals::counter<"jobs_total", "Jobs done.", vitals::label<"zone", vitals::one_of<"eu", "us">>> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>("eu").inc();
}
