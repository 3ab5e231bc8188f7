#include <vitals/expose/page.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include <doctest/doctest.h>
#include <allocations.hpp>

#include <vitals/expose/prometheus.hpp>
#include <vitals/metric/buckets.hpp>
#include <vitals/metric/counter.hpp>
#include <vitals/metric/gauge.hpp>
#include <vitals/metric/histogram.hpp>
#include <vitals/metric/up_down.hpp>
#include <vitals/registry/registry.hpp>

namespace page_tests {

enum class method { get, post };

struct requests : vitals::counter<"page_requests_total", "Requests.", vitals::label<"method", method>> {};
struct jobs : vitals::counter<"page_jobs_total", "Jobs."> {};
struct running : vitals::up_down<"page_running", "Running.", vitals::label<"method", method>> {};
struct depth : vitals::gauge<"page_depth", "Depth."> {};
struct sizes
    : vitals::histogram<"page_sizes_bytes", "Sizes.", vitals::buckets::of<1, 2>, vitals::label<"method", method>> {};
struct latency : vitals::histogram<"page_latency_seconds", "Latency.", vitals::buckets::web> {};

using first = vitals::registry<requests, running, sizes>;
using second = vitals::registry<depth, latency>;
using plain = vitals::registry<jobs>;

constexpr auto format = vitals::prometheus_text::format;

TEST_CASE("the sources of a page stand one after the other, and the drops of all behind them") {
  first::reset_after_fork();
  second::reset_after_fork();
  first::get<requests>(method::post).inc(2U);
  first::get<requests>(static_cast<method>(2)).inc(5U);
  first::get<running>(static_cast<method>(2)).dec();
  first::get<sizes>(static_cast<method>(2)).observe(1);
  first::get<sizes>(static_cast<method>(2)).observe(7);
  first::get<sizes>(method::get).observe(std::numeric_limits<double>::quiet_NaN());
  first::get<sizes>(method::get).observe(2);
  second::get<depth>().set(-1.5);
  second::get<latency>().observe(-1);
  const vitals::source_ref sources[] = {second::source(), plain::source(), first::source()};
  vitals::page page{format, sources};
  std::string out;
  page.render(out);
  CHECK(out == R"(# HELP page_depth Depth.
# TYPE page_depth gauge
page_depth -1.5
# HELP page_latency_seconds Latency.
# TYPE page_latency_seconds histogram
page_latency_seconds_bucket{le="0.005"} 0
page_latency_seconds_bucket{le="0.01"} 0
page_latency_seconds_bucket{le="0.025"} 0
page_latency_seconds_bucket{le="0.05"} 0
page_latency_seconds_bucket{le="0.1"} 0
page_latency_seconds_bucket{le="0.25"} 0
page_latency_seconds_bucket{le="0.5"} 0
page_latency_seconds_bucket{le="1.0"} 0
page_latency_seconds_bucket{le="2.5"} 0
page_latency_seconds_bucket{le="5.0"} 0
page_latency_seconds_bucket{le="10.0"} 0
page_latency_seconds_bucket{le="+Inf"} 0
page_latency_seconds_sum 0
page_latency_seconds_count 0
# HELP page_jobs_total Jobs.
# TYPE page_jobs_total counter
page_jobs_total 0
# HELP page_requests_total Requests.
# TYPE page_requests_total counter
page_requests_total{method="get"} 0
page_requests_total{method="post"} 2
# HELP page_running Running.
# TYPE page_running gauge
page_running{method="get"} 0
page_running{method="post"} 0
# HELP page_sizes_bytes Sizes.
# TYPE page_sizes_bytes histogram
page_sizes_bytes_bucket{method="get",le="1.0"} 0
page_sizes_bytes_bucket{method="get",le="2.0"} 1
page_sizes_bytes_bucket{method="get",le="+Inf"} 1
page_sizes_bytes_sum{method="get"} 2
page_sizes_bytes_count{method="get"} 1
page_sizes_bytes_bucket{method="post",le="1.0"} 0
page_sizes_bytes_bucket{method="post",le="2.0"} 0
page_sizes_bytes_bucket{method="post",le="+Inf"} 0
page_sizes_bytes_sum{method="post"} 0
page_sizes_bytes_count{method="post"} 0
# HELP vitals_dropped_total Updates dropped: a label outside its values, NaN, or a negative value where none may be.
# TYPE vitals_dropped_total counter
vitals_dropped_total{reason="label"} 8
vitals_dropped_total{reason="value"} 2
)");
}

TEST_CASE("where nothing can be dropped, no drops are told") {
  const vitals::source_ref sources[] = {plain::source()};
  vitals::page page{format, sources};
  std::string out;
  page.render(out);
  CHECK(out == "# HELP page_jobs_total Jobs.\n# TYPE page_jobs_total counter\npage_jobs_total 0\n");
}

TEST_CASE("a family that two sources offer is refused, and named") {
  const vitals::source_ref sources[] = {plain::source(), second::source(), plain::source()};
  CHECK_THROWS_WITH_AS(
      vitals::page(format, sources),
      "vitals: cannot expose the family page_jobs_total: a family of that name is exposed already: rename "
      "one, give it a prefix, or expose it once",
      std::invalid_argument);
}

TEST_CASE("a page of no sources is empty") {
  vitals::page page{format, {}};
  std::string out = "before";
  page.render(out);
  CHECK(out.empty());
}

TEST_CASE("a page shows what is counted between two renderings") {
  struct ticks : vitals::counter<"page_ticks_total", "Ticks."> {};
  using metrics = vitals::registry<ticks>;
  const vitals::source_ref sources[] = {metrics::source()};
  vitals::page page{format, sources};
  std::string out;
  page.render(out);
  CHECK(out.ends_with("\npage_ticks_total 0\n"));
  metrics::get<ticks>().inc(999'999U);
  page.render(out);
  CHECK(out.ends_with("\npage_ticks_total 999999\n"));
  metrics::get<ticks>().inc();
  page.render(out);
  CHECK(out.ends_with("\npage_ticks_total 1000000\n"));
}

TEST_CASE("a page is whole, however much longer or shorter than the last one it is") {
  struct ticks : vitals::counter<"page_grown_ticks_total", "Ticks.", vitals::label<"method", method>> {};
  struct level : vitals::gauge<"page_grown_level", "Level.", vitals::label<"method", method>> {};
  using metrics = vitals::registry<ticks, level>;
  const vitals::source_ref sources[] = {metrics::source()};
  vitals::page page{format, sources};
  vitals::page in_parts{format, sources};
  std::string out;
  std::uint64_t count = 0;
  for (const double value : {0.0, -1.7976931348623157e+308, 1.0, 0.1, -2.2250738585072014e-308, 5.0, 123456.75, 0.0}) {
    CAPTURE(value);
    count += count * 1000 + 7;
    for (const method m : {method::get, method::post}) {
      metrics::get<ticks>(m).inc(count - metrics::get<ticks>(m).value());
      metrics::get<level>(m).set(value);
    }
    page.render(out);
    std::string whole;
    in_parts.begin();
    while (!in_parts.more(whole, 16)) {
    }
    CHECK(out == whole);
    CHECK(out.find("\npage_grown_ticks_total{method=\"post\"} " + std::to_string(count) + "\n") != std::string::npos);
    CHECK(out.find("\npage_grown_level{method=\"post\"} ") != std::string::npos);
  }
}

TEST_CASE("a buffer that is used again is replaced and keeps its memory") {
  const vitals::source_ref sources[] = {first::source(), second::source()};
  vitals::page page{format, sources};
  std::string out = "something that stood here before";
  page.render(out);
  CHECK(out.starts_with("# HELP page_requests_total "));
  const char* const memory = out.data();
  const std::size_t capacity = out.capacity();
  const std::string once = out;
  page.render(out);
  CHECK(out == once);
  CHECK(out.data() == memory);
  CHECK(out.capacity() == capacity);
  out.clear();
  page.render(out);
  CHECK(out == once);
  CHECK(out.data() == memory);
}

TEST_CASE("a buffer with much more room is not made smaller") {
  const vitals::source_ref sources[] = {plain::source()};
  vitals::page page{format, sources};
  std::string out(1'000'000, 'x');
  const char* const memory = out.data();
  page.render(out);
  CHECK(out.ends_with("\npage_jobs_total 0\n"));
  CHECK(out.size() < 1000);
  CHECK(out.data() == memory);
}

#if VITALS_TESTS_COUNT_ALLOCATIONS
TEST_CASE("a page that is rendered again takes nothing from the heap, however its numbers have grown") {
  const vitals::source_ref sources[] = {first::source(), second::source()};
  vitals::page page{format, sources};
  first::reset_after_fork();
  second::reset_after_fork();
  std::string out;
  const std::size_t before = allocations;
  page.render(out);
  CHECK(allocations > before);  // they are counted
  const std::size_t warm = allocations;
  for (int i = 0; i != 10; ++i) {
    first::get<requests>(method::get).inc(std::numeric_limits<std::uint64_t>::max() / 2);
    first::get<running>(method::get).add(std::numeric_limits<std::int64_t>::min() / 20);
    second::get<depth>().set(-1.7976931348623157e+308);
    second::get<latency>().observe(std::chrono::hours::max());
    page.render(out);
  }
  CHECK(allocations == warm);
}
#endif

TEST_CASE("several threads may render one page, while others count") {
  struct ticks : vitals::counter<"page_raced_ticks_total", "Ticks."> {};
  struct waits : vitals::histogram<"page_raced_waits_seconds", "Waits.", vitals::buckets::of<1>> {};
  using metrics = vitals::registry<ticks, waits>;
  const vitals::source_ref sources[] = {metrics::source()};
  vitals::page page{format, sources};
  constexpr std::uint64_t total = 20'000;
  std::thread counting{[] {
    for (std::uint64_t i = 0; i != total; ++i) {
      metrics::get<ticks>().inc();
      metrics::get<waits>().observe(i % 2 == 0 ? 0.5 : 1.5);
    }
  }};
  const auto number_behind = [](const std::string& text, const std::string& series) {
    const auto at = text.find('\n' + series + ' ');
    return std::stoull(text.substr(at + series.size() + 2));
  };
  const auto render = [&] {
    std::string out;
    std::uint64_t last = 0;
    unsigned wrong = 0;
    while (last != total) {
      page.render(out);
      const std::uint64_t now = number_behind(out, "page_raced_ticks_total");
      wrong += now < last || now > total ? 1U : 0U;
      wrong += number_behind(out, "page_raced_waits_seconds_count") ==
                       number_behind(out, R"(page_raced_waits_seconds_bucket{le="+Inf"})")
                   ? 0U
                   : 1U;
      last = now;
    }
    CHECK(wrong == 0);
  };
  std::thread other{render};
  render();
  other.join();
  counting.join();
}

TEST_CASE("a format lays text and numbers, in any order and as often as it likes") {
  constexpr auto lay = [](vitals::detail::page_text& page, const vitals::source_ref&, const vitals::family&,
                          std::uint32_t base) {
    using vitals::detail::slot;
    page.text("a").number(slot::unsigned_integer, base + 1).number(slot::signed_integer, base + 1);
    page.text("").text("bc").number(slot::bucket, base + 2).text(",").number(slot::last_bucket, base + 3);
    page.text(",").number(slot::count, base).text(";").number(slot::last_bucket, base + 3).number(slot::count, base);
    page.text("|").number(slot::state, base, 5).number(slot::state, base, 4).text("|");
    page.begin_optional(base + 4);
    page.text("never").number(slot::real, base).text("seen");
    page.end_optional();
    page.begin_optional(base + 1);
    page.text("always").number(slot::unsigned_integer, base).text("seen");
    page.end_optional();
    page.text(" ").number(slot::real, base + 4);
    page.text("s").number(slot::seconds, base, 3).text("end");
  };
  const auto read = [](const void*, std::uint64_t* out) noexcept {
    out[0] = 5;
    out[1] = ~std::uint64_t{0};
    out[2] = 3;
    out[3] = 4;  // the high half of the seconds too: 4 x 2^64 + 5 ns
    out[4] = 0;
  };
  const vitals::family family{.name = "any",
                              .help = "Any.",
                              .unit = {},
                              .type = vitals::metric_type::gauge,
                              .kind = vitals::value_kind::real,
                              .labels = {},
                              .bounds = {},
                              .first = 0,
                              .series = 1,
                              .stride = 1,
                              .width = 1};
  const vitals::source_ref sources[] = {{.families = {&family, 1}, .cells = 5, .read = read},
                                        {.families = {&family, 1}, .cells = 5, .read = read, .prefix = "second_"}};
  vitals::page page{{.lay = lay, .ending = "."}, sources};
  std::string out;
  page.render(out);
  const std::string once = "a18446744073709551615-1bc3,7,7;44|10|always5seen 0s73786976294.838206469end";
  CHECK(out == once + once + ".");
}

}  // namespace page_tests
