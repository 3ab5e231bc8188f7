// Where a server listens.
#ifndef VITALS_HTTP_LISTENING_POINT_HPP
#define VITALS_HTTP_LISTENING_POINT_HPP

#include <utility>  // before asio, which misses it in g++

#include <boost/asio/error.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>

#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <vitals/http/connection.hpp>

namespace vitals::inline v0::http::detail {

/// Where to listen: `unix:` and a path, or an IP address.
struct listening_point {
  static constexpr std::string_view unix_scheme = "unix:";

  asio::generic::stream_protocol::endpoint endpoint{};
  asio::generic::stream_protocol protocol{0, 0};
  std::string path{};  ///< of a Unix domain socket
  bool on_loopback = true;

  static listening_point of(const std::string& address, std::uint16_t port, boost_error& error) {
    if (address.starts_with(unix_scheme)) {
      const std::string path = address.substr(unix_scheme.size());
      if (path.empty() || path.size() >= sizeof(sockaddr_un::sun_path)) {
        error = asio::error::name_too_long;
        return {};
      }
      const asio::local::stream_protocol::endpoint at{path};
      return {.endpoint = at, .protocol = at.protocol(), .path = path};
    }
    const auto ip = asio::ip::make_address(address, error);
    if (error) {
      return {};
    }
    const asio::ip::tcp::endpoint at{ip, port};
    return {.endpoint = at, .protocol = at.protocol(), .path = {}, .on_loopback = ip.is_loopback()};
  }

  /// A socket's file stays when its program was killed: it is removed where nobody listens on it.
  void remove_dead_socket() const {
    struct stat facts {};
    if (::lstat(path.c_str(), &facts) != 0 || !S_ISSOCK(facts.st_mode)) {
      return;
    }
    asio::io_context io{1};
    asio::local::stream_protocol::socket probe{io};
    boost_error error;
    probe.connect(asio::local::stream_protocol::endpoint{path}, error);
    if (error == asio::error::connection_refused) {
      ::unlink(path.c_str());
    }
  }
};

}  // namespace vitals::inline v0::http::detail

#endif
