#include <vitals/http/checks.hpp>

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <wait_for.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <health/said.hpp>
#include <http/scripted_server.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <vitals/health/component.hpp>
#include <vitals/health/health.hpp>
#include <vitals/health/monitor.hpp>

namespace http_checks_tests {

using http_tests::answering_server;
using http_tests::connection;
using http_tests::scripted_server;
using vitals::check_result;
using vitals::report;
using vitals::http::connect_check;
using vitals::http::get_check;
using vitals::http::detail::host_addresses;
using vitals::http::detail::host_lookup;
using namespace std::chrono_literals;

/// What must not come is given up sooner than what must.
constexpr auto a_moment = 100ms;

/// A port that nobody listens on.
std::uint16_t closed_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  REQUIRE(::bind(socket, reinterpret_cast<const sockaddr*>(&at), size) == 0);
  REQUIRE(::getsockname(socket, reinterpret_cast<sockaddr*>(&at), &size) == 0);
  ::close(socket);
  return ntohs(at.sin_port);
}

TEST_CASE("a port that takes connections, and one that does not") {
  {
    const scripted_server server{[](const connection&) {}};
    connect_check check{{.host = "127.0.0.1", .port = server.port(), .timeout = long_enough}};
    CHECK(said(check()) == "passed");
  }
  const std::uint16_t port = closed_port();
  connect_check check{{.host = "127.0.0.1", .port = port, .timeout = long_enough}};
  const check_result refused = check();
  CHECK(said(refused) == "failed connection_refused");
  CHECK(refused.message.starts_with("127.0.0.1 port " + std::to_string(port) + ": "));
}

