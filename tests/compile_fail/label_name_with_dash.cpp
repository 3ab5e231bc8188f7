// expect: a label's name is made of a-z, 0-9 and _
// shows: "http-method"
#include <vitals/vitals.hpp>

enum class method { get, post };

#ifdef FAIL
struct m : vitals::counter<"jobs_total", "Jobs done.", vitals::label<"http-method", method>> {};
#else
struct m : vitals::counter<"jobs_total", "Jobs done.", vitals::label<"method", method>> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>(method::get).inc();
}
