// One connection: reads requests, asks the router, writes responses, for as long as the peer keeps it open.
#ifndef VITALS_HTTP_SESSION_HPP
#define VITALS_HTTP_SESSION_HPP

#include <fmt/format.h>
#include <time.h>

#include <utility>  // before asio, which misses it in g++

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <vitals/http/head.hpp>
#include <vitals/http/host_rules.hpp>
#include <vitals/http/message.hpp>
#include <vitals/http/router.hpp>

namespace vitals::inline v0::http {

/// How long a server waits for a peer, and how large a request's head may be.
struct connection_limits {
  head_limits head{};
  std::chrono::milliseconds idle = std::chrono::seconds{60};    ///< for the next request
  std::chrono::milliseconds header = std::chrono::seconds{10};  ///< from the first byte of a request's head to its last
  std::chrono::milliseconds write = std::chrono::seconds{30};   ///< for the peer to take a response
};

namespace detail {

namespace asio = boost::asio;
using boost_error = boost::system::error_code;

/// What the connections of a server share.
struct service {
  const router* routes = nullptr;
  connection_limits limits{};
  bool on_loopback = true;                   ///< as `is_allowed_host` takes it
  std::vector<std::string> allowed_hosts{};  ///< likewise
};

/// A connection without its stream's type.
class connection {
 public:
  using clock = std::chrono::steady_clock;

  connection() = default;
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
  virtual ~connection() = default;

  virtual void start() = 0;
  /// Closes it: now if no response is under way, else behind it.
  virtual void finish() = 0;
  /// Closes it, whatever is under way.
  virtual void close() = 0;

  /// Whether it waits for a request, the rest of one's head included; and since when it waits, or answers.
  [[nodiscard]] bool is_waiting() const noexcept { return waiting_; }
  [[nodiscard]] clock::time_point since() const noexcept { return since_; }

 protected:
  void now_waiting(bool waits) noexcept {
    waiting_ = waits;
    since_ = clock::now();
  }

 private:
  bool waiting_ = true;
  clock::time_point since_ = clock::now();
};

/// The name of a status (RFC 9110, 15).
[[nodiscard]] constexpr std::string_view name_of_status(unsigned status) noexcept {
  switch (status) {
    case 200:
      return "OK";
    case 204:
      return "No Content";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Unknown";
  }
}

/// Appends a time, in seconds since 1970, as HTTP has it (RFC 9110, 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`. (gmtime_r
/// takes a lock.)
inline void append_date(std::string& out, std::int64_t seconds) {
  constexpr std::string_view days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::string_view months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  constexpr std::int64_t day = 86'400;
  const std::chrono::sys_days today{std::chrono::days{seconds / day}};
  const std::chrono::year_month_day date{today};
  const std::int64_t second = seconds % day;
  fmt::format_to(std::back_inserter(out), "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                 days[std::chrono::weekday{today}.c_encoding()], static_cast<unsigned>(date.day()),
                 months[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()), second / 3600,
                 second / 60 % 60, second % 60);
}

/// Replaces `out` with a response's head.
inline void write_response_head(std::string& out, const response& r, bool keep_alive, unsigned minor) {
  out.clear();
  const auto line = [&out](std::string_view name, std::string_view value) {
    if (!value.empty()) {
      out.append(name).append(": ").append(value).append(line_end);
    }
  };
  fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\nDate: ", r.status, name_of_status(r.status));
  append_date(out, ::time(nullptr));
  out += line_end;
  if (r.status != 204) {  // which has no content, and no word of it (RFC 9110, 8.6)
    line("Content-Type", r.content_type);
    fmt::format_to(std::back_inserter(out), "Content-Length: {}\r\n", r.body.size());
    line("Content-Encoding", r.content_encoding);
  }
  line("Allow", r.allow);
  line("Vary", r.vary);
  line("Cache-Control", r.cache_control);
  line("X-Content-Type-Options", "nosniff");
  if (!keep_alive) {
    line("Connection", "close");
  } else if (minor == 0) {
    line("Connection", "keep-alive");
  }
  out += line_end;
}

/// How long a response may take to write: as configured, or shorter where the scraper says how long it waits.
inline std::chrono::milliseconds write_time(const request_head& head, std::string& text,
                                            std::chrono::milliseconds most) {
  join_fields(head, "X-Prometheus-Scrape-Timeout-Seconds", text);
  double seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || end != text.data() + text.size() || !(seconds > 0) || seconds > 86400) {
    return most;
  }
  return std::min(most, std::chrono::milliseconds{static_cast<std::int64_t>(seconds * 1000) + 1});
}

/// Lives as long as an operation of its connection is under way. All of it runs on one thread at a time. `Stream` is a
/// socket, or has one as its lowest layer.
template <class Stream>
class session : public connection, public std::enable_shared_from_this<session<Stream>> {
 public:
  template <class... Arguments>
  explicit session(const service& of, Arguments&&... arguments)
      : stream_(std::forward<Arguments>(arguments)...),
        timer_(stream_.get_executor()),
        service_(&of),
        in_(of.limits.head.bytes, '\0') {}

