// What the connections of a server share, and a connection without its stream's type.
#ifndef VITALS_HTTP_CONNECTION_HPP
#define VITALS_HTTP_CONNECTION_HPP

#include <utility>  // before asio, which misses it in g++

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/system/error_code.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <vitals/http/gatekeeper.hpp>
#include <vitals/http/head.hpp>
#include <vitals/http/host_rules.hpp>
#include <vitals/http/kept_descriptor.hpp>
#include <vitals/http/message.hpp>
#include <vitals/http/page_choice.hpp>
#include <vitals/http/renderings.hpp>
#include <vitals/http/router.hpp>

namespace vitals::inline v0::http {

/// How long a server waits for a peer, and how large a request's head may be.
struct connection_limits {
  head_limits head{};
  std::chrono::milliseconds idle = std::chrono::seconds{60};    ///< for the next request
  std::chrono::milliseconds header = std::chrono::seconds{10};  ///< from the first byte of a request's head to its last
  std::chrono::milliseconds write = std::chrono::seconds{30};   ///< for the peer to take a response
};

namespace detail {

namespace asio = boost::asio;
using boost_error = boost::system::error_code;

/// Where other threads may stop a server: what it does of the program's is done with the mutex held, and not at all
/// once it is closed. (A handler may stop its server: the mutex is its own thread's already.)
struct gate {
  std::recursive_mutex mutex{};
  bool is_open = true;
};

class connection;
struct service;

/// Makes a connection of a socket that was accepted. May throw std::bad_alloc.
using connector = std::function<std::shared_ptr<connection>(
    std::shared_ptr<const service>, std::unique_ptr<kept_descriptor>, asio::generic::stream_protocol::socket)>;

/// What the connections of a server share.
struct service {
  std::shared_ptr<const router> routes{};
  std::shared_ptr<renderings> pages{};   ///< of metrics; null where there are none
  std::shared_ptr<gate> calls{};         ///< null where the thread that serves ends before the server does
  std::shared_ptr<gatekeeper> access{};  ///< null where everybody may ask for everything
  connector connect{};                   ///< null: plain connections
  std::function<void()> on_close{};      ///< a connection was closed
  connection_limits limits{};
  bool on_loopback = true;                     ///< as `is_allowed_host` takes it
  std::vector<std::string> allowed_hosts{};    ///< likewise
  std::vector<std::string> allowed_origins{};  ///< as `allowed_origin` takes them

  /// The status to refuse a request with, whose head was read; 0 where it may be answered.
  [[nodiscard]] unsigned refusal_of(const request_head& head) const {
    if (head.refusal != 0) {
      return head.refusal;
    }
    if (head.has_body && (head.method == "GET" || head.method == "HEAD")) {
      return 413;
    }
    return is_allowed_host(host_of(head), on_loopback, allowed_hosts) ? 0 : 421;
  }

  /// The page that is asked for, where it is one of metrics: those are made elsewhere, all else by `handle`.
  [[nodiscard]] const page_path* page_of(const request& asked) const noexcept {
    const bool may_be = pages != nullptr && (asked.method == "GET" || asked.method == "HEAD");
    return may_be ? find_page_path(path_of(asked.target)) : nullptr;
  }

  /// Gives the route that answered; nothing where the server is stopped, by what answers too.
  [[nodiscard]] std::optional<std::string_view> handle(const request& asked, response& out) const {
    if (calls == nullptr) {
      return routes->handle(asked, out);
    }
    const std::lock_guard lock{calls->mutex};
    if (!calls->is_open) {
      return std::nullopt;
    }
    const std::string_view route = routes->handle(asked, out);
    return calls->is_open ? std::optional{route} : std::nullopt;
  }
};

/// A connection without its stream's type.
class connection {
 public:
  using clock = std::chrono::steady_clock;

  connection() = default;
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
  virtual ~connection() = default;

  virtual void start() = 0;
  /// Closes it: now if no response is under way, else behind it.
  virtual void finish() = 0;
  /// Closes it, whatever is under way.
  virtual void close() = 0;

  /// Whether it waits for a request, the rest of one's head included; and since when it waits, or answers.
  [[nodiscard]] bool is_waiting() const noexcept { return waiting_; }
  [[nodiscard]] clock::time_point since() const noexcept { return since_; }

 protected:
  void now_waiting(bool waits) noexcept {
    waiting_ = waits;
    since_ = clock::now();
  }

 private:
  bool waiting_ = true;
  clock::time_point since_ = clock::now();
};

}  // namespace detail

}  // namespace vitals::inline v0::http

#endif
