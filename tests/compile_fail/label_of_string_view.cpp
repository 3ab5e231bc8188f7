// expect: a label's values are an enum, bool or a list of literals
// shows: "zone"
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::counter<"jobs_total", "Jobs done.", vitals::label<"zone", std::string_view>> {};
#else
struct m : vitals::counter<"jobs_total", "Jobs done.", vitals::label<"zone", vitals::one_of<"eu", "us">>> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>("eu").inc();
}