  void start() override { wait(); }

  void finish() override {
    finishing_ = true;
    if (is_waiting()) {
      close();
    }
  }

  void close() override {
    boost_error ignored;
    stream_.lowest_layer().close(ignored);
    timer_.cancel(ignored);
  }

 private:
  static constexpr std::chrono::seconds farewell{2};  // in which a peer may read why it was refused
  static constexpr std::size_t most_ignored = std::size_t{256} * 1024;

  /// Waits for a request, of which a part may be here already.
  void wait() {
    now_waiting(true);
    looked_ = 0;
    if (have_ == 0) {
      expect_within(service_->limits.idle);
      read();
    } else {
      began();
      look();
    }
  }

  void began() { expect_within(service_->limits.header); }

  /// What is done next ends within this time, or else by `on_deadline`. The timer stays as it is where it is due no
  /// later: it then looks at what the deadline has become. So a connection that is used often hardly ever sets it.
  void expect_within(std::chrono::milliseconds time) {
    deadline_ = clock::now() + time;
    if (deadline_ < due_) {
      set_timer();
    }
  }
  void set_timer() {
    due_ = deadline_;
    timer_.expires_at(due_);
    timer_.async_wait([weak = this->weak_from_this()](boost_error cancelled) {
      if (const auto self = cancelled ? nullptr : weak.lock()) {
        self->on_timer();
      }
    });
  }
  void on_timer() {
    if (!stream_.lowest_layer().is_open()) {
      return;
    }
    if (clock::now() < deadline_) {
      set_timer();
      return;
    }
    due_ = clock::time_point::max();
    if (is_waiting() && have_ != 0 && !saying_farewell_) {
      late_ = true;
      boost_error ignored;
      stream_.lowest_layer().cancel(ignored);  // `on_read` goes on
    } else {
      close();
    }
  }

  void read() {
    stream_.async_read_some(
        asio::buffer(in_.data() + have_, in_.size() - have_),
        [self = this->shared_from_this()](boost_error error, std::size_t size) { self->on_read(error, size); });
  }

  void on_read(boost_error error, std::size_t size) {
    if (late_ && stream_.lowest_layer().is_open()) {
      refuse(408);
    } else if (error) {  // closed by the peer, idle for too long, or the server stops
      close();
    } else {
      if (have_ == 0) {
        began();
      }
      have_ += size;
      look();
    }
  }