TEST_CASE("an answer with the status that is expected, and others") {
  const auto result_of = [](std::string answer, unsigned status) {
    const answering_server server{std::move(answer)};
    get_check check{{.host = "127.0.0.1",
                     .port = server.port(),
                     .target = "/readyz?a=b",
                     .status = status,
                     .timeout = long_enough}};
    const check_result result = check();
    if (result.reason != "connection_failed") {  // else it may be at it still
      CHECK(server.request().starts_with("GET /readyz?a=b HTTP/1.1\r\n"));
      CHECK(server.request().find("\r\nHost: 127.0.0.1:" + std::to_string(server.port()) + "\r\n") !=
            std::string::npos);
    }
    return result;
  };
  CHECK(said(result_of("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200)) == "passed");
  CHECK(said(result_of("HTTP/1.1 204 No Content\r\n\r\n", 204)) == "passed");
  CHECK(said(result_of("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nno more", 200)) == "passed");
  const check_result unready = result_of("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n", 200);
  CHECK(said(unready) == "failed unexpected_status");
  CHECK(unready.message.starts_with("GET http://127.0.0.1:"));
  CHECK(unready.message.ends_with("/readyz?a=b: 503, expected 200"));
  CHECK(said(result_of("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n", 200)) ==
        "failed unexpected_status");
  CHECK(said(result_of("SSH-2.0-OpenSSH_9.2\r\n", 200)) == "failed connection_failed");
  CHECK(said(result_of("", 200)) == "failed connection_failed");
}

TEST_CASE("an IPv6 address") {
  const answering_server server{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"};
  const std::string mapped = "::ffff:127.0.0.1";  // through a socket of IPv6, to a server without
  get_check check{{.host = mapped, .port = server.port(), .timeout = long_enough}};
  const check_result result = check();
  if (result.message.find("connecting") != std::string::npos) {
    MESSAGE("this machine has no IPv6: " << result.message);
    return;
  }
  CHECK(said(result) == "passed");
  CHECK(server.request().find("\r\nHost: [::ffff:127.0.0.1]:" + std::to_string(server.port()) + "\r\n") !=
        std::string::npos);
}

/// A port that answers nobody: its queue of connections is full.
class silent_port {
 public:
  silent_port() {
    at_.sin_family = AF_INET;
    at_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at_;
    REQUIRE(::bind(sockets_[0], reinterpret_cast<const sockaddr*>(&at_), size) == 0);
    REQUIRE(::listen(sockets_[0], 0) == 0);
    REQUIRE(::getsockname(sockets_[0], reinterpret_cast<sockaddr*>(&at_), &size) == 0);
    for (std::size_t i = 1; i != std::size(sockets_); ++i) {
      static_cast<void>(::connect(sockets_[i], reinterpret_cast<const sockaddr*>(&at_), size));
    }
  }
  silent_port(const silent_port&) = delete;
  silent_port& operator=(const silent_port&) = delete;
  ~silent_port() {
    for (const int socket : sockets_) {
      ::close(socket);
    }
  }
  [[nodiscard]] std::uint16_t port() const { return ntohs(at_.sin_port); }

 private:
  static int opened() { return ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0); }
  sockaddr_in at_{};
  int sockets_[4] = {opened(), opened(), opened(), opened()};
};

TEST_CASE("of a name's addresses, one that is silent or refuses does not hide one that answers") {
  static const silent_port silent;
  const scripted_server server{[](const connection&) {}};
  static const std::uint16_t closed = closed_port();
  const auto leads_to = [](auto... ports) {
    static std::vector<std::uint16_t> all;
    all = {ports...};
    return host_lookup{[](const std::string&, std::uint16_t) {
      host_addresses found;
      for (const std::uint16_t port : all) {
        found.endpoints.emplace_back(boost::asio::ip::make_address("127.0.0.1"), port);
      }
      return found;
    }};
  };
  connect_check alone{{.host = "some.name", .port = 1, .timeout = a_moment}, leads_to(silent.port())};
  CHECK(said(alone()) == "failed timeout");
  connect_check both{{.host = "some.name", .port = 1, .timeout = 6s}, leads_to(silent.port(), closed, server.port())};
  CHECK(said(both()) == "passed");
  connect_check nowhere{{.host = "some.name", .port = 1, .timeout = long_enough}, leads_to()};
  CHECK(said(nowhere()) == "failed connection_failed");
}

TEST_CASE("a server that takes the connection and says nothing is given up in time") {
  const scripted_server server{[](const connection& c) { c.wait(); }};
  get_check check{{.host = "127.0.0.1", .port = server.port(), .timeout = a_moment}};
  const check_result result = check();
  CHECK(said(result) == "failed timeout");
  CHECK(result.message.find("reading the answer") != std::string::npos);
}

TEST_CASE("a name that leads nowhere") {
  const host_lookup nowhere{
      [](const std::string&, std::uint16_t) { return host_addresses{.error = boost::asio::error::host_not_found}; }};
  connect_check connect{{.host = "nowhere.invalid", .port = 1, .timeout = long_enough}, nowhere};
  CHECK(said(connect()) == "failed unknown_host");
  CHECK(connect().message.starts_with("nowhere.invalid: "));
  get_check get{{.host = "nowhere.invalid", .timeout = long_enough}, nowhere};
  CHECK(said(get()) == "failed unknown_host");
  const host_lookup throws{[](const std::string&, std::uint16_t) -> host_addresses { throw std::bad_alloc{}; }};
  connect_check failing{{.host = "nowhere.invalid", .port = 1, .timeout = long_enough}, throws};
  CHECK(said(failing()) == "failed unknown_host");
}

/// A resolver that is dead until it is told otherwise.
struct dead_resolver {
  static host_addresses look_up(const std::string&, std::uint16_t port) {
    ++calls;
    ++inside;
    answers.wait();
    --inside;
    host_addresses found;
    found.endpoints.emplace_back(boost::asio::ip::make_address("127.0.0.1"), port);
    return found;
  }
  static inline std::atomic<int> calls{0};
  static inline std::atomic<int> inside{0};
  static inline std::promise<void> alive;
  static inline const std::shared_future<void> answers{alive.get_future()};
};

TEST_CASE("a dead resolver blocks nothing, and is asked by one thread at a time; once it answers, so it is") {
  const scripted_server server{[](const connection&) {}};
  const auto mine = host_lookup{&dead_resolver::look_up};
  {
    connect_check check{{.host = "some.name", .port = server.port(), .timeout = a_moment}, mine};
    for (int i = 0; i != 3; ++i) {
      const check_result result = check();
      CHECK(said(result) == "failed timeout");
      CHECK(result.message.find("looking up the host: ") != std::string::npos);
    }
    CHECK(dead_resolver::calls == 1);
    CHECK(dead_resolver::inside == 1);
    get_check get{{.host = "some.name", .timeout = 1ms}, mine};
    CHECK(said(get()) == "failed timeout");
    CHECK(dead_resolver::calls == 1);
    connect_check by_address{{.host = "127.0.0.1", .port = closed_port(), .timeout = long_enough}, mine};
    CHECK(said(by_address()) == "failed connection_refused");  // no name, no resolver
  }
  connect_check patient{{.host = "some.name", .port = server.port(), .timeout = long_enough}, mine};
  dead_resolver::alive.set_value();
  CHECK(said(patient()) == "passed");
  CHECK(dead_resolver::calls <= 2);  // by the lookup that was under way, or by one of its own where that had ended
  CHECK(wait_for([] { return dead_resolver::inside == 0; }));
}

TEST_CASE("each check looks up anew") {
  static std::atomic<int> calls{0};
  const std::uint16_t port = closed_port();
  connect_check check{{.host = "some.name", .port = port, .timeout = long_enough},
                      host_lookup{[](const std::string& host, std::uint16_t at) {
                        ++calls;
                        CHECK(host == "some.name");
                        host_addresses found;
                        found.endpoints.emplace_back(boost::asio::ip::make_address("127.0.0.1"), at);
                        return found;
                      }}};
  CHECK(said(check()) == "failed connection_refused");
  CHECK(said(check()) == "failed connection_refused");
  CHECK(calls == 2);
}

TEST_CASE("what cannot be asked for is refused at once") {
  CHECK_THROWS_AS(connect_check({.host = "", .port = 1}), std::invalid_argument);
  CHECK_THROWS_AS(connect_check({.host = "a b", .port = 1}), std::invalid_argument);
  CHECK_THROWS_AS(get_check({.host = "a\r\nb"}), std::invalid_argument);
  CHECK_THROWS_AS(get_check({.host = "a", .target = "/ HTTP/1.1\r\nX: y"}), std::invalid_argument);
}

TEST_CASE("a monitor runs them") {
  struct store : vitals::component<"store"> {};
  struct pricing : vitals::component<"pricing"> {};
  using health = vitals::health<"http_checks", store, pricing>;
  const answering_server server{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"};
  vitals::monitor checks;
  checks.add<health, store>(connect_check{{.host = "127.0.0.1", .port = closed_port()}});
  checks.add<health, pricing>(get_check{{.host = "127.0.0.1", .port = server.port(), .timeout = long_enough}},
                              {.timeout = long_enough});
  checks.start();
  CHECK(wait_for([] {
    const vitals::health_report r = health::report();
    return r.all[0].reason == "connection_refused" && r.all[1].now == vitals::status::healthy;
  }));
  CHECK(checks.stop());
}

}  // namespace http_checks_tests
