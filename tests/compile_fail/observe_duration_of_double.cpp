// expect: this histogram counts plain numbers: end its name in _seconds to observe durations
// shows: get<size>
#include <vitals/vitals.hpp>

struct size : vitals::histogram<"job_bytes", "Size of a job.", vitals::buckets::of<10, 100>> {};
struct duration : vitals::histogram<"job_seconds", "Time of a job.", vitals::buckets::web> {};
using metrics = vitals::registry<size, duration>;

#ifdef FAIL
void touch() {
  metrics::get<size>().observe(std::chrono::duration<double>{1});
}
#else
void touch() {
  metrics::get<duration>().observe(std::chrono::duration<double>{1});
}
#endif
