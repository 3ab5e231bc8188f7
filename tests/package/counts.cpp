#include <cstdio>

#include <vitals/vitals.hpp>

#ifdef VITALS_HTTP
#error "vitals::vitals is without HTTP"
#endif

struct ticks : vitals::counter<"ticks_total", "Ticks."> {};
using metrics = vitals::registry<ticks>;

int main(int count, char**) {
  char narrowed = count;  // a warning under our flags, which are not the user's
  metrics::get<ticks>().inc();
  std::fputs(vitals::scrape<metrics>().c_str(), stdout);
  return narrowed != 1;
}
