#include <vitals/http/session.hpp>

#include <doctest/doctest.h>
#include <http/raw_client.hpp>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <vitals/http/server.hpp>

namespace session_tests {

using namespace std::chrono_literals;
using raw_client::ask;
using raw_client::client;
using vitals::http::request;
using vitals::http::response;
using vitals::http::server_options;

struct running {
  vitals::http::server server;
  explicit running(server_options options = {}) : server(with_port(std::move(options))) {
    server.routes().add("/x", "", [](const request& asked, response& out) { out.body.assign(asked.target); });
    server.routes().add("/large", "",
                        [](const request&, response& out) { out.body.assign(std::size_t{64} << 20U, 'x'); });
    server.start();
  }
  static server_options with_port(server_options options) {
    options.port = 0;
    return options;
  }
  [[nodiscard]] std::string status(std::string_view request) const {
    const std::string got = ask(server.port(), request);
    return got.substr(0, 12);
  }
};

constexpr std::string_view get = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view get_once = "GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

TEST_CASE("a response says when, what, and how long it is") {
  const running r;
  const std::string got = ask(r.server.port(), get_once);
  CHECK(got.starts_with("HTTP/1.1 200 OK\r\nDate: "));
  CHECK(got.find(" GMT\r\nContent-Length: 2\r\nContent-Type: text/plain; charset=utf-8\r\n") != std::string::npos);
  CHECK(got.find("\r\nX-Content-Type-Options: nosniff\r\n") != std::string::npos);
  CHECK(got.find("\r\nConnection: close\r\n") != std::string::npos);
  CHECK(got.ends_with("\r\n\r\n/x"));
  std::string date;
  vitals::http::detail::append_date(date, 784111777);
  CHECK(date == "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST_CASE("pages of other origins read it only where they are named") {
  const auto head_of = [](std::vector<std::string> allowed, const std::string& lines) {
    const running r{{.allowed_origins = std::move(allowed)}};
    const std::string got =
        ask(r.server.port(), "GET /x HTTP/1.1\r\nHost: a\r\n" + lines + "Connection: close\r\n\r\n");
    return got.substr(0, got.find("\r\n\r\n") + 2);
  };
  const auto has = [](const std::string& head, std::string_view line) {
    return head.find("\r\n" + std::string{line} + "\r\n") != std::string::npos;
  };
  const std::string wall = "Origin: https://wall.example\r\n";
  CHECK(head_of({}, wall).find("Access-Control") == std::string::npos);
  CHECK(!has(head_of({}, wall), "Vary: Origin"));
  const std::vector<std::string> two{"https://other.example", "https://wall.example"};
  CHECK(has(head_of(two, wall), "Access-Control-Allow-Origin: https://wall.example"));
  CHECK(has(head_of(two, wall), "Vary: Origin"));
  for (const char* const stranger : {"Origin: https://wall.example.evil\r\n", "Origin: http://wall.example\r\n",
                                     "Origin: null\r\n", "Origin: \r\n", ""}) {
    CHECK(head_of(two, stranger).find("Access-Control") == std::string::npos);
    CHECK(has(head_of(two, stranger), "Vary: Origin"));
  }
  CHECK(has(head_of({"*"}, wall), "Access-Control-Allow-Origin: *"));
  CHECK(!has(head_of({"*"}, wall), "Vary: Origin"));
  CHECK(head_of({"*"}, "Expect: tea\r\n").find("Access-Control") == std::string::npos);  // refused
}

TEST_CASE("requests are read wherever their bytes are cut") {
  const running r;
  const std::string bytes{get_once};
  for (std::size_t cut = 1; cut != bytes.size(); ++cut) {
    const client c{r.server.port()};
    c.send(bytes.substr(0, cut));
    std::this_thread::yield();
    c.send(bytes.substr(cut));
    CHECK(c.rest().ends_with("\r\n\r\n/x"));
  }
  const client c{r.server.port()};
  for (const char byte : bytes) {
    c.send({&byte, 1});
  }
  CHECK(c.rest().ends_with("\r\n\r\n/x"));
}

TEST_CASE("a HTTP/1.0 client keeps its connection where it asks for it") {
  const running r;
  CHECK(ask(r.server.port(), "GET /x HTTP/1.0\r\n\r\n").find("\r\nConnection: close\r\n") != std::string::npos);
  const client c{r.server.port()};
  for (int i = 0; i != 2; ++i) {
    c.send("GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    const std::string got = c.until("\r\n\r\n/x");
    CHECK(got.find("\r\nConnection: keep-alive\r\n") != std::string::npos);
  }
}

TEST_CASE("what is refused is told why, and the connection ends") {
  const running r;
  const auto lines = [](std::string_view more) {
    return "GET /x HTTP/1.1\r\nHost: a\r\n" + std::string{more} + "\r\n" + std::string{get};
  };
  const std::pair<std::string, std::string> cases[] = {
      {"nonsense\r\n\r\n", "HTTP/1.1 400"},
      {std::string("\x16\x03\x01\x02\x00\x01", 6), "HTTP/1.1 400"},
      {lines("Host: b\r\n"), "HTTP/1.1 400"},
      {lines("A: b\r\n c\r\n"), "HTTP/1.1 400"},
      {lines("Content-Length: 3\r\n"), "HTTP/1.1 413"},
      {lines("Transfer-Encoding: chunked\r\n"), "HTTP/1.1 413"},
      {lines("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"), "HTTP/1.1 400"},
      {lines("Transfer-Encoding: gzip\r\n"), "HTTP/1.1 501"},
      {lines("Expect: a-miracle\r\n"), "HTTP/1.1 417"},
      {"BREW /x HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 501"},
      {"GET /x HTTP/3.0\r\nHost: a\r\n\r\n", "HTTP/1.1 505"},
      {"GET /" + std::string(5000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 414"},
      {"GET /" + std::string(std::size_t{1} << 20U, 'a'), "HTTP/1.1 414"},
      {"GET /x HTTP/1.1\r\nA: " + std::string(std::size_t{1} << 20U, 'a'), "HTTP/1.1 431"},
      {lines("Host: evil.example\r\n").substr(0, 17) + "Host: evil.example\r\n\r\n", "HTTP/1.1 421"},
  };
  for (const auto& one : cases) {
    const std::string& request = one.first;
    const std::string& status = one.second;
    CAPTURE(request.substr(0, 80));
    const std::string got = ask(r.server.port(), request);
    CHECK(got.substr(0, 12) == status);
    CHECK(got.find("HTTP/1.1", 1) == std::string::npos);  // what came behind it is no request
    CHECK(got.find("\r\nConnection: close\r\n") != std::string::npos);
  }
  CHECK(r.status(get_once) == "HTTP/1.1 200");
}

TEST_CASE("a body is no request: the connection ends behind the answer") {
  const running r;
  const std::string got =
      ask(r.server.port(), "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 31\r\n\r\n" + std::string{get});
  CHECK(got.starts_with("HTTP/1.1 405 "));
  CHECK(got.find("HTTP/1.1", 1) == std::string::npos);
}

TEST_CASE("who sends no whole request in time is told so, who sends nothing is not") {
  const running r{{.limits = {.idle = 50ms, .header = 50ms}}};
  CHECK(ask(r.server.port(), "GET /x HTTP/1.1\r\n").starts_with("HTTP/1.1 408 Request Timeout\r\n"));
  CHECK(ask(r.server.port(), "").empty());
  const client c{r.server.port()};
  c.send(get);
  CHECK(c.rest().ends_with("\r\n\r\n/x"));  // and closed, as no other request comes
}

TEST_CASE("who does not read its response loses the connection") {
  const running r{{.limits = {.write = 50ms}}};
  const client slow{r.server.port()};
  slow.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
  std::this_thread::sleep_for(300ms);  // it reads nothing meanwhile
  CHECK(slow.rest().size() < (std::size_t{64} << 20U));
  CHECK(r.status(get_once) == "HTTP/1.1 200");
}

TEST_CASE("a scraper's own timeout shortens the time to write") {
  using vitals::http::detail::write_time;
  const auto time = [](const std::string& value) {
    const std::string bytes = "GET / HTTP/1.1\r\nHost: a\r\nX-Prometheus-Scrape-Timeout-Seconds: " + value + "\r\n\r\n";
    std::string text;
    return write_time(vitals::http::read_head(bytes), text, 30s);
  };
  CHECK(time("0.5") == 501ms);
  CHECK(time("10") == 10001ms);
  for (const char* const odd : {"", "x", "-1", "0", "nan", "inf", "1e300", "10 s", "60", "1,2"}) {
    CAPTURE(odd);
    CHECK(time(odd) == 30s);
  }
}

TEST_CASE("where there are too many connections, the one that has waited longest goes, never the new one") {
  const running r{{.connections = {.all = 3}}};
  std::vector<std::unique_ptr<client>> all;
  for (int i = 0; i != 3; ++i) {
    all.push_back(std::make_unique<client>(r.server.port()));
    all.back()->send(get);
    CHECK(all.back()->until("\r\n\r\n/x").ends_with("/x"));
  }
  all[0]->send(get);  // it is not the one that has waited longest any more
  CHECK(all[0]->until("\r\n\r\n/x").ends_with("/x"));
  const client fresh{r.server.port()};
  fresh.send(get);
  CHECK(fresh.until("\r\n\r\n/x").ends_with("/x"));
  CHECK(all[1]->rest().empty());  // closed
  for (const int i : {0, 2}) {
    all[static_cast<std::size_t>(i)]->send(get);
    CHECK(all[static_cast<std::size_t>(i)]->until("\r\n\r\n/x").ends_with("/x"));
  }
}

TEST_CASE("a limit per address is that of each address alone") {
  const running r{{.connections = {.per_address = 1}}};
  const client first{r.server.port()};
  first.send(get);
  CHECK(first.until("\r\n\r\n/x").ends_with("/x"));
  const client second{r.server.port()};
  second.send(get);
  CHECK(second.until("\r\n\r\n/x").ends_with("/x"));
  CHECK(first.rest().empty());
}

TEST_CASE("a Unix domain socket") {
  const std::string path = std::filesystem::temp_directory_path() / ("vitals_session_" + std::to_string(::getpid()));
  const auto ask_there = [&path] {
    const client c{path};
    c.send("GET /x HTTP/1.1\r\nHost: relay\r\nConnection: close\r\n\r\n");
    return c.rest();
  };
  {
    const running r{{.address = "unix:" + path}};
    CHECK(r.server.port() == 0);
    CHECK(ask_there().ends_with("\r\n\r\n/x"));
    vitals::http::server second{{.address = "unix:" + path}};
    std::error_code error;
    second.start(error);
    CHECK(error == std::errc::address_in_use);
    CHECK(ask_there().ends_with("\r\n\r\n/x"));
  }
  CHECK_FALSE(std::filesystem::exists(path));
  {  // a socket that a killed program left behind
    const int left = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    path.copy(at.sun_path, sizeof at.sun_path - 1);
    CHECK(::bind(left, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0);
    ::close(left);
    const running r{{.address = "unix:" + path}};
    CHECK(ask_there().ends_with("\r\n\r\n/x"));
  }
  for (const std::string& bad :
       {std::string{"unix:"}, "unix:/" + std::string(200, 'a'), std::string{"unix:/none/at/all"}}) {
    vitals::http::server none{{.address = bad}};
    std::error_code error;
    none.start(error);
    CHECK(error);
  }
}

}  // namespace session_tests
