// The least that Beast can serve: one answer, whatever is asked.
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <memory>
#include <string>
#include <thread>

namespace beast = boost::beast;
using boost::asio::ip::tcp;

class session : public std::enable_shared_from_this<session> {
 public:
  explicit session(tcp::socket socket) : stream_(std::move(socket)) {}

  void read() {
    asked_ = {};
    beast::http::async_read(stream_, buffer_, asked_,
                            [self = shared_from_this()](beast::error_code error, std::size_t) {
                              if (!error) {
                                self->answer();
                              }
                            });
  }

 private:
  void answer() {
    to_ = {beast::http::status::ok, asked_.version()};
    to_.set(beast::http::field::content_type, "text/plain");
    to_.body() = "jobs_total 0\n";
    to_.keep_alive(asked_.keep_alive());
    to_.prepare_payload();
    beast::http::async_write(stream_, to_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (!error) {
        self->read();
      }
    });
  }

  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  beast::http::request<beast::http::empty_body> asked_;
  beast::http::response<beast::http::string_body> to_;
};

void accept(tcp::acceptor& from) {
  from.async_accept([&from](beast::error_code error, tcp::socket socket) {
    if (!error) {
      std::make_shared<session>(std::move(socket))->read();
      accept(from);
    }
  });
}

void serve(bool (*go_on)()) {
  boost::asio::io_context io{1};
  tcp::acceptor acceptor{io, tcp::endpoint{boost::asio::ip::address_v4::loopback(), 9464}};
  accept(acceptor);
  std::thread thread{[&io] { io.run(); }};
  while (go_on()) {
  }
  io.stop();
  thread.join();
}
