#include <vitals/expose/prometheus.hpp>

#include <array>
#include <chrono>
#include <clocale>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include <doctest/doctest.h>
#include <expose/odd.hpp>

#include <vitals/metric/buckets.hpp>
#include <vitals/metric/counter.hpp>
#include <vitals/metric/gauge.hpp>
#include <vitals/metric/histogram.hpp>
#include <vitals/metric/max_gauge.hpp>
#include <vitals/metric/up_down.hpp>
#include <vitals/registry/registry.hpp>

namespace prometheus_tests {

using namespace std::chrono_literals;

enum class method { get, post };
enum class zone { eu, us };
constexpr std::string_view label_text(zone value) {
  return value == zone::eu ? "say \"eu\"\\\nand caf\xC3\xA9" : "";
}
enum class code { ok = 200, missing = 404 };
constexpr auto label_values(code) {
  return std::array{code::ok, code::missing};
}

using by_method = vitals::label<"method", method>;
using by_zone = vitals::label<"zone", zone>;
using by_code = vitals::label<"code", code>;
using by_cached = vitals::label<"cached", bool>;
using by_cache = vitals::label<"cache", vitals::one_of<"L1 \"hot\"", "disk\\", "\xE2\x98\x83">>;

struct requests : vitals::counter<"golden_requests_total", "Requests served.", by_method, by_code> {};
struct hits : vitals::counter<"golden_hits_total", "Cache hits.", vitals::shared, by_cache> {};
struct bytes
    : vitals::counter<"golden_sent_bytes_total", "A \\ and a \"quote\"\nand a line, in caf\xC3\xA9s.", by_cached> {};
struct in_flight : vitals::up_down<"golden_in_flight", "Being served.", by_zone> {};
struct waiting : vitals::up_down<"golden_waiting", "Waiting.", vitals::shared, vitals::packed> {};
struct temperature : vitals::gauge<"golden_room_celsius", "Temperatures.", vitals::packed,
                                   vitals::label<"room", vitals::one_of<"a", "b", "c", "d", "e", "f">>> {};
struct peaks : vitals::max_gauge<"golden_peak_seconds", "Peaks.", vitals::window<1h>,
                                 vitals::label<"room", vitals::one_of<"a", "b", "c", "d", "e", "f", "g">>> {};
struct latency
    : vitals::histogram<"golden_latency_seconds", "Latency.", vitals::buckets::of<1e-05, 0.005, 1, 100000>, by_method> {
};
struct sizes : vitals::histogram<"golden_sizes_bytes", "Sizes.", vitals::buckets::of<1, 1e6>> {};
struct offsets : vitals::histogram<"golden_offsets", "Offsets.", vitals::buckets::of<-2.5, 0>, vitals::shared> {};

using metrics =
    vitals::registry<requests, hits, bytes, in_flight, waiting, temperature, peaks, latency, sizes, offsets>;

std::string page_of(std::initializer_list<vitals::source_ref> sources) {
  vitals::page page{vitals::prometheus_text::format, {sources.begin(), sources.size()}};
  std::string out;
  page.render(out);
  return out;
}

// Empty and filled, one after the other: the numbers are the process's.
TEST_CASE("a page of every kind of metric, untouched: every series stands there from the start") {
  CHECK(page_of({metrics::source()}) == R"(# HELP golden_requests_total Requests served.
# TYPE golden_requests_total counter
golden_requests_total{method="get",code="ok"} 0
golden_requests_total{method="get",code="missing"} 0
golden_requests_total{method="post",code="ok"} 0
golden_requests_total{method="post",code="missing"} 0
# HELP golden_hits_total Cache hits.
# TYPE golden_hits_total counter
golden_hits_total{cache="L1 \"hot\""} 0
golden_hits_total{cache="disk\\"} 0
golden_hits_total{cache="☃"} 0
# HELP golden_sent_bytes_total A \\ and a "quote"\nand a line, in cafés.
# TYPE golden_sent_bytes_total counter
golden_sent_bytes_total{cached="false"} 0
golden_sent_bytes_total{cached="true"} 0
# HELP golden_in_flight Being served.
# TYPE golden_in_flight gauge
golden_in_flight{zone="say \"eu\"\\\nand café"} 0
golden_in_flight{zone="us"} 0
# HELP golden_waiting Waiting.
# TYPE golden_waiting gauge
golden_waiting 0
# HELP golden_room_celsius Temperatures.
# TYPE golden_room_celsius gauge
golden_room_celsius{room="a"} 0
golden_room_celsius{room="b"} 0
golden_room_celsius{room="c"} 0
golden_room_celsius{room="d"} 0
golden_room_celsius{room="e"} 0
golden_room_celsius{room="f"} 0
# HELP golden_peak_seconds Peaks.
# TYPE golden_peak_seconds gauge
golden_peak_seconds{room="a"} NaN
golden_peak_seconds{room="b"} NaN
golden_peak_seconds{room="c"} NaN
golden_peak_seconds{room="d"} NaN
golden_peak_seconds{room="e"} NaN
golden_peak_seconds{room="f"} NaN
golden_peak_seconds{room="g"} NaN
# HELP golden_latency_seconds Latency.
# TYPE golden_latency_seconds histogram
golden_latency_seconds_bucket{method="get",le="1e-05"} 0
golden_latency_seconds_bucket{method="get",le="0.005"} 0
golden_latency_seconds_bucket{method="get",le="1.0"} 0
golden_latency_seconds_bucket{method="get",le="100000.0"} 0
golden_latency_seconds_bucket{method="get",le="+Inf"} 0
golden_latency_seconds_sum{method="get"} 0
golden_latency_seconds_count{method="get"} 0
golden_latency_seconds_bucket{method="post",le="1e-05"} 0
golden_latency_seconds_bucket{method="post",le="0.005"} 0
golden_latency_seconds_bucket{method="post",le="1.0"} 0
golden_latency_seconds_bucket{method="post",le="100000.0"} 0
golden_latency_seconds_bucket{method="post",le="+Inf"} 0
golden_latency_seconds_sum{method="post"} 0
golden_latency_seconds_count{method="post"} 0
# HELP golden_sizes_bytes Sizes.
# TYPE golden_sizes_bytes histogram
golden_sizes_bytes_bucket{le="1.0"} 0
golden_sizes_bytes_bucket{le="1e+06"} 0
golden_sizes_bytes_bucket{le="+Inf"} 0
golden_sizes_bytes_sum 0
golden_sizes_bytes_count 0
# HELP golden_offsets Offsets.
# TYPE golden_offsets histogram
golden_offsets_bucket{le="-2.5"} 0
golden_offsets_bucket{le="0.0"} 0
golden_offsets_bucket{le="+Inf"} 0
golden_offsets_sum 0
golden_offsets_count 0
# HELP vitals_dropped_total Updates dropped: a label outside its values, NaN, or a negative value where none may be.
# TYPE vitals_dropped_total counter
vitals_dropped_total{reason="label"} 0
vitals_dropped_total{reason="value"} 0
)");
}

void fill() {
  metrics::reset_after_fork();
  metrics::get<requests>(method::get, code::ok).inc(std::numeric_limits<std::uint64_t>::max());
  metrics::get<requests>(method::get, code::missing).inc((std::uint64_t{1} << 53) + 1);
  metrics::get<requests>(method::post, code::missing).inc(7U);
  metrics::get<requests>(method::post, static_cast<code>(201)).inc(3U);
  metrics::get<hits>("disk\\").inc(1000000U);
  metrics::get<bytes>(true).inc(400'000'000'000'001U);
  metrics::get<in_flight>(zone::eu).add(-5);
  metrics::get<in_flight>(zone::us).add(std::numeric_limits<std::int64_t>::min());
  metrics::get<in_flight>(static_cast<zone>(2)).add(-9);
  metrics::get<waiting>().add(12);
  metrics::get<temperature>("a").set(std::numeric_limits<double>::quiet_NaN());
  metrics::get<temperature>("b").set(std::numeric_limits<double>::infinity());
  metrics::get<temperature>("c").set(-std::numeric_limits<double>::infinity());
  metrics::get<temperature>("d").set(-0.0);
  metrics::get<temperature>("e").set(-1.7976931348623157e+308);
  metrics::get<temperature>("f").set(21.5);
  metrics::get<peaks>("a").observe(-0.0);
  metrics::get<peaks>("a").observe(-1ns);
  metrics::get<peaks>("b").observe(std::numeric_limits<double>::infinity());
  metrics::get<peaks>("c").observe(-std::numeric_limits<double>::infinity());
  metrics::get<peaks>("d").observe(1500ms);
  metrics::get<peaks>("d").observe(1499ms);
  metrics::get<peaks>("e").observe(-1.7976931348623157e+308);
  metrics::get<peaks>("f").observe((std::uint64_t{1} << 53) + 1);
  metrics::get<peaks>("g").observe(std::numeric_limits<double>::quiet_NaN());
  metrics::get<latency>(method::get).observe(10us);
  metrics::get<latency>(method::get).observe(0.005);
  metrics::get<latency>(method::get).observe(5ms);
  metrics::get<latency>(method::get).observe(1500ms);
  metrics::get<latency>(method::get).observe(std::chrono::hours::max());
  metrics::get<latency>(method::get).observe(-1ns);
  metrics::get<sizes>().observe(0.1);
  metrics::get<sizes>().observe(0.2);
  metrics::get<sizes>().observe(1234567);
  metrics::get<sizes>().observe(std::numeric_limits<double>::quiet_NaN());
  metrics::get<offsets>().observe(-2.5);
  metrics::get<offsets>().observe(-7);
  metrics::get<offsets>().observe(0);
}

constexpr std::string_view filled = R"(# HELP golden_requests_total Requests served.
# TYPE golden_requests_total counter
golden_requests_total{method="get",code="ok"} 18446744073709551615
golden_requests_total{method="get",code="missing"} 9007199254740993
golden_requests_total{method="post",code="ok"} 0
golden_requests_total{method="post",code="missing"} 7
# HELP golden_hits_total Cache hits.
# TYPE golden_hits_total counter
golden_hits_total{cache="L1 \"hot\""} 0
golden_hits_total{cache="disk\\"} 1000000
golden_hits_total{cache="☃"} 0
# HELP golden_sent_bytes_total A \\ and a "quote"\nand a line, in cafés.
# TYPE golden_sent_bytes_total counter
golden_sent_bytes_total{cached="false"} 0
golden_sent_bytes_total{cached="true"} 400000000000001
# HELP golden_in_flight Being served.
# TYPE golden_in_flight gauge
golden_in_flight{zone="say \"eu\"\\\nand café"} -5
golden_in_flight{zone="us"} -9223372036854775808
# HELP golden_waiting Waiting.
# TYPE golden_waiting gauge
golden_waiting 12
# HELP golden_room_celsius Temperatures.
# TYPE golden_room_celsius gauge
golden_room_celsius{room="a"} NaN
golden_room_celsius{room="b"} +Inf
golden_room_celsius{room="c"} -Inf
golden_room_celsius{room="d"} -0
golden_room_celsius{room="e"} -1.7976931348623157e+308
golden_room_celsius{room="f"} 21.5
# HELP golden_peak_seconds Peaks.
# TYPE golden_peak_seconds gauge
golden_peak_seconds{room="a"} -0
golden_peak_seconds{room="b"} +Inf
golden_peak_seconds{room="c"} -Inf
golden_peak_seconds{room="d"} 1.5
golden_peak_seconds{room="e"} -1.7976931348623157e+308
golden_peak_seconds{room="f"} 9.007199254740992e+15
golden_peak_seconds{room="g"} NaN
# HELP golden_latency_seconds Latency.
# TYPE golden_latency_seconds histogram
golden_latency_seconds_bucket{method="get",le="1e-05"} 1
golden_latency_seconds_bucket{method="get",le="0.005"} 3
golden_latency_seconds_bucket{method="get",le="1.0"} 3
golden_latency_seconds_bucket{method="get",le="100000.0"} 4
golden_latency_seconds_bucket{method="get",le="+Inf"} 5
golden_latency_seconds_sum{method="get"} 9223372038.364785807
golden_latency_seconds_count{method="get"} 5
golden_latency_seconds_bucket{method="post",le="1e-05"} 0
golden_latency_seconds_bucket{method="post",le="0.005"} 0
golden_latency_seconds_bucket{method="post",le="1.0"} 0
golden_latency_seconds_bucket{method="post",le="100000.0"} 0
golden_latency_seconds_bucket{method="post",le="+Inf"} 0
golden_latency_seconds_sum{method="post"} 0
golden_latency_seconds_count{method="post"} 0
# HELP golden_sizes_bytes Sizes.
# TYPE golden_sizes_bytes histogram
golden_sizes_bytes_bucket{le="1.0"} 2
golden_sizes_bytes_bucket{le="1e+06"} 2
golden_sizes_bytes_bucket{le="+Inf"} 3
golden_sizes_bytes_sum 1.2345673e+06
golden_sizes_bytes_count 3
# HELP golden_offsets Offsets.
# TYPE golden_offsets histogram
golden_offsets_bucket{le="-2.5"} 2
golden_offsets_bucket{le="0.0"} 3
golden_offsets_bucket{le="+Inf"} 3
golden_offsets_sum -9.5
golden_offsets_count 3
# HELP vitals_dropped_total Updates dropped: a label outside its values, NaN, or a negative value where none may be.
# TYPE vitals_dropped_total counter
vitals_dropped_total{reason="label"} 4
vitals_dropped_total{reason="value"} 3
)";

