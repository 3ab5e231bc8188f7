// expect: names one of the counter's labels, and one of that label's values
// shows: result
#include <vitals/vitals.hpp>

enum class outcome { ok, error };

struct jobs : vitals::counter<"jobs_total", "Jobs.", vitals::label<"outcome", outcome>> {};
#ifdef FAIL
struct m : vitals::ratio_of<"success_ratio", "Well done.", vitals::where<jobs, "result", "ok">, jobs> {};
#else
struct m : vitals::ratio_of<"success_ratio", "Well done.", vitals::where<jobs, "outcome", "ok">, jobs> {};
#endif

using metrics = vitals::with_ratios<vitals::registry<jobs>, m>;
void touch() {
  static_cast<void>(vitals::scrape<metrics>());
}
