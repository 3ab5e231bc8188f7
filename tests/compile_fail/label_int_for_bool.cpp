// expect: wrong label type: pass a value of the type that the label was declared with, in the labels' order
// shows: get<jobs>(1)
#include <vitals/vitals.hpp>

struct jobs : vitals::counter<"jobs_total", "Jobs done.", vitals::label<"cached", bool>> {};
using metrics = vitals::registry<jobs>;

#ifdef FAIL
void touch() {
  metrics::get<jobs>(1).inc();
}
#else
void touch() {
  metrics::get<jobs>(true).inc();
}
#endif
