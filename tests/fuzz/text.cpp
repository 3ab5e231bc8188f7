// What else of a request is text: its query, and the headers that are lists.
#include <vitals/http/negotiate.hpp>
#include <vitals/http/query.hpp>
#include <vitals/http/router.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vitals::http;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  std::size_t decoded = 0;
  for (const std::string& value : query_values(text, "name[]")) {
    decoded += value.size();
  }
  require(decoded <= size);
  require(percent_decoded(text).size() <= size);
  require(path_of(text).size() <= size || path_of(text) == "/");
  const negotiated chosen = negotiate(text);
  require(!chosen.content_type.empty());
  require(negotiate(std::string{text} + ",").content_type == chosen.content_type);
  static_cast<void>(prefers(text, "application", "health+json", "json"));
  require(accepts_gzip(text) == accepts_gzip(std::string{text} + " "));
  return 0;
}
