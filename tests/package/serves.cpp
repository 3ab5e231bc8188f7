#include <vitals/vitals.hpp>

struct ticks : vitals::counter<"ticks_total", "Ticks."> {};

int main() {
  vitals::http::server server{{.port = 0}};
  server.expose<vitals::registry<ticks>>();
  server.start();
  return server.port() != 0 ? 0 : 1;
}
