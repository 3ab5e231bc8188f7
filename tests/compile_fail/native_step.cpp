// expect: this schema's bounds are powers of two whose exponents are multiples
// shows: native<-2, 0, 10>
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::native_histogram<"size_bytes", "Size.", vitals::native<-2, 0, 10>> {};
#else
struct m : vitals::native_histogram<"size_bytes", "Size.", vitals::native<0, 0, 10>> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>().observe(1);
}
