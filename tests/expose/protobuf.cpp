#include <vitals/expose/protobuf.hpp>

#include <atomic>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <allocations.hpp>
#include <expose/odd.hpp>
#include <expose/read_protobuf.hpp>

#include <vitals/metric/buckets.hpp>
#include <vitals/metric/callback.hpp>
#include <vitals/metric/counter.hpp>
#include <vitals/metric/gauge.hpp>
#include <vitals/metric/histogram.hpp>
#include <vitals/metric/info.hpp>
#include <vitals/metric/label.hpp>
#include <vitals/metric/max_gauge.hpp>
#include <vitals/metric/native_histogram.hpp>
#include <vitals/metric/real_counter.hpp>
#include <vitals/metric/state_set.hpp>
#include <vitals/metric/summary.hpp>
#include <vitals/metric/up_down.hpp>
#include <vitals/registry/registry.hpp>

namespace protobuf_tests {

using namespace read_protobuf;
using namespace std::chrono_literals;
using limits = std::numeric_limits<double>;

enum class zone { eu, us };
enum class phase { starting, running };
using by_zone = vitals::label<"zone", zone>;

bool broken = false;
double depth(zone z) {
  if (broken) {
    throw std::runtime_error{"no depth"};
  }
  return z == zone::eu ? -0.5 : 1e21;
}

struct requests : vitals::counter<"proto_requests_total", "Requests.", by_zone, vitals::label<"cached", bool>> {};
struct energy : vitals::real_counter<"proto_energy_joules_total", "Energy."> {};
struct in_flight : vitals::up_down<"proto_in_flight", "In flight."> {};
struct warmth : vitals::gauge<"proto_room_celsius", "Warmth."> {};
struct peaks : vitals::max_gauge<"proto_peak_celsius", "Peaks.", by_zone, vitals::window<1h>> {};
struct latency : vitals::histogram<"proto_latency_seconds", "Latency.", vitals::buckets::of<1e-05, 0.5, 1>, by_zone> {};
struct offsets : vitals::histogram<"proto_offsets", "Offsets.", vitals::buckets::of<-2.5, 0>> {};
struct payload : vitals::summary<"proto_payload_bytes", "Payload."> {};
struct waits : vitals::summary<"proto_waits_seconds", "Waits.", by_zone> {};
struct build : vitals::info<"proto_build_info", "Build.", vitals::constant<"version", "1.4.2">> {};
struct state : vitals::state_set<"proto_phase", "Phase.", phase, by_zone> {};
struct queue : vitals::callback<"proto_queue_depth", "Depth.", &depth, by_zone> {};

using metrics =
    vitals::registry<requests, energy, in_flight, warmth, peaks, latency, offsets, payload, waits, build, state, queue>;

constexpr std::string_view drops =
    "name:'vitals_dropped_total' help:'Updates dropped: a label outside its values, NaN, or a negative value where "
    "none "
    "may be.' type:0 metric{label{name:'reason' value:'label'} counter{value:0}} metric{label{name:'reason' "
    "value:'value'} counter{value:1}}\n";
constexpr std::string_view failures =
    "name:'vitals_callback_failures_total' help:'Callbacks that threw, or gave a counter what it cannot be: their "
    "families were left out of a scrape.' type:0 metric{counter{value:";

void fill() {
  broken = false;
  metrics::reset_after_fork();
  metrics::get<requests>(zone::us, false).inc(7U);
  metrics::get<energy>().add(1e-7);
  metrics::get<in_flight>().dec();
  metrics::get<warmth>().set(21.5);
  metrics::get<peaks>(zone::us).observe(-40.5);
  metrics::get<peaks>(zone::us).observe(-40.75);
  metrics::get<latency>(zone::eu).observe(10us);
  metrics::get<latency>(zone::eu).observe(500ms);
  metrics::get<latency>(zone::eu).observe(2s);
  metrics::get<offsets>().observe(-3.5);
  metrics::get<offsets>().observe(limits::quiet_NaN());
  metrics::get<payload>().observe(1500);
  metrics::get<waits>(zone::us).observe(1500ms);
  metrics::get<state>(zone::us).set(phase::running);
}

TEST_CASE("every kind of metric as protobuf, in full") {
  fill();
  CHECK(shown_page(page_of(metrics::source())) ==
        R"(name:'proto_requests_total' help:'Requests.' type:0)"
        R"( metric{label{name:'zone' value:'eu'} label{name:'cached' value:'false'} counter{value:0}})"
        R"( metric{label{name:'zone' value:'eu'} label{name:'cached' value:'true'} counter{value:0}})"
        R"( metric{label{name:'zone' value:'us'} label{name:'cached' value:'false'} counter{value:7}})"
        R"( metric{label{name:'zone' value:'us'} label{name:'cached' value:'true'} counter{value:0}}
name:'proto_energy_joules_total' help:'Energy.' type:0 unit:'joules' metric{counter{value:1e-07}}
name:'proto_in_flight' help:'In flight.' type:1 metric{gauge{value:-1}}
name:'proto_room_celsius' help:'Warmth.' type:1 unit:'celsius' metric{gauge{value:21.5}}
name:'proto_peak_celsius' help:'Peaks.' type:1 unit:'celsius')"
        R"( metric{label{name:'zone' value:'eu'} gauge{value:NaN}})"
        R"( metric{label{name:'zone' value:'us'} gauge{value:-40.5}}
name:'proto_latency_seconds' help:'Latency.' type:4 unit:'seconds')"
        R"( metric{label{name:'zone' value:'eu'} histogram{sample_count:3 sample_sum:2.50001)"
        R"( bucket{cumulative_count:1 upper_bound:1e-05})"
        R"( bucket{cumulative_count:2 upper_bound:0.5})"
        R"( bucket{cumulative_count:2 upper_bound:1}}})"
        R"( metric{label{name:'zone' value:'us'} histogram{sample_count:0 sample_sum:0)"
        R"( bucket{cumulative_count:0 upper_bound:1e-05})"
        R"( bucket{cumulative_count:0 upper_bound:0.5})"
        R"( bucket{cumulative_count:0 upper_bound:1}}}
name:'proto_offsets' help:'Offsets.' type:4 metric{histogram{sample_count:1 sample_sum:-3.5)"
        R"( bucket{cumulative_count:1 upper_bound:-2.5} bucket{cumulative_count:1 upper_bound:0}}}
name:'proto_payload_bytes' help:'Payload.' type:2 unit:'bytes' metric{summary{sample_count:1 sample_sum:1500}}
name:'proto_waits_seconds' help:'Waits.' type:2 unit:'seconds')"
        R"( metric{label{name:'zone' value:'eu'} summary{sample_count:0 sample_sum:0}})"
        R"( metric{label{name:'zone' value:'us'} summary{sample_count:1 sample_sum:1.5}}
name:'proto_build_info' help:'Build.' type:1 metric{label{name:'version' value:'1.4.2'} gauge{value:1}}
name:'proto_phase' help:'Phase.' type:1)"
        R"( metric{label{name:'zone' value:'eu'} label{name:'proto_phase' value:'starting'} gauge{value:1}})"
        R"( metric{label{name:'zone' value:'eu'} label{name:'proto_phase' value:'running'} gauge{value:0}})"
        R"( metric{label{name:'zone' value:'us'} label{name:'proto_phase' value:'starting'} gauge{value:0}})"
        R"( metric{label{name:'zone' value:'us'} label{name:'proto_phase' value:'running'} gauge{value:1}}
