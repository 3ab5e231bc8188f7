// Some sources' pages in all formats.
#ifndef VITALS_HTTP_PAGES_HPP
#define VITALS_HTTP_PAGES_HPP

#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <vitals/expose/json.hpp>
#include <vitals/expose/page.hpp>
#include <vitals/expose/prometheus.hpp>
#include <vitals/expose/protobuf.hpp>
#include <vitals/http/negotiate.hpp>
#include <vitals/metric/family.hpp>

namespace vitals::inline v0::http::detail {

/// A page for each format (JSON where there is none); laid down when it is first asked for.
class pages {
 public:
  pages(const v0::detail::format& openmetrics, std::vector<source_ref> sources, std::vector<std::string> names = {})
      : openmetrics_format_(openmetrics),
        sources_(std::move(sources)),
        names_(std::move(names)) {}

  /// Throws std::invalid_argument where the sources do not fit one page.
  void check() const { page{prometheus_text::format, sources_}; }

  /// Renders. By any threads at once.
  void render(std::optional<page_format> format, std::string& out) {
    with(format, [&out](auto& laid) { laid.render(out); });
  }

  /// The same in parts, as `page` does. By one thread at a time, and not while others render.
  void begin(std::optional<page_format> format) {
    with(format, [](auto& laid) { laid.begin(); });
  }
  bool more(std::optional<page_format> format, std::string& out, std::size_t bytes) {
    bool done = false;
    with(format, [&](auto& laid) { done = laid.more(out, bytes); });
    return done;
  }

 private:
  template <class Page>
  struct lazily {
    std::once_flag once;
    std::optional<Page> page;
  };

  template <class Work>
  void with(std::optional<page_format> format, Work work) {
    if (!format) {
      with_text(json_, json_text::format, work);
    } else if (*format == page_format::openmetrics) {
      with_text(openmetrics_, openmetrics_format_, work);
    } else if (*format == page_format::prometheus_text) {
      with_text(text_, prometheus_text::format, work);
    } else {
      std::call_once(protobuf_.once, [this] { protobuf_.page.emplace(sources_, names_); });
      work(*protobuf_.page);
    }
  }
  template <class Work>
  void with_text(lazily<page>& kept, const v0::detail::format& format, Work work) {
    std::call_once(kept.once, [&] { kept.page.emplace(format, sources_, names_); });
    work(*kept.page);
  }

  v0::detail::format openmetrics_format_;
  std::vector<source_ref> sources_;
  std::vector<std::string> names_;
  lazily<page> text_;
  lazily<page> openmetrics_;
  lazily<page> json_;
  lazily<protobuf_page> protobuf_;
};

}  // namespace vitals::inline v0::http::detail

#endif
