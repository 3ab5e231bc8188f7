#include <vitals/core/thread_cells.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <vitals/expose/scrape.hpp>
#include <vitals/metric/buckets.hpp>
#include <vitals/metric/counter.hpp>
#include <vitals/metric/gauge.hpp>
#include <vitals/metric/histogram.hpp>
#include <vitals/metric/up_down.hpp>
#include <vitals/registry/registry.hpp>

namespace threads_test {

enum class kind { a, b, c };

struct counts : vitals::counter<"threads_counts_total", "Counts.", vitals::label<"kind", kind>> {};
struct levels : vitals::up_down<"threads_levels", "Levels."> {};
struct reals : vitals::histogram<"threads_reals_ratio", "Reals.", vitals::buckets::linear<0, 0.1, 11>> {};
struct times : vitals::histogram<"threads_times_seconds", "Times.", vitals::buckets::web, vitals::label<"kind", kind>> {
};
struct common : vitals::counter<"threads_common_total", "Common.", vitals::shared> {};
struct common_reals
    : vitals::histogram<"threads_common_reals_ratio", "Common reals.", vitals::buckets::of<1>, vitals::shared> {};
using metrics = vitals::registry<counts, levels, reals, times, common, common_reals>;

/// The samples of a page, by name and labels.
std::map<std::string, double, std::less<>> samples(const std::string& page) {
  std::map<std::string, double, std::less<>> all;
  for (std::size_t start = 0; start < page.size();) {
    const std::size_t end = page.find('\n', start);
    const std::string line = page.substr(start, end - start);
    if (!line.starts_with('#')) {
      const std::size_t space = line.rfind(' ');
      std::string value = line.substr(space + 1);
      if (const std::size_t point = value.find('.'); point != std::string::npos) {
        value[point] = *std::localeconv()->decimal_point;
      }
      all[line.substr(0, space)] = std::strtod(value.c_str(), nullptr);
    }
    start = end + 1;
  }
  return all;
}

TEST_CASE("threads that come and go lose nothing, and no scrape sees a total fall") {
  constexpr int thread_count = 200;
  constexpr int rounds = 1000;  // of five updates each: a million in all
  std::atomic<bool> done{false};
  std::uint64_t scrapes = 0;
  std::string first_fall;
  std::string first_gap;

  std::thread scraper([&] {
    std::string page;
    std::map<std::string, double, std::less<>> before;
    bool last = false;
    while (!last) {
      last = done.load(std::memory_order_acquire);
      vitals::scrape<metrics>(page);
      auto now = samples(page);
      for (const auto& [name, value] : now) {
        if (name != "threads_levels" && value < before[name] && first_fall.empty()) {
          first_fall = name + " " + std::to_string(before[name]) + " " + std::to_string(value);
        }
        const std::size_t at = name.find("_count");
        if (at != std::string::npos && (at + 6 == name.size() || name[at + 6] == '{')) {
          std::string bucket = name.substr(0, at) + "_bucket" + name.substr(at + 6);
          bucket =
              bucket.ends_with('}') ? bucket.substr(0, bucket.size() - 1) + ",le=\"+Inf\"}" : bucket + "{le=\"+Inf\"}";
          if (now.at(bucket) != value && first_gap.empty()) {
            first_gap = name;
          }
        }
      }
      before = std::move(now);
      ++scrapes;
    }
  });

  bool fell = false;
  std::thread reader([&] {  // so that most threads end while some sum is taken
    std::uint64_t before = 0;
    double sum_before = 0;
    while (!done.load(std::memory_order_acquire)) {
      const std::uint64_t now = metrics::get<counts>(kind::b).value();
      const double sum_now = metrics::get<reals>().value().sum;
      fell = fell || now < before || sum_now < sum_before;
      before = now;
      sum_before = sum_now;
    }
  });

  std::vector<std::thread> threads;
  for (int t = 0; t != thread_count; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i != rounds; ++i) {
        metrics::get<counts>(static_cast<kind>(i % 3)).inc();
        metrics::get<levels>().add(t % 2 == 0 ? 1 : -1);
        metrics::get<reals>().observe(static_cast<double>(i % 11) * 0.1 + 0.01);
        metrics::get<times>(static_cast<kind>(i % 3)).observe(std::chrono::microseconds{i * 17});
        metrics::get<common>().inc();
        if (i % 100 == 0) {
          metrics::get<common_reals>().observe(0.5);
        }
      }
    });
    if (threads.size() == 16) {  // some sixteen live at a time
      for (std::thread& one : threads) {
        one.join();
      }
      threads.clear();
    }
  }
  for (std::thread& one : threads) {
    one.join();
  }
  done.store(true, std::memory_order_release);
  scraper.join();
  reader.join();

  CHECK(!fell);
  CHECK(first_fall == "");
  CHECK(first_gap == "");
  CHECK(scrapes > 1);
  constexpr std::uint64_t all = std::uint64_t{thread_count} * rounds;
  CHECK(metrics::get<counts>(kind::a).value() == thread_count * ((rounds + 2) / 3));
  CHECK(metrics::get<counts>(kind::b).value() == thread_count * ((rounds + 1) / 3));
  CHECK(metrics::get<counts>(kind::c).value() == thread_count * (rounds / 3));
  CHECK(metrics::get<levels>().value() == 0);
  CHECK(metrics::get<common>().value() == all);
  CHECK(metrics::get<common_reals>().value().sum == thread_count * 10 * 0.5);
  const auto reading = metrics::get<reals>().value();
  double sum = 0;
  for (int i = 0; i != rounds; ++i) {
    sum += static_cast<double>(i % 11) * 0.1 + 0.01;
  }
  CHECK(reading.count == all);
  CHECK(reading.sum == doctest::Approx(sum * thread_count).epsilon(1e-12));
  std::uint64_t nanoseconds = 0;
  std::uint64_t times_count = 0;
  double times_sum = 0;
  for (const kind k : {kind::a, kind::b, kind::c}) {
    times_count += metrics::get<times>(k).value().count;
    times_sum += metrics::get<times>(k).value().sum;
  }
  for (int i = 0; i != rounds; ++i) {
    nanoseconds += static_cast<std::uint64_t>(i) * 17000;
  }
  CHECK(times_count == all);
  CHECK(std::llround(times_sum * 1e9) == static_cast<long long>(nanoseconds * thread_count));
}

