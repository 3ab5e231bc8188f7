// expect: no matching function
// shows: scrape<>
#include <vitals/vitals.hpp>

struct jobs : vitals::counter<"jobs_total", "Jobs done."> {};
using metrics = vitals::registry<jobs>;

#ifdef FAIL
std::string touch() {
  return vitals::scrape<>();
}
#else
std::string touch() {
  return vitals::scrape<metrics>();
}
#endif
