// expect: duplicate metric in a registry
// shows: vitals::registry<m, other>
#include <vitals/vitals.hpp>

struct other : vitals::counter<"jobs_total", "Jobs."> {};

#ifdef FAIL
struct m : vitals::gauge<"jobs", "Jobs."> {};
#else
struct m : vitals::gauge<"jobs_waiting", "Jobs."> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  static_cast<void>(vitals::scrape<vitals::registry<m, other>>());
}
