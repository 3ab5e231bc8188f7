// expect: a ratio's counters are in its registry: add them there
// shows: tries
#include <vitals/vitals.hpp>

struct jobs : vitals::counter<"jobs_total", "Jobs."> {};
struct tries : vitals::counter<"tries_total", "Tries."> {};
struct m : vitals::ratio_of<"jobs_ratio", "Jobs for each try.", jobs, tries> {};

#ifdef FAIL
using inner = vitals::registry<jobs>;
#else
using inner = vitals::registry<jobs, tries>;
#endif
using metrics = vitals::with_ratios<inner, m>;
void touch() {
  static_cast<void>(vitals::scrape<metrics>());
}
