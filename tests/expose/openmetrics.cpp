#include <vitals/expose/openmetrics.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>

#include <doctest/doctest.h>
#include <expose/odd.hpp>

#include <vitals/expose/prometheus.hpp>
#include <vitals/metric/buckets.hpp>
#include <vitals/metric/callback.hpp>
#include <vitals/metric/counter.hpp>
#include <vitals/metric/gauge.hpp>
#include <vitals/metric/histogram.hpp>
#include <vitals/metric/info.hpp>
#include <vitals/metric/max_gauge.hpp>
#include <vitals/metric/real_counter.hpp>
#include <vitals/metric/state_set.hpp>
#include <vitals/metric/summary.hpp>
#include <vitals/metric/up_down.hpp>
#include <vitals/registry/registry.hpp>

namespace openmetrics_tests {

using namespace std::chrono_literals;

enum class zone { eu, us };
enum class phase { starting, running, stopping };
using by_zone = vitals::label<"zone", zone>;
using by_room = vitals::label<"room", vitals::one_of<"say \"hi\"\\\nnow", "caf\xC3\xA9">>;

bool broken = false;
double depth(zone z) {
  if (broken) {
    throw std::runtime_error{"no depth"};
  }
  return z == zone::eu ? -0.5 : 1e21;
}
std::uint64_t taken() {
  return ~std::uint64_t{0};
}

struct requests : vitals::counter<"om_requests_total", "Requests: \"a\\b\"\nand more.", by_zone> {};
struct energy : vitals::real_counter<"om_energy_joules_total", "Energy."> {};
struct in_flight : vitals::up_down<"om_in_flight", "In flight."> {};
struct warmth : vitals::gauge<"om_room_celsius", "Warmth.", vitals::packed, by_room> {};
struct peaks : vitals::max_gauge<"om_peak_bytes", "Peaks.", by_zone, vitals::window<1h>> {};
struct widgets : vitals::gauge<"om_stock_widgets", "Widgets.", vitals::unit::custom<"widgets">> {};
struct latency : vitals::histogram<"om_latency_seconds", "Latency.", vitals::buckets::of<1e-05, 0.5, 1>, by_zone> {};
struct offsets : vitals::histogram<"om_offsets", "Offsets.", vitals::buckets::of<-2.5, 0>> {};
struct payload : vitals::summary<"om_payload_bytes", "Payload."> {};
struct build : vitals::info<"om_build_info", "Build.", vitals::constant<"version", "1.4.2">> {};
struct state : vitals::state_set<"om_phase", "Phase.", phase, by_zone> {};
struct queue : vitals::callback<"om_queue_depth", "Depth.", &depth, by_zone> {};
struct takes : vitals::callback<"om_taken_total", "Taken.", &taken> {};

using metrics = vitals::registry<requests, energy, in_flight, warmth, peaks, widgets, latency, offsets, payload, build,
                                 state, queue, takes>;

void fill() {
  metrics::reset_after_fork();
  metrics::get<requests>(zone::us).inc((std::uint64_t{1} << 53) + 1);
  metrics::get<energy>().add(1e-7);
  metrics::get<in_flight>().dec();
  metrics::get<warmth>("caf\xC3\xA9").set(-0.0);
  metrics::get<peaks>(zone::us).observe(7);
  metrics::get<peaks>(zone::us).observe(4096);
  metrics::get<peaks>(zone::us).observe(-1);
  metrics::get<widgets>().set(std::numeric_limits<double>::infinity());
  metrics::get<latency>(zone::eu).observe(500ms);
  metrics::get<latency>(zone::eu).observe(2s);
  metrics::get<offsets>().observe(-3.5);
  metrics::get<payload>().observe(1500);
  metrics::get<state>(zone::us).set(phase::stopping);
}

template <class Format>
std::string page_of(vitals::source_ref source) {
  vitals::page page{Format::format, {&source, 1}};
  std::string out;
  page.render(out);
  return out;
}

TEST_CASE("every kind of metric as OpenMetrics, in full") {
  broken = false;
  fill();
  CHECK(page_of<vitals::openmetrics_text>(metrics::source()) == R"(# TYPE om_requests counter
# HELP om_requests Requests: \"a\\b\"\nand more.
om_requests_total{zone="eu"} 0
om_requests_total{zone="us"} 9007199254740993
# TYPE om_energy_joules counter
# UNIT om_energy_joules joules
# HELP om_energy_joules Energy.
om_energy_joules_total 1e-07
# TYPE om_in_flight gauge
# HELP om_in_flight In flight.
om_in_flight -1
# TYPE om_room_celsius gauge
# UNIT om_room_celsius celsius
# HELP om_room_celsius Warmth.
om_room_celsius{room="say \"hi\"\\\nnow"} 0
om_room_celsius{room="café"} -0
# TYPE om_peak_bytes gauge
# UNIT om_peak_bytes bytes
# HELP om_peak_bytes Peaks.
om_peak_bytes{zone="eu"} NaN
om_peak_bytes{zone="us"} 4096
# TYPE om_stock_widgets gauge
# UNIT om_stock_widgets widgets
# HELP om_stock_widgets Widgets.
om_stock_widgets +Inf
# TYPE om_latency_seconds histogram
# UNIT om_latency_seconds seconds
# HELP om_latency_seconds Latency.
om_latency_seconds_bucket{zone="eu",le="1e-05"} 0
om_latency_seconds_bucket{zone="eu",le="0.5"} 1
om_latency_seconds_bucket{zone="eu",le="1.0"} 1
om_latency_seconds_bucket{zone="eu",le="+Inf"} 2
om_latency_seconds_sum{zone="eu"} 2.5
om_latency_seconds_count{zone="eu"} 2
om_latency_seconds_bucket{zone="us",le="1e-05"} 0
om_latency_seconds_bucket{zone="us",le="0.5"} 0
om_latency_seconds_bucket{zone="us",le="1.0"} 0
om_latency_seconds_bucket{zone="us",le="+Inf"} 0
om_latency_seconds_sum{zone="us"} 0
om_latency_seconds_count{zone="us"} 0
# TYPE om_offsets histogram
# HELP om_offsets Offsets.
om_offsets_bucket{le="-2.5"} 1
om_offsets_bucket{le="0.0"} 1
om_offsets_bucket{le="+Inf"} 1
# TYPE om_payload_bytes summary
# UNIT om_payload_bytes bytes
# HELP om_payload_bytes Payload.
om_payload_bytes_sum 1500
om_payload_bytes_count 1
# TYPE om_build info
# HELP om_build Build.
om_build_info{version="1.4.2"} 1
# TYPE om_phase stateset
# HELP om_phase Phase.
om_phase{zone="eu",om_phase="starting"} 1
om_phase{zone="eu",om_phase="running"} 0
om_phase{zone="eu",om_phase="stopping"} 0
om_phase{zone="us",om_phase="starting"} 0
om_phase{zone="us",om_phase="running"} 0
om_phase{zone="us",om_phase="stopping"} 1
# TYPE om_queue_depth gauge
# HELP om_queue_depth Depth.
om_queue_depth{zone="eu"} -0.5
om_queue_depth{zone="us"} 1e+21
# TYPE om_taken counter
# HELP om_taken Taken.
om_taken_total 18446744073709551615
# TYPE vitals_dropped counter
# HELP vitals_dropped Updates dropped: a label outside its values, NaN, or a negative value where none may be.
vitals_dropped_total{reason="label"} 0
vitals_dropped_total{reason="value"} 0
# TYPE vitals_callback_failures counter
# HELP vitals_callback_failures Callbacks that threw, or gave a counter what it cannot be: their families were left out of a scrape.
vitals_callback_failures_total 0
# EOF
)");
}

/// The part of a page from `from` to before `to`.
std::string part(const std::string& page, std::string_view from, std::string_view to) {
  const auto start = page.find(from);
  const auto end = page.find(to, start);
  REQUIRE(start != std::string::npos);
  REQUIRE(end != std::string::npos);
  return page.substr(start, end - start);
}

TEST_CASE("odd numbers and texts as OpenMetrics, in full") {
  odd::fill();
  CHECK(page_of<vitals::openmetrics_text>(odd::metrics::source()) == R"(# TYPE odd_reals gauge
# HELP odd_reals All doubles.
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
# TYPE odd_texts counter
# HELP odd_texts A \\ and a \"quote\"\nand a line, in cafés.
odd_texts_total{text="ok"} 0
odd_texts_total{text="\"\\\n\\n"} 0
odd_texts_total{text="tab	and ☃"} 0
# TYPE odd_counts counter
# HELP odd_counts All integers.
odd_counts_total{most="false"} 9007199254740993
odd_counts_total{most="true"} 18446744073709551615
# TYPE odd_signs gauge
# HELP odd_signs All signs.
odd_signs{most="false"} -9223372036854775808
odd_signs{most="true"} 9223372036854775807
# TYPE odd_waits_seconds histogram
# UNIT odd_waits_seconds seconds
# HELP odd_waits_seconds Waits.
odd_waits_seconds_bucket{le="1e-09"} 0
odd_waits_seconds_bucket{le="1e+09"} 0
odd_waits_seconds_bucket{le="+Inf"} 3
odd_waits_seconds_sum 27670116110.564327421
odd_waits_seconds_count 3
# TYPE odd_sizes_bytes histogram
# UNIT odd_sizes_bytes bytes
# HELP odd_sizes_bytes Sizes.
odd_sizes_bytes_bucket{le="1e-07"} 1
odd_sizes_bytes_bucket{le="1e+21"} 2
odd_sizes_bytes_bucket{le="+Inf"} 3
odd_sizes_bytes_sum 1e+21
odd_sizes_bytes_count 3
# TYPE odd_weights_grams summary
# UNIT odd_weights_grams grams
# HELP odd_weights_grams Weights.
odd_weights_grams_sum 1.7976931348623157e+308
odd_weights_grams_count 1
# TYPE odd_spans histogram
# HELP odd_spans Spans.
odd_spans_bucket{le="0.5"} 0
odd_spans_bucket{le="1.0"} 1
odd_spans_bucket{le="2.0"} 2
odd_spans_bucket{le="+Inf"} 3
odd_spans_sum 5.1
odd_spans_count 3
# TYPE vitals_dropped counter
# HELP vitals_dropped Updates dropped: a label outside its values, NaN, or a negative value where none may be.
vitals_dropped_total{reason="label"} 0
vitals_dropped_total{reason="value"} 1
# EOF
)");
}

TEST_CASE("long texts, up to a megabyte, come through whole") {
  for (const std::size_t times : odd::long_times) {
    const std::string escaped = odd::repeated(times, "\\\"\\\\\\nab\xC3\xA9 ");
    const bool same =
        page_of<vitals::openmetrics_text>(odd::long_texts{times}.source()) ==
        "# TYPE odd_long counter\n# HELP odd_long " + escaped + "\nodd_long_total{text=\"" + escaped + "\"} 7\n# EOF\n";
    CHECK(same);
  }
}

TEST_CASE("by choice what counts says since when, and only where that is known") {
  broken = false;
  fill();
  vitals::source_ref source = metrics::source();
  source.created = [](const void*) noexcept { return std::uint64_t{1'700'000'000'120'000'000}; };
  source.prefix = "lib_";
  std::string page = page_of<vitals::openmetrics_with_created>(source);
  CHECK(part(page, "lib_om_requests_total{zone=\"eu\"}", "# HELP lib_om_room") ==
        R"(lib_om_requests_total{zone="eu"} 0
lib_om_requests_created{zone="eu"} 1700000000.12
lib_om_requests_total{zone="us"} 9007199254740993
lib_om_requests_created{zone="us"} 1700000000.12
# TYPE lib_om_energy_joules counter
# UNIT lib_om_energy_joules joules
# HELP lib_om_energy_joules Energy.
lib_om_energy_joules_total 1e-07
lib_om_energy_joules_created 1700000000.12
# TYPE lib_om_in_flight gauge
# HELP lib_om_in_flight In flight.
lib_om_in_flight -1
# TYPE lib_om_room_celsius gauge
# UNIT lib_om_room_celsius celsius
)");
  CHECK(part(page, "lib_om_latency_seconds_count{zone=\"us\"}", "# TYPE lib_om_build") ==
        R"(lib_om_latency_seconds_count{zone="us"} 0
lib_om_latency_seconds_created{zone="us"} 1700000000.12
# TYPE lib_om_offsets histogram
# HELP lib_om_offsets Offsets.
lib_om_offsets_bucket{le="-2.5"} 1
lib_om_offsets_bucket{le="0.0"} 1
lib_om_offsets_bucket{le="+Inf"} 1
lib_om_offsets_created 1700000000.12
# TYPE lib_om_payload_bytes summary
# UNIT lib_om_payload_bytes bytes
# HELP lib_om_payload_bytes Payload.
lib_om_payload_bytes_sum 1500
lib_om_payload_bytes_count 1
lib_om_payload_bytes_created 1700000000.12
)");
  // requests 2, energy, latency 2, offsets, payload; not what functions give, nor the page's own families
  const auto times = [&page] {
    std::size_t count = 0;
    for (std::size_t at = 0; (at = page.find("_created", at)) != std::string::npos; ++at) {
      ++count;
    }
    return count;
  };
  CHECK(times() == 7);
  source.created = nullptr;
  page = page_of<vitals::openmetrics_with_created>(source);
  CHECK(times() == 0);
  CHECK(page == page_of<vitals::openmetrics_text>(source));
  source = metrics::source();
  CHECK(page_of<vitals::openmetrics_text>(source).find("_created") == std::string::npos);
  CHECK(page_of<vitals::prometheus_text>(source).find("_created") == std::string::npos);
}

TEST_CASE("a page shows the times of its sources, each its own, as they are when it is rendered") {
  struct ticks : vitals::counter<"om_ticks_total", "Ticks."> {};
  struct tocks : vitals::counter<"om_tocks_total", "Tocks."> {};
  static std::uint64_t first = 0;
  static std::uint64_t second = 0;
  vitals::source_ref sources[] = {vitals::registry<ticks>::source(), vitals::registry<tocks>::source()};
  sources[0].created = [](const void*) noexcept { return first; };
  sources[1].created = [](const void*) noexcept { return second; };
  vitals::page page{vitals::openmetrics_with_created::format, sources};
  const auto shows = [&page](std::string_view one, std::string_view other) {
    std::string out;
    page.render(out);
    return out.find("\nom_ticks_created " + std::string{one} + "\n") != std::string::npos &&
           out.find("\nom_tocks_created " + std::string{other} + "\n") != std::string::npos;
  };
  CHECK(shows("0", "0"));
  first = 1;
  second = std::numeric_limits<std::uint64_t>::max();
  CHECK(shows("0.000000001", "18446744073.709551615"));
}

TEST_CASE("Prometheus text has no info and no state sets: they are gauges; its sums may fall") {
  fill();
  const std::string page = page_of<vitals::prometheus_text>(metrics::source());
  CHECK(part(page, "# HELP om_offsets", "# HELP om_queue") == R"(# HELP om_offsets Offsets.
# TYPE om_offsets histogram
om_offsets_bucket{le="-2.5"} 1
om_offsets_bucket{le="0.0"} 1
om_offsets_bucket{le="+Inf"} 1
om_offsets_sum -3.5
om_offsets_count 1
# HELP om_payload_bytes Payload.
# TYPE om_payload_bytes summary
om_payload_bytes_sum 1500
om_payload_bytes_count 1
# HELP om_build_info Build.
# TYPE om_build_info gauge
om_build_info{version="1.4.2"} 1
# HELP om_phase Phase.
# TYPE om_phase gauge
om_phase{zone="eu",om_phase="starting"} 1
om_phase{zone="eu",om_phase="running"} 0
om_phase{zone="eu",om_phase="stopping"} 0
om_phase{zone="us",om_phase="starting"} 0
om_phase{zone="us",om_phase="running"} 0
om_phase{zone="us",om_phase="stopping"} 1
)");
  CHECK(part(page, "# HELP om_energy", "# HELP om_in_flight") ==
        "# HELP om_energy_joules_total Energy.\n# TYPE om_energy_joules_total counter\nom_energy_joules_total 1e-07\n");
}

TEST_CASE("a prefix and constant labels stand before all of a source's own") {
  fill();
  vitals::source_ref source = metrics::source();
  const vitals::constant_label labels[] = {{.name = "shard", .value = "a\"b"}, {.name = "rack", .value = ""}};
  source.prefix = "lib_";
  source.labels = labels;
  const std::string page = page_of<vitals::openmetrics_text>(source);
  CHECK(page.find("# TYPE lib_om_requests counter\n") != std::string::npos);
  CHECK(page.find("\nlib_om_requests_total{shard=\"a\\\"b\",rack=\"\",zone=\"us\"} 9007199254740993\n") !=
        std::string::npos);
  CHECK(page.find("\nlib_om_in_flight{shard=\"a\\\"b\",rack=\"\"} -1\n") != std::string::npos);
  CHECK(page.find("\nlib_om_latency_seconds_bucket{shard=\"a\\\"b\",rack=\"\",zone=\"eu\",le=\"0.5\"} 1\n") !=
        std::string::npos);
  // OpenMetrics: a state set's label has the family's name
  CHECK(page.find("\nlib_om_phase{shard=\"a\\\"b\",rack=\"\",zone=\"eu\",lib_om_phase=\"starting\"} 1\n") !=
        std::string::npos);
  CHECK(page.find("\nom_") == std::string::npos);
}

TEST_CASE("a callback that throws loses its own family for that scrape, and is counted") {
  fill();
  vitals::source_ref source = metrics::source();
  vitals::page page{vitals::openmetrics_text::format, {&source, 1}};
  std::string out;
  broken = true;
  page.render(out);
  page.render(out);
  CHECK(out.find("om_queue_depth") == std::string::npos);
  CHECK(out.find("\nom_phase{zone=\"us\",om_phase=\"stopping\"} 1\n# TYPE om_taken counter\n") != std::string::npos);
  CHECK(out.find("\nvitals_callback_failures_total 2\n") != std::string::npos);
  CHECK(out.ends_with("\n# EOF\n"));
  broken = false;
  page.render(out);
  CHECK(out.find("\nom_queue_depth{zone=\"eu\"} -0.5\n") != std::string::npos);
  CHECK(out.find("\nvitals_callback_failures_total 2\n") != std::string::npos);
  metrics::reset_after_fork();
}

TEST_CASE("a page of no sources is its end") {
  vitals::page page{vitals::openmetrics_text::format, {}};
  std::string out;
  page.render(out);
  CHECK(out == "# EOF\n");
}

}  // namespace openmetrics_tests
