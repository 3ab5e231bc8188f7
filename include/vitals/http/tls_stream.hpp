// A connection over TLS, by OpenSSL.
#ifndef VITALS_HTTP_TLS_STREAM_HPP
#define VITALS_HTTP_TLS_STREAM_HPP

#include <utility>  // before asio, which misses it in g++

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <openssl/ssl.h>

#include <functional>
#include <memory>

#include <vitals/http/connection.hpp>

namespace vitals::inline v0::http::detail {

/// What a session reads and writes, with a beginning and an end of its own.
class tls_stream {
 public:
  using socket = asio::generic::stream_protocol::socket;
  using executor_type = socket::executor_type;
  using lowest_layer_type = socket::lowest_layer_type;

  /// `on_failure` is called where the two ends cannot agree, or the client's certificate is no good; but not where the
  /// client just goes away. It must not throw.
  tls_stream(std::shared_ptr<asio::ssl::context> by, socket over, std::function<void()> on_failure)
      : by_(std::move(by)),
        stream_(std::move(over), *by_),
        on_failure_(std::move(on_failure)) {}

  [[nodiscard]] executor_type get_executor() noexcept { return stream_.get_executor(); }
  [[nodiscard]] lowest_layer_type& lowest_layer() noexcept { return stream_.lowest_layer(); }

  /// Whether the client has a certificate that was verified. To be asked after `async_begin`.
  [[nodiscard]] bool has_client_certificate() const noexcept { return has_client_certificate_; }

  /// The handshake.
  template <class Then>
  void async_begin(Then then) {
    stream_.async_handshake(asio::ssl::stream_base::server, [this, then = std::move(then)](boost_error error) mutable {
      if (!error) {
        look_at_client();
      } else if (error.category() == asio::error::get_ssl_category() && on_failure_) {
        on_failure_();
      }
      then(error);
    });
  }

  /// Says that nothing more comes, and waits for the client to say so. What then comes is read as it is.
  template <class Then>
  void async_end(Then then) {
    stream_.async_shutdown([this, then = std::move(then)](boost_error) mutable {
      is_over_ = true;
      then();
    });
  }

  template <class Buffers, class Handler>
  void async_read_some(const Buffers& into, Handler&& then) {
    if (is_over_) {
      stream_.next_layer().async_read_some(into, std::forward<Handler>(then));
    } else {
      stream_.async_read_some(into, std::forward<Handler>(then));
    }
  }
  template <class Buffers, class Handler>
  void async_write_some(const Buffers& from, Handler&& then) {
    stream_.async_write_some(from, std::forward<Handler>(then));
  }

 private:
  void look_at_client() {
    SSL* const ssl = stream_.native_handle();
    X509* const its = SSL_get_peer_certificate(ssl);
    has_client_certificate_ = its != nullptr && SSL_get_verify_result(ssl) == X509_V_OK;
    X509_free(its);
  }

  std::shared_ptr<asio::ssl::context> by_;
  asio::ssl::stream<socket> stream_;
  std::function<void()> on_failure_;
  bool has_client_certificate_ = false;
  bool is_over_ = false;
};

}  // namespace vitals::inline v0::http::detail

#endif