name:'proto_queue_depth' help:'Depth.' type:1)"
        R"( metric{label{name:'zone' value:'eu'} gauge{value:-0.5}})"
        R"( metric{label{name:'zone' value:'us'} gauge{value:1e+21}}
)" + std::string{drops} +
            std::string{failures} + "0}}\n");
}

TEST_CASE("a family that is absent from a reading is left out, and what stands behind it is as it was") {
  fill();
  vitals::source_ref source = metrics::source();
  vitals::protobuf_page page{{&source, 1}};
  std::string out;
  page.render(out);
  const std::vector<std::string> whole = messages_of(out);
  broken = true;
  page.render(out);
  page.render(out);
  const std::vector<std::string> without = messages_of(out);
  REQUIRE(whole.size() == 14);
  REQUIRE(without.size() == 13);
  for (std::size_t i = 0; i != 11; ++i) {
    CHECK(without[i] == whole[i]);
  }
  CHECK(shown(without[11], family) + '\n' == drops);
  CHECK(shown(without[12], family) == std::string{failures} + "2}}");
  broken = false;
  page.render(out);
  CHECK(messages_of(out).size() == 14);
}

TEST_CASE("a prefix stands before the names, constant labels before all of a series' own") {
  fill();
  vitals::source_ref source = metrics::source();
  const vitals::constant_label labels[] = {{.name = "shard", .value = "a\"b"}, {.name = "rack", .value = ""}};
  source.prefix = "lib_";
  source.labels = labels;
  const std::string page = shown_page(page_of(source));
  const std::string both = "label{name:'shard' value:'a\"b'} label{name:'rack' value:''}";
  CHECK(page.find("\nname:'lib_proto_in_flight' help:'In flight.' type:1 metric{" + both + " gauge{value:-1}}\n") !=
        std::string::npos);
  CHECK(page.find("metric{" + both + " label{name:'zone' value:'eu'} histogram{sample_count:3 ") != std::string::npos);
  CHECK(page.find("metric{" + both +
                  " label{name:'zone' value:'us'} label{name:'lib_proto_phase' value:'running'} gauge{") !=
        std::string::npos);
  CHECK(page.find("'proto_") == std::string::npos);
}

