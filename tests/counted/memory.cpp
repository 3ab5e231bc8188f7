// What a registry takes from the heap, and which locks, printed for counted.py: a name and a number in each line.
// Memory is counted in the bytes that were asked for, by whoever asked: operator new comes to malloc too.
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include <vitals/expose/json.hpp>
#include <vitals/expose/openmetrics.hpp>
#include <vitals/expose/protobuf.hpp>
#include <vitals/vitals.hpp>

#include <count_locks.hpp>

using namespace std::chrono_literals;

namespace {

/// What the process holds, and the most that it held.
struct heap {
  std::size_t calls = 0;
  std::size_t held = 0;
  std::size_t most = 0;

  struct piece {
    void* at = nullptr;
    std::size_t bytes = 0;
  };
  std::array<piece, 4096> pieces{};

  void* taken(void* at, std::size_t bytes) {
    ++calls;
    held += bytes;
    most = held > most ? held : most;
    for (piece& p : pieces) {
      if (p.at == nullptr) {
        p = {at, bytes};
        return at;
      }
    }
    std::abort();
  }
  void given_back(const void* at) {
    for (piece& p : pieces) {
      if (p.at == at && at != nullptr) {
        held -= p.bytes;
        p = {};
        return;
      }
    }
  }
};
constinit heap all;

}  // namespace

