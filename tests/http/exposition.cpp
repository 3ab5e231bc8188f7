#include <vitals/http/exposition.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <allocations.hpp>
#include <boost/beast/zlib/inflate_stream.hpp>

#include <vitals/expose/callbacks.hpp>
#include <vitals/http/gzip.hpp>
#include <vitals/metric/buckets.hpp>
#include <vitals/metric/counter.hpp>
#include <vitals/metric/gauge.hpp>
#include <vitals/metric/histogram.hpp>
#include <vitals/registry/registry.hpp>

namespace exposition_tests {

using vitals::http::exposition;
using vitals::http::request;
using vitals::http::response;

struct hits : vitals::counter<"exposed_hits_total", "Hits."> {};
struct depth : vitals::gauge<"exposed_depth", "Depth."> {};
struct sizes : vitals::histogram<"exposed_sizes_bytes", "Sizes.", vitals::buckets::of<10>> {};
using metrics = vitals::registry<hits, depth>;
using more = vitals::registry<sizes>;

constexpr std::string_view text = "text/plain; version=0.0.4; charset=utf-8";
constexpr std::string_view openmetrics = "application/openmetrics-text; version=1.0.0; charset=utf-8";

response ask(const exposition& e, std::string_view accept = {}, std::string_view encoding = {},
             std::string_view target = "/metrics") {
  response out;
  e.answer({.method = "GET", .target = target, .accept = accept, .accept_encoding = encoding}, out);
  return out;
}

std::string unzipped(const std::string& gzip) {
  REQUIRE(gzip.size() > 18);
  boost::beast::zlib::inflate_stream inflate;
  std::string out(1 << 20, '\0');
  boost::beast::zlib::z_params io;
  io.next_in = gzip.data() + 10;
  io.avail_in = gzip.size() - 10;  // with the tail: this inflate looks a few bits past its end
  io.next_out = out.data();
  io.avail_out = out.size();
  boost::beast::error_code error;
  inflate.write(io, boost::beast::zlib::Flush::finish, error);
  CHECK(error == boost::beast::zlib::error::end_of_stream);
  out.resize(io.total_out);
  return out;
}

TEST_CASE("the format and the coding are those that the request accepts") {
  exposition e{false, &vitals::http::make_gzip};
  e.expose({metrics::source()});
  const std::string in_text = "# HELP exposed_hits_total Hits.\n# TYPE exposed_hits_total counter\nexposed_hits_total ";
  response r = ask(e);
  CHECK(r.status == 200);
  CHECK(r.content_type == text);
  CHECK(r.body.starts_with(in_text));
  CHECK(r.content_encoding.empty());
  CHECK(r.vary == "Accept, Accept-Encoding");
  r = ask(e, "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5", "deflate, gzip;q=0");
  CHECK(r.content_type == openmetrics);
  CHECK(r.body.starts_with("# TYPE exposed_hits counter\n"));
  CHECK(r.body.ends_with("# EOF\n"));
  CHECK(r.content_encoding.empty());
  for (int i = 0; i != 3; ++i) {
    r = ask(e, "", "gzip");
    CHECK(r.content_encoding == "gzip");
    CHECK(r.content_type == text);
    CHECK(unzipped(r.body) == ask(e).body);
  }
  CHECK(unzipped(ask(e, openmetrics, "gzip").body) == ask(e, openmetrics).body);
}

TEST_CASE("protobuf where it is preferred; JSON and text have paths of their own") {
  exposition e{false, &vitals::http::make_gzip};
  e.expose({metrics::source()});
  response r = ask(e, vitals::protobuf_page::content_type);
  CHECK(r.content_type == vitals::protobuf_page::content_type);
  CHECK(r.body.substr(1, 20) ==
        "\n\x12"
        "exposed_hits_total");
  CHECK(unzipped(ask(e, vitals::protobuf_page::content_type, "gzip").body) == r.body);
  const std::string one = "/metrics?name[]=exposed_depth";
  CHECK(ask(e, vitals::protobuf_page::content_type, "", one).body.substr(1, 15) ==
        "\n\x0D"
        "exposed_depth");
  e.answer_json({.method = "GET", .target = one, .accept = openmetrics}, r);
  CHECK(r.content_type == "application/json");
  CHECK(r.body.starts_with("{\"families\":[\n{\"name\":\"exposed_depth\",\"type\":\"gauge\","));
  CHECK(r.body.find("exposed_hits") == std::string::npos);
  CHECK(r.vary == "Accept-Encoding");
  e.answer_text({.method = "GET", .target = "/", .accept = openmetrics}, r);
  CHECK(r.content_type == text);
  CHECK(r.body == ask(e).body);
}

TEST_CASE("an answer replaces whatever was there") {
  exposition e{false, &vitals::http::make_gzip};
  e.expose({metrics::source()});
  response r{.status = 404, .content_type = "a/b", .body = "not found", .allow = "GET", .content_encoding = "br"};
  e.answer({.method = "GET", .target = "/metrics"}, r);
  CHECK(r.status == 200);
  CHECK(r.content_type == text);
  CHECK(r.body == ask(e).body);
  CHECK(r.allow.empty());
  CHECK(r.content_encoding.empty());
  CHECK(r.vary == "Accept, Accept-Encoding");
}

TEST_CASE("OpenMetrics alone says since when counts run, and by choice") {
  exposition e{true, &vitals::http::make_gzip};
  e.expose({metrics::source(), more::source()});
  CHECK(ask(e, openmetrics).body.find("\nexposed_hits_created 1") != std::string::npos);
  const std::string one = ask(e, openmetrics, "", "/metrics?name[]=exposed_hits_created").body;
  CHECK(one.starts_with("# TYPE exposed_hits counter\n"));
  CHECK(one.find("\nexposed_hits_created 1") != std::string::npos);
  CHECK(one.find("exposed_sizes") == std::string::npos);
  e.unexpose({more::source()});
  CHECK(ask(e, openmetrics).body.find("\nexposed_hits_created 1") != std::string::npos);
  for (const std::string_view accept : {std::string_view{}, vitals::protobuf_page::content_type}) {
    CHECK(ask(e, accept).body.find("_created") == std::string::npos);
  }
  exposition without{false, &vitals::http::make_gzip};
  without.expose({metrics::source()});
  CHECK(ask(without, openmetrics).body.find("_created") == std::string::npos);
}

#if VITALS_TESTS_COUNT_ALLOCATIONS
TEST_CASE("an answer into a response that is used again takes nothing from the heap, in any format or coding") {
  exposition e{false, &vitals::http::make_gzip};
  e.expose({metrics::source(), more::source()});
  response r;
  const auto all = [&e, &r] {
    for (const std::string_view accept : {std::string_view{}, openmetrics, vitals::protobuf_page::content_type}) {
      for (const std::string_view encoding : {"", "gzip"}) {
        e.answer({.method = "GET", .target = "/metrics", .accept = accept, .accept_encoding = encoding}, r);
        e.answer_text({.method = "GET", .target = "/metrics", .accept_encoding = encoding}, r);
        e.answer_json({.method = "GET", .target = "/metrics", .accept_encoding = encoding}, r);
      }
    }
  };
  const std::size_t before = allocations;
  all();
  CHECK(allocations > before);  // they are counted
  const std::size_t warm = allocations;
  metrics::get<hits>().inc(~std::uint64_t{0} / 2);
  metrics::get<depth>().set(-1.7976931348623157e308);
  all();
  CHECK(allocations == warm);
}
#endif

TEST_CASE("name[] selects families, by their name or a sample's") {
  exposition e{false, &vitals::http::make_gzip};
  e.expose({metrics::source(), more::source()}, {.prefix = "p_"});
  const auto families = [&e](std::string_view target) {
    std::string found;
    const std::string body = ask(e, "", "", target).body;
    for (std::size_t at = body.find("# TYPE "); at != std::string::npos; at = body.find("# TYPE ", at + 1)) {
      found += body.substr(at + 7, body.find(' ', at + 7) - at - 7) + ";";
    }
    return found;
  };
  CHECK(families("/metrics?name[]=p_exposed_hits_total") == "p_exposed_hits_total;");
  CHECK(families("/metrics?name[]=p_exposed_hits") == "p_exposed_hits_total;");
  CHECK(families("/metrics?name%5B%5D=p_exposed_sizes_bytes_count&name[]=p_exposed_depth") ==
        "p_exposed_depth;p_exposed_sizes_bytes;");
  CHECK(families("/metrics?name[]=vitals_dropped_total") == "vitals_dropped_total;");
  CHECK(families("/metrics?name[]=exposed_depth&name[]=p_exposed_sizes_bytes_x&name[]=").empty());
  CHECK(families("/metrics?other=1") ==
        "p_exposed_hits_total;p_exposed_depth;p_exposed_sizes_bytes;vitals_dropped_total;");
  CHECK(ask(e, openmetrics, "", "/metrics?name[]=nothing").body == "# EOF\n");
}

TEST_CASE("sources come with a prefix and labels, and go; a conflict adds nothing") {
  exposition e{false, &vitals::http::make_gzip};
  CHECK(ask(e).body.empty());
  e.expose({metrics::source()});
  CHECK_THROWS_AS(e.expose({more::source(), metrics::source()}), std::invalid_argument);
  CHECK_THROWS_AS(e.expose({more::source()}, {.prefix = "no-prefix"}), std::invalid_argument);
  CHECK(ask(e).body.find("exposed_sizes") == std::string::npos);
  {
    std::string short_lived = "lib_that_is_longer_than_a_short_string_";
    e.expose({metrics::source()}, {.prefix = short_lived, .labels = {{"shard", short_lived}}});
    short_lived.assign(short_lived.size(), 'x');
  }
  CHECK(ask(e).body.find("\nlib_that_is_longer_than_a_short_string_exposed_depth{shard=\""
                         "lib_that_is_longer_than_a_short_string_\"} ") != std::string::npos);
  e.unexpose({more::source()});
  CHECK(ask(e).body.find("\nexposed_depth ") != std::string::npos);
  e.unexpose({metrics::source()});
  CHECK(ask(e).body.empty());
  CHECK(ask(e, openmetrics).body == "# EOF\n");
}

TEST_CASE("once a source is taken away nothing reads it, whoever scrapes meanwhile") {
  exposition e{false, &vitals::http::make_gzip};
  e.expose({metrics::source()});
  std::atomic<bool> stop{false};
  std::vector<std::thread> scrapers;
  for (const std::string_view encoding : {"", "gzip"}) {
    scrapers.emplace_back([&e, &stop, encoding] {
      while (!stop) {
        static_cast<void>(ask(e, openmetrics, encoding));
        static_cast<void>(ask(e, "", encoding, "/metrics?name[]=calls_there"));
      }
    });
  }
  std::atomic<int> read_when_gone{0};
  for (int round = 0; round != 100; ++round) {
    std::atomic<bool> there{true};
    vitals::callbacks calls;
    calls.gauge("calls_there", "There.", [&there, &read_when_gone] {
      read_when_gone += there ? 0 : 1;
      return 1;
    });
    e.expose({calls.source()});
    static_cast<void>(ask(e));
    e.unexpose({calls.source()});
    there = false;
  }
  stop = true;
  for (std::thread& s : scrapers) {
    s.join();
  }
  CHECK(read_when_gone == 0);
}

}  // namespace exposition_tests
