// expect: this_text_is_not_one_of_the_labels_values
// shows: "asia"
#include <vitals/vitals.hpp>

struct jobs : vitals::counter<"jobs_total", "Jobs done.", vitals::label<"zone", vitals::one_of<"eu", "us">>> {};
using metrics = vitals::registry<jobs>;

#ifdef FAIL
void touch() {
  metrics::get<jobs>("asia").inc();
}
#else
void touch() {
  metrics::get<jobs>("us").inc();
}
#endif
