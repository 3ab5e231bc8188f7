// What a client asked for: the format of a page by Accept, gzip by Accept-Encoding.
// RFC 9110, 12.5.1 and 12.5.3; https://prometheus.io/docs/instrumenting/content_negotiation/
#ifndef VITALS_HTTP_NEGOTIATE_HPP
#define VITALS_HTTP_NEGOTIATE_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <vitals/core/view.hpp>
#include <vitals/http/weighted_list.hpp>

namespace vitals::inline v0::http {

/// The formats that share the path /metrics. Prometheus text 0.0.4 and 1.0.0 are the same bytes under two media types.
enum class page_format : std::uint8_t { prometheus_text, openmetrics, protobuf };

/// What an answer is written in, and its Content-Type.
struct negotiated {
  page_format format;
  std::string_view content_type;
};

namespace detail {

/// A media range of Accept with the parameters that we know. Others do not narrow it.
struct media_range {
  std::string_view type;
  std::string_view subtype;
  parameter version;
  parameter charset;
  parameter proto;
  parameter encoding;
  parameter escaping;
  int weight = 1000;

  /// Reads a member; false where it is malformed or repeats a parameter.
  constexpr bool read(std::string_view member) noexcept {
    member_reader reader{member};
    type = reader.token();
    const bool slash = reader.take('/');
    subtype = reader.token();
    if (type.empty() || !slash || subtype.empty() || (type == "*" && subtype != "*")) {
      return false;
    }
    parameter q;
    parameter other;
    while (!reader.at_end()) {
      parameter p;
      if (!reader.take_parameter(p)) {
        return false;
      }
      parameter& known = same_name(p.name, "q")          ? q  // wherever it stands
                         : same_name(p.name, "version")  ? version
                         : same_name(p.name, "charset")  ? charset
                         : same_name(p.name, "proto")    ? proto
                         : same_name(p.name, "encoding") ? encoding
                         : same_name(p.name, "escaping") ? escaping
                                                         : other;
      if (known.given() && &known != &other) {
        return false;
      }
      known = p;
    }
    weight = q.given() ? weight_of(q) : weight;
    return weight >= 0;
  }
};

/// A media type that we can answer with.
struct offer {
  page_format format;
  std::string_view type;
  std::string_view subtype;
  std::string_view version;              ///< none for protobuf
  view<std::string_view> content_types;  ///< where the request states no escaping, and then by its escaping

