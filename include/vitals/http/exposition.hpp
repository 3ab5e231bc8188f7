// The endpoint that scrapers read: some sources, rendered for each request.
#ifndef VITALS_HTTP_EXPOSITION_HPP
#define VITALS_HTTP_EXPOSITION_HPP

#include <memory>
#include <mutex>
#include <vector>

#include <vitals/expose/page.hpp>
#include <vitals/expose/prometheus.hpp>
#include <vitals/http/message.hpp>
#include <vitals/metric/family.hpp>

namespace vitals::inline v0::http {

/// Sources behind a path. Thread-safe: sources may be added while it is served.
class exposition {
 public:
  /// Adds sources. Throws std::invalid_argument where a family of theirs is offered already; then none is added.
  void expose(std::vector<source_ref> added) {
    const std::scoped_lock lock{mutex_};
    added.insert(added.begin(), sources_.begin(), sources_.end());
    auto text = std::make_shared<page>(prometheus_text::format, added);
    sources_ = std::move(added);
    text_ = std::move(text);
  }

  /// A page of all sources' present values.
  [[nodiscard]] response answer() const {
    response r;
    r.content_type = prometheus_text::content_type;
    if (const auto text = current()) {
      text->render(r.body);
    }
    return r;
  }

 private:
  [[nodiscard]] std::shared_ptr<page> current() const {
    const std::scoped_lock lock{mutex_};
    return text_;
  }

  mutable std::mutex mutex_;
  std::vector<source_ref> sources_;
  std::shared_ptr<page> text_;
};

}  // namespace vitals::inline v0::http

#endif
