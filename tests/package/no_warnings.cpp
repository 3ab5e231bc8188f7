// A program with names of its own that headers like to use too.
using count = int;
using first = int;
using metrics = int;
using name = int;
using reading = int;
using size = int;
using text = int;
using values = int;

#include <vitals/vitals.hpp>

namespace {

enum class outcome { ok, error };
struct jobs : vitals::counter<"jobs_total", "Jobs.", vitals::label<"outcome", outcome>> {};
struct duration : vitals::histogram<"job_duration_seconds", "Time to do one job.", vitals::buckets::web> {};
struct database : vitals::component<"database", vitals::critical> {};
using registry = vitals::registry<jobs, duration>;
using health = vitals::health<"no_warnings", database>;

}  // namespace

int main() {
  registry::get<jobs>(outcome::ok).inc();
  registry::get<duration>().observe(0.1);
  health::mark_healthy<database>();
#ifdef VITALS_HTTP
  vitals::http::server server;
  server.expose<registry, health>();
#endif
  return vitals::scrape<registry, health>().empty() ? 1 : 0;
}
