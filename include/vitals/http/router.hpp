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

#include <vitals/expose/json.hpp>
#include <vitals/http/message.hpp>
#include <vitals/http/negotiate.hpp>
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

/// What `/` tells: whose program this is, and what is behind which path.
struct overview {
  struct endpoint {
    std::string path;
    std::string what;
  };
  std::string service{};  ///< empty where the program did not say
  std::string version{};
  std::string environment{};
  std::vector<endpoint> endpoints{};
};

/// Routes GET and HEAD requests to handlers by their exact path, and answers OPTIONS with what is allowed. `/` is built
/// in: it tells whose program this is and lists the routes, as text, or as JSON where that is accepted by name. Add
/// routes first; then `handle` may be called by any threads at once, as far as the handlers allow.
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

  /// The route of a path, by its name, which may be a part of the path; empty where there is none.
  using namer = std::function<std::string_view(std::string_view path)>;

  /// Adds paths that come and go: `name` tells whether a path is there now, `answer` answers for all of them (a 404 of
  /// its own where one is gone by then), `list` adds what is there to the list at `/`. By any threads at once.
  void add_group(namer name, filler answer, std::function<void(overview&)> list) {
    groups_.push_back({std::move(name), std::move(answer), std::move(list)});
  }

  /// Answers a request: 404 for an unknown path, 405 for a method other than GET, HEAD and OPTIONS, 500 where a handler
  /// throws.
  [[nodiscard]] response handle(const request& asked) const {
    response out;
    handle(asked, out);
    return out;
  }

  /// The same into a response that is used again, and allocates nothing where the handler does not. Returns the route's
  /// name: for `add` its path, a part of `asked.target`; empty where there is none.
  std::string_view handle(const request& asked, response& out) const {
    out.clear();
    const std::string_view path = path_of(asked.target);
    const auto [answer, name] = find_answer(path);
    if (path != "/" && answer == nullptr) {
      out.status = 404;
      out.body = "404 Not Found: GET / lists what is here\n";
    } else if (asked.method == "OPTIONS") {
      out.status = 204;
      out.allow = "GET, HEAD, OPTIONS";
    } else if (asked.method != "GET" && asked.method != "HEAD") {
      out.status = 405;
      out.body = "405 Method Not Allowed: use GET or HEAD\n";
      out.allow = "GET, HEAD, OPTIONS";
    } else if (path == "/") {
      answer_overview(asked, out);
    } else {
      try {
        (*answer)(asked, out);
      } catch (const std::exception&) {  // what it says may be no stranger's business
        out.clear();
        out.status = 500;
        out.body = "500 Internal Server Error\n";
      }
    }
    return path == "/" ? path : name;
  }

 private:
  struct route {
    std::string path;
    std::string what;
    filler answer;
  };
  struct group {
    namer name;
    filler answer;
    std::function<void(overview&)> list;
  };

  struct found {
    const filler* answer = nullptr;
    std::string_view name{};
  };

  /// What answers for a path; null where nothing does.
  [[nodiscard]] found find_answer(std::string_view path) const {
    if (const auto exact = find(path); exact != routes_.end()) {
      return {&exact->answer, path};
    }
    for (const group& g : groups_) {
      if (const std::string_view name = g.name(path); !name.empty()) {
        return {&g.answer, name};
      }
    }
    return {};
  }

  [[nodiscard]] std::vector<route>::const_iterator find(std::string_view path) const noexcept {
    return std::find_if(routes_.begin(), routes_.end(), [path](const route& r) { return r.path == path; });
  }

  void answer_overview(const request& asked, response& out) const {
    overview all;
    for (const route& r : routes_) {
      all.endpoints.push_back({r.path, r.what});
    }
    for (const group& g : groups_) {
      g.list(all);
    }
    out.vary = "Accept";
    if (prefers(asked.accept, "application", "json", "")) {
      out.content_type = "application/json";
      append_document(out.body, all);
    } else {
      append_text(out.body, all);
    }
  }

  static void append_text(std::string& out, const overview& all) {
    for (const std::string_view part : {all.service, all.version, all.environment}) {
      out.append(part).append(part.empty() ? "" : " ");
    }
    out += fmt::format("{}vitals {}.{}.{}\n\n", out.empty() ? "" : "| ", version.major, version.minor, version.patch);
    for (const auto& [path, what] : all.endpoints) {
      out += fmt::format("{}  {}\n", path, what);
    }
  }

  static void append_document(std::string& out, const overview& all) {
    using v0::detail::append_json;
    out += "{\"service\":";
    append_json(out, all.service);
    out += ",\"version\":";
    append_json(out, all.version);
    out += ",\"environment\":";
    append_json(out, all.environment);
    out += ",\"endpoints\":{";
    std::string_view before = "\n ";
    for (const auto& [path, what] : all.endpoints) {
      out += std::exchange(before, ",\n ");
      append_json(out, path);
      out += ':';
      append_json(out, what);
    }
    out += "}}\n";
  }

  std::vector<route> routes_;
  std::vector<group> groups_;
};

}  // namespace vitals::inline v0::http

#endif
