// A request and a response, without any library's types.
#ifndef VITALS_HTTP_MESSAGE_HPP
#define VITALS_HTTP_MESSAGE_HPP

#include <initializer_list>
#include <string>
#include <string_view>

namespace vitals::inline v0::http {

/// What a router needs of a request. The views must live until `handle` returns.
struct request {
  std::string_view method;             ///< as on the wire, `GET`
  std::string_view target;             ///< as on the wire: path and query
  std::string_view accept{};           ///< the Accept lines' values, joined by commas; empty where there is none
  std::string_view accept_encoding{};  ///< the Accept-Encoding lines' values, likewise
};

/// What a router answers. To a HEAD request the sender sends the headers alone, with the length of `body`.
struct response {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body{};
  std::string allow{};             ///< the Allow header, where not empty
  std::string content_encoding{};  ///< likewise
  std::string vary{};              ///< likewise
  std::string cache_control{};     ///< likewise
  std::string retry_after{};       ///< likewise: seconds
  std::string www_authenticate{};  ///< likewise

  /// As a new one, but for the memory of its texts, which the next answer takes.
  void clear() {
    status = 200;
    content_type = "text/plain; charset=utf-8";
    for (std::string* const text :
         {&body, &allow, &content_encoding, &vary, &cache_control, &retry_after, &www_authenticate}) {
      text->clear();
    }
  }
};

/// Calls `visit(name, value)` for each header that a response has, but for what the sender knows best: the date, the
/// connection, and the length (that of the body, for HEAD too; none where the status is 204).
template <class Visit>
void each_header(const response& of, Visit visit) {
  const auto tell = [&visit](std::string_view name, std::string_view value) {
    if (!value.empty()) {
      visit(name, value);
    }
  };
  if (of.status != 204) {  // which has no content, and no word of it (RFC 9110, 8.6)
    tell("Content-Type", of.content_type);
    tell("Content-Encoding", of.content_encoding);
  }
  tell("Allow", of.allow);
  tell("Retry-After", of.retry_after);
  tell("WWW-Authenticate", of.www_authenticate);
  tell("Vary", of.vary);
  tell("Cache-Control", of.cache_control);
  // A page of another origin may neither guess at a type nor take this in as a script, a style or a picture.
  tell("X-Content-Type-Options", "nosniff");
  tell("Cross-Origin-Resource-Policy", "same-origin");
}

}  // namespace vitals::inline v0::http

#endif
