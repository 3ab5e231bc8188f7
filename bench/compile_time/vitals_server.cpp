// A program that serves one counter.
#define VITALS_HTTP
#include <vitals/vitals.hpp>

struct jobs : vitals::counter<"jobs_total", "Jobs done."> {};
using metrics = vitals::registry<jobs>;

void serve(bool (*go_on)()) {
  vitals::http::server server{{.address = "127.0.0.1", .port = 9464}};
  server.expose<metrics>();
  server.start();
  while (go_on()) {
    metrics::get<jobs>().inc();
  }
}
