#include <vitals/http/responder.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <vitals/expose/callbacks.hpp>
#include <vitals/health/health.hpp>
#include <vitals/metric/counter.hpp>
#include <vitals/registry/registry.hpp>

namespace responder_tests {

using vitals::http::responder;
using vitals::http::response;

struct hits : vitals::counter<"responder_hits_total", "Hits."> {};
struct store : vitals::component<"store", vitals::critical> {};
using counts = vitals::registry<hits>;
using program = vitals::health<"responder", store>;

response get(const responder& from, std::string_view target, std::string_view encoding = {}) {
  return from.handle({.method = "GET", .target = target, .accept_encoding = encoding});
}

std::string reversed(std::string_view text) {
  return {text.rbegin(), text.rend()};
}
vitals::http::compressor make_reverser() {
  return [](std::string_view page, std::string& out) { out = reversed(page); };
}

TEST_CASE("a responder answers what a server does") {
  responder all;
  all.expose<counts, program>();
  program::mark_ready();
  program::mark_healthy<store>();
  counts::get<hits>().inc();
  const response page = get(all, "/metrics");
  CHECK(page.status == 200);
  CHECK(page.content_type == "text/plain; version=0.0.4; charset=utf-8");
  CHECK(page.body.find("\nresponder_hits_total 1\n") != std::string::npos);
  CHECK(get(all, "/metrics/json").content_type == "application/json");
  CHECK(get(all, "/api/v1/metrics/prometheus").status == 200);
  CHECK(get(all, "/readyz").status == 200);
  CHECK(get(all, "/").body.find("/readyz") != std::string::npos);
  CHECK(get(all, "/nothing").status == 404);
  CHECK(all.handle({.method = "POST", .target = "/metrics"}).status == 405);
}

TEST_CASE("it compresses only with what it was given") {
  responder plain;
  responder with{{.compress = &make_reverser}};
  for (responder* const all : {&plain, &with}) {
    all->expose<counts>();
  }
  CHECK(get(plain, "/metrics", "gzip").content_encoding.empty());
  CHECK(get(plain, "/metrics", "gzip").body == get(plain, "/metrics").body);
  CHECK(get(with, "/metrics", "gzip").content_encoding == "gzip");
  CHECK(get(with, "/metrics", "gzip").body == reversed(get(with, "/metrics").body));
  CHECK(get(with, "/metrics").content_encoding.empty());
}

TEST_CASE("sources come and go, metrics may be off, routes may be added") {
  responder all;
  all.expose<counts, program>();
  CHECK_THROWS_AS(all.expose<counts>(), std::invalid_argument);
  all.unexpose<counts, program>();
  CHECK(get(all, "/metrics").body.find("responder_hits_total") == std::string::npos);
  CHECK(get(all, "/readyz").status == 404);
  vitals::callbacks calls;
  calls.gauge("responder_depth", "Depth.", [] { return 3.0; });
  all.expose(calls);
  CHECK(get(all, "/metrics").body.find("\nresponder_depth 3\n") != std::string::npos);
  all.unexpose(calls);
  CHECK(get(all, "/metrics").body.find("responder_depth") == std::string::npos);

  responder off{{.metrics = false}};
  off.routes().add("/own", "mine", [](const vitals::http::request&) { return response{.body = "own"}; });
  CHECK(get(off, "/metrics").status == 404);
  CHECK(get(off, "/own").body == "own");
}

TEST_CASE("each_header tells what is there, and of no content where there is none") {
  using headers = std::vector<std::pair<std::string, std::string>>;
  const auto of = [](const response& r) {
    headers all;
    each_header(r, [&all](std::string_view name, std::string_view value) { all.emplace_back(name, value); });
    return all;
  };
  const headers always{{"X-Content-Type-Options", "nosniff"}, {"Cross-Origin-Resource-Policy", "same-origin"}};
  const auto with = [&always](headers first) {
    first.insert(first.end(), always.begin(), always.end());
    return first;
  };
  CHECK(of({}) == with({{"Content-Type", "text/plain; charset=utf-8"}}));
  CHECK(of({.status = 204, .allow = "GET", .content_encoding = "gzip"}) == with({{"Allow", "GET"}}));
  CHECK(of({.content_encoding = "gzip", .vary = "Accept", .cache_control = "no-store", .retry_after = "1"}) ==
        with({{"Content-Type", "text/plain; charset=utf-8"},
              {"Content-Encoding", "gzip"},
              {"Retry-After", "1"},
              {"Vary", "Accept"},
              {"Cache-Control", "no-store"}}));
}

}  // namespace responder_tests
