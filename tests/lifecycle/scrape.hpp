// A client for programs that are no unit tests.
#ifndef TESTS_LIFECYCLE_SCRAPE_HPP
#define TESTS_LIFECYCLE_SCRAPE_HPP

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

inline void check(bool good, const char* what) {
  if (!good) {
    std::fprintf(stderr, "not so: %s\n", what);
    std::_Exit(1);
  }
}

/// A connection, or -1.
inline int connect_to(std::uint16_t port) {
  const int s = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const timeval patience{.tv_sec = 60, .tv_usec = 0};
  ::setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (::connect(s, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    ::close(s);
    return -1;
  }
  return s;
}

/// All that comes until the peer closes; "late" where it does not.
inline std::string rest_of(int s) {
  std::string all;
  char part[4096];
  ssize_t n = 0;
  while ((n = ::recv(s, part, sizeof part, 0)) > 0) {
    all.append(part, static_cast<std::size_t>(n));
  }
  return n == 0 ? all : all + "late";
}

/// `fields` are header lines, each with its end.
inline std::string get(std::uint16_t port, std::string_view path, std::string_view fields = {}) {
  const int s = connect_to(port);
  if (s == -1) {
    return {};
  }
  const std::string asked = "GET " + std::string{path} + " HTTP/1.0\r\n" + std::string{fields} + "\r\n";
  static_cast<void>(::send(s, asked.data(), asked.size(), MSG_NOSIGNAL));
  const std::string all = rest_of(s);
  ::close(s);
  return all;
}

#endif
