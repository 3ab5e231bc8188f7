#include <vitals/expose/protobuf.hpp>

#include <array>
#include <atomic>
#include <bit>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <limits>
#include <memory>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <allocations.hpp>
#include <expose/known_times.hpp>
#include <expose/odd.hpp>

#include <vitals/expose/number.hpp>
#include <vitals/metric/buckets.hpp>
#include <vitals/metric/callback.hpp>
#include <vitals/metric/counter.hpp>
#include <vitals/metric/gauge.hpp>
#include <vitals/metric/histogram.hpp>
#include <vitals/metric/info.hpp>
#include <vitals/metric/max_gauge.hpp>
#include <vitals/metric/native_histogram.hpp>
#include <vitals/metric/real_counter.hpp>
#include <vitals/metric/state_set.hpp>
#include <vitals/metric/summary.hpp>
#include <vitals/metric/up_down.hpp>
#include <vitals/registry/registry.hpp>

namespace protobuf_tests {

using namespace std::chrono_literals;
using limits = std::numeric_limits<double>;

// A small reader of its own. It is strict: what it does not know, or cannot be, throws.

struct bytes_reader {
  std::string_view left;

  std::uint64_t varint() {
    std::uint64_t n = 0;
    for (unsigned shift = 0; shift != 70; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1).front());
      n |= std::uint64_t{byte & 0x7FU} << shift;
      if (byte < 0x80) {
        return n;
      }
    }
    throw std::runtime_error{"a varint of more than ten bytes"};
  }
  double fixed64() {
    std::uint64_t bits = 0;
    for (unsigned shift = 0; const char c : take(8)) {
      bits |= std::uint64_t{static_cast<unsigned char>(c)} << shift;
      shift += 8;
    }
    return std::bit_cast<double>(bits);
  }
  std::string_view take(std::uint64_t size) {
    if (size > left.size()) {
      throw std::runtime_error{"cut off"};
    }
    const std::string_view taken = left.substr(0, size);
    left.remove_prefix(size);
    return taken;
  }
};

struct message_type;
struct field_type {
  std::uint64_t number;
  std::string_view name;
  unsigned wire_type;
  const message_type* message = nullptr;
};
struct message_type {
  std::vector<field_type> fields;
};

const message_type value{{{1, "value", 1}}};
const message_type pair{{{1, "name", 2}, {2, "value", 2}}};
const message_type timestamp{{{1, "seconds", 0}, {2, "nanos", 0}}};
const message_type exemplar{{{1, "label", 2, &pair}, {2, "value", 1}, {3, "timestamp", 2, &timestamp}}};
const message_type counter{{{1, "value", 1}, {2, "exemplar", 2, &exemplar}, {3, "created_timestamp", 2, &timestamp}}};
const message_type bucket{{{1, "cumulative_count", 0}, {2, "upper_bound", 1}, {3, "exemplar", 2, &exemplar}}};
const message_type summary{{{1, "sample_count", 0}, {2, "sample_sum", 1}, {4, "created_timestamp", 2, &timestamp}}};
const message_type span{{{1, "offset", 0}, {2, "length", 0}}};
const message_type histogram{{{1, "sample_count", 0},
                              {2, "sample_sum", 1},
                              {3, "bucket", 2, &bucket},
                              {5, "schema", 0},
                              {6, "zero_threshold", 1},
                              {7, "zero_count", 0},
                              {12, "positive_span", 2, &span},
                              {13, "positive_delta", 0},
                              {15, "created_timestamp", 2, &timestamp},
                              {16, "exemplars", 2, &exemplar}}};
const message_type metric{{{1, "label", 2, &pair},
                           {2, "gauge", 2, &value},
                           {3, "counter", 2, &counter},
                           {4, "summary", 2, &summary},
                           {7, "histogram", 2, &histogram}}};
const message_type family{{{1, "name", 2}, {2, "help", 2}, {3, "type", 0}, {4, "metric", 2, &metric}, {5, "unit", 2}}};

std::string real(double v) {
  char text[vitals::detail::number_room];
  return {text, vitals::detail::write_real(text, v)};
}

