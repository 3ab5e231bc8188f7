// The target: a server that takes events by POST.
#ifndef EVENT_RELAY_TARGET_HPP
#define EVENT_RELAY_TARGET_HPP

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <vitals/vitals.hpp>

/// Where events are posted.
struct target_url {
  std::string text;  ///< all of it: http://host:port/path
  std::string host;
  std::uint16_t port = 80;
  std::string path = "/";  ///< and query
};

class target {
 public:
  /// What came of a post: "ok", or one of a few words that say why not, with a message for people.
  struct answer {
    std::string_view outcome;
    std::string message;
  };

  explicit target(target_url at) : at_(std::move(at)) {}

  /// Posts lines of JSON. The target has them where it says so with a status of 2xx.
  [[nodiscard]] answer post(std::string_view lines, std::chrono::milliseconds timeout) const {
    try {
      const unsigned status = vitals::http::fetch({.method = "POST",
                                                   .host = at_.host,
                                                   .port = at_.port,
                                                   .target = at_.path,
                                                   .content_type = "application/x-ndjson",
                                                   .body = lines,
                                                   .timeout = timeout,
                                                   .body_limit = 0})
                                  .status;
      if (status / 100 == 2) {
        return {"ok", {}};
      }
      return {"bad_status", at_.text + " answered with status " + std::to_string(status)};
    } catch (const std::system_error& error) {
      return {error.code() == std::errc::timed_out ? "timeout" : "connection_failed", error.what()};
    }
  }

 private:
  target_url at_;
};

#endif
