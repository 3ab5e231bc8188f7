// A request's target: its path, and its query's names and values.
#include <vitals/http/query.hpp>
#include <vitals/http/router.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "require.hpp"

namespace {

/// Every byte as %XX.
std::string encoded(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out.append("%").append(1, digits[byte / 16]).append(1, digits[byte % 16]);
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vitals::http;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  require(percent_decoded(encoded(text)) == text);
  require(percent_decoded(text).size() <= size);

  const std::vector<std::string> values = query_values(text, "name[]");
  std::size_t decoded = 0;
  std::string target = "/?";
  for (const std::string& value : values) {
    decoded += value.size();
    target += "name%5B%5D=" + encoded(value) + "&";
  }
  require(decoded <= size);
  require(query_values(target, "name[]") == values);
  require(query_values("/?name[]=" + encoded(text), "name[]") == std::vector<std::string>{std::string{text}});

  const std::string_view path = path_of(text);
  require(path.find_first_of("?#") == std::string_view::npos);
  require(path.size() <= size || path == "/");
  return 0;
}
