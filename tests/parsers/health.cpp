// Marks a program's health with texts of any bytes: health SEED
//
// Prints each mark in a line that health.py reads (texts in hexadecimal), and then the pages: `page NAME STATUS LENGTH`
// and so many bytes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <random>
#include <string>
#include <string_view>

#include <vitals/expose/json.hpp>
#include <vitals/expose/openmetrics.hpp>
#include <vitals/expose/page.hpp>
#include <vitals/expose/prometheus.hpp>
#include <vitals/expose/protobuf.hpp>
#include <vitals/health/component.hpp>
#include <vitals/health/health.hpp>
#include <vitals/http/health_routes.hpp>
#include <vitals/http/message.hpp>
#include <vitals/http/router.hpp>

namespace {

struct store : vitals::component<"store", vitals::critical> {};
struct cache : vitals::component<"cache", vitals::degrading> {};
struct queue : vitals::component<"queue", vitals::degrading> {};
struct rumour : vitals::component<"rumour", vitals::informational> {};
using app = vitals::health<"hostile", store, cache, queue, rumour>;

std::string hex(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out = "x";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += digits[byte >> 4U];
    out += digits[byte & 0xFU];
  }
  return out;
}

class texts {
 public:
  explicit texts(std::uint64_t seed) : random_(seed) {}

  std::uint64_t below(std::uint64_t most) { return random_() % most; }

  std::string next() {
    constexpr std::string_view odd[] = {"",
                                        "other",
                                        "\"",
                                        "\\",
                                        "\\\"},{",
                                        "a\nb",
                                        "\n[+]store ok\nreadyz check passed\n",
                                        "\r\n\r\nHTTP/1.1 200 OK",
                                        "\x01\x1F\x7F\x1B[0m",
                                        "</script>",
                                        "# EOF",
                                        "1\n# TYPE x counter",
                                        "caf\xE9",
                                        "\xED\xA0\x80",
                                        "\xF8\x88\x80\x80\x80",
                                        "\xC0\xAF",
                                        "\xE2\x80\xA8\xC2\x85\xEF\xBF\xBF",
                                        "\xF4\x8F\xBF\xBF"};
    constexpr std::string_view zeros{"a\0b", 3};
    switch (below(8)) {
      case 0:
        return bytes(below(400));
      case 1:
        return characters(below(120));
      case 2:
        return characters(300 + below(300));  // about as many bytes as a reason may have
      case 3:
        return below(6) == 0 ? bytes(1U << 20U) : bytes(3);
      case 4:
        return below(6) == 0 ? characters(1U << 19U) : std::string{zeros};
      case 5:
        return "reason_" + std::to_string(below(40));
      default:
        return std::string{odd[below(std::size(odd))]};
    }
  }

 private:
  std::string bytes(std::size_t count) {
    std::string out;
    while (out.size() != count) {
      out += static_cast<char>(below(256));
    }
    return out;
  }
  /// Of one to four bytes each.
  std::string characters(std::size_t count) {
    constexpr std::string_view some[] = {"x", "\t", "\xC3\xA9", "\xE2\x98\x83", "\xF0\x9F\x98\x80"};
    std::string out;
    while (count-- != 0) {
      out += some[below(std::size(some))];
    }
    return out;
  }

  std::mt19937_64 random_;
};

template <class C>
void mark(texts& from) {
  const std::string reason = from.next();
  const std::string message = from.next();
  const auto tell = [&](std::string_view what, bool has_message) {
    std::cout << "mark " << C::name << ' ' << what << ' ' << hex(reason);
    std::cout << (has_message ? " " + hex(message) : std::string{}) << '\n';
  };
  switch (from.below(5)) {
    case 0:
      app::mark_healthy<C>();
      return tell("healthy", false);
    case 1:
      app::mark_degraded<C>(reason);
      return tell("degraded", false);
    case 2:
      app::mark_unhealthy<C>(reason);
      return tell("unhealthy", false);
    case 3:
      app::error<C>(reason, message);
      return tell("error", true);
    default:
      app::mark_unhealthy<C>(reason, message);
      return tell("unhealthy", true);
  }
}

void print(std::string_view name, unsigned status, std::string_view body) {
  std::cout << "page " << name << ' ' << status << ' ' << body.size() << '\n' << body << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: health SEED\n";
    return 2;
  }
  texts from{std::strtoull(argv[1], nullptr, 10)};
  const std::string version = from.next();
  const std::string environment = from.next();
  std::cout << "options " << hex(version) << ' ' << hex(environment) << '\n';
  vitals::http::health_routes paths{{.version = version, .environment = environment, .show_errors = true}};
  vitals::http::router routes;
  paths.add_to(routes);
  paths.expose(app::ref());
  app::mark_ready();
  for (auto marks = 1 + from.below(200); marks != 0; --marks) {
    switch (from.below(4)) {
      case 0:
        mark<store>(from);
        break;
      case 1:
        mark<cache>(from);
        break;
      case 2:
        mark<queue>(from);
        break;
      default:
        mark<rumour>(from);
    }
  }
  for (const std::string_view target : {"/health", "/readyz", "/livez", "/startupz", "/status", "/readyz/store",
                                        "/livez/cache", "/readyz?exclude=%ff%00%22&exclude=store&%=%zz"}) {
    const auto answer = routes.handle({.method = "GET", .target = target});
    print("json", answer.status, answer.body);
  }
  const auto draft = routes.handle({.method = "GET", .target = "/health", .accept = "application/health+json"});
  print("draft", draft.status, draft.body);
  const auto lines = routes.handle({.method = "GET", .target = "/readyz?verbose"});
  print("verbose", lines.status, lines.body);
  const auto line = routes.handle({.method = "GET", .target = "/readyz/store?verbose"});
  print("verbose_one", line.status, line.body);
  const vitals::source_ref sources[] = {app::source()};
  const auto scrape = [](std::string_view name, auto page) {
    std::string text;
    page.render(text);
    print(name, 200, text);
  };
  scrape("prometheus", vitals::page{vitals::prometheus_text::format, sources});
  scrape("openmetrics", vitals::page{vitals::openmetrics_text::format, sources});
  scrape("families", vitals::page{vitals::json_text::format, sources});
  scrape("protobuf", vitals::protobuf_page{sources});
  return 0;
}
