#include <vitals/expose/json.hpp>

#include <chrono>
#include <clocale>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include <doctest/doctest.h>
#include <allocations.hpp>
#include <expose/odd.hpp>

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

namespace json_tests {

using namespace std::chrono_literals;
using limits = std::numeric_limits<double>;

enum class zone { eu, us };
enum class phase { starting, running, stopping };
using by_zone = vitals::label<"zone", zone>;
using by_room = vitals::label<"room", vitals::one_of<"say \"hi\"\\\nnow", "caf\xC3\xA9">>;
using by_value = vitals::label<"value", vitals::one_of<"zero", "minus zero", "smallest", "largest", "lowest", "nan",
                                                       "inf", "minus inf", "1e-7", "1e21", "whole">>;

bool broken = false;
double depth(zone z) {
  if (broken) {
    throw std::runtime_error{"no depth"};
  }
  return z == zone::eu ? -0.5 : limits::quiet_NaN();
}
std::uint64_t taken() {
  return ~std::uint64_t{0};
}

struct queue : vitals::callback<"json_queue_depth", "Depth.", &depth, by_zone> {};
struct requests : vitals::counter<"json_requests_total", "Requests: \"a\\b\"\nand \t\x01 more.", by_zone> {};
struct energy : vitals::real_counter<"json_energy_joules_total", "Energy."> {};
struct in_flight : vitals::up_down<"json_in_flight", "In flight."> {};
struct edges : vitals::gauge<"json_edges", "Edges.", vitals::packed, by_value> {};
struct peaks : vitals::max_gauge<"json_peaks", "Peaks.", by_value, vitals::window<1h>> {};
struct warmth : vitals::gauge<"json_room_celsius", "Warmth.", vitals::packed, by_room> {};
struct widgets : vitals::gauge<"json_stock_widgets", "Widgets.", vitals::unit::custom<"widgets">> {};
struct latency : vitals::histogram<"json_latency_seconds", "Latency.", vitals::buckets::of<1e-05, 0.5, 1>, by_zone> {};
struct offsets : vitals::histogram<"json_offsets", "Offsets.", vitals::buckets::of<-2.5, 0, 1e21>> {};
struct spread : vitals::histogram<"json_spread", "Spread.", vitals::buckets::of<1, 2, 4>> {};
struct payload : vitals::summary<"json_payload_bytes", "Payload."> {};
struct work : vitals::summary<"json_work_seconds", "Work."> {};
struct build : vitals::info<"json_build_info", "Build.", vitals::constant<"version", "1.4.2">> {};
struct state : vitals::state_set<"json_phase", "Phase.", phase, by_zone> {};
struct takes : vitals::callback<"json_taken_total", "Taken.", &taken> {};

using metrics = vitals::registry<queue, requests, energy, in_flight, edges, peaks, warmth, widgets, latency, offsets,
                                 spread, payload, work, build, state, takes>;

void fill() {
  broken = false;
  metrics::reset_after_fork();
  metrics::get<requests>(zone::us).inc((std::uint64_t{1} << 53) + 1);
  metrics::get<energy>().add(1e-7);
  metrics::get<in_flight>().add(std::numeric_limits<std::int64_t>::min());
  metrics::get<edges>("minus zero").set(-0.0);
  metrics::get<edges>("smallest").set(limits::denorm_min());
  metrics::get<edges>("largest").set(limits::max());
  metrics::get<edges>("lowest").set(limits::lowest());
  metrics::get<edges>("nan").set(limits::quiet_NaN());
  metrics::get<edges>("inf").set(limits::infinity());
  metrics::get<edges>("minus inf").set(-limits::infinity());
  metrics::get<edges>("1e-7").set(1e-7);
  metrics::get<edges>("1e21").set(1e21);
  metrics::get<edges>("whole").set(1234567);
  metrics::get<peaks>("zero").observe(0);
  metrics::get<peaks>("minus zero").observe(-0.0);
  metrics::get<peaks>("smallest").observe(limits::denorm_min());
  metrics::get<peaks>("largest").observe(limits::max());
  metrics::get<peaks>("lowest").observe(limits::lowest());
  metrics::get<peaks>("inf").observe(limits::infinity());
  metrics::get<peaks>("minus inf").observe(-limits::infinity());
  metrics::get<peaks>("1e-7").observe(1e-7);
  metrics::get<peaks>("1e21").observe(1e21);
  metrics::get<peaks>("whole").observe(1234567);
  metrics::get<warmth>("caf\xC3\xA9").set(-17.25);
  metrics::get<latency>(zone::eu).observe(250ms);
  metrics::get<latency>(zone::eu).observe(500ms);
  metrics::get<latency>(zone::eu).observe(1'000'000'001ns);
  metrics::get<offsets>().observe(-3.5);
  metrics::get<offsets>().observe(-limits::infinity());
  metrics::get<offsets>().observe(limits::quiet_NaN());
  for (int i = 0; i != 100; ++i) {
    metrics::get<spread>().observe(i < 50 ? 0.5 : i < 95 ? 1.5 : i < 99 ? 3 : 5);
  }
  metrics::get<payload>().observe(limits::max());
  metrics::get<payload>().observe(limits::max());
  metrics::get<work>().observe(std::chrono::hours::max());
  metrics::get<work>().observe(1ns);
  metrics::get<state>(zone::us).set(phase::stopping);
}

std::string page_of(std::span<const vitals::source_ref> sources) {
  vitals::page page{vitals::json_text::format, sources};
  std::string out;
  page.render(out);
  return out;
}
std::string page_of(const vitals::source_ref& source) {
  return page_of({&source, 1});
}

constexpr std::string_view filled = R"({"families":[
{"name":"json_queue_depth","type":"gauge","help":"Depth.","unit":"","series":[{"labels":{"zone":"eu"},"value":-0.5},{"labels":{"zone":"us"},"value":"NaN"}]},
{"name":"json_requests_total","type":"counter","help":"Requests: \"a\\b\"\u000aand \u0009\u0001 more.","unit":"","series":[{"labels":{"zone":"eu"},"value":0},{"labels":{"zone":"us"},"value":9007199254740993}]},
{"name":"json_energy_joules_total","type":"counter","help":"Energy.","unit":"joules","series":[{"labels":{},"value":1e-07}]},
{"name":"json_in_flight","type":"gauge","help":"In flight.","unit":"","series":[{"labels":{},"value":-9223372036854775808}]},
{"name":"json_edges","type":"gauge","help":"Edges.","unit":"","series":[{"labels":{"value":"zero"},"value":0},{"labels":{"value":"minus zero"},"value":-0.0},{"labels":{"value":"smallest"},"value":5e-324},{"labels":{"value":"largest"},"value":1.7976931348623157e+308},{"labels":{"value":"lowest"},"value":-1.7976931348623157e+308},{"labels":{"value":"nan"},"value":"NaN"},{"labels":{"value":"inf"},"value":"+Inf"},{"labels":{"value":"minus inf"},"value":"-Inf"},{"labels":{"value":"1e-7"},"value":1e-07},{"labels":{"value":"1e21"},"value":1e+21},{"labels":{"value":"whole"},"value":1.234567e+06}]},
{"name":"json_peaks","type":"gauge","help":"Peaks.","unit":"","series":[{"labels":{"value":"zero"},"value":0},{"labels":{"value":"minus zero"},"value":-0.0},{"labels":{"value":"smallest"},"value":5e-324},{"labels":{"value":"largest"},"value":1.7976931348623157e+308},{"labels":{"value":"lowest"},"value":-1.7976931348623157e+308},{"labels":{"value":"nan"},"value":"NaN"},{"labels":{"value":"inf"},"value":"+Inf"},{"labels":{"value":"minus inf"},"value":"-Inf"},{"labels":{"value":"1e-7"},"value":1e-07},{"labels":{"value":"1e21"},"value":1e+21},{"labels":{"value":"whole"},"value":1.234567e+06}]},
{"name":"json_room_celsius","type":"gauge","help":"Warmth.","unit":"celsius","series":[{"labels":{"room":"say \"hi\"\\\u000anow"},"value":0},{"labels":{"room":"café"},"value":-17.25}]},
{"name":"json_stock_widgets","type":"gauge","help":"Widgets.","unit":"widgets","series":[{"labels":{},"value":0}]},
{"name":"json_latency_seconds","type":"histogram","help":"Latency.","unit":"seconds","series":[{"labels":{"zone":"eu"},"count":3,"sum":1.750000001,"quantiles":{"p50":0.3750025,"p95":1,"p99":1},"buckets":[{"bound":1e-05,"count":0},{"bound":0.5,"count":2},{"bound":1,"count":0},{"bound":"+Inf","count":1}]},{"labels":{"zone":"us"},"count":0,"sum":0,"quantiles":{"p50":"NaN","p95":"NaN","p99":"NaN"},"buckets":[{"bound":1e-05,"count":0},{"bound":0.5,"count":0},{"bound":1,"count":0},{"bound":"+Inf","count":0}]}]},
{"name":"json_offsets","type":"histogram","help":"Offsets.","unit":"","series":[{"labels":{},"count":2,"sum":-3.5,"quantiles":{"p50":-2.5,"p95":-2.5,"p99":-2.5},"buckets":[{"bound":-2.5,"count":2},{"bound":0,"count":0},{"bound":1e+21,"count":0},{"bound":"+Inf","count":0}]}]},
{"name":"json_spread","type":"histogram","help":"Spread.","unit":"","series":[{"labels":{},"count":100,"sum":109.5,"quantiles":{"p50":1,"p95":2,"p99":4},"buckets":[{"bound":1,"count":50},{"bound":2,"count":45},{"bound":4,"count":4},{"bound":"+Inf","count":1}]}]},
{"name":"json_payload_bytes","type":"summary","help":"Payload.","unit":"bytes","series":[{"labels":{},"count":2,"sum":"+Inf"}]},
{"name":"json_work_seconds","type":"summary","help":"Work.","unit":"seconds","series":[{"labels":{},"count":2,"sum":9223372036.854775808}]},
{"name":"json_build_info","type":"info","help":"Build.","unit":"","series":[{"labels":{"version":"1.4.2"},"value":1}]},
{"name":"json_phase","type":"stateset","help":"Phase.","unit":"","series":[{"labels":{"zone":"eu","json_phase":"starting"},"value":1},{"labels":{"zone":"eu","json_phase":"running"},"value":0},{"labels":{"zone":"eu","json_phase":"stopping"},"value":0},{"labels":{"zone":"us","json_phase":"starting"},"value":0},{"labels":{"zone":"us","json_phase":"running"},"value":0},{"labels":{"zone":"us","json_phase":"stopping"},"value":1}]},
{"name":"json_taken_total","type":"counter","help":"Taken.","unit":"","series":[{"labels":{},"value":18446744073709551615}]},
{"name":"vitals_dropped_total","type":"counter","help":"Updates dropped: a label outside its values, NaN, or a negative value where none may be.","unit":"","series":[{"labels":{"reason":"label"},"value":0},{"labels":{"reason":"value"},"value":1}]},
{"name":"vitals_callback_failures_total","type":"counter","help":"Callbacks that threw, or gave a counter what it cannot be: their families were left out of a scrape.","unit":"","series":[{"labels":{},"value":0}]}
]}
)";

