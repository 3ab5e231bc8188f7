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

  /// Adds a route. `what` is a line for the list at `/`. Throws std::invalid_argument for a path that does not start
  /// with `/` or is taken.
  void add(std::string path, std::string what, handler answer) {
    if (!path.starts_with('/') || path == "/" || find(path) != routes_.end()) {
      throw std::invalid_argument(
          fmt::format("vitals::http::router: cannot add the path \"{}\": a path starts with / "
                      "and is added once (/ itself is the list of routes)",
                      path));
    }
    routes_.push_back({std::move(path), std::move(what), std::move(answer)});
  }

  /// Adds paths that come and go. `find` gives the handler of one, or none; `list` adds lines to the list at `/`, and
  /// may put the service's name before it. Both may be called by any threads at once.
  void add_group(std::function<handler(std::string_view path)> find, std::function<void(std::string& lines)> list) {
    groups_.push_back({std::move(find), std::move(list)});
  }

  /// Answers a request: 404 for an unknown path, 405 for a method other than GET, HEAD and OPTIONS (which has 204), 500
  /// where a handler throws.
  [[nodiscard]] response handle(const request& asked) const {
    try {
      const std::string_view path = path_of(asked.target);
      const handler found =
          path == "/" ? [this](const request&) { return response{.body = list()}; } : find_handler(path);
      if (!found) {
        return {.status = 404, .body = "404 Not Found: GET / lists what is here\n"};
      }
      if (asked.method == "OPTIONS") {
        return {.status = 204, .allow = "GET, HEAD, OPTIONS"};
      }
      if (asked.method != "GET" && asked.method != "HEAD") {
        return {.status = 405, .body = "405 Method Not Allowed: use GET or HEAD\n", .allow = "GET, HEAD, OPTIONS"};
      }
      return found(asked);
    } catch (const std::exception&) {  // what it says may be no stranger's business
      return {.status = 500, .body = "500 Internal Server Error\n"};
    }
  }

 private:
  struct route {
    std::string path;
    std::string what;
    handler answer;
  };

  [[nodiscard]] std::vector<route>::const_iterator find(std::string_view path) const noexcept {
    return std::find_if(routes_.begin(), routes_.end(), [path](const route& r) { return r.path == path; });
  }

  struct group {
    std::function<handler(std::string_view)> find;
    std::function<void(std::string&)> list;
  };

  [[nodiscard]] handler find_handler(std::string_view path) const {
    if (const auto found = find(path); found != routes_.end()) {
      return found->answer;
    }
    for (const group& g : groups_) {
      if (handler found = g.find(path)) {
        return found;
      }
    }
    return nullptr;
  }

  [[nodiscard]] std::string list() const {
    std::string text = fmt::format("vitals {}.{}.{}\n\n", version.major, version.minor, version.patch);
    for (const route& r : routes_) {
      text += fmt::format("{}  {}\n", r.path, r.what);
    }
    for (const group& g : groups_) {
      g.list(text);
    }
    return text;
  }

  std::vector<route> routes_;
  std::vector<group> groups_;
};

}  // namespace vitals::inline v0::http

#endif
