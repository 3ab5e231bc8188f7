// A server of a program's own with Boost.Beast: it greets at /hello, and leaves all else to vitals.
#include <utility>  // before asio, which misses it in g++

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include <vitals/http/gzip.hpp>
#include <vitals/http/responder.hpp>

#include "program.hpp"

namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::asio::ip::tcp;

std::string_view view_of(beast::string_view text) {
  return {text.data(), text.size()};
}

/// The values of all lines of a name.
std::string joined(const http::request<http::empty_body>& asked, http::field name) {
  std::string all;
  const auto [first, last] = asked.equal_range(name);
  for (auto line = first; line != last; ++line) {
    all.append(all.empty() ? "" : ", ").append(view_of(line->value()));
  }
  return all;
}

vitals::http::response respond(const http::request<http::empty_body>& asked,
                               const vitals::http::responder& vital_signs) {
  const std::string_view target = view_of(asked.target());
  if (asked.method() == http::verb::get && vitals::http::path_of(target) == "/hello") {
    counts::get<greetings>().inc();
    return {.body = "hello\n"};
  }
  const std::string accept = joined(asked, http::field::accept);
  const std::string accept_encoding = joined(asked, http::field::accept_encoding);
  return vital_signs.handle({.method = view_of(asked.method_string()),
                             .target = target,
                             .accept = accept,
                             .accept_encoding = accept_encoding});
}

/// One connection, as long as it lasts.
class session : public std::enable_shared_from_this<session> {
 public:
  session(tcp::socket socket, const vitals::http::responder& vital_signs)
      : stream_(std::move(socket)),
        vital_signs_(&vital_signs) {}

  void read() {
    asked_ = {};
    stream_.expires_after(std::chrono::seconds{30});
    http::async_read(stream_, buffer_, asked_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (!error) {
        self->answer();
      }
    });
  }

 private:
  void answer() {
    vitals::http::response from = respond(asked_, *vital_signs_);
    to_ = {};
    to_.version(asked_.version());
    to_.keep_alive(asked_.keep_alive());
    to_.result(from.status);
    vitals::http::each_header(from, [this](std::string_view name, std::string_view value) {
      to_.set(beast::string_view{name.data(), name.size()}, beast::string_view{value.data(), value.size()});
    });
    if (from.status != 204) {
      to_.content_length(from.body.size());
    }
    if (asked_.method() != http::verb::head) {
      to_.body() = std::move(from.body);
    }
    http::async_write(stream_, to_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (!error && self->to_.keep_alive()) {
        self->read();
      }
    });
  }

  beast::tcp_stream stream_;
  beast::flat_buffer buffer_{16 * 1024};
  http::request<http::empty_body> asked_;
  http::response<http::string_body> to_;
  const vitals::http::responder* vital_signs_;
};

void accept(tcp::acceptor& from, const vitals::http::responder& vital_signs) {
  from.async_accept([&from, &vital_signs](beast::error_code error, tcp::socket socket) {
    if (!error) {
      std::make_shared<session>(std::move(socket), vital_signs)->read();
    }
    accept(from, vital_signs);
  });
}

}  // namespace

int main() {
  vitals::http::responder vital_signs{{.compress = &vitals::http::make_gzip}};
  vital_signs.expose<counts, program>();
  program::mark_ready();
  program::mark_healthy<voice>();

  boost::asio::io_context io{1};
  tcp::acceptor acceptor{io, tcp::endpoint{boost::asio::ip::address_v4::loopback(), 0}};
  accept(acceptor, vital_signs);
  std::printf("http://127.0.0.1:%d\n", acceptor.local_endpoint().port());
  std::fflush(stdout);
  io.run();
}
