// expect: a duration is in seconds: end the callback's name in _seconds
// shows: queue_age
#include <vitals/vitals.hpp>

std::chrono::milliseconds age();

#ifdef FAIL
struct m : vitals::callback<"queue_age", "Age.", &age> {};
#else
struct m : vitals::callback<"queue_age_seconds", "Age.", &age> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  static_cast<void>(vitals::scrape<metrics>());
}
