// expect: wrong label type: a label with slots takes what its intern(text) gave; keep that, or the handle
// shows: get<jobs>("eu-1")
#include <vitals/vitals.hpp>

using server = vitals::slots<"server", 8>;
struct jobs : vitals::counter<"jobs_total", "Jobs done.", server> {};
using metrics = vitals::registry<jobs>;

#ifdef FAIL
void touch() {
  metrics::get<jobs>("eu-1").inc();
}
#else
void touch() {
  metrics::get<jobs>(server::intern("eu-1")).inc();
}
#endif
