// The endpoint that scrapers read: some sources, rendered for each request in the format that it asks for.
#ifndef VITALS_HTTP_EXPOSITION_HPP
#define VITALS_HTTP_EXPOSITION_HPP

#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <vitals/core/view.hpp>
#include <vitals/expose/json.hpp>
#include <vitals/expose/openmetrics.hpp>
#include <vitals/expose/page.hpp>
#include <vitals/expose/prometheus.hpp>
#include <vitals/expose/protobuf.hpp>
#include <vitals/http/gzip.hpp>
#include <vitals/http/message.hpp>
#include <vitals/http/negotiate.hpp>
#include <vitals/http/query.hpp>
#include <vitals/metric/family.hpp>

namespace vitals::inline v0::http {

/// How sources are exposed: what stands before all of their families' names, and labels that all of their series get.
/// So two libraries whose metrics have the same names can be told apart.
struct exposure {
  std::string prefix{};
  std::vector<std::pair<std::string, std::string>> labels{};
};

/// Sources behind a path. Thread-safe: sources may be added and taken away while it is served; but not by a callback
/// of theirs.
class exposition {
 public:
  /// `with_created`: OpenMetrics pages have `_created` samples.
  explicit exposition(bool with_created = false)
      : openmetrics_(with_created ? openmetrics_with_created::format : openmetrics_text::format) {
    replace({});
  }

  /// Adds sources. Throws std::invalid_argument where a family of theirs is offered already, or where `how` is illegal;
  /// then none is added.
  void expose(std::vector<source_ref> added, exposure how = {}) {
    const std::unique_lock lock{mutex_};
    std::vector<placed> all = sources_;
    for (source_ref& s : added) {
      const auto kept = std::make_shared<const decoration>(how, s);
      s.prefix = kept->prefix;
      s.labels = kept->labels;
      all.push_back({s, kept});
    }
    replace(std::move(all));
  }

  /// Takes sources away, such as those of a library that will be unloaded: once this returns, nothing reads them.
  /// Sources that are not exposed are no error.
  void unexpose(const std::vector<source_ref>& removed) {
    const std::unique_lock lock{mutex_};
    std::vector<placed> left;
    for (const placed& p : sources_) {
      const auto is_same = [&p](const source_ref& r) {
        return r.families.data() == p.source.families.data() && r.read == p.source.read && r.self == p.source.self;
      };
      if (std::none_of(removed.begin(), removed.end(), is_same)) {
        left.push_back(p);
      }
    }
    replace(std::move(left));
  }

  /// A page of all sources' present values, in the format and the coding that the request accepts; of the families that
  /// it names in `name[]` alone, where it names some. Replaces `out`, and allocates nothing once its texts have grown
  /// to the page's size.
  void answer(const request& asked, response& out) const {
    const negotiated to = negotiate(asked.accept);
    render(asked, to.format, out);
    out.content_type = to.content_type;
    out.vary = "Accept, Accept-Encoding";
  }

  /// The same in one format, whatever the request accepts.
  void answer_text(const request& asked, response& out) const {
    render(asked, page_format::prometheus_text, out);
    out.content_type = prometheus_text::content_type;
    out.vary = "Accept-Encoding";
  }
  void answer_json(const request& asked, response& out) const {
    render(asked, std::nullopt, out);
    out.content_type = json_text::content_type;
    out.vary = "Accept-Encoding";
  }

  /// Some families' present values, as JSON.
  [[nodiscard]] std::string json_of(const std::vector<std::string>& names) const {
    const std::shared_lock lock{mutex_};
    std::string out;
    pages{openmetrics_text::format, refs(sources_), names}.render(std::nullopt, out);
    while (out.ends_with('\n')) {
      out.pop_back();
    }
    return out;
  }

