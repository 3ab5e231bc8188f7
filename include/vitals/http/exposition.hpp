// The endpoint that scrapers read: some sources, rendered for each request in the format that it asks for.
#ifndef VITALS_HTTP_EXPOSITION_HPP
#define VITALS_HTTP_EXPOSITION_HPP

#include <algorithm>
#include <cstdint>
#include <functional>
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
#include <vitals/http/message.hpp>
#include <vitals/http/page_choice.hpp>
#include <vitals/http/pages.hpp>
#include <vitals/metric/family.hpp>

namespace vitals::inline v0::http {

/// How sources are exposed: what stands before all of their families' names, and labels that all of their series get.
/// So two libraries whose metrics have the same names can be told apart.
struct exposure {
  std::string prefix{};
  std::vector<std::pair<std::string, std::string>> labels{};
};

/// Replaces `out` with a page in gzip's coding. Called by one thread at a time.
using compressor = std::function<void(std::string_view page, std::string& out)>;

/// Sources behind a path. Thread-safe: sources may be added and taken away while it is served; but not by a callback
/// of theirs.
class exposition {
 public:
  /// `with_created`: OpenMetrics pages have `_created` samples. `make`: such as `make_gzip`; without it no page is
  /// compressed.
  explicit exposition(bool with_created = false, compressor (*make)() = nullptr)
      : openmetrics_(with_created ? openmetrics_with_created::format : openmetrics_text::format),
        make_compressor_(make),
        zipping_(new_zipping()) {
    replace({});
  }

  /// Adds sources. Throws std::invalid_argument where a family of theirs is offered already, or where `how` is illegal;
  /// then none is added.
  void expose(std::vector<source_ref> added, exposure how = {}) {
    const std::unique_lock lock{*mutex_};
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
    const std::unique_lock lock{*mutex_};
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
  void answer(const request& asked, response& out) const { answer(negotiated_page(asked), out); }

  /// The same in one format, whatever the request accepts.
  void answer_text(const request& asked, response& out) const { answer(text_page(asked), out); }
  void answer_json(const request& asked, response& out) const { answer(json_page(asked), out); }

  /// The page of a choice.
  void answer(const page_choice& choice, response& out) const {
    out.clear();
    const std::shared_lock lock{*mutex_};
    std::optional<detail::pages> selection;
    if (!choice.names.empty()) {
      selection.emplace(openmetrics_, refs(sources_), choice.names);
    }
    detail::pages& chosen = selection ? *selection : *pages_;
    if (choice.zipped && zipping_->compress) {
      const std::scoped_lock turn{zipping_->mutex};
      chosen.render(choice.format, zipping_->plain);
      zipping_->compress(zipping_->plain, out.body);
      out.content_encoding = "gzip";
    } else {
      chosen.render(choice.format, out.body);
    }
    out.content_type = choice.content_type;
    out.vary = choice.vary;
  }

  /// Holds the sources, for who makes pages of them in steps: none comes or goes while this lives.
  class hold {
   public:
    explicit hold(const exposition& of) : lock_(*of.mutex_), of_(&of) {}
    [[nodiscard]] std::vector<source_ref> refs() const { return exposition::refs(of_->sources_); }
    /// Another one for each change of the sources.
    [[nodiscard]] std::uint64_t generation() const noexcept { return of_->generation_; }
    [[nodiscard]] const v0::detail::format& openmetrics() const noexcept { return of_->openmetrics_; }

   private:
    std::shared_lock<std::shared_mutex> lock_;
    const exposition* of_;
  };

  /// For a forked child, before anything else there: a thread that rendered is not there to end what it began. What it
  /// held is left behind, and never freed.
  void mend_after_fork() {
    static_cast<void>(mutex_.release());
    static_cast<void>(zipping_.release());
    static_cast<void>(pages_.release());
    mutex_ = std::make_unique<std::shared_mutex>();
    zipping_ = new_zipping();
    replace(std::move(sources_));
  }

  /// Some families' present values, as JSON.
  [[nodiscard]] std::string json_of(const std::vector<std::string>& names) const {
    const std::shared_lock lock{*mutex_};
    std::string out;
    detail::pages{openmetrics_text::format, refs(sources_), names}.render(std::nullopt, out);
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

  /// What one thread at a time compresses with.
  struct zipping {
    std::mutex mutex;
    std::string plain;
    compressor compress;
  };

  [[nodiscard]] std::unique_ptr<zipping> new_zipping() const {
    auto fresh = std::make_unique<zipping>();
    fresh->compress = make_compressor_ != nullptr ? make_compressor_() : compressor{};
    return fresh;
  }

  static std::vector<source_ref> refs(const std::vector<placed>& all) {
    std::vector<source_ref> out;
    for (const placed& p : all) {
      out.push_back(p.source);
    }
    return out;
  }

  void replace(std::vector<placed> all) {
    auto laid = std::make_unique<detail::pages>(openmetrics_, refs(all));
    laid->check();
    pages_ = std::move(laid);
    sources_ = std::move(all);
    ++generation_;
  }

  const v0::detail::format openmetrics_;
  /// Held by all who render: who takes a source away waits for them.
  std::unique_ptr<std::shared_mutex> mutex_ = std::make_unique<std::shared_mutex>();
  std::vector<placed> sources_;
  std::unique_ptr<detail::pages> pages_;
  std::uint64_t generation_ = 0;  ///< of the sources; guarded by the mutex, as they are
  compressor (*make_compressor_)();
  std::unique_ptr<zipping> zipping_;
};

}  // namespace vitals::inline v0::http

#endif
