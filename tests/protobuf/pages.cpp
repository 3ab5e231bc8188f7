// Prints a page of every kind of metric, for decode.py and scrape.py:
//   pages protobuf|text          the page
//   pages protobuf|text broken   the same, where a callback throws
//   pages content_type           of protobuf
//   pages native                 native histograms as protobuf
//   pages exemplars|openmetrics  metrics with exemplars as protobuf, or as OpenMetrics
// Its texts are odd, some are 10 KB long, and its numbers are the ones that go wrong.
#include <chrono>
#include <clocale>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>

#include "../expose/known_times.hpp"

#include <vitals/expose/callbacks.hpp>
#include <vitals/expose/openmetrics.hpp>
#include <vitals/expose/page.hpp>
#include <vitals/expose/prometheus.hpp>
#include <vitals/expose/protobuf.hpp>
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
#include <vitals/metric/unit.hpp>
#include <vitals/metric/up_down.hpp>
#include <vitals/registry/registry.hpp>

namespace {

using namespace std::chrono_literals;
using limits = std::numeric_limits<double>;

enum class zone { eu, us };
enum class phase { starting, running, stopping };
using by_zone = vitals::label<"zone", zone>;
using which = vitals::label<"which", vitals::one_of<"0", "-0", "smallest", "smallest normal", "largest", "lowest",
                                                    "NaN", "+Inf", "-Inf", "1e-7", "1e21", "2^53+1">>;

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
std::chrono::milliseconds busy() {
  return 1500ms;
}

struct requests : vitals::counter<"test_requests_total", "A \\ and a \"quote\"\nand a line, in caf\xC3\xA9s.", by_zone,
                                  vitals::label<"cached", bool>> {};
struct energy : vitals::real_counter<"test_energy_joules_total", "Energy."> {};
struct in_flight
    : vitals::up_down<"test_in_flight", "In flight.",
                      vitals::label<"room", vitals::one_of<"say \"hi\"\\\nnow", "caf\xC3\xA9 \xE2\x98\x83">>> {};
struct reals : vitals::gauge<"test_reals", "All doubles.", which> {};
struct peaks : vitals::max_gauge<"test_peak_bytes", "Peaks.", vitals::window<1h>, by_zone> {};
struct widgets : vitals::gauge<"test_stock_widgets", "Widgets.", vitals::unit::custom<"widgets">> {};
struct latency : vitals::histogram<"test_latency_seconds", "Latency.", vitals::buckets::of<1e-05, 0.5, 1>, by_zone> {};
struct sizes : vitals::histogram<"test_sizes_bytes", "Sizes.", vitals::buckets::of<1, 1e6, 1e21>> {};
struct offsets : vitals::histogram<"test_offsets", "Offsets.", vitals::buckets::of<-2.5, 0>> {};
struct payload : vitals::summary<"test_payload_bytes", "Payload."> {};
struct waits : vitals::summary<"test_waits_seconds", "Waits.", by_zone> {};
struct build : vitals::info<"test_build_info", "Build.", vitals::constant<"version", "1.4.2">> {};
struct state : vitals::state_set<"test_phase", "Phase.", phase, by_zone> {};
struct queue : vitals::callback<"test_queue_depth", "Depth.", &depth, by_zone> {};
struct takes : vitals::callback<"test_taken_total", "Taken.", &taken> {};
struct busyness : vitals::callback<"test_busy_seconds_total", "Busy.", &busy> {};

using metrics = vitals::registry<requests, energy, in_flight, reals, peaks, widgets, latency, sizes, offsets, payload,
                                 waits, build, state, queue, takes, busyness>;

void fill() {
  metrics::get<requests>(zone::eu, false).inc((std::uint64_t{1} << 53) + 1);
  metrics::get<requests>(zone::eu, true).inc(std::numeric_limits<std::uint64_t>::max());
  metrics::get<requests>(zone::us, true).inc(7U);
  metrics::get<energy>().add(1e-7);
  metrics::get<in_flight>("caf\xC3\xA9 \xE2\x98\x83").add(std::numeric_limits<std::int64_t>::min());
  metrics::get<reals>("-0").set(-0.0);
  metrics::get<reals>("smallest").set(limits::denorm_min());
  metrics::get<reals>("smallest normal").set(limits::min());
  metrics::get<reals>("largest").set(limits::max());
  metrics::get<reals>("lowest").set(limits::lowest());
  metrics::get<reals>("NaN").set(limits::quiet_NaN());
  metrics::get<reals>("+Inf").set(limits::infinity());
  metrics::get<reals>("-Inf").set(-limits::infinity());
  metrics::get<reals>("1e-7").set(1e-7);
  metrics::get<reals>("1e21").set(1e21);
  metrics::get<reals>("2^53+1").set(9007199254740993.0);
  metrics::get<peaks>(zone::us).observe(1e21);
  metrics::get<peaks>(zone::us).observe(5);
  metrics::get<widgets>().set(-12.75);
  metrics::get<latency>(zone::eu).observe(10us);
  metrics::get<latency>(zone::eu).observe(500ms);
  metrics::get<latency>(zone::eu).observe(2s);
  metrics::get<latency>(zone::us).observe(std::chrono::hours::max());
  metrics::get<sizes>().observe(0.1);
  metrics::get<sizes>().observe(0.2);
  metrics::get<sizes>().observe(1e21);
  metrics::get<sizes>().observe(limits::max());
  metrics::get<sizes>().observe(limits::quiet_NaN());
  metrics::get<offsets>().observe(-3.5);
  for (int i = 0; i != 300; ++i) {
    metrics::get<offsets>().observe(-1);
  }
  metrics::get<payload>().observe(1500);
  metrics::get<waits>(zone::us).observe(1ns);
  metrics::get<state>(zone::us).set(phase::stopping);
}

struct even : vitals::native_histogram<"native_even_seconds", "2,000 durations, evenly over magnitudes.",
                                       vitals::native<3, -10, 10>> {};
struct fine : vitals::native_histogram<"native_fine_bytes", "The same as sizes, in more buckets than are sent.",
                                       vitals::native<8, -10, 10>> {};
struct coarse : vitals::native_histogram<"native_coarse_bytes", "Few, far apart, and outside the range.",
                                         vitals::native<-1, -4, 4>> {};
struct empty : vitals::native_histogram<"native_empty_bytes", "None."> {};
using natives = vitals::registry<even, fine, coarse, empty>;

void fill_natives() {
  for (int i = 0; i != 2000; ++i) {
    const double value = std::exp2(-10 + 20 * (i + 0.5) / 2000);
    natives::get<even>().observe(value);
    natives::get<fine>().observe(value);
  }
  for (const double value : {0.0, 0.0625, 0.07, 0.25, 3.0, 3.5, 16.0, 17.0, 1e9}) {
    natives::get<coarse>().observe(value);
  }
}

struct traced : vitals::counter<"traced_jobs_total", "Jobs.", by_zone, vitals::exemplars> {};
struct traced_energy : vitals::real_counter<"traced_energy_joules_total", "Energy.", vitals::exemplars> {};
struct traced_sizes
    : vitals::histogram<"traced_sizes_bytes", "Sizes.", vitals::buckets::of<1, 1e6>, by_zone, vitals::exemplars> {};
struct traced_waits
    : vitals::native_histogram<"traced_waits_seconds", "Waits.", vitals::native<1, -1, 1>, vitals::exemplars> {};
using traces = vitals::registry<traced, traced_energy, traced_sizes, traced_waits>;

void fill_traces() {
  constexpr auto specification = vitals::exemplar::from_hex("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
  constexpr auto largest = vitals::exemplar::from_hex("ffffffffffffffffffffffffffffffff", "ffffffffffffffff");
  constexpr auto smallest = vitals::exemplar::from_hex("00000000000000000000000000000001", "0000000000000001");
  traces::get<traced>(zone::eu).inc(3U, specification);
  traces::get<traced>(zone::us).inc();
  traces::get<traced_energy>().add(1e-7, largest);
  traces::get<traced_sizes>(zone::us).observe(1, smallest);
  traces::get<traced_sizes>(zone::us).observe(limits::infinity(), largest);
  traces::get<traced_sizes>(zone::eu).observe(2);
  traces::get<traced_waits>().observe(250ms, smallest);
  traces::get<traced_waits>().observe(1500ms, specification);
  traces::get<traced_waits>().observe(1h, largest);
}

/// A histogram with more counts than anybody can observe here, and a sum of 2^100 + 1 ns.
struct large {
  static constexpr double bounds[] = {0.25, 1e9};
  static constexpr vitals::family family{.name = "large_seconds",
                                         .help = "More than a double can count.",
                                         .unit = "seconds",
                                         .type = vitals::metric_type::histogram,
                                         .kind = vitals::value_kind::duration_histogram,
                                         .labels = {},
                                         .bounds = bounds,
                                         .first = 0,
                                         .series = 1,
                                         .stride = 5,
                                         .width = 5};
  static constexpr std::uint64_t odd = (std::uint64_t{1} << 53) + 1;
  static constexpr std::uint64_t cells[] = {1, odd, 0, std::numeric_limits<std::uint64_t>::max() - odd,
                                            std::uint64_t{1} << 36};
  static void read(const void*, std::uint64_t* out) noexcept { std::memcpy(out, cells, sizeof cells); }
  static constexpr vitals::source_ref source() noexcept {
    return {.families = {&family, 1}, .cells = 5, .read = &read};
  }
};

/// Since when all of it counts.
std::uint64_t created(const void*) noexcept {
  return 1'520'879'607'123'456'789;
}

template <class Page>
void print(Page&& page) {
  std::string out;
  page.render(out);
  std::fwrite(out.data(), 1, out.size(), stdout);
}

}  // namespace

int main(int argc, char** argv) {
  std::setlocale(LC_ALL, "de_DE.UTF-8");  // a decimal comma, where the machine has it
  const std::string_view format = argc > 1 ? argv[1] : "";
  broken = argc > 2;
  if (format == "content_type") {
    std::puts(vitals::protobuf_page::content_type.data());
    return 0;
  }
  if (format == "native") {
    fill_natives();
    const vitals::source_ref source = natives::source();
    print(vitals::protobuf_page{{&source, 1}});
    return 0;
  }
  if (format == "exemplars" || format == "openmetrics") {
    fill_traces();
    vitals::source_ref source = known_times<traces>::source();
    source.created = &created;
    if (format == "exemplars") {
      print(vitals::protobuf_page{{&source, 1}});
    } else {
      print(vitals::page{vitals::openmetrics_text::format, {&source, 1}});
    }
    return 0;
  }
  fill();
  const std::string ten_kilobytes(10240, 'x');
  vitals::callbacks library;
  library.gauge("queue_bytes", ten_kilobytes, [] { return -1; });
  library.counter("queue_seen_total", "Seen.", [] { return std::int64_t{1} << 62; });
  const vitals::constant_label labels[] = {{.name = "shard", .value = "a\\b \"c\"\nd caf\xC3\xA9"},
                                           {.name = "note", .value = ten_kilobytes}};
  vitals::source_ref sources[] = {metrics::source(), large::source(), library.source()};
  sources[0].created = &created;
  sources[1].prefix = sources[2].prefix = "lib_";
  sources[2].labels = labels;
  if (format == "protobuf") {
    print(vitals::protobuf_page{sources});
  } else if (format == "text") {
    print(vitals::page{vitals::prometheus_text::format, sources});
  } else {
    std::fputs("usage: pages protobuf|text [broken], or pages content_type|native|exemplars|openmetrics\n", stderr);
    return 2;
  }
}
