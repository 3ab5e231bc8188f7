// A server with plain sockets that does as a test says, so that nothing of the client's own library judges it.
#ifndef VITALS_TESTS_HTTP_SCRIPTED_SERVER_HPP
#define VITALS_TESTS_HTTP_SCRIPTED_SERVER_HPP

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace http_tests {

/// A connection to a client.
class connection {
 public:
  explicit connection(int socket) : socket_(socket) {}

  /// False once the client is gone.
  bool send(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t n = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
      if (n <= 0) {
        return false;
      }
      text.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }

  /// A request: its head, and as much body as that announces.
  [[nodiscard]] std::string request() const {
    std::string text;
    while (text.find("\r\n\r\n") == std::string::npos && more(text)) {
    }
    const std::size_t length = text.find("\r\nContent-Length: ");
    const std::size_t body = length == std::string::npos ? 0 : std::stoul(text.substr(length + 18));
    while (text.size() < text.find("\r\n\r\n") + 4 + body && more(text)) {
    }
    return text;
  }

  /// Waits until the client is gone.
  void wait() const {
    for (std::string rest; more(rest);) {
    }
  }

 private:
  bool more(std::string& text) const {
    char part[4096];
    const ssize_t n = ::recv(socket_, part, sizeof part, 0);
    text.append(part, n > 0 ? static_cast<std::size_t>(n) : 0);
    return n > 0;
  }

  int socket_;
};

/// Listens on a port of the loopback, plays its script with the first client, and closes.
class scripted_server {
 public:
  using script = std::function<void(const connection&)>;

  explicit scripted_server(script play) : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    REQUIRE(::bind(listener_, reinterpret_cast<const sockaddr*>(&at), size) == 0);
    REQUIRE(::listen(listener_, 1) == 0);
    REQUIRE(::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size) == 0);
    port_ = ntohs(at.sin_port);
    thread_ = std::thread{[this, play = std::move(play)] {
      const int client = ::accept(listener_, nullptr, nullptr);
      if (client >= 0) {
        play(connection{client});
        ::close(client);
      }
    }};
  }
  scripted_server(const scripted_server&) = delete;
  scripted_server& operator=(const scripted_server&) = delete;
  ~scripted_server() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  int listener_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

/// Answers one request, whatever it is, and tells what it was.
class answering_server {
 public:
  explicit answering_server(std::string answer)
      : server_([this, text = std::move(answer)](const connection& c) {
          request_ = c.request();
          c.send(text);
        }) {}

  [[nodiscard]] std::uint16_t port() const { return server_.port(); }

  /// The request; read it when the answer has come.
  [[nodiscard]] const std::string& request() const { return request_; }

 private:
  std::string request_;
  scripted_server server_;
};

}  // namespace http_tests

#endif
