// The head of a request, read strictly: what two readers could understand in two ways is refused.
// RFC 9112: 2.2, 3, 5, 6; RFC 9110: 5.6.2, 7.2, 10.1.1
#ifndef VITALS_HTTP_HEAD_HPP
#define VITALS_HTTP_HEAD_HPP

#include <cstddef>
#include <string>
#include <string_view>

#include <vitals/http/grammar.hpp>
#include <vitals/http/weighted_list.hpp>

namespace vitals::inline v0::http {

/// How large a request's head may be.
struct head_limits {
  std::size_t bytes = 8192;   ///< all of it
  std::size_t target = 4096;  ///< the path and query
  std::size_t fields = 100;   ///< header lines
};

/// A request's head. The views are of the bytes that were read.
struct request_head {
  unsigned refusal = 0;       ///< the status that it must be refused with; 0 where it is good
  std::string_view method{};  ///< as on the wire
  std::string_view target{};  ///< likewise
  std::string_view fields{};  ///< the header lines, each with its line end
  std::string_view host{};    ///< of the Host line; may be empty, and is where there is none
  bool has_host = false;
  bool has_body = false;    ///< a body follows
  bool keep_alive = false;  ///< the peer may send another request behind this one
  unsigned minor = 1;       ///< of the version: HTTP/1.0 or HTTP/1.1 (higher ones are taken for that)
};

namespace detail {

inline constexpr std::string_view line_end = "\r\n";

/// Calls `visit(name, value)` for each of some header lines, until it returns false. False where it did, or where a
/// line is none: a folded one, one with a blank before its colon, or with control characters.
template <class Visit>
constexpr bool each_line(std::string_view fields, Visit visit) {
  while (!fields.empty()) {
    const std::size_t end = fields.find(line_end);
    const std::string_view line = fields.substr(0, end);
    const std::size_t colon = line.find(':');
    if (end == std::string_view::npos || colon == std::string_view::npos || !is_token(line.substr(0, colon)) ||
        !is_field_value(line.substr(colon + 1)) ||
        !visit(line.substr(0, colon), without_blanks(line.substr(colon + 1)))) {
      return false;
    }
    fields.remove_prefix(end + line_end.size());
  }
  return true;
}

/// Reads header lines into a head, of which the first line was read.
class field_rules {
 public:
  constexpr field_rules(request_head& head, const head_limits& limits) noexcept : head_(&head), limits_(&limits) {}

  /// One line. False where the request must be refused.
  constexpr bool take(std::string_view name, std::string_view value) noexcept {
    if (++count_ > limits_->fields) {
      return refuse(431);
    }
    if (same_name(name, "Host")) {
      if (head_->has_host || !is_host(value)) {
        return refuse(400);
      }
      head_->has_host = true;
      head_->host = value;
    } else if (same_name(name, "Content-Length")) {
      if (has_length_ || !is_number(value) || value.size() > 18) {
        return refuse(400);
      }
      has_length_ = true;
      head_->has_body = head_->has_body || value.find_first_not_of('0') != std::string_view::npos;
    } else if (same_name(name, "Transfer-Encoding")) {
      if (is_chunked_) {
        return refuse(400);  // chunked twice, or not last
      }
      if (!same_name(value, "chunked")) {
        return refuse(501);
      }
      is_chunked_ = true;
      head_->has_body = true;
    } else if (same_name(name, "Expect")) {
      if (!same_name(value, "100-continue")) {
        return refuse(417);
      }
    } else if (same_name(name, "Connection")) {
      bool good = true;
      each_member(value, [&](std::string_view member) {
        good = good && (member.empty() || is_token(member));
        closes_ = closes_ || same_name(member, "close");
        keeps_ = keeps_ || same_name(member, "keep-alive");
      });
      return good || refuse(400);
    }
    return true;
  }

  /// What follows from all lines.
  constexpr void conclude() noexcept {
    if ((is_chunked_ && (has_length_ || head_->minor == 0)) || (!head_->has_host && head_->minor != 0)) {
      refuse(400);
    }
    head_->keep_alive = !closes_ && (head_->minor != 0 || keeps_);
  }

 private:
  constexpr bool refuse(unsigned status) noexcept {
    head_->refusal = status;
    return false;
  }

  template <class Visit>
  static constexpr void each_member(std::string_view list, Visit visit) {
    while (!list.empty()) {
      const std::size_t comma = list.find(',');
      visit(without_blanks(list.substr(0, comma)));
      list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
    }
  }

