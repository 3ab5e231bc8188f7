// The server over TLS. Behind VITALS_TLS; needs OpenSSL (-lssl -lcrypto).
#ifndef VITALS_HTTP_TLS_HPP
#define VITALS_HTTP_TLS_HPP

#include <utility>  // before asio, which misses it in g++

#include <boost/asio/io_context.hpp>
#include <boost/system/system_error.hpp>

#include <memory>
#include <new>
#include <system_error>

#include <vitals/http/access.hpp>
#include <vitals/http/connection.hpp>
#include <vitals/http/server.hpp>
#include <vitals/http/session.hpp>
#include <vitals/http/tls_keys.hpp>
#include <vitals/http/tls_stream.hpp>

namespace vitals::inline v0::http {

/// A `server` whose connections are TLS 1.2 or later. `start` throws std::system_error, which says what to do, for
/// files that are missing, or can be written by anybody, or a key that is not the certificate's; as `server::start` it
/// does nothing where it serves already.
///
///   vitals::http::tls_server server{{.certificate = "tls.crt", .key = "tls.key"}, {.address = "0.0.0.0"}};
class tls_server : private server {
 public:
  explicit tls_server(tls_options files, server_options options = {})
      : server(std::move(options)),
        files_(std::move(files)) {
    connect_by([this] { return make_connector(); });
  }
  /// On an io_context, as `server` is.
  explicit tls_server(boost::asio::io_context& on, tls_options files, server_options options = {})
      : server(on, std::move(options)),
        files_(std::move(files)) {
    connect_by([this] { return make_connector(); });
  }
  tls_server(const tls_server&) = delete;
  tls_server& operator=(const tls_server&) = delete;
  ~tls_server() { stop(); }

  using server::expose;
  using server::port;
  using server::routes;
  using server::start;
  using server::stop;
  using server::unexpose;

  /// Reads the files again, for the connections that come from now on. Throws std::system_error where they cannot be
  /// used: then those of before stay. Does nothing before the first start. While `start` and `stop` are not called,
  /// from any thread.
  void reload() {
    if (keys_ != nullptr) {
      keys_->reload();
    }
  }
  /// The same, but reports instead of throwing.
  void reload(std::error_code& error) {
    error.clear();
    try {
      reload();
    } catch (const std::system_error& e) {
      error = e.code();
    }
  }

 private:
  using tls_session = detail::session<detail::tls_stream>;

  detail::connector make_connector() {
    const server_options& o = options();
    const access_rules& rules = o.access;
    if (files_.client_authorities.empty() &&
        (rules.metrics.client_certificate || rules.probes.client_certificate || rules.rest.client_certificate)) {
      throw std::system_error(std::make_error_code(std::errc::invalid_argument),
                              "vitals: a rule of access asks for client certificates, and no authority signs them: set "
                              ".client_authorities to the file of its certificate");
    }
    keys_ = std::make_shared<detail::tls_keys>(files_, o.on_warning);
    return [keys = keys_](std::shared_ptr<const detail::service> of, std::unique_ptr<detail::kept_descriptor> own,
                          detail::tls_stream::socket socket) -> std::shared_ptr<detail::connection> {
      auto on_failure = [access = std::weak_ptr{of->access}] {
        if (const auto told = access.lock()) {
          told->refused(access_refusal::handshake);
        }
      };
      try {
        return std::make_shared<tls_session>(std::move(of), std::move(own), keys->get(), std::move(socket),
                                             std::move(on_failure));
      } catch (const boost::system::system_error&) {  // OpenSSL has no memory for it
        throw std::bad_alloc{};
      }
    };
  }

  tls_options files_;
  std::shared_ptr<detail::tls_keys> keys_;  ///< of the last start
};

}  // namespace vitals::inline v0::http

#endif