/// A message as text, its fields in the order in which they stand.
std::string shown(std::string_view message, const message_type& type) {
  std::string out;
  bytes_reader from{message};
  while (!from.left.empty()) {
    const std::uint64_t tag = from.varint();
    const field_type* known = nullptr;
    for (const field_type& f : type.fields) {
      known = f.number == tag >> 3U && f.wire_type == (tag & 7U) ? &f : known;
    }
    if (known == nullptr) {
      throw std::runtime_error{"an unknown field"};
    }
    out += (out.empty() ? "" : " ") + std::string{known->name};
    if (known->message != nullptr) {
      out += '{' + shown(from.take(from.varint()), *known->message) + '}';
    } else if (known->wire_type == 2) {
      out += ":'" + std::string{from.take(from.varint())} + '\'';
    } else {
      out += ':' + (known->wire_type == 0 ? std::to_string(from.varint()) : real(from.fixed64()));
    }
  }
  return out;
}

/// The messages of a page, without the lengths in front of them.
std::vector<std::string> messages_of(std::string_view page) {
  std::vector<std::string> all;
  for (bytes_reader from{page}; !from.left.empty();) {
    all.emplace_back(from.take(from.varint()));
  }
  return all;
}

std::string page_of(std::span<const vitals::source_ref> sources) {
  vitals::protobuf_page page{sources};
  std::string out;
  page.render(out);
  return out;
}
/// Without the times of creation, which no two runs have alike.
std::string page_of(vitals::source_ref source) {
  source.created = nullptr;
  return page_of({&source, 1});
}

/// A page as text, a line for each family.
std::string shown_page(std::string_view page) {
  std::string out;
  for (const std::string& m : messages_of(page)) {
    out += shown(m, family) + '\n';
  }
  return out;
}

/// Sources of any families, over the cells that stand here.
std::vector<std::uint64_t> cells;
vitals::source_ref source_of(std::span<const vitals::family> families) {
  return {.families = families, .cells = cells.size(), .read = [](const void*, std::uint64_t* out) noexcept {
            std::memcpy(out, cells.data(), 8 * cells.size());
          }};
}

