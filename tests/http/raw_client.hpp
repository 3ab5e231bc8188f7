// A client with plain sockets, so that nothing of the server's own library judges it.
#ifndef TESTS_HTTP_RAW_CLIENT_HPP
#define TESTS_HTTP_RAW_CLIENT_HPP

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace raw_client {

class client {
 public:
  explicit client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connect(to);
  }
  explicit client(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    path.copy(to.sun_path, sizeof to.sun_path - 1);
    connect(to);
  }
  client(const client&) = delete;
  client& operator=(const client&) = delete;
  ~client() { ::close(socket_); }

  [[nodiscard]] bool connected() const { return connected_; }

  void send(std::string_view text) const { CHECK(::send(socket_, text.data(), text.size(), MSG_NOSIGNAL) >= 0); }

  /// All until the server closes.
  [[nodiscard]] std::string rest() const {
    std::string all;
    char part[4096];
    for (ssize_t n = 0; (n = ::recv(socket_, part, sizeof part, 0)) > 0;) {
      all.append(part, static_cast<std::size_t>(n));
    }
    return all;
  }

  /// All that has come so far.
  [[nodiscard]] std::string arrived() const {
    std::string all;
    char part[4096];
    for (ssize_t n = 0; (n = ::recv(socket_, part, sizeof part, MSG_DONTWAIT)) > 0;) {
      all.append(part, static_cast<std::size_t>(n));
    }
    return all;
  }

  /// All until `end` has come.
  [[nodiscard]] std::string until(std::string_view end) const {
    std::string all;
    char c = 0;
    while (!all.ends_with(end) && ::recv(socket_, &c, 1, 0) == 1) {
      all += c;
    }
    return all;
  }

  /// The next `size` bytes.
  [[nodiscard]] std::string next(std::size_t size) const {
    std::string all(size, '\0');
    std::size_t have = 0;
    for (ssize_t n = 0; have != size && (n = ::recv(socket_, all.data() + have, size - have, 0)) > 0;) {
      have += static_cast<std::size_t>(n);
    }
    all.resize(have);
    return all;
  }

 private:
  template <class Address>
  void connect(const Address& to) {
    connected_ = ::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
    const timeval patience{.tv_sec = 30, .tv_usec = 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }

  int socket_;
  bool connected_ = false;
};

inline std::string ask(std::uint16_t port, std::string_view request) {
  const client c{port};
  c.send(request);
  return c.rest();
}

}  // namespace raw_client

#endif
