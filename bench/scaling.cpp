// How costs grow: with threads, with series, with threads that live. One growth a run, named by the argument; prints a
// line for each measurement: what, of how many, how much (seconds, or bytes). For scaling.py.
#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <sched.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <latch>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <vitals/vitals.hpp>

#include "cases.hpp"

namespace {

double on_clock(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}
double processor_time() {
  return on_clock(CLOCK_THREAD_CPUTIME_ID);
}
double real_time() {
  return on_clock(CLOCK_MONOTONIC);
}

// How long a thread waits for the directory's mutex and holds it: the C library's functions are called through these.

struct lock_times {
  double waited = 0;  ///< the last time
  double held = 0;    ///< all times
  double longest = 0;
  double asked_at = 0;
  double got_at = 0;
};
constinit thread_local lock_times* watched = nullptr;

bool is_watched(const pthread_mutex_t* mutex) {
  return watched != nullptr && mutex == vitals::detail::abi::the_directory.mutex.native_handle();
}

using mutex_function = int (*)(pthread_mutex_t*);
mutex_function c_library(const char* name) {
  return reinterpret_cast<mutex_function>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {
int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
  static const mutex_function lock = c_library("pthread_mutex_lock");
  if (!is_watched(mutex)) {
    return lock(mutex);
  }
  watched->asked_at = real_time();
  const int result = lock(mutex);
  watched->got_at = real_time();
  watched->waited = watched->got_at - watched->asked_at;
  return result;
}

int pthread_mutex_unlock(pthread_mutex_t* mutex) noexcept {
  static const mutex_function unlock = c_library("pthread_mutex_unlock");
  if (is_watched(mutex)) {
    const double held = real_time() - watched->got_at;
    watched->held += held;
    watched->longest = std::max(watched->longest, held);
  }
  return unlock(mutex);
}
}

namespace {

void print(const char* what, std::size_t of, double value) {
  std::printf("%s %zu %.9g\n", what, of, value);
  std::fflush(stdout);
}

double part_of(std::vector<double> values, double part) {
  const auto at = static_cast<std::ptrdiff_t>(part * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), values.begin() + at, values.end());
  return values[static_cast<std::size_t>(at)];
}
double median(const std::vector<double>& values) {
  return part_of(values, 0.5);
}

// Few metrics with large label sets: as many series as are asked for, in lines of one length.

#define TEN(tens) tens "0", tens "1", tens "2", tens "3", tens "4", tens "5", tens "6", tens "7", tens "8", tens "9"
using one = vitals::one_of<"00">;
using ten = vitals::one_of<TEN("0")>;
using hundred =
    vitals::one_of<TEN("0"), TEN("1"), TEN("2"), TEN("3"), TEN("4"), TEN("5"), TEN("6"), TEN("7"), TEN("8"), TEN("9")>;

template <class Region, class Shard, class Route>
struct requests : vitals::counter<"http_requests_total", "Requests served.", vitals::label<"region", Region>,
                                  vitals::label<"shard", Shard>, vitals::label<"route", Route>> {
  static constexpr std::size_t routes = Route::texts.size();
  static constexpr std::size_t shards = Shard::texts.size();
  static constexpr std::size_t count = Region::texts.size() * shards * routes;

  using metrics = vitals::registry<requests>;
  static auto at(std::size_t i) {
    return metrics::template get<requests>(typename Region::value{static_cast<std::uint32_t>(i / routes / shards)},
                                           typename Shard::value{static_cast<std::uint32_t>(i / routes % shards)},
                                           typename Route::value{static_cast<std::uint32_t>(i % routes)});
  }
};
using series_10 = requests<one, one, ten>;
using series_1_000 = requests<one, ten, hundred>;
using series_100_000 = requests<ten, hundred, hundred>;
using series_1_000_000 = requests<hundred, hundred, hundred>;

/// Gives all series new values of 1 to 12 digits, each length as likely as another, through the wrap at 2^64.
template <class Series>
class changing_values {
 public:
  void change() {
    for (std::size_t i = 0; i != Series::count; ++i) {
      std::uint64_t least = 1;
      for (auto digits = random_() % 12; digits != 0; --digits) {
        least *= 10;
      }
      const std::uint64_t value = least + random_() % (9 * least);
      Series::at(i).inc(value - now_[i]);
      now_[i] = value;
    }
  }

 private:
  std::mt19937_64 random_{1};
  std::vector<std::uint64_t> now_ = std::vector<std::uint64_t>(Series::count);
};

// Threads that update the same series, while another one scrapes all the time.

void pin_to(std::size_t place) {
  const auto& all = bench::the_processors().all;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(all[place % all.size()]), &set);
  sched_setaffinity(0, sizeof set, &set);
}

