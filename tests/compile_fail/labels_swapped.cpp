// expect: wrong label type: pass a value of the type that the label was declared with, in the labels' order
// shows: get<jobs>(outcome::ok, method::get)
#include <vitals/vitals.hpp>

enum class method { get, post };
enum class outcome { ok, error };
struct jobs
    : vitals::counter<"jobs_total", "Jobs done.", vitals::label<"method", method>, vitals::label<"outcome", outcome>> {
};
using metrics = vitals::registry<jobs>;

#ifdef FAIL
void touch() {
  metrics::get<jobs>(outcome::ok, method::get).inc();
}
#else
void touch() {
  metrics::get<jobs>(method::get, outcome::ok).inc();
}
#endif
