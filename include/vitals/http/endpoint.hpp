// All that is served, without who serves it: the sources, the health, and the routes to them.
#ifndef VITALS_HTTP_ENDPOINT_HPP
#define VITALS_HTTP_ENDPOINT_HPP

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

namespace vitals::inline v0::http::detail {

/// As `server_options` have them, and `responder_options`.
struct endpoint_options {
  bool metrics = true;
  bool openmetrics_created = false;
  health_page_options health{};
  compressor (*compress)() = nullptr;
};

/// Thread-safe, but for `routes`. Its routes keep its address.
class endpoint {
 public:
  explicit endpoint(endpoint_options options)
      : metrics_(options.openmetrics_created, options.compress),
        health_(std::move(options.health),
                [this](const std::vector<std::string>& names) { return metrics_.json_of(names); }) {
    health_.add_to(routes_);
    if (options.metrics) {
      for (const page_path& p : page_paths) {
        routes_.add(std::string{p.path}, std::string{p.what},
                    [this, &p](const request& asked, response& out) { metrics_.answer(p.choose(asked), out); });
      }
    }
  }
  endpoint(const endpoint&) = delete;
  endpoint& operator=(const endpoint&) = delete;

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

  [[nodiscard]] const exposition& metrics() const noexcept { return metrics_; }
  [[nodiscard]] router& routes() noexcept { return routes_; }
  [[nodiscard]] const router& routes() const noexcept { return routes_; }

  /// To be called first in a forked child, where locks may be held by threads that are not there.
  void mend_after_fork() noexcept {
    metrics_.mend_after_fork();
    health_.mend_after_fork();
  }

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

}  // namespace vitals::inline v0::http::detail

#endif