TEST_CASE("odd numbers and texts as protobuf, in full") {
  odd::fill();
  CHECK(shown_page(page_of(odd::metrics::source())) ==
        "name:'odd_reals' help:'All doubles.' type:1"
        R"( metric{label{name:'which' value:'0'} gauge{value:0}})"
        R"( metric{label{name:'which' value:'-0'} gauge{value:-0}})"
        R"( metric{label{name:'which' value:'smallest'} gauge{value:5e-324}})"
        R"( metric{label{name:'which' value:'largest'} gauge{value:1.7976931348623157e+308}})"
        R"( metric{label{name:'which' value:'lowest'} gauge{value:-1.7976931348623157e+308}})"
        R"( metric{label{name:'which' value:'NaN'} gauge{value:NaN}})"
        R"( metric{label{name:'which' value:'+Inf'} gauge{value:+Inf}})"
        R"( metric{label{name:'which' value:'-Inf'} gauge{value:-Inf}})"
        R"( metric{label{name:'which' value:'1e-7'} gauge{value:1e-07}})"
        R"( metric{label{name:'which' value:'1e21'} gauge{value:1e+21}})"
        R"( metric{label{name:'which' value:'2^53+1'} gauge{value:9.007199254740992e+15}})"
        R"( metric{label{name:'which' value:'1234567'} gauge{value:1.234567e+06}})"
        "\nname:'odd_texts_total' help:'A \\ and a \"quote\"\nand a line, in caf\xC3\xA9s.' type:0"
        " metric{label{name:'text' value:'ok'} counter{value:0}}"
        " metric{label{name:'text' value:'\"\\\n\\n'} counter{value:0}}"
        " metric{label{name:'text' value:'tab\tand \xE2\x98\x83'} counter{value:0}}"
        R"(
name:'odd_counts_total' help:'All integers.' type:0)"
        R"( metric{label{name:'most' value:'false'} counter{value:9.007199254740992e+15}})"
        R"( metric{label{name:'most' value:'true'} counter{value:1.8446744073709552e+19}}
name:'odd_signs' help:'All signs.' type:1)"
        R"( metric{label{name:'most' value:'false'} gauge{value:-9.223372036854776e+18}})"
        R"( metric{label{name:'most' value:'true'} gauge{value:9.223372036854776e+18}}
name:'odd_waits_seconds' help:'Waits.' type:4 unit:'seconds')"
        R"( metric{histogram{sample_count:3 sample_sum:2.7670116110564327e+10)"
        R"( bucket{cumulative_count:0 upper_bound:1e-09} bucket{cumulative_count:0 upper_bound:1e+09}}}
name:'odd_sizes_bytes' help:'Sizes.' type:4 unit:'bytes')"
        R"( metric{histogram{sample_count:3 sample_sum:1e+21)"
        R"( bucket{cumulative_count:1 upper_bound:1e-07} bucket{cumulative_count:2 upper_bound:1e+21}}}
name:'odd_weights_grams' help:'Weights.' type:2 unit:'grams')"
        R"( metric{summary{sample_count:1 sample_sum:1.7976931348623157e+308}}
name:'odd_spans' help:'Spans.' type:4)"
        R"( metric{histogram{sample_count:3 sample_sum:5.1)"
        R"( bucket{cumulative_count:0 upper_bound:0.5} bucket{cumulative_count:1 upper_bound:1})"
        R"( bucket{cumulative_count:2 upper_bound:2})"
        R"( schema:2 zero_threshold:0.5 zero_count:0)"  // zigzag: a schema of 1, as are the offsets and deltas
        R"( positive_span{offset:1 length:1} positive_span{offset:4 length:1} positive_delta:2 positive_delta:2}}
)" + std::string{drops});
}

