#include <vitals/http/environment.hpp>

#include <doctest/doctest.h>
#include <http/raw_client.hpp>

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace environment_tests {

using vitals::http::from_environment;
using vitals::http::server_options;

/// Variables for as long as this lives.
class with {
 public:
  explicit with(std::vector<std::pair<std::string, std::string>> values) : values_(std::move(values)) {
    for (const auto& [name, value] : values_) {
      ::setenv(name.c_str(), value.c_str(), 1);
    }
  }
  with(const with&) = delete;
  with& operator=(const with&) = delete;
  ~with() {
    for (const auto& [name, value] : values_) {
      ::unsetenv(name.c_str());
    }
  }

 private:
  std::vector<std::pair<std::string, std::string>> values_;
};

TEST_CASE("where the environment says nothing the options stay as they are") {
  const with nothing{{{"HEALTH_CHECK_HOST", ""}, {"HEALTH_CHECK_PORT", ""}, {"METRICS_ENABLED", ""}}};
  const server_options options = from_environment({.address = "::1", .port = 1, .metrics = false});
  CHECK(options.address == "::1");
  CHECK(options.port == 1);
  CHECK_FALSE(options.metrics);
}

TEST_CASE("the environment goes before the program") {
  const with some{{{"HEALTH_CHECK_HOST", "0.0.0.0"}, {"HEALTH_CHECK_PORT", "8080"}, {"METRICS_ENABLED", "False"}}};
  const server_options options = from_environment({.port = 1});
  CHECK(options.address == "0.0.0.0");
  CHECK(options.port == 8080);
  CHECK_FALSE(options.metrics);
  const with other{{{"HEALTH_CHECK_HOST", "localhost"}, {"METRICS_ENABLED", "1"}}};
  CHECK(from_environment().address == "127.0.0.1");
  CHECK(from_environment({.metrics = false}).metrics);
}

TEST_CASE("a value that is none is told with the variable's name") {
  for (const auto& [name, value] :
       std::vector<std::pair<std::string, std::string>>{{"HEALTH_CHECK_HOST", "example.org"},
                                                        {"HEALTH_CHECK_PORT", "http"},
                                                        {"HEALTH_CHECK_PORT", "65536"},
                                                        {"HEALTH_CHECK_PORT", "-1"},
                                                        {"HEALTH_CHECK_PORT", "80 "},
                                                        {"METRICS_ENABLED", "maybe"}}) {
    const with one{{{name, value}}};
    try {
      static_cast<void>(from_environment());
      FAIL("taken: " << value);
    } catch (const std::invalid_argument& error) {
      const std::string what = error.what();
      CHECK(what.find(name + "=\"" + value + '"') != std::string::npos);
    }
  }
}

TEST_CASE("without metrics, /metrics is not found and probes are") {
  vitals::http::server server{{.port = 0, .metrics = false}};
  server.start();
  for (const std::string path : {"/metrics", "/metrics/json", "/api/v1/metrics", "/api/v1/metrics/prometheus"}) {
    CHECK(raw_client::ask(server.port(), "GET " + path + " HTTP/1.0\r\n\r\n").starts_with("HTTP/1.1 404 "));
  }
  CHECK(raw_client::ask(server.port(), "GET / HTTP/1.0\r\n\r\n").find("/metrics") == std::string::npos);
}

}  // namespace environment_tests