  /// Answers the request that is here, or reads on.
  void look() {
    const std::string_view bytes{in_.data(), have_};
    const std::size_t end = head_size(bytes, looked_);
    if (end == std::string_view::npos) {
      looked_ = have_;
      if (const unsigned status = refusal_of_part(bytes, service_->limits.head); status != 0) {
        refuse(status);
      } else {
        read();
      }
      return;
    }
    const request_head head = read_head(bytes.substr(0, end), service_->limits.head);
    const unsigned refusal = head.refusal != 0                                                  ? head.refusal
                             : head.has_body && (head.method == "GET" || head.method == "HEAD") ? 413
                             : is_allowed_host(host_of(head), service_->on_loopback, service_->allowed_hosts) ? 0
                                                                                                              : 421;
    if (refusal != 0) {
      refuse(refusal);
    } else {
      answer(head, end);
    }
  }

  void answer(const request_head& head, std::size_t size) {
    now_waiting(false);
    const auto time = write_time(head, accept_, service_->limits.write);
    join_fields(head, "Accept", accept_);
    join_fields(head, "Accept-Encoding", accept_encoding_);
    service_->routes->handle(
        {.method = head.method, .target = head.target, .accept = accept_, .accept_encoding = accept_encoding_},
        answer_);
    // A body is never read: what follows it on the connection could not be told from it, so the connection ends.
    keep_alive_ = head.keep_alive && !head.has_body && !finishing_;
    write_response_head(head_, answer_, keep_alive_, head.minor);
    const bool head_only = head.method == "HEAD" || answer_.status == 204;
    std::copy(in_.begin() + static_cast<std::ptrdiff_t>(size), in_.begin() + static_cast<std::ptrdiff_t>(have_),
              in_.begin());
    have_ -= size;
    write(head_only, time);
  }

  void refuse(unsigned status) {
    now_waiting(false);
    answer_.clear();
    answer_.status = status;
    fmt::format_to(std::back_inserter(answer_.body), "{} {}\n", status, name_of_status(status));
    keep_alive_ = false;
    write_response_head(head_, answer_, false, 1);
    write(false, service_->limits.write);
  }

  void write(bool head_only, std::chrono::milliseconds time) {
    expect_within(time);
    const std::array<asio::const_buffer, 2> all{asio::buffer(head_),
                                                head_only ? asio::const_buffer{} : asio::buffer(answer_.body)};
    asio::async_write(stream_, all,
                      [self = this->shared_from_this()](boost_error error, std::size_t) { self->on_written(error); });
  }

  void on_written(boost_error error) {
    if (error || finishing_) {
      close();
    } else if (keep_alive_) {
      wait();
    } else {
      say_farewell();
    }
  }

  /// Ends what it sends, and ignores for a while what still comes: a connection that is closed before all of it was
  /// read may be reset, and the response lost (RFC 9112, 9.6).
  void say_farewell() {
    now_waiting(true);
    saying_farewell_ = true;
    boost_error ignored;
    stream_.lowest_layer().shutdown(asio::socket_base::shutdown_send, ignored);
    expect_within(farewell);
    ignore();
  }
  void ignore() {
    stream_.async_read_some(asio::buffer(in_), [self = this->shared_from_this()](boost_error error, std::size_t size) {
      self->ignored_ += size;
      if (error || self->ignored_ > most_ignored) {
        self->close();
      } else {
        self->ignore();
      }
    });
  }

  Stream stream_;
  asio::steady_timer timer_;
  clock::time_point deadline_{};
  clock::time_point due_ = clock::time_point::max();  ///< when the timer looks at the deadline
  const service* service_;
  std::string in_;          ///< the bytes of heads: as large as one may be
  std::size_t have_ = 0;    ///< how many of them were read
  std::size_t looked_ = 0;  ///< how many of them have no end of a head
  // Used again for each request, with memory for the largest so far: the connection gives it back when it closes.
  std::string accept_;
  std::string accept_encoding_;
  std::string head_;
  response answer_;
  bool keep_alive_ = false;
  bool finishing_ = false;
  bool late_ = false;  ///< the head of a request took too long
  bool saying_farewell_ = false;
  std::size_t ignored_ = 0;
};

}  // namespace detail

}  // namespace vitals::inline v0::http

#endif
