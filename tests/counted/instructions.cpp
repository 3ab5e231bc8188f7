// Each operation in a function of its own, called as often as asked: for counted.py, which has callgrind count them.
#include <time.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <type_traits>
#include <utility>

#include <vitals/core/fixed_string.hpp>
#include <vitals/http/health_routes.hpp>
#include <vitals/http/router.hpp>
#include <vitals/vitals.hpp>

#include <counted/row.hpp>
#include <counted/values.hpp>
#include <health/set_clock.hpp>

using namespace std::chrono_literals;

// All readings of the system's clocks come here: what is timed, and how many digits it has, is the same in each run.
extern "C" int clock_gettime(clockid_t /*clock*/, timespec* out) noexcept {
  static std::int64_t nanoseconds = 0;
  nanoseconds += 1'000;
  *out = {.tv_sec = 1'700'000'000, .tv_nsec = nanoseconds};
  return 0;
}

namespace {

enum class method { get, post, put };
enum class outcome { ok, error };

struct plain : vitals::counter<"plain_total", "No label."> {};
struct by_method : vitals::counter<"by_method_total", "One label.", vitals::label<"method", method>> {};
struct by_both : vitals::counter<"by_both_total", "Two labels.", vitals::label<"method", method>,
                                 vitals::label<"outcome", outcome>> {};
using server = vitals::slots<"server", 8>;
struct by_server : vitals::counter<"by_server_total", "A label whose values come at run time.", server> {};
struct depth : vitals::up_down<"depth", "Up and down."> {};
struct heat : vitals::gauge<"heat_celsius", "The last value."> {};
struct size : vitals::histogram<"size", "Doubles.", vitals::buckets::web> {};
struct latency : vitals::histogram<"latency_seconds", "Durations.", vitals::buckets::web> {};
struct native_size : vitals::native_histogram<"native_size", "Doubles."> {};
struct native_latency : vitals::native_histogram<"native_latency_seconds", "Durations."> {};
struct traced : vitals::histogram<"traced_seconds", "With exemplars.", vitals::buckets::web, vitals::exemplars> {};
using metrics = vitals::registry<plain, by_method, by_both, by_server, depth, heat, size, latency, native_size,
                                 native_latency, traced>;

struct store : vitals::component<"store", vitals::critical> {};
struct tailer : vitals::component<"tailer", vitals::critical, vitals::heartbeat<5s>> {};
using app_health = vitals::health<"counted", store, tailer>;

}  // namespace

ROW(inc)() {
  metrics::get<plain>().inc();
}
ROW(inc_constant_label)() {
  metrics::get<by_method>(method::post).inc();
}
ROW(inc_label)(method m) {
  metrics::get<by_method>(m).inc();
}
ROW(inc_two_labels)(method m, outcome o) {
  metrics::get<by_both>(m, o).inc();
}
ROW(inc_slot)(server::value s) {
  metrics::get<by_server>(s).inc();
}
ROW(up_down_add)(std::int32_t n) {
  metrics::get<depth>().add(n);
}
ROW(gauge_set)(double v) {
  metrics::get<heat>().set(v);
}
ROW(observe_double)(double v) {
  metrics::get<size>().observe(v);
}
ROW(observe_duration)(std::chrono::nanoseconds v) {
  metrics::get<latency>().observe(v);
}
ROW(observe_native_double)(double v) {
  metrics::get<native_size>().observe(v);
}
ROW(observe_native_duration)(std::chrono::nanoseconds v) {
  metrics::get<native_latency>().observe(v);
}
ROW(observe_exemplar)(std::chrono::nanoseconds v, const vitals::exemplar& e) {
  metrics::get<traced>().observe(v, e);
}
ROW(time_nothing)() {
  const auto timing = metrics::get<latency>().time();
}
ROW(two_clock_readings)(std::chrono::steady_clock::time_point* out) {
  out[0] = std::chrono::steady_clock::now();
  out[1] = std::chrono::steady_clock::now();
}
ROW(mark_healthy)() {
  app_health::mark_healthy<store>();
}
ROW(beat)() {
  app_health::beat<tailer>();
}

namespace {

/// A counter or a histogram of so many series.
template <std::size_t Series>
struct requests;
template <std::size_t Series>
struct durations;

enum class tens { a, b, c, d, e, f, g, h, i, j };
enum class fives { a, b, c, d, e };
template <>
struct requests<500> : vitals::counter<"requests_total", "Requests served.", vitals::label<"route", tens>,
                                       vitals::label<"status", tens>, vitals::label<"method", fives>> {};
template <>
struct requests<1000> : vitals::counter<"requests_total", "Requests served.", vitals::label<"route", tens>,
                                        vitals::label<"status", tens>, vitals::label<"method", tens>> {};
template <>
struct durations<50> : vitals::histogram<"duration_seconds", "Time to serve.", vitals::buckets::web,
                                         vitals::label<"route", tens>, vitals::label<"method", fives>> {};
template <>
struct durations<100> : vitals::histogram<"duration_seconds", "Time to serve.", vitals::buckets::web,
                                          vitals::label<"route", tens>, vitals::label<"method", tens>> {};
template <class Metric>
using alone = vitals::registry<Metric>;

/// A page of its own for each, so that none is longer than its registry's.
template <std::size_t Series>
std::string page;

}  // namespace

// A name that ends in _of_N is of that many series or components: counted.py takes the difference of two.
#define SCRAPE(what)                                   \
  ROW(what##_of_500)() {                               \
    vitals::scrape<alone<requests<500>>>(page<500>);   \
  }                                                    \
  ROW(what##_of_1000)() {                              \
    vitals::scrape<alone<requests<1000>>>(page<1000>); \
  }
#define SCRAPE_HISTOGRAMS(what)                       \
  ROW(what##_of_50)() {                               \
    vitals::scrape<alone<durations<50>>>(page<50>);   \
  }                                                   \
  ROW(what##_of_100)() {                              \
    vitals::scrape<alone<durations<100>>>(page<100>); \
  }
SCRAPE(scrape_counter_1_digit)
SCRAPE(scrape_counter_3_digits)
SCRAPE(scrape_counter_6_digits)
SCRAPE(scrape_counter_12_digits)
SCRAPE(scrape_counter_20_digits)
SCRAPE(scrape_counter_mixed_digits)
SCRAPE(scrape_counter_unchanged)
SCRAPE_HISTOGRAMS(scrape_histogram)
SCRAPE_HISTOGRAMS(scrape_histogram_unchanged)
SCRAPE_HISTOGRAMS(scrape_histogram_long)

namespace {

/// Of ten components six are healthy, two degraded with a reason, and two unhealthy with a reason and an error; one
/// beats, and one depends on another.
template <std::size_t I>
struct name_of {
  static constexpr char text[8] = {'p', 'a', 'r', 't', '_', '0' + I / 10, '0' + I % 10, 0};
};
template <std::size_t I>
struct part
    : vitals::component<vitals::fixed_string<8>{name_of<I>::text},
                        std::conditional_t<I % 2 == 0, vitals::critical, vitals::degrading>,
                        std::conditional_t<I % 10 == 0, vitals::heartbeat<1h>, vitals::fall<1>>,
                        std::conditional_t<I % 10 == 9, vitals::depends_on<part<I / 10 * 10 + 3>>, vitals::rise<1>>> {};

template <vitals::fixed_string Name, std::size_t... I>
auto health_of(std::index_sequence<I...>) -> vitals::basic_health<set_clock, Name, part<I>...>;
template <vitals::fixed_string Name, std::size_t Count>
using parts = decltype(health_of<Name>(std::make_index_sequence<Count>{}));

template <class Health, std::size_t I>
void mark() {
  if constexpr (I % 5 == 3) {
    Health::template mark_unhealthy<part<I>>("connection_timeout", "connect: no answer in 500 ms");
  } else if constexpr (I % 5 == 4) {
    Health::template mark_degraded<part<I>>("slow");
  } else {
    Health::template mark_healthy<part<I>>();
  }
  if constexpr (I % 10 == 0) {
    Health::template beat<part<I>>();
  }
}

template <vitals::fixed_string Name, std::size_t Count>
struct probed {
  vitals::http::health_routes paths;
  vitals::http::router routes;
  vitals::http::response out;

  probed() : paths{{.version = "1.4.2", .environment = "production"}} {
    using health = parts<Name, Count>;
    health::mark_ready();
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (mark<health, I>(), ...);
    }
    (std::make_index_sequence<Count>{});
    paths.add_to(routes);
    paths.expose(health::ref());
  }
};

auto& ten() {
  static probed<"counted_10", 10> all;
  return all;
}
auto& twenty() {
  static probed<"counted_20", 20> all;
  return all;
}

}  // namespace

