// A server's options from the environment, for programs that are configured so.
#ifndef VITALS_HTTP_ENVIRONMENT_HPP
#define VITALS_HTTP_ENVIRONMENT_HPP

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

#include <vitals/http/server.hpp>
#include <vitals/http/weighted_list.hpp>

namespace vitals::inline v0::http {

namespace detail {

[[noreturn]] inline void refuse_variable(const char* name, std::string_view value, const char* wanted) {
  throw std::invalid_argument(fmt::format("vitals: the environment's {}=\"{}\" is no {}", name, value, wanted));
}

/// The value of a variable; empty where there is none.
inline std::string_view variable(const char* name) noexcept {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string_view{} : std::string_view{value};
}

inline bool read_switch(const char* name, bool otherwise) {
  const std::string_view value = variable(name);
  for (const std::string_view yes : {"true", "1", "yes", "on"}) {
    if (same_name(value, yes)) {
      return true;
    }
  }
  for (const std::string_view no : {"false", "0", "no", "off"}) {
    if (same_name(value, no)) {
      return false;
    }
  }
  if (!value.empty()) {
    refuse_variable(name, value, "switch: true or false");
  }
  return otherwise;
}

}  // namespace detail

/// Options, but for what the environment says otherwise: HEALTH_CHECK_HOST (an IP address, or localhost),
/// HEALTH_CHECK_PORT, METRICS_ENABLED (`false`: /metrics is a 404). A variable that is empty says nothing. Throws
/// std::invalid_argument, which names the variable, for a value that is none. As all that reads the environment, it
/// must not run while another thread changes it.
[[nodiscard]] inline server_options from_environment(server_options options = {}) {
  if (const std::string_view host = detail::variable("HEALTH_CHECK_HOST"); !host.empty()) {
    options.address = host == "localhost" ? std::string_view{"127.0.0.1"} : host;
    boost::system::error_code error;
    boost::asio::ip::make_address(options.address, error);
    if (error && !options.address.starts_with("unix:")) {
      detail::refuse_variable("HEALTH_CHECK_HOST", host, "IP address");
    }
  }
  if (const std::string_view text = detail::variable("HEALTH_CHECK_PORT"); !text.empty()) {
    const char* const end = text.data() + text.size();
    const auto [read, error] = std::from_chars(text.data(), end, options.port);
    if (error != std::errc{} || read != end) {
      detail::refuse_variable("HEALTH_CHECK_PORT", text, "port: a number from 0 to 65535");
    }
  }
  options.metrics = detail::read_switch("METRICS_ENABLED", options.metrics);
  return options;
}

}  // namespace vitals::inline v0::http

#endif
