#include <vitals/http/access.hpp>

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>
#include <http/raw_client.hpp>
#include <scratch_folder.hpp>
#include <wait_for.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <vitals/http/server.hpp>

namespace access_tests {

using namespace vitals::http;
using raw_client::ask;

std::atomic<int> checks{0};  // relaxed is enough, but tests are not hot
std::atomic<bool> blocked{false};

/// As slow as the test wants it; a hash is the password behind "plain:".
bool matches(const std::string& password, const std::string& hash) {
  ++checks;
  while (blocked) {
    ::usleep(1000);
  }
  return hash == "plain:" + password;
}
bool is_hash(const std::string& hash) {
  return hash.starts_with("plain:");
}
constexpr password_hashing plain{.matches = &matches, .is_hash = &is_hash};

constexpr const char* aladdin = "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==";  // Aladdin:open sesame
constexpr const char* mistaken = "Basic QWxhZGRpbjpvcGVu";             // Aladdin:open

struct refusals {
  std::array<std::atomic<int>, 5> of{};
  std::atomic<int>& operator[](access_refusal why) { return of[static_cast<std::size_t>(why)]; }
};

struct running {
  server it;
  explicit running(access_rules rules) : it({.port = 0, .access = std::move(rules)}) {
    it.routes().add("/x", "", [](const request&, response& out) { out.body = "x"; });
    it.start();
  }
  [[nodiscard]] std::string get(std::string_view path, std::string_view authorization = {},
                                std::string_view method = "GET") const {
    std::string text = std::string{method} + " " + std::string{path} + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n";
    if (!authorization.empty()) {
      text += "Authorization: " + std::string{authorization} + "\r\n";
    }
    return ask(it.port(), text + "\r\n");
  }
  [[nodiscard]] std::string status(std::string_view path, std::string_view authorization = {},
                                   std::string_view method = "GET") const {
    return get(path, authorization, method).substr(9, 3);
  }
};

struct scratch_file {
  scratch_folder folder;
  std::string path = folder / "token";
  scratch_file(std::string_view text, mode_t mode) { write(text, mode); }
  void write(std::string_view text, mode_t mode) const {
    std::ofstream{path + ".new"} << text;
    REQUIRE(::chmod((path + ".new").c_str(), mode) == 0);
    std::filesystem::rename(path + ".new", path);
  }
};

std::string error_of(access_rules rules) {
  server s{{.port = 0, .access = rules}};
  std::error_code code;
  s.start(code);
  CHECK(code);
  CHECK(s.port() == 0);
  try {
    s.start();
  } catch (const std::system_error& e) {
    CHECK(e.code() == code);
    return e.what();
  }
  return {};
}

TEST_CASE("routes have groups") {
  for (const char* const path :
       {"/metrics", "/metrics/json", "/api/v1/metrics", "/api/v1/metrics/prometheus", "/status", "/api/v1/status"}) {
    CHECK(group_of(path) == route_group::metrics);
  }
  for (const char* const path : {"/livez", "/healthz", "/readyz", "/startupz", "/health", "/readyz/store",
                                 "/livez/store", "/api/v1/health/ready"}) {
    CHECK(group_of(path) == route_group::probes);
  }
  for (const char* const path : {"/", "/x", "", "*", "/metrics/", "//metrics", "/Metrics", "/readyzz", "/statusz"}) {
    CHECK(group_of(path) == route_group::rest);
  }
}

TEST_CASE("each group has its own rule") {
  const running r{{.metrics = {.tokens = {"m"}}, .rest = {.tokens = {"r", "s"}}}};
  CHECK(r.status("/metrics") == "401");
  CHECK(r.status("/metrics", "Bearer m") == "200");
  CHECK(r.status("/metrics?name[]=x", "Bearer r") == "401");
  CHECK(r.status("http://a/metrics", "Bearer r") == "401");
  CHECK(r.status("/status") == "401");
  CHECK(r.status("/livez") == "404");  // no health, and no rule
  CHECK(r.status("/x", "Bearer r") == "200");
  CHECK(r.status("/x", "bearer s") == "200");
  CHECK(r.status("/x", "Bearer m") == "401");
  CHECK(r.status("/x", "Bearer rs") == "401");
  CHECK(r.status("/") == "401");
  CHECK(r.status("/nothing") == "401");  // where there is nothing is not told
  CHECK(r.status("/x", {}, "POST") == "401");
  CHECK(r.status("/x", {}, "OPTIONS") == "401");
  CHECK(r.status("/x", aladdin) == "401");
}

TEST_CASE("a refusal says how to ask, and nothing else") {
  const running r{{.metrics = {.users = {{"Aladdin", "plain:open sesame"}}},
                   .rest = {.users = {{"a", "plain:b"}}, .tokens = {"t"}},
                   .passwords = plain}};
  const std::string got = r.get("/metrics");
  CHECK(got.find("\r\nWWW-Authenticate: Basic realm=\"vitals\", charset=\"UTF-8\"\r\n") != std::string::npos);
  CHECK(got.ends_with("\r\n\r\n401 Unauthorized\n"));
  CHECK(r.get("/").find("charset=\"UTF-8\", Bearer realm=\"vitals\"\r\n") != std::string::npos);
}

TEST_CASE("a password is checked once, right or wrong") {
  refusals counted;
  const running r{{.metrics = {.users = {{"x", "plain:y"}, {"Aladdin", "plain:open sesame"}}},
                   .rest = {.users = {{"Aladdin", "plain:another"}}},
                   .passwords = plain,
                   .on_refusal = [&counted](access_refusal why) { ++counted[why]; }}};
  checks = 0;
  for (int i = 0; i != 5; ++i) {
    CHECK(r.status("/metrics", aladdin) == "200");
  }
  CHECK(checks == 1);
  for (int i = 0; i != 5; ++i) {
    CHECK(r.status("/metrics", mistaken) == "401");
  }
  CHECK(checks == 2);
  CHECK(r.status("/x", aladdin) == "401");  // of another group it is another's
  CHECK(checks == 3);
  CHECK(r.status("/metrics", "Basic c29tZWJvZHk6eQ==") == "401");  // somebody:y, who is nobody; it takes as long
  CHECK(checks == 4);
  CHECK(r.status("/metrics", "Basic !") == "401");
  CHECK(r.status("/metrics") == "401");
  CHECK(counted[access_refusal::wrong_credentials] == 8);
  CHECK(counted[access_refusal::no_credentials] == 1);
}

TEST_CASE("while a password is checked, others are served; too many to check are refused; a stop ends it all") {
  refusals counted;
  running r{{.metrics = {.users = {{"Aladdin", "plain:open sesame"}}},
             .passwords = plain,
             .on_refusal = [&counted](access_refusal why) { ++counted[why]; }}};
  const auto asking = [&r](const char* credentials) {
    auto c = std::make_unique<raw_client::client>(r.it.port());
    c->send("GET /metrics HTTP/1.1\r\nHost: a\r\nAuthorization: " + std::string{credentials} + "\r\n\r\n");
    return c;
  };
  blocked = true;
  int before = checks;
  std::vector<std::unique_ptr<raw_client::client>> waiting;
  waiting.push_back(asking(aladdin));
  CHECK(wait_for([&] { return checks > before; }));
  for (int i = 0; i != 64 + 5; ++i) {
    waiting.push_back(asking(aladdin));
  }
  CHECK(r.status("/x") == "200");
  CHECK(r.status("/metrics") == "401");
  CHECK(wait_for([&] { return counted[access_refusal::busy] == 5; }));
  waiting.erase(waiting.begin(), waiting.begin() + 30);  // some go away
  blocked = false;
  std::size_t good = 0;
  std::size_t busy = 0;
  for (const auto& c : waiting) {
    const std::string head = c->until("\r\n\r\n");
    good += head.starts_with("HTTP/1.1 200") ? 1U : 0U;
    busy += head.starts_with("HTTP/1.1 503") && head.find("\r\nRetry-After: 1\r\n") != head.npos ? 1U : 0U;
  }
  CHECK(good + busy == 40);
  CHECK(busy <= 5);
  CHECK(checks == before + 1);

  blocked = true;
  before = checks;
  const auto last = asking(mistaken);
  CHECK(wait_for([&] { return checks > before; }));
  blocked = false;
  r.it.stop();
}

TEST_CASE("tokens in a file are read again when it changes") {
  const scratch_file f{"first\n\n second \n", 0600};
  std::atomic<int> warnings{0};
  server s{{.port = 0, .access = {.rest = {.token_file = f.path}}, .on_warning = [&warnings](std::string_view) {
              ++warnings;
            }}};
  s.start();
  const auto status = [&](const std::string& token) {
    return ask(s.port(), "GET / HTTP/1.0\r\nAuthorization: Bearer " + token + "\r\n\r\n").substr(9, 3);
  };
  CHECK(status("first") == "200");
  CHECK(status("second") == "200");
  CHECK(status("third") == "401");
  CHECK(warnings == 0);
  f.write("third", 0604);
  CHECK(wait_for([&] { return status("third") == "200"; }));
  CHECK(status("first") == "401");
  CHECK(warnings == 1);  // others can read it
  f.write("fourth", 0606);
  CHECK(wait_for([&] {
    CHECK(status("fourth") == "401");
    return warnings == 2;
  }));
  CHECK(status("third") == "200");  // the former ones stay
}

TEST_CASE("secrets that are readable on their way are a warning") {
  const auto warnings = [](std::string address, access_rules rules) {
    std::vector<std::string> all;
    server s{{.address = std::move(address), .port = 0, .access = std::move(rules), .on_warning = [&](auto what) {
                all.emplace_back(what);
              }}};
    s.start();
    return all;
  };
  const access_rules closed{.metrics = {.tokens = {"a"}}};
  const std::vector<std::string> told = warnings("0.0.0.0", closed);
  REQUIRE(told.size() == 1);
  CHECK(told[0].find("0.0.0.0") != std::string::npos);
  CHECK(told[0].find("tls_server") != std::string::npos);
  CHECK(warnings("127.0.0.1", closed).empty());
  CHECK(warnings(
            "unix:" + std::filesystem::temp_directory_path().string() + "/vitals_access_" + std::to_string(::getpid()),
            closed)
            .empty());
  CHECK(warnings("0.0.0.0", {}).empty());
}

TEST_CASE("rules that cannot be kept are an error at start, with what to do") {
  CHECK(error_of({.rest = {.tokens = {""}}}).find("the rule of access for rest has a token that is none") !=
        std::string::npos);
  CHECK(error_of({.probes = {.tokens = {"a b"}}}).find("probes") != std::string::npos);
  CHECK(error_of({.metrics = {.users = {{"a", "plain:b"}}}}).find("nothing checks their passwords") !=
        std::string::npos);
  const std::string no_hash = error_of({.metrics = {.users = {{"a", "my password"}}}, .passwords = plain});
  CHECK(no_hash.find("htpasswd -nB a") != std::string::npos);
  CHECK(no_hash.find("my password") == std::string::npos);
  CHECK(error_of({.metrics = {.users = {{"a:b", "plain:c"}}}, .passwords = plain}).find("colon") != std::string::npos);
  CHECK(error_of({.metrics = {.client_certificate = true}}).find("tls_server") != std::string::npos);
  CHECK(error_of({.rest = {.token_file = "/no/such/file"}}).find("\"/no/such/file\" cannot be read") !=
        std::string::npos);
  const scratch_file writable{"t", 0606};
  CHECK(error_of({.rest = {.token_file = writable.path}}).find("chmod o-w") != std::string::npos);
  const scratch_file empty{"\n", 0600};
  CHECK(error_of({.rest = {.token_file = empty.path}}).find("has no token") != std::string::npos);
}

}  // namespace access_tests
