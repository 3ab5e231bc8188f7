// expect: a ratio is made of two counters
// shows: depth
#include <vitals/vitals.hpp>

struct depth : vitals::gauge<"queue_depth", "Depth."> {};
struct jobs : vitals::counter<"jobs_total", "Jobs."> {};
struct tries : vitals::counter<"tries_total", "Tries."> {};
#ifdef FAIL
struct m : vitals::ratio_of<"jobs_ratio", "Jobs for each try.", depth, tries> {};
#else
struct m : vitals::ratio_of<"jobs_ratio", "Jobs for each try.", jobs, tries> {};
#endif

using metrics = vitals::with_ratios<vitals::registry<depth, jobs, tries>, m>;
void touch() {
  static_cast<void>(vitals::scrape<metrics>());
}
