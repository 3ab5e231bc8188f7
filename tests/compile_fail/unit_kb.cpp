// expect: a metric's name says a base unit in full
// shows: "sent_kb_total"
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::counter<"sent_kb_total", "Sent."> {};
#else
struct m : vitals::counter<"sent_bytes_total", "Sent."> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>().inc();
}
