// The server: an HTTP endpoint on a thread of its own.
#ifndef VITALS_HTTP_SERVER_HPP
#define VITALS_HTTP_SERVER_HPP

#include <fmt/format.h>

#include <cstdint>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <vitals/expose/callbacks.hpp>
#include <vitals/health/quiet_thread.hpp>
#include <vitals/http/exposition.hpp>
#include <vitals/http/health_routes.hpp>
#include <vitals/http/host_rules.hpp>
#include <vitals/http/listener.hpp>
#include <vitals/http/router.hpp>
#include <vitals/http/session.hpp>
#include <vitals/metric/family.hpp>

namespace vitals::inline v0::http {

/// Where a server listens, and what it takes from whom.
struct server_options {
  std::string address = "127.0.0.1";  ///< an IP address, 4 or 6; 0.0.0.0 or :: for all; or `unix:` and a socket's path
  std::uint16_t port = 9464;          ///< 0 lets the system choose: ask `port()` after `start`
  bool metrics = true;                ///< serves `/metrics` and its likes; else they are not found
  bool openmetrics_created = false;   ///< OpenMetrics says since when counts run: a series of its own to Prometheus 2
  health_page_options health{};       ///< what the health's pages tell beside it
  connection_limits limits{};         ///< how long it waits for a peer, how large a request may be
  connection_counts connections{};    ///< how many there may be
  std::vector<std::string> allowed_hosts{};  ///< names with a dot that requests may come to: see `is_allowed_host`
};

/// Serves some sources on a thread of its own: at `/metrics` in the format that is asked for, at `/metrics/json` as
/// JSON, compressed for who accepts gzip; `?name[]=` selects families. `/` lists the routes. Make, start and stop it on
/// one thread at a time; `expose` may come at any time.
class server {
 public:
  explicit server(server_options options = {})
      : options_(std::move(options)),
        health_(options_.health, [this](const std::vector<std::string>& names) { return exposition_.json_of(names); }) {
    health_.add_to(routes_);
    if (options_.metrics) {
      add_metrics();
    }
  }
  server(const server&) = delete;
  server& operator=(const server&) = delete;
  ~server() { stop(); }

  /// Adds sources to `/metrics`, all under one prefix and with the same labels where `how` has some. Throws
  /// std::invalid_argument where one of their families is offered already.
  template <source... Sources>
  void expose(exposure how = {}) {
    exposition_.expose({Sources::source()...}, std::move(how));
    (expose_health<Sources>(), ...);
  }

  /// The same for an object that is a source, such as `callbacks`. It must live until it is taken away, or the server
  /// is gone.
  void expose(const callbacks& calls, exposure how = {}) { exposition_.expose({calls.source()}, std::move(how)); }

  /// Takes sources away: once this returns, nothing reads them, and a library that they came from may be unloaded.
  template <source... Sources>
  void unexpose() {
    (unexpose_health<Sources>(), ...);
    exposition_.unexpose({Sources::source()...});
  }
  void unexpose(const callbacks& calls) { exposition_.unexpose({calls.source()}); }

  /// The routes, to add some of your own before `start`. Their handlers run on the server's thread.
  [[nodiscard]] router& routes() noexcept { return routes_; }

  /// Listens and serves. Throws std::system_error that names the address where it cannot: one that is no IP address,
  /// or whose port is taken. Does nothing where it serves already.
  void start() {
    std::error_code error;
    start(error);
    if (error) {
      throw std::system_error(error,
                              fmt::format("vitals: cannot serve on {} port {}", options_.address, options_.port));
    }
  }

  /// The same, but reports instead of throwing. (Only std::bad_alloc is thrown.)
  void start(std::error_code& error) {
    error.clear();
    if (listener_ != nullptr) {
      return;
    }
    auto fresh = std::make_unique<detail::listener>(
        detail::service{.routes = &routes_, .limits = options_.limits, .allowed_hosts = options_.allowed_hosts},
        options_.connections);
    detail::boost_error failed;
    fresh->open(options_.address, options_.port, failed);
    if (failed) {
      error = failed;
      return;
    }
    try {
      thread_ = vitals::detail::quiet_thread([serving = fresh.get()] { serving->run(); });
      listener_ = std::move(fresh);
    } catch (const std::system_error& no_thread) {
      error = no_thread.code();
    }
  }

  /// Stops listening, lets responses under way be written (2 seconds at most), and waits for the thread. May be started
  /// again. Does nothing where it does not serve. Not for a route's handler: it would wait for itself.
  void stop() noexcept {
    if (listener_ != nullptr) {
      listener_->stop();
      thread_.join();
      listener_.reset();
    }
  }

  /// The port it listens on, the real one where 0 was asked for; 0 where it does not serve.
  [[nodiscard]] std::uint16_t port() const noexcept { return listener_ != nullptr ? listener_->port() : 0; }

 private:
  void add_metrics() {
    const auto json = [this](const request& asked, response& out) { exposition_.answer_json(asked, out); };
    routes_.add("/metrics", "metrics as Prometheus text, OpenMetrics or protobuf, whichever is asked for",
                [this](const request& asked, response& out) { exposition_.answer(asked, out); });
    routes_.add("/metrics/json", "metrics as JSON", json);
    routes_.add("/api/v1/metrics", "metrics as JSON", json);
    routes_.add("/api/v1/metrics/prometheus", "metrics as Prometheus text 0.0.4",
                [this](const request& asked, response& out) { exposition_.answer_text(asked, out); });
  }

  template <class Source>
  void expose_health() {
    if constexpr (health_source<Source>) {
      health_.expose(Source::ref());
    }
  }
  template <class Source>
  void unexpose_health() {
    if constexpr (health_source<Source>) {
      health_.unexpose(Source::ref());
    }
  }

  server_options options_;
  exposition exposition_{options_.openmetrics_created};
  health_routes health_;
  router routes_;
  std::unique_ptr<detail::listener> listener_;
  std::thread thread_;
};

}  // namespace vitals::inline v0::http

#endif