  request_head* head_;
  const head_limits* limits_;
  std::size_t count_ = 0;
  bool has_length_ = false;
  bool is_chunked_ = false;
  bool closes_ = false;
  bool keeps_ = false;
};

/// Methods that a server knows of, whether it serves them or not (RFC 9110, 9; RFC 5789).
[[nodiscard]] constexpr bool is_known_method(std::string_view method) noexcept {
  for (const std::string_view known :
       {"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"}) {
    if (method == known) {
      return true;
    }
  }
  return false;
}

/// Whether a first line, as far as it came, is too long: for a method, two blanks and a version there are 64 bytes.
[[nodiscard]] constexpr bool is_too_long(std::string_view line, const head_limits& limits) noexcept {
  return line.size() > limits.target + 64;
}

/// The version of a first line: the status to refuse it with, or 0 and the minor number.
[[nodiscard]] constexpr unsigned read_version(std::string_view text, unsigned& minor) noexcept {
  const bool is_version = text.size() == 8 && text.starts_with("HTTP/") && is_number(text.substr(5, 1)) &&
                          text[6] == '.' && is_number(text.substr(7, 1));
  if (!is_version) {
    return 400;
  }
  minor = text[7] == '0' ? 0 : 1;
  return text[5] == '1' ? 0 : 505;
}

}  // namespace detail

/// Where a head ends that begins there: behind its empty line; npos where it goes on. Line ends before it are a part of
/// it. `from` is how much of it was looked at before.
[[nodiscard]] constexpr std::size_t head_size(std::string_view bytes, std::size_t from = 0) noexcept {
  std::size_t first = 0;
  while (bytes.substr(first).starts_with(detail::line_end)) {
    first += detail::line_end.size();
  }
  const std::size_t looked = from < first + 3 ? first : from - 3;
  const std::size_t end = bytes.find("\r\n\r\n", looked);
  return end == std::string_view::npos ? end : end + 4;
}

/// The status to refuse with what is no whole head yet, because it can become none: it is too large, or not HTTP at all
/// (TLS, say). 0 where it can.
[[nodiscard]] constexpr unsigned refusal_of_part(std::string_view bytes, const head_limits& limits = {}) noexcept {
  std::size_t first = 0;
  while (bytes.substr(first).starts_with(detail::line_end)) {
    first += detail::line_end.size();
  }
  const std::string_view line = bytes.substr(first, bytes.find('\r', first) - first);
  for (const char c : line) {
    if (!detail::is_visible(c) && c != ' ') {
      return 400;
    }
  }
  if (detail::is_too_long(line, limits)) {
    return 414;
  }
  const bool is_first = first + line.size() == bytes.size();
  return bytes.size() < limits.bytes ? 0 : is_first ? 414 : 431;
}

/// Reads a whole head, as long as `head_size` says. One that is refused may have told less than all.
[[nodiscard]] constexpr request_head read_head(std::string_view bytes, const head_limits& limits = {}) noexcept {
  request_head head;
  const auto refused = [&head](unsigned status) {
    head.refusal = status;
    return head;
  };
  const std::size_t size = bytes.size();
  while (bytes.starts_with(detail::line_end)) {
    bytes.remove_prefix(detail::line_end.size());
  }
  const std::size_t end = bytes.find(detail::line_end);
  if (end == std::string_view::npos || !bytes.ends_with("\r\n\r\n")) {
    return refused(400);
  }
  const std::string_view line = bytes.substr(0, end);
  if (detail::is_too_long(line, limits)) {
    return refused(414);
  }
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last || !detail::is_token(line.substr(0, first))) {
    return refused(400);
  }
  head.method = line.substr(0, first);
  head.target = line.substr(first + 1, last - first - 1);
  if (const unsigned status = detail::read_version(line.substr(last + 1), head.minor); status != 0) {
    return refused(status);
  }
  if (head.target.size() > limits.target) {
    return refused(414);
  }
  if (!detail::is_target(head.target, head.method)) {
    return refused(400);
  }
  if (size > limits.bytes) {
    return refused(431);
  }
  head.fields = bytes.substr(end + 2, bytes.size() - end - 4);
  detail::field_rules rules{head, limits};
  const bool good = detail::each_line(
      head.fields, [&rules](std::string_view name, std::string_view value) { return rules.take(name, value); });
  if (!good) {
    return refused(head.refusal != 0 ? head.refusal : 400);
  }
  rules.conclude();
  if (head.refusal == 0 && !detail::is_known_method(head.method)) {
    return refused(501);
  }
  return head;
}

/// Replaces `all` with the values of all header lines of a name, joined by commas (RFC 9110, 5.3).
inline void join_fields(const request_head& head, std::string_view name, std::string& all) {
  all.clear();
  bool first = true;
  detail::each_line(head.fields, [&](std::string_view line_name, std::string_view value) {
    if (detail::same_name(line_name, name)) {
      all.append(first ? "" : ", ").append(value);
      first = false;
    }
    return true;
  });
}

}  // namespace vitals::inline v0::http

#endif
