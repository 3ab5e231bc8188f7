// The Prometheus text format 0.0.4.
// https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
#ifndef VITALS_EXPOSE_PROMETHEUS_HPP
#define VITALS_EXPOSE_PROMETHEUS_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <vitals/expose/page.hpp>
#include <vitals/expose/text.hpp>
#include <vitals/metric/family.hpp>

namespace vitals::inline v0 {

namespace detail {

/// Lays down a family as Prometheus text 0.0.4, which has no info and no state sets: they become gauges.
inline void lay_prometheus(page_text& page, const source_ref& s, const family& f, std::uint32_t cell_base) {
  constexpr std::string_view types[] = {"counter", "gauge", "histogram", "summary", "gauge", "gauge"};
  page.text("# HELP ").text(s.prefix).text(f.name).text(" ").text(escaped(f.help, false)).text("\n");
  page.text("# TYPE ").text(s.prefix).text(f.name).text(" ").text(types[static_cast<std::size_t>(f.type)]).text("\n");
  lay_samples(page, s, f, cell_base, {.falling_sums = true, .created = false, .exemplars = false});
}

}  // namespace detail

/// The Prometheus text format 0.0.4: its media type, and how its pages are laid.
struct prometheus_text {
  static constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";
  static constexpr detail::format format{.lay = &detail::lay_prometheus, .ending = {}};
};

}  // namespace vitals::inline v0

#endif
