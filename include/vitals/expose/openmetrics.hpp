// The OpenMetrics 1.0 text format.
// https://github.com/OpenObservability/OpenMetrics/blob/main/specification/OpenMetrics.md
#ifndef VITALS_EXPOSE_OPENMETRICS_HPP
#define VITALS_EXPOSE_OPENMETRICS_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <vitals/expose/page.hpp>
#include <vitals/expose/text.hpp>
#include <vitals/metric/family.hpp>

namespace vitals::inline v0 {

namespace detail {

/// Lays down a family as OpenMetrics, in which a counter's and an info's name are without their endings.
template <bool Created>
void lay_openmetrics(page_text& page, const source_ref& s, const family& f, std::uint32_t cell_base) {
  constexpr std::string_view types[] = {"counter", "gauge", "histogram", "summary", "info", "stateset"};
  const auto line = [&](std::string_view what, std::string_view text) {
    page.text("# ").text(what).text(" ").text(s.prefix).text(f.stem()).text(" ").text(text).text("\n");
  };
  line("TYPE", types[static_cast<std::size_t>(f.type)]);
  if (!f.unit.empty()) {
    line("UNIT", f.unit);
  }
  line("HELP", escaped(f.help, true));
  lay_samples(page, s, f, cell_base, {.falling_sums = false, .created = Created, .exemplars = true});
}

}  // namespace detail

/// The OpenMetrics 1.0 text format: its media type, and how its pages are laid.
struct openmetrics_text {
  static constexpr std::string_view content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
  static constexpr detail::format format{.lay = &detail::lay_openmetrics<false>, .ending = "# EOF\n"};
};

/// The same with the `_created` samples of counters, histograms and summaries: since when they count. A scraper that
/// does not know these takes them for series of their own, one for each of the others.
struct openmetrics_with_created {
  static constexpr std::string_view content_type = openmetrics_text::content_type;
  static constexpr detail::format format{.lay = &detail::lay_openmetrics<true>, .ending = "# EOF\n"};
};

}  // namespace vitals::inline v0

#endif
