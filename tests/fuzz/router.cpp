// The router with all that a server has behind it: any request's fields in, a sound response out.
#include <vitals/http/responder.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <vitals/core/name.hpp>
#include <vitals/health/health.hpp>
#include <vitals/http/gzip.hpp>
#include <vitals/metric/buckets.hpp>
#include <vitals/metric/counter.hpp>
#include <vitals/metric/histogram.hpp>
#include <vitals/registry/registry.hpp>

#include "require.hpp"

namespace {

struct hits : vitals::counter<"fuzz_hits_total", "Hits.", vitals::label<"cached", bool>> {};
struct sizes : vitals::histogram<"fuzz_sizes_bytes", "Sizes.", vitals::buckets::of<10, 100>> {};
struct store : vitals::component<"store", vitals::critical> {};
struct cache : vitals::component<"cache", vitals::degrading> {};
using counts = vitals::registry<hits, sizes>;
using program = vitals::health<"fuzz", store, cache>;

const vitals::http::responder& all() {
  static vitals::http::responder the_one{{.compress = &vitals::http::make_gzip}};
  static const bool ready = [] {
    the_one.expose<counts, program>();
    program::mark_ready();
    program::mark_healthy<store>();
    return true;
  }();
  static_cast<void>(ready);
  return the_one;
}

bool is_status(unsigned status) {
  return status == 200 || status == 204 || status == 404 || status == 405 || status == 503;
}

/// A header's value, which ends where the line does.
bool is_line(std::string_view text) {
  return text.find_first_of("\r\n") == std::string_view::npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest{reinterpret_cast<const char*>(data), size};
  std::array<std::string_view, 4> fields;  // method, target, Accept, Accept-Encoding: a line each
  for (std::string_view& field : fields) {
    field = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(rest.size() == field.size() ? field.size() : field.size() + 1);
  }
  const vitals::http::request asked{
      .method = fields[0], .target = fields[1], .accept = fields[2], .accept_encoding = fields[3]};
  vitals::http::response out = all().handle({.method = "GET", .target = "/metrics?name[]=fuzz_hits_total"});
  all().handle(asked, out);  // nothing is left of the answer before

  require(is_status(out.status));
  require((out.status == 405) == !out.allow.empty() || out.status == 204);
  vitals::http::each_header(out, [](std::string_view name, std::string_view value) {
    require(is_line(name) && is_line(value) && !value.empty());
  });
  const bool is_binary = !out.content_encoding.empty() || out.content_type.find("protobuf") != std::string::npos;
  require(is_binary || vitals::is_utf8(out.body));
  require(out.content_encoding.empty() || out.body.starts_with("\x1F\x8B"));
  require(out.status == 204 || !out.body.empty() || out.content_type.find("protobuf") != std::string::npos ||
          asked.target.find('?') != std::string_view::npos);

  const vitals::http::response again = all().handle(asked);
  require(again.status == out.status && again.content_type == out.content_type && again.vary == out.vary &&
          again.content_encoding == out.content_encoding);
  return 0;
}
