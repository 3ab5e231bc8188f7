// expect: a metric has two labels of the same name: rename one
// shows: "kind"
#include <vitals/vitals.hpp>

enum class method { get, post };
enum class outcome { ok, error };

#ifdef FAIL
struct m : vitals::counter<"jobs_total", "Jobs done.", vitals::label<"kind", method>, vitals::label<"kind", outcome>> {
};
#else
struct m
    : vitals::counter<"jobs_total", "Jobs done.", vitals::label<"method", method>, vitals::label<"kind", outcome>> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>(method::get, outcome::ok).inc();
}
