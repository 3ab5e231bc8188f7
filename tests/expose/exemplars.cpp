#include <vitals/expose/exemplars.hpp>

#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include <doctest/doctest.h>
#include <allocations.hpp>
#include <expose/known_times.hpp>

#include <vitals/expose/json.hpp>
#include <vitals/expose/openmetrics.hpp>
#include <vitals/expose/page.hpp>
#include <vitals/expose/prometheus.hpp>
#include <vitals/expose/reference.hpp>
#include <vitals/expose/scrape.hpp>
#include <vitals/metric/buckets.hpp>
#include <vitals/metric/counter.hpp>
#include <vitals/metric/histogram.hpp>
#include <vitals/metric/native_histogram.hpp>
#include <vitals/metric/real_counter.hpp>
#include <vitals/registry/registry.hpp>

namespace expose_exemplars_tests {

using namespace std::chrono_literals;
using namespace std::string_view_literals;
using vitals::exemplar;
using vitals::exemplars;
using limits = std::numeric_limits<double>;

enum class zone { eu, us };
using by_zone = vitals::label<"zone", zone>;

struct jobs : vitals::counter<"ex_jobs_total", "Jobs.", by_zone, exemplars> {};
struct energy : vitals::real_counter<"ex_energy_joules_total", "Energy.", exemplars> {};
struct plain : vitals::counter<"ex_plain_total", "Plain."> {};
struct latency : vitals::histogram<"ex_latency_seconds", "Latency.", vitals::buckets::of<0.01, 1>, by_zone, exemplars> {
};
struct offsets : vitals::histogram<"ex_offsets", "Offsets.", vitals::buckets::of<-2.5, 0>, exemplars, vitals::shared> {
};
struct waits : vitals::native_histogram<"ex_waits_bytes", "Waits.", vitals::native<1, 0, 2>, exemplars> {};
using metrics = vitals::registry<jobs, energy, plain, latency, offsets, waits>;

constexpr exemplar first = exemplar::from_hex("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
constexpr exemplar second = exemplar::from_hex("00000000000000000000000000000001", "0000000000000002");
constexpr exemplar third = exemplar::from_hex("ffffffffffffffffffffffffffffffff", "ffffffffffffffff");

void fill() {
  metrics::reset_after_fork();
  metrics::get<jobs>(zone::us).inc(3U, first);
  metrics::get<energy>().add(1e-7, second);
  metrics::get<plain>().inc();
  metrics::get<latency>(zone::us).observe(10ms, third);
  metrics::get<latency>(zone::us).observe(limits::infinity(), first);
  metrics::get<offsets>().observe(-limits::infinity(), first);
  metrics::get<offsets>().observe(-0.0, second);
  metrics::get<offsets>().observe(1.7976931348623157e308, third);
  metrics::get<waits>().observe(1.25, first);
  metrics::get<waits>().observe(1e21, second);
}

template <class Format>
std::string page_of(vitals::source_ref source) {
  vitals::page page{Format::format, {&source, 1}};
  std::string out;
  page.render(out);
  return out;
}

TEST_CASE("OpenMetrics with exemplars, in full") {
  fill();
  CHECK(page_of<vitals::openmetrics_text>(known_times<metrics>::source()) == R"(# TYPE ex_jobs counter
# HELP ex_jobs Jobs.
ex_jobs_total{zone="eu"} 0
ex_jobs_total{zone="us"} 3 # {trace_id="0af7651916cd43dd8448eb211c80319c",span_id="b7ad6b7169203331"} 3 1520879607.089
# TYPE ex_energy_joules counter
# UNIT ex_energy_joules joules
# HELP ex_energy_joules Energy.
ex_energy_joules_total 1e-07 # {trace_id="00000000000000000000000000000001",span_id="0000000000000002"} 1e-07 1520879608.089
# TYPE ex_plain counter
# HELP ex_plain Plain.
ex_plain_total 1
# TYPE ex_latency_seconds histogram
# UNIT ex_latency_seconds seconds
# HELP ex_latency_seconds Latency.
ex_latency_seconds_bucket{zone="eu",le="0.01"} 0
ex_latency_seconds_bucket{zone="eu",le="1.0"} 0
ex_latency_seconds_bucket{zone="eu",le="+Inf"} 0
ex_latency_seconds_sum{zone="eu"} 0
ex_latency_seconds_count{zone="eu"} 0
ex_latency_seconds_bucket{zone="us",le="0.01"} 1 # {trace_id="ffffffffffffffffffffffffffffffff",span_id="ffffffffffffffff"} 0.01 1520879609.089
ex_latency_seconds_bucket{zone="us",le="1.0"} 1
ex_latency_seconds_bucket{zone="us",le="+Inf"} 2 # {trace_id="0af7651916cd43dd8448eb211c80319c",span_id="b7ad6b7169203331"} +Inf 1520879610.089
ex_latency_seconds_sum{zone="us"} 0.01
ex_latency_seconds_count{zone="us"} 2
# TYPE ex_offsets histogram
# HELP ex_offsets Offsets.
ex_offsets_bucket{le="-2.5"} 1 # {trace_id="0af7651916cd43dd8448eb211c80319c",span_id="b7ad6b7169203331"} -Inf 1520879611.089
ex_offsets_bucket{le="0.0"} 2 # {trace_id="00000000000000000000000000000001",span_id="0000000000000002"} 0 1520879612.089
ex_offsets_bucket{le="+Inf"} 3 # {trace_id="ffffffffffffffffffffffffffffffff",span_id="ffffffffffffffff"} 1.7976931348623157e+308 1520879613.089
# TYPE ex_waits_bytes histogram
# UNIT ex_waits_bytes bytes
# HELP ex_waits_bytes Waits.
ex_waits_bytes_bucket{le="1.0"} 0
ex_waits_bytes_bucket{le="2.0"} 1 # {trace_id="0af7651916cd43dd8448eb211c80319c",span_id="b7ad6b7169203331"} 1.25 1520879614.089
ex_waits_bytes_bucket{le="4.0"} 1
ex_waits_bytes_bucket{le="+Inf"} 2 # {trace_id="00000000000000000000000000000001",span_id="0000000000000002"} 1e+21 1520879615.089
ex_waits_bytes_sum 1e+21
ex_waits_bytes_count 2
# TYPE vitals_dropped counter
# HELP vitals_dropped Updates dropped: a label outside its values, NaN, or a negative value where none may be.
vitals_dropped_total{reason="label"} 0
vitals_dropped_total{reason="value"} 0
# EOF
)");
}

TEST_CASE("Prometheus text has the same numbers and no exemplar, which would break its scrape") {
  fill();
  const std::string page = vitals::scrape<known_times<metrics>>();
  CHECK(page.find("ex_jobs_total{zone=\"us\"} 3\n") != std::string::npos);
  CHECK(page.find("ex_latency_seconds_bucket{zone=\"us\",le=\"+Inf\"} 2\n") != std::string::npos);
  CHECK(page.find(" # ") == std::string::npos);
  CHECK(page.find("trace_id") == std::string::npos);
}

TEST_CASE("JSON with exemplars, in full") {
  fill();
  CHECK(page_of<vitals::json_text>(known_times<metrics>::source()) == R"({"families":[
{"name":"ex_jobs_total","type":"counter","help":"Jobs.","unit":"","series":[{"labels":{"zone":"eu"},"value":0},{"labels":{"zone":"us"},"value":3,"exemplar":{"trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"b7ad6b7169203331","value":3,"timestamp":1520879607.089}}]},
{"name":"ex_energy_joules_total","type":"counter","help":"Energy.","unit":"joules","series":[{"labels":{},"value":1e-07,"exemplar":{"trace_id":"00000000000000000000000000000001","span_id":"0000000000000002","value":1e-07,"timestamp":1520879608.089}}]},
{"name":"ex_plain_total","type":"counter","help":"Plain.","unit":"","series":[{"labels":{},"value":1}]},
{"name":"ex_latency_seconds","type":"histogram","help":"Latency.","unit":"seconds","series":[{"labels":{"zone":"eu"},"count":0,"sum":0,"quantiles":{"p50":"NaN","p95":"NaN","p99":"NaN"},"buckets":[{"bound":0.01,"count":0},{"bound":1,"count":0},{"bound":"+Inf","count":0}]},{"labels":{"zone":"us"},"count":2,"sum":0.01,"quantiles":{"p50":0.01,"p95":1,"p99":1},"buckets":[{"bound":0.01,"count":1,"exemplar":{"trace_id":"ffffffffffffffffffffffffffffffff","span_id":"ffffffffffffffff","value":0.01,"timestamp":1520879609.089}},{"bound":1,"count":0},{"bound":"+Inf","count":1,"exemplar":{"trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"b7ad6b7169203331","value":"+Inf","timestamp":1520879610.089}}]}]},
{"name":"ex_offsets","type":"histogram","help":"Offsets.","unit":"","series":[{"labels":{},"count":3,"sum":1.7976931348623157e+308,"quantiles":{"p50":-1.25,"p95":0,"p99":0},"buckets":[{"bound":-2.5,"count":1,"exemplar":{"trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"b7ad6b7169203331","value":"-Inf","timestamp":1520879611.089}},{"bound":0,"count":1,"exemplar":{"trace_id":"00000000000000000000000000000001","span_id":"0000000000000002","value":0,"timestamp":1520879612.089}},{"bound":"+Inf","count":1,"exemplar":{"trace_id":"ffffffffffffffffffffffffffffffff","span_id":"ffffffffffffffff","value":1.7976931348623157e+308,"timestamp":1520879613.089}}]}]},
{"name":"ex_waits_bytes","type":"histogram","help":"Waits.","unit":"bytes","series":[{"labels":{},"count":2,"sum":1e+21,"quantiles":{"p50":1.4142135623730951,"p95":4,"p99":4},"buckets":[{"bound":1,"count":0},{"bound":2,"count":1,"exemplar":{"trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"b7ad6b7169203331","value":1.25,"timestamp":1520879614.089}},{"bound":4,"count":0},{"bound":"+Inf","count":1,"exemplar":{"trace_id":"00000000000000000000000000000001","span_id":"0000000000000002","value":1e+21,"timestamp":1520879615.089}}]}]},
{"name":"vitals_dropped_total","type":"counter","help":"Updates dropped: a label outside its values, NaN, or a negative value where none may be.","unit":"","series":[{"labels":{"reason":"label"},"value":0},{"labels":{"reason":"value"},"value":0}]}
]}
)");
}

TEST_CASE("behind a prefix and labels, and behind another source's cells, they are found too") {
  fill();
  const vitals::constant_label labels[] = {{.name = "shard", .value = "3"}};
  struct others_jobs : vitals::counter<"ex_others_total", "Others.", by_zone, exemplars> {};
  vitals::source_ref sources[] = {vitals::registry<others_jobs>::source(), known_times<metrics>::source()};
  sources[1].prefix = "lib_";
  sources[1].labels = labels;
  vitals::page page{vitals::openmetrics_text::format, sources};
  std::string out;
  page.render(out);
  CHECK(out.find("\nlib_ex_jobs_total{shard=\"3\",zone=\"us\"} 3 # "
                 "{trace_id=\"0af7651916cd43dd8448eb211c80319c\",span_id=\"b7ad6b7169203331\"} 3 1520879607.089\n") !=
        std::string::npos);
  CHECK(
      out.find("\nlib_ex_waits_bytes_bucket{shard=\"3\",le=\"+Inf\"} 2 # "
               "{trace_id=\"00000000000000000000000000000001\",span_id=\"0000000000000002\"} 1e+21 1520879615.089\n") !=
      std::string::npos);
}

std::string written(const std::array<std::uint64_t, 5>& words) {
  char text[vitals::detail::exemplar_room];
  return {text, vitals::detail::write_exemplar(text, words.data())};
}
std::string json(const std::array<std::uint64_t, 5>& words) {
  char text[vitals::detail::exemplar_room];
  return {text, vitals::detail::write_json_exemplar(text, words.data())};
}

TEST_CASE("the longest and the shortest of an exemplar's numbers") {
  constexpr std::uint64_t most = ~std::uint64_t{0};
  const auto lowest = std::bit_cast<std::uint64_t>(-2.2250738585072014e-308);
  CHECK(written({1, 0, 1, 1, 0}) ==
        R"( # {trace_id="00000000000000000000000000000001",span_id="0000000000000001"} 0 0.001)");
  const std::string longest = written({most, most, most, most, lowest});
  CHECK(
      longest ==
      R"( # {trace_id="ffffffffffffffffffffffffffffffff",span_id="ffffffffffffffff"} -2.2250738585072014e-308 18446744073709551.615)");
  CHECK(longest.size() + 8 < vitals::detail::exemplar_room);
  CHECK(json({most, most, most, most, lowest}).size() + 8 < vitals::detail::exemplar_room);
  CHECK(written({0, 1, 1, 1, 1}).empty());
  CHECK(json({0, 1, 1, 1, 1}).empty());
  CHECK(
      json({60'000, 1, 2, 3, std::bit_cast<std::uint64_t>(limits::infinity())}) ==
      R"(,"exemplar":{"trace_id":"00000000000000010000000000000002","span_id":"0000000000000003","value":"+Inf","timestamp":60.000})");
}

TEST_CASE("the reference counts the bytes of exemplars") {
  CHECK(vitals::reference<metrics>().find("| `ex_jobs_total` | counter |  | zone: eu, us | Jobs. | 2 | 208 |\n") !=
        std::string::npos);
  CHECK(vitals::reference<metrics>().find("| `ex_plain_total` | counter |  |  | Plain. | 1 | 8 |\n") !=
        std::string::npos);
}

#if VITALS_TESTS_COUNT_ALLOCATIONS
TEST_CASE("a page that all its exemplars come to allocates no more") {
  metrics::reset_after_fork();
  const vitals::source_ref source = metrics::source();
  vitals::page text{vitals::openmetrics_text::format, {&source, 1}};
  vitals::page document{vitals::json_text::format, {&source, 1}};
  std::string text_out;
  std::string document_out;
  text.render(text_out);
  document.render(document_out);
  const std::size_t size = text_out.size();
  const std::size_t before = allocations;
  fill();
  metrics::get<jobs>(zone::eu).inc(third);
  for (const double v : {0.001, 0.5, 2.0}) {
    metrics::get<latency>(zone::eu).observe(v, third);
    metrics::get<latency>(zone::us).observe(v, third);
  }
  text.render(text_out);
  document.render(document_out);
  CHECK(allocations == before);
  CHECK(text_out.size() > size + 1000);
}
#endif

}  // namespace expose_exemplars_tests
