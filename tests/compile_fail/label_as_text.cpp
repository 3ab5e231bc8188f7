// expect: wrong label type: pass a value of the type that the label was declared with, in the labels' order
// shows: get<jobs>("get", outcome::ok)
#include <vitals/vitals.hpp>

enum class method { get, post };
enum class outcome { ok, error };
enum class verb { read, write };
struct jobs
    : vitals::counter<"jobs_total", "Jobs done.", vitals::label<"method", method>, vitals::label<"outcome", outcome>> {
};
using metrics = vitals::registry<jobs>;

#ifdef FAIL
void touch() {
  metrics::get<jobs>("get", outcome::ok).inc();
}
#else
void touch() {
  metrics::get<jobs>(method::get, outcome::ok).inc();
}
#endif
