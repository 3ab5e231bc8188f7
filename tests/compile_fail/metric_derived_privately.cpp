// expect: a registry lists metrics: types derived from counter, gauge, histogram
// shows: registry<jobs>
#include <vitals/vitals.hpp>

#ifdef FAIL
class jobs : vitals::counter<"jobs_total", "Jobs done."> {};
#else
struct jobs : vitals::counter<"jobs_total", "Jobs done."> {};
#endif

using metrics = vitals::registry<jobs>;
void touch() {
  std::string text = vitals::scrape<metrics>();
}
