// All that a server answers, for a program that has an HTTP server already. It knows no HTTP library.
#ifndef VITALS_HTTP_RESPONDER_HPP
#define VITALS_HTTP_RESPONDER_HPP

#include <string>
#include <utility>
#include <vector>

#include <vitals/expose/callbacks.hpp>
#include <vitals/http/exposition.hpp>
#include <vitals/http/health_routes.hpp>
#include <vitals/http/message.hpp>
#include <vitals/http/page_choice.hpp>
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
      : metrics_(options.openmetrics_created, options.compress),
        health_(std::move(options.health),
                [this](const std::vector<std::string>& names) { return metrics_.json_of(names); }) {
    health_.add_to(routes_);
    for (const detail::page_path& p : detail::page_paths) {
      if (options.metrics) {
        routes_.add(std::string{p.path}, std::string{p.what},
                    [this, &p](const request& asked, response& out) { metrics_.answer(p.choose(asked), out); });
      }
    }
  }
  responder(const responder&) = delete;
  responder& operator=(const responder&) = delete;

  /// As `server::expose` and `server::unexpose`.
  template <source... Sources>
  void expose(exposure how = {}) {
    metrics_.expose({Sources::source()...}, std::move(how));
    (expose_health<Sources>(), ...);
  }
  void expose(const callbacks& calls, exposure how = {}) { metrics_.expose({calls.source()}, std::move(how)); }
  template <source... Sources>
  void unexpose() {
    (unexpose_health<Sources>(), ...);
    metrics_.unexpose({Sources::source()...});
  }
  void unexpose(const callbacks& calls) { metrics_.unexpose({calls.source()}); }

  /// The routes, to add some of your own before the first request.
  [[nodiscard]] router& routes() noexcept { return routes_; }

  /// Answers a request, whatever its path: 404 where nothing is there. A response that is used again keeps its memory.
  [[nodiscard]] response handle(const request& asked) const { return routes_.handle(asked); }
  void handle(const request& asked, response& out) const { routes_.handle(asked, out); }

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

  exposition metrics_;
  health_routes health_;
  router routes_{};
};

}  // namespace vitals::inline v0::http

#endif
