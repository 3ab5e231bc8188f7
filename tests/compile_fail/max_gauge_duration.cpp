// expect: a duration is in seconds: end the max_gauge's name in _seconds
// shows: get<depth>
#include <vitals/vitals.hpp>

struct depth : vitals::max_gauge<"queue_depth", "Jobs waiting."> {};
struct waits : vitals::max_gauge<"queue_wait_seconds", "Longest wait."> {};
using metrics = vitals::registry<depth, waits>;

#ifdef FAIL
void touch() {
  metrics::get<depth>().observe(std::chrono::seconds{1});
}
#else
void touch() {
  metrics::get<waits>().observe(std::chrono::seconds{1});
}
#endif
