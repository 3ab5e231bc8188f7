// Includes the header first without VITALS_HTTP and then with it.
#include "counts.hpp"

#define VITALS_HTTP
#include <vitals/vitals.hpp>

unsigned short serve() {
  static vitals::http::server server{{.port = 0}};
  server.expose<metrics>();
  server.start();
  metrics::get<touches>(file::serves).inc();
  metrics::get<sizes>().observe(7);
  const unsigned short port = server.port();
  server.stop();
  return port;
}
