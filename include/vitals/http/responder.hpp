// All that a server answers, for a program that has an HTTP server already. It knows no HTTP library.
#ifndef VITALS_HTTP_RESPONDER_HPP
#define VITALS_HTTP_RESPONDER_HPP

#include <utility>

#include <vitals/expose/callbacks.hpp>
#include <vitals/http/endpoint.hpp>
#include <vitals/http/exposition.hpp>
#include <vitals/http/health_routes.hpp>
#include <vitals/http/message.hpp>
#include <vitals/http/router.hpp>
#include <vitals/metric/family.hpp>

namespace vitals::inline v0::http {

/// As `server_options` have them.
struct responder_options {
  bool metrics = true;
  bool openmetrics_created = false;
  health_page_options health{};
  compressor (*compress)() = nullptr;  ///< `make_gzip`, which takes Boost, or another; null: pages are not compressed
};

/// Answers requests as `server` does, where another server reads and sends them: a request's fields in, a response out.
/// Thread-safe, but for `routes`.
class responder {
 public:
  explicit responder(responder_options options = {})
      : all_({.metrics = options.metrics,
              .openmetrics_created = options.openmetrics_created,
              .health = std::move(options.health),
              .compress = options.compress}) {}

  /// As `server::expose` and `server::unexpose`.
  template <source... Sources>
  void expose(exposure how = {}) {
    all_.expose<Sources...>(std::move(how));
  }
  void expose(const callbacks& calls, exposure how = {}) { all_.expose(calls, std::move(how)); }
  template <source... Sources>
  void unexpose() {
    all_.unexpose<Sources...>();
  }
  void unexpose(const callbacks& calls) { all_.unexpose(calls); }

  /// The routes, to add some of your own before the first request.
  [[nodiscard]] router& routes() noexcept { return all_.routes(); }

  /// Answers a request, whatever its path: 404 where nothing is there. A response that is used again keeps its memory.
  [[nodiscard]] response handle(const request& asked) const { return all_.routes().handle(asked); }
  void handle(const request& asked, response& out) const { all_.routes().handle(asked, out); }

 private:
  detail::endpoint all_;
};

}  // namespace vitals::inline v0::http

#endif
