// expect: a window is from 100ms to a year long: write vitals::window<30s>
// shows: vitals::window<0>
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::max_gauge<"jobs", "Jobs waiting.", vitals::window<0>> {};
#else
struct m : vitals::max_gauge<"jobs", "Jobs waiting.", vitals::window<0.1>> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>().observe(1);
}
