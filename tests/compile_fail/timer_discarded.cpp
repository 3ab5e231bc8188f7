// expect: a timer records when it leaves its scope: give it a name
// shows: get<duration>
#include <vitals/vitals.hpp>

struct size : vitals::histogram<"job_bytes", "Size of a job.", vitals::buckets::of<10, 100>> {};
struct duration : vitals::histogram<"job_seconds", "Time of a job.", vitals::buckets::web> {};
using metrics = vitals::registry<size, duration>;

#ifdef FAIL
void touch() {
  metrics::get<duration>().time();
}
#else
void touch() {
  auto timing = metrics::get<duration>().time();
}
#endif
