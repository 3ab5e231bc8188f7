// The head of a response, and how long it may take to write one.
#ifndef VITALS_HTTP_RESPONSE_HEAD_HPP
#define VITALS_HTTP_RESPONSE_HEAD_HPP

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>

#include <vitals/core/view.hpp>
#include <vitals/http/head.hpp>
#include <vitals/http/message.hpp>
#include <vitals/http/origin_rules.hpp>

namespace vitals::inline v0::http::detail {

/// The name of a status (RFC 9110, 15).
[[nodiscard]] constexpr std::string_view name_of_status(unsigned status) noexcept {
  switch (status) {
    case 200:
      return "OK";
    case 204:
      return "No Content";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Unknown";
  }
}

/// Appends a time, in seconds since 1970, as HTTP has it (RFC 9110, 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`. (gmtime_r
/// takes a lock.)
inline void append_date(std::string& out, std::int64_t seconds) {
  constexpr std::string_view days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::string_view months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  constexpr std::int64_t day = 86'400;
  const std::chrono::sys_days today{std::chrono::days{seconds / day}};
  const std::chrono::year_month_day date{today};
  const std::int64_t second = seconds % day;
  fmt::format_to(std::back_inserter(out), "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                 days[std::chrono::weekday{today}.c_encoding()], static_cast<unsigned>(date.day()),
                 months[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()), second / 3600,
                 second / 60 % 60, second % 60);
}

/// Replaces `out` with a response's head; `more` are header lines beyond the response's own, each with its end.
inline void write_response_head(std::string& out, const response& r, bool keep_alive, unsigned minor,
                                std::string_view more = {}) {
  out.clear();
  const auto line = [&out](std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append(line_end);
  };
  fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\nDate: ", r.status, name_of_status(r.status));
  append_date(out, ::time(nullptr));
  out += line_end;
  if (r.status != 204) {  // which has no content, and no word of it (RFC 9110, 8.6)
    fmt::format_to(std::back_inserter(out), "Content-Length: {}\r\n", r.body.size());
  }
  each_header(r, line);
  out += more;
  if (!keep_alive) {
    line("Connection", "close");
  } else if (minor == 0) {
    line("Connection", "keep-alive");
  }
  out += line_end;
}

/// Replaces `lines` with those that tell a browser whether a page of another origin may read the response.
inline void write_origin_lines(std::string& lines, const request_head& head, view<std::string> allowed) {
  lines.clear();
  if (allowed.empty()) {
    return;
  }
  std::string_view origin;
  each_line(head.fields, [&origin](std::string_view name, std::string_view value) {
    if (same_name(name, "Origin")) {
      origin = value;
    }
    return true;
  });
  const std::string_view answer = allowed_origin(origin, allowed);
  if (answer != "*") {
    lines += "Vary: Origin\r\n";
  }
  if (!answer.empty()) {
    lines.append("Access-Control-Allow-Origin: ").append(answer).append(line_end);
  }
}

/// How long a response may take to write: as configured, or shorter where the scraper says how long it waits.
inline std::chrono::milliseconds write_time(const request_head& head, std::string& text,
                                            std::chrono::milliseconds most) {
  join_fields(head, "X-Prometheus-Scrape-Timeout-Seconds", text);
  double seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || end != text.data() + text.size() || !(seconds > 0) || seconds > 86400) {
    return most;
  }
  return std::min(most, std::chrono::milliseconds{static_cast<std::int64_t>(seconds * 1000) + 1});
}

/// Makes a response that says nothing but its status.
inline void make_refusal(unsigned status, response& out) {
  out.clear();
  out.status = status;
  fmt::format_to(std::back_inserter(out.body), "{} {}\n", status, name_of_status(status));
  if (status == 503) {
    out.retry_after = "1";
  }
}

}  // namespace vitals::inline v0::http::detail

#endif
