// expect: wrong label type: pass one of the label's literals, or for a text known at run time one_of<...>::find(text)
// shows: "a"
#include <vitals/vitals.hpp>

struct jobs : vitals::counter<"jobs_total", "Jobs done.", vitals::label<"zone", vitals::one_of<"eu", "us">>> {};
using metrics = vitals::registry<jobs>;

#ifdef FAIL
void touch() {
  metrics::get<jobs>(vitals::one_of<"a", "b">::find("a")).inc();
}
#else
void touch() {
  metrics::get<jobs>(vitals::one_of<"eu", "us">::find("eu")).inc();
}
#endif
