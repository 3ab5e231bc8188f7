#include <vitals/http/server.hpp>

#include <doctest/doctest.h>
#include <allocations.hpp>
#include <http/raw_client.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include <health/twenty.hpp>
#include <locks.hpp>
#include <vitals/expose/scrape.hpp>
#include <vitals/metric/counter.hpp>
#include <vitals/registry/registry.hpp>

namespace server_test {

using vitals::http::request;
using vitals::http::response;

struct hits : vitals::counter<"server_hits_total", "Hits."> {};
struct misses : vitals::counter<"server_misses_total", "Misses."> {};
using metrics = vitals::registry<hits>;
using more_metrics = vitals::registry<misses>;

using raw_client::ask;
using raw_client::client;

struct running {
  vitals::http::server server{{.port = 0, .own_metrics = false}};
  running() {
    server.expose<metrics>();
    server.start();
  }
};

constexpr std::string_view get_once = "GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

std::string body_of(const std::string& response) {
  return response.substr(response.find("\r\n\r\n") + 4);
}

TEST_CASE("GET /metrics is the page, with its exact media type and length") {
  running r;
  metrics::get<hits>().inc();
  const std::string got = ask(r.server.port(), get_once);
  CHECK(got.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(got.find("\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n") != std::string::npos);
  CHECK(body_of(got) == vitals::scrape<metrics>());
  CHECK(got.find("\r\nContent-Length: " + std::to_string(body_of(got).size()) + "\r\n") != std::string::npos);
}

TEST_CASE("HEAD has the headers of GET and no body") {
  running r;
  const std::string head = ask(r.server.port(), "HEAD /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  const std::string get = ask(r.server.port(), get_once);
  CHECK(head == get.substr(0, get.size() - body_of(get).size()));
}

TEST_CASE("the format and the coding are negotiated, over all lines of a header") {
  running r;
  const auto get = [&r](std::string_view path, std::string_view headers) {
    std::string request = "GET ";
    request.append(path).append(" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n").append(headers).append("\r\n");
    return ask(r.server.port(), request);
  };
  const auto has = [](const std::string& got, std::string_view line) {
    return got.substr(0, got.find("\r\n\r\n") + 2).find("\r\n" + std::string{line} + "\r\n") != std::string::npos;
  };
  std::string got =
      get("/metrics", "Accept: text/plain;q=0.5\r\nAccept: application/openmetrics-text;version=1.0.0\r\n");
  CHECK(has(got, "Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8"));
  CHECK(has(got, "Vary: Accept, Accept-Encoding"));
  CHECK(body_of(got).ends_with("# EOF\n"));
  got = get("/metrics", "Accept-Encoding: deflate\r\nAccept-Encoding: gzip\r\n");
  CHECK(has(got, "Content-Encoding: gzip"));
  CHECK(has(got, "Content-Length: " + std::to_string(body_of(got).size())));
  CHECK(body_of(got).starts_with("\x1f\x8b"));
  for (const std::string_view path : {"/metrics/json?name[]=server_hits_total", "/api/v1/metrics"}) {
    got = get(path, "Accept: application/openmetrics-text;version=1.0.0\r\n");
    CHECK(has(got, "Content-Type: application/json"));
    CHECK(has(got, "Vary: Accept-Encoding"));
    CHECK(body_of(got).starts_with("{\"families\":[\n{\"name\":\"server_hits_total\","));
  }
  got = get("/api/v1/metrics/prometheus", "Accept: application/openmetrics-text;version=1.0.0\r\n");
  CHECK(has(got, "Content-Type: text/plain; version=0.0.4; charset=utf-8"));
}

TEST_CASE("a server's OpenMetrics says since when counts run where it is made so") {
  constexpr std::string_view get =
      "GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAccept: application/openmetrics-text\r\n\r\n";
  for (const bool created : {false, true}) {
    vitals::http::server server{{.port = 0, .openmetrics_created = created}};
    server.expose<metrics>();
    server.start();
    CHECK((ask(server.port(), get).find("\nserver_hits_created 1") != std::string::npos) == created);
  }
}

TEST_CASE("other paths and methods are told what there is") {
  running r;
  CHECK(ask(r.server.port(), "GET / HTTP/1.0\r\n\r\n").find("/metrics") != std::string::npos);
  CHECK(ask(r.server.port(), "GET /x HTTP/1.0\r\n\r\n").starts_with("HTTP/1.1 404 "));
  const std::string post = ask(r.server.port(), "POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
  CHECK(post.starts_with("HTTP/1.1 405 "));
  CHECK(post.find("\r\nAllow: GET, HEAD, OPTIONS\r\n") != std::string::npos);
}

TEST_CASE("a connection serves request after request, also sent all at once") {
  running r;
  const client c{r.server.port()};
  const std::string page = vitals::scrape<metrics>();
  for (int i = 0; i != 3; ++i) {
    c.send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(c.until(page).ends_with(page));
  }
  c.send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\nHEAD /metrics HTTP/1.1\r\nHost: a\r\n\r\n" + std::string{get_once});
  const std::string all = c.rest();
  std::size_t responses = 0;
  for (std::size_t at = all.find("HTTP/1.1 200"); at != std::string::npos; at = all.find("HTTP/1.1 200", at + 1)) {
    ++responses;
  }
  CHECK(responses == 3);
}

#if VITALS_TESTS_COUNT_ALLOCATIONS
// The server's own thread counts: a handler tells.
TEST_CASE("a scrape on a warm connection takes nothing from the heap") {
  running r;
  r.server.stop();
  vitals::http::router& routes = r.server.routes();
  routes.add("/taken", "", [](const request&, response& out) { out.body = std::to_string(allocations) + "\n"; });
  routes.add("/something", "", [](const request&, response& out) { out.body = std::string(100, 'x'); });
  r.server.start();
  const client c{r.server.port()};
  const auto ask_for = [&c](std::string_view path, std::string_view headers) {
    std::string line = "GET ";
    c.send(line.append(path).append(" HTTP/1.1\r\nHost: a\r\n").append(headers).append("\r\n"));
    const std::string head = c.until("\r\n\r\n");
    return c.next(std::stoul(head.substr(head.find("Content-Length: ") + 16)));
  };
  const auto taken_by = [&ask_for](std::string_view path, std::string_view headers) {
    for (int i = 0; i != 3; ++i) {
      ask_for(path, headers);
    }
    const unsigned long before = std::stoul(ask_for("/taken", ""));
    ask_for(path, headers);
    return std::stoul(ask_for("/taken", "")) - before;
  };
  // what a Prometheus sends
  const std::string plain =
      "User-Agent: Prometheus/2.42.0\r\nAccept: application/openmetrics-text;version=1.0.0,"
      "application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1\r\n"
      "X-Prometheus-Scrape-Timeout-Seconds: 10\r\n";
  for (const std::string& headers : {std::string{}, plain, plain + "Accept-Encoding: gzip\r\n"}) {
    CHECK(taken_by("/something", headers) > 0);  // they are counted
    CHECK(taken_by("/metrics", headers) == 0);
  }
  const std::string long_list(100, ',');  // as long in two lines: they are joined
  CHECK(taken_by("/metrics", "Accept: " + long_list + "\r\nAccept: " + long_list + "\r\nAccept-Encoding: gzip\r\n") ==
        0);
}

TEST_CASE("a probe of 20 components on a warm connection takes no memory and no lock but what any request takes") {
  using health = twenty::health<"server_20">;
  twenty::mark_all<health>();
  vitals::http::server server{{.port = 0}};
  server.expose<health>();
  vitals::http::router& routes = server.routes();
  routes.add("/taken", "", [](const request&, response& out) {
    out.body = std::to_string(allocations) + " ";
#if VITALS_TESTS_COUNT_LOCKS
    out.body += std::to_string(locks);
#endif
    out.body += "\n";
  });
  routes.add("/something", "", [](const request&) { return response{.body = std::string(100, 'x')}; });
  routes.add("/nothing", "", [](const request&, response& out) {  // with as many header lines as a probe's answer
    out.vary = "Accept";
    out.cache_control = "no-store";
    out.content_type = "application/json";
  });
  server.start();
  const client c{server.port()};
  const auto ask_for = [&c](std::string_view path) {
    std::string line = "GET ";
    c.send(line.append(path).append(" HTTP/1.1\r\nHost: a\r\nUser-Agent: kube-probe/1.26\r\nAccept: */*\r\n\r\n"));
    const std::string head = c.until("\r\n\r\n");
    return c.next(std::stoul(head.substr(head.find("Content-Length: ") + 16)));
  };
  struct taken {
    std::size_t memory = 0;
    std::size_t locks = 0;
  };
  const auto now = [&ask_for] {
    std::istringstream in{ask_for("/taken")};
    taken all;
    in >> all.memory >> all.locks;
    return all;
  };
  const auto taken_by = [&](std::string_view path) {
    for (int i = 0; i != 3; ++i) {
      ask_for(path);
    }
    taken least{~std::size_t{0}, ~std::size_t{0}};
    for (int i = 0; i != 50; ++i) {  // asio's own locks are fewer where the next request is here already
      const taken before = now();
      ask_for(path);
      const taken after = now();
      least = {std::min(least.memory, after.memory - before.memory), std::min(least.locks, after.locks - before.locks)};
    }
    return least;
  };
  CHECK(taken_by("/something").memory > 0);  // they are counted
  const taken any = taken_by("/nothing");
  CHECK(any.memory == 0);
  for (const std::string_view path : {"/readyz", "/livez", "/health", "/startupz", "/healthz"}) {
    CAPTURE(path);
    const taken by = taken_by(path);
    CHECK(by.memory == any.memory);
    CHECK(by.locks == any.locks);
  }
}
#endif

TEST_CASE("a buffer is the connection's own: a slow reader keeps its answer while another asks") {
  running r;
  const client slow{r.server.port()};
  const client other{r.server.port()};
  const std::string page = vitals::scrape<metrics>();
  slow.send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
  for (int i = 0; i != 3; ++i) {
    other.send("GET /api/v1/metrics HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(other.until("\n]}\n").ends_with("\n]}\n"));
  }
  CHECK(slow.until(page).ends_with(page));
}

TEST_CASE("what is no HTTP, or too much of it, is refused and closed") {
  running r;
  CHECK(ask(r.server.port(), "nonsense\r\n\r\n").starts_with("HTTP/1.1 400 "));
  CHECK(ask(r.server.port(), std::string("GET / HTTP/1.1\r\nA: ") + std::string(20000, 'a'))
            .starts_with("HTTP/1.1 431 "));
  CHECK(ask(r.server.port(), get_once).starts_with("HTTP/1.1 200 "));
}

TEST_CASE("a port in use is reported, by exception or by code") {
  running r;
  vitals::http::server second{{.port = r.server.port()}};
  std::error_code error;
  second.start(error);
  CHECK(error == std::errc::address_in_use);
  CHECK(second.port() == 0);
  CHECK_THROWS_WITH_AS(second.start(), doctest::Contains("127.0.0.1"), std::system_error);
  second.stop();
  r.server.stop();
}

TEST_CASE("an address that is none is reported") {
  vitals::http::server server{{.address = "nowhere", .port = 0}};
  std::error_code error;
  server.start(error);
  CHECK(error);
}

TEST_CASE("a server starts and stops, again and again, and its port comes free") {
  running r;
  const std::uint16_t port = r.server.port();
  CHECK(port != 0);
  r.server.start();  // does nothing
  CHECK(r.server.port() == port);
  r.server.stop();
  r.server.stop();
  CHECK(r.server.port() == 0);
  CHECK(!client{port}.connected());
  for (int i = 0; i != 5; ++i) {
    vitals::http::server again{{.port = port}};
    again.expose<metrics>();
    again.start();
    CHECK(ask(port, get_once).starts_with("HTTP/1.1 200 "));
    again.stop();
    again.start();
    CHECK(ask(port, get_once).starts_with("HTTP/1.1 200 "));
  }
}

TEST_CASE("stopping closes idle connections") {
  running r;
  const client idle{r.server.port()};
  const client half{r.server.port()};
  half.send("GET /met");
  r.server.stop();
  CHECK(idle.rest().empty());
  CHECK(half.rest().empty());
}

TEST_CASE("a source may be added while it is served, but no family twice") {
  running r;
  CHECK_THROWS_WITH_AS(r.server.expose<metrics>(), doctest::Contains("server_hits_total"), std::invalid_argument);
  r.server.expose<more_metrics>();
  const std::string got = ask(r.server.port(), get_once);
  CHECK(got.find("server_hits_total") != std::string::npos);
  CHECK(got.find("server_misses_total") != std::string::npos);
}

TEST_CASE("a program's own routes are served beside the built-in ones") {
  vitals::http::server server{{.port = 0, .own_metrics = false}};
  server.routes().add("/hello", "a greeting",
                      [](const vitals::http::request&) { return vitals::http::response{.body = "hello\n"}; });
  server.start();
  CHECK(body_of(ask(server.port(), "GET /hello HTTP/1.0\r\n\r\n")) == "hello\n");
  CHECK(body_of(ask(server.port(), "GET / HTTP/1.0\r\n\r\n")).find("/hello  a greeting") != std::string::npos);
  CHECK(body_of(ask(server.port(), "GET /metrics HTTP/1.0\r\n\r\n")).empty());
}

TEST_CASE("many clients at once are all served") {
  running r;
  std::vector<std::thread> clients;
  std::atomic<int> served{0};
  for (int i = 0; i != 8; ++i) {
    clients.emplace_back([&] {
      for (int k = 0; k != 25; ++k) {
        served += ask(r.server.port(), get_once).starts_with("HTTP/1.1 200 ") ? 1 : 0;
      }
    });
  }
  for (std::thread& c : clients) {
    c.join();
  }
  CHECK(served == 200);
}

}  // namespace server_test