TEST_CASE("a page of every kind of metric, with numbers at every edge") {
  fill();
  CHECK(page_of({metrics::source()}) == filled);
  metrics::reset_after_fork();
}

TEST_CASE("a decimal comma in the locale changes nothing on a page") {
  const std::string before = std::setlocale(LC_ALL, nullptr);
  fill();
  std::setlocale(LC_ALL, "de_DE.UTF-8");  // where the machine has it
  const std::string page = page_of({metrics::source()});
  std::setlocale(LC_ALL, before.c_str());
  CHECK(page == filled);
  metrics::reset_after_fork();
}

TEST_CASE("odd numbers and texts, in full") {
  odd::fill();
  CHECK(page_of({odd::metrics::source()}) == R"(# HELP odd_reals All doubles.
# TYPE odd_reals gauge
odd_reals{which="0"} 0
odd_reals{which="-0"} -0
odd_reals{which="smallest"} 5e-324
odd_reals{which="largest"} 1.7976931348623157e+308
odd_reals{which="lowest"} -1.7976931348623157e+308
odd_reals{which="NaN"} NaN
odd_reals{which="+Inf"} +Inf
odd_reals{which="-Inf"} -Inf
odd_reals{which="1e-7"} 1e-07
odd_reals{which="1e21"} 1e+21
odd_reals{which="2^53+1"} 9.007199254740992e+15
odd_reals{which="1234567"} 1.234567e+06
# HELP odd_texts_total A \\ and a "quote"\nand a line, in cafés.
# TYPE odd_texts_total counter
odd_texts_total{text="ok"} 0
odd_texts_total{text="\"\\\n\\n"} 0
odd_texts_total{text="tab	and ☃"} 0
# HELP odd_counts_total All integers.
# TYPE odd_counts_total counter
odd_counts_total{most="false"} 9007199254740993
odd_counts_total{most="true"} 18446744073709551615
# HELP odd_signs All signs.
# TYPE odd_signs gauge
odd_signs{most="false"} -9223372036854775808
odd_signs{most="true"} 9223372036854775807
# HELP odd_waits_seconds Waits.
# TYPE odd_waits_seconds histogram
odd_waits_seconds_bucket{le="1e-09"} 0
odd_waits_seconds_bucket{le="1e+09"} 0
odd_waits_seconds_bucket{le="+Inf"} 3
odd_waits_seconds_sum 27670116110.564327421
odd_waits_seconds_count 3
# HELP odd_sizes_bytes Sizes.
# TYPE odd_sizes_bytes histogram
odd_sizes_bytes_bucket{le="1e-07"} 1
odd_sizes_bytes_bucket{le="1e+21"} 2
odd_sizes_bytes_bucket{le="+Inf"} 3
odd_sizes_bytes_sum 1e+21
odd_sizes_bytes_count 3
# HELP odd_weights_grams Weights.
# TYPE odd_weights_grams summary
odd_weights_grams_sum 1.7976931348623157e+308
odd_weights_grams_count 1
# HELP odd_spans Spans.
# TYPE odd_spans histogram
odd_spans_bucket{le="0.5"} 0
odd_spans_bucket{le="1.0"} 1
odd_spans_bucket{le="2.0"} 2
odd_spans_bucket{le="+Inf"} 3
odd_spans_sum 5.1
odd_spans_count 3
# HELP vitals_dropped_total Updates dropped: a label outside its values, NaN, or a negative value where none may be.
# TYPE vitals_dropped_total counter
vitals_dropped_total{reason="label"} 0
vitals_dropped_total{reason="value"} 1
)");
}

