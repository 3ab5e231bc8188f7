// expect: a metric's name ends in its unit
// shows: "success_rate"
#include <vitals/vitals.hpp>

struct jobs : vitals::counter<"jobs_total", "Jobs."> {};
struct tries : vitals::counter<"tries_total", "Tries."> {};
#ifdef FAIL
struct m : vitals::ratio_of<"success_rate", "Jobs for each try.", jobs, tries> {};
#else
struct m : vitals::ratio_of<"success_ratio", "Jobs for each try.", jobs, tries> {};
#endif

using metrics = vitals::with_ratios<vitals::registry<jobs, tries>, m>;
void touch() {
  static_cast<void>(vitals::scrape<metrics>());
}
