// expect: a label has 1 to 65,535 slots: each is a series of every metric with it
// shows: "Jobs done.", server>
#include <vitals/vitals.hpp>

#ifdef FAIL
using server = vitals::slots<"server", 0>;
#else
using server = vitals::slots<"server", 1>;
#endif
struct jobs : vitals::counter<"jobs_total", "Jobs done.", server> {};
using metrics = vitals::registry<jobs>;
void touch() {
  std::string text = vitals::scrape<metrics>();
}