ROW(probe_lines_of_10)(const vitals::http::request& asked) {
  ten().routes.handle(asked, ten().out);
}
ROW(probe_lines_of_20)(const vitals::http::request& asked) {
  twenty().routes.handle(asked, twenty().out);
}
ROW(probe_json_of_10)(const vitals::http::request& asked) {
  ten().routes.handle(asked, ten().out);
}
ROW(probe_json_of_20)(const vitals::http::request& asked) {
  twenty().routes.handle(asked, twenty().out);
}

namespace {

counted::random_numbers random_numbers;

/// A value of each magnitude between 2.5 ms and 20 s, each as likely as another.
double seconds() {
  return counted::spread(random_numbers, 0.0025, 20);
}
std::chrono::nanoseconds nanoseconds() {
  return std::chrono::nanoseconds{static_cast<std::int64_t>(seconds() * 1e9)};
}

void update() {
  row_inc();
  row_inc_constant_label();
  row_inc_label(static_cast<method>(random_numbers() % 3));
  row_inc_two_labels(static_cast<method>(random_numbers() % 3), static_cast<outcome>(random_numbers() % 2));
  static const server::value servers[] = {server::intern("eu"), server::intern("us")};
  row_inc_slot(servers[random_numbers() % 2]);
  row_up_down_add(static_cast<std::int32_t>(random_numbers() % 200) - 100);
  row_gauge_set(seconds());
  row_observe_double(seconds());
  row_observe_duration(nanoseconds());
  row_observe_native_double(seconds());
  row_observe_native_duration(nanoseconds());
  row_observe_exemplar(nanoseconds(), vitals::exemplar{{random_numbers(), random_numbers()}, random_numbers()});
  row_time_nothing();
  std::chrono::steady_clock::time_point readings[2];
  row_two_clock_readings(readings);
  row_mark_healthy();
  row_beat();
}

std::uint64_t number_of(std::size_t digits) {
  std::uint64_t least = 1;
  for (std::size_t i = 1; i != digits; ++i) {
    least *= 10;
  }
  return least + random_numbers() % (digits == 20 ? 8 * least / 10 : 9 * least);
}

/// Gives each counter a value of so many digits, through the wrap at 2^64; 0: of 1 to 12, each as likely as another.
template <std::size_t Series>
void set_counters(std::size_t digits) {
  using metric = requests<Series>;
  using registry = alone<metric>;
  static std::uint64_t now[Series];
  for (std::size_t i = 0; i != Series; ++i) {
    const std::uint64_t value = number_of(digits != 0 ? digits : 1 + random_numbers() % 12);
    const auto route = static_cast<tens>(i % 10);
    const auto status = static_cast<tens>(i / 10 % 10);
    if constexpr (Series == 500) {
      registry::template get<metric>(route, status, static_cast<fives>(i / 100)).inc(value - now[i]);
    } else {
      registry::template get<metric>(route, status, static_cast<tens>(i / 100)).inc(value - now[i]);
    }
    now[i] = value;
  }
}

/// Gives each bucket and each sum some more, up to `most`: by the thread's cells, as nobody could wait for so many
/// observations here.
template <std::size_t Series>
void add_to_histograms(std::uint64_t most) {
  using metric = durations<Series>;
  using registry = alone<metric>;
  registry::attach_thread();
  for (std::size_t i = 0; i != Series; ++i) {
    auto* const series = registry::cells::mine + registry::template place_of<metric>.first + i * metric::shape.stride;
    for (std::size_t k = 0; k != 1 + metric::buckets; ++k) {
      series[k] += 1 + random_numbers() % most;
    }
  }
}

void scrape_counters(std::size_t digits, void (*half)(), void (*all)()) {
  set_counters<500>(digits);
  half();
  set_counters<1000>(digits);
  all();
}

void scrape_all() {
  scrape_counters(1, row_scrape_counter_1_digit_of_500, row_scrape_counter_1_digit_of_1000);
  scrape_counters(3, row_scrape_counter_3_digits_of_500, row_scrape_counter_3_digits_of_1000);
  scrape_counters(6, row_scrape_counter_6_digits_of_500, row_scrape_counter_6_digits_of_1000);
  scrape_counters(12, row_scrape_counter_12_digits_of_500, row_scrape_counter_12_digits_of_1000);
  scrape_counters(20, row_scrape_counter_20_digits_of_500, row_scrape_counter_20_digits_of_1000);
  scrape_counters(0, row_scrape_counter_mixed_digits_of_500, row_scrape_counter_mixed_digits_of_1000);
  row_scrape_counter_unchanged_of_500();
  row_scrape_counter_unchanged_of_1000();
  add_to_histograms<50>(5);
  row_scrape_histogram_of_50();
  add_to_histograms<100>(5);
  row_scrape_histogram_of_100();
  row_scrape_histogram_unchanged_of_50();
  row_scrape_histogram_unchanged_of_100();
}

void scrape_long_histograms() {
  add_to_histograms<50>(1'000'000);
  row_scrape_histogram_long_of_50();
  add_to_histograms<100>(1'000'000);
  row_scrape_histogram_long_of_100();
}

void probe_all() {
  set_clock::now += 1'111;
  const vitals::http::request lines{.method = "GET", .target = "/readyz?verbose"};
  const vitals::http::request json{.method = "GET", .target = "/readyz"};
  row_probe_lines_of_10(lines);
  row_probe_lines_of_20(lines);
  row_probe_json_of_10(json);
  row_probe_json_of_20(json);
}

}  // namespace

int main(int argc, char** argv) {
  const int rounds = argc == 2 ? std::atoi(argv[1]) : 0;
  if (rounds == 0) {
    std::fputs("usage: instructions ROUNDS\n", stderr);
    return 2;
  }
  for (int i = 0; i != rounds; ++i) {
    for (int k = 0; k != 500; ++k) {
      update();
    }
    scrape_all();
    probe_all();
  }
  for (int i = 0; i != rounds; ++i) {
    scrape_long_histograms();
  }
  return 0;
}
