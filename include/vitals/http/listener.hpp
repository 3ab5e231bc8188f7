// Listens on an address, and keeps the connections that come.
#ifndef VITALS_HTTP_LISTENER_HPP
#define VITALS_HTTP_LISTENER_HPP

#include <utility>  // before asio, which misses it in g++

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <list>
#include <memory>
#include <mutex>
#include <new>
#include <string>

#include <vitals/http/listening_point.hpp>
#include <vitals/http/server_metrics.hpp>
#include <vitals/http/session.hpp>

namespace vitals::inline v0::http {

/// How many connections there may be.
struct connection_counts {
  std::size_t all = 512;
  std::size_t per_address = 0;  ///< 0: as many as of all
};

namespace detail {

/// On a socket of any kind.
using plain_session = session<asio::generic::stream_protocol::socket>;

/// Accepts connections and knows their sessions. All but `open` and `close` on its executor, one at a time.
class listener : public std::enable_shared_from_this<listener> {
 public:
  /// `closes_at_fork`: a forked child closes its copies of the sockets.
  listener(asio::any_io_executor on, const connection_counts& most, bool closes_at_fork)
      : most_(most),
        closes_at_fork_(closes_at_fork),
        acceptor_(on),
        pause_(on) {}
  listener(const listener&) = delete;
  listener& operator=(const listener&) = delete;
  ~listener() {
    remove_path();
    spare_.close();
  }

  void open(const std::string& address, std::uint16_t port, service shared, boost_error& error) {
    const listening_point at = listening_point::of(address, port, error);
    const auto then = [&error](auto&& step) {
      if (!error) {
        step();
      }
    };
    then([&] {
      if (own_.open(at.protocol.family(), closes_at_fork_) == -1) {
        error = {errno, boost::system::system_category()};
      }
    });
    then([&] { acceptor_.assign(at.protocol, own_.get(), error); });
    then([&] { acceptor_.non_blocking(true, error); });
    if (at.path.empty()) {
      then([&] { acceptor_.set_option(asio::socket_base::reuse_address(true), error); });
    } else {
      then([&] { at.remove_dead_socket(); });
    }
    // The system would keep megabytes for each peer that does not read. (Accepted sockets have it from this one.)
    then([&] { acceptor_.set_option(asio::socket_base::send_buffer_size(send_buffer), error); });
    then([&] { acceptor_.bind(at.endpoint, error); });
    then([&] {
      path_ = at.path;
      protocol_ = at.protocol;
    });
    then([&] { acceptor_.listen(asio::socket_base::max_listen_connections, error); });
    then([&] { port_ = at.path.empty() ? port_of(acceptor_.local_endpoint(error)) : 0; });
    if (error) {
      close();
      return;
    }
    spare_.open_nothing(closes_at_fork_);
    shared.on_loopback = at.on_loopback;
    shared.on_close = [weak = weak_from_this()] {
      if (const auto self = weak.lock()) {
        self->on_close();
      }
    };
    calls_ = shared.calls;
    service_ = std::make_shared<const service>(std::move(shared));
  }

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  [[nodiscard]] asio::any_io_executor executor() { return acceptor_.get_executor(); }

  /// Accepts those that are there, and goes on when others come.
  void accept() {
    const auto lock = calls_ != nullptr ? std::unique_lock{calls_->mutex} : std::unique_lock<std::recursive_mutex>{};
    if (own_.get() == -1) {
      return;
    }
    bool goes_on = false;
    try {
      goes_on = accept_some();
    } catch (const std::bad_alloc&) {
    }
    if (goes_on || !is_somebody_there() || make_room()) {
      start();
    } else {
      pause();
    }
  }

  /// Goes on when somebody comes.
  void start() {
    acceptor_.async_wait(asio::socket_base::wait_read, [self = shared_from_this()](boost_error) { self->accept(); });
  }

  /// Listens no longer. Where there is a gate, any thread may call this with its mutex held.
  void close() {
    boost_error ignored;
    acceptor_.release(ignored);
    own_.close();
    remove_path();
  }

  /// Listens no longer, and ends the connections: those that wait at once, others behind their responses, which have 2
  /// seconds for it.
  void finish() {
    is_finishing_ = true;
    close();
    spare_.close();
    each_session(&connection::finish);
    pause_.expires_after(std::chrono::seconds{2});
    pause_.async_wait([self = shared_from_this()](boost_error) { self->each_session(&connection::close); });
    cancel_if_done();
  }

 private:
  using any_endpoint = asio::generic::stream_protocol::endpoint;

  struct known {
    std::weak_ptr<connection> session;
    std::string address;  ///< of the peer, as bytes; empty where it has none
  };

  static std::uint16_t port_of(const any_endpoint& at) {
    asio::ip::tcp::endpoint tcp;
    std::memcpy(tcp.data(), at.data(), std::min(at.size(), tcp.capacity()));
    return tcp.port();
  }

  /// The address without the port; of what is not IP nothing.
  static std::string address_of(const any_endpoint& at) {
    const int family = at.data()->sa_family;
    if (family != AF_INET && family != AF_INET6) {
      return {};
    }
    asio::ip::tcp::endpoint tcp;
    std::memcpy(tcp.data(), at.data(), std::min(at.size(), tcp.capacity()));
    return tcp.address().to_string();
  }