TEST_CASE("long texts, up to a megabyte, come through whole") {
  for (const std::size_t times : odd::long_times) {
    const std::string help = odd::repeated(times, "\"\\\\\\nab\xC3\xA9 ");
    const std::string value = odd::repeated(times, "\\\"\\\\\\nab\xC3\xA9 ");
    const bool same =
        page_of({odd::long_texts{times}.source()}) ==
        "# HELP odd_long_total " + help + "\n# TYPE odd_long_total counter\nodd_long_total{text=\"" + value + "\"} 7\n";
    CHECK(same);
  }
}

// What follows needs no registry: a format knows families only.

std::uint64_t cells[16] = {};
void read_cells(const void*, std::uint64_t* out) noexcept {
  for (std::size_t i = 0; i != 16; ++i) {
    out[i] = cells[i];
  }
}

vitals::family counter_family(std::string_view name, std::string_view help,
                              std::span<const vitals::label_family> labels = {}, std::uint32_t series = 1) {
  return {.name = name,
          .help = help,
          .unit = {},
          .type = vitals::metric_type::counter,
          .kind = vitals::value_kind::unsigned_integer,
          .labels = labels,
          .bounds = {},
          .first = 3,
          .series = series,
          .stride = 1,
          .width = 1};
}

std::string page_of(const vitals::family& family) {
  return page_of({vitals::source_ref{.families = {&family, 1}, .cells = 16, .read = &read_cells}});
}

