// expect: a native histogram's schema is from -4 to 8
// shows: native<9, 0, 10>
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::native_histogram<"size_bytes", "Size.", vitals::native<9, 0, 10>> {};
#else
struct m : vitals::native_histogram<"size_bytes", "Size.", vitals::native<0, 0, 10>> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>().observe(1);
}
