// Makes an exposition's pages in steps, so that who makes them can do something else in between.
#ifndef VITALS_HTTP_PAGE_MAKER_HPP
#define VITALS_HTTP_PAGE_MAKER_HPP

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <vitals/http/exposition.hpp>
#include <vitals/http/gzip.hpp>
#include <vitals/http/message.hpp>
#include <vitals/http/page_choice.hpp>
#include <vitals/http/pages.hpp>

namespace vitals::inline v0::http::detail {

/// One page at a time: `begin`, then `step` until it is true; by one thread at a time. Allocates nothing once its
/// texts and the response's have grown to the page's size. (But for what a format's first page needs, which is laid in
/// one step.)
class page_maker {
 public:
  explicit page_maker(std::shared_ptr<const exposition> of) : of_(std::move(of)) {}

  /// `out` is clear, and must live until the last step.
  void begin(page_choice choice, response& out) {
    choice_ = std::move(choice);
    out_ = &out;
    now_ = stage::laying;
  }

  /// Goes on: lays a page, reads a source, writes or compresses about `bytes`. True once `out` has the page; or a
  /// status of 500 where there is no memory for it, or 503 after `stop`.
  bool step(std::size_t bytes) noexcept {
    const std::lock_guard turn{mutex_};
    if (!stopped_.load(std::memory_order_relaxed)) {
      try {
        if (!go_on(bytes)) {
          return false;
        }
        selection_.reset();
        return true;
      } catch (...) {
      }
    }
    selection_.reset();
    out_->clear();
    out_->status = stopped_.load(std::memory_order_relaxed) ? 503 : 500;
    return true;
  }

  /// Once this returns no source is read any more. From any thread, but for a callback of a source.
  void stop() noexcept {
    stopped_.store(true, std::memory_order_relaxed);
    const std::lock_guard turn{mutex_};
  }

 private:
  enum class stage { laying, writing, zipping };

  bool go_on(std::size_t bytes) {
    if (now_ != stage::zipping) {
      const exposition::hold sources{*of_};
      if (pages_ == std::nullopt || generation_ != sources.generation()) {  // a page that was begun is begun anew
        selection_.reset();
        pages_.emplace(sources.openmetrics(), sources.refs());
        generation_ = sources.generation();
        now_ = stage::laying;
      }
      if (now_ == stage::laying) {
        begin_page(sources);
        return false;
      }
      if (!chosen().more(choice_.format, text(), bytes)) {
        return false;
      }
      if (!choice_.zipped) {
        return true;
      }
      gzip_.begin(plain_.size(), out_->body);
      zipped_ = 0;
      now_ = stage::zipping;
      return false;
    }
    const std::string_view part = std::string_view{plain_}.substr(zipped_, bytes);
    zipped_ += part.size();
    gzip_.add(part, zipped_ == plain_.size(), out_->body);
    return zipped_ == plain_.size();
  }

  void begin_page(const exposition::hold& sources) {
    if (!choice_.names.empty()) {
      selection_.emplace(sources.openmetrics(), sources.refs(), choice_.names);
    }
    out_->content_type = choice_.content_type;
    out_->vary = choice_.vary;
    out_->content_encoding = choice_.zipped ? "gzip" : "";
    text().clear();
    chosen().begin(choice_.format);
    now_ = stage::writing;
  }

  pages& chosen() noexcept { return selection_ ? *selection_ : *pages_; }
  std::string& text() noexcept { return choice_.zipped ? plain_ : out_->body; }

  std::shared_ptr<const exposition> of_;
  std::mutex mutex_;                  ///< held for each step: who stops waits for one that is under way
  std::atomic<bool> stopped_{false};  ///< set ahead of the mutex, so that no further step begins; stands for itself
  page_choice choice_{};
  response* out_ = nullptr;
  stage now_ = stage::laying;
  std::uint64_t generation_ = 0;  ///< of the sources that `pages_` have
  std::optional<pages> pages_;
  std::optional<pages> selection_;
  std::string plain_;
  std::size_t zipped_ = 0;  ///< of `plain_`
  gzip gzip_;
};

}  // namespace vitals::inline v0::http::detail

#endif
