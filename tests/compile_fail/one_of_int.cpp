// expect: wrong label type: pass one of the label's literals, or for a text known at run time one_of<...>::find(text)
// shows: get<jobs>(1)
#include <vitals/vitals.hpp>

struct jobs : vitals::counter<"jobs_total", "Jobs done.", vitals::label<"zone", vitals::one_of<"eu", "us">>> {};
using metrics = vitals::registry<jobs>;

#ifdef FAIL
void touch() {
  metrics::get<jobs>(1).inc();
}
#else
void touch() {
  metrics::get<jobs>("us").inc();
}
#endif
