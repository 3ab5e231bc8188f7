// One connection: reads requests, asks the router, writes responses, for as long as the peer keeps it open.
#ifndef VITALS_HTTP_SESSION_HPP
#define VITALS_HTTP_SESSION_HPP

#include <utility>  // before asio, which misses it in g++

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <vitals/http/connection.hpp>
#include <vitals/http/deadline.hpp>
#include <vitals/http/gatekeeper.hpp>
#include <vitals/http/head.hpp>
#include <vitals/http/kept_descriptor.hpp>
#include <vitals/http/message.hpp>
#include <vitals/http/page_choice.hpp>
#include <vitals/http/renderings.hpp>
#include <vitals/http/request_buffer.hpp>
#include <vitals/http/response_head.hpp>
#include <vitals/http/server_metrics.hpp>

namespace vitals::inline v0::http::detail {

/// Lives as long as an operation of its connection is under way; while it is open its timer is. All of it runs on one
/// thread at a time. `Stream` is a socket, or has one as its lowest layer.
template <class Stream>
class session : public connection, public page_reader, public std::enable_shared_from_this<session<Stream>> {
 public:
  /// `own` is the stream's descriptor, or null where nobody else needs to know of it.
  template <class... Arguments>
  explicit session(std::shared_ptr<const service> of, std::unique_ptr<kept_descriptor> own, Arguments&&... arguments)
      : stream_(std::forward<Arguments>(arguments)...),
        own_(std::move(own)),
        deadline_(stream_.get_executor()),
        service_(std::move(of)),
        in_(service_->limits.head) {}

  void start() override {
    now_waiting(true);
    if constexpr (requires { stream_.async_begin([](boost_error) {}); }) {  // TLS
      expect_within(service_->limits.header);
      stream_.async_begin(
          [self = this->shared_from_this()](boost_error error) { error ? self->close() : self->wait(); });
    } else {
      wait();
    }
  }

  void finish() override {
    finishing_ = true;
    if (is_waiting() || (is_waiting_for_page_ && service_->pages->is_stopped())) {
      close();
    }
  }

  void close() override {
    deadline_.end();
    auto& socket = stream_.lowest_layer();
    if (!socket.is_open()) {
      return;
    }
    if (is_waiting_for_page_) {
      is_waiting_for_page_ = false;
      service_->pages->leave(*this);
    }
    counts_.end();
    open_.close();
    if (is_being_checked_) {
      is_being_checked_ = false;
      service_->access->leave(this);
    }
    boost_error ignored;
    if constexpr (requires { socket.release(ignored); }) {
      if (own_ != nullptr) {  // out of the poll set first: a forked child may have it still
        socket.release(ignored);
        own_->close();
      }
    }
    socket.close(ignored);
    if (service_->on_close) {
      service_->on_close();
    }
  }

  void on_page(std::shared_ptr<const rendering> made) override {
    if (!std::exchange(is_waiting_for_page_, false)) {
      return;
    }
    keep_alive_ = keep_alive_ && !finishing_;
    if (made->page.status == 200) {
      page_ = std::move(made);
      write(page_->page);
    } else {
      make_refusal(made->page.status, answer_);
      write(answer_);
    }
  }

 private:
  static constexpr std::chrono::seconds farewell{2};  // in which a peer may read why it was refused
  static constexpr std::size_t most_ignored = std::size_t{256} * 1024;

  /// Waits for a request, of which a part may be here already.
  void wait() {
    if (in_.is_empty()) {
      expect_within(service_->limits.idle);
      read();
    } else {
      began();
      look();
    }
  }

  friend class deadline<session>;
  void on_deadline() {
    if (is_waiting() && !in_.is_empty() && !saying_farewell_) {
      late_ = true;
      boost_error ignored;
      stream_.lowest_layer().cancel(ignored);  // `on_read` goes on
    } else {
      if (!is_waiting()) {
        own::count_refusal(own::refusal::write_timeout);
      }
      close();
    }
  }
  void expect_within(std::chrono::milliseconds time) { deadline_.set(*this, time); }
  void began() { expect_within(service_->limits.header); }

  void read() {
    stream_.async_read_some(
        buffer_of(in_.room()),
        [self = this->shared_from_this()](boost_error error, std::size_t size) { self->on_read(error, size); });
  }

  void on_read(boost_error error, std::size_t size) {
    if (late_ && stream_.lowest_layer().is_open()) {
      refuse(408);
    } else if (error) {  // closed by the peer, idle for too long, or the server stops
      close();
    } else {
      if (in_.is_empty()) {
        began();
      }
      in_.add(size);
      look();
    }
  }

  /// Answers the request that is here, or reads on.
  void look() {
    const request_buffer::found found = in_.find_head();
    if (found.refusal != 0) {
      refuse(found.refusal);
      return;
    }
    if (found.head.empty()) {
      read();
      return;
    }
    const request_head head = read_head(found.head, service_->limits.head);
    if (const unsigned refusal = service_->refusal_of(head); refusal != 0) {
      refuse(refusal);
    } else if (is_admitted(head)) {
      answer(head, found.head.size());
    }
  }