TEST_CASE("texts are escaped: backslashes and lines everywhere, quotes in label values") {
  using vitals::detail::escaped;
  CHECK(escaped("", true).empty());
  CHECK(escaped("plain caf\xC3\xA9", true) == "plain caf\xC3\xA9");
  CHECK(escaped("a\\b\"c\nd", false) == "a\\\\b\"c\\nd");
  CHECK(escaped("a\\b\"c\nd", true) == "a\\\\b\\\"c\\nd");
  CHECK(escaped("\\n", true) == "\\\\n");
  CHECK(escaped("\n\n\\\\", false) == "\\n\\n\\\\\\\\");
  CHECK(escaped("tab\tand\rreturn", true) == "tab\tand\rreturn");
}

TEST_CASE("the last label's values change fastest") {
  static constexpr std::string_view letters[] = {"a", "b", "c"};
  static constexpr std::string_view digits[] = {"1", "2"};
  static constexpr vitals::label_family labels[] = {{.name = "letter", .values = letters},
                                                    {.name = "digit", .values = digits}};
  const auto family = counter_family("two_labels_total", "Two labels.", labels, 6);
  for (std::uint64_t i = 0; i != 6; ++i) {
    cells[3 + i] = 10 + i;
  }
  CHECK(page_of(family) == R"(# HELP two_labels_total Two labels.
# TYPE two_labels_total counter
two_labels_total{letter="a",digit="1"} 10
two_labels_total{letter="a",digit="2"} 11
two_labels_total{letter="b",digit="1"} 12
two_labels_total{letter="b",digit="2"} 13
two_labels_total{letter="c",digit="1"} 14
two_labels_total{letter="c",digit="2"} 15
)");
}