using lanes = vitals::label<"lane", bench::lane>;
struct hits : vitals::counter<"hits_total", "Increments.", lanes> {};
struct load : vitals::histogram<"load_ratio", "Doubles.", vitals::buckets::web, lanes> {};
using counters = vitals::registry<hits>;
using histograms = vitals::registry<load>;

prometheus::Labels peer_labels(std::size_t i) {
  return {{"lane", std::to_string(i)}};
}

struct peer_counters {
  prometheus::Registry registry;
  std::array<prometheus::Counter*, bench::rotation> series{};
  peer_counters() {
    auto& family = prometheus::BuildCounter().Name("hits_total").Help("Increments.").Register(registry);
    for (std::size_t i = 0; i != bench::rotation; ++i) {
      series[i] = &family.Add(peer_labels(i));
    }
  }
};

struct peer_histograms {
  prometheus::Registry registry;
  std::array<prometheus::Histogram*, bench::rotation> series{};
  peer_histograms() {
    auto& family = prometheus::BuildHistogram().Name("load_ratio").Help("Doubles.").Register(registry);
    const auto& web = vitals::buckets::web::bounds;
    for (std::size_t i = 0; i != bench::rotation; ++i) {
      series[i] = &family.Add(peer_labels(i), prometheus::Histogram::BucketBoundaries{web.begin(), web.end()});
    }
  }
};

/// The mean time of an update, in the processor time of the threads. `make_round` is called in each thread and gives
/// what makes one round of updates there; `scrape` runs in a thread of its own all the while.
template <class MakeRound, class Scrape>
double time_of_update(std::size_t threads, MakeRound make_round, Scrape scrape) {
  constexpr auto run_for = std::chrono::milliseconds{150};
  std::atomic<bool> over = false;
  std::latch ready{static_cast<std::ptrdiff_t>(threads) + 1};
  std::vector<double> seconds(threads);
  std::vector<double> updates(threads);
  std::vector<std::thread> all;
  for (std::size_t i = 0; i != threads; ++i) {
    all.emplace_back([&, i] {
      pin_to(i);
      auto round = make_round(i);
      double start = 0;
      std::uint64_t rounds = 0;
      do {  // one call alone, or g++ does not inline it
        if (rounds == 1) {
          ready.arrive_and_wait();
          start = processor_time();
        }
        round();
      } while (++rounds % 16 != 0 || !over.load(std::memory_order_relaxed));
      seconds[i] = processor_time() - start;
      updates[i] = static_cast<double>((rounds - 1) * bench::rotation);
    });
  }
  ready.arrive_and_wait();
  std::thread reader{[&] {
    while (!over.load(std::memory_order_relaxed) && scrape()) {
    }
  }};
  std::this_thread::sleep_for(run_for);
  over = true;
  reader.join();
  double all_seconds = 0;
  double all_updates = 0;
  for (std::size_t i = 0; i != threads; ++i) {
    all[i].join();
    all_seconds += seconds[i];
    all_updates += updates[i];
  }
  return all_seconds / all_updates;
}

bool nobody() {
  return false;
}
template <class Registry>
bool our_reader() {
  thread_local std::string page;
  vitals::scrape<Registry>(page);
  return true;
}
template <class Peer>
auto reader_of(const Peer& peer) {
  return [&peer] {
    const std::string page = prometheus::TextSerializer{}.Serialize(peer.registry.Collect());
    benchmark::DoNotOptimize(page.data());
    return true;
  };
}

auto inc_ours(std::size_t /*thread*/) {
  counters::attach_thread();
  return [] {
    bench::rotate([](auto i) {
      counters::get<hits>(static_cast<bench::lane>(i())).inc();
      benchmark::ClobberMemory();
    });
  };
}

/// `++` on memory of the thread's own.
auto inc_floor(std::size_t /*thread*/) {
  struct alignas(128) plain {
    std::array<std::uint64_t, bench::rotation> cells{};
  };
  auto own = std::make_unique<plain>();
  std::uint64_t* cells = own->cells.data();
  benchmark::DoNotOptimize(cells);
  return [own = std::move(own), cells] {
    std::uint64_t* const here = cells;  // in a register
    bench::rotate([here](auto i) {
      ++here[i()];
      benchmark::ClobberMemory();
    });
  };
}

