// A server's certificates and key, from files that may change while it serves.
#ifndef VITALS_HTTP_TLS_KEYS_HPP
#define VITALS_HTTP_TLS_KEYS_HPP

#include <fmt/format.h>

#include <utility>  // before asio, which misses it in g++

#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/context.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <vitals/http/connection.hpp>
#include <vitals/http/guarded_file.hpp>

namespace vitals::inline v0::http {

/// Files as OpenSSL has them (PEM). They are read at the start and by `tls_server::reload`, and when they change: the
/// connections that come then get the new ones, those that are there go on.
struct tls_options {
  std::string certificate{};         ///< the server's, and behind it those up to the authority's, but for its own
  std::string key{};                 ///< of the certificate; without a passphrase
  std::string client_authorities{};  ///< who signs clients' certificates; needed where a rule of access asks for them
};

namespace detail {

/// The files, and what was last made of them. Thread-safe.
class tls_keys {
 public:
  /// Throws std::system_error, which says what to do, for files that cannot be used.
  tls_keys(tls_options files, warning_sink warn)
      : files_(std::move(files)),
        warn_(std::move(warn)),
        watch_(paths_of(files_)),
        now_(load()) {}

  /// What new connections use. Looks whether the files changed; where they are no good, the old ones stay.
  [[nodiscard]] std::shared_ptr<boost::asio::ssl::context> get() {
    const std::lock_guard lock{mutex_};
    if (watch_.changed()) {
      try {
        now_ = load();
      } catch (const std::system_error& e) {
        if (warn_) {
          warn_(fmt::format("{}; the former certificate stays", e.what()));
        }
      }
    }
    return now_;
  }

  /// Reads the files again. Throws as the constructor does, and then the old ones stay.
  void reload() {
    const std::lock_guard lock{mutex_};
    now_ = load();
  }

 private:
  using context = boost::asio::ssl::context;

  static std::vector<std::string> paths_of(const tls_options& files) {
    std::vector<std::string> paths{files.certificate, files.key};
    if (!files.client_authorities.empty()) {
      paths.push_back(files.client_authorities);
    }
    return paths;
  }

  [[nodiscard]] std::shared_ptr<context> load() const {
    if (files_.certificate.empty() || files_.key.empty()) {
      throw std::system_error(std::make_error_code(std::errc::invalid_argument),
                              "vitals: a tls_server needs the files of a certificate and of its key: set .certificate "
                              "and .key");
    }
    auto fresh = std::make_shared<context>(context::tls_server);
    harden(*fresh);
    const std::string certificate = read_guarded(files_.certificate, file_use::trusted, warn_);
    const std::string key = read_guarded(files_.key, file_use::secret, warn_);
    boost_error error;
    // A key with a passphrase would have OpenSSL ask for it at the terminal.
    fresh->set_password_callback([](std::size_t, context::password_purpose) { return std::string{}; }, error);
    fresh->use_certificate_chain(boost::asio::buffer(certificate), error);
    refuse_if(error, files_.certificate, "has no certificate in PEM form");
    fresh->use_private_key(boost::asio::buffer(key), context::pem, error);
    const bool is_another = ERR_GET_REASON(static_cast<unsigned long>(error.value())) == X509_R_KEY_VALUES_MISMATCH;
    if (is_another || (!error && SSL_CTX_check_private_key(fresh->native_handle()) != 1)) {
      refuse_file(files_.key, EINVAL,
                  fmt::format("is not the key of the certificate in \"{}\": see that both were made together",
                              files_.certificate));
    }
    refuse_if(error, files_.key,
              "has no private key in PEM form, or one with a passphrase: \"openssl pkey\" removes it");
    if (!files_.client_authorities.empty()) {
      ask_for_client(*fresh);
    }
    ERR_clear_error();
    return fresh;
  }

  static void harden(context& all) {
    SSL_CTX* const raw = all.native_handle();
    SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
    // Sessions are not resumed: each connection is judged by the certificates of now.
    SSL_CTX_set_options(
        raw, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_num_tickets(raw, 0);
    SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS);
  }

  /// Clients without a certificate are let in: the rules of access decide what they may ask for.
  void ask_for_client(context& of) const {
    const std::string authorities = read_guarded(files_.client_authorities, file_use::trusted, warn_);
    boost_error error;
    of.add_certificate_authority(boost::asio::buffer(authorities), error);
    refuse_if(error, files_.client_authorities, "has no certificate in PEM form");
    of.set_verify_mode(boost::asio::ssl::verify_peer, error);
  }

  static void refuse_if(boost_error error, const std::string& path, std::string_view why) {
    if (error) {
      ERR_clear_error();
      refuse_file(path, EINVAL, why);
    }
  }

  tls_options files_;
  warning_sink warn_;
  std::mutex mutex_;  ///< guards the two below
  file_watch watch_;
  std::shared_ptr<context> now_;
};

}  // namespace detail

}  // namespace vitals::inline v0::http

#endif