 private:
  struct decoration {
    /// What a source is exposed with stands before what it has itself.
    decoration(exposure its, const source_ref& s) : how(std::move(its)), prefix(how.prefix + std::string{s.prefix}) {
      for (const auto& [name, value] : how.labels) {
        labels.push_back({name, value});
      }
      labels.insert(labels.end(), s.labels.begin(), s.labels.end());
    }
    decoration(const decoration&) = delete;
    decoration& operator=(const decoration&) = delete;
    ~decoration() = default;

    exposure how;
    std::string prefix;
    std::vector<constant_label> labels;
  };

  struct placed {
    source_ref source;
    std::shared_ptr<const decoration> kept;  // what the source's prefix and labels point into
  };

  /// A page for each format; laid down when it is first asked for, but for the one that tells whether all fits.
  class pages {
   public:
    pages(const v0::detail::format& openmetrics, std::vector<source_ref> sources, std::vector<std::string> names = {})
        : openmetrics_format_(openmetrics),
          sources_(std::move(sources)),
          names_(std::move(names)) {}

    /// Throws std::invalid_argument where the sources do not fit one page.
    void check() const { page{prometheus_text::format, sources_}; }

    /// Renders in a format; JSON where there is none. By any threads at once.
    void render(std::optional<page_format> format, std::string& out) {
      if (!format) {
        render_text(json_, json_text::format, out);
      } else if (*format == page_format::openmetrics) {
        render_text(openmetrics_, openmetrics_format_, out);
      } else if (*format == page_format::prometheus_text) {
        render_text(text_, prometheus_text::format, out);
      } else {
        render_laid(
            protobuf_, [this](auto& laid) { laid.emplace(sources_, names_); }, out);
      }
    }

   private:
    template <class Page>
    struct lazily {
      std::once_flag once;
      std::optional<Page> page;
    };

    void render_text(lazily<page>& kept, const v0::detail::format& format, std::string& out) {
      render_laid(
          kept, [&](auto& laid) { laid.emplace(format, sources_, names_); }, out);
    }
    template <class Page, class Lay>
    static void render_laid(lazily<Page>& kept, Lay lay, std::string& out) {
      std::call_once(kept.once, [&] { lay(kept.page); });
      kept.page->render(out);
    }

    v0::detail::format openmetrics_format_;
    std::vector<source_ref> sources_;
    std::vector<std::string> names_;
    lazily<page> text_;
    lazily<page> openmetrics_;
    lazily<page> json_;
    lazily<protobuf_page> protobuf_;
  };

  void render(const request& asked, std::optional<page_format> format, response& out) const {
    out.clear();
    const std::shared_lock lock{mutex_};
    std::optional<pages> selection;
    if (std::vector<std::string> names = query_values(asked.target, "name[]"); !names.empty()) {
      selection.emplace(openmetrics_, refs(sources_), std::move(names));
    }
    pages& chosen = selection ? *selection : *pages_;
    if (accepts_gzip(asked.accept_encoding)) {
      const std::scoped_lock turn{zipping_};
      chosen.render(format, plain_);
      gzip_.compress(plain_, out.body);
      out.content_encoding = "gzip";
    } else {
      chosen.render(format, out.body);
    }
  }

  static std::vector<source_ref> refs(const std::vector<placed>& all) {
    std::vector<source_ref> out;
    for (const placed& p : all) {
      out.push_back(p.source);
    }
    return out;
  }

  void replace(std::vector<placed> all) {
    auto laid = std::make_unique<pages>(openmetrics_, refs(all));
    laid->check();
    pages_ = std::move(laid);
    sources_ = std::move(all);
  }

  const v0::detail::format openmetrics_;
  mutable std::shared_mutex mutex_;  ///< held by all who render: who takes a source away waits for them
  std::vector<placed> sources_;
  std::unique_ptr<pages> pages_;
  mutable std::mutex zipping_;  ///< guards the two below
  mutable std::string plain_;
  mutable gzip gzip_;
};

}  // namespace vitals::inline v0::http

#endif
