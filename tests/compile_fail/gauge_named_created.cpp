// expect: _bucket, _count, _sum and _created are a histogram's: choose another ending
// shows: "pod_created"
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::gauge<"pod_created", "When the pod was made."> {};
#else
struct m : vitals::gauge<"pod_creation_seconds", "When the pod was made."> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>().set_to_current_time();
}