TEST_CASE("texts of every length up to 300 bytes are copied whole") {
  cells[3] = 12345;
  unsigned wrong = 0;
  for (std::size_t length = 1; length != 300; ++length) {
    std::string help;
    for (std::size_t i = 0; i != length; ++i) {
      help += static_cast<char>('a' + i % 26);
    }
    const std::string name = std::string(length, 'x') + "_total";
    wrong += page_of(counter_family(name, help)) ==
                     "# HELP " + name + " " + help + "\n# TYPE " + name + " counter\n" + name + " 12345\n"
                 ? 0U
                 : 1U;
  }
  CHECK(wrong == 0);
}

TEST_CASE("texts of 10 KB are written whole, and so are those that escaping makes longer") {
  cells[3] = std::numeric_limits<std::uint64_t>::max();
  const std::string help = std::string(5000, '\\') + std::string(5000, '\n') + "\xC3\xA9";
  const std::string value = std::string(10'000, '"') + "end";
  const std::string_view values[] = {value};
  const vitals::label_family labels[] = {{.name = "long", .values = values}};
  const std::string name = std::string(10'000, 'n') + "_total";
  std::string escaped_help;
  std::string escaped_value;
  for (int i = 0; i != 5000; ++i) {
    escaped_help += "\\\\";
    escaped_value += "\\\"\\\"";
  }
  for (int i = 0; i != 5000; ++i) {
    escaped_help += "\\n";
  }
  const std::string expected = "# HELP " + name + " " + escaped_help + "\xC3\xA9\n# TYPE " + name + " counter\n" +
                               name + "{long=\"" + escaped_value + "end\"} 18446744073709551615\n";
  const bool same = page_of(counter_family(name, help, labels)) == expected;
  CHECK(same);
}

constexpr auto long_help = [] {
  struct {
    char text[10'241];
  } help{};
  for (std::size_t i = 0; i != 10'240; ++i) {
    help.text[i] = i % 80 == 79 ? '\n' : 'h';
  }
  return help;
}();
struct documented : vitals::counter<"golden_documented_total", long_help.text> {};

TEST_CASE("a metric of a registry may have a help of 10 KB") {
  const std::string page = page_of({vitals::registry<documented>::source()});
  const std::string line = std::string(79, 'h') + "\\n";
  std::string help;
  for (int i = 0; i != 128; ++i) {
    help += line;
  }
  const bool same = page == "# HELP golden_documented_total " + help +
                                "\n# TYPE golden_documented_total counter\ngolden_documented_total 0\n";
  CHECK(same);
}

TEST_CASE("the media type is that of the text format 0.0.4") {
  CHECK(vitals::prometheus_text::content_type == "text/plain; version=0.0.4; charset=utf-8");
}

}  // namespace prometheus_tests
