// expect: a histogram's bounds ascend, are finite and leave out +Inf
// shows: infinity
#include <vitals/vitals.hpp>

inline constexpr double infinity = std::numeric_limits<double>::infinity();

#ifdef FAIL
struct m : vitals::histogram<"job_bytes", "Size of a job.", vitals::buckets::of<-infinity, 5>> {};
#else
struct m : vitals::histogram<"job_bytes", "Size of a job.", vitals::buckets::of<-1, 5>> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>().observe(1);
}
