// Growth: what a scrape costs with more series and with more threads, and what threads wait that come and go meanwhile.
#include <pthread.h>
#include <time.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>

#include <vitals/vitals.hpp>

#include "cases.hpp"

namespace {

#define TEN(first) \
  first "0", first "1", first "2", first "3", first "4", first "5", first "6", first "7", first "8", first "9"
using one = vitals::one_of<"v00">;
using ten = vitals::one_of<TEN("v0")>;
using hundred = vitals::one_of<TEN("v0"), TEN("v1"), TEN("v2"), TEN("v3"), TEN("v4"), TEN("v5"), TEN("v6"), TEN("v7"),
                               TEN("v8"), TEN("v9")>;
#undef TEN

/// Series by three labels. `Live` tells registries apart that are the same but for their threads.
template <class Method, class Route, class Status, int Live = 0>
struct requests : vitals::counter<"http_requests_total", "Requests served.", vitals::label<"method", Method>,
                                  vitals::label<"route", Route>, vitals::label<"status", Status>> {
  using registry = vitals::registry<requests>;
  static constexpr std::size_t series = Method::texts.size() * Route::texts.size() * Status::texts.size();

  static auto at(std::size_t i) {
    const auto status = i % Status::texts.size();
    const auto route = i / Status::texts.size() % Route::texts.size();
    const auto method = i / Status::texts.size() / Route::texts.size();
    return registry::template get<requests>(typename Method::value{static_cast<std::uint32_t>(method)},
                                            typename Route::value{static_cast<std::uint32_t>(route)},
                                            typename Status::value{static_cast<std::uint32_t>(status)});
  }
};

/// A new value for a counter, of 1 to 12 digits, each length as likely as another.
std::uint64_t next_value(std::mt19937_64& random) {
  static constexpr auto powers = [] {
    std::array<std::uint64_t, 12> all{};
    std::uint64_t power = 1;
    for (std::uint64_t& p : all) {
      p = power;
      power *= 10;
    }
    return all;
  }();
  const std::uint64_t bits = random();
  const std::uint64_t least = powers[bits % 12];
  return least + (bits >> 8) % (9 * least);
}

/// Brings all of a metric's counters to new values, through the wrap at 2^64.
template <class Metric>
void change() {
  static std::mt19937_64 random{1};
  static std::vector<std::uint64_t> now(Metric::series);
  for (std::size_t i = 0; i != Metric::series; ++i) {
    const std::uint64_t value = next_value(random);
    Metric::at(i).inc(value - now[i]);
    now[i] = value;
  }
}

double seconds(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

/// Measures `work` alone, in processor time, with `before` before each.
template <class Before, class Work>
void measure(benchmark::State& state, Before before, Work work) {
  if (!bench::pin(state)) {
    return;
  }
  before();
  work();  // warm
  for (auto unused : state) {
    static_cast<void>(unused);
    before();
    const double start = seconds(CLOCK_THREAD_CPUTIME_ID);
    work();
    state.SetIterationTime(seconds(CLOCK_THREAD_CPUTIME_ID) - start);
  }
  state.SetItemsProcessed(state.iterations());
}

/// The page of a metric's registry, kept: its room is taken once.
template <class Metric>
std::string& page() {
  static std::string kept;
  return kept;
}

template <class Metric>
void scraped(benchmark::State& state) {
  measure(state, change<Metric>, [] {
    vitals::scrape<typename Metric::registry>(page<Metric>());
    benchmark::DoNotOptimize(page<Metric>().data());
  });
  state.counters["bytes"] = static_cast<double>(page<Metric>().size());
}

/// The floor: the same bytes, copied.
template <class Metric>
void copied(benchmark::State& state) {
  static std::string copy;
  measure(
      state,
      [] {
        change<Metric>();
        vitals::scrape<typename Metric::registry>(page<Metric>());
        if (copy.size() < page<Metric>().size()) {
          copy.resize(2 * page<Metric>().size());
        }
      },
      [] {
        std::memcpy(copy.data(), page<Metric>().data(), page<Metric>().size());
        benchmark::DoNotOptimize(copy.data());
        benchmark::ClobberMemory();
      });
}

using requests_10 = requests<one, one, ten>;
using requests_1000 = requests<ten, ten, ten>;
using requests_100000 = requests<hundred, hundred, ten>;
using requests_1000000 = requests<hundred, hundred, hundred>;

BENCHMARK(scraped<requests_10>)->Name("scrape_growth/vitals/10")->UseManualTime();
BENCHMARK(copied<requests_10>)->Name("scrape_growth/memcpy/10")->UseManualTime();
BENCHMARK(scraped<requests_1000>)->Name("scrape_growth/vitals/1000")->UseManualTime();
BENCHMARK(copied<requests_1000>)->Name("scrape_growth/memcpy/1000")->UseManualTime();
BENCHMARK(scraped<requests_100000>)->Name("scrape_growth/vitals/100000")->UseManualTime()->Iterations(4);
BENCHMARK(copied<requests_100000>)->Name("scrape_growth/memcpy/100000")->UseManualTime()->Iterations(4);
BENCHMARK(scraped<requests_1000000>)->Name("scrape_growth/vitals/1000000")->UseManualTime()->Iterations(2);
BENCHMARK(copied<requests_1000000>)->Name("scrape_growth/memcpy/1000000")->UseManualTime()->Iterations(2);

// 1,000 series and many threads, which live all the time. Before each scrape all of them count.

template <int Live>
using threaded = requests<ten, ten, ten, Live>;

/// All but one of a registry's threads: they count when they are told to, and wait.
template <class Metric>
class crowd {
 public:
  explicit crowd(int live) {
    for (int i = 1; i < live; ++i) {
      threads_.emplace_back([this] {
        for (int seen = 0;;) {
          std::unique_lock lock{mutex_};
          told_.wait(lock, [&] { return told_times_ != seen; });
          seen = told_times_;
          if (is_over_) {
            return;
          }
          lock.unlock();
          for (std::size_t s = 0; s != Metric::series; ++s) {
            Metric::at(s).inc();
          }
          lock.lock();
          if (--left_ == 0) {
            done_.notify_one();
          }
        }
      });
    }
  }
  ~crowd() {
    tell(true);
    for (std::thread& t : threads_) {
      t.join();
    }
  }
  crowd(const crowd&) = delete;
  crowd& operator=(const crowd&) = delete;

  /// All count, and have counted when this returns.
  void count() {
    tell(false);
    std::unique_lock lock{mutex_};
    done_.wait(lock, [this] { return left_ == 0; });
  }

 private:
  void tell(bool is_over) {
    const std::lock_guard lock{mutex_};
    left_ = threads_.size();
    is_over_ = is_over;
    ++told_times_;
    told_.notify_all();
  }

  std::mutex mutex_;  // guards what follows
  std::condition_variable told_;
  std::condition_variable done_;
  int told_times_ = 0;
  std::size_t left_ = 0;
  bool is_over_ = false;
  std::vector<std::thread> threads_;
};

template <int Live>
crowd<threaded<Live>>& the_crowd() {
  static crowd<threaded<Live>> all{Live};
  return all;
}

template <int Live>
void scraped_threads(benchmark::State& state) {
  using metric = threaded<Live>;
  measure(
      state,
      [] {
        the_crowd<Live>().count();
        change<metric>();
      },
      [] {
        vitals::scrape<typename metric::registry>(page<metric>());
        benchmark::DoNotOptimize(page<metric>().data());
      });
}
BENCHMARK(scraped_threads<1>)->Name("scrape_threads/vitals/1")->UseManualTime();
BENCHMARK(scraped_threads<16>)->Name("scrape_threads/vitals/16")->UseManualTime()->Iterations(20);
BENCHMARK(scraped_threads<256>)->Name("scrape_threads/vitals/256")->UseManualTime()->Iterations(8);
BENCHMARK(scraped_threads<1000>)->Name("scrape_threads/vitals/1000")->UseManualTime()->Iterations(4);

/// The floor: all threads' cells added up once, from front to back, in one piece of memory that was just as long
/// unused.
template <int Live>
void added_threads(benchmark::State& state) {
  static std::vector<std::uint64_t> cells(std::size_t{Live} * threaded<Live>::series);
  static std::vector<std::uint64_t> sums(threaded<Live>::series);
  measure(
      state,
      [] {
        the_crowd<Live>().count();
        for (std::uint64_t& c : cells) {
          c += 3;
        }
        the_crowd<Live>().count();
      },
      [] {
        const std::uint64_t* from = cells.data();
        for (int t = 0; t != Live; ++t) {
          for (std::uint64_t& sum : sums) {
            sum += *from++;
          }
        }
        benchmark::DoNotOptimize(sums.data());
        benchmark::ClobberMemory();
      });
}
BENCHMARK(added_threads<1000>)->Name("scrape_threads/add/1000")->UseManualTime()->Iterations(4);

// What a thread waits that comes, and one that goes, with 1,000 others: alone, and while another thread scrapes as
// often as it can. In real time: who waits takes no processor.

/// Scrapes, on a processor of its own.
class scraper {
 public:
  scraper()
      : thread_([this] {
          cpu_set_t own;
          CPU_ZERO(&own);
          CPU_SET(static_cast<std::size_t>(bench::the_processors().all[1]), &own);
          pthread_setaffinity_np(pthread_self(), sizeof own, &own);
          std::string out;
          while (!is_over_.load(std::memory_order_relaxed)) {
            vitals::scrape<threaded<1000>::registry>(out);
          }
        }) {}
  ~scraper() {
    is_over_.store(true, std::memory_order_relaxed);
    thread_.join();
  }
  scraper(const scraper&) = delete;
  scraper& operator=(const scraper&) = delete;

 private:
  std::atomic<bool> is_over_{false};  // relaxed: it stands for itself alone
  std::thread thread_;
};

enum class moment { comes, goes };

template <moment Moment, bool Scraped>
void waited(benchmark::State& state) {
  using cells = threaded<1000>::registry::cells;
  if (!bench::pin(state)) {
    return;
  }
  if (bench::the_processors().all.size() < 2) {
    state.SkipWithError("needs a processor for each thread");
    return;
  }
  the_crowd<1000>().count();
  const auto run = [&state] {
    double worst = 0;
    for (auto unused : state) {
      static_cast<void>(unused);
      const timespec nap{.tv_sec = 0, .tv_nsec = 100'000};
      nanosleep(&nap, nullptr);
      double start = seconds(CLOCK_MONOTONIC);
      auto* const block = vitals::detail::link_block(cells::record());  // what a thread's first touch does
      double end = seconds(CLOCK_MONOTONIC);
      const double came = end - start;
      nanosleep(&nap, nullptr);
      start = seconds(CLOCK_MONOTONIC);
      vitals::detail::fold_block(cells::record(), block);  // what its end does
      end = seconds(CLOCK_MONOTONIC);
      const double took = Moment == moment::comes ? came : end - start;
      worst = took < worst ? worst : took;
      state.SetIterationTime(took);
    }
    state.SetItemsProcessed(state.iterations());
    state.counters["worst"] = worst;
  };
  if constexpr (Scraped) {
    const scraper other;
    run();
  } else {
    run();
  }
}
BENCHMARK(waited<moment::comes, false>)->Name("mutex_wait/attach/alone")->UseManualTime()->Iterations(100);
BENCHMARK(waited<moment::comes, true>)->Name("mutex_wait/attach/scraped")->UseManualTime()->Iterations(100);
BENCHMARK(waited<moment::goes, false>)->Name("mutex_wait/exit/alone")->UseManualTime()->Iterations(100);
BENCHMARK(waited<moment::goes, true>)->Name("mutex_wait/exit/scraped")->UseManualTime()->Iterations(100);

/// Whether a page has all of a metric's series, and all of what was counted, or a comparison says nothing.
template <class Metric>
bool is_whole() {
  std::uint64_t counted = 0;
  for (std::size_t i = 0; i != Metric::series; ++i) {
    Metric::at(i).inc(i);
    counted += i;
  }
  const std::string text = vitals::scrape<typename Metric::registry>();
  std::uint64_t shown = 0;
  std::size_t series = 0;
  for (std::size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
    if (std::string_view{text}.substr(at).starts_with("http_requests_total{")) {
      shown += std::strtoull(text.c_str() + text.find(' ', at), nullptr, 10);
      ++series;
    }
  }
  for (std::size_t i = 0; i != Metric::series; ++i) {
    Metric::at(i).inc(0 - std::uint64_t{i});
  }
  if (series != Metric::series || shown != counted) {
    std::fprintf(stderr, "%zu of %zu series, %llu of %llu counted\n", series, Metric::series,
                 static_cast<unsigned long long>(shown), static_cast<unsigned long long>(counted));
    return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (!is_whole<requests_10>() || !is_whole<requests_1000>() || !is_whole<requests_100000>()) {
    return 1;
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