struct lonely : vitals::counter<"threads_lonely_total", "Lonely."> {};
struct lonely_times : vitals::histogram<"threads_lonely_seconds", "Lonely.", vitals::buckets::web> {};
struct lonely_reals : vitals::histogram<"threads_lonely_ratio", "Lonely.", vitals::buckets::of<1>> {};
using late_metrics = vitals::registry<lonely, lonely_times, lonely_reals>;

/// A thread_local that counts when it is destroyed. One that is made before the thread's first touch is destroyed
/// after its block is folded.
struct counts_at_end {
  bool touched = false;
  ~counts_at_end() {
    late_metrics::get<lonely>().inc();
    late_metrics::get<lonely_times>().observe(std::chrono::seconds{1});
    late_metrics::get<lonely_reals>().observe(0.5);
  }
};

TEST_CASE("a thread_local destructor that runs after the thread's cells are gone loses nothing") {
  for (int t = 0; t != 50; ++t) {
    std::thread([] {
      thread_local counts_at_end before_first_touch;
      before_first_touch.touched = true;
      late_metrics::get<lonely>().inc();
      thread_local counts_at_end after_first_touch;
      after_first_touch.touched = true;
    }).join();
  }
  CHECK(late_metrics::get<lonely>().value() == 150);
  CHECK(late_metrics::get<lonely_times>().value().sum == 100);
  CHECK(late_metrics::get<lonely_times>().value().count == 100);
  CHECK(late_metrics::get<lonely_reals>().value().sum == 50);
  CHECK(late_metrics::cells::record().block_count == 0);  // no block is left behind
}

struct ahead : vitals::counter<"threads_ahead_total", "Ahead."> {};
using ahead_metrics = vitals::registry<ahead>;

TEST_CASE("attach_thread gives a thread its cells before its first update") {
  std::thread([] {
    CHECK(ahead_metrics::cells::mine == nullptr);
    ahead_metrics::attach_thread();
    const auto* const cells = ahead_metrics::cells::mine;
    CHECK(cells != nullptr);
    ahead_metrics::attach_thread();
    ahead_metrics::get<ahead>().inc();
    CHECK(ahead_metrics::cells::mine == cells);
  }).join();
  CHECK(ahead_metrics::get<ahead>().value() == 1);
}

TEST_CASE("a thread's cells start on a pair of cache lines of their own") {
  ahead_metrics::attach_thread();
  CHECK(reinterpret_cast<std::uintptr_t>(ahead_metrics::cells::mine) % 128 == 0);
}

struct falling : vitals::histogram<"threads_falling_ratio", "Sums of doubles.", vitals::buckets::of<1>> {};
using falling_metrics = vitals::registry<falling>;

/// A thread that observes one value and lives until it is told to end.
class observer {
 public:
  explicit observer(double value)
      : thread_([this, value] {
          falling_metrics::get<falling>().observe(value);
          step_ = 1;
          step_.notify_all();
          step_.wait(1);
        }) {
    step_.wait(0);
  }
  void end() {
    step_ = 2;
    step_.notify_all();
    thread_.join();
  }

 private:
  std::atomic<int> step_{0};
  std::thread thread_;
};

TEST_CASE("a sum of doubles never falls when threads end and it is added up in another order") {
  observer large{1e16};
  observer one{1};
  observer another{1};
  const double before = falling_metrics::get<falling>().value().sum;
  CHECK(before == 1e16 + 2);  // the newest first: 1 + 1 + 1e16
  large.end();                // now 1e16 comes first, and takes in no single 1
  CHECK(falling_metrics::get<falling>().value().sum == before);
  CHECK(vitals::scrape<falling_metrics>().find("threads_falling_ratio_sum 1.0000000000000002e+16\n") !=
        std::string::npos);
  one.end();
  another.end();
  CHECK(falling_metrics::get<falling>().value().sum == before);
}

}  // namespace threads_test
