#include <vitals/http/client.hpp>

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <http/scripted_server.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>

namespace client_test {

using http_tests::answering_server;
using http_tests::connection;
using http_tests::scripted_server;
using vitals::http::client_request;
using vitals::http::client_response;
using vitals::http::fetch;
using namespace std::chrono_literals;

/// Patience for what must come; that which must not come is given up sooner.
constexpr auto long_enough = 30s;
constexpr auto a_moment = 200ms;

client_response ask(std::uint16_t port) {
  return fetch({.host = "127.0.0.1", .port = port, .timeout = long_enough});
}

client_response answer_to(std::string text) {
  const answering_server server{std::move(text)};
  return ask(server.port());
}

/// The error of a request that must fail, at the given step.
std::error_code error_of(const client_request& asked, const std::string& step) {
  try {
    static_cast<void>(fetch(asked));
  } catch (const std::system_error& error) {
    const std::string said = error.what();
    CAPTURE(said);
    CHECK(said.starts_with("vitals: " + asked.method + " http://"));
    CHECK(said.find(":" + std::to_string(asked.port) + asked.target + ": " + step + ": ") != std::string::npos);
    return error.code();
  }
  FAIL("nothing was thrown");
  return {};
}

std::error_code error_after(scripted_server::script script, client_request asked, const std::string& step) {
  const scripted_server server{std::move(script)};
  asked.host = "127.0.0.1";
  asked.port = server.port();
  return error_of(asked, step);
}

TEST_CASE("a request has a method, a target, a host, a body and its type") {
  const answering_server server{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"};
  const client_response got = fetch({.method = "PUT",
                                     .host = "127.0.0.1",
                                     .port = server.port(),
                                     .target = "/a/b?c=%20",
                                     .content_type = "text/x; a=b",
                                     .body = "all of it",
                                     .timeout = long_enough});
  CHECK(got.status == 200);
  CHECK(got.body.empty());
  const std::string& sent = server.request();
  CHECK(sent.starts_with("PUT /a/b?c=%20 HTTP/1.1\r\n"));
  CHECK(sent.find("\r\nHost: 127.0.0.1:" + std::to_string(server.port()) + "\r\n") != std::string::npos);
  CHECK(sent.find("\r\nUser-Agent: vitals/") != std::string::npos);
  CHECK(sent.find("\r\nContent-Type: text/x; a=b\r\n") != std::string::npos);
  CHECK(sent.find("\r\nContent-Length: 9\r\n") != std::string::npos);
  CHECK(sent.find("\r\nConnection: close\r\n") != std::string::npos);
  CHECK(sent.ends_with("\r\n\r\nall of it"));
}

TEST_CASE("an answer has a status, a type and a body, however its length is told") {
  const client_response counted =
      answer_to("HTTP/1.1 404 Not Found\r\nContent-Type: a/b\r\nContent-Length: 3\r\n\r\nabcd");
  CHECK(counted.status == 404);
  CHECK(counted.content_type == "a/b");
  CHECK(counted.body == "abc");
  CHECK(answer_to("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n").body ==
        "abcde");
  CHECK(answer_to("HTTP/1.0 200 OK\r\n\r\nto the end").body == "to the end");
  CHECK(answer_to("HTTP/1.1 204 No Content\r\n\r\n").status == 204);
  CHECK(answer_to("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n").status == 302);
}

TEST_CASE("interim answers are passed over") {
  const client_response got = answer_to(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  CHECK(got.status == 200);
  CHECK(got.body == "ok");
}

TEST_CASE("the answer to HEAD has no body") {
  const answering_server server{"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"};
  const client_response got =
      fetch({.method = "HEAD", .host = "127.0.0.1", .port = server.port(), .timeout = long_enough});
  CHECK(got.status == 200);
  CHECK(got.body.empty());
}

TEST_CASE("of a body no more is kept than was asked for") {
  for (const std::string head :
       {"HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9000000000000000000\r\n\r\n"}) {
    for (const std::size_t limit : {0U, 1U, 4096U, 10'000U}) {
      const scripted_server server{[&head](const connection& c) {
        static_cast<void>(c.request());
        c.send(head);
        while (c.send(std::string(10'000, 'x'))) {  // until the client has enough
        }
      }};
      const client_response got =
          fetch({.host = "127.0.0.1", .port = server.port(), .timeout = long_enough, .body_limit = limit});
      CHECK(got.status == 200);
      CHECK(got.body == std::string(limit, 'x'));
    }
  }
}

TEST_CASE("a large body arrives whole") {
  std::string body(3'000'000, 'a');
  body += "z";
  const answering_server server{"HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
                                body};
  const client_response got = fetch({.method = "POST",
                                     .host = "127.0.0.1",
                                     .port = server.port(),
                                     .body = body,
                                     .timeout = long_enough,
                                     .body_limit = 4'000'000});
  CHECK((got.body == body));
  CHECK(server.request().ends_with("az"));
}

TEST_CASE("an answer counts though the server closes before it has all of the request") {
  const scripted_server server{
      [](const connection& c) { c.send("HTTP/1.1 413 Too Large\r\nContent-Length: 4\r\n\r\nless"); }};
  const std::string body(50'000'000, 'x');  // more than fits on the way
  const client_response got =
      fetch({.method = "PUT", .host = "127.0.0.1", .port = server.port(), .body = body, .timeout = long_enough});
  CHECK(got.status == 413);
  CHECK(got.body == "less");
}

/// Whether this machine knows the loopback by name: the barest have no file that says so.
bool knows_localhost() {
  addrinfo* found = nullptr;
  if (::getaddrinfo("localhost", nullptr, nullptr, &found) != 0) {
    MESSAGE("this machine has no name for its loopback (/etc/hosts): what looks it up is left out");
    return false;
  }
  ::freeaddrinfo(found);
  return true;
}

TEST_CASE("a name is looked up") {
  if (!knows_localhost()) {
    return;
  }
  const answering_server server{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"};
  CHECK(fetch({.host = "localhost", .port = server.port(), .timeout = long_enough}).status == 200);
  CHECK(server.request().find("\r\nHost: localhost:" + std::to_string(server.port()) + "\r\n") != std::string::npos);
}

TEST_CASE("a name that nobody knows is reported") {
  CHECK(error_of({.host = "no-such-host.invalid", .timeout = 5s}, "looking up the host"));
}

TEST_CASE("a port that refuses is reported") {
  std::uint16_t port = 0;
  {
    const scripted_server gone{[](const connection&) {}};
    port = gone.port();
  }
  CHECK(error_of({.host = "127.0.0.1", .port = port, .target = "/x", .timeout = long_enough}, "connecting") ==
        std::errc::connection_refused);
  if (knows_localhost()) {
    CHECK(error_of({.host = "localhost", .port = port, .timeout = long_enough}, "connecting") ==
          std::errc::connection_refused);
  }
}

TEST_CASE("a host that does not take the connection is given up") {
  // A queue that is full drops what comes, as a dead host does.
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  REQUIRE(::bind(listener, reinterpret_cast<const sockaddr*>(&at), size) == 0);
  REQUIRE(::listen(listener, 0) == 0);
  REQUIRE(::getsockname(listener, reinterpret_cast<sockaddr*>(&at), &size) == 0);
  int fillers[4];
  for (int& filler : fillers) {
    filler = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    ::connect(filler, reinterpret_cast<const sockaddr*>(&at), size);
  }
  CHECK(error_of({.host = "127.0.0.1", .port = ntohs(at.sin_port), .timeout = a_moment}, "connecting") ==
        std::errc::timed_out);
  for (const int filler : fillers) {
    ::close(filler);
  }
  ::close(listener);
}

TEST_CASE("a server that takes no request, or never answers, or drips, is given up") {
  const std::string large(50'000'000, 'x');
  CHECK(error_after(
            [](const connection& c) {
              std::this_thread::sleep_for(2 * a_moment);
              c.wait();
            },
            {.method = "PUT", .body = large, .timeout = a_moment}, "sending the request") == std::errc::timed_out);
  CHECK(error_after([](const connection& c) { c.wait(); }, {.timeout = a_moment}, "reading the answer") ==
        std::errc::timed_out);
  for (const std::string start : {"HTTP/1.1 200 OK\r\nX: ", "HTTP/1.1 200 OK\r\n\r\n"}) {
    CHECK(error_after(
              [&start](const connection& c) {
                static_cast<void>(c.request());
                for (bool there = c.send(start); there; there = c.send("x")) {
                  std::this_thread::sleep_for(a_moment / 40);
                }
              },
              {.timeout = a_moment}, "reading the answer") == std::errc::timed_out);
  }
}

TEST_CASE("a server that goes on with interim answers is given up") {
  CHECK(error_after(
            [](const connection& c) {
              while (c.send("HTTP/1.1 102 Processing\r\n\r\n")) {
              }
            },
            {.timeout = a_moment}, "reading the answer") == std::errc::timed_out);
}

TEST_CASE("a server that closes early is reported") {
  for (const std::string text :
       {"", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc"}) {
    CAPTURE(text);
    const std::error_code error = error_after(
        [&text](const connection& c) {
          static_cast<void>(c.request());
          c.send(text);
        },
        {.timeout = long_enough}, "reading the answer");
    CHECK(error);
    CHECK(error != std::errc::timed_out);
  }
}

TEST_CASE("what is no HTTP, or too much of it, is reported") {
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string& text :
       {std::string{"220 smtp ready\r\n"}, "HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x'), chunked + "zz\r\n",
        chunked + "5;" + std::string(100'000, 'x')}) {
    const std::error_code error = error_after(
        [&text](const connection& c) {
          static_cast<void>(c.request());
          c.send(text);
          c.wait();
        },
        {.timeout = long_enough}, "reading the answer");
    CHECK(error);
    CHECK(error != std::errc::timed_out);
  }
}

TEST_CASE("a timeout may be nothing, less, or for ever") {
  const answering_server server{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"};
  for (const auto none : {0ms, -5ms, std::chrono::milliseconds::min()}) {
    CHECK(error_of({.host = "127.0.0.1", .port = server.port(), .timeout = none}, "connecting") ==
          std::errc::timed_out);
  }
  CHECK(fetch({.host = "127.0.0.1", .port = server.port(), .timeout = std::chrono::milliseconds::max()}).status == 200);
}

TEST_CASE("what would end its line of the head, or leave it empty, is refused") {
  for (const std::string bad : {"", "a b", "a\r\nX: y", "a\x7f", "\t"}) {
    CHECK_THROWS_AS(static_cast<void>(fetch({.method = bad, .host = "127.0.0.1"})), std::invalid_argument);
    CHECK_THROWS_AS(static_cast<void>(fetch({.host = bad})), std::invalid_argument);
    CHECK_THROWS_AS(static_cast<void>(fetch({.host = "127.0.0.1", .target = bad})), std::invalid_argument);
  }
  CHECK_THROWS_AS(static_cast<void>(fetch({.host = "127.0.0.1", .content_type = "a\nb"})), std::invalid_argument);
}

TEST_CASE("an IPv6 address stands in brackets") {
  CHECK(vitals::http::detail::description({.host = "::1", .port = 81, .target = "/x"}) == "GET http://[::1]:81/x");
  CHECK(error_of({.host = "::1", .port = 1, .timeout = long_enough}, "connecting"));
}

TEST_CASE("work that takes too long is left alone") {
  using vitals::http::detail::outcome_by;
  const auto now = [] { return std::chrono::steady_clock::now(); };
  static std::atomic<bool> leave{false};
  static std::atomic<bool> left{false};
  const auto stuck = [] {
    while (!leave) {
      std::this_thread::sleep_for(1ms);
    }
    left = true;
    return 1;
  };
  CHECK(!outcome_by(now() + a_moment, stuck));
  CHECK(!left);
  leave = true;
  while (!left) {
    std::this_thread::yield();
  }
  CHECK(outcome_by(now() + long_enough, [] { return 7; }) == 7);
  CHECK_THROWS_AS(outcome_by(now() + long_enough, []() -> int { throw std::runtime_error("no"); }), std::runtime_error);
}

}  // namespace client_test
