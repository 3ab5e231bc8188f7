// A server of a program's own, on plain sockets and without Boost: it greets at /hello, and leaves all else to vitals.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <string_view>

#include <vitals/http/head.hpp>
#include <vitals/http/responder.hpp>

#include "program.hpp"

namespace {

/// A request's head, or less where none comes.
std::string read_head_from(int peer) {
  std::string bytes;
  char part[1024];
  while (bytes.size() < 8192 && vitals::http::head_size(bytes) == std::string::npos) {
    const ssize_t size = ::recv(peer, part, sizeof part, 0);
    if (size <= 0) {
      break;
    }
    bytes.append(part, static_cast<std::size_t>(size));
  }
  return bytes.substr(0, vitals::http::head_size(bytes));
}

void send_to(int peer, const vitals::http::response& answer, bool with_body) {
  std::string bytes = "HTTP/1.1 " + std::to_string(answer.status) + " \r\n";
  vitals::http::each_header(answer, [&bytes](std::string_view name, std::string_view value) {
    bytes.append(name).append(": ").append(value).append("\r\n");
  });
  bytes += "Connection: close\r\n";
  if (answer.status != 204) {
    bytes += "Content-Length: " + std::to_string(answer.body.size()) + "\r\n";
  }
  bytes += "\r\n";
  bytes += with_body ? answer.body : "";
  for (std::string_view rest = bytes; !rest.empty();) {
    const ssize_t size = ::send(peer, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (size <= 0) {
      break;
    }
    rest.remove_prefix(static_cast<std::size_t>(size));
  }
}

/// One request, and the end of the connection.
void serve(int peer, const vitals::http::responder& vital_signs) {
  const timeval patience{.tv_sec = 5, .tv_usec = 0};
  ::setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(peer, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  const std::string bytes = read_head_from(peer);
  const vitals::http::request_head head = vitals::http::read_head(bytes);
  vitals::http::response answer;
  if (head.refusal != 0) {
    answer.status = head.refusal;
  } else if (head.method == "GET" && vitals::http::path_of(head.target) == "/hello") {
    counts::get<greetings>().inc();
    answer.body = "hello\n";
  } else {
    std::string accept;
    std::string accept_encoding;
    join_fields(head, "Accept", accept);
    join_fields(head, "Accept-Encoding", accept_encoding);
    vital_signs.handle(
        {.method = head.method, .target = head.target, .accept = accept, .accept_encoding = accept_encoding}, answer);
  }
  send_to(peer, answer, head.method != "HEAD");
}

}  // namespace

int main() {
  vitals::http::responder vital_signs;
  vital_signs.expose<counts, program>();
  program::mark_ready();
  program::mark_healthy<voice>();

  const int listening = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  if (::bind(listening, reinterpret_cast<const sockaddr*>(&at), size) != 0 || ::listen(listening, 16) != 0 ||
      ::getsockname(listening, reinterpret_cast<sockaddr*>(&at), &size) != 0) {
    std::perror("cannot listen");
    return 1;
  }
  std::printf("http://127.0.0.1:%d\n", ntohs(at.sin_port));
  std::fflush(stdout);
  for (;;) {
    const int peer = ::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC);
    if (peer >= 0) {
      serve(peer, vital_signs);
      ::close(peer);
    }
  }
}
