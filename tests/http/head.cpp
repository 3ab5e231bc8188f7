#include <vitals/http/head.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

namespace head_tests {

using vitals::http::head_limits;
using vitals::http::head_size;
using vitals::http::join_fields;
using vitals::http::read_head;
using vitals::http::refusal_of_part;
using vitals::http::request_head;

constexpr std::string_view get = "GET / HTTP/1.1\r\n";
constexpr std::string_view host = "Host: a\r\n";

/// The status that a request with these header lines is refused with.
unsigned refusal(std::string lines, std::string_view first = get) {
  lines.insert(0, first);
  lines += "\r\n";
  CHECK(head_size(lines) == lines.size());
  return read_head(lines).refusal;
}
unsigned with_host(const std::string& lines) {
  return refusal(std::string{host} + lines);
}
unsigned first_line(const std::string& line) {
  return refusal(std::string{host}, line + "\r\n");
}

TEST_CASE("what scrapers and probes send") {
  const std::string bytes =
      "GET /metrics?name[]=up HTTP/1.1\r\nHost: 127.0.0.1:9464\r\nUser-Agent: Prometheus/2.42.0\r\n"
      "Accept: text/plain;version=0.0.4;q=0.5\r\naccept:\t*/*;q=0.1 \r\nX-Prometheus-Scrape-Timeout-Seconds: "
      "10\r\n\r\n";
  REQUIRE(head_size(bytes + "GET") == bytes.size());
  const request_head head = read_head(bytes);
  CHECK(head.refusal == 0);
  CHECK(head.method == "GET");
  CHECK(head.target == "/metrics?name[]=up");
  CHECK(head.has_host);
  CHECK(head.host == "127.0.0.1:9464");
  CHECK(head.minor == 1);
  CHECK(head.keep_alive);
  CHECK_FALSE(head.has_body);
  std::string all = "before";
  join_fields(head, "Accept", all);
  CHECK(all == "text/plain;version=0.0.4;q=0.5, */*;q=0.1");
  join_fields(head, "accept-encoding", all);
  CHECK(all.empty());
  CHECK(refusal("Host:\r\nAccept-Encoding: gzip\r\n") == 0);
  CHECK(refusal("", "HEAD /livez HTTP/1.0\r\n") == 0);
  CHECK(refusal("Host: [::1]:9464\r\n", "OPTIONS * HTTP/1.1\r\n") == 0);
  CHECK(refusal("Host: a.b\r\n", "GET http://a.b/metrics HTTP/1.1\r\n") == 0);
  CHECK(refusal("Host: a.b\r\n", "\r\n\r\nGET / HTTP/1.1\r\n") == 0);
}

TEST_CASE("a version and what follows from it") {
  const auto keeps = [](const std::string& first, const std::string& lines) {
    const request_head head = read_head(first + "\r\n" + std::string{host} + lines + "\r\n");
    CHECK(head.refusal == 0);
    return head.keep_alive;
  };
  CHECK(keeps("GET / HTTP/1.1", ""));
  CHECK(keeps("GET / HTTP/1.2", ""));
  CHECK_FALSE(keeps("GET / HTTP/1.0", ""));
  CHECK_FALSE(keeps("GET / HTTP/1.1", "Connection: close\r\n"));
  CHECK_FALSE(keeps("GET / HTTP/1.1", "connection: Upgrade ,, CLOSE\r\n"));
  CHECK_FALSE(keeps("GET / HTTP/1.0", "Connection: keep-alive, close\r\n"));
  CHECK(keeps("GET / HTTP/1.0", "Connection: Keep-Alive\r\n"));
  CHECK(first_line("GET / HTTP/2.0") == 505);
  CHECK(first_line("PRI * HTTP/2.0") == 505);
  CHECK(first_line("GET / HTTP/0.9") == 505);
  for (const char* const odd : {"GET / HTTP/1", "GET / HTTP/1.", "GET / HTTP/1.10", "GET / http/1.1", "GET / HTTP/1,1",
                                "GET / HTTP/a.1", "GET /", "GET / ", "GET", "", " ", "/", "GET  HTTP/1.1"}) {
    CAPTURE(odd);
    CHECK(first_line(odd) == 400);
  }
}

TEST_CASE("methods") {
  CHECK(first_line("POST / HTTP/1.1") == 0);  // the router says 405
  CHECK(first_line("BREW / HTTP/1.1") == 501);
  CHECK(first_line("get / HTTP/1.1") == 501);
  CHECK(first_line("G(T / HTTP/1.1") == 400);
  CHECK(first_line(" / HTTP/1.1") == 400);
  CHECK(first_line("G\x80T / HTTP/1.1") == 400);
}

TEST_CASE("targets") {
  CHECK(first_line("GET * HTTP/1.1") == 400);
  CHECK(first_line("GET metrics HTTP/1.1") == 400);
  CHECK(first_line("GET /a b HTTP/1.1") == 400);
  CHECK(first_line("GET /\tb HTTP/1.1") == 400);
  CHECK(first_line("GET /a#b HTTP/1.1") == 400);
  CHECK(first_line("GET /caf\xC3\xA9 HTTP/1.1") == 400);
  CHECK(first_line(std::string("GET /a\0b HTTP/1.1", 18)) == 400);
  CHECK(first_line("GET ftp://a/ HTTP/1.1") == 400);
  CHECK(first_line("GET HTTPS://a/ HTTP/1.1") == 0);
  CHECK(first_line("GET http://a?b HTTP/1.1") == 0);
  CHECK(first_line("GET http:///a HTTP/1.1") == 400);
  CHECK(first_line("GET http://a@b/ HTTP/1.1") == 400);
  CHECK(first_line("CONNECT a:443 HTTP/1.1") == 0);
  CHECK(first_line("CONNECT http://a/ HTTP/1.1") == 400);
  CHECK(first_line("GET /" + std::string(4095, 'a') + " HTTP/1.1") == 0);
  CHECK(first_line("GET /" + std::string(4096, 'a') + " HTTP/1.1") == 414);
}

TEST_CASE("the Host line is there once in HTTP/1.1, and is one") {
  CHECK(refusal("") == 400);
  CHECK(refusal("", "GET / HTTP/1.0\r\n") == 0);
  CHECK(with_host("Host: a\r\n") == 400);
  CHECK(with_host("hOST: b\r\n") == 400);
  for (const char* const good : {"", "a", "a-b_c.example:80", "127.0.0.1:9464", "[::1]", "[fe80::1]:1", "a:"}) {
    CAPTURE(good);
    CHECK(refusal("Host: " + std::string{good} + "\r\n") == 0);
  }
  for (const char* const bad : {"a b", "a/b", "a@b", "a,b", "a:b", "a:1:2", "a:123456", "[", "[]", "[::1", "[::1]a",
                                "[g]", "[fe80::1%25eth0]", "a\\b", "caf\xC3\xA9", "a?b", "<a>"}) {
    CAPTURE(bad);
    CHECK(refusal("Host: " + std::string{bad} + "\r\n") == 400);
  }
}

TEST_CASE("header lines that are none") {
  CHECK(with_host("A : b\r\n") == 400);
  CHECK(with_host(" A: b\r\n") == 400);
  CHECK(with_host("A: b\r\n c\r\n") == 400);  // folded
  CHECK(with_host("A: b\r\n\tc\r\n") == 400);
  CHECK(refusal("Host: a\r\n ,b\r\n") == 400);
  CHECK(with_host("A\r\n") == 400);
  CHECK(with_host(": b\r\n") == 400);
  CHECK(with_host("A: b\nC: d\r\n") == 400);
  CHECK(with_host("A: b\rC: d\r\n") == 400);
  CHECK(with_host(std::string("A: b\0c\r\n", 8)) == 400);
  CHECK(with_host("A: \x7F\r\n") == 400);
  CHECK(with_host("A(b): c\r\n") == 400);
  CHECK(with_host("Connection: keep alive\r\n") == 400);
  CHECK(with_host("A: caf\xC3\xA9 \xFF\r\n") == 0);  // opaque, as RFC 9110 has it
  CHECK(with_host("A:\r\nA: \t \r\n") == 0);
}

TEST_CASE("how long a body is has one meaning") {
  const auto body = [](const std::string& lines, unsigned minor = 1) {
    const request_head head =
        read_head("POST / HTTP/1." + std::to_string(minor) + "\r\n" + std::string{host} + lines + "\r\n");
    return std::to_string(head.refusal) + (head.has_body ? " body" : "");
  };
  CHECK(body("") == "0");
  CHECK(body("Content-Length: 0\r\n") == "0");
  CHECK(body("Content-Length: 00\r\n") == "0");
  CHECK(body("Content-Length: 12\r\n") == "0 body");
  CHECK(body("Transfer-Encoding: chunked\r\n") == "0 body");
  CHECK(body("Transfer-Encoding: Chunked\r\n") == "0 body");
  CHECK(body("Content-Length: 12\r\n", 0) == "0 body");
  for (const char* const twice :
       {"Content-Length: 1\r\nContent-Length: 1\r\n", "Content-Length: 1\r\ncontent-length: 2\r\n",
        "Content-Length: 0\r\nContent-Length: 0\r\n", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n"}) {
    CAPTURE(twice);
    CHECK(body(twice).starts_with("400"));
  }
  for (const char* const bad : {"", "1, 1", "+1", "-1", "0x1", "1 2", "1.0", "1234567890123456789"}) {
    CAPTURE(bad);
    CHECK(body("Content-Length: " + std::string{bad} + "\r\n").starts_with("400"));
  }
  CHECK(body("Transfer-Encoding: chunked\r\n", 0).starts_with("400"));
  for (const char* const coding :
       {"gzip", "gzip, chunked", "chunked, gzip", "identity", "", "xchunked", "chunked;a=b"}) {
    CAPTURE(coding);
    CHECK(body("Transfer-Encoding: " + std::string{coding} + "\r\n").starts_with("501"));
  }
  CHECK(body("Expect: 100-continue\r\n") == "0");
  CHECK(body("Expect: 100-Continue\r\nContent-Length: 5\r\n") == "0 body");
  CHECK(body("Expect: a-miracle\r\n").starts_with("417"));
}

TEST_CASE("limits") {
  std::string lines;
  for (int i = 0; i != 99; ++i) {
    lines += "A: b\r\n";
  }
  CHECK(with_host(lines) == 0);
  CHECK(with_host(lines + "A: b\r\n") == 431);
  const std::string filler = "A: " + std::string(8192 - get.size() - host.size() - 7, 'x') + "\r\n";
  CHECK(with_host(filler) == 0);
  CHECK(with_host("B" + filler) == 431);
  CHECK(read_head("GET /ab HTTP/1.1\r\nHost: a\r\n\r\n", {.target = 2}).refusal == 414);
  CHECK(read_head("GET /a HTTP/1.1\r\nHost: a\r\n\r\n", {.target = 2}).refusal == 0);
}

TEST_CASE("a head is found wherever its bytes are cut") {
  const std::string bytes = "\r\nGET /metrics HTTP/1.1\r\nHost: a\r\nA: b\r\n\r\n";
  for (std::size_t cut = 0; cut != bytes.size(); ++cut) {
    const std::string_view part = std::string_view{bytes}.substr(0, cut);
    CHECK(head_size(part) == std::string_view::npos);
    CHECK(refusal_of_part(part) == 0);
    CHECK(head_size(bytes, cut) == bytes.size());
    CHECK(read_head(part).refusal != 0);
  }
}

TEST_CASE("what is too long is so however it arrives") {
  const std::string rest = std::string{get} + "Host: a\r\n\r\n";
  const std::string long_line = "GET / " + std::string(4170, 'a') + "\r\n";
  CHECK(refusal_of_part(long_line.substr(0, 4165)) == 414);
  CHECK(refusal_of_part(long_line) == 414);
  CHECK(read_head(long_line + "Host: a\r\n\r\n").refusal == 414);
  // line ends ahead are a part of the head
  const head_limits limits{.bytes = rest.size() + 2};
  CHECK(read_head("\r\n" + rest, limits).refusal == 0);
  CHECK(read_head("\r\n\r\n" + rest, limits).refusal == 431);
  CHECK(refusal_of_part(("\r\n\r\n" + rest).substr(0, limits.bytes), limits) == 431);
}

TEST_CASE("what can become no head is refused before it has ended") {
  CHECK(refusal_of_part(std::string("\x16\x03\x01\x02\x00", 5)) == 400);  // TLS
  CHECK(refusal_of_part("GET /\xC3\xA9") == 400);
  CHECK(refusal_of_part("GET / HTTP/1.1\n") == 400);
  CHECK(refusal_of_part("GET /" + std::string(4096, 'a')) == 0);
  CHECK(refusal_of_part("GET /" + std::string(4160, 'a')) == 414);
  CHECK(refusal_of_part(std::string{get} + "A: " + std::string(8192 - get.size() - 4, 'a')) == 0);
  CHECK(refusal_of_part(std::string{get} + "A: " + std::string(8192 - get.size() - 3, 'a')) == 431);
  std::string blank;
  for (int i = 0; i != 4096; ++i) {
    blank += "\r\n";
  }
  CHECK(refusal_of_part(blank) != 0);
}

}  // namespace head_tests