  /// Whether a request may be answered. Else it is refused, or looked at again when its password was checked.
  bool is_admitted(const request_head& head) {
    if (service_->access == nullptr) {
      return true;
    }
    bool certified = false;
    if constexpr (requires { stream_.has_client_certificate(); }) {
      certified = stream_.has_client_certificate();
    }
    join_fields(head, "Authorization", accept_);
    const admission judged = service_->access->judge(path_of(head.target), accept_, certified);
    if (judged.status != 0) {
      refuse(judged.status, judged.challenge);
    } else if (judged.is_unknown) {
      now_waiting(false);
      expect_within(service_->limits.write);
      is_being_checked_ = service_->access->ask(path_of(head.target), accept_, this,
                                                [weak = this->weak_from_this(), on = stream_.get_executor()] {
                                                  asio::post(on, [weak] {
                                                    if (const auto self = weak.lock()) {
                                                      self->on_checked();
                                                    }
                                                  });
                                                });
      if (!is_being_checked_) {
        refuse(503);
      }
    }
    return judged.status == 0 && !judged.is_unknown;
  }
  void on_checked() {
    if (std::exchange(is_being_checked_, false)) {
      look();
    }
  }

  void answer(const request_head& head, std::size_t size) {
    now_waiting(false);
    counts_.begin(since());
    expect_within(write_time(head, accept_, service_->limits.write));
    join_fields(head, "Accept", accept_);
    join_fields(head, "Accept-Encoding", accept_encoding_);
    // A body is never read: what follows it on the connection could not be told from it, so the connection ends.
    keep_alive_ = head.keep_alive && !head.has_body && !finishing_;
    head_only_ = head.method == "HEAD";
    minor_ = head.minor;
    write_origin_lines(origin_lines_, head, service_->allowed_origins);
    const request asked{
        .method = head.method, .target = head.target, .accept = accept_, .accept_encoding = accept_encoding_};
    if (const page_path* const page = service_->page_of(asked); page != nullptr) {
      counts_.routed(page->path);
      counts_.is_scrape();
      page_choice choice = page->choose(asked);
      in_.remove(size);
      wait_for_page(std::move(choice));
    } else if (const auto route = service_->handle(asked, answer_)) {
      counts_.routed(*route);
      in_.remove(size);
      write(answer_);
    } else {
      close();
    }
  }

  void wait_for_page(page_choice choice) {
    is_waiting_for_page_ = true;
    if (!service_->pages->ask(std::move(choice), this->weak_from_this())) {
      is_waiting_for_page_ = false;
      own::count_refusal(own::refusal::busy);
      make_refusal(503, answer_);
      write(answer_);
    }
  }

  static asio::mutable_buffer buffer_of(std::span<char> bytes) { return {bytes.data(), bytes.size()}; }

  void refuse(unsigned status, std::string_view challenge = {}) {
    now_waiting(false);
    own::count_refusal(own::reason_of(status));
    expect_within(service_->limits.write);
    make_refusal(status, answer_);
    answer_.www_authenticate = challenge;
    keep_alive_ = false;
    head_only_ = false;
    minor_ = 1;
    origin_lines_.clear();
    write(answer_);
  }

  void write(const response& out) {
    status_ = out.status;
    write_response_head(head_, out, keep_alive_, minor_, origin_lines_);
    const bool without_body = head_only_ || out.status == 204;
    const std::array<asio::const_buffer, 2> all{asio::buffer(head_),
                                                without_body ? asio::const_buffer{} : asio::buffer(out.body)};
    asio::async_write(stream_, all, [self = this->shared_from_this()](boost_error error, std::size_t size) {
      self->on_written(error, size);
    });
  }

  void on_written(boost_error error, std::size_t size) {
    page_.reset();
    if (error) {
      close();
      return;
    }
    now_waiting(true);
    counts_.answered(status_, size, since());
    if (finishing_) {
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
    saying_farewell_ = true;
    expect_within(farewell);
    if constexpr (requires { stream_.async_end([] {}); }) {  // TLS has an end of its own
      stream_.async_end([self = this->shared_from_this()] { self->shut_down(); });
    } else {
      shut_down();
    }
  }
  void shut_down() {
    boost_error ignored;
    stream_.lowest_layer().shutdown(asio::socket_base::shutdown_send, ignored);
    ignore();
  }
  void ignore() {
    stream_.async_read_some(buffer_of(in_.all()),
                            [self = this->shared_from_this()](boost_error error, std::size_t size) {
                              self->ignored_ += size;
                              if (error || self->ignored_ > most_ignored) {
                                self->close();
                              } else {
                                self->ignore();
                              }
                            });
  }

  Stream stream_;
  std::unique_ptr<kept_descriptor> own_;
  deadline<session> deadline_;
  std::shared_ptr<const service> service_;
  request_buffer in_;
  // Used again for each request, with memory for the largest so far: the connection gives it back when it closes.
  std::string accept_;
  std::string accept_encoding_;
  std::string origin_lines_;
  std::string head_;
  response answer_;
  std::shared_ptr<const rendering> page_;  ///< that is written, if it is no answer of this connection's own
  own::open_connection open_;
  own::request_count counts_;
  unsigned status_ = 0;  ///< that is written
  unsigned minor_ = 1;
  bool head_only_ = false;
  bool is_waiting_for_page_ = false;
  bool is_being_checked_ = false;
  bool keep_alive_ = false;
  bool finishing_ = false;
  bool late_ = false;  ///< the head of a request took too long
  bool saying_farewell_ = false;
  std::size_t ignored_ = 0;
};

}  // namespace vitals::inline v0::http::detail

#endif
