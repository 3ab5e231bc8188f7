#include <vitals/http/server_metrics.hpp>

#include <doctest/doctest.h>
#include <http/raw_client.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include <vitals/expose/scrape.hpp>
#include <vitals/http/server.hpp>
#include <vitals/metric/counter.hpp>
#include <vitals/registry/registry.hpp>
#include <wait_for.hpp>

namespace server_metrics_tests {

using namespace std::chrono_literals;
using raw_client::ask;
using raw_client::client;
using vitals::http::request;
using vitals::http::response;
using vitals::http::server;
using namespace vitals::http::own;

/// What was counted since it was made. (Other servers of this program count there too, but not at the same time.)
class since {
 public:
  [[nodiscard]] std::uint64_t requests_of(std::string_view path, std::string_view status) const {
    const std::string line =
        "vitals_http_requests_total{route=\"" + std::string{path} + "\",code=\"" + std::string{status} + "\"} ";
    return value_of(line, vitals::scrape<registry>()) - value_of(line, before_);
  }
  [[nodiscard]] std::uint64_t refused(refusal why) const {
    return registry::get<refusals>(why).value() - refused_[static_cast<std::size_t>(why)];
  }
  [[nodiscard]] std::uint64_t bytes() const { return registry::get<response_bytes>().value() - bytes_; }
  [[nodiscard]] std::uint64_t durations(purpose of) const {
    return registry::get<duration>(of).value().count - durations_[of == purpose::scrape ? 0 : 1];
  }

 private:
  static std::uint64_t value_of(const std::string& line, const std::string& page) {
    const auto at = page.find(line);
    return at == std::string::npos ? 0 : std::stoull(page.substr(at + line.size()));
  }

  std::string before_ = vitals::scrape<registry>();
  std::uint64_t bytes_ = registry::get<response_bytes>().value();
  std::uint64_t durations_[2] = {registry::get<duration>(purpose::scrape).value().count,
                                 registry::get<duration>(purpose::other).value().count};
  std::uint64_t refused_[static_cast<std::size_t>(refusal::other) + 1]{};

 public:
  since() {
    for (std::size_t i = 0; i != std::size(refused_); ++i) {
      refused_[i] = registry::get<refusals>(static_cast<refusal>(i)).value();
    }
  }
};

bool is_idle() {
  return registry::get<in_flight>().value() == 0 && registry::get<connections>().value() == 0;
}

TEST_CASE("requests are counted by route and code, paths that nobody knows together") {
  server s{{.port = 0}};
  s.routes().add("/own", "", [](const request&) { return response{.status = 204}; });
  s.start();
  const since start;
  std::size_t bytes = 0;
  for (const std::string_view path : {"/own", "/own?x=1", "/", "/guess/1", "/guess/2", "/metrics", "/metrics/json"}) {
    bytes += ask(s.port(), "GET " + std::string{path} + " HTTP/1.0\r\n\r\n").size();
  }
  bytes += ask(s.port(), "POST /own HTTP/1.0\r\n\r\n").size();
  s.stop();
  CHECK(start.requests_of("/own", "204") == 2);
  CHECK(start.requests_of("/own", "405") == 1);
  CHECK(start.requests_of("/", "200") == 1);
  CHECK(start.requests_of("other", "404") == 2);
  CHECK(start.requests_of("/metrics", "200") == 1);
  CHECK(start.requests_of("/metrics/json", "200") == 1);
  CHECK(start.bytes() == bytes);
  CHECK(start.durations(purpose::scrape) == 2);
  CHECK(start.durations(purpose::other) == 6);
  CHECK(is_idle());
}

TEST_CASE("what is refused is counted by reason, and by no route") {
  server s{{.port = 0, .limits = {.header = 50ms}}};
  s.start();
  const since start;
  ask(s.port(), "nonsense\r\n\r\n");
  ask(s.port(), "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n");
  ask(s.port(), "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx");
  ask(s.port(), "GET / HTTP/3.0\r\nHost: a\r\n\r\n");
  ask(s.port(), "BREW / HTTP/1.1\r\nHost: a\r\n\r\n");
  ask(s.port(), "GET / HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n");
  ask(s.port(), "GET /" + std::string(6000, 'x') + " HTTP/1.1\r\n\r\n");
  ask(s.port(), "GET / HTTP/1.1\r\nA: " + std::string(10'000, 'x') + "\r\n\r\n");
  ask(s.port(), "GET / HTTP/1.1\r\n");
  s.stop();
  for (const refusal why :
       {refusal::malformed, refusal::host, refusal::body, refusal::version, refusal::not_implemented,
        refusal::expectation, refusal::long_target, refusal::large_head, refusal::header_timeout}) {
    CAPTURE(static_cast<int>(why));
    CHECK(start.refused(why) == 1);
  }
  CHECK(start.requests_of("other", "400") == 0);
  CHECK(start.durations(purpose::other) == 0);
  CHECK(is_idle());
}

TEST_CASE("connections and requests under way are counted, however they end") {
  server s{{.port = 0, .connections = {.all = 2}}};
  s.routes().add("/large", "", [](const request&, response& out) { out.body.assign(std::size_t{32} << 20U, 'x'); });
  s.start();
  const since start;
  {
    const client idle{s.port()};
    const client slow{s.port()};
    slow.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(slow.until("\r\n\r\n").starts_with("HTTP/1.1 200 "));
    CHECK(registry::get<in_flight>().value() == 1);
    CHECK(registry::get<connections>().value() == 2);
    const client third{s.port()};
    CHECK(idle.rest().empty());
    CHECK(start.refused(refusal::too_many_connections) == 1);
  }
  CHECK(wait_for(&is_idle));
  const client slow{s.port()};
  slow.send("GET /large HTTP/1.1\r\nHost: a\r\nX-Prometheus-Scrape-Timeout-Seconds: 0.05\r\n\r\n");
  CHECK(wait_for([&start] { return start.refused(refusal::write_timeout) == 1; }));
  s.stop();
  CHECK(is_idle());
}

TEST_CASE("a page shows the servers' metrics, and the size of the last one, but where they are left out") {
  CHECK(wait_for(&is_idle));
  {
    server s{{.port = 0}};
    s.start();
    const std::string page = ask(s.port(), "GET /metrics HTTP/1.0\r\n\r\n");
    CHECK(page.find("\nvitals_http_connections 1\n") != std::string::npos);
    CHECK(page.find("\nvitals_http_requests_in_flight 1\n") != std::string::npos);
    const auto size = static_cast<double>(page.size() - page.find("\r\n\r\n") - 4);
    CHECK(registry::get<scrape_size>(coding::identity).value() == size);
    CHECK(wait_for(&is_idle));  // the client may know of its end before the server has counted it
    server second{{.port = 0}};
    second.start();  // one registry for all
    CHECK(ask(second.port(), "GET /metrics HTTP/1.0\r\n\r\n").find("\nvitals_http_connections 1\n") !=
          std::string::npos);
  }
  server without{{.port = 0, .own_metrics = false}};
  without.start();
  CHECK(ask(without.port(), "GET /metrics HTTP/1.0\r\n\r\n").find("vitals_http") == std::string::npos);
}

}  // namespace server_metrics_tests
