// A program that ends while it is scraped: exit_while_scraped HOW.
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include <lifecycle/scrape.hpp>
#include <vitals/expose/callbacks.hpp>
#include <vitals/http/server.hpp>
#include <vitals/metric/counter.hpp>
#include <vitals/registry/registry.hpp>

namespace {

struct hits : vitals::counter<"exit_hits_total", "Hits."> {};
using metrics = vitals::registry<hits>;
using vitals::http::server;

std::atomic<bool> is_read{false};

/// A source that is slow, and that is gone when the server is not.
vitals::callbacks& slow() {
  static vitals::callbacks calls;
  calls.gauge("exit_slow", "Slow.", [] {
    is_read = true;
    std::this_thread::sleep_for(std::chrono::milliseconds{100});
    return 1;
  });
  return calls;
}

void scrape_for_ever(std::uint16_t port) {
  std::thread{[port] {
    for (;;) {
      metrics::get<hits>().inc();
      get(port, "/metrics");
    }
  }}.detach();
  while (!is_read) {
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view how = argc == 2 ? argv[1] : "";
  if (how == "static") {  // made behind its source, so destroyed before it
    vitals::callbacks& source = slow();
    static server s{{.port = 0}};
    s.expose<metrics>();
    s.expose(source);
    s.start();
    scrape_for_ever(s.port());
    std::exit(0);
  }
  if (how == "left") {  // never destroyed: its threads run until the process ends
    auto* const s = new server{{.port = 0}};
    auto* const source = new vitals::callbacks;
    source->gauge("exit_left", "Left.", [] {
      is_read = true;
      return 1;
    });
    s->expose<metrics, vitals::http::own::registry>({.prefix = "left_"});
    s->expose(*source);
    s->start();
    scrape_for_ever(s->port());
    std::exit(0);
  }
  if (how == "automatic") {
    vitals::callbacks& source = slow();
    server s{{.port = 0}};
    s.expose(source);
    s.start();
    scrape_for_ever(s.port());
    return 0;
  }
  if (how == "quick") {
    vitals::callbacks& source = slow();
    server s{{.port = 0}};
    s.expose(source);
    s.start();
    scrape_for_ever(s.port());
    std::quick_exit(0);
  }
  return 2;
}
