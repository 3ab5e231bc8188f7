// A server over TLS, for tests with other programs: served FOLDER [threads|context]. It prints its port, and obeys
// lines of its input: "reload" and "stop" (with its end). Refusals and warnings are printed as they come.
#define VITALS_TLS
#define VITALS_CRYPT
#include <chrono>
#include <cstdio>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>

#include <vitals/vitals.hpp>

namespace {

struct scrapes : vitals::counter<"served_lines_total", "Lines of the input."> {};
using registry = vitals::registry<scrapes>;
struct store : vitals::component<"store", vitals::critical> {};
using health = vitals::health<"served", store>;

void print(std::string_view what) {
  std::printf("%.*s\n", static_cast<int>(what.size()), what.data());
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string folder = argc > 1 ? argv[1] : ".";
  std::string hash;
  std::getline(std::cin, hash);
  const vitals::http::access_rules rules{
      .metrics = {.users = {{.name = "prometheus", .hash = hash}}, .token_file = folder + "/token"},
      .rest = {.client_certificate = true},
      .passwords = vitals::http::crypt_hashing,
      .on_refusal = [](vitals::http::access_refusal why) {
        print("refused " + std::to_string(static_cast<int>(why)));
      }};
  const vitals::http::tls_options files{
      .certificate = folder + "/tls.crt", .key = folder + "/tls.key", .client_authorities = folder + "/ca.crt"};
  const vitals::http::server_options options{
      .port = 0, .limits = {.header = std::chrono::seconds{2}}, .access = rules, .on_warning = print};
  const bool on_context = argc > 2 && std::string_view{argv[2]} == "context";
  boost::asio::io_context io;
  std::optional<vitals::http::tls_server> made;
  on_context ? made.emplace(io, files, options) : made.emplace(files, options);
  vitals::http::tls_server& server = *made;
  server.expose<registry, health>();
  health::mark_ready();
  health::mark_healthy<store>();
  try {
    server.start();
  } catch (const std::system_error& e) {
    print(std::string{"error: "} + e.what());
    return 1;
  }
  print("port " + std::to_string(server.port()));
  std::thread runner{[&io] { io.run(); }};  // until the server on it has stopped; at once where there is none
  for (std::string line; std::getline(std::cin, line) && line != "stop";) {
    registry::get<scrapes>().inc();
    std::error_code error;
    server.reload(error);
    print(error ? "not reloaded" : "reloaded");
  }
  server.stop();
  runner.join();
  print("stopped");
}
