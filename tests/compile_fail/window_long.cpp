// expect: a window is from 100ms to a year long: write vitals::window<30s>
// shows: std::chrono::hours
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::max_gauge<"jobs", "Jobs waiting.", vitals::window<std::chrono::hours{9000}>> {};
#else
struct m : vitals::max_gauge<"jobs", "Jobs waiting.", vitals::window<std::chrono::hours{8760}>> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>().observe(1);
}
