// expect: label names that start with __ are reserved by Prometheus
// shows: "__x"
#include <vitals/vitals.hpp>

enum class method { get, post };

#ifdef FAIL
struct m : vitals::counter<"jobs_total", "Jobs done.", vitals::label<"__x", method>> {};
#else
struct m : vitals::counter<"jobs_total", "Jobs done.", vitals::label<"method", method>> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>(method::get).inc();
}