TEST_CASE("long texts, up to a megabyte, come through whole") {
  for (const std::size_t times : odd::long_times) {
    const std::string text = odd::repeated(times, odd::long_texts::unit);
    const bool same = shown_page(page_of(odd::long_texts{times}.source())) ==
                      "name:'odd_long_total' help:'" + text + "' type:0 metric{label{name:'text' value:'" + text +
                          "'} counter{value:7}}\n";
    CHECK(same);
  }
}

TEST_CASE("the length of a whole message takes 5 bytes at most: some readers take no more") {
  CHECK(vitals::detail::varint_size(std::numeric_limits<std::uint32_t>::max()) == 5);
  fill();
  const std::string page = page_of(metrics::source());
  bytes_reader from{page};
  while (!from.left.empty()) {
    const std::size_t before = from.left.size();
    const std::uint64_t size = from.varint();
    CHECK(before - from.left.size() <= vitals::detail::varint_size(size) + 1);
    from.take(size);
  }
}

struct dated : vitals::counter<"proto_dated_total", "Dated.", vitals::exemplars> {};
struct dated_sizes : vitals::native_histogram<"proto_sizes_bytes", "Sizes."> {};
int calls() {
  return 1;
}
struct called : vitals::callback<"proto_called_total", "Called.", &calls> {};
using created_metrics = vitals::registry<requests, dated, latency, dated_sizes, payload, warmth, called, build>;

