// A blocking HTTP/1.1 client for small errands: one request, one connection, one deadline for all of it.
#ifndef VITALS_HTTP_CLIENT_HPP
#define VITALS_HTTP_CLIENT_HPP

#include <fmt/format.h>

#include <utility>  // before asio, which misses it in g++

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <vitals/health/quiet_thread.hpp>
#include <vitals/version.hpp>

namespace vitals::inline v0::http {

/// A request to a server.
struct client_request {
  std::string method = "GET";
  std::string host{};  ///< a name or an IP address
  std::uint16_t port = 80;
  std::string target = "/";                                      ///< path and query, percent-encoded
  std::string content_type{};                                    ///< the body's, where not empty
  std::string_view body{};                                       ///< must live until `fetch` returns
  std::chrono::milliseconds timeout = std::chrono::seconds{10};  ///< for all: name, connection, request and answer
  std::size_t body_limit = 64 * 1024;                            ///< bytes of the answer's body to keep
};

/// What the server answered.
struct client_response {
  unsigned status = 0;
  std::string content_type{};
  std::string body{};  ///< as much of it as `body_limit` allows; the rest is not read
};

namespace detail {

/// A host as it stands in front of a port.
inline std::string bracketed(const std::string& host) {
  return host.find(':') == std::string::npos ? host : fmt::format("[{}]", host);
}

/// What a request is about, for messages.
inline std::string description(const client_request& asked) {
  return fmt::format("{} http://{}:{}{}", asked.method, bracketed(asked.host), asked.port, asked.target);
}

using steady_deadline = std::chrono::steady_clock::time_point;

/// What `work` returns or throws, or nothing where the deadline passes before. It runs on a thread of its own, which is
/// then left alone with it: the system's name lookup cannot be called off. What `work` refers to must be its own.
template <class Work>
auto outcome_by(steady_deadline deadline, Work work) -> std::optional<decltype(work())> {
  struct outcome {
    std::mutex mutex{};
    std::condition_variable changed{};
    bool there = false;
    std::optional<decltype(work())> value{};
    std::exception_ptr error{};
  };
  const auto shared = std::make_shared<outcome>();
  vitals::detail::quiet_thread([shared, work = std::move(work)]() mutable {
    std::optional<decltype(work())> value;
    std::exception_ptr error;
    try {
      value.emplace(work());
    } catch (...) {
      error = std::current_exception();
    }
    const std::lock_guard lock{shared->mutex};
    shared->value = std::move(value);
    shared->error = std::move(error);  // the only reference: this thread has nothing left to release
    shared->there = true;
    shared->changed.notify_one();
  }).detach();
  std::unique_lock lock{shared->mutex};
  if (!shared->changed.wait_until(lock, deadline, [&] { return shared->there; })) {
    return std::nullopt;
  }
  if (shared->error) {
    std::rethrow_exception(std::move(shared->error));
  }
  return std::move(shared->value);
}

/// Where a name leads.
struct host_addresses {
  boost::system::error_code error{};
  std::vector<boost::asio::ip::tcp::endpoint> endpoints{};
};

/// Where an IP address leads; nothing where the host is a name.
inline std::optional<host_addresses> address_of(const std::string& host, std::uint16_t port) {
  host_addresses found;
  const auto address = boost::asio::ip::make_address(host, found.error);
  if (found.error) {
    return std::nullopt;
  }
  found.endpoints.emplace_back(address, port);
  return found;
}

/// The system's name lookup: it may take as long as it likes.
inline host_addresses look_up(const std::string& host, std::uint16_t port) {
  host_addresses found;
  boost::asio::io_context io;
  for (const auto& entry : boost::asio::ip::tcp::resolver{io}.resolve(host, std::to_string(port), found.error)) {
    found.endpoints.push_back(entry.endpoint());
  }
  return found;
}

/// One request and its answer.
class exchange {
 public:
  explicit exchange(const client_request& asked)
      : asked_(&asked),
        deadline_(std::chrono::steady_clock::now() + std::clamp<std::chrono::milliseconds>(asked.timeout,
                                                                                           std::chrono::seconds{0},
                                                                                           std::chrono::hours{24})) {
    check("method", asked.method);
    check("host", asked.host);
    check("target", asked.target);
    check("content type", asked.content_type, true);
  }

  client_response run() {
    auto to = address_of(asked_->host, asked_->port);
    if (!to) {
      to = outcome_by(deadline_, [host = asked_->host, port = asked_->port] { return look_up(host, port); });
    }
    connect(to);
    return talk();
  }

  [[nodiscard]] steady_deadline deadline() const noexcept { return deadline_; }

  /// Connects where a lookup has led to; nothing: it has not come to an end. Of several addresses each has its share of
  /// the time that is left, so that one that is silent does not hide one that answers.
  void connect(const std::optional<host_addresses>& to) {
    if (!to || to->error) {
      fail("looking up the host", to ? std::error_code{to->error} : std::make_error_code(std::errc::timed_out));
    }
    error_type error = boost::asio::error::host_not_found;  // a lookup that led nowhere
    for (auto left = static_cast<std::ptrdiff_t>(to->endpoints.size()); const auto& endpoint : to->endpoints) {
      const auto now = std::chrono::steady_clock::now();
      stream_.close();
      error = finished([&](auto handler) { stream_.async_connect(endpoint, std::move(handler)); },
                       now + (deadline_ - now) / left--);
      if (!error) {
        return;
      }
    }
    fail("connecting", error);
  }

