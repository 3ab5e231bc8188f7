// The router: from a request's method and path to a response. It knows no HTTP library.
#ifndef VITALS_HTTP_ROUTER_HPP
#define VITALS_HTTP_ROUTER_HPP

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <vitals/http/message.hpp>
#include <vitals/version.hpp>

namespace vitals::inline v0::http {

/// The path of a request's target (RFC 9112, 3.2): without query, and without scheme and host where a proxy sent them.
[[nodiscard]] constexpr std::string_view path_of(std::string_view target) noexcept {
  if (const auto scheme = target.find("://"); !target.starts_with('/') && scheme != std::string_view::npos) {
    const auto path = target.find('/', scheme + 3);
    target = path == std::string_view::npos ? std::string_view{"/"} : target.substr(path);
  }
  return target.substr(0, target.find_first_of("?#"));
}

/// Routes GET and HEAD requests to handlers by their exact path. `/` is built in: it lists the routes. Add routes
/// first; then `handle` may be called by any threads at once, as far as the handlers allow.
class router {
 public:
  using handler = std::function<response(const request&)>;
  /// Fills a response that is clear, whose texts may have memory from an answer before.
  using filler = std::function<void(const request&, response&)>;

  /// Adds a route. `what` is a line for the list at `/`. Throws std::invalid_argument for a path that does not start
  /// with `/` or is taken.
  void add(std::string path, std::string what, handler answer) {
    add(std::move(path), std::move(what),
        filler{[answer = std::move(answer)](const request& asked, response& out) { out = answer(asked); }});
  }
  void add(std::string path, std::string what, filler answer) {
    if (!path.starts_with('/') || path == "/" || find(path) != routes_.end()) {
      throw std::invalid_argument(
          fmt::format("vitals::http::router: cannot add the path \"{}\": a path starts with / "
                      "and is added once (/ itself is the list of routes)",
                      path));
    }
    routes_.push_back({std::move(path), std::move(what), std::move(answer)});
  }

  /// Answers a request: 404 for an unknown path, 405 for a method other than GET and HEAD, 500 where a handler throws.
  [[nodiscard]] response handle(const request& asked) const {
    response out;
    handle(asked, out);
    return out;
  }

  /// The same into a response that is used again, and allocates nothing where the handler does not.
  void handle(const request& asked, response& out) const {
    out.clear();
    const std::string_view path = path_of(asked.target);
    const auto found = find(path);
    if (path != "/" && found == routes_.end()) {
      out.status = 404;
      out.body = "404 Not Found: GET / lists what is here\n";
    } else if (asked.method != "GET" && asked.method != "HEAD") {
      out.status = 405;
      out.body = "405 Method Not Allowed: use GET or HEAD\n";
      out.allow = "GET, HEAD";
    } else if (path == "/") {
      out.body = list();
    } else {
      try {
        found->answer(asked, out);
      } catch (const std::exception&) {  // what it says may be no stranger's business
        out.clear();
        out.status = 500;
        out.body = "500 Internal Server Error\n";
      }
    }
  }

 private:
  struct route {
    std::string path;
    std::string what;
    filler answer;
  };

  [[nodiscard]] std::vector<route>::const_iterator find(std::string_view path) const noexcept {
    return std::find_if(routes_.begin(), routes_.end(), [path](const route& r) { return r.path == path; });
  }

  [[nodiscard]] std::string list() const {
    std::string text = fmt::format("vitals {}.{}.{}\n\n", version.major, version.minor, version.patch);
    for (const route& r : routes_) {
      text += fmt::format("{}  {}\n", r.path, r.what);
    }
    return text;
  }

  std::vector<route> routes_;
};

}  // namespace vitals::inline v0::http

#endif
