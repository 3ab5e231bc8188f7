// The headers that are lists: which format and which coding they ask for.
#include <vitals/http/negotiate.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "require.hpp"

namespace {

bool same(const vitals::http::negotiated& a, const vitals::http::negotiated& b) {
  return a.format == b.format && a.content_type == b.content_type;
}

/// Whether a part of a list can be told from what stands beside it: not within quotes.
bool is_plain(std::string_view text) {
  return text.find('"') == std::string_view::npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vitals::http;
  const std::string text{reinterpret_cast<const char*>(data), size};
  const negotiated chosen = negotiate(text);
  bool is_known = false;
  for (const detail::offer& o : detail::offers) {
    for (const std::string_view type : o.content_types) {
      is_known = is_known || (o.format == chosen.format && type == chosen.content_type);
    }
  }
  require(is_known);
  require(same(negotiate(text + ","), chosen));
  const bool zipped = accepts_gzip(text);
  require(accepts_gzip(text + " ") == zipped);
  if (is_plain(text)) {  // what is malformed, or not ours, changes nothing
    require(same(negotiate("=;=," + text), chosen));
    require(same(negotiate(text + ", image/png;q=0.7"), chosen));
    require(accepts_gzip(";q," + text) == zipped);
    require(accepts_gzip(text + ", br;q=1") == zipped);
  }
  require(!prefers("*/*, text/html", "application", "health+json", "json"));
  static_cast<void>(prefers(text, "application", "health+json", "json"));
  return 0;
}
