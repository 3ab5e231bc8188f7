// expect: wrong label type: a label with slots takes what its intern(text) gave; keep that, or the handle
// shows: intern("eu-1")
#include <vitals/vitals.hpp>

using server = vitals::slots<"server", 8>;
using player = vitals::slots<"player", 8>;
struct jobs : vitals::counter<"jobs_total", "Jobs done.", server> {};
using metrics = vitals::registry<jobs>;

void touch() {
#ifdef FAIL
  metrics::get<jobs>(player::intern("eu-1")).inc();
#else
  metrics::get<jobs>(server::intern("eu-1")).inc();
#endif
}
