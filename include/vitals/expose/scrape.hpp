// A scrape of sources that are known when compiling.
#ifndef VITALS_EXPOSE_SCRAPE_HPP
#define VITALS_EXPOSE_SCRAPE_HPP

#include <string>

#include <vitals/expose/page.hpp>
#include <vitals/expose/prometheus.hpp>
#include <vitals/metric/family.hpp>

namespace vitals::inline v0 {

/// Replaces `out` with the exposition of all Sources as Prometheus text 0.0.4. A buffer that is
/// used again is not allocated again. Any thread; only other scrapes and `value()` wait while sums are taken. Throws
/// std::bad_alloc.
template <source... Sources>
requires(sizeof...(Sources) != 0) void scrape(std::string& out) {
  static constexpr source_ref sources[] = {Sources::source()...};
  static page& kept = *new page(prometheus_text::format, sources);  // never destroyed: a scrape at exit is safe
  kept.render(out);
}

/// The exposition of all Sources as Prometheus text 0.0.4.
template <source... Sources>
requires(sizeof...(Sources) != 0) [[nodiscard]] std::string scrape() {
  std::string out;
  scrape<Sources...>(out);
  return out;
}

}  // namespace vitals::inline v0

#endif
