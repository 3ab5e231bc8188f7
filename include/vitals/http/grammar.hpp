// What the parts of a request's head are made of.
// RFC 9112: 3.2; RFC 9110: 5.5, 5.6.2, 7.2
#ifndef VITALS_HTTP_GRAMMAR_HPP
#define VITALS_HTTP_GRAMMAR_HPP

#include <cstddef>
#include <string_view>

#include <vitals/http/weighted_list.hpp>

namespace vitals::inline v0::http::detail {

/// What a name and a method are made of (RFC 9110, 5.6.2).
[[nodiscard]] constexpr bool is_token(std::string_view text) noexcept {
  for (const char c : text) {
    const bool alphanumeric = (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
    if (!alphanumeric && std::string_view{"!#$%&'*+-.^_`|~"}.find(c) == std::string_view::npos) {
      return false;
    }
  }
  return !text.empty();
}

[[nodiscard]] constexpr bool is_visible(char c) noexcept {
  return c > ' ' && c < '\x7F';
}

/// Whether a text is made of what stands visibly in ASCII, and is not empty.
[[nodiscard]] constexpr bool is_visible(std::string_view text) noexcept {
  for (const char c : text) {
    if (!is_visible(c)) {
      return false;
    }
  }
  return !text.empty();
}

/// Whether a header line's value has neither control characters nor line ends (RFC 9110, 5.5).
[[nodiscard]] constexpr bool is_field_value(std::string_view text) noexcept {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\t') || byte == 0x7F) {
      return false;
    }
  }
  return true;
}

[[nodiscard]] constexpr bool is_number(std::string_view text) noexcept {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

[[nodiscard]] constexpr std::string_view without_blanks(std::string_view text) noexcept {
  const std::size_t first = text.find_first_not_of(" \t");
  return first == std::string_view::npos ? std::string_view{}
                                         : text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// The host of a Host line without its port. (That the port is a number was checked.)
[[nodiscard]] constexpr std::string_view without_port(std::string_view host) noexcept {
  const std::size_t from = host.starts_with('[') ? host.find(']') : 0;
  return from == std::string_view::npos ? host : host.substr(0, host.find(':', from));
}

/// Whether a Host line's value is one: a name or an IPv4 address, or an IPv6 address in brackets; and perhaps a port.
[[nodiscard]] constexpr bool is_host(std::string_view text) noexcept {
  const std::string_view name = without_port(text);
  const std::string_view port = text.substr(name.size());
  const bool good_port =
      port.empty() || (port.front() == ':' && port.size() <= 6 && (port.size() == 1 || is_number(port.substr(1))));
  if (name.starts_with('[')) {
    return good_port && name.size() > 2 && name.ends_with(']') &&
           name.substr(1, name.size() - 2).find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
  }
  for (const char c : name) {
    if (!is_visible(c) || std::string_view{"\"#/<>?@[\\]^`{|},"}.find(c) != std::string_view::npos) {
      return false;
    }
  }
  return good_port;
}

/// Whether a target is of a form that its method may have (RFC 9112, 3.2).
[[nodiscard]] constexpr bool is_target(std::string_view target, std::string_view method) noexcept {
  if (!is_visible(target) || target.find('#') != std::string_view::npos) {
    return false;
  }
  if (target == "*") {
    return method == "OPTIONS";
  }
  if (target.starts_with('/')) {
    return true;
  }
  if (method == "CONNECT") {
    return is_host(target);
  }
  const std::size_t scheme = target.find("://");
  if (scheme == std::string_view::npos) {
    return false;
  }
  const std::string_view authority = target.substr(scheme + 3, target.find_first_of("/?", scheme + 3) - scheme - 3);
  return (same_name(target.substr(0, scheme), "http") || same_name(target.substr(0, scheme), "https")) &&
         !authority.empty() && is_host(authority);
}

}  // namespace vitals::inline v0::http::detail

#endif
