// The program that faults.py attacks: a server with 1,000 series and a health, until SIGTERM. Its arguments are how
// long it waits, in milliseconds: for a request, for the rest of one's head, for the peer to take a response.
#include <signal.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include <vitals/vitals.hpp>

enum class digit { d0, d1, d2, d3, d4, d5, d6, d7, d8, d9 };
struct events : vitals::counter<"fault_events_total", "Events.", vitals::label<"hundreds", digit>,
                                vitals::label<"tens", digit>, vitals::label<"ones", digit>> {};
struct store : vitals::component<"store", vitals::critical> {};
using counts = vitals::registry<events>;
using program = vitals::health<"faults", store>;

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: fault_server IDLE HEADER WRITE\n", stderr);
    return 2;
  }
  sigset_t stops;
  sigemptyset(&stops);
  sigaddset(&stops, SIGTERM);
  sigprocmask(SIG_BLOCK, &stops, nullptr);

  program::mark_ready();
  program::mark_healthy<store>();
  const auto time = [argv](int i) { return std::chrono::milliseconds{std::atoi(argv[i])}; };
  vitals::http::server server{{.port = 0, .limits = {.idle = time(1), .header = time(2), .write = time(3)}}};
  server.expose<counts, program>();
  server.start();
  std::printf("%d\n", server.port());
  std::fflush(stdout);
  int signal = 0;
  sigwait(&stops, &signal);
  server.stop();
  return 0;
}
