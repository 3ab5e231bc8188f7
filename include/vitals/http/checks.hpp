// Ready-made checks of what a program talks to: whether a port takes connections, whether a server answers as it
// should.
#ifndef VITALS_HTTP_CHECKS_HPP
#define VITALS_HTTP_CHECKS_HPP

#include <fmt/format.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <vitals/health/check.hpp>
#include <vitals/health/quiet_thread.hpp>
#include <vitals/http/client.hpp>

namespace vitals::inline v0::http {

namespace detail {

/// Finds where a host leads, again and again. The system's lookup cannot be called off: one that does not return is
/// waited for anew the next time, so that there is one thread at most.
class host_lookup {
 public:
  using lookup = host_addresses (*)(const std::string& host, std::uint16_t port);

  explicit host_lookup(lookup how = &look_up) : how_(how) {}

  /// Nothing where the deadline passes before. Throws std::system_error where there can be no thread.
  std::optional<host_addresses> find(const std::string& host, std::uint16_t port, steady_deadline deadline) {
    if (auto known = address_of(host, port)) {
      return known;
    }
    std::unique_lock lock{shared_->mutex};
    if (!shared_->runs) {
      shared_->found.reset();
      v0::detail::quiet_thread([shared = shared_, how = how_, host, port] {
        host_addresses found;
        try {
          found = how(host, port);
        } catch (...) {
          found.error = make_error_code(boost::system::errc::not_enough_memory);
        }
        const std::lock_guard done{shared->mutex};
        shared->found = std::move(found);
        shared->runs = false;
        shared->changed.notify_all();
      }).detach();
      shared_->runs = true;
    }
    shared_->changed.wait_until(lock, deadline, [&] { return !shared_->runs; });
    return shared_->runs ? std::nullopt : shared_->found;
  }

 private:
  struct state {
    std::mutex mutex{};
    std::condition_variable changed{};
    bool runs = false;
    std::optional<host_addresses> found{};
  };
  lookup how_;
  std::shared_ptr<state> shared_ = std::make_shared<state>();
};

/// What an error is called as a reason.
inline const char* reason_of(std::error_code error) {
  return error == std::errc::timed_out                                                     ? "timeout"
         : error == std::errc::connection_refused                                          ? "connection_refused"
         : error == std::errc::host_unreachable || error == std::errc::network_unreachable ? "unreachable"
         : error == std::errc::connection_reset                                            ? "connection_reset"
                                                                                           : "connection_failed";
}

}  // namespace detail

/// Where a connection is tried.
struct connect_target {
  std::string host{};  ///< a name or an IP address
  std::uint16_t port = 0;
  std::chrono::milliseconds timeout = std::chrono::seconds{1};  ///< for the name and the connection
};

/// Fails where a port takes no connection: of a database, a cache, a broker. The reasons are "timeout",
/// "connection_refused", "unreachable", "unknown_host" and the like.
///
///   checks.add<app_health, store>(vitals::http::connect_check{{.host = "db", .port = 5432}});
class connect_check {
 public:
  /// Throws std::invalid_argument for a host that cannot be asked for.
  explicit connect_check(const connect_target& to, detail::host_lookup lookup = detail::host_lookup{})
      : to_{.host = to.host, .port = to.port, .timeout = to.timeout},
        lookup_(std::move(lookup)) {
    detail::exchange{to_};
  }

  [[nodiscard]] check_result operator()() {
    detail::exchange connection{to_};
    const auto at = lookup_.find(to_.host, to_.port, connection.deadline());
    if (at && at->error) {
      return check_result::failed("unknown_host", fmt::format("{}: {}", to_.host, at->error.message()));
    }
    try {
      connection.connect(at);
    } catch (const std::system_error& e) {
      return check_result::failed(
          detail::reason_of(e.code()),
          fmt::format("{} port {}: {}{}", to_.host, to_.port, at ? "" : "looking up the host: ", e.code().message()));
    }
    return true;
  }

 private:
  client_request to_;
  detail::host_lookup lookup_;
};

/// What a server is asked, and how it should answer.
struct get_target {
  std::string host{};  ///< a name or an IP address
  std::uint16_t port = 80;
  std::string target = "/";                                     ///< path and query, percent-encoded
  unsigned status = 200;                                        ///< what it should answer
  std::chrono::milliseconds timeout = std::chrono::seconds{1};  ///< for all of it
};

/// Fails where a server does not answer a GET with the status that is expected. The reasons are those of
/// `connect_check`, and "unexpected_status". The answer's body is not read.
///
///   checks.add<app_health, pricing>(vitals::http::get_check{{.host = "pricing", .port = 8080, .target = "/readyz"}});
class get_check {
 public:
  /// Throws std::invalid_argument for a host or a target that cannot be asked for.
  explicit get_check(const get_target& from, detail::host_lookup lookup = detail::host_lookup{})
      : asked_{.host = from.host, .port = from.port, .target = from.target, .timeout = from.timeout, .body_limit = 0},
        status_(from.status),
        lookup_(std::move(lookup)) {
    detail::exchange{asked_};
  }

  [[nodiscard]] check_result operator()() {
    detail::exchange connection{asked_};
    const auto at = lookup_.find(asked_.host, asked_.port, connection.deadline());
    if (at && at->error) {
      return check_result::failed("unknown_host", fmt::format("{}: {}", asked_.host, at->error.message()));
    }
    try {
      connection.connect(at);
      const unsigned status = connection.talk().status;
      if (status == status_) {
        return true;
      }
      return check_result::failed("unexpected_status",
                                  fmt::format("{}: {}, expected {}", detail::description(asked_), status, status_));
    } catch (const std::system_error& e) {
      return check_result::failed(detail::reason_of(e.code()), e.what());
    }
  }

 private:
  client_request asked_;
  unsigned status_;
  detail::host_lookup lookup_;
};

}  // namespace vitals::inline v0::http

#endif
