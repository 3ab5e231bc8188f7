// expect: a label's values are an enum, bool or a list of literals
// shows: "code"
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::counter<"jobs_total", "Jobs done.", vitals::label<"code", int>> {};
#else
struct m : vitals::counter<"jobs_total", "Jobs done.", vitals::label<"code", bool>> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>(true).inc();
}
