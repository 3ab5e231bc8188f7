// expect: a timer needs a steady clock
// shows: system_clock
#include <vitals/vitals.hpp>

struct size : vitals::histogram<"job_bytes", "Size of a job.", vitals::buckets::of<10, 100>> {};
struct duration : vitals::histogram<"job_seconds", "Time of a job.", vitals::buckets::web> {};
using metrics = vitals::registry<size, duration>;

#ifdef FAIL
void touch() {
  auto timing = metrics::get<duration>().time<std::chrono::system_clock>();
}
#else
void touch() {
  auto timing = metrics::get<duration>().time<vitals::tsc_clock>();
}
#endif
