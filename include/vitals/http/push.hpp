// Pushes to a Pushgateway, for jobs that end before a scraper finds them.
// https://github.com/prometheus/pushgateway#api
#ifndef VITALS_HTTP_PUSH_HPP
#define VITALS_HTTP_PUSH_HPP

#include <fmt/format.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <vitals/core/name.hpp>
#include <vitals/expose/prometheus.hpp>
#include <vitals/expose/scrape.hpp>
#include <vitals/http/client.hpp>
#include <vitals/metric/family.hpp>

namespace vitals::inline v0::http {

/// Where a push goes: the gateway, and the group of its metrics that the push replaces, adds to or deletes.
struct push_options {
  std::string host = "127.0.0.1";  ///< a name or an IP address
  std::uint16_t port = 9091;
  std::string job{};
  std::vector<std::pair<std::string, std::string>> grouping{};   ///< labels and their values, `{{"instance", "a"}}`
  std::chrono::milliseconds timeout = std::chrono::seconds{10};  ///< for all: name, connection, request and answer
};

namespace detail {

/// Base64 with the alphabet for URLs, without padding (RFC 4648, 5).
inline std::string base64url(std::string_view bytes) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  std::uint32_t bits = 0;
  int pending = 0;
  for (const char c : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(c);
    for (pending += 8; pending >= 6; pending -= 6) {
      text += digits[bits >> (pending - 6) & 63];
    }
  }
  if (pending != 0) {
    text += digits[bits << (6 - pending) & 63];
  }
  return text;
}

/// All but unreserved characters as `%XX` (RFC 3986, 2.3).
inline std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view{"-._~"}.find(c) != std::string_view::npos;
    encoded += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return encoded;
}

/// A label of the group as a piece of the path. A path cannot hold a slash, nothing, or a dot or two in its place.
inline std::string group_label(std::string_view name, std::string_view value) {
  const bool unfit = value.empty() || value == "." || value == ".." || value.find('/') != std::string_view::npos;
  return unfit ? fmt::format("/{}@base64/{}", name, value.empty() ? "=" : base64url(value))
               : fmt::format("/{}/{}", name, percent_encoded(value));
}

/// The path of a group. Throws std::invalid_argument for what cannot name one.
inline std::string group_path(const push_options& options) {
  const auto require = [](bool good, std::string_view what, std::string_view name) {
    if (!good) {
      throw std::invalid_argument(fmt::format("vitals::http::push: {} \"{}\"", what, name));
    }
  };
  require(!options.job.empty(), "a group is named by its job: set", "job");
  require(is_utf8(options.job), "not UTF-8: the job's name", options.job);
  std::string path = "/metrics" + group_label("job", options.job);
  for (std::size_t i = 0; i != options.grouping.size(); ++i) {
    const auto& [name, value] = options.grouping[i];
    require(is_label_name(name), "no label can be named", name);
    require(is_utf8(value), "not UTF-8: the value of", name);
    bool repeated = name == "job";
    for (std::size_t k = 0; k != i; ++k) {
      repeated = repeated || options.grouping[k].first == name;
    }
    require(!repeated, "given twice: the label", name);
    path += group_label(name, value);
  }
  return path;
}

/// The beginning of a text that a stranger sent as one line, fit to be printed. (A gateway lists its reasons below the
/// first line.)
inline std::string as_one_line(std::string_view text) {
  constexpr std::size_t limit = 500;
  std::string line;
  for (const char c : text.substr(0, limit)) {
    const bool blank = static_cast<unsigned char>(c) <= ' ' || c == 0x7F;
    if (!blank) {
      line += c;
    } else if (!line.empty() && line.back() != ' ') {
      line += ' ';
    }
  }
  return line.substr(0, line.find_last_not_of(' ') + 1);
}

inline void ask_gateway(std::string_view method, const push_options& options, std::string_view body) {
  const client_request asked{.method = std::string{method},
                             .host = options.host,
                             .port = options.port,
                             .target = group_path(options),
                             .content_type = std::string{body.empty() ? "" : prometheus_text::content_type},
                             .body = body,
                             .timeout = options.timeout};
  const client_response answer = fetch(asked);
  if (answer.status / 100 != 2) {
    const std::string reason = as_one_line(answer.body);
    throw std::runtime_error(fmt::format("vitals: {}: answered {}{}{}", description(asked), answer.status,
                                         reason.empty() ? "" : ": ", reason));
  }
}

}  // namespace detail

/// Replaces the group's metrics on the gateway by all of the Sources' (PUT). Waits for the gateway's word, for
/// `timeout` at most. Throws std::system_error where the gateway cannot be asked (std::errc::timed_out where it takes
/// too long), std::runtime_error with its status and the beginning of its answer where it refuses,
/// std::invalid_argument for a group without a job, or with a label twice, of an illegal name or of a value that is not
/// UTF-8, and std::bad_alloc. Any thread.
template <source... Sources>
requires(sizeof...(Sources) != 0) void push(const push_options& options) {
  detail::ask_gateway("PUT", options, scrape<Sources...>());
}

/// Replaces those of the group's metrics that have the names of the Sources', and keeps the others (POST). Else as
/// `push`.
template <source... Sources>
requires(sizeof...(Sources) != 0) void push_add(const push_options& options) {
  detail::ask_gateway("POST", options, scrape<Sources...>());
}

/// Deletes the group and its metrics (DELETE); one that is not there, too. Else as `push`.
inline void push_delete(const push_options& options) {
  detail::ask_gateway("DELETE", options, {});
}

}  // namespace vitals::inline v0::http

#endif