TEST_CASE("every kind of metric as JSON, in full, with numbers at every edge") {
  fill();
  CHECK(page_of(metrics::source()) == filled);
}

TEST_CASE("a decimal comma in the locale changes nothing in JSON") {
  const std::string before = std::setlocale(LC_ALL, nullptr);
  fill();
  std::setlocale(LC_ALL, "de_DE.UTF-8");  // where the machine has it
  const std::string page = page_of(metrics::source());
  std::setlocale(LC_ALL, before.c_str());
  CHECK(page == filled);
}

TEST_CASE("odd numbers and texts as JSON, in full") {
  odd::fill();
  CHECK(page_of(odd::metrics::source()) == R"({"families":[
{"name":"odd_reals","type":"gauge","help":"All doubles.","unit":"","series":[{"labels":{"which":"0"},"value":0},{"labels":{"which":"-0"},"value":-0.0},{"labels":{"which":"smallest"},"value":5e-324},{"labels":{"which":"largest"},"value":1.7976931348623157e+308},{"labels":{"which":"lowest"},"value":-1.7976931348623157e+308},{"labels":{"which":"NaN"},"value":"NaN"},{"labels":{"which":"+Inf"},"value":"+Inf"},{"labels":{"which":"-Inf"},"value":"-Inf"},{"labels":{"which":"1e-7"},"value":1e-07},{"labels":{"which":"1e21"},"value":1e+21},{"labels":{"which":"2^53+1"},"value":9.007199254740992e+15},{"labels":{"which":"1234567"},"value":1.234567e+06}]},
{"name":"odd_texts_total","type":"counter","help":"A \\ and a \"quote\"\u000aand a line, in cafés.","unit":"","series":[{"labels":{"text":"ok"},"value":0},{"labels":{"text":"\"\\\u000a\\n"},"value":0},{"labels":{"text":"tab\u0009and ☃"},"value":0}]},
{"name":"odd_counts_total","type":"counter","help":"All integers.","unit":"","series":[{"labels":{"most":"false"},"value":9007199254740993},{"labels":{"most":"true"},"value":18446744073709551615}]},
{"name":"odd_signs","type":"gauge","help":"All signs.","unit":"","series":[{"labels":{"most":"false"},"value":-9223372036854775808},{"labels":{"most":"true"},"value":9223372036854775807}]},
{"name":"odd_waits_seconds","type":"histogram","help":"Waits.","unit":"seconds","series":[{"labels":{},"count":3,"sum":27670116110.564327421,"quantiles":{"p50":1e+09,"p95":1e+09,"p99":1e+09},"buckets":[{"bound":1e-09,"count":0},{"bound":1e+09,"count":0},{"bound":"+Inf","count":3}]}]},
{"name":"odd_sizes_bytes","type":"histogram","help":"Sizes.","unit":"bytes","series":[{"labels":{},"count":3,"sum":1e+21,"quantiles":{"p50":5e+20,"p95":1e+21,"p99":1e+21},"buckets":[{"bound":1e-07,"count":1},{"bound":1e+21,"count":1},{"bound":"+Inf","count":1}]}]},
{"name":"odd_weights_grams","type":"summary","help":"Weights.","unit":"grams","series":[{"labels":{},"count":1,"sum":1.7976931348623157e+308}]},
{"name":"odd_spans","type":"histogram","help":"Spans.","unit":"","series":[{"labels":{},"count":3,"sum":5.1,"quantiles":{"p50":1.7071067811865475,"p95":2,"p99":2},"buckets":[{"bound":0.5,"count":0},{"bound":1,"count":1},{"bound":2,"count":1},{"bound":"+Inf","count":1}]}]},
{"name":"vitals_dropped_total","type":"counter","help":"Updates dropped: a label outside its values, NaN, or a negative value where none may be.","unit":"","series":[{"labels":{"reason":"label"},"value":0},{"labels":{"reason":"value"},"value":1}]}
]}
)");
}

