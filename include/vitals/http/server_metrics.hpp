// What servers count of themselves, by the toolkit's own means: one registry for all servers of a process.
#ifndef VITALS_HTTP_SERVER_METRICS_HPP
#define VITALS_HTTP_SERVER_METRICS_HPP

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <vitals/metric/buckets.hpp>
#include <vitals/metric/counter.hpp>
#include <vitals/metric/gauge.hpp>
#include <vitals/metric/histogram.hpp>
#include <vitals/metric/label.hpp>
#include <vitals/metric/slots.hpp>
#include <vitals/metric/up_down.hpp>
#include <vitals/registry/registry.hpp>

namespace vitals::inline v0::http::own {

/// A route is known by its path; all that has none is `other`. (A route has its series once it was asked for. The sizes
/// are odd, so that no program's labels share these texts.)
using route = slots<"route", 61>;
using code = slots<"code", 29>;

/// What a request is for: a page of metrics, or anything else.
enum class purpose { scrape, other };

enum class coding { identity, gzip };

/// Why a request was not served.
enum class refusal {
  malformed,             ///< 400
  unauthorized,          ///< 401
  forbidden,             ///< 403
  header_timeout,        ///< 408: its head did not come in time
  body,                  ///< 413: it has one
  long_target,           ///< 414
  expectation,           ///< 417
  host,                  ///< 421: it came to another's name
  large_head,            ///< 431
  not_implemented,       ///< 501: its method, or its coding
  busy,                  ///< 503: too many different pages were to be made
  version,               ///< 505: it is neither HTTP/1.0 nor 1.1
  write_timeout,         ///< the peer did not take the response in time
  too_many_connections,  ///< one was closed so that there was room for another
  other,
};

struct requests : counter<"vitals_http_requests_total", "Requests answered, by route and status code.", route, code> {};
struct response_bytes : counter<"vitals_http_response_bytes_total", "Bytes of responses, heads included."> {};
struct duration : histogram<"vitals_http_request_duration_seconds",
                            "From a request's last byte to its response's, by what it was for.",
                            buckets::of<0.0001, 0.0005, 0.001, 0.005, 0.01, 0.1, 1, 10>, label<"purpose", purpose>> {};
struct in_flight : up_down<"vitals_http_requests_in_flight", "Requests that are being answered."> {};
struct connections : up_down<"vitals_http_connections", "Connections that are open."> {};
struct refusals
    : counter<"vitals_http_refusals_total", "Requests and connections refused, by reason.", label<"reason", refusal>> {
};
struct scrape_size
    : gauge<"vitals_http_scrape_size_bytes", "The last page of metrics, as it was sent.", label<"coding", coding>> {};

using registry = v0::registry<requests, response_bytes, duration, in_flight, connections, refusals, scrape_size>;

/// Why a request is refused with a status.
[[nodiscard]] constexpr refusal reason_of(unsigned status) noexcept {
  switch (status) {
    case 400:
      return refusal::malformed;
    case 401:
      return refusal::unauthorized;
    case 403:
      return refusal::forbidden;
    case 408:
      return refusal::header_timeout;
    case 413:
      return refusal::body;
    case 414:
      return refusal::long_target;
    case 417:
      return refusal::expectation;
    case 421:
      return refusal::host;
    case 431:
      return refusal::large_head;
    case 501:
      return refusal::not_implemented;
    case 503:
      return refusal::busy;
    case 505:
      return refusal::version;
    default:
      return refusal::other;
  }
}

inline void count_refusal(refusal why) noexcept {
  registry::get<refusals>(why).inc();
}

/// A connection that is open, for as long as this lives.
class open_connection {
 public:
  open_connection() noexcept { registry::get<connections>().inc(); }
  open_connection(const open_connection&) = delete;
  open_connection& operator=(const open_connection&) = delete;
  ~open_connection() { close(); }
  void close() noexcept {
    if (open_) {
      open_ = false;
      registry::get<connections>().dec();
    }
  }

 private:
  bool open_ = true;
};

/// A connection's requests, one after the other.
class request_count {
 public:
  using clock = std::chrono::steady_clock;

  request_count() = default;
  request_count(const request_count&) = delete;
  request_count& operator=(const request_count&) = delete;
  ~request_count() { end(); }

  /// A request is here.
  void begin(clock::time_point at) noexcept {
    end();
    is_under_way_ = true;
    purpose_ = purpose::other;
    began_ = at;
    registry::get<in_flight>().inc();
  }
  /// It has a route, by its name; empty where none is known.
  void routed(std::string_view name) noexcept { route_ = route::intern(name.empty() ? "other" : name); }
  void is_scrape() noexcept { purpose_ = purpose::scrape; }
  [[nodiscard]] bool is_under_way() const noexcept { return is_under_way_; }

  /// It was answered.
  void answered(unsigned status, std::size_t bytes, clock::time_point at) noexcept {
    if (is_under_way_) {
      const char digits[] = {static_cast<char>('0' + status / 100 % 10), static_cast<char>('0' + status / 10 % 10),
                             static_cast<char>('0' + status % 10)};
      registry::get<requests>(route_, code::intern({digits, 3})).inc();
      registry::get<duration>(purpose_).observe(at - began_);
      end();
    }
    registry::get<response_bytes>().inc(bytes);
  }
  /// It was not, or not in full.
  void end() noexcept {
    if (is_under_way_) {
      is_under_way_ = false;
      registry::get<in_flight>().dec();
    }
  }

 private:
  bool is_under_way_ = false;
  purpose purpose_ = purpose::other;
  route::value route_ = route::other;
  clock::time_point began_{};
};

/// For a forked child, which has none of its parent's connections. `generation` tells it from others of its line: the
/// first call for each has an effect.
inline void forget_parents(std::uint64_t generation) noexcept {
  static constinit std::atomic<std::uint64_t> known{
      0};  // who changes it does the rest; relaxed: nothing else hangs on it
  if (known.exchange(generation, std::memory_order_relaxed) != generation) {
    registry::get<in_flight>().add(-registry::get<in_flight>().value());
    registry::get<connections>().add(-registry::get<connections>().value());
  }
}

}  // namespace vitals::inline v0::http::own

#endif
