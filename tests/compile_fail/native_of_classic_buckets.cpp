// expect: a native histogram's buckets are vitals::native<schema, low, high>
// shows: buckets::web
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::native_histogram<"size_bytes", "Size.", vitals::buckets::web> {};
#else
struct m : vitals::native_histogram<"size_bytes", "Size.", vitals::native<0, 0, 10>> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>().observe(1);
}
