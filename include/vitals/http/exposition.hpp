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
#include <vitals/expose/openmetrics.hpp>
#include <vitals/expose/page.hpp>
#include <vitals/expose/prometheus.hpp>
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
  exposition() : pages_(std::make_unique<pages>(std::vector<source_ref>{})) {}

  /// Adds sources. Throws std::invalid_argument where a family of theirs is offered already, or where `how` is illegal;
  /// then none is added.
  void expose(std::vector<source_ref> added, exposure how = {}) {
    const std::unique_lock lock{mutex_};
    std::vector<placed> all = sources_;
    const auto kept = std::make_shared<const decoration>(std::move(how));
    for (source_ref& s : added) {
      s.prefix = kept->how.prefix;
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
  /// it names in `name[]` alone, where it names some.
  [[nodiscard]] response answer(const request& asked) const {
    const negotiated to = negotiate(asked.accept);
    const bool zipped = accepts_gzip(asked.accept_encoding);
    const std::vector<std::string> names = query_values(asked.target, "name[]");
    response r{.content_type = to.content_type, .vary = "Accept, Accept-Encoding"};
    const std::shared_lock lock{mutex_};
    std::optional<page> selection;
    if (!names.empty()) {
      selection.emplace(text_format(to.format), refs(sources_), names);
    }
    page& chosen = selection ? *selection : pages_->of(to.format);
    if (zipped) {
      const std::scoped_lock turn{zipping_};
      chosen.render(plain_);
      gzip_.compress(plain_, r.body);
      r.content_encoding = "gzip";
    } else {
      chosen.render(r.body);
    }
    return r;
  }

 private:
  struct decoration {
    explicit decoration(exposure its) : how(std::move(its)) {
      for (const auto& [name, value] : how.labels) {
        labels.push_back({name, value});
      }
    }
    decoration(const decoration&) = delete;
    decoration& operator=(const decoration&) = delete;
    ~decoration() = default;

    exposure how;
    std::vector<constant_label> labels;
  };

  struct placed {
    source_ref source;
    std::shared_ptr<const decoration> kept;  // what the source's prefix and labels point into
  };

  /// A page for each format. Those that are seldom asked for are laid down when they first are.
  class pages {
   public:
    explicit pages(std::vector<source_ref> sources)
        : sources_(std::move(sources)),
          text_(prometheus_text::format, sources_) {}

    page& of(page_format format) {
      if (format != page_format::openmetrics) {
        return text_;
      }
      std::call_once(laid_, [this] { openmetrics_.emplace(openmetrics_text::format, sources_); });
      return *openmetrics_;
    }

   private:
    std::vector<source_ref> sources_;
    page text_;
    std::once_flag laid_;
    std::optional<page> openmetrics_;
  };

  static const v0::detail::format& text_format(page_format format) noexcept {
    return format == page_format::openmetrics ? openmetrics_text::format : prometheus_text::format;
  }

  static std::vector<source_ref> refs(const std::vector<placed>& all) {
    std::vector<source_ref> out;
    for (const placed& p : all) {
      out.push_back(p.source);
    }
    return out;
  }

  void replace(std::vector<placed> all) {
    auto laid = std::make_unique<pages>(refs(all));
    pages_ = std::move(laid);
    sources_ = std::move(all);
  }

  mutable std::shared_mutex mutex_;  ///< held by all who render: who takes a source away waits for them
  std::vector<placed> sources_;
  std::unique_ptr<pages> pages_;
  mutable std::mutex zipping_;  ///< guards the two below
  mutable std::string plain_;
  mutable gzip gzip_;
};

}  // namespace vitals::inline v0::http

#endif
