// Which page of metrics a request asks for, and the paths that it may ask at.
#ifndef VITALS_HTTP_PAGE_CHOICE_HPP
#define VITALS_HTTP_PAGE_CHOICE_HPP

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <vitals/expose/json.hpp>
#include <vitals/expose/prometheus.hpp>
#include <vitals/http/message.hpp>
#include <vitals/http/negotiate.hpp>
#include <vitals/http/query.hpp>

namespace vitals::inline v0::http {

/// A format, a coding and a selection of families. Requests with the same choice get the same page.
struct page_choice {
  std::optional<page_format> format{};  ///< JSON where there is none
  std::string_view content_type{};      ///< a constant, as `vary` is
  std::string_view vary{};
  bool zipped = false;
  std::vector<std::string> names{};  ///< the families of `name[]`; empty: all

  friend bool operator==(const page_choice&, const page_choice&) = default;
};

/// The page in the format and the coding that a request accepts.
[[nodiscard]] inline page_choice negotiated_page(const request& asked) {
  const negotiated to = negotiate(asked.accept);
  return {.format = to.format,
          .content_type = to.content_type,
          .vary = "Accept, Accept-Encoding",
          .zipped = accepts_gzip(asked.accept_encoding),
          .names = query_values(asked.target, "name[]")};
}

/// The page in one format, whatever the request accepts.
[[nodiscard]] inline page_choice text_page(const request& asked) {
  return {.format = page_format::prometheus_text,
          .content_type = prometheus_text::content_type,
          .vary = "Accept-Encoding",
          .zipped = accepts_gzip(asked.accept_encoding),
          .names = query_values(asked.target, "name[]")};
}
[[nodiscard]] inline page_choice json_page(const request& asked) {
  return {.format = std::nullopt,
          .content_type = json_text::content_type,
          .vary = "Accept-Encoding",
          .zipped = accepts_gzip(asked.accept_encoding),
          .names = query_values(asked.target, "name[]")};
}

namespace detail {

/// A path of metrics.
struct page_path {
  std::string_view path;
  std::string_view what;
  page_choice (*choose)(const request&);
};
inline constexpr page_path page_paths[] = {
    {"/metrics", "metrics as Prometheus text, OpenMetrics or protobuf, whichever is asked for", &negotiated_page},
    {"/metrics/json", "metrics as JSON", &json_page},
    {"/api/v1/metrics", "metrics as JSON", &json_page},
    {"/api/v1/metrics/prometheus", "metrics as Prometheus text 0.0.4", &text_page},
};

/// The path that a page is at; null where there is none.
[[nodiscard]] constexpr const page_path* find_page_path(std::string_view path) noexcept {
  for (const page_path& known : page_paths) {
    if (known.path == path) {
      return &known;
    }
  }
  return nullptr;
}

}  // namespace detail

}  // namespace vitals::inline v0::http

#endif
