// Whose name a request may come to. A page of a stranger's in a browser reaches a server on this machine by a name that
// it makes resolve to 127.0.0.1 (DNS rebinding): the Host line then has that name.
#ifndef VITALS_HTTP_HOST_RULES_HPP
#define VITALS_HTTP_HOST_RULES_HPP

#include <cstddef>
#include <string>
#include <string_view>

#include <vitals/core/view.hpp>
#include <vitals/http/head.hpp>

namespace vitals::inline v0::http {

namespace detail {

/// Whether a text is an IPv4 address, as browsers write it.
[[nodiscard]] constexpr bool is_ipv4(std::string_view text) noexcept {
  std::size_t numbers = 1;
  std::size_t digits = 0;
  unsigned number = 0;
  for (const char c : text) {
    if (c == '.' && digits != 0) {
      ++numbers;
      digits = 0;
      number = 0;
    } else if (c >= '0' && c <= '9' && ++digits <= 3) {
      number = number * 10 + static_cast<unsigned>(c - '0');
    } else {
      return false;
    }
    if (number > 255) {
      return false;
    }
  }
  return numbers == 4 && digits != 0;
}

}  // namespace detail

/// The host that a request is for, with its port where it has one: the target's where that has one (RFC 9112, 3.2.2),
/// else that of the Host line.
[[nodiscard]] constexpr std::string_view host_of(const request_head& head) noexcept {
  const std::size_t scheme = head.target.starts_with('/') ? std::string_view::npos : head.target.find("://");
  if (scheme == std::string_view::npos) {
    return head.host;
  }
  const std::string_view rest = head.target.substr(scheme + 3);
  return rest.substr(0, rest.find_first_of("/?"));
}

/// Whether a server answers who asks for this host. Who comes by an IP address, by a name without a dot (`localhost`, a
/// container's), or without a name does so from a network of the server's own, not from a stranger's page, and always
/// may. A name with a dot must be among the allowed ones where there are any; else it may, but not where the server
/// listens on a loopback address.
[[nodiscard]] inline bool is_allowed_host(std::string_view host, bool on_loopback, view<std::string> allowed) noexcept {
  std::string_view name = detail::without_port(host);
  if (name.ends_with('.')) {
    name.remove_suffix(1);
  }
  if (name.starts_with('[') || name.find('.') == std::string_view::npos || detail::is_ipv4(name)) {
    return true;
  }
  for (const std::string& other : allowed) {
    if (detail::same_name(name, other)) {
      return true;
    }
  }
  return allowed.empty() && !on_loopback;
}

}  // namespace vitals::inline v0::http

#endif