TEST_CASE("long texts, up to a megabyte, come through whole") {
  for (const std::size_t times : odd::long_times) {
    const std::string escaped = odd::repeated(times, "\\\"\\\\\\u000aab\xC3\xA9 ");
    const bool same =
        page_of(odd::long_texts{times}.source()) == R"({"families":[)"
                                                    "\n"
                                                    R"({"name":"odd_long_total","type":"counter","help":")" +
                                                        escaped + R"(","unit":"","series":[{"labels":{"text":")" +
                                                        escaped + "\"},\"value\":7}]}\n]}\n";
    CHECK(same);
  }
}

TEST_CASE("a family that is absent takes its comma along, wherever it stands") {
  struct last : vitals::callback<"json_last_depth", "Depth.", &depth, by_zone> {};
  struct ticks : vitals::counter<"json_ticks_total", "Ticks."> {};
  struct also_last : vitals::callback<"json_also_last_depth", "Depth.", &depth, by_zone> {};
  const std::string failures =
      R"({"name":"vitals_callback_failures_total","type":"counter","help":"Callbacks that threw, or gave a counter what it cannot be: their families were left out of a scrape.","unit":"","series":[{"labels":{},"value":)";
  const std::string tick =
      R"({"name":"json_ticks_total","type":"counter","help":"Ticks.","unit":"","series":[{"labels":{},"value":0}]})";
  const auto gauge = [](const std::string& name) {
    return R"({"name":")" + name +
           R"(","type":"gauge","help":"Depth.","unit":"","series":[{"labels":{"zone":"eu"},"value":-0.5},{"labels":{"zone":"us"},"value":"NaN"}]})";
  };
  const vitals::source_ref source = vitals::registry<last, ticks, also_last>::source();
  vitals::page page{vitals::json_text::format, {&source, 1}};
  std::string out;
  broken = true;
  page.render(out);
  CHECK(out == "{\"families\":[\n" + tick + ",\n" + failures + "2}]}\n]}\n");
  broken = false;
  page.render(out);
  CHECK(out == "{\"families\":[\n" + gauge("json_last_depth") + ",\n" + tick + ",\n" + gauge("json_also_last_depth") +
                   ",\n" + failures + "2}]}\n]}\n");
}

