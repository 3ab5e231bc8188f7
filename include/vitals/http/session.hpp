// One connection: reads requests, asks the router, writes responses, for as long as the peer keeps it open.
#ifndef VITALS_HTTP_SESSION_HPP
#define VITALS_HTTP_SESSION_HPP

#include <utility>  // before asio, which misses it in g++

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <vitals/http/message.hpp>
#include <vitals/http/router.hpp>

namespace vitals::inline v0::http::detail {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost_error = boost::system::error_code;

/// Lives as long as an operation of its connection is under way. All of it runs on the server's one thread.
class session : public std::enable_shared_from_this<session> {
 public:
  session(asio::ip::tcp::socket socket, const router& routes) : stream_(std::move(socket)), routes_(&routes) {}

  void start() {
    boost_error ignored;
    stream_.socket().set_option(asio::ip::tcp::no_delay(true), ignored);
    read();
  }

  /// Closes the connection: now if no response is under way, else behind it.
  void finish() {
    finishing_ = true;
    if (!writing_) {
      close();
    }
  }

  /// Closes the connection, whatever is under way.
  void close() { stream_.close(); }

 private:
  static constexpr std::chrono::seconds patience{30};  // for a request, and for the peer to take a response
  static constexpr std::uint32_t header_limit = 8192;

  void read() {
    parser_.emplace();
    parser_->header_limit(header_limit);
    stream_.expires_after(patience);
    beast::http::async_read_header(
        stream_, buffer_, *parser_,
        [self = shared_from_this()](boost_error error, std::size_t) { self->on_read(error); });
  }

  void on_read(boost_error error) {
    if (!error) {
      const auto& head = parser_->get();
      // A body is never read: what follows it on the connection could not be told from it, so the connection ends.
      const bool has_body = head.has_content_length() ? head["Content-Length"] != "0" : head.chunked();
      const auto view = [](const auto& text) { return std::string_view{text.data(), text.size()}; };
      const std::string accept = joined(head, beast::http::field::accept);
      const std::string accept_encoding = joined(head, beast::http::field::accept_encoding);
      const request asked{.method = view(head.method_string()),
                          .target = view(head.target()),
                          .accept = accept,
                          .accept_encoding = accept_encoding};
      write(routes_->handle(asked), head.version(), head.keep_alive() && !has_body,
            head.method() == beast::http::verb::head);
    } else if (error == beast::http::error::header_limit) {
      write({.status = 431, .body = "431 Request Header Fields Too Large\n"}, 11, false, false);
    } else if (error.category() == make_error_code(beast::http::error::bad_method).category() &&
               error != beast::http::error::end_of_stream && error != beast::http::error::partial_message) {
      write({.status = 400, .body = "400 Bad Request\n"}, 11, false, false);
    } else {  // closed by the peer, timed out, or the server stops
      close();
    }
  }

  /// The values of all lines of a field (RFC 9110, 5.3).
  static std::string joined(const beast::http::fields& head, beast::http::field name) {
    std::string all;
    const auto [begin, end] = head.equal_range(name);
    for (auto line = begin; line != end; ++line) {
      all.append(all.empty() ? "" : ", ").append(line->value().data(), line->value().size());
    }
    return all;
  }

  void write(response r, unsigned version, bool keep_alive, bool head_only) {
    message_.emplace(static_cast<beast::http::status>(r.status), version);
    const auto set = [this](beast::http::field name, const std::string& value) {
      if (!value.empty()) {
        message_->set(name, value);
      }
    };
    set(beast::http::field::allow, r.allow);
    set(beast::http::field::content_encoding, r.content_encoding);
    set(beast::http::field::vary, r.vary);
    set(beast::http::field::cache_control, r.cache_control);
    message_->keep_alive(keep_alive && !finishing_);
    if (r.status != 204) {  // which has no content, and no word of it (RFC 9110, 8.6)
      set(beast::http::field::content_type, r.content_type);
      message_->content_length(r.body.size());
    }
    message_->body() = std::move(r.body);
    serializer_.emplace(*message_);
    serializer_->split(head_only);
    writing_ = true;
    stream_.expires_after(patience);
    auto done = [self = shared_from_this()](boost_error error, std::size_t) { self->on_written(error); };
    if (head_only) {
      beast::http::async_write_header(stream_, *serializer_, std::move(done));
    } else {
      beast::http::async_write(stream_, *serializer_, std::move(done));
    }
  }

  void on_written(boost_error error) {
    writing_ = false;
    if (error || !message_->keep_alive() || finishing_) {
      boost_error ignored;
      stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
      close();
    } else {
      read();
    }
  }

  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  std::optional<beast::http::request_parser<beast::http::empty_body>> parser_;
  std::optional<beast::http::response<beast::http::string_body>> message_;
  std::optional<beast::http::response_serializer<beast::http::string_body>> serializer_;
  const router* routes_;
  bool writing_ = false;
  bool finishing_ = false;
};

}  // namespace vitals::inline v0::http::detail

#endif
