// A minute of all that a program may do to a server at once, for ThreadSanitizer to watch: scrapes in all formats and
// probes, threads that come, count and go, health that changes, sources that are exposed and taken away, restarts.
// Usage: soak SECONDS
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <vitals/vitals.hpp>

namespace {

enum class kind { a, b, c };
struct events : vitals::counter<"soak_events_total", "Events.", vitals::label<"kind", kind>> {};
struct latency : vitals::histogram<"soak_duration_seconds", "Durations.", vitals::buckets::web> {};
struct depth : vitals::gauge<"soak_depth", "Depth."> {};
struct peak : vitals::max_gauge<"soak_peak", "The largest depth."> {};
struct passing : vitals::counter<"soak_passing_total", "Of what comes and goes."> {};
struct store : vitals::component<"store", vitals::critical> {};
struct loop : vitals::component<"loop", vitals::degrading, vitals::heartbeat<std::chrono::seconds{5}>> {};
using counts = vitals::registry<events, latency, depth, peak>;
using visitor = vitals::registry<passing>;
using program = vitals::health<"soak", store, loop>;

// Relaxed: each says a thing of its own, and nothing else is read on its account.
std::atomic<bool> is_over{false};
std::atomic<std::uint16_t> port{0};
std::atomic<std::uint64_t> threads_gone{0};
std::atomic<std::uint64_t> good_answers{0};
std::atomic<std::uint64_t> lost{0};  ///< connections that a restart ended

bool goes_on() {
  return !is_over.load(std::memory_order_relaxed);
}

/// All until the server closes; empty where it is not there.
std::string ask(std::string_view target, std::string_view accept) {
  const int s = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port.load(std::memory_order_relaxed));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string all;
  if (::connect(s, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) {
    std::string request = "GET ";
    request.append(target).append(" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAccept: ").append(accept);
    request += "\r\nAccept-Encoding: gzip\r\n\r\n";
    ::send(s, request.data(), request.size(), MSG_NOSIGNAL);
    std::array<char, 4096> part;
    for (ssize_t n = 0; (n = ::recv(s, part.data(), part.size(), 0)) > 0;) {
      all.append(part.data(), static_cast<std::size_t>(n));
    }
  }
  ::close(s);
  return all;
}

void ask_on(std::string_view target, std::string_view accept) {
  while (goes_on()) {
    const std::string got = ask(target, accept);
    if (got.starts_with("HTTP/1.1 200 ")) {
      good_answers.fetch_add(1, std::memory_order_relaxed);
    } else if (got.empty()) {
      lost.fetch_add(1, std::memory_order_relaxed);
      std::this_thread::sleep_for(std::chrono::milliseconds{5});  // until it is there again
    } else if (!got.starts_with("HTTP/1.1 503 ")) {
      std::fprintf(stderr, "%s was answered with %.60s\n", std::string{target}.c_str(), got.c_str());
      std::abort();
    }
  }
}

void come_and_go() {
  while (goes_on()) {
    std::thread([] {
      for (unsigned i = 0; i != 1000; ++i) {
        counts::get<events>(static_cast<kind>(i % 3)).inc();
        counts::get<latency>().observe(std::chrono::microseconds{i});
        counts::get<depth>().set(i);
        counts::get<peak>().observe(i);
      }
    }).join();
    threads_gone.fetch_add(1, std::memory_order_relaxed);
  }
}

void change_health() {
  for (unsigned i = 0; goes_on(); ++i) {
    program::beat<loop>();
    if (i % 16 == 0) {
      program::mark_unhealthy<store>("connection_timeout", "no answer");
    } else {
      program::mark_healthy<store>();
    }
    std::this_thread::yield();
  }
}

void visit(vitals::http::server& server) {
  while (goes_on()) {
    server.expose<visitor>();
    visitor::get<passing>().inc();
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
    server.unexpose<visitor>();
  }
}

std::uint64_t counted() {
  return counts::get<events>(kind::a).value() + counts::get<events>(kind::b).value() +
         counts::get<events>(kind::c).value();
}

}  // namespace

int main(int argc, char** argv) {
  const std::chrono::seconds length{argc > 1 ? std::atoi(argv[1]) : 60};
  program::mark_ready();
  vitals::http::server server{{.port = 0}};
  server.expose<counts, program, vitals::process_metrics>();
  server.start();
  port = server.port();
  std::uint64_t restarts = 0;
  {
    std::vector<std::thread> all;
    for (const auto& [target, accept] : std::array<std::array<const char*, 2>, 5>{
             {{"/metrics", "text/plain"},
              {"/metrics?name[]=soak_events_total", "application/openmetrics-text"},
              {"/metrics/json", "*/*"},
              {"/livez", "*/*"},
              {"/readyz", "application/health+json"}}}) {
      all.emplace_back(ask_on, target, accept);
    }
    all.emplace_back(come_and_go);
    all.emplace_back(come_and_go);
    all.emplace_back(change_health);
    all.emplace_back(visit, std::ref(server));
    for (const auto end = std::chrono::steady_clock::now() + length; std::chrono::steady_clock::now() < end;) {
      std::this_thread::sleep_for(std::chrono::milliseconds{500});
      server.stop();
      server.start();
      port.store(server.port(), std::memory_order_relaxed);
      ++restarts;
    }
    is_over.store(true, std::memory_order_relaxed);
    for (std::thread& t : all) {
      t.join();
    }
  }
  const bool is_whole = counted() == 1000 * threads_gone;
  std::printf(
      "%llu good answers, %llu connections ended by %llu restarts, %llu threads came and went, their counts %s\n",
      static_cast<unsigned long long>(good_answers), static_cast<unsigned long long>(lost),
      static_cast<unsigned long long>(restarts), static_cast<unsigned long long>(threads_gone),
      is_whole ? "are whole" : "ARE NOT WHOLE");
  return is_whole && good_answers > 0 && threads_gone > 0 && restarts > 0 ? 0 : 1;
}
