// expect: a metric's options are labels, slots, a unit, vitals::shared, vitals::packed and vitals::exemplars
// shows: method
#include <vitals/vitals.hpp>

enum class method { get, post };

#ifdef FAIL
struct m : vitals::counter<"jobs_total", "Jobs done.", method> {};
#else
struct m : vitals::counter<"jobs_total", "Jobs done.", vitals::label<"method", method>> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>(method::get).inc();
}
