#include <vitals/http/push.hpp>

#include <doctest/doctest.h>

#include <chrono>
#include <cstdint>
#include <http/scripted_server.hpp>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <vitals/metric/counter.hpp>
#include <vitals/registry/registry.hpp>

namespace push_test {

using http_tests::answering_server;
using http_tests::connection;
using http_tests::scripted_server;
using vitals::http::push;
using vitals::http::push_add;
using vitals::http::push_delete;
using vitals::http::push_options;
using namespace std::chrono_literals;

struct jobs : vitals::counter<"push_jobs_total", "Jobs."> {};
struct failures : vitals::counter<"push_failures_total", "Failures."> {};
using work = vitals::registry<jobs>;
using trouble = vitals::registry<failures>;

template <class... Sources>
concept pushes = requires(const push_options& options) {
  push<Sources...>(options);
  push_add<Sources...>(options);
};
static_assert(pushes<work, trouble>);
static_assert(!pushes<>);
static_assert(!pushes<int>);

using group = std::vector<std::pair<std::string, std::string>>;

std::string path_of(std::string job, group grouping = {}) {
  return vitals::http::detail::group_path({.job = std::move(job), .grouping = std::move(grouping)});
}

push_options local(std::uint16_t port, std::chrono::milliseconds timeout = 30s) {
  return {.port = port, .job = "nightly", .grouping = {{"instance", "a/b"}}, .timeout = timeout};
}

TEST_CASE("a group is a path") {
  CHECK(path_of("some_job") == "/metrics/job/some_job");
  CHECK(path_of("some_job", {{"instance", "some_instance"}, {"zone", "eu"}}) ==
        "/metrics/job/some_job/instance/some_instance/zone/eu");
  CHECK(path_of("directory_cleaner", {{"path", "/var/tmp"}}) ==
        "/metrics/job/directory_cleaner/path@base64/L3Zhci90bXA");
  CHECK(path_of("example", {{"first_label", ""}, {"second_label", "foobar"}}) ==
        "/metrics/job/example/first_label@base64/=/second_label/foobar");
  CHECK(path_of("titan", {{"name", "Προμηθεύς"}}) ==
        "/metrics/job/titan/name/%CE%A0%CF%81%CE%BF%CE%BC%CE%B7%CE%B8%CE%B5%CF%8D%CF%82");
  CHECK(path_of("a/b") == "/metrics/job@base64/YS9i");
  CHECK(path_of(".", {{"up", ".."}, {"more", "..."}}) == "/metrics/job@base64/Lg/up@base64/Li4/more/...");
  CHECK(path_of("a b%20?c=d&e#f+g;h") == "/metrics/job/a%20b%2520%3Fc%3Dd%26e%23f%2Bg%3Bh");
  CHECK(path_of("-._~azAZ09") == "/metrics/job/-._~azAZ09");
  CHECK(path_of("a\r\n\x7f") == "/metrics/job/a%0D%0A%7F");
}

TEST_CASE("base64 for URLs") {
  using vitals::http::detail::base64url;
  const std::pair<const char*, const char*> pairs[] = {
      {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
      {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xff\xef\xbe", "_---"}};
  for (const auto& [bytes, text] : pairs) {
    CHECK(base64url(bytes) == text);
  }
  CHECK(base64url("Προμηθεύς") == "zqDPgc6_zrzOt864zrXPjc-C");
  CHECK(base64url("a long text with many bytes") == "YSBsb25nIHRleHQgd2l0aCBtYW55IGJ5dGVz");
}

TEST_CASE("what names no group is refused") {
  CHECK_THROWS_AS(path_of(""), std::invalid_argument);
  CHECK_THROWS_AS(path_of("\xff"), std::invalid_argument);
  for (const std::string name : {"", "job", "a-b", "1a", "__a", "a/b", "a@base64", "a b"}) {
    CHECK_THROWS_AS(path_of("job", {{name, "x"}}), std::invalid_argument);
  }
  CHECK_THROWS_AS(path_of("job", {{"a", "\xc3"}}), std::invalid_argument);
  CHECK_THROWS_AS(path_of("job", {{"a", "x"}, {"b", "x"}, {"a", "y"}}), std::invalid_argument);
  CHECK_THROWS_AS(push<work>({}), std::invalid_argument);
}

TEST_CASE("a push puts the scrape") {
  const answering_server server{"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"};
  work::get<jobs>().inc();
  push<work, trouble>(local(server.port()));
  const std::string& sent = server.request();
  CHECK(sent.starts_with("PUT /metrics/job/nightly/instance@base64/YS9i HTTP/1.1\r\n"));
  CHECK(sent.find("\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n") != std::string::npos);
  CHECK(sent.ends_with("\r\n\r\n" + vitals::scrape<work, trouble>()));
}

TEST_CASE("another push adds, another deletes") {
  const answering_server added{"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"};
  push_add<work>(local(added.port()));
  CHECK(added.request().starts_with("POST /metrics/job/nightly/instance@base64/YS9i HTTP/1.1\r\n"));
  CHECK(added.request().ends_with("\r\n\r\n" + vitals::scrape<work>()));
  const answering_server deleted{"HTTP/1.1 202 Accepted\r\n\r\n"};
  push_delete(local(deleted.port()));
  CHECK(deleted.request().starts_with("DELETE /metrics/job/nightly/instance@base64/YS9i HTTP/1.1\r\n"));
  CHECK(deleted.request().find("Content-Type") == std::string::npos);
  CHECK(deleted.request().ends_with("\r\n\r\n"));
}

/// What a push says of an answer that is no success.
std::string complaint_about(const std::string& answer) {
  const answering_server server{answer};
  try {
    push<work>(local(server.port()));
  } catch (const std::system_error&) {
    FAIL("the gateway did answer");
  } catch (const std::runtime_error& error) {
    const std::string said = error.what();
    const std::string before =
        "vitals: PUT http://127.0.0.1:" + std::to_string(server.port()) + "/metrics/job/nightly/instance@base64/YS9i: ";
    CHECK(said.starts_with(before));
    return said.substr(before.size());
  }
  FAIL("nothing was thrown");
  return {};
}

TEST_CASE("a gateway that refuses is quoted") {
  CHECK(complaint_about("HTTP/1.1 400 Bad Request\r\nContent-Length: 16\r\n\r\nno such type \"a\"") ==
        "answered 400: no such type \"a\"");
  CHECK(complaint_about("HTTP/1.1 400 Bad Request\r\n\r\none line\r\nand another\n") ==
        "answered 400: one line and another");
  CHECK(complaint_about("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n") == "answered 500");
  CHECK(complaint_about("HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n") == "answered 302");
  CHECK(complaint_about("HTTP/1.1 400 Bad Request\r\n\r\na\tb\x1b[31m\x7f") == "answered 400: a b [31m");
  CHECK(complaint_about("HTTP/1.1 400 Bad Request\r\n\r\n" + std::string(1'000'000, 'x')) ==
        "answered 400: " + std::string(500, 'x'));
}

TEST_CASE("a gateway that cannot be asked is a system error") {
  std::uint16_t port = 0;
  {
    const scripted_server server{[](const connection& c) { c.wait(); }};
    port = server.port();
    try {
      push<work>(local(port, 200ms));
      FAIL("nothing was thrown");
    } catch (const std::system_error& error) {
      CHECK(error.code() == std::errc::timed_out);
    }
  }
  try {
    push_delete(local(port));
    FAIL("nothing was thrown");
  } catch (const std::system_error& error) {
    CHECK(error.code() == std::errc::connection_refused);
    CHECK(std::string{error.what()}.find("http://127.0.0.1:" + std::to_string(port)) != std::string::npos);
  }
  const scripted_server closes{[](const connection& c) { static_cast<void>(c.request()); }};
  CHECK_THROWS_AS(push_add<work>(local(closes.port())), std::system_error);
}

}  // namespace push_test
