// expect: wrong label type: pass one of the label's literals, or for a text known at run time one_of<...>::find(text)
// shows: get<jobs>(zone)
#include <vitals/vitals.hpp>

struct jobs : vitals::counter<"jobs_total", "Jobs done.", vitals::label<"zone", vitals::one_of<"eu", "us">>> {};
using metrics = vitals::registry<jobs>;

#ifdef FAIL
void touch(const std::string& zone) {
  metrics::get<jobs>(zone).inc();
}
#else
void touch(const std::string& zone) {
  metrics::get<jobs>(vitals::one_of<"eu", "us">::find(zone)).inc();
}
#endif