TEST_CASE("a page of no families is still JSON") {
  CHECK(page_of(std::span<const vitals::source_ref>{}) == "{\"families\":[\n]}\n");
}

TEST_CASE("a prefix and constant labels stand before all of a source's own") {
  fill();
  vitals::source_ref source = metrics::source();
  const vitals::constant_label labels[] = {{.name = "shard", .value = "a\"b"}, {.name = "rack", .value = ""}};
  source.prefix = "lib_";
  source.labels = labels;
  const std::string page = page_of(source);
  CHECK(page.find("\n{\"name\":\"lib_json_requests_total\",") != std::string::npos);
  CHECK(page.find(R"({"labels":{"shard":"a\"b","rack":"","zone":"us"},"value":9007199254740993})") !=
        std::string::npos);
  CHECK(page.find(R"({"labels":{"shard":"a\"b","rack":""},"value":-9223372036854775808})") != std::string::npos);
  CHECK(page.find(R"({"shard":"a\"b","rack":"","zone":"us","lib_json_phase":"stopping"},"value":1})") !=
        std::string::npos);
}

TEST_CASE("texts are escaped: quotes, backslashes and control characters, nothing else") {
  using vitals::detail::json_string;
  CHECK(json_string("") == R"("")");
  CHECK(json_string("a\"b\\c/d'e") == R"("a\"b\\c/d'e")");
  CHECK(json_string({"\0\x01\b\t\n\f\r\x1B\x1F ~\x7F", 12}) ==
        "\"\\u0000\\u0001\\u0008\\u0009\\u000a\\u000c\\u000d\\u001b\\u001f ~\x7F\"");
  CHECK(json_string("caf\xC3\xA9 \xE2\x98\x83 \xF0\x9F\x98\x80") == "\"caf\xC3\xA9 \xE2\x98\x83 \xF0\x9F\x98\x80\"");
  CHECK(json_string("\\u0041\\n") == R"("\\u0041\\n")");
}

