// The Prometheus text format 0.0.4.
// https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
#ifndef VITALS_EXPOSE_PROMETHEUS_HPP
#define VITALS_EXPOSE_PROMETHEUS_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <vitals/expose/number.hpp>
#include <vitals/expose/page.hpp>
#include <vitals/metric/family.hpp>

namespace vitals::inline v0 {

namespace detail {

/// `text` with `\` and line feeds escaped, and quotes too in a label's value.
inline std::string escaped(std::string_view text, bool in_quotes) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '\n' || (c == '"' && in_quotes)) {
      out += '\\';
    }
    out += c == '\n' ? 'n' : c;
  }
  return out;
}

/// The labels of a family's series, `method="get",outcome="ok"`, without braces.
inline std::string series_labels(const family& f, std::uint32_t series) {
  std::string out;
  for (std::size_t i = f.labels.size(); i != 0; --i) {  // the last label changes fastest
    const label_family& l = f.labels[i - 1];
    const auto size = static_cast<std::uint32_t>(l.values.size());
    std::string one{l.name};
    one += "=\"";
    one += escaped(l.values[series % size], true);
    one += out.empty() ? "\"" : "\",";
    out = one + out;
    series /= size;
  }
  return out;
}

inline std::string in_braces(const std::string& labels) {
  return labels.empty() ? labels : '{' + labels + '}';
}

inline void lay_prometheus_histogram(page_text& page, const family& f, const std::string& labels, std::uint32_t first) {
  const std::string name{f.name};
  const std::string before_bound = name + "_bucket{" + labels + (labels.empty() ? "" : ",") + "le=\"";
  char bound[seconds_room];
  std::uint32_t at = first;
  for (const double b : f.bounds) {
    const char* const end = write_bound(bound, b);
    page.text(before_bound).text({bound, static_cast<std::size_t>(end - bound)}).text("\"} ");
    page.number(slot::bucket, ++at).text("\n");
  }
  page.text(before_bound).text("+Inf\"} ").number(slot::bucket, ++at).text("\n");
  const bool durations = f.kind == value_kind::duration_histogram;
  page.text(name).text("_sum").text(in_braces(labels)).text(" ");
  page.number(durations ? slot::seconds : slot::real, first, f.width - 1).text("\n");
  page.text(name).text("_count").text(in_braces(labels)).text(" ").number(slot::count, first).text("\n");
}

/// Lays down families as Prometheus text 0.0.4.
inline void lay_prometheus(page_text& page, std::span<const family> families, std::uint32_t cell_base) {
  for (const family& f : families) {
    constexpr std::string_view types[] = {"counter", "gauge", "histogram"};
    page.text("# HELP ").text(f.name).text(" ").text(escaped(f.help, false)).text("\n");
    page.text("# TYPE ").text(f.name).text(" ").text(types[static_cast<std::size_t>(f.type)]).text("\n");
    for (std::uint32_t i = 0; i != f.series; ++i) {
      const std::string labels = series_labels(f, i);
      const std::uint32_t at = cell_base + f.first + i * f.stride;
      if (f.type == metric_type::histogram) {
        lay_prometheus_histogram(page, f, labels, at);
        continue;
      }
      const slot kind = f.kind == value_kind::unsigned_integer ? slot::unsigned_integer
                        : f.kind == value_kind::signed_integer ? slot::signed_integer
                                                               : slot::real;
      page.text(f.name).text(in_braces(labels)).text(" ").number(kind, at).text("\n");
    }
  }
}

}  // namespace detail

/// The Prometheus text format 0.0.4: its media type, and how its pages are laid.
struct prometheus_text {
  static constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";
  static constexpr detail::layer lay = &detail::lay_prometheus;
};

}  // namespace vitals::inline v0

#endif
