#include <vitals/vitals.hpp>

#include <cstdio>

enum class outcome { ok, error };
struct jobs : vitals::counter<"jobs_total", "Jobs done.", vitals::label<"outcome", outcome>> {};
struct running : vitals::up_down<"jobs_running", "Jobs at work."> {};
using metrics = vitals::registry<jobs, running>;

int main() {
  metrics::get<running>().inc();
  metrics::get<jobs>(outcome::ok).inc();  // one add to this thread's memory
  std::fputs(vitals::scrape<metrics>().c_str(), stdout);
}
