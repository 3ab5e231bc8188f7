// expect: a histogram's bounds ascend, are finite and leave out +Inf
// shows: not_a_number
#include <vitals/vitals.hpp>

inline constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

#ifdef FAIL
struct m : vitals::histogram<"job_bytes", "Size of a job.", vitals::buckets::of<1, not_a_number, 5>> {};
#else
struct m : vitals::histogram<"job_bytes", "Size of a job.", vitals::buckets::of<1, 5>> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>().observe(1);
}
