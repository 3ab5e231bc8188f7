// expect: only a counter's name ends in _total: leave it out
// shows: size_total
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::native_histogram<"size_total", "Size.", vitals::native<>> {};
#else
struct m : vitals::native_histogram<"size_bytes", "Size.", vitals::native<0, 0, 10>> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>().observe(1);
}
