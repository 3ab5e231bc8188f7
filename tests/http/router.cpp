#include <vitals/http/router.hpp>

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

namespace router_test {

using vitals::http::path_of;
using vitals::http::request;
using vitals::http::response;
using vitals::http::router;

router two_routes() {
  router r;
  r.add("/metrics", "the metrics", [](const request&) { return response{.content_type = "a/b", .body = "page"}; });
  r.add("/broken", "throws", [](const request&) -> response { throw std::runtime_error("the secret"); });
  return r;
}

TEST_CASE("a route answers GET and HEAD at its exact path") {
  const router r = two_routes();
  for (const char* const method : {"GET", "HEAD"}) {
    const response got = r.handle({method, "/metrics"});
    CHECK(got.status == 200);
    CHECK(got.content_type == "a/b");
    CHECK(got.body == "page");
  }
  CHECK(r.handle({"GET", "/metrics?name=x"}).status == 200);
  CHECK(r.handle({"GET", "/metrics/"}).status == 404);
  CHECK(r.handle({"GET", "/Metrics"}).status == 404);
  CHECK(r.handle({"GET", ""}).status == 404);
  CHECK(r.handle({"GET", "*"}).status == 404);
}

TEST_CASE("the root lists the routes") {
  const response got = two_routes().handle({"GET", "/"});
  CHECK(got.status == 200);
  CHECK(got.body.find("/metrics  the metrics\n") != std::string::npos);
  CHECK(got.body.find("/broken  throws\n") != std::string::npos);
}

TEST_CASE("another method is refused with those that are allowed") {
  for (const char* const method : {"POST", "PUT", "DELETE", "get", ""}) {
    for (const char* const target : {"/metrics", "/"}) {
      const response got = two_routes().handle({method, target});
      CHECK(got.status == 405);
      CHECK(got.allow == "GET, HEAD, OPTIONS");
    }
    CHECK(two_routes().handle({method, "/nothing"}).status == 404);
  }
}

TEST_CASE("OPTIONS says what is allowed, and nothing else") {
  for (const char* const target : {"/metrics", "/broken", "/"}) {
    const response got = two_routes().handle({"OPTIONS", target});
    CHECK(got.status == 204);
    CHECK(got.allow == "GET, HEAD, OPTIONS");
    CHECK(got.body.empty());
  }
  CHECK(two_routes().handle({"OPTIONS", "/nothing"}).status == 404);
}

TEST_CASE("a group's paths come and go") {
  bool there = false;
  router r = two_routes();
  r.add_group([&there](std::string_view path) { return there && path == "/guest" ? path : std::string_view{}; },
              [](const request&, response& out) { out.body = "hello"; },
              [&there](vitals::http::overview& all) {
                if (there) {
                  all.service = "inn";
                  all.version = "2";
                  all.endpoints.push_back({"/guest", "\"now\""});
                }
              });
  CHECK(r.handle({"GET", "/guest"}).status == 404);
  CHECK(r.handle({"GET", "/"}).body.find("/guest") == std::string::npos);
  there = true;
  CHECK(r.handle({"GET", "/guest?x"}).body == "hello");
  CHECK(r.handle({"POST", "/guest"}).status == 405);
  CHECK(r.handle({"GET", "/"}).body.find("/guest  \"now\"\n") != std::string::npos);
  CHECK(r.handle({"GET", "/metrics"}).body == "page");
}

TEST_CASE("the root says whose program it is, as text or as JSON") {
  router r;
  CHECK(r.handle({"GET", "/"}).body.starts_with("vitals "));
  CHECK(r.handle({"GET", "/", "application/json"}).body ==
        "{\"service\":\"\",\"version\":\"\",\"environment\":\"\",\"endpoints\":{}}\n");
  r.add("/a", "first", [](const request&) { return response{}; });
  r.add_group([](std::string_view) { return std::string_view{}; }, [](const request&, response&) {},
              [](vitals::http::overview& all) {
                all.service = "inn";
                all.version = "2";
                all.environment = "test";
                all.endpoints.push_back({"/b", "\"second\""});
              });
  CHECK(r.handle({"GET", "/"}).body.starts_with("inn 2 test | vitals "));
  const response got = r.handle({"GET", "/", "text/html, application/json;q=0.5"});
  CHECK(got.content_type == "application/json");
  CHECK(got.vary == "Accept");
  CHECK(got.body ==
        "{\"service\":\"inn\",\"version\":\"2\",\"environment\":\"test\",\"endpoints\":{\n \"/a\":\"first\",\n "
        "\"/b\":\"\\\"second\\\"\"}}\n");
  CHECK(r.handle({"GET", "/", "*/*"}).content_type == "text/plain; charset=utf-8");
}

TEST_CASE("a handler that throws is a 500 that tells nothing") {
  const response got = two_routes().handle({"GET", "/broken"});
  CHECK(got.status == 500);
  CHECK(got.body.find("secret") == std::string::npos);
}

TEST_CASE("a handler may fill a response that is used again: it comes clear, with its memory") {
  router r = two_routes();
  r.add("/filled", "fills", [](const request& asked, response& out) {
    CHECK(out.status == 200);
    CHECK(out.content_type == "text/plain; charset=utf-8");
    CHECK((out.body + out.allow + out.content_encoding + out.vary).empty());
    CHECK(out.body.capacity() >= 1000);
    out.body = asked.target;
    out.vary = "Accept";
    if (asked.target.ends_with("?broken")) {
      throw std::runtime_error("the secret");
    }
  });
  response out{.status = 404, .body = std::string(1000, 'x'), .allow = "a", .content_encoding = "b", .vary = "c"};
  r.handle({"GET", "/filled"}, out);
  CHECK(out.body == "/filled");
  CHECK(out.vary == "Accept");
  r.handle({"GET", "/filled?broken"}, out);
  CHECK(out.status == 500);
  CHECK(out.body.find("secret") == std::string::npos);
  CHECK(out.vary.empty());
  r.handle({"GET", "/metrics"}, out);
  CHECK(out.body == "page");
  CHECK(out.vary.empty());
  r.handle({"POST", "/metrics"}, out);
  CHECK(out.allow == "GET, HEAD, OPTIONS");
  r.handle({"GET", "/nothing"}, out);
  CHECK(out.status == 404);
  CHECK(out.allow.empty());
}

TEST_CASE("a path that is taken, or none, is refused when it is added") {
  router r = two_routes();
  const auto nothing = [](const request&) { return response{}; };
  CHECK_THROWS_AS(r.add("/metrics", "", nothing), std::invalid_argument);
  CHECK_THROWS_AS(r.add("/", "", nothing), std::invalid_argument);
  CHECK_THROWS_AS(r.add("metrics", "", nothing), std::invalid_argument);
  CHECK_THROWS_AS(r.add("", "", nothing), std::invalid_argument);
}

TEST_CASE("a path is what stands between the host and the query") {
  CHECK(path_of("/metrics") == "/metrics");
  CHECK(path_of("/metrics?a=/b") == "/metrics");
  CHECK(path_of("/metrics#part") == "/metrics");
  CHECK(path_of("http://host:9464/metrics?a") == "/metrics");
  CHECK(path_of("http://host") == "/");
  CHECK(path_of("/a://b") == "/a://b");
  CHECK(path_of("") == "");
}

}  // namespace router_test
