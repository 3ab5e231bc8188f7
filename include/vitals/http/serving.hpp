// A server at work: on threads of its own, or on an io_context of the program's.
#ifndef VITALS_HTTP_SERVING_HPP
#define VITALS_HTTP_SERVING_HPP

#include <utility>  // before asio, which misses it in g++

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>

#include <vitals/health/quiet_thread.hpp>
#include <vitals/http/exposition.hpp>
#include <vitals/http/kept_descriptor.hpp>
#include <vitals/http/listener.hpp>
#include <vitals/http/renderings.hpp>
#include <vitals/http/session.hpp>

namespace vitals::inline v0::http::detail {

/// What a server is to do.
struct serving_order {
  std::string address{};
  std::uint16_t port = 0;
  service shared{};                             ///< but for `pages`
  std::shared_ptr<const exposition> metrics{};  ///< null where it serves none
  boost::asio::any_io_executor renderer{};      ///< where pages are made, where it is not empty
  std::size_t most_waiting_pages = 16;
  connection_counts most{};
};

/// A server that listens, until `stop`. To be stopped before it is destroyed, or else left behind (in a forked child).
class serving {
 public:
  serving() = default;
  serving(const serving&) = delete;
  serving& operator=(const serving&) = delete;
  virtual ~serving() = default;

  /// Once this returns nothing of the program's is called any more.
  virtual void stop() noexcept = 0;
  [[nodiscard]] virtual std::uint16_t port() const noexcept = 0;

  /// Whether this process is not the one that began to serve, but a child of it: then nothing here may be touched.
  [[nodiscard]] bool is_parents() const noexcept { return generation_ != kept_descriptor::generation(); }

 private:
  std::uint64_t generation_ = kept_descriptor::generation();
};

/// Its connections on one thread, and the making of pages on another (or where the program says).
class own_threads final : public serving {
 public:
  /// Where it cannot serve, `error` says why, and it must not be used further.
  own_threads(serving_order order, std::error_code& error) {
    listener_ = std::make_shared<listener>(io_.get_executor(), order.most, true);
    const bool has_maker = order.metrics != nullptr && !order.renderer;
    if (order.metrics != nullptr) {
      pages_ = std::make_shared<renderings>(
          page_workshop{.readers = io_.get_executor(),
                        .makers = has_maker ? boost::asio::any_io_executor{making_.get_executor()} : order.renderer,
                        .most_waiting = order.most_waiting_pages},
          std::move(order.metrics));
      order.shared.pages = pages_;
    }
    boost_error failed;
    listener_->open(order.address, order.port, std::move(order.shared), failed);
    if (failed) {
      error = failed;
      return;
    }
    listener_->start();
    try {
      if (has_maker) {
        maker_ = v0::detail::quiet_thread([this] { work(making_); });
      }
      thread_ = v0::detail::quiet_thread([this] { work(io_); });
    } catch (const std::system_error& no_thread) {
      error = no_thread.code();
      listener_->close();
      end_maker();
    }
  }

  void stop() noexcept override {
    try {
      boost::asio::post(io_, [this] { listener_->finish(); });
    } catch (...) {  // out of memory: responses under way are lost
      io_.stop();
    }
    thread_.join();
    end_maker();
  }

  [[nodiscard]] std::uint16_t port() const noexcept override { return listener_->port(); }

 private:
  void end_maker() noexcept {
    if (pages_ != nullptr) {
      pages_->stop();
    }
    if (maker_.joinable()) {
      making_.stop();
      maker_.join();
    }
  }

  /// Runs handlers until none is left. One that throws (out of memory) loses its connection, not the program.
  static void work(boost::asio::io_context& on) noexcept {
    for (bool done = false; !done;) {
      try {
        on.run();
        done = true;
      } catch (...) {
      }
    }
  }

  // In this order: what runs on an io_context goes before it does.
  boost::asio::io_context io_{1};
  boost::asio::io_context making_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> more_to_make_{making_.get_executor()};
  std::shared_ptr<renderings> pages_;
  std::shared_ptr<listener> listener_;
  std::thread thread_;
  std::thread maker_;
};

/// On an io_context that the program runs, by any number of threads. What waits there keeps the listener and the
/// connections: where the io_context is gone they are gone too.
class on_context final : public serving {
 public:
  on_context(boost::asio::io_context& io, serving_order order, std::error_code& error) {
    const boost::asio::any_io_executor turns = boost::asio::make_strand(io);
    const auto fresh = std::make_shared<listener>(turns, order.most, false);
    if (order.metrics != nullptr) {
      order.shared.pages = std::make_shared<renderings>(
          page_workshop{.readers = turns,
                        .makers = order.renderer ? order.renderer : boost::asio::any_io_executor{io.get_executor()},
                        .most_waiting = order.most_waiting_pages},
          std::move(order.metrics));
      pages_ = order.shared.pages;
    }
    calls_ = order.shared.calls = std::make_shared<gate>();
    boost_error failed;
    fresh->open(order.address, order.port, std::move(order.shared), failed);
    if (failed) {
      error = failed;
      return;
    }
    listener_ = fresh;
    port_ = fresh->port();
    boost::asio::post(turns, [fresh] { fresh->accept(); });
  }

  void stop() noexcept override {
    if (const auto there = pages_.lock()) {
      there->stop();
    }
    const std::lock_guard lock{calls_->mutex};
    calls_->is_open = false;
    if (const auto there = listener_.lock()) {
      there->close();
      try {
        boost::asio::post(there->executor(), [there] { there->finish(); });
      } catch (...) {  // out of memory: connections end by their timeouts
      }
    }
  }

  [[nodiscard]] std::uint16_t port() const noexcept override { return port_; }

 private:
  // Weak, as what they hold must not outlive the io_context.
  std::weak_ptr<listener> listener_;
  std::weak_ptr<renderings> pages_;
  std::shared_ptr<gate> calls_;
  std::uint16_t port_ = 0;
};

}  // namespace vitals::inline v0::http::detail

#endif