// One thread at a time takes memory here: the others wait to be joined.
extern "C" {
void* __libc_malloc(std::size_t size);                           // NOLINT
void* __libc_calloc(std::size_t count, std::size_t size);        // NOLINT
void* __libc_realloc(void* old, std::size_t size);               // NOLINT
void* __libc_memalign(std::size_t alignment, std::size_t size);  // NOLINT
void __libc_free(void* at);                                      // NOLINT

void* malloc(std::size_t size) noexcept {
  return all.taken(__libc_malloc(size), size);
}
void* calloc(std::size_t count, std::size_t size) noexcept {
  return all.taken(__libc_calloc(count, size), count * size);
}
void* realloc(void* old, std::size_t size) noexcept {
  all.given_back(old);
  return all.taken(__libc_realloc(old, size), size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  return all.taken(__libc_memalign(alignment, size), size);
}
void free(void* at) noexcept {
  all.given_back(at);
  __libc_free(at);
}
}

namespace {

void print(const std::string& name, std::size_t count) {
  std::printf("%s %zu\n", name.c_str(), count);
}

template <class Step>
void in_thread(Step step) {
  std::thread{step}.join();
}

// --- bytes: what a step leaves on the heap, and what it took beyond that for a while.

struct bytes {
  std::size_t kept = 0;
  std::size_t for_a_while = 0;
};

template <class Step>
bytes bytes_of(Step step) {
  const std::size_t before = all.held;
  all.most = before;
  step();
  return {.kept = all.held - before, .for_a_while = all.most - all.held};
}

void print_bytes(const std::string& name, bytes taken) {
  print(name, taken.kept);
  print(name + "_for_a_while", taken.for_a_while);
}

enum class tens { a, b, c, d, e, f, g, h, i, j };
struct requests : vitals::counter<"requests_total", "Requests served.", vitals::label<"route", tens>,
                                  vitals::label<"status", tens>, vitals::label<"method", tens>> {};
using counters = vitals::registry<requests>;

void add_to_counters(std::uint64_t n) {
  for (std::uint32_t i = 0; i != 1000; ++i) {
    counters::get<requests>(static_cast<tens>(i / 100), static_cast<tens>(i / 10 % 10), static_cast<tens>(i % 10))
        .inc(n);
  }
}

template <class Page>
void render(const char* name, Page&& make) {
  static const vitals::source_ref sources[] = {counters::source()};
  std::string out;
  const std::size_t before = all.held;
  auto page = make(sources);
  const std::size_t text = all.held - before;
  print(std::string{"1000_counters_text_of_"} + name, text);
  page.render(out);
  print(std::string{"1000_counters_buffer_of_"} + name, out.capacity() + 1);
}

/// A registry of 1,000 counters.
void print_bytes_of_counters() {
  print("1000_counters_first_touch", bytes_of([] { static_cast<void>(counters::cells::record()); }).kept);
  const std::size_t thread = bytes_of([] { counters::cells::attach(); }).kept;
  print("1000_counters_thread", thread);
  in_thread([] { print("1000_counters_next_thread", bytes_of([] { counters::cells::attach(); }).kept); });
  in_thread([] {});  // what the C library takes for a thread and keeps
  print("1000_counters_thread_that_ended", bytes_of([] { in_thread([] { counters::cells::attach(); }); }).kept);

  std::string page;
  const bytes first = bytes_of([&page] { vitals::scrape<counters>(page); });
  print_bytes("1000_counters_first_scrape", first);
  print("1000_counters_buffer", page.capacity() + 1);
  print("1000_counters_text_and_cells", first.kept - (page.capacity() + 1) + thread);
  print_bytes("1000_counters_second_scrape", bytes_of([&page] { vitals::scrape<counters>(page); }));
  add_to_counters(12'345'678'901'234'567'890U);
  print_bytes("1000_counters_longer_scrape", bytes_of([&page] { vitals::scrape<counters>(page); }));

  render("openmetrics", [](auto& sources) { return vitals::page{vitals::openmetrics_text::format, sources}; });
  render("json", [](auto& sources) { return vitals::page{vitals::json_text::format, sources}; });
  render("protobuf", [](auto& sources) { return vitals::protobuf_page{sources}; });
}

/// A registry of 100 series of one metric: a thread's cells, and the text.
template <class Metric>
void print_bytes_of(const char* name) {
  using registry = vitals::registry<Metric>;
  static_cast<void>(registry::cells::record());
  const std::size_t thread = bytes_of([] { registry::cells::attach(); }).kept;
  print(std::string{"100_"} + name + "_thread", thread);
  std::string page;
  const std::size_t taken = bytes_of([&page] { vitals::scrape<registry>(page); }).kept;
  print(std::string{"100_"} + name + "_text", taken - (page.capacity() + 1));
}

template <class Buckets, class... Options>
struct doubles : vitals::histogram<"doubles", "Doubles.", Buckets, vitals::label<"route", tens>,
                                   vitals::label<"status", tens>, Options...> {};
template <class Buckets, class... Options>
struct durations : vitals::histogram<"durations_seconds", "Durations.", Buckets, vitals::label<"route", tens>,
                                     vitals::label<"status", tens>, Options...> {};
struct native_doubles : vitals::native_histogram<"native_doubles", "Doubles.", vitals::native<>,
                                                 vitals::label<"route", tens>, vitals::label<"status", tens>> {};
struct native_durations : vitals::native_histogram<"native_seconds", "Durations.", vitals::native<>,
                                                   vitals::label<"route", tens>, vitals::label<"status", tens>> {};
struct gauges
    : vitals::gauge<"gauges", "The last value.", vitals::label<"route", tens>, vitals::label<"status", tens>> {};
struct traced_counters : vitals::counter<"traced_total", "With exemplars.", vitals::label<"route", tens>,
                                         vitals::label<"status", tens>, vitals::exemplars> {};
using three = vitals::buckets::of<0.01, 0.1, 1>;
using eleven = vitals::buckets::web;
using twenty = vitals::buckets::exponential<0.003, 1.6, 20>;

void print_bytes_of_others() {
  print_bytes_of<doubles<three>>("doubles_of_3_bounds");
  print_bytes_of<doubles<eleven>>("doubles_of_11_bounds");
  print_bytes_of<doubles<twenty>>("doubles_of_20_bounds");
  print_bytes_of<native_doubles>("native_doubles");
  print_bytes_of<durations<three>>("durations_of_3_bounds");
  print_bytes_of<durations<eleven>>("durations_of_11_bounds");
  print_bytes_of<durations<twenty>>("durations_of_20_bounds");
  print_bytes_of<native_durations>("native_durations");
  print_bytes_of<durations<eleven, vitals::exemplars>>("durations_of_11_bounds_with_exemplars");
  print_bytes_of<traced_counters>("counters_with_exemplars");
  print_bytes_of<gauges>("gauges");
}

// --- the heap and the locks on warm paths

struct plain : vitals::counter<"plain_total", "No label."> {};
struct by_route : vitals::counter<"by_route_total", "A label.", vitals::label<"route", tens>> {};
using server = vitals::slots<"server", 8>;
struct by_server : vitals::counter<"by_server_total", "A label whose values come at run time.", server> {};
struct common : vitals::counter<"common_total", "One cell for all threads.", vitals::shared> {};
struct cost : vitals::real_counter<"cost_total", "A sum of doubles."> {};
struct depth : vitals::up_down<"depth", "Up and down."> {};
struct heat : vitals::gauge<"heat_celsius", "The last value."> {};
struct peak : vitals::max_gauge<"peak", "The largest value of a while."> {};
struct mode : vitals::state_set<"mode", "One of some states.", tens> {};
struct size : vitals::histogram<"size", "Doubles.", eleven> {};
struct latency : vitals::histogram<"latency_seconds", "Durations.", eleven> {};
struct common_latency : vitals::histogram<"common_seconds", "Durations.", eleven, vitals::shared> {};
struct native_latency : vitals::native_histogram<"native_latency_seconds", "Durations."> {};
struct payload : vitals::summary<"payload", "A count and a sum."> {};
struct traced : vitals::counter<"traced_events_total", "With exemplars.", vitals::exemplars> {};
struct traced_latency : vitals::histogram<"traced_seconds", "With exemplars.", eleven, vitals::exemplars> {};
struct traced_common : vitals::counter<"traced_common_total", "With exemplars.", vitals::shared, vitals::exemplars> {};
using metrics = vitals::registry<plain, by_route, by_server, common, cost, depth, heat, peak, mode, size, latency,
                                 common_latency, native_latency, payload, traced, traced_latency, traced_common>;

struct store : vitals::component<"store", vitals::critical> {};
struct tailer : vitals::component<"tailer", vitals::critical, vitals::heartbeat<5s>> {};
using app_health = vitals::health<"memory", store, tailer>;

struct update {
  const char* name;
  void (*run)(std::uint32_t i);
};
const vitals::exemplar example{{1, 2}, 3};
constexpr update updates[] = {
    {"inc", [](std::uint32_t) { metrics::get<plain>().inc(); }},
    {"inc of an amount", [](std::uint32_t i) { metrics::get<plain>().inc(i); }},
    {"inc with a label", [](std::uint32_t i) { metrics::get<by_route>(static_cast<tens>(i % 11)).inc(); }},
    {"inc with a slot", [](std::uint32_t i) { metrics::get<by_server>(server::intern(i % 2 ? "a" : "b")).inc(); }},
    {"inc of a shared one", [](std::uint32_t) { metrics::get<common>().inc(); }},
    {"inc with an exemplar", [](std::uint32_t) { metrics::get<traced>().inc(example); }},
    {"inc of a shared one with an exemplar", [](std::uint32_t) { metrics::get<traced_common>().inc(example); }},
    {"real_counter add", [](std::uint32_t i) { metrics::get<cost>().add(0.5 * i); }},
    {"up_down add", [](std::uint32_t i) { metrics::get<depth>().add(i % 2 == 0 ? 3 : -3); }},
    {"gauge set", [](std::uint32_t i) { metrics::get<heat>().set(i); }},
    {"gauge add", [](std::uint32_t i) { metrics::get<heat>().add(i); }},
    {"max_gauge observe", [](std::uint32_t i) { metrics::get<peak>().observe(i); }},
    {"state_set set", [](std::uint32_t i) { metrics::get<mode>().set(static_cast<tens>(i % 10)); }},
    {"observe double", [](std::uint32_t i) { metrics::get<size>().observe(0.01 * i); }},
    {"observe NaN", [](std::uint32_t) { metrics::get<size>().observe(__builtin_nan("")); }},
    {"observe duration", [](std::uint32_t i) { metrics::get<latency>().observe(1ms * i); }},
    {"observe of a shared one", [](std::uint32_t i) { metrics::get<common_latency>().observe(1ms * i); }},
    {"observe of a native one", [](std::uint32_t i) { metrics::get<native_latency>().observe(1ms * i); }},
    {"observe of a summary", [](std::uint32_t i) { metrics::get<payload>().observe(i); }},
    {"observe with an exemplar", [](std::uint32_t i) { metrics::get<traced_latency>().observe(1ms * i, example); }},
    {"time", [](std::uint32_t) { const auto timing = metrics::get<latency>().time(); }},
    {"time by tsc_clock", [](std::uint32_t) { const auto timing = metrics::get<latency>().time<vitals::tsc_clock>(); }},
    {"mark_healthy", [](std::uint32_t) { app_health::mark_healthy<store>(); }},
    {"marks that change",
     [](std::uint32_t) {
       app_health::mark_unhealthy<store>("gone", "a message");
       app_health::mark_healthy<store>();
     }},
    {"beat", [](std::uint32_t) { app_health::beat<tailer>(); }},
    {"report", [](std::uint32_t) { static_cast<void>(app_health::report()); }},
};

struct cost_of_calls {
  std::size_t allocations = 0;
  std::size_t locks = 0;
};

template <class Call>
cost_of_calls cost_of(Call call) {
  call();
  const std::size_t allocations = all.calls;
  const std::size_t taken = locks;
  call();
  return {.allocations = all.calls - allocations, .locks = locks - taken};
}

/// Of all kinds of updates together; what takes something is named.
void print_costs_of_updates() {
  cost_of_calls sum;
  for (const update& u : updates) {
    const cost_of_calls one = cost_of([&u] {
      for (std::uint32_t i = 0; i != 1000; ++i) {
        u.run(i);
      }
    });
    if (one.allocations + one.locks != 0) {
      std::fprintf(stderr, "1000 x %s: %zu allocations, %zu locks\n", u.name, one.allocations, one.locks);
    }
    sum.allocations += one.allocations;
    sum.locks += one.locks;
  }
  print("updates_allocations", sum.allocations);
  print("updates_locks", sum.locks);
}

/// Of one warm scrape. (Its locks: one for the page, and one while the cells are summed.)
template <class Page>
void print_costs_of_scrape(const char* name, Page page) {
  std::string out;
  const cost_of_calls one = cost_of([&] {
    for (const update& u : updates) {
      u.run(1);
    }
    page.render(out);
  });
  print(std::string{"scrape_"} + name + "_allocations", one.allocations);
  print(std::string{"scrape_"} + name + "_locks", one.locks);
}

}  // namespace

int main() {
  print_bytes_of_counters();
  print_bytes_of_others();
  metrics::attach_thread();
  print_costs_of_updates();
  const vitals::source_ref sources[] = {metrics::source(), app_health::source()};
  print_costs_of_scrape("text", vitals::page{vitals::prometheus_text::format, sources});
  print_costs_of_scrape("openmetrics", vitals::page{vitals::openmetrics_text::format, sources});
  print_costs_of_scrape("json", vitals::page{vitals::json_text::format, sources});
  print_costs_of_scrape("protobuf", vitals::protobuf_page{sources});
  return 0;
}
