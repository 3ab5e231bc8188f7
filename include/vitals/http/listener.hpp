// Listens on an address, and keeps the connections that come.
#ifndef VITALS_HTTP_LISTENER_HPP
#define VITALS_HTTP_LISTENER_HPP

#include <utility>  // before asio, which misses it in g++

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <list>
#include <memory>
#include <string>
#include <string_view>

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

/// Where to listen: `unix:` and a path, or an IP address.
struct listening_point {
  static constexpr std::string_view unix_scheme = "unix:";

  asio::generic::stream_protocol::endpoint endpoint{};
  asio::generic::stream_protocol protocol{0, 0};
  std::string path{};  ///< of a Unix domain socket
  bool on_loopback = true;

  static listening_point of(const std::string& address, std::uint16_t port, boost_error& error) {
    if (address.starts_with(unix_scheme)) {
      const std::string path = address.substr(unix_scheme.size());
      if (path.empty() || path.size() >= sizeof(sockaddr_un::sun_path)) {
        error = asio::error::name_too_long;
        return {};
      }
      const asio::local::stream_protocol::endpoint at{path};
      return {.endpoint = at, .protocol = at.protocol(), .path = path};
    }
    const auto ip = asio::ip::make_address(address, error);
    if (error) {
      return {};
    }
    const asio::ip::tcp::endpoint at{ip, port};
    return {.endpoint = at, .protocol = at.protocol(), .path = {}, .on_loopback = ip.is_loopback()};
  }
};

/// A descriptor that is kept for the time when the program has no other left.
class spare_descriptor {
 public:
  spare_descriptor() { take(); }
  spare_descriptor(const spare_descriptor&) = delete;
  spare_descriptor& operator=(const spare_descriptor&) = delete;
  ~spare_descriptor() { release(); }

  /// Whether it is kept now.
  bool take() noexcept {
    if (file_ < 0) {
      file_ = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
    return file_ >= 0;
  }
  void release() noexcept {
    if (file_ >= 0) {
      ::close(std::exchange(file_, -1));
    }
  }

 private:
  int file_ = -1;
};

/// Accepts connections and knows their sessions. All but `stop` on one thread.
class listener {
 public:
  listener(service shared, const connection_counts& most) : service_(std::move(shared)), most_(most) {}
  listener(const listener&) = delete;
  listener& operator=(const listener&) = delete;
  ~listener() {
    if (!path_.empty()) {
      ::unlink(path_.c_str());
    }
  }

  void open(const std::string& address, std::uint16_t port, boost_error& error) {
    const listening_point at = listening_point::of(address, port, error);
    const auto then = [&error](auto&& step) {
      if (!error) {
        step();
      }
    };
    then([&] { acceptor_.open(at.protocol, error); });
    if (at.path.empty()) {
      then([&] { acceptor_.set_option(asio::socket_base::reuse_address(true), error); });
    } else {
      then([&] { remove_dead_socket(at.path); });
    }
    // The system would keep megabytes for each peer that does not read. (Accepted sockets have it from this one.)
    then([&] { acceptor_.set_option(asio::socket_base::send_buffer_size(send_buffer), error); });
    then([&] { acceptor_.bind(at.endpoint, error); });
    then([&] { path_ = at.path; });
    then([&] { acceptor_.listen(asio::socket_base::max_listen_connections, error); });
    then([&] { port_ = at.path.empty() ? port_of(acceptor_.local_endpoint(error)) : 0; });
    service_.on_loopback = at.on_loopback;
  }

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

  /// Serves until `stop`, and then until the responses under way are written: 2 seconds at most.
  void run() {
    accept();
    work([this] { io_.run(); });
    boost_error ignored;
    acceptor_.close(ignored);
    pause_.cancel();
    spare_timer_.cancel();
    each_session(&connection::finish);
    io_.restart();
    work([this] { io_.run_for(std::chrono::seconds{2}); });
    each_session(&connection::close);
    io_.restart();
    work([this] { io_.run(); });
  }

  /// From any thread.
  void stop() noexcept { io_.stop(); }

