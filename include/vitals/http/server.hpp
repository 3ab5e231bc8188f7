// The server: an HTTP endpoint on threads of its own, or on an io_context.
#ifndef VITALS_HTTP_SERVER_HPP
#define VITALS_HTTP_SERVER_HPP

#include <fmt/format.h>

#include <utility>  // before asio, which misses it in g++

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <vitals/expose/callbacks.hpp>
#include <vitals/http/access.hpp>
#include <vitals/http/connection.hpp>
#include <vitals/http/endpoint.hpp>
#include <vitals/http/exposition.hpp>
#include <vitals/http/gatekeeper.hpp>
#include <vitals/http/gzip.hpp>
#include <vitals/http/health_routes.hpp>
#include <vitals/http/host_rules.hpp>
#include <vitals/http/kept_descriptor.hpp>
#include <vitals/http/listener.hpp>
#include <vitals/http/listening_point.hpp>
#include <vitals/http/message.hpp>
#include <vitals/http/origin_rules.hpp>
#include <vitals/http/router.hpp>
#include <vitals/http/server_metrics.hpp>
#include <vitals/http/serving.hpp>
#include <vitals/http/session.hpp>
#include <vitals/metric/family.hpp>

namespace vitals::inline v0::http {

/// Where a server listens, and what it takes from whom.
struct server_options {
  std::string address = "127.0.0.1";  ///< an IP address, 4 or 6; 0.0.0.0 or :: for all; or `unix:` and a socket's path
  std::uint16_t port = 9464;          ///< 0 lets the system choose: ask `port()` after `start`
  bool metrics = true;                ///< serves `/metrics` and its likes; else they are not found
  bool own_metrics = true;            ///< what the process's servers count of themselves is among them: `own::registry`
  bool openmetrics_created = false;   ///< OpenMetrics says since when counts run: a series of its own to Prometheus 2
  health_page_options health{};       ///< what the health's pages tell beside it
  connection_limits limits{};         ///< how long it waits for a peer, how large a request may be
  connection_counts connections{};    ///< how many there may be
  std::vector<std::string> allowed_hosts{};    ///< names with a dot that requests may come to: see `is_allowed_host`
  std::vector<std::string> allowed_origins{};  ///< whose pages may read it in a browser: see `allowed_origin`
  boost::asio::any_io_executor renderer{};     ///< where pages are made, instead of where the server does
  std::size_t waiting_pages = 16;              ///< different pages that may wait to be made; further scrapes get a 503
  access_rules access{};                       ///< who may ask for what; everybody for everything where it is empty
  std::function<void(std::string_view)> on_warning{};  ///< what is not as it should be; by any thread; must not throw
};

/// Serves some sources: at `/metrics` in the format that is asked for, at `/metrics/json` as JSON, compressed for who
/// accepts gzip; `?name[]=` selects families. `/` lists the routes.
///
/// On threads of its own: one for the connections, where all handlers run, and one that makes the pages of metrics, so
/// that no scrape delays a probe. Or on an io_context that the program runs, where a page is made in slices of 64 KB,
/// each a handler of its own. Either makes them on an executor instead that the options name.
///
/// Make, start, stop and destroy it on one thread at a time; `expose` and `unexpose` may come at any time. Not in a
/// callback of a source that it exposes; nor, with threads of its own, in a handler of its routes.
///
/// In a forked child a server is stopped: its threads are the parent's, and its sockets are closed there. It may be
/// started again, and then serves the same sources and routes with a port of the child's own; or be destroyed, or left.
/// (Not where another thread of the parent's was in one of its functions at the fork.) On an io_context that is the
/// program's to say (`notify_fork`): the child must not use the io_context before, and a server that was started on it
/// may be left or destroyed there, but not started again. A program that is executed gets none of its descriptors.
class server {
 public:
  explicit server(server_options options = {})
      : options_(std::move(options)),
        all_(std::make_shared<detail::endpoint>(
            detail::endpoint_options{.metrics = options_.metrics,
                                     .openmetrics_created = options_.openmetrics_created,
                                     .health = options_.health,
                                     .compress = &make_gzip})) {
    if (options_.metrics && options_.own_metrics) {
      all_->expose<own::registry>();
    }
  }
  /// On an io_context, which must be there for as long as a server is started on it, and may be gone when the server is
  /// stopped or destroyed. Threads that run it, or none, may be at work at any time.
  explicit server(boost::asio::io_context& on, server_options options = {}) : server(std::move(options)) { io_ = &on; }
  server(const server&) = delete;
  server& operator=(const server&) = delete;
  ~server() { stop(); }

  /// Adds sources to `/metrics`, all under one prefix and with the same labels where `how` has some. Throws
  /// std::invalid_argument where one of their families is offered already.
  template <source... Sources>
  void expose(exposure how = {}) {
    mend();
    all_->expose<Sources...>(std::move(how));
  }

