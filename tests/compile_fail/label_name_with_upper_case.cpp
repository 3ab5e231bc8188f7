// expect: a label's name is snake_case: write user_id
// shows: "httpMethod"
#include <vitals/vitals.hpp>

enum class method { get, post };

#ifdef FAIL
struct m : vitals::counter<"jobs_total", "Jobs done.", vitals::label<"httpMethod", method>> {};
#else
struct m : vitals::counter<"jobs_total", "Jobs done.", vitals::label<"method", method>> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>(method::get).inc();
}
