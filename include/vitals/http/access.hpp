// Who may ask for what: by route group a password, a token, a client certificate, or nothing.
#ifndef VITALS_HTTP_ACCESS_HPP
#define VITALS_HTTP_ACCESS_HPP

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <vitals/http/health_routes.hpp>
#include <vitals/http/page_choice.hpp>

namespace vitals::inline v0::http {

/// Routes that are open or closed together. `metrics`: the pages of metrics, and `/status`, which shows some.
/// `probes`: what orchestrators and load balancers ask: liveness, readiness, startup, `/health`. `rest`: `/`, the
/// program's own routes, and paths where nothing is.
enum class route_group { metrics, probes, rest };

/// The group of a path, as `path_of` gives it.
[[nodiscard]] constexpr route_group group_of(std::string_view path) noexcept {
  return detail::find_page_path(path) != nullptr || health_routes::is_status(path) ? route_group::metrics
         : health_routes::is_probe(path)                                           ? route_group::probes
                                                                                   : route_group::rest;
}

/// How passwords are checked against what the configuration has of them. By any thread; may take long.
/// `crypt_hashing` (VITALS_CRYPT) is one.
struct password_hashing {
  bool (*matches)(const std::string& password, const std::string& hash) = nullptr;
  bool (*is_hash)(const std::string& hash) = nullptr;  ///< whether it can check against this
};

/// A user of basic authentication.
struct basic_user {
  std::string name{};  ///< without a colon
  std::string hash{};  ///< of the password, as `password_hashing` has it
};

/// Who may ask for the routes of a group: anybody where it is empty. One of the users or one of the tokens is enough; a
/// client certificate comes on top.
struct access_rule {
  std::vector<basic_user> users{};    ///< basic authentication (RFC 7617)
  std::vector<std::string> tokens{};  ///< bearer tokens (RFC 6750)
  std::string token_file{};           ///< a file with some, each on a line; read again when it changes
  bool client_certificate = false;    ///< one that a `tls_server`'s client authorities signed
};

/// Why a request was not let in.
enum class access_refusal {
  no_credentials,     ///< 401: it has no Authorization line
  wrong_credentials,  ///< 401: a wrong one, or one that cannot be understood
  no_certificate,     ///< 403: its connection has no client certificate
  busy,               ///< 503: too many passwords are being checked
  handshake,          ///< TLS could not be agreed on, or its client certificate is no good
};

/// The rules of all groups.
struct access_rules {
  access_rule metrics{};
  access_rule probes{};
  access_rule rest{};
  password_hashing passwords{};                      ///< needed where there are users
  std::function<void(access_refusal)> on_refusal{};  ///< called on the thread that serves; must not throw
};

}  // namespace vitals::inline v0::http

#endif
