// The server: an HTTP endpoint on a thread of its own.
#ifndef VITALS_HTTP_SERVER_HPP
#define VITALS_HTTP_SERVER_HPP

#include <fmt/format.h>

#include <utility>  // before asio, which misses it in g++

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <vitals/expose/callbacks.hpp>
#include <vitals/health/quiet_thread.hpp>
#include <vitals/http/exposition.hpp>
#include <vitals/http/health_routes.hpp>
#include <vitals/http/router.hpp>
#include <vitals/http/session.hpp>
#include <vitals/metric/family.hpp>

namespace vitals::inline v0::http {

/// Where a server listens.
struct server_options {
  std::string address = "127.0.0.1";  ///< an IP address, 4 or 6; 0.0.0.0 or :: for all
  std::uint16_t port = 9464;          ///< 0 lets the system choose: ask `port()` after `start`
  bool openmetrics_created = false;   ///< OpenMetrics says since when counts run: a series of its own to Prometheus 2
  health_page_options health{};       ///< what the health's pages tell beside it
};

namespace detail {

/// Accepts connections and knows their sessions. All but `stop` on one thread.
class listener {
 public:
  explicit listener(const router& routes) : routes_(&routes) {}

  void open(const server_options& options, boost_error& error) {
    const auto address = asio::ip::make_address(options.address, error);
    const asio::ip::tcp::endpoint endpoint{address, options.port};
    const auto then = [&error](auto&& step) {
      if (!error) {
        step();
      }
    };
    then([&] { acceptor_.open(endpoint.protocol(), error); });
    then([&] { acceptor_.set_option(asio::socket_base::reuse_address(true), error); });
    then([&] { acceptor_.bind(endpoint, error); });
    then([&] { acceptor_.listen(asio::socket_base::max_listen_connections, error); });
    then([&] { port_ = acceptor_.local_endpoint(error).port(); });
  }

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

  /// Serves until `stop`, and then until the responses under way are written: 2 seconds at most.
  void run() {
    accept();
    work([this] { io_.run(); });
    boost_error ignored;
    acceptor_.close(ignored);
    pause_.cancel();
    each_session(&session::finish);
    io_.restart();
    work([this] { io_.run_for(std::chrono::seconds{2}); });
    each_session(&session::close);
    io_.restart();
    work([this] { io_.run(); });
  }

  /// From any thread.
  void stop() noexcept { io_.stop(); }

 private:
  void accept() {
    acceptor_.async_accept([this](boost_error error, asio::ip::tcp::socket socket) {
      if (!acceptor_.is_open()) {
        return;
      }
      if (!error) {
        const auto connection = std::make_shared<session>(std::move(socket), *routes_);
        sessions_.remove_if([](const auto& s) { return s.expired(); });
        sessions_.push_back(connection);
        connection->start();
        accept();
      } else {  // most likely out of descriptors: wait for some to come free
        pause_.expires_after(std::chrono::milliseconds{100});
        pause_.async_wait([this](boost_error cancelled) {
          if (!cancelled) {
            accept();
          }
        });
      }
    });
  }

  /// Runs handlers. One that throws (out of memory) loses its connection, not the program.
  template <class Run>
  void work(Run run) {
    for (bool done = false; !done;) {
      try {
        run();
        done = true;
      } catch (...) {
      }
    }
  }

  void each_session(void (session::*act)()) {
    for (const auto& s : sessions_) {
      if (const auto alive = s.lock()) {
        (*alive.*act)();
      }
    }
  }

  const router* routes_;
  asio::io_context io_{1};
  asio::ip::tcp::acceptor acceptor_{io_};
  asio::steady_timer pause_{io_};
  std::list<std::weak_ptr<session>> sessions_;
  std::uint16_t port_ = 0;
};

}  // namespace detail

/// Serves some sources on a thread of its own: at `/metrics` in the format that is asked for, at `/metrics/json` as
/// JSON, compressed for who accepts gzip; `?name[]=` selects families. `/` lists the routes. Make, start and stop it on
/// one thread at a time; `expose` may come at any time.
class server {
 public:
  explicit server(server_options options = {})
      : options_(std::move(options)),
        health_(options_.health, [this](const std::vector<std::string>& names) { return exposition_.json_of(names); }) {
    health_.add_to(routes_);
    const auto json = [this](const request& asked, response& out) { exposition_.answer_json(asked, out); };
    routes_.add("/metrics", "metrics as Prometheus text, OpenMetrics or protobuf, whichever is asked for",
                [this](const request& asked, response& out) { exposition_.answer(asked, out); });
    routes_.add("/metrics/json", "metrics as JSON", json);
    routes_.add("/api/v1/metrics", "metrics as JSON", json);
    routes_.add("/api/v1/metrics/prometheus", "metrics as Prometheus text 0.0.4",
                [this](const request& asked, response& out) { exposition_.answer_text(asked, out); });
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
    auto fresh = std::make_unique<detail::listener>(routes_);
    detail::boost_error failed;
    fresh->open(options_, failed);
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