  /// The same for an object that is a source, such as `callbacks`. It must live until it is taken away, or the server
  /// is stopped for good.
  void expose(const callbacks& calls, exposure how = {}) {
    mend();
    all_->expose(calls, std::move(how));
  }

  /// Takes sources away: once this returns, nothing reads them, and a library that they came from may be unloaded.
  template <source... Sources>
  void unexpose() {
    mend();
    all_->unexpose<Sources...>();
  }
  void unexpose(const callbacks& calls) {
    mend();
    all_->unexpose(calls);
  }

  /// The routes, to add some of your own before `start`. Their handlers run on the thread that serves.
  [[nodiscard]] router& routes() noexcept { return all_->routes(); }

  /// Listens and serves. Throws std::system_error that names the address where it cannot: one that is no IP address,
  /// or whose port is taken; or that says what is wrong with the rules of access. Does nothing where it serves already.
  void start() {
    mend();
    if (serving_ == nullptr) {
      prepare();
    }
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
    mend();
    if (serving_ != nullptr) {
      return;
    }
    try {
      if (access_ == nullptr) {
        prepare();
      }
    } catch (const std::system_error& e) {
      error = e.code();
      return;
    }
    const server_options& o = options_;
    detail::serving_order order{
        .address = o.address,
        .port = o.port,
        .shared = {.routes = {all_, &std::as_const(*all_).routes()},
                   .access = access_->is_needed() ? access_ : nullptr,
                   .connect = std::move(connect_),
                   .limits = o.limits,
                   .allowed_hosts = o.allowed_hosts,
                   .allowed_origins = o.allowed_origins},
        .metrics = o.metrics ? std::shared_ptr<const exposition>{all_, &all_->metrics()} : nullptr,
        .renderer = o.renderer,
        .most_waiting_pages = o.waiting_pages,
        .most = o.connections};
    std::unique_ptr<detail::serving> fresh;
    if (io_ != nullptr) {
      fresh = std::make_unique<detail::on_context>(*io_, std::move(order), error);
    } else {
      fresh = std::make_unique<detail::own_threads>(std::move(order), error);
    }
    if (!error) {
      serving_ = std::move(fresh);
    } else {
      access_.reset();
    }
  }

  /// Stops: the port is free, and once this returns no handler is called and no source read; it waits for one that is
  /// under way. Responses under way are written still, for 2 seconds at most: with threads of its own this waits for
  /// that, else the io_context does it when it runs on. May be started again. Does nothing where it does not serve.
  void stop() noexcept {
    mend();
    if (serving_ != nullptr) {
      serving_->stop();
      serving_.reset();
      access_->stop();
      access_.reset();
    }
  }

  /// The port it listens on, the real one where 0 was asked for; 0 where it does not serve.
  [[nodiscard]] std::uint16_t port() const noexcept {
    return serving_ != nullptr && !serving_->is_parents() ? serving_->port() : 0;
  }

 protected:
  /// For servers with connections of another kind: `prepare` gives their maker at each start, or throws
  /// std::system_error.
  void connect_by(std::function<detail::connector()> prepare) { prepare_connector_ = std::move(prepare); }
  [[nodiscard]] const server_options& options() const noexcept { return options_; }

 private:
  void prepare() {
    connect_ = prepare_connector_ ? prepare_connector_() : nullptr;
    access_ = std::make_shared<detail::gatekeeper>(options_.access, connect_ != nullptr, options_.on_warning);
    boost::system::error_code bad;  // an address that is none, which is said by who listens
    if (connect_ == nullptr && options_.on_warning && access_->takes_secrets() &&
        !detail::listening_point::of(options_.address, options_.port, bad).on_loopback) {
      options_.on_warning(
          fmt::format("vitals: passwords and tokens that come to {} are readable on their way: use "
                      "vitals::http::tls_server, or listen on a loopback address behind who has TLS",
                      options_.address));
    }
  }

  /// In a forked child what serves is the parent's: its threads are not there, and may have held any lock.
  void mend() noexcept {
    if (const std::uint64_t now = detail::kept_descriptor::generation(); generation_ != now) {
      generation_ = now;
      static_cast<void>(serving_.release());
      access_.reset();
      all_->mend_after_fork();
      own::forget_parents(detail::kept_descriptor::generation());
    }
  }

  server_options options_;
  std::shared_ptr<detail::endpoint> all_;
  boost::asio::io_context* io_ = nullptr;
  std::function<detail::connector()> prepare_connector_{};  ///< null for plain connections
  detail::connector connect_{};
  std::shared_ptr<detail::gatekeeper> access_;  ///< there while it serves
  std::unique_ptr<detail::serving> serving_;
  std::uint64_t generation_ = detail::kept_descriptor::generation();  ///< written in a forked child alone
};

}  // namespace vitals::inline v0::http

#endif