/// Rounds over one million values, from a place of each thread's own. `observe` takes a place in the rotation too.
template <class Observe>
auto observing(std::size_t thread, Observe observe) {
  static const auto values = bench::spread_values(0.0025, 20);
  return [at = thread * 200 * bench::rotation, observe]() mutable {
    const double* const here = values.data() + at;
    for (std::size_t i = 0; i != bench::rotation; ++i) {
      observe(bench::rotated(i), here[i]);
      benchmark::ClobberMemory();
    }
    at = at + bench::rotation == values.size() ? 0 : at + bench::rotation;
  };
}

auto observe_ours(std::size_t thread) {
  histograms::attach_thread();
  return observing(
      thread, [](std::size_t i, double value) { histograms::get<load>(static_cast<bench::lane>(i)).observe(value); });
}

void with_threads() {
  static peer_counters counter;
  static peer_histograms histogram;
  const auto inc_peer = [](std::size_t) {
    return [] { bench::rotate([](auto i) { counter.series[i()]->Increment(); }); };
  };
  const auto observe_peer = [](std::size_t thread) {
    return observing(thread, [](std::size_t i, double value) { histogram.series[i]->Observe(value); });
  };
  for (const std::size_t n : {1U, 2U, 4U, 8U, 16U, 64U}) {
    print("inc/vitals", n, time_of_update(n, inc_ours, nobody));
    print("inc/vitals_scraped", n, time_of_update(n, inc_ours, our_reader<counters>));
    print("inc/floor", n, time_of_update(n, inc_floor, nobody));
    print("inc/prometheus_scraped", n, time_of_update(n, inc_peer, reader_of(counter)));
    print("observe/vitals", n, time_of_update(n, observe_ours, nobody));
    print("observe/vitals_scraped", n, time_of_update(n, observe_ours, our_reader<histograms>));
    print("observe/prometheus_scraped", n, time_of_update(n, observe_peer, reader_of(histogram)));
  }
}

// A scrape of more and more series, each with a new value, beside a copy of its page.

/// Times `times` scrapes of the series and copies of the page, in turns.
template <class Series>
void time_scrapes(const char* ours, const char* floor, std::size_t of, std::size_t times) {
  static changing_values<Series> values;
  std::string page;
  std::string copy;
  std::vector<double> scrapes;
  std::vector<double> copies;
  std::vector<double> clocks;  // what two readings of the clock measure of themselves
  for (std::size_t i = 0; i != times + 1; ++i) {
    values.change();
    const double before = processor_time();
    const double start = processor_time();
    vitals::scrape<typename Series::metrics>(page);
    const double middle = processor_time();
    copy.resize(page.size());
    const double later = processor_time();
    std::memcpy(copy.data(), page.data(), page.size());
    benchmark::DoNotOptimize(copy.data());
    benchmark::ClobberMemory();
    if (i != 0) {  // the first one lays the page
      clocks.push_back(start - before);
      scrapes.push_back(middle - start);
      copies.push_back(processor_time() - later);
    }
  }
  print(ours, of, median(scrapes) - median(clocks));
  if (Series::count >= 1000) {  // the clock is coarser than a copy of less
    print(floor, of, median(copies) - median(clocks));
  }
}

template <class Series>
void with_series_of(std::size_t times) {
  time_scrapes<Series>("scrape/vitals", "scrape/memcpy", Series::count, times);
}

void with_series() {
  pin_to(0);
  with_series_of<series_10>(1000);
  with_series_of<series_1_000>(300);
  with_series_of<series_100_000>(20);
  with_series_of<series_1_000_000>(7);
}

// Threads that live and do nothing, each with all of its cells in use.

/// Threads that stay until this goes.
template <class Series>
class living {
 public:
  /// More of them, up to `count`; they attach at `attach`.
  void grow(std::size_t count) {
    const std::size_t more = count - all_.size();
    for (std::size_t i = 0; i != more; ++i) {
      all_.emplace_back([this] {
        // What the C library keeps of a thread that allocates is there.
        benchmark::DoNotOptimize(std::string(100, ' ').data());
        started_.fetch_add(1);
        started_.notify_all();
        attaching_.wait(0);
        Series::metrics::attach_thread();
        for (std::size_t k = 0; k != Series::count; ++k) {
          Series::at(k).inc();
        }
        attached_.fetch_add(1);
        attached_.notify_all();
        leaving_.wait(false);
      });
    }
    for (std::size_t now = started_; now != count; now = started_) {
      started_.wait(now);
    }
  }
  void attach() {
    attaching_ = 1;
    attaching_.notify_all();
    for (std::size_t now = attached_; now != all_.size(); now = attached_) {
      attached_.wait(now);
    }
    attaching_ = 0;
  }
  living() = default;
  living(const living&) = delete;
  living& operator=(const living&) = delete;
  ~living() {
    leaving_ = true;
    leaving_.notify_all();
    for (std::thread& thread : all_) {
      thread.join();
    }
  }

