// expect: a metric's options are labels, slots, a unit, vitals::shared, vitals::packed and vitals::exemplars
// shows: "queue_depth"
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::gauge<"queue_depth", "Jobs waiting.", vitals::window<30>> {};
#else
struct m : vitals::max_gauge<"queue_depth", "Jobs waiting.", vitals::window<30>> {};
#endif

using metrics = vitals::registry<m>;
