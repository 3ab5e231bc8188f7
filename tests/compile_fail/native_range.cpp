// expect: a native histogram reaches from 2^Low to 2^High
// shows: native<0, 10, 0>
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::native_histogram<"size_bytes", "Size.", vitals::native<0, 10, 0>> {};
#else
struct m : vitals::native_histogram<"size_bytes", "Size.", vitals::native<0, 0, 10>> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>().observe(1);
}