TEST_CASE("what counts says since when; neither gauges nor functions do") {
  created_metrics::reset_after_fork();
  const auto page = [](std::uint64_t (*created)(const void*) noexcept) {
    vitals::source_ref source = created_metrics::source();
    source.created = created;
    return shown_page(page_of({&source, 1}));
  };
  const std::string none = page(nullptr);
  CHECK(none.find("created") == std::string::npos);
  const auto without = [](std::string text, std::string_view part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part)) {
      text.erase(at, part.size());
      ++found;
    }
    return std::pair{text, found};
  };
  // A counter's stands before its value, where its messages have one length; others' stand at the end.
  const auto [some, before] =
      without(page([](const void*) noexcept { return std::uint64_t{1'520'879'607'123'456'789}; }),
              "created_timestamp{seconds:1520879607 nanos:123456789} ");
  const auto [rest, behind] = without(some, " created_timestamp{seconds:1520879607 nanos:123456789}");
  CHECK(rest == none);
  CHECK(before == 4);
  CHECK(behind == 1 + 2 + 1 + 1);
  for (const std::uint64_t odd : {std::uint64_t{0}, std::uint64_t{999'999'999}, ~std::uint64_t{0}}) {
    static std::uint64_t time;
    time = odd;
    const std::string expected = "counter{created_timestamp{seconds:" + std::to_string(odd / 1'000'000'000) +
                                 " nanos:" + std::to_string(odd % 1'000'000'000) + "} value:0}";
    CHECK(page([](const void*) noexcept { return time; }).find(expected) != std::string::npos);
  }
}

TEST_CASE("the time of creation is the one that a source gives at each scrape") {
  static std::uint64_t time;
  vitals::source_ref source = created_metrics::source();
  source.created = [](const void*) noexcept { return time; };
  vitals::protobuf_page page{{&source, 1}};
  std::string out;
  for (const std::uint64_t seconds : {5U, 1'800'000'000U, 7U}) {
    time = seconds * 1'000'000'000;
    page.render(out);
    const std::string text = shown_page(out);
    const std::string part = "created_timestamp{seconds:" + std::to_string(seconds) + " nanos:0}";
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
      ++found;
    }
    CHECK(found == 9);
  }
}

TEST_CASE("the media type is the one that scrapers ask for") {
  CHECK(vitals::protobuf_page::content_type ==
        "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited");
}

TEST_CASE("a page of no sources is empty") {
  vitals::protobuf_page page{{}};
  std::string out = "before";
  page.render(out);
  CHECK(out.empty());
}

TEST_CASE("what cannot stand on one page is refused") {
  const vitals::source_ref sources[] = {metrics::source(), metrics::source()};
  CHECK_THROWS_AS(vitals::protobuf_page{sources}, std::invalid_argument);
}

TEST_CASE("sources with one name and two prefixes stand one after the other, each with its own cells") {
  fill();
  struct ticks : vitals::counter<"proto_ticks_total", "Ticks."> {};
  using other = vitals::registry<ticks>;
  other::get<ticks>().inc(3U);
  vitals::source_ref sources[] = {other::source(), metrics::source(), other::source()};
  sources[0].created = sources[1].created = sources[2].created = nullptr;
  sources[2].prefix = "again_";
  const std::vector<std::string> all = messages_of(page_of(sources));
  REQUIRE(all.size() == 16);
  CHECK(shown(all[0], family) == "name:'proto_ticks_total' help:'Ticks.' type:0 metric{counter{value:3}}");
  CHECK(shown(all[3], family) == "name:'proto_in_flight' help:'In flight.' type:1 metric{gauge{value:-1}}");
  CHECK(shown(all[13], family) == "name:'again_proto_ticks_total' help:'Ticks.' type:0 metric{counter{value:3}}");
}

TEST_CASE("a buffer that is used again is replaced and keeps its memory") {
  fill();
  vitals::source_ref source = metrics::source();
  source.created = nullptr;
  vitals::protobuf_page page{{&source, 1}};
  std::string out(1'000'000, 'x');
  const char* const memory = out.data();
  page.render(out);
  CHECK(out == page_of(source));
  const std::string once = out;
  page.render(out);
  CHECK(out == once);
  out.clear();
  page.render(out);
  CHECK(out == once);
  CHECK(out.data() == memory);
}

#if VITALS_TESTS_COUNT_ALLOCATIONS
TEST_CASE("a page that is rendered again takes nothing from the heap, however its numbers have grown") {
  const vitals::source_ref source = metrics::source();
  vitals::protobuf_page page{{&source, 1}};
  metrics::reset_after_fork();
  std::string out;
  const std::size_t before = allocations;
  page.render(out);
  CHECK(allocations > before);  // they are counted
  const std::size_t size = out.size();
  const std::size_t warm = allocations;
  for (int i = 0; i != 10; ++i) {
    for (int k = 0; k != 1000; ++k) {
      metrics::get<latency>(zone::us).observe(std::chrono::hours::max());
      metrics::get<latency>(zone::eu).observe(1us);
    }
    metrics::get<requests>(zone::eu, true).inc(std::numeric_limits<std::uint64_t>::max() / 11);
    page.render(out);
  }
  CHECK(allocations == warm);
  CHECK(out.size() > size);
}
#endif

TEST_CASE("several threads may render one page, while others count") {
  struct ticks : vitals::counter<"proto_raced_ticks_total", "Ticks."> {};
  struct sizes : vitals::histogram<"proto_raced_sizes", "Sizes.", vitals::buckets::of<1, 2>> {};
  using raced = vitals::registry<ticks, sizes>;
  vitals::source_ref source = raced::source();
  source.created = nullptr;
  vitals::protobuf_page page{{&source, 1}};
  constexpr std::uint64_t total = 20'000;
  std::atomic<bool> counted{false};
  std::thread counting{[&counted] {
    for (std::uint64_t i = 0; i != total; ++i) {
      raced::get<ticks>().inc();
      raced::get<sizes>().observe(i % 2 == 0 ? 0.5 : 2);
    }
    counted.store(true, std::memory_order_release);
  }};
  const auto render = [&] {
    std::string out;
    double last = 0;
    unsigned wrong = 0;
    for (bool at_end = false; !at_end;) {
      at_end = counted.load(std::memory_order_acquire);
      page.render(out);
      const std::string shown_now = shown_page(out);
      const auto number_behind = [&shown_now](std::string_view text, std::size_t from) {
        double n = -1;
        from = shown_now.find(text, from) + text.size();
        std::from_chars(shown_now.data() + from, shown_now.data() + shown_now.size(), n);
        return n;
      };
      const double now = number_behind("counter{value:", 0);
      wrong += now < last || now > total ? 1U : 0U;
      const std::size_t last_bucket = shown_now.rfind("bucket{");  // nothing is above the last bound
      wrong += number_behind("cumulative_count:", last_bucket) == number_behind("sample_count:", 0) ? 0U : 1U;
      last = now;
    }
    CHECK(wrong == 0);
    CHECK(last == total);
  };
  std::thread other{render};
  render();
  other.join();
  counting.join();
}

}  // namespace protobuf_tests
