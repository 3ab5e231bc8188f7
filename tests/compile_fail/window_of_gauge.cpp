// expect: a metric's options are labels, a unit, vitals::shared and vitals::packed
// shows: "queue_depth"
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::gauge<"queue_depth", "Jobs waiting.", vitals::window<30>> {};
#else
struct m : vitals::max_gauge<"queue_depth", "Jobs waiting.", vitals::window<30>> {};
#endif

using metrics = vitals::registry<m>;
