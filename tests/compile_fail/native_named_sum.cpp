// expect: a histogram adds _bucket, _count, _sum and _created to its name itself
// shows: size_sum
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::native_histogram<"size_sum", "Size.", vitals::native<>> {};
#else
struct m : vitals::native_histogram<"size_bytes", "Size.", vitals::native<0, 0, 10>> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>().observe(1);
}
