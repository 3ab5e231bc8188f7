// The pages that scrapes wait for: made one after the other, apart from the connections' own work, and shared by all
// who asked for the same one before it was begun.
#ifndef VITALS_HTTP_RENDERINGS_HPP
#define VITALS_HTTP_RENDERINGS_HPP

#include <utility>  // before asio, which misses it in g++

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <mutex>
#include <new>
#include <thread>
#include <vector>

#include <vitals/http/exposition.hpp>
#include <vitals/http/message.hpp>
#include <vitals/http/page_choice.hpp>
#include <vitals/http/page_maker.hpp>
#include <vitals/http/server_metrics.hpp>

namespace vitals::inline v0::http::detail {

struct rendering;

/// Who waits for a page.
class page_reader {
 public:
  /// The page is made. It stays as it is for as long as it is held.
  virtual void on_page(std::shared_ptr<const rendering> made) = 0;

 protected:
  page_reader() = default;
  page_reader(const page_reader&) = default;
  page_reader& operator=(const page_reader&) = default;
  ~page_reader() = default;
};

/// A page for all who wait for it, and later for all who send it.
struct rendering {
  page_choice choice{};
  response page{};
  std::vector<std::weak_ptr<page_reader>> readers{};
};

/// Where pages are made.
struct page_workshop {
  boost::asio::any_io_executor readers{};  ///< what those who wait run on, one at a time
  boost::asio::any_io_executor makers{};   ///< where steps are made; one is under way at a time
  std::size_t step = std::size_t{64} * 1024;
  std::size_t most_waiting = 16;  ///< pages that are to be made
};

/// A scrape shows no values from before it was asked for: who comes while a page is being made waits for the next one.
/// So there is one page being made and, for each choice, one that waits. All but `stop` on `readers`.
class renderings : public std::enable_shared_from_this<renderings> {
 public:
  renderings(page_workshop where, std::shared_ptr<const exposition> of)
      : where_(std::move(where)),
        maker_(std::move(of)) {}

  /// The reader gets the page when it is made. False where too many pages wait already.
  bool ask(page_choice choice, std::weak_ptr<page_reader> reader) {
    auto found = std::find_if(waiting_.begin(), waiting_.end(), [&](const auto& r) { return r->choice == choice; });
    if (found == waiting_.end()) {
      if (waiting_.size() >= where_.most_waiting) {
        return false;
      }
      waiting_.push_back(free_rendering());
      found = waiting_.end() - 1;
      (*found)->choice = std::move(choice);
    }
    (*found)->readers.push_back(std::move(reader));
    if (made_ == nullptr) {
      make_next();
    }
    return true;
  }

  /// The reader waits no longer.
  void leave(const page_reader& reader) noexcept {
    const auto is_it = [&reader](const std::weak_ptr<page_reader>& r) { return r.lock().get() == &reader; };
    for (const auto& r : kept_) {
      std::erase_if(r->readers, is_it);
    }
  }

  /// From any thread, but for a callback of a source: once this returns no source is read any more, and nothing posted.
  /// Who waits is told nothing.
  void stop() noexcept {
    maker_.stop();
    const std::lock_guard lock{posting_};
    is_stopped_ = true;
  }
  [[nodiscard]] bool is_stopped() noexcept {
    const std::lock_guard lock{posting_};
    return is_stopped_;
  }

 private:
  static constexpr std::size_t most_free = 8;

  /// A page that is lost would be waited for by all: where there is no memory for a moment, this tries again.
  template <class Executor, class Work>
  static void post_surely(const Executor& to, const Work& work) {
    for (bool posted = false; !posted;) {
      try {
        boost::asio::post(to, work);
        posted = true;
      } catch (const std::bad_alloc&) {
        std::this_thread::yield();
      }
    }
  }

  /// One that nobody holds. Their memory is used again.
  std::shared_ptr<rendering> free_rendering() {
    std::shared_ptr<rendering> found;
    std::size_t free = 0;
    std::erase_if(kept_, [&](const std::shared_ptr<rendering>& r) {
      if (r.use_count() != 1) {
        return false;
      }
      if (found == nullptr) {
        found = r;
        return false;
      }
      return ++free > most_free;
    });
    if (found == nullptr) {
      found = std::make_shared<rendering>();
      kept_.push_back(found);
    }
    found->page.clear();
    found->readers.clear();
    return found;
  }

  void make_next() {
    made_ = std::move(waiting_.front());
    waiting_.erase(waiting_.begin());
    maker_.begin(made_->choice, made_->page);
    post_step();
  }
  /// (What waits on an executor of the program's holds nothing: it may be there when the readers' io_context is not.)
  void post_step() {
    post_surely(where_.makers, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) {
        self->make_step();
      }
    });
  }
  /// One step is all that the makers' executor has of it at a time.
  void make_step() {
    const bool done = maker_.step(where_.step);
    const std::lock_guard lock{posting_};
    if (is_stopped_) {
      return;
    }
    if (done) {
      post_surely(where_.readers, [self = shared_from_this()] { self->hand_out(); });
    } else {
      post_step();
    }
  }

  void hand_out() {
    const std::shared_ptr<rendering> made = std::move(made_);
    made_ = nullptr;
    if (made->page.status == 200) {
      own::registry::get<own::scrape_size>(made->choice.zipped ? own::coding::gzip : own::coding::identity)
          .set(made->page.body.size());
    }
    if (!waiting_.empty()) {
      make_next();
    }
    told_.swap(made->readers);
    for (const std::weak_ptr<page_reader>& reader : told_) {
      if (const auto alive = reader.lock()) {
        alive->on_page(made);
      }
    }
    told_.clear();
    told_.swap(made->readers);  // its memory goes back
  }

  page_workshop where_;
  page_maker maker_;
  std::shared_ptr<rendering> made_;                  ///< being made: the maker's until it is handed out
  std::vector<std::shared_ptr<rendering>> waiting_;  ///< to be made
  std::vector<std::shared_ptr<rendering>> kept_;     ///< all of them
  std::vector<std::weak_ptr<page_reader>> told_;
  std::mutex posting_;
  bool is_stopped_ = false;  ///< guarded by the mutex
};

}  // namespace vitals::inline v0::http::detail

#endif
