// Which pages of other origins a browser lets read what is served.
#ifndef VITALS_HTTP_ORIGIN_RULES_HPP
#define VITALS_HTTP_ORIGIN_RULES_HPP

#include <string>
#include <string_view>

#include <vitals/core/view.hpp>

namespace vitals::inline v0::http {

/// The value of Access-Control-Allow-Origin for a request with this Origin, or nothing where it gets none: where no
/// origin is allowed, or another. `allowed` are origins as browsers send them (`https://wall.example`, without a path),
/// compared byte for byte, or `*` for any. (The Fetch standard, "CORS protocol".)
[[nodiscard]] inline std::string_view allowed_origin(std::string_view origin, view<std::string> allowed) noexcept {
  for (const std::string& other : allowed) {
    if (other == "*") {
      return "*";
    }
    if (other == origin) {
      return origin;
    }
  }
  return {};
}

}  // namespace vitals::inline v0::http

#endif