TEST_CASE("texts of 10 KB are written whole, and so are those that escaping makes longer") {
  const std::string help = std::string(5000, '\\') + std::string(5000, '\n') + "\xC3\xA9";
  const std::string value = std::string(10'000, '"') + "end";
  const std::string_view values[] = {value};
  const vitals::label_family labels[] = {{.name = "long", .values = values}};
  const std::string name = std::string(10'000, 'n') + "_total";
  const vitals::family family{.name = name,
                              .help = help,
                              .unit = {},
                              .type = vitals::metric_type::counter,
                              .kind = vitals::value_kind::unsigned_integer,
                              .labels = labels,
                              .bounds = {},
                              .first = 0,
                              .series = 1,
                              .stride = 1,
                              .width = 1};
  const auto read = [](const void*, std::uint64_t* out) noexcept { *out = ~std::uint64_t{0}; };
  std::string backslashes;
  std::string lines;
  std::string quotes;
  for (int i = 0; i != 5000; ++i) {
    backslashes += R"(\\)";
    lines += R"(\u000a)";
    quotes += R"(\"\")";
  }
  const std::string expected = "{\"families\":[\n{\"name\":\"" + name + R"(","type":"counter","help":")" + backslashes +
                               lines + "\xC3\xA9\",\"unit\":\"\",\"series\":[{\"labels\":{\"long\":\"" + quotes +
                               "end\"},\"value\":18446744073709551615}]}\n]}\n";
  const bool same = page_of(vitals::source_ref{.families = {&family, 1}, .cells = 1, .read = read}) == expected;
  CHECK(same);
}

#if VITALS_TESTS_COUNT_ALLOCATIONS
TEST_CASE("JSON that is rendered again takes nothing from the heap, however its numbers have grown") {
  metrics::reset_after_fork();
  const vitals::source_ref source = metrics::source();
  vitals::page page{vitals::json_text::format, {&source, 1}};
  std::string out;
  const std::size_t before = allocations;
  page.render(out);
  CHECK(allocations > before);  // they are counted
  const std::size_t warm = allocations;
  fill();
  metrics::get<latency>(zone::us).observe(-limits::denorm_min());
  page.render(out);
  CHECK(allocations == warm);
  metrics::reset_after_fork();
}
#endif

TEST_CASE("the media type is that of RFC 8259") {
  CHECK(vitals::json_text::content_type == "application/json");
}

}  // namespace json_tests
