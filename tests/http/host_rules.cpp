#include <vitals/http/host_rules.hpp>

#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

namespace host_rules_tests {

using vitals::http::host_of;
using vitals::http::is_allowed_host;
using vitals::http::read_head;

constexpr std::string_view always[] = {
    "",          "localhost",     "LOCALHOST:9464",  "localhost.", "relay",         "relay:80",
    "127.0.0.1", "10.1.2.3:9464", "255.255.255.255", "[::1]",      "[fe80::1]:9464"};

TEST_CASE("who comes by address, by a name without a dot or without one is answered everywhere") {
  const std::vector<std::string> allowed{"metrics.example"};
  for (const std::string_view host : always) {
    CAPTURE(host);
    for (const bool on_loopback : {false, true}) {
      CHECK(is_allowed_host(host, on_loopback, {}));
      CHECK(is_allowed_host(host, on_loopback, allowed));
    }
  }
}

TEST_CASE("a name with a dot must be allowed, or come from outside") {
  const std::vector<std::string> allowed{"metrics.example", "Other.Example"};
  for (const std::string_view host :
       {"evil.example", "evil.example:9464", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.4x", "1..2.3", ".1.2.3",
        "0x7f.0.0.1", "1.2.3.0004", "localhost.evil.example", "a.b."}) {
    CAPTURE(host);
    CHECK(is_allowed_host(host, false, {}));
    CHECK_FALSE(is_allowed_host(host, true, {}));
    CHECK_FALSE(is_allowed_host(host, false, allowed));
    CHECK_FALSE(is_allowed_host(host, true, allowed));
  }
  for (const std::string_view host : {"metrics.example", "METRICS.example:9464", "other.example", "metrics.example."}) {
    CAPTURE(host);
    CHECK(is_allowed_host(host, true, allowed));
    CHECK(is_allowed_host(host, false, allowed));
  }
}

TEST_CASE("the target's host goes before the Host line's") {
  CHECK(host_of(read_head("GET / HTTP/1.1\r\nHost: a:1\r\n\r\n")) == "a:1");
  CHECK(host_of(read_head("GET http://b.c:2/x HTTP/1.1\r\nHost: a\r\n\r\n")) == "b.c:2");
  CHECK(host_of(read_head("GET http://b.c?x HTTP/1.1\r\nHost: a\r\n\r\n")) == "b.c");
  CHECK(host_of(read_head("GET /x?y=http://b HTTP/1.1\r\nHost: a\r\n\r\n")) == "a");
  CHECK(host_of(read_head("GET / HTTP/1.0\r\n\r\n")).empty());
}

}  // namespace host_rules_tests
