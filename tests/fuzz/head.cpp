// The reading of a request's head, against what must hold of every one, and against Beast's parser.
#include <vitals/http/head.hpp>
#include <vitals/http/host_rules.hpp>

#include <utility>  // before asio, which misses it in g++

#include <boost/asio/buffer.hpp>
#include <boost/beast/http.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "require.hpp"

namespace {

using vitals::http::request_head;

bool is_within(std::string_view part, std::string_view whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

/// What is good to us is so to Beast, and means the same.
void compare_with_beast(const request_head& head, std::string_view bytes) {
  while (bytes.starts_with("\r\n")) {
    bytes.remove_prefix(2);
  }
  boost::beast::http::request_parser<boost::beast::http::empty_body> parser;
  parser.header_limit(1U << 20U);
  parser.body_limit(~std::uint64_t{0});
  boost::system::error_code error;
  parser.put(boost::asio::buffer(bytes.data(), bytes.size()), error);
  const auto& other = parser.get();
  if (error == boost::beast::http::error::bad_version || head.minor != other.version() % 10) {
    return;  // HTTP/1.2 and higher: taken for 1.1
  }
  require(!error || error == boost::beast::http::error::unexpected_body);
  require(other.method_string() == boost::beast::string_view(head.method.data(), head.method.size()));
  require(other.target() == boost::beast::string_view(head.target.data(), head.target.size()));
  require(head.has_body == (parser.chunked() || parser.content_length().value_or(0) != 0));
  std::string host;
  join_fields(head, "Host", host);
  require(host == head.host);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  const vitals::http::head_limits limits{.bytes = 512, .target = 64, .fields = 8};
  const std::size_t end = vitals::http::head_size(bytes);
  for (std::size_t cut = 0; cut < size; cut += 1 + size / 16) {  // however it arrives
    require(vitals::http::head_size(bytes, cut < end ? cut : 0) == end);
  }
  if (end == std::string_view::npos) {
    static_cast<void>(vitals::http::refusal_of_part(bytes, limits));
    require(vitals::http::read_head(bytes, limits).refusal != 0);
    return 0;
  }
  const std::string_view whole = bytes.substr(0, end);
  const request_head head = vitals::http::read_head(whole, limits);
  std::string all;
  for (const std::string_view part : {head.method, head.target, head.fields, head.host}) {
    require(is_within(part, whole));
  }
  join_fields(head, "Accept", all);
  require(all.size() <= 2 * size);
  static_cast<void>(vitals::http::is_allowed_host(host_of(head), true, {}));
  if (head.refusal == 0) {
    require(whole.size() <= limits.bytes && head.target.size() <= limits.target);
    require(head.has_host || head.minor == 0);
    require(vitals::http::refusal_of_part(whole.substr(0, whole.size() - 1), {}) == 0);
    compare_with_beast(head, whole);
  }
  return 0;
}