  /// False where there are no descriptors for those that come.
  bool accept_some() {
    for (int turn = 0; turn != most_at_once; ++turn) {
      auto fresh = std::make_unique<kept_descriptor>();
      if (fresh->accept(own_.get(), closes_at_fork_) != -1) {
        welcome(std::move(fresh));
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        return true;
      } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        return false;
      }  // else that connection was gone before it came
    }
    return true;
  }

  /// The system says that there is no descriptor before it looks whether there is somebody to have one.
  [[nodiscard]] bool is_somebody_there() const noexcept {
    pollfd listening{.fd = own_.get(), .events = POLLIN, .revents = 0};
    return ::poll(&listening, 1, 0) == 1;
  }

  /// Frees a descriptor for who comes: the spare one, which is taken again when a connection ends; else that of a
  /// connection. So probes are answered in a program that has no descriptors left.
  bool make_room() {
    forget_ended();
    if (spare_.get() == -1 && spare_.open_nothing(closes_at_fork_) == -1) {
      close_longest_waiting([](const known&) { return true; });
    }
    const bool has_room = spare_.get() != -1;
    spare_.close();
    return has_room;
  }

  /// Nothing is left to be closed: some descriptors may come free.
  void pause() {
    pause_.expires_after(std::chrono::milliseconds{100});
    pause_.async_wait([self = shared_from_this()](boost_error cancelled) {
      if (!cancelled) {
        self->accept();
      }
    });
  }

  void welcome(std::unique_ptr<kept_descriptor> own) {
    asio::generic::stream_protocol::socket socket{acceptor_.get_executor()};
    boost_error error;
    socket.assign(protocol_, own->get(), error);
    if (error) {
      own->close();
      return;
    }
    const any_endpoint peer = socket.remote_endpoint(error);
    if (error) {  // it is gone already
      boost_error ignored;
      socket.release(ignored);
      own->close();
      return;
    }
    std::string address = address_of(peer);
    if (!address.empty()) {
      socket.set_option(asio::ip::tcp::no_delay(true), error);
    }
    forget_ended();
    if (most_.per_address != 0 && !address.empty()) {
      const auto is_of_it = [&address](const known& k) { return k.address == address; };
      if (static_cast<std::size_t>(std::count_if(sessions_.begin(), sessions_.end(), is_of_it)) >= most_.per_address) {
        close_longest_waiting(is_of_it);
      }
    }
    if (sessions_.size() >= most_.all) {
      close_longest_waiting([](const known&) { return true; });
    }
    const std::shared_ptr<connection> fresh =
        service_->connect ? service_->connect(service_, std::move(own), std::move(socket))
                          : std::make_shared<plain_session>(service_, std::move(own), std::move(socket));
    sessions_.push_back({fresh, std::move(address)});
    ++open_;
    fresh->start();
  }

  void on_close() {
    --open_;
    if (spare_.get() == -1 && !is_finishing_) {
      spare_.open_nothing(closes_at_fork_);
    }
    cancel_if_done();
  }
  void cancel_if_done() {
    if (is_finishing_ && open_ == 0) {
      pause_.cancel();
    }
  }

  void forget_ended() {
    sessions_.remove_if([](const known& k) { return k.session.expired(); });
  }

  /// Closes, of those that `of` tells, the one that has waited longest for a request; where none waits, the one that
  /// has answered longest.
  template <class Of>
  void close_longest_waiting(Of of) {
    auto found = sessions_.end();
    std::shared_ptr<connection> longest;
    for (auto i = sessions_.begin(); i != sessions_.end(); ++i) {
      const auto s = of(*i) ? i->session.lock() : nullptr;
      const bool is_longer =
          s != nullptr &&
          (longest == nullptr ||
           (s->is_waiting() != longest->is_waiting() ? s->is_waiting() : s->since() < longest->since()));
      if (is_longer) {
        found = i;
        longest = s;
      }
    }
    if (longest != nullptr) {
      own::count_refusal(own::refusal::too_many_connections);
      sessions_.erase(found);
      longest->close();
    }
  }

  void each_session(void (connection::*act)()) {
    for (const known& k : sessions_) {
      if (const auto alive = k.session.lock()) {
        (*alive.*act)();
      }
    }
  }

  void remove_path() noexcept {
    if (!path_.empty()) {
      ::unlink(path_.c_str());
      path_.clear();
    }
  }

  static constexpr int most_at_once = 16;         // connections accepted before others have their turn
  static constexpr int send_buffer = 128 * 1024;  // Linux takes twice as much

  connection_counts most_;
  bool closes_at_fork_;
  kept_descriptor own_;
  kept_descriptor spare_;  ///< for the time when the program has no other left
  asio::basic_socket_acceptor<asio::generic::stream_protocol> acceptor_;
  asio::steady_timer pause_;
  asio::generic::stream_protocol protocol_{0, 0};
  std::shared_ptr<const service> service_;
  std::shared_ptr<gate> calls_;
  std::list<known> sessions_;
  std::size_t open_ = 0;  ///< sessions that are not closed
  bool is_finishing_ = false;
  std::string path_;
  std::uint16_t port_ = 0;
};

}  // namespace detail

}  // namespace vitals::inline v0::http

#endif