  /// How closely a range names this type: 0 not at all, 1 `*/*`, 2 `text/*`, 3 the type, more with parameters.
  [[nodiscard]] constexpr int closeness(const media_range& range) const noexcept {
    const bool any_type = range.type == "*";
    const bool any_subtype = range.subtype == "*";
    if ((!any_type && !same_name(range.type, type)) || (!any_subtype && !same_name(range.subtype, subtype))) {
      return 0;
    }
    if (format == page_format::protobuf) {  // only for who names all of it: it is nothing to be read by people
      const bool whole = range.proto.is("io.prometheus.client.MetricFamily") && range.encoding.is("delimited");
      return whole && !any_subtype ? 5 : 0;
    }
    if ((range.version.given() && !range.version.is(version)) ||
        (range.charset.given() && !range.charset.is("utf-8", true))) {
      return 0;
    }
    const int parameters = int{range.version.given()} + int{range.charset.given()} + int{range.escaping.given()};
    return any_type ? 1 : any_subtype ? 2 : 3 + parameters;
  }
};

inline constexpr std::string_view text_types[] = {"text/plain; version=0.0.4; charset=utf-8"};
inline constexpr std::string_view new_text_types[] = {
    "text/plain; version=1.0.0; charset=utf-8; escaping=underscores",
    "text/plain; version=1.0.0; charset=utf-8; escaping=underscores",
    "text/plain; version=1.0.0; charset=utf-8; escaping=allow-utf-8",
    "text/plain; version=1.0.0; charset=utf-8; escaping=dots",
    "text/plain; version=1.0.0; charset=utf-8; escaping=values",
};
inline constexpr std::string_view openmetrics_types[] = {
    "application/openmetrics-text; version=1.0.0; charset=utf-8",
    "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores",
    "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8",
    "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=dots",
    "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=values",
};
inline constexpr std::string_view protobuf_types[] = {
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"};

/// By default the first is preferred to the second, and so on.
inline constexpr std::array<offer, 4> offers{{
    {page_format::prometheus_text, "text", "plain", "0.0.4", text_types},
    {page_format::openmetrics, "application", "openmetrics-text", "1.0.0", openmetrics_types},
    {page_format::prometheus_text, "text", "plain", "1.0.0", new_text_types},
    {page_format::protobuf, "application", "vnd.google.protobuf", "", protobuf_types},
}};

/// How names beyond [a-zA-Z0-9_] are to be written: which of the content types above says so. There are no such names,
/// so all of these print the same.
[[nodiscard]] constexpr std::size_t escaping_of(const parameter& asked) noexcept {
  if (!asked.given()) {
    return 0;
  }
  return asked.is("allow-utf-8") ? 2 : asked.is("dots") ? 3 : asked.is("values") ? 4 : 1;
}

}  // namespace detail

/// Chooses the format for an Accept header, its lines joined by commas. The highest q wins; of equals the one that is
/// named most closely, then the one that is named first. Prometheus text 0.0.4 where nothing of the header can be used.
/// Malformed members do not count. Takes time in proportion to the header's length.
[[nodiscard]] constexpr negotiated negotiate(std::string_view accept) noexcept {
  struct standing {
    int closeness = 0;  // of the range that decides
    int weight = 0;
    std::size_t place = 0;
    std::size_t escaping = 0;

    [[nodiscard]] constexpr bool beats(const standing& other) const noexcept {
      constexpr auto rank = [](const standing& s) { return s.closeness < 4 ? s.closeness : 4; };
      return weight != other.weight       ? weight > other.weight
             : rank(*this) != rank(other) ? rank(*this) > rank(other)
                                          : place < other.place;
    }
  };
  std::array<standing, detail::offers.size()> standings{};
  for (std::size_t place = 0; !accept.empty(); ++place) {
    detail::media_range range;
    if (!range.read(detail::take_member(accept))) {
      continue;
    }
    for (std::size_t i = 0; i != standings.size(); ++i) {
      const int closeness = detail::offers[i].closeness(range);
      standing& s = standings[i];
      if (closeness > s.closeness || (closeness != 0 && closeness == s.closeness && range.weight > s.weight)) {
        s = {closeness, range.weight, place, detail::escaping_of(range.escaping)};
      }
    }
  }
  std::size_t best = 0;
  for (std::size_t i = 1; i != standings.size(); ++i) {
    best = standings[i].beats(standings[best]) ? i : best;
  }
  const detail::offer& chosen = detail::offers[standings[best].weight != 0 ? best : 0];
  const std::size_t escaping = chosen.content_types.size() == 1 ? 0 : standings[best].escaping;
  return {chosen.format, chosen.content_types[escaping]};
}

/// Whether an Accept header names a media type itself, and prefers no other such as `instead` to it. Malformed members
/// do not count.
[[nodiscard]] constexpr bool prefers(std::string_view accept, std::string_view type, std::string_view subtype,
                                     std::string_view instead) noexcept {
  int wanted = 0;
  int other = 0;
  while (!accept.empty()) {
    detail::media_range range;
    if (range.read(detail::take_member(accept)) && detail::same_name(range.type, type)) {
      int* const meant = detail::same_name(range.subtype, subtype)   ? &wanted
                         : detail::same_name(range.subtype, instead) ? &other
                                                                     : nullptr;
      if (meant != nullptr) {
        *meant = range.weight;
      }
    }
  }
  return wanted > 0 && wanted >= other;
}

/// Whether an Accept-Encoding header, its lines joined by commas, prefers gzip to no coding at all, or likes both as
/// much. What names a coding wins over `*`; malformed members do not count.
[[nodiscard]] constexpr bool accepts_gzip(std::string_view accept_encoding) noexcept {
  constexpr int unnamed = -1;
  int gzip = unnamed;
  int identity = unnamed;
  int others = unnamed;
  while (!accept_encoding.empty()) {
    detail::member_reader reader{detail::take_member(accept_encoding)};
    const std::string_view coding = reader.token();
    int weight = 1000;
    detail::parameter p;
    if (!reader.at_end()) {
      weight =
          reader.take_parameter(p) && detail::same_name(p.name, "q") && reader.at_end() ? detail::weight_of(p) : -1;
    }
    if (coding.empty() || weight < 0) {
      continue;
    }
    const bool names_gzip = detail::same_name(coding, "gzip") || detail::same_name(coding, "x-gzip");
    int* const meant = names_gzip                              ? &gzip
                       : detail::same_name(coding, "identity") ? &identity
                       : coding == "*"                         ? &others
                                                               : nullptr;
    if (meant != nullptr && (*meant == unnamed || weight < *meant)) {  // named twice: the more careful reading
      *meant = weight;
    }
  }
  gzip = gzip == unnamed ? others : gzip;
  identity = identity == unnamed ? others : identity;
  return gzip > 0 && gzip >= identity;
}

}  // namespace vitals::inline v0::http

#endif
