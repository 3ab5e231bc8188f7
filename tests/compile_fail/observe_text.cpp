// expect: a histogram observes a number, or a duration
// shows: observe("large")
#include <vitals/vitals.hpp>

struct size : vitals::histogram<"job_bytes", "Size of a job.", vitals::buckets::of<10, 100>> {};
struct duration : vitals::histogram<"job_seconds", "Time of a job.", vitals::buckets::web> {};
using metrics = vitals::registry<size, duration>;

#ifdef FAIL
void touch() {
  metrics::get<size>().observe("large");
}
#else
void touch() {
  metrics::get<size>().observe(50);
}
#endif
