// expect: missing label: get takes one value for each label of the metric, in their order
// shows: get<jobs>(method::get)
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
  metrics::get<jobs>(method::get).inc();
}
#else
void touch() {
  metrics::get<jobs>(method::get, outcome::ok).inc();
}
#endif
