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
      join(head, beast::http::field::accept, accept_);
      join(head, beast::http::field::accept_encoding, accept_encoding_);
      const request asked{.method = view(head.method_string()),
                          .target = view(head.target()),
                          .accept = accept_,
                          .accept_encoding = accept_encoding_};
      routes_->handle(asked, answer_);
      write(head.version(), head.keep_alive() && !has_body, head.method() == beast::http::verb::head);
    } else if (error == beast::http::error::header_limit) {
      refuse(431, "431 Request Header Fields Too Large\n");
    } else if (error.category() == make_error_code(beast::http::error::bad_method).category() &&
               error != beast::http::error::end_of_stream && error != beast::http::error::partial_message) {
      refuse(400, "400 Bad Request\n");
    } else {  // closed by the peer, timed out, or the server stops
      close();
    }
  }

  /// Replaces `all` with the values of all lines of a field (RFC 9110, 5.3).
  static void join(const beast::http::fields& head, beast::http::field name, std::string& all) {
    all.clear();
    const auto [begin, end] = head.equal_range(name);
    for (auto line = begin; line != end; ++line) {
      all.append(all.empty() ? "" : ", ").append(line->value().data(), line->value().size());
    }
  }

  void refuse(unsigned status, const char* why) {
    answer_.clear();
    answer_.status = status;
    answer_.body = why;
    write(11, false, false);
  }

  void write(unsigned version, bool keep_alive, bool head_only) {
    message_.emplace(static_cast<beast::http::status>(answer_.status), version);
    const auto set = [this](beast::http::field name, const std::string& value) {
      if (!value.empty()) {
        message_->set(name, value);
      }
    };
    set(beast::http::field::allow, answer_.allow);
    set(beast::http::field::content_encoding, answer_.content_encoding);
    set(beast::http::field::vary, answer_.vary);
    set(beast::http::field::cache_control, answer_.cache_control);
    message_->keep_alive(keep_alive && !finishing_);
    if (answer_.status != 204) {  // which has no content, and no word of it (RFC 9110, 8.6)
      set(beast::http::field::content_type, answer_.content_type);
      message_->content_length(answer_.body.size());
    }
    message_->body().swap(answer_.body);
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
      message_->body().swap(answer_.body);
      read();
    }
  }

  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  std::optional<beast::http::request_parser<beast::http::empty_body>> parser_;
  std::optional<beast::http::response<beast::http::string_body>> message_;
  std::optional<beast::http::response_serializer<beast::http::string_body>> serializer_;
  const router* routes_;
  // Used again for each request, with memory for the largest so far: the connection gives it back when it closes, which
  // an idle one does after 30 seconds.
  std::string accept_;
  std::string accept_encoding_;
  response answer_;
  bool writing_ = false;
  bool finishing_ = false;
};

}  // namespace vitals::inline v0::http::detail

#endif