constexpr std::string_view any_value[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"};

/// A family of one cell for each of `series` values of a label.
vitals::family plain_family(vitals::value_kind kind, std::span<const vitals::label_family> labels) {
  const auto series = static_cast<std::uint32_t>(labels.empty() ? 1 : labels[0].values.size());
  return {.name = "proto_any",
          .help = "Any.",
          .unit = {},
          .type = vitals::metric_type::gauge,
          .kind = kind,
          .labels = labels,
          .bounds = {},
          .first = 0,
          .series = series,
          .stride = 1,
          .width = 1};
}

// Every kind

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

TEST_CASE("histograms and summaries may be absent too") {
  const double bounds[] = {1};
  cells = {0, 1, 0, 3, 0, 5, 6};
  vitals::family histogram_family = plain_family(vitals::value_kind::real_histogram, {});
  histogram_family.type = vitals::metric_type::histogram;
  histogram_family.bounds = bounds;
  histogram_family.width = 3;
  histogram_family.first = 2;
  histogram_family.present = 0;
  vitals::family summary_family = plain_family(vitals::value_kind::real_histogram, {});
  summary_family.name = "proto_other";
  summary_family.type = vitals::metric_type::summary;
  summary_family.width = 2;
  summary_family.first = 4;
  summary_family.present = 1;
  const vitals::family both[] = {histogram_family, summary_family};
  const vitals::source_ref source = source_of(both);
  vitals::protobuf_page page{{&source, 1}};
  const auto rendered = [&page] {
    std::string out;
    page.render(out);
    return shown_page(out);
  };
  const std::string first =
      "name:'proto_any' help:'Any.' type:4 metric{histogram{sample_count:3 sample_sum:0 bucket{cumulative_count:3 "
      "upper_bound:1}}}\n";
  const std::string second = "name:'proto_other' help:'Any.' type:2 metric{summary{sample_count:5 sample_sum:0}}\n";
  CHECK(rendered() == second);
  cells[0] = 1;
  CHECK(rendered() == first + second);
  cells[1] = 0;
  CHECK(rendered() == first);
  cells[0] = 0;
  CHECK(rendered().empty());
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

// Numbers

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

TEST_CASE("doubles arrive bit by bit") {
  const std::array<double, 11> all{0.0,
                                   -0.0,
                                   limits::denorm_min(),
                                   limits::min(),
                                   limits::max(),
                                   limits::lowest(),
                                   limits::quiet_NaN(),
                                   limits::infinity(),
                                   -limits::infinity(),
                                   1e-7,
                                   1e21};
  cells.clear();
  for (const double v : all) {
    cells.push_back(std::bit_cast<std::uint64_t>(v));
  }
  const vitals::label_family labels[] = {{.name = "which", .values = any_value}};
  const vitals::family reals = plain_family(vitals::value_kind::real, labels);
  const std::string page = page_of(source_of({&reals, 1}));
  CHECK(
      shown_page(page) ==
      "name:'proto_any' help:'Any.' type:1"
      " metric{label{name:'which' value:'a'} gauge{value:0}} metric{label{name:'which' value:'b'} gauge{value:-0}}"
      " metric{label{name:'which' value:'c'} gauge{value:5e-324}}"
      " metric{label{name:'which' value:'d'} gauge{value:2.2250738585072014e-308}}"
      " metric{label{name:'which' value:'e'} gauge{value:1.7976931348623157e+308}}"
      " metric{label{name:'which' value:'f'} gauge{value:-1.7976931348623157e+308}}"
      " metric{label{name:'which' value:'g'} gauge{value:NaN}} metric{label{name:'which' value:'h'} gauge{value:+Inf}}"
      " metric{label{name:'which' value:'i'} gauge{value:-Inf}}"
      " metric{label{name:'which' value:'j'} gauge{value:1e-07}}"
      " metric{label{name:'which' value:'k'} gauge{value:1e+21}}\n");
  std::size_t at = 0;
  for (const std::uint64_t bits : cells) {
    std::string wire = "\x12\x09\x09";  // a gauge of nine bytes: its value
    for (unsigned shift = 0; shift != 64; shift += 8) {
      wire += static_cast<char>(bits >> shift);
    }
    at = page.find(wire, at);
    REQUIRE(at != std::string::npos);
    at += wire.size();
  }
}

TEST_CASE("integers become the nearest double") {
  constexpr std::uint64_t exact = std::uint64_t{1} << 53;
  cells = {0,
           exact - 1,
           exact,
           exact + 1,
           exact + 3,
           std::numeric_limits<std::uint64_t>::max(),
           std::uint64_t{1} << 63,
           (std::uint64_t{1} << 63) - 1,
           static_cast<std::uint64_t>(-1),
           0 - (exact + 1),
           1};
  const vitals::label_family labels[] = {{.name = "which", .values = any_value}};
  const auto values = [&](vitals::value_kind kind) {
    const vitals::family f = plain_family(kind, labels);
    const std::string page = shown_page(page_of(source_of({&f, 1})));
    std::string out;
    for (std::size_t at = 0; (at = page.find("{value:", at)) != std::string::npos;) {
      at += 7;
      out += page.substr(at, page.find('}', at) - at) + ' ';
    }
    return out;
  };
  CHECK(values(vitals::value_kind::unsigned_integer) ==
        "0 9.007199254740991e+15 9.007199254740992e+15 9.007199254740992e+15 9.007199254740996e+15 "
        "1.8446744073709552e+19 "
        "9.223372036854776e+18 9.223372036854776e+18 1.8446744073709552e+19 1.843773687445481e+19 1 ");
  CHECK(values(vitals::value_kind::signed_integer) ==
        "0 9.007199254740991e+15 9.007199254740992e+15 9.007199254740992e+15 9.007199254740996e+15 -1 "
        "-9.223372036854776e+18 9.223372036854776e+18 -1 -9.007199254740992e+15 1 ");
}

TEST_CASE("a histogram's counts are integers, exact to the last") {
  const double bounds[] = {-limits::infinity(), -0.0, 0.1, limits::max()};
  constexpr std::uint64_t odd = (std::uint64_t{1} << 53) + 1;
  cells = {std::bit_cast<std::uint64_t>(1e300), odd, 0, 127, 1, std::numeric_limits<std::uint64_t>::max() - odd - 128};
  vitals::family f = plain_family(vitals::value_kind::real_histogram, {});
  f.type = vitals::metric_type::histogram;
  f.bounds = bounds;
  f.width = 6;
  CHECK(shown_page(page_of(source_of({&f, 1}))) ==
        "name:'proto_any' help:'Any.' type:4 metric{histogram{sample_count:18446744073709551615 sample_sum:1e+300"
        " bucket{cumulative_count:9007199254740993 upper_bound:-Inf}"
        " bucket{cumulative_count:9007199254740993 upper_bound:-0}"
        " bucket{cumulative_count:9007199254741120 upper_bound:0.1}"
        " bucket{cumulative_count:9007199254741121 upper_bound:1.7976931348623157e+308}}}\n");
}

TEST_CASE("nanoseconds become the double that is nearest to them in seconds, as where they are printed") {
  using vitals::detail::seconds_of;
  using vitals::detail::wide;
  const auto printed = [](wide n) {
    char text[vitals::detail::seconds_room];
    double read = 0;
    std::from_chars(text, vitals::detail::write_seconds(text, n), read);
    return read;
  };
  CHECK(seconds_of(0) == 0);
  CHECK(seconds_of(1) == 1e-9);
  CHECK(seconds_of(-1'500'000'000) == -1.5);
  CHECK(seconds_of(std::numeric_limits<std::int64_t>::max()) == 9223372036.854775807);
  std::mt19937_64 random{2026};
  unsigned wrong = 0;
  for (unsigned bits = 1; bits != 126; ++bits) {
    const wide power = wide{1} << bits;
    for (int i = 0; i != 200; ++i) {
      wide n = (static_cast<wide>(random() >> 1U) << 63 | static_cast<wide>(random() >> 1U)) % power;
      n = i < 100 ? power + (i - 50) : i % 2 == 0 ? n : -n;
      wrong += seconds_of(n) == printed(n) ? 0U : 1U;
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("a sum of durations is in seconds, over all of its bits") {
  cells = {5, 2, 4, 7};  // 4 x 2^64 + 5 ns; and one behind it that is not its own
  vitals::family f = plain_family(vitals::value_kind::duration_histogram, {});
  f.type = vitals::metric_type::summary;
  f.width = 3;
  CHECK(shown_page(page_of(source_of({&f, 1}))) ==
        "name:'proto_any' help:'Any.' type:2 metric{summary{sample_count:2 sample_sum:7.378697629483821e+10}}\n");
  cells = {static_cast<std::uint64_t>(-1'500'000'000), 2, ~std::uint64_t{0}};
  CHECK(shown_page(page_of(source_of({&f, 1}))) ==
        "name:'proto_any' help:'Any.' type:2 metric{summary{sample_count:2 sample_sum:-1.5}}\n");
}

// Texts and lengths

TEST_CASE("texts stand as they are, however long") {
  const std::string odd = "a \\ and a \"quote\"\nand a line, in caf\xC3\xA9s \xE2\x98\x83";
  const std::string ten_kilobytes(10240, 'x');
  const std::string_view values[] = {odd, "", ten_kilobytes};
  const vitals::label_family labels[] = {{.name = "text", .values = values}};
  cells = {0, 0, 0};
  for (const auto type : {vitals::metric_type::gauge, vitals::metric_type::summary}) {
    const bool is_gauge = type == vitals::metric_type::gauge;
    vitals::family f = plain_family(is_gauge ? vitals::value_kind::real : vitals::value_kind::real_histogram, labels);
    const std::string help = odd + ten_kilobytes;
    f.help = help;
    f.type = type;
    f.width = is_gauge ? 1 : 2;
    f.stride = 0;
    const std::string number = is_gauge ? " gauge{value:0}}" : " summary{sample_count:0 sample_sum:0}}";
    CHECK(shown_page(page_of(source_of({&f, 1}))) ==
          "name:'proto_any' help:'" + help + "' type:" + (is_gauge ? "1" : "2") +  //
              " metric{label{name:'text' value:'" + odd + "'}" + number +          //
              " metric{label{name:'text' value:''}" + number +                     //
              " metric{label{name:'text' value:'" + ten_kilobytes + "'}" + number + '\n');
  }
}

TEST_CASE("lengths of every size lead to the next message") {
  const double bounds[] = {1, 2};
  const std::array<std::uint64_t, 4> some_cells[] = {
      {0, 0, 0, 0}, {0, 1, 126, 1}, {0, 1, 127, 1}, {0, 1, std::uint64_t{1} << 62, std::uint64_t{1} << 62}};
  unsigned wrong = 0;
  for (std::size_t size = 0; size < 17000; size += size < 400 || (size > 16000 && size < 16500) ? 1 : 997) {
    const std::string text(size, 'x');
    const std::string_view values[] = {text};
    const vitals::label_family labels[] = {{.name = "text", .values = values}};
    vitals::family families[] = {plain_family(vitals::value_kind::real_histogram, labels),
                                 plain_family(vitals::value_kind::real, labels)};
    families[0].type = vitals::metric_type::histogram;
    families[0].bounds = bounds;
    families[0].width = 4;
    families[1].name = "proto_next";
    for (const auto& c : some_cells) {
      cells.assign(c.begin(), c.end());
      const std::string label = " metric{label{name:'text' value:'" + text + "'} ";
      const std::string wanted = "name:'proto_any' help:'Any.' type:4" + label +
                                 "histogram{sample_count:" + std::to_string(c[1] + c[2] + c[3]) +
                                 " sample_sum:0 bucket{cumulative_count:" + std::to_string(c[1]) +
                                 " upper_bound:1} bucket{cumulative_count:" + std::to_string(c[1] + c[2]) +
                                 " upper_bound:2}}}\nname:'proto_next' help:'Any.' type:1" + label +
                                 "gauge{value:0}}\n";
      wrong += shown_page(page_of(source_of(families))) == wanted ? 0U : 1U;
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("a page never needs more than its room, whatever its numbers are") {
  const double bounds[] = {1, 2, 3};
  constexpr auto most = std::numeric_limits<std::uint64_t>::max();
  vitals::family families[] = {plain_family(vitals::value_kind::real_histogram, {}),
                               plain_family(vitals::value_kind::real_histogram, {}),
                               plain_family(vitals::value_kind::unsigned_integer, {})};
  families[0].type = vitals::metric_type::histogram;
  families[0].bounds = bounds;
  families[0].width = 5;
  families[1].type = vitals::metric_type::summary;
  families[1].width = 2;
  vitals::source_ref dated{};
  dated.cells = 5;
  dated.created = [](const void*) noexcept { return most; };
  for (const vitals::source_ref& source : {vitals::source_ref{}, dated}) {
    vitals::detail::family_messages messages;
    for (const vitals::family& f : families) {
      messages.lay(source, f, 0);
    }
    cells = {most, most, 0, 0, 0, most};                             // the last one says since when they count
    const std::unique_ptr<char[]> exact{new char[messages.room()]};  // nothing behind it: a sanitizer sees more
    const char* const end = messages.fill(exact.get(), cells.data());
    CHECK(static_cast<std::size_t>(end - exact.get()) == messages.room());
    cells = {0, 0, 0, 0, 0, 0};
    const char* const less = messages.fill(exact.get(), cells.data());
    CHECK(less < end);
    CHECK(messages_of({exact.get(), static_cast<std::size_t>(less - exact.get())}).size() == 3);
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

// Pages

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

struct traced : vitals::counter<"proto_traced_total", "Traced.", by_zone, vitals::exemplars> {};
struct traced_energy : vitals::real_counter<"proto_traced_joules_total", "Traced.", vitals::exemplars> {};
struct traced_sizes : vitals::histogram<"proto_traced_bytes", "Traced.", vitals::buckets::of<1, 2>, vitals::exemplars> {
};
struct traced_waits
    : vitals::native_histogram<"proto_traced_waits_seconds", "Traced.", vitals::native<0, 0, 12>, vitals::exemplars> {};
using traces = vitals::registry<traced, traced_energy, traced_sizes, traced_waits>;

vitals::exemplar trace(std::uint64_t n) {
  return {{0x0af7651916cd43dd, n}, n};
}

/// An exemplar of `known_times`, the `nth` on its page, as it is shown.
std::string shown_exemplar(int n, std::string_view amount, int nth) {
  char text[400];
  std::snprintf(text, sizeof text,
                "exemplar{label{name:'trace_id' value:'0af7651916cd43dd%016x'} label{name:'span_id' value:'%016x'} "
                "value:%.*s timestamp{seconds:%d nanos:89000000}}",
                n, n, static_cast<int>(amount.size()), amount.data(), 1'520'879'607 + nth);
  return text;
}

TEST_CASE("exemplars of counters and of buckets, +Inf's only where it has one") {
  traces::reset_after_fork();
  traces::get<traced>(zone::us).inc((std::uint64_t{1} << 53) + 1, trace(1));
  traces::get<traced>(zone::eu).inc(2U);
  traces::get<traced_energy>().add(0.5, trace(2));
  traces::get<traced_sizes>().observe(1.5, trace(3));
  traces::get<traced_sizes>().observe(5);
  const std::string start =
      "name:'proto_traced_bytes' help:'Traced.' type:4 unit:'bytes' metric{histogram{sample_count:2 sample_sum:";
  std::string page = shown_page(page_of(known_times<traces>::source()));
  CHECK(page.starts_with(
      "name:'proto_traced_total' help:'Traced.' type:0 metric{label{name:'zone' value:'eu'} counter{value:2}} "
      "metric{label{name:'zone' value:'us'} counter{value:9.007199254740992e+15 " +
      shown_exemplar(1, "9.007199254740992e+15", 0) +
      "}}\nname:'proto_traced_joules_total' help:'Traced.' type:0 unit:'joules' metric{counter{value:0.5 " +
      shown_exemplar(2, "0.5", 1) + "}}\n" + start +
      "6.5 bucket{cumulative_count:0 upper_bound:1} bucket{cumulative_count:1 upper_bound:2 " +
      shown_exemplar(3, "1.5", 2) + "}}}\n"));

  traces::get<traced_sizes>().observe(limits::infinity(), trace(4));
  page = shown_page(page_of(known_times<traces>::source()));
  CHECK(page.find(shown_exemplar(3, "1.5", 2) + "} bucket{cumulative_count:3 upper_bound:+Inf " +
                  shown_exemplar(4, "+Inf", 3) + "}}}\n") != std::string::npos);
}

TEST_CASE("a native histogram sends its newest exemplars in order of time, and those of its classic buckets") {
  traces::reset_after_fork();
  for (int i = 0; i != 14; ++i) {  // one in each classic bucket
    traces::get<traced_waits>().observe(std::ldexp(0.75, i), trace(static_cast<std::uint64_t>(i) + 1));
  }
  const auto list_of = [](const std::string& page) {
    const std::size_t begin = page.find("exemplars{");
    const std::size_t end = page.find('\n', begin);
    REQUIRE(begin != std::string::npos);
    return page.substr(begin, end - begin);
  };
  std::string expected;
  for (int i = 4; i != 14; ++i) {
    const std::string one = shown_exemplar(i + 1, real(std::ldexp(0.75, i)), i);
    expected += (expected.empty() ? "exemplars" : " exemplars") + one.substr(one.find('{'));
  }
  const std::string page = shown_page(page_of(known_times<traces>::source()));
  CHECK(list_of(page) == expected + "}}");
  CHECK(page.find("bucket{cumulative_count:1 upper_bound:1 " + shown_exemplar(1, "0.75", 0)) != std::string::npos);
  CHECK(page.find("bucket{cumulative_count:14 upper_bound:+Inf " + shown_exemplar(14, "6144", 13)) !=
        std::string::npos);

  // the same page with the times the other way round
  vitals::source_ref reversed = traces::source();
  reversed.read = [](const void* self, std::uint64_t* out) noexcept {
    known_times<traces>::read(self, out);
    const vitals::family& f = traces::source().families.back();
    for (std::uint32_t i = 0; i != 14; ++i) {
      std::uint64_t& time = out[f.exemplar_of(0, i)];
      time = 2 * known_times<traces>::start + 13'000 - time;
    }
  };
  expected.clear();
  for (int i = 9; i != -1; --i) {
    const std::string one = shown_exemplar(i + 1, real(std::ldexp(0.75, i)), 13 - i);
    expected += (expected.empty() ? "exemplars" : " exemplars") + one.substr(one.find('{'));
  }
  CHECK(list_of(shown_page(page_of(reversed))) == expected + "}}");
}

TEST_CASE("pages whose exemplars come and go stay readable, and need no more room than they said") {
  std::mt19937_64 random{11};
  const vitals::source_ref source = traces::source();
  vitals::protobuf_page page{{&source, 1}};
  std::string out;
  for (int i = 0; i != 200; ++i) {
    if (i % 50 == 0) {
      traces::reset_after_fork();
    }
    const vitals::exemplar e{{random(), random()}, random()};
    traces::get<traced>(i % 3 == 0 ? zone::eu : zone::us).inc(random(), e);
    traces::get<traced_waits>().observe(std::ldexp(1.0, static_cast<int>(random() % 40) - 10), e);
    traces::get<traced_sizes>().observe(static_cast<double>(random() % 4), e);
    page.render(out);
    CHECK(messages_of(out).size() == 5);
    CHECK(shown_page(out).find("exemplar{label{name:'trace_id' value:'") != std::string::npos);
  }
}

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
