// By when what a connection does must have ended.
#ifndef VITALS_HTTP_DEADLINE_HPP
#define VITALS_HTTP_DEADLINE_HPP

#include <utility>  // before asio, which misses it in g++

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>

namespace vitals::inline v0::http::detail {

/// A time that is moved often and reached seldom. The timer stays as it is where the new time is no sooner: when it
/// fires, it looks at what the time has become. So a connection that is used often hardly ever sets it. While it is
/// set it keeps its owner, which has it as a member.
template <class Owner>
class deadline {
 public:
  explicit deadline(const boost::asio::any_io_executor& on) : timer_(on) {}

  /// Calls the owner's `on_deadline` then, unless it is moved or ended before.
  void set(Owner& owner, std::chrono::milliseconds from_now) {
    at_ = clock::now() + from_now;
    if (at_ < due_) {
      wait(owner);
    }
  }

  /// For good.
  void end() noexcept {
    has_ended_ = true;
    boost::system::error_code ignored;
    timer_.cancel(ignored);
  }

 private:
  using clock = std::chrono::steady_clock;

  void wait(Owner& owner) {
    due_ = at_;
    timer_.expires_at(due_);
    timer_.async_wait([self = owner.shared_from_this(), this](boost::system::error_code cancelled) {
      if (!cancelled && !has_ended_) {
        look(*self);
      }
    });
  }

  void look(Owner& owner) {
    if (clock::now() < at_) {
      wait(owner);
    } else {
      due_ = clock::time_point::max();
      owner.on_deadline();
    }
  }

  boost::asio::steady_timer timer_;
  clock::time_point at_{};
  clock::time_point due_ = clock::time_point::max();  ///< when the timer looks
  bool has_ended_ = false;
};

}  // namespace vitals::inline v0::http::detail

#endif
