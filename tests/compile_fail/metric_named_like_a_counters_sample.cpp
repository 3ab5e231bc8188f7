// expect: or one is named like a sample of another: its _bucket, _count, _sum or _created
// shows: vitals::registry<m, other>
#include <vitals/vitals.hpp>

struct other : vitals::counter<"jobs_total", "Jobs."> {};

#ifdef FAIL
struct m : vitals::counter<"jobs_created_total", "Jobs made."> {};
#else
struct m : vitals::counter<"job_creations_total", "Jobs made."> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  static_cast<void>(vitals::scrape<vitals::registry<m, other>>());
}