 private:
  static constexpr std::chrono::milliseconds a_moment{100};
  static constexpr int send_buffer = 128 * 1024;  // Linux takes twice as much

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

  /// A socket's file stays when its program was killed: it is removed where nobody listens on it.
  static void remove_dead_socket(const std::string& path) {
    struct stat facts {};
    if (::lstat(path.c_str(), &facts) != 0 || !S_ISSOCK(facts.st_mode)) {
      return;
    }
    asio::io_context io{1};
    asio::local::stream_protocol::socket probe{io};
    boost_error error;
    probe.connect(asio::local::stream_protocol::endpoint{path}, error);
    if (error == asio::error::connection_refused) {
      ::unlink(path.c_str());
    }
  }

  void accept() {
    acceptor_.async_accept([this](boost_error error, asio::generic::stream_protocol::socket socket) {
      if (!acceptor_.is_open()) {
        return;
      }
      if (!error) {
        welcome(std::move(socket));
        accept();
      } else if (is_shortage(error)) {  // which the system says though nobody wants to connect yet
        acceptor_.async_wait(acceptor_.wait_read, [this](boost_error cancelled) {
          if (!cancelled) {
            make_room() ? accept() : pause();
          }
        });
      } else {
        pause();
      }
    });
  }
  void pause() {
    pause_.expires_after(a_moment);
    pause_.async_wait([this](boost_error cancelled) {
      if (!cancelled) {
        accept();
      }
    });
  }

  static bool is_shortage(boost_error error) noexcept {
    namespace errc = boost::system::errc;
    return error == errc::too_many_files_open || error == errc::too_many_files_open_in_system ||
           error == errc::no_buffer_space || error == errc::not_enough_memory;
  }

  /// Frees a descriptor for a connection that cannot be accepted: the spare one, or else a connection's. So probes are
  /// answered though the program has run out of descriptors.
  bool make_room() {
    forget_ended();
    if (spare_.take()) {  // or one has come free meanwhile
      spare_.release();
      keep_spare();
      return true;
    }
    return close_longest_waiting([](const known&) { return true; });
  }
  /// Takes it again when one is free.
  void keep_spare() {
    spare_timer_.expires_after(a_moment);
    spare_timer_.async_wait([this](boost_error cancelled) {
      if (!cancelled && acceptor_.is_open() && !spare_.take()) {
        keep_spare();
      }
    });
  }

  void welcome(asio::generic::stream_protocol::socket socket) {
    boost_error error;
    const any_endpoint peer = socket.remote_endpoint(error);
    if (error) {
      return;  // it is gone already
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
    const auto fresh = std::make_shared<plain_session>(service_, std::move(socket));
    sessions_.push_back({fresh, std::move(address)});
    fresh->start();
  }

  void forget_ended() {
    sessions_.remove_if([](const known& k) { return k.session.expired(); });
  }

  /// Closes, of those that `of` tells, the one that has waited longest for a request; where none waits, the one that
  /// has answered longest. False where there is none.
  template <class Of>
  bool close_longest_waiting(Of of) {
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
      sessions_.erase(found);
      longest->close();
    }
    return longest != nullptr;
  }

  /// Runs handlers. One that throws (out of memory) loses its connection, not the program.
  template <class Run>
  void work(Run run) {
    for (bool done = false; !done;) {
      try {
        run();
        done = true;
      } catch (...) {
      }
    }
  }

  void each_session(void (connection::*act)()) {
    for (const known& k : sessions_) {
      if (const auto alive = k.session.lock()) {
        (*alive.*act)();
      }
    }
  }

  service service_;
  connection_counts most_;
  asio::io_context io_{1};
  asio::basic_socket_acceptor<asio::generic::stream_protocol> acceptor_{io_};
  asio::steady_timer pause_{io_};
  spare_descriptor spare_;
  asio::steady_timer spare_timer_{io_};
  std::list<known> sessions_;
  std::string path_;
  std::uint16_t port_ = 0;
};

}  // namespace detail

}  // namespace vitals::inline v0::http

#endif