 private:
  std::atomic<std::size_t> started_ = 0;
  std::atomic<std::size_t> attaching_ = 0;
  std::atomic<std::size_t> attached_ = 0;
  std::atomic<bool> leaving_ = false;
  std::vector<std::thread> all_;
};

/// What threads wait that attach, and that end: one after another, on another processor than the reader's. Where there
/// is one, only those count beside which it ran: one that another program has displaced waits for nobody.
void time_comings_and_goings(const std::string& how, std::size_t of, std::thread* reader = nullptr) {
  clockid_t clock = CLOCK_MONOTONIC;
  if (reader != nullptr) {
    pthread_getcpuclockid(reader->native_handle(), &clock);
  }
  std::vector<double> attached;
  std::vector<double> ended;
  for (int i = 0; i != 2000 && attached.size() != 300; ++i) {
    std::this_thread::sleep_for(std::chrono::microseconds{100});
    lock_times times;
    double took = 0;
    const double start = real_time();
    const double reader_start = on_clock(clock);
    std::thread{[&] {
      const double before = real_time();
      series_1_000::metrics::attach_thread();
      took = real_time() - before;
      watched = &times;  // from here on it is the end that locks
    }}.join();
    if (on_clock(clock) - reader_start > 0.5 * (real_time() - start)) {
      attached.push_back(took);
      ended.push_back(times.waited + times.held);
    }
  }
  if (attached.size() >= 30) {
    print(("attach/" + how).c_str(), of, median(attached));
    print(("attach/" + how + "_99").c_str(), of, part_of(attached, 0.99));
    print(("end/" + how).c_str(), of, median(ended));
    print(("end/" + how + "_99").c_str(), of, part_of(ended, 0.99));
  }
}

void with_living_threads() {
  pin_to(0);
  series_1_000::metrics::attach_thread();
  living<series_1_000> threads;
  for (const std::size_t n : {1U, 4U, 16U, 64U, 256U, 1000U}) {
    threads.grow(n);
    threads.attach();
    time_scrapes<series_1_000>("live/vitals", "live/memcpy", n, 100);
    std::vector<double> held;
    std::vector<double> longest;
    std::string page;
    for (int i = 0; i != 100; ++i) {
      lock_times times;
      watched = &times;
      vitals::scrape<series_1_000::metrics>(page);
      watched = nullptr;
      held.push_back(times.held);
      longest.push_back(times.longest);
    }
    print("mutex/held", n, median(held));
    print("mutex/longest", n, median(longest));
    time_comings_and_goings("quiet", n);
    std::atomic<bool> over = false;
    std::latch scraping{1};
    std::thread reader{[&] {
      pin_to(1);
      our_reader<series_1_000::metrics>();
      scraping.count_down();
      while (!over.load(std::memory_order_relaxed)) {
        our_reader<series_1_000::metrics>();
      }
    }};
    scraping.wait();
    time_comings_and_goings("scraped", n, &reader);
    over = true;
    reader.join();
  }
}

// What threads take from the heap.

double heap_bytes() {
  const auto all = mallinfo2();
  return static_cast<double>(all.uordblks + all.hblkhd);
}

template <class Series>
void memory_of(const char* what) {
  Series::at(0).inc();  // what the registry takes for all threads is there
  for (const std::size_t n : {1U, 4U, 16U, 64U}) {
    if (n * Series::count > 16'000'000) {
      continue;
    }
    living<Series> threads;
    threads.grow(n);
    const double before = heap_bytes();
    threads.attach();
    print(what, n, heap_bytes() - before);
  }
}

void memory() {
  memory_of<series_10>("memory/10");
  memory_of<series_1_000>("memory/1,000");
  memory_of<series_100_000>("memory/100,000");
  memory_of<series_1_000_000>("memory/1,000,000");
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view which = argc == 2 ? argv[1] : "";
  if (which == "threads") {
    with_threads();
  } else if (which == "series") {
    with_series();
  } else if (which == "live") {
    with_living_threads();
  } else if (which == "memory") {
    memory();
  } else {
    std::fputs("usage: bench_scaling threads|series|live|memory\n", stderr);
    return 2;
  }
  return 0;
}
