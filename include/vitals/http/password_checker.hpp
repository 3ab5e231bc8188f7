// Checks passwords apart from the thread that serves, since a good hash takes long by intent, and remembers what it
// found.
#ifndef VITALS_HTTP_PASSWORD_CHECKER_HPP
#define VITALS_HTTP_PASSWORD_CHECKER_HPP

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include <vitals/health/quiet_thread.hpp>
#include <vitals/http/access.hpp>
#include <vitals/http/secret.hpp>

namespace vitals::inline v0::http::detail {

/// What is to be checked, and who is told when it is known.
struct password_question {
  secret_tag tag{};  ///< by which the answer is remembered
  std::string password{};
  std::string hash{};
  bool can_match = true;  ///< false: of no user. It is checked all the same, so that it takes as long
  const void* asker = nullptr;
  std::function<void()> done{};  ///< called on the checker's thread, under its mutex
};

/// On one thread of its own, so that passwords to guess take no more than one processor. Thread-safe.
class password_checker {
 public:
  /// Throws std::system_error where there can be no thread.
  explicit password_checker(password_hashing how) : how_(how), thread_(v0::detail::quiet_thread([this] { work(); })) {}
  password_checker(const password_checker&) = delete;
  password_checker& operator=(const password_checker&) = delete;
  ~password_checker() { stop(); }

  /// Whether a password is right; nothing where it was not checked, or long ago.
  [[nodiscard]] std::optional<bool> known(const secret_tag& tag) const {
    const std::lock_guard lock{mutex_};
    return found(tag);
  }

  /// False where too many wait already.
  [[nodiscard]] bool ask(password_question question) {
    const std::lock_guard lock{mutex_};
    if (stopped_ || waiting_.size() >= most_waiting) {
      return false;
    }
    waiting_.push_back(std::move(question));
    changed_.notify_one();
    return true;
  }

  /// Who asked is not told any more, once this returns.
  void leave(const void* asker) {
    const std::lock_guard lock{mutex_};
    std::erase_if(waiting_, [asker](const password_question& q) { return q.asker == asker; });
    if (checking_ == asker) {
      checking_ = nullptr;
    }
  }

  /// Waits for the check that is under way; nobody is told any more.
  void stop() noexcept {
    {
      const std::lock_guard lock{mutex_};
      stopped_ = true;
      waiting_.clear();
      checking_ = nullptr;
      changed_.notify_one();
    }
    if (thread_.joinable()) {
      thread_.join();
    }
  }

 private:
  static constexpr std::size_t most_waiting = 64;

  [[nodiscard]] std::optional<bool> found(const secret_tag& tag) const noexcept {
    return right_.has(tag) ? std::optional{true} : wrong_.has(tag) ? std::optional{false} : std::nullopt;
  }

  void work() {
    std::unique_lock lock{mutex_};
    for (;;) {
      changed_.wait(lock, [this] { return stopped_ || !waiting_.empty(); });
      if (stopped_) {
        return;
      }
      const password_question q = std::move(waiting_.front());
      waiting_.pop_front();
      checking_ = q.asker;
      if (!found(q.tag)) {  // asked by two, or again
        lock.unlock();
        const std::optional<bool> right = check(q);
        lock.lock();
        if (!right) {
          checking_ = nullptr;
        } else if (*right) {
          right_.add(q.tag);
        } else {
          wrong_.add(q.tag);
        }
      }
      if (checking_ != nullptr) {
        tell(q);
      }
      checking_ = nullptr;
    }
  }

  /// Nothing where there is no memory for it: who asked then waits for as long as it has time.
  [[nodiscard]] std::optional<bool> check(const password_question& q) const noexcept {
    try {
      const bool matches = how_.matches(q.password, q.hash);
      return matches && q.can_match;
    } catch (...) {
      return std::nullopt;
    }
  }
  static void tell(const password_question& q) noexcept {
    try {
      q.done();
    } catch (...) {  // likewise
    }
  }

  password_hashing how_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<password_question> waiting_;
  const void* checking_ = nullptr;  ///< who asked for what is being checked, if it still wants to know
  bool stopped_ = false;
  recent_tags<64> right_;  ///< apart from the wrong ones, which anybody may fill
  recent_tags<256> wrong_;
  std::thread thread_;
};

}  // namespace vitals::inline v0::http::detail

#endif