  /// Sends the request and reads its answer.
  client_response talk() {
    const error_type unsent = write();
    client_response answer;
    const error_type unread = read(answer);  // even so: a server may refuse a request before it has all of it
    if (unread) {
      fail(unsent ? "sending the request" : "reading the answer", unsent ? unsent : unread);
    }
    return answer;
  }

 private:
  using tcp = boost::asio::ip::tcp;
  using error_type = boost::system::error_code;
  using parser_type = boost::beast::http::response_parser<boost::beast::http::buffer_body>;

  /// What goes into the head may not end its line.
  static void check(std::string_view what, std::string_view text, bool blanks = false) {
    const bool good = std::all_of(text.begin(), text.end(),
                                  [blanks](unsigned char c) { return (c > ' ' && c != 0x7F) || (c == ' ' && blanks); });
    if (!good || (text.empty() && !blanks)) {
      throw std::invalid_argument(
          fmt::format("vitals::http::fetch: the {} is empty, or has blanks or control characters", what));
    }
  }

  [[noreturn]] void fail(std::string_view step, std::error_code error) const {
    if (error == error_type{boost::beast::error::timeout}) {
      error = std::make_error_code(std::errc::timed_out);
    }
    throw std::system_error(error, fmt::format("vitals: {}: {}", description(*asked_), step));
  }

  [[nodiscard]] error_type write() {
    namespace http = boost::beast::http;
    http::request<http::span_body<const char>> head;
    head.method_string(asked_->method);
    head.target(asked_->target);
    head.version(11);
    head.set(http::field::host, fmt::format("{}:{}", bracketed(asked_->host), asked_->port));
    head.set(http::field::user_agent, fmt::format("vitals/{}.{}.{}", version.major, version.minor, version.patch));
    if (!asked_->content_type.empty()) {
      head.set(http::field::content_type, asked_->content_type);
    }
    head.keep_alive(false);
    head.body() = {asked_->body.data(), asked_->body.size()};
    head.content_length(asked_->body.size());
    return finished([&](auto handler) { http::async_write(stream_, head, std::move(handler)); });
  }

  [[nodiscard]] error_type read(client_response& answer) {
    namespace http = boost::beast::http;
    std::optional<parser_type> parser;
    do {  // past interim answers such as 100 Continue
      parser.emplace();
      parser->body_limit(std::numeric_limits<std::uint64_t>::max());  // it is not kept in the parser
      parser->skip(asked_->method == "HEAD");
      if (const error_type error =
              finished([&](auto handler) { http::async_read_header(stream_, buffer_, *parser, std::move(handler)); })) {
        return error;
      }
      answer.status = parser->get().result_int();
    } while (answer.status / 100 == 1 && answer.status != 101);
    const auto content_type = parser->get()[http::field::content_type];
    answer.content_type.assign(content_type.data(), content_type.size());
    std::array<char, 4096> part;
    while (!parser->is_done() && answer.body.size() < asked_->body_limit) {
      auto& body = parser->get().body();
      body.data = part.data();
      body.size = std::min(part.size(), asked_->body_limit - answer.body.size());
      body.more = true;
      const std::size_t room = body.size;
      const error_type error =
          finished([&](auto handler) { http::async_read(stream_, buffer_, *parser, std::move(handler)); });
      if (error && error != http::error::need_buffer) {
        return error;
      }
      answer.body.append(part.data(), room - body.size);
    }
    return {};
  }

  /// Runs one operation to its end or to the deadline.
  template <class Start>
  [[nodiscard]] error_type finished(Start start) {
    return finished(std::move(start), deadline_);
  }
  template <class Start>
  [[nodiscard]] error_type finished(Start start, steady_deadline deadline) {
    error_type error = boost::beast::error::timeout;
    if (std::chrono::steady_clock::now() >= deadline) {
      return error;
    }
    stream_.expires_at(deadline);
    start([&error](error_type result, const auto&...) { error = result; });
    io_.restart();
    io_.run();
    return error;
  }

  const client_request* asked_;
  steady_deadline deadline_;
  boost::asio::io_context io_{1};
  boost::beast::tcp_stream stream_{io_};
  boost::beast::flat_buffer buffer_{16 * 1024};  // a head, or a line of a chunked body, has to fit
};

}  // namespace detail

/// Asks a server and waits for its answer, whatever its status; a redirection is not followed. Throws
/// std::system_error that names the step where one fails (std::errc::timed_out where the deadline passes),
/// std::invalid_argument for a request that cannot be sent, std::bad_alloc. Any thread.
[[nodiscard]] inline client_response fetch(const client_request& asked) {
  return detail::exchange{asked}.run();
}

}  // namespace vitals::inline v0::http

#endif
