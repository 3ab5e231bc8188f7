// expect: a native histogram has at most 16,384 buckets
// shows: native<8, -100, 100>
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::native_histogram<"size_bytes", "Size.", vitals::native<8, -100, 100>> {};
#else
struct m : vitals::native_histogram<"size_bytes", "Size.", vitals::native<0, 0, 10>> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>().observe(1);
}
