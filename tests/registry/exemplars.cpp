#include <vitals/registry/registry.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <bit>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>
#include <allocations.hpp>

#include <vitals/metric/buckets.hpp>
#include <vitals/metric/counter.hpp>
#include <vitals/metric/exemplar.hpp>
#include <vitals/metric/histogram.hpp>
#include <vitals/metric/native_histogram.hpp>
#include <vitals/metric/real_counter.hpp>

namespace exemplars_tests {

using namespace std::chrono_literals;
using vitals::exemplar;
using vitals::exemplars;
using limits = std::numeric_limits<double>;

enum class zone { eu, us };
using by_zone = vitals::label<"zone", zone>;

/// What a reading has of an exemplar.
struct kept {
  std::uint64_t time = 0;
  exemplar of;
  double value = 0;
};

/// A reading of a registry.
template <class Metrics>
class reading {
 public:
  reading() : cells_(Metrics::source().cells) { source_.read(source_.self, cells_.data()); }

  [[nodiscard]] kept at(std::size_t family, std::uint32_t series = 0, std::uint32_t bucket = 0) const {
    const vitals::family& f = source_.families[family];
    REQUIRE(f.exemplars.stride != 0);
    const std::uint64_t* const words = &cells_[f.exemplar_of(series, bucket)];
    return {.time = words[0], .of = exemplar{{words[1], words[2]}, words[3]}, .value = std::bit_cast<double>(words[4])};
  }
  [[nodiscard]] std::uint64_t count_of(std::size_t family, std::uint32_t series, std::uint32_t bucket) const {
    const vitals::family& f = source_.families[family];
    std::uint64_t sum = 0;
    for (std::uint32_t i = 0; i != f.bucket(bucket).count; ++i) {
      sum += cells_[f.cell_of(series) + f.bucket(bucket).first + i];
    }
    return sum;
  }

 private:
  vitals::source_ref source_ = Metrics::source();
  std::vector<std::uint64_t> cells_;
};

/// An exemplar all of whose bits follow from `n`, which is not 0.
exemplar made_of(std::uint64_t n) {
  return exemplar{{n * 0x9E3779B97F4A7C15U, ~n}, n};
}
bool is_whole(const kept& k) {
  return k.of == made_of(k.of.span_id()) && k.value == static_cast<double>(k.of.span_id() % 1000);
}

struct jobs : vitals::counter<"exemplars_jobs_total", "Jobs.", by_zone, exemplars> {};
struct energy : vitals::real_counter<"exemplars_energy_joules_total", "Energy.", exemplars, by_zone> {};
struct busy : vitals::real_counter<"exemplars_busy_seconds_total", "Busy.", exemplars> {};
struct sizes
    : vitals::histogram<"exemplars_sizes_bytes", "Sizes.", vitals::buckets::of<1, 10, 100>, by_zone, exemplars> {};
struct times : vitals::histogram<"exemplars_times_seconds", "Times.", vitals::buckets::of<0.001, 0.1, 1>, exemplars> {};
struct offsets : vitals::histogram<"exemplars_offsets", "Offsets.", vitals::buckets::of<-10, 0, 10>, exemplars> {};
struct waits : vitals::native_histogram<"exemplars_waits_seconds", "Waits.", vitals::native<3, -4, 4>, exemplars> {};
struct common_jobs : vitals::counter<"exemplars_common_jobs_total", "Jobs.", vitals::shared, by_zone, exemplars> {};
struct common_sizes : vitals::histogram<"exemplars_common_sizes_bytes", "Sizes.", vitals::buckets::of<1, 10, 100>,
                                        vitals::shared, vitals::packed, exemplars> {};
using metrics = vitals::registry<jobs, energy, busy, sizes, times, offsets, waits, common_jobs, common_sizes>;
enum family : std::size_t {
  jobs_at,
  energy_at,
  busy_at,
  sizes_at,
  times_at,
  offsets_at,
  waits_at,
  common_at,
  common_sizes_at
};

TEST_CASE("a metric without the option has no place for exemplars, and a registry of such none either") {
  struct plain : vitals::counter<"exemplars_plain_total", "Plain.", by_zone> {};
  struct plain_sizes : vitals::histogram<"exemplars_plain_bytes", "Plain.", vitals::buckets::of<1, 10, 100>> {};
  using without = vitals::registry<plain, plain_sizes>;
  struct with_jobs : vitals::counter<"exemplars_plain_total", "Plain.", by_zone, exemplars> {};
  struct with_sizes : vitals::histogram<"exemplars_plain_bytes", "Plain.", vitals::buckets::of<1, 10, 100>, exemplars> {
  };
  using with = vitals::registry<with_jobs, with_sizes>;
  CHECK(plain::shape.points == 0);
  CHECK(with::image.thread_cells - without::image.thread_cells == (2 + 4) * 12);
  CHECK(with::place_of<with_sizes>.first == without::place_of<plain_sizes>.first);
  for (const vitals::family& f : without::source().families) {
    CHECK(f.exemplars.stride == 0);
  }
  CHECK(sizeof(metrics::get<jobs>(zone::eu)) == sizeof(std::uint32_t));
}

TEST_CASE("exemplars lie behind everything else, each series' apart") {
  const auto families = metrics::source().families;
  std::uint32_t last = 0;
  for (const vitals::detail::place& p : {metrics::place_of<jobs>, metrics::place_of<waits>, metrics::place_of<times>}) {
    last = p.first > last ? p.first : last;
    last = p.value_drop > last ? p.value_drop : last;
  }
  CHECK(families[jobs_at].exemplars.first > last);
  CHECK(families[jobs_at].exemplars.first % 8 == 0);
  CHECK(families[energy_at].exemplar_of(0) == families[jobs_at].exemplar_of(2));
  CHECK(families[times_at].exemplar_of(0) == families[sizes_at].exemplar_of(1, 4));
  CHECK(families[waits_at].exemplars.stride == (9 + 1) * 12);
  CHECK(families[common_at].exemplar_of(0) > metrics::image.thread_cells);
}

TEST_CASE("counters keep the newest exemplar with its amount and the time, and count as ever") {
  metrics::reset_after_fork();
  const std::uint64_t before = vitals::detail::wall_milliseconds();
  const auto eu = metrics::get<jobs>(zone::eu);
  eu.inc(made_of(1));
  CHECK(reading<metrics>{}.at(jobs_at, 0).value == 1);
  CHECK(reading<metrics>{}.at(jobs_at, 0).of == made_of(1));
  eu.inc(7U, made_of(2));
  eu.add(5U, made_of(3));
  eu.inc();
  const kept k = reading<metrics>{}.at(jobs_at, 0);
  CHECK(k.of == made_of(3));
  CHECK(k.value == 5);
  CHECK(k.time >= before);
  CHECK(k.time <= vitals::detail::wall_milliseconds());
  CHECK(eu.value() == 14);
  CHECK(reading<metrics>{}.at(jobs_at, 1).time == 0);

  metrics::get<energy>(zone::us).add(0.25, made_of(4));
  metrics::get<energy>(zone::us).inc(made_of(5));
  CHECK(reading<metrics>{}.at(energy_at, 1).of == made_of(5));
  CHECK(reading<metrics>{}.at(energy_at, 1).value == 1);
  metrics::get<energy>(zone::us).inc(0.5, made_of(6));
  CHECK(reading<metrics>{}.at(energy_at, 1).value == 0.5);
  CHECK(metrics::get<energy>(zone::us).value() == 1.75);
  metrics::get<energy>(zone::us).add(-0.0, made_of(9));
  CHECK(std::bit_cast<std::uint64_t>(reading<metrics>{}.at(energy_at, 1).value) == 0);
  metrics::get<busy>().add(1500ms, made_of(7));
  CHECK(reading<metrics>{}.at(busy_at).value == 1.5);

  metrics::get<common_jobs>(zone::us).inc(3U, made_of(8));
  CHECK(reading<metrics>{}.at(common_at, 1).of == made_of(8));
  CHECK(reading<metrics>{}.at(common_at, 1).value == 3);
  CHECK(reading<metrics>{}.at(common_at, 0).time == 0);
  CHECK(metrics::get<common_jobs>(zone::us).value() == 3);
}

TEST_CASE("an exemplar that is none counts, and leaves what is kept") {
  metrics::reset_after_fork();
  metrics::get<jobs>(zone::eu).inc(2U, made_of(1));
  metrics::get<jobs>(zone::eu).inc(exemplar{});
  metrics::get<jobs>(zone::eu).inc(exemplar{{0, 0}, 5});
  metrics::get<jobs>(zone::eu).inc(exemplar{{5, 5}, 0});
  metrics::get<jobs>(zone::eu).inc(exemplar::from_hex("nonsense", "more"));
  metrics::get<jobs>(zone::us).inc({});
  CHECK(metrics::get<jobs>(zone::eu).value() == 6);
  CHECK(reading<metrics>{}.at(jobs_at, 0).of == made_of(1));
  CHECK(reading<metrics>{}.at(jobs_at, 1).time == 0);
  metrics::get<common_jobs>(zone::eu).inc(exemplar{});
  CHECK(metrics::get<common_jobs>(zone::eu).value() == 1);
  CHECK(reading<metrics>{}.at(common_at, 0).time == 0);
}

TEST_CASE("what is dropped leaves no exemplar anywhere") {
  metrics::reset_after_fork();
  const auto unknown = static_cast<zone>(7);
  metrics::get<jobs>(unknown).inc(made_of(1));
  metrics::get<jobs>(static_cast<zone>(2)).inc(made_of(1));
  metrics::get<energy>(unknown).add(1, made_of(1));
  metrics::get<energy>(zone::eu).add(limits::quiet_NaN(), made_of(1));
  metrics::get<energy>(zone::eu).add(-1, made_of(1));
  metrics::get<sizes>(unknown).observe(5, made_of(1));
  metrics::get<sizes>(zone::eu).observe(limits::quiet_NaN(), made_of(1));
  metrics::get<sizes>(zone::eu).observe(-1, made_of(1));
  metrics::get<times>().observe(-1ms, made_of(1));
  metrics::get<times>().observe(-0.5, made_of(1));
  metrics::get<times>().observe(std::chrono::duration<double>{-1}, made_of(1));
  metrics::get<waits>().observe(-limits::infinity(), made_of(1));
  metrics::get<common_jobs>(unknown).inc(made_of(1));
  const vitals::source_ref source = metrics::source();
  std::vector<std::uint64_t> cells(source.cells);
  source.read(source.self, cells.data());
  for (const vitals::family& f : source.families) {
    for (std::uint32_t at = f.exemplars.first; at != f.exemplar_of(f.series); ++at) {
      CHECK(cells[at] == 0);
    }
  }
  CHECK(metrics::dropped<jobs>().label == 2);
  CHECK(metrics::dropped<energy>().label == 1);
  CHECK(metrics::dropped<energy>().value == 2);
  CHECK(metrics::dropped<sizes>().label == 1);
  CHECK(metrics::dropped<sizes>().value == 2);
  CHECK(metrics::dropped<times>().value == 3);
  CHECK(metrics::dropped<waits>().value == 1);
  CHECK(metrics::dropped<common_jobs>().label == 1);
}

TEST_CASE("each bucket keeps its own, in numbers and in durations") {
  metrics::reset_after_fork();
  const auto us = metrics::get<sizes>(zone::us);
  us.observe(1, made_of(1));
  us.observe(10.5, made_of(2));
  us.observe(11, made_of(3));
  us.observe(limits::infinity(), made_of(4));
  const reading<metrics> r;
  CHECK(r.at(sizes_at, 1, 0).of == made_of(1));
  CHECK(r.at(sizes_at, 1, 1).time == 0);
  CHECK(r.at(sizes_at, 1, 2).of == made_of(3));
  CHECK(r.at(sizes_at, 1, 2).value == 11);
  CHECK(r.at(sizes_at, 1, 3).value == limits::infinity());
  CHECK(r.at(sizes_at, 0, 0).time == 0);
  us.observe(-0.0, made_of(5));
  CHECK(std::bit_cast<std::uint64_t>(reading<metrics>{}.at(sizes_at, 1, 0).value) == 0);

  metrics::get<times>().observe(1ms, made_of(1));
  metrics::get<times>().observe(1'000'001ns, made_of(2));
  metrics::get<times>().observe(1, made_of(3));
  metrics::get<times>().observe(std::chrono::hours::max(), made_of(4));
  const reading<metrics> t;
  CHECK(t.at(times_at, 0, 0).value == 0.001);
  CHECK(t.at(times_at, 0, 1).value == 0.001000001);
  CHECK(t.at(times_at, 0, 2).of == made_of(3));
  CHECK(t.at(times_at, 0, 3).value == 9223372036.854775807);
  metrics::get<times>().observe(limits::infinity(), made_of(5));
  CHECK(reading<metrics>{}.at(times_at, 0, 3).value == limits::infinity());
  metrics::get<times>().observe(0.0123456789012, made_of(6));
  CHECK(reading<metrics>{}.at(times_at, 0, 1).value == 0.012345679);  // as it is counted

  metrics::get<offsets>().observe(-limits::infinity(), made_of(1));
  metrics::get<offsets>().observe(-0.0, made_of(2));
  metrics::get<offsets>().observe(0.5, made_of(3));
  CHECK(reading<metrics>{}.at(offsets_at, 0, 0).value == -limits::infinity());
  CHECK(reading<metrics>{}.at(offsets_at, 0, 1).of == made_of(2));
  CHECK(reading<metrics>{}.at(offsets_at, 0, 2).value == 0.5);

  metrics::get<common_sizes>().observe(5, made_of(1));
  CHECK(reading<metrics>{}.at(common_sizes_at, 0, 1).of == made_of(1));
}

TEST_CASE("a timer keeps an exemplar with what it measured") {
  metrics::reset_after_fork();
  {
    auto timing = metrics::get<times>().time();
    timing.stop(made_of(1));
    timing.stop(made_of(2));
  }
  CHECK(metrics::get<times>().value().count == 1);
  const reading<metrics> r;
  std::uint64_t found = 0;
  for (std::uint32_t b = 0; b != 4; ++b) {
    found += r.at(times_at, 0, b).of == made_of(1) ? 1 : 0;
  }
  CHECK(found == 1);
}

/// Observes many values, near the bounds above all: each bucket's exemplar is in it.
template <class Metric>
void stays_in_its_bucket(std::size_t at, const std::vector<double>& values) {
  metrics::reset_after_fork();
  const vitals::family& f = metrics::source().families[at];
  const auto bounds = static_cast<std::uint32_t>(f.bounds.size());
  std::uint64_t n = 0;
  for (const double value : values) {
    const reading<metrics> before;
    metrics::get<Metric>().observe(value, made_of(++n));
    const reading<metrics> after;
    for (std::uint32_t b = 0; b <= bounds; ++b) {
      const bool grew = after.count_of(at, 0, b) != before.count_of(at, 0, b);
      const bool has_it = after.at(at, 0, b).of == made_of(n);
      CHECK_MESSAGE(grew == has_it, value);
      if (has_it) {
        const double kept_value = after.at(at, 0, b).value;
        CHECK((b == bounds || kept_value <= f.bounds[b]));
        CHECK((b == 0 || kept_value > f.bounds[b - 1]));
        const bool seconds = f.unit == "seconds";
        CHECK(std::fabs(kept_value - value) <= (seconds ? 5.0000001e-10 : 0));
      }
    }
  }
}

std::vector<double> values_near(vitals::view<double> bounds) {
  std::mt19937_64 random{5};
  std::vector<double> all;
  for (const double bound : bounds) {
    for (const double v : {bound, std::nextafter(bound, limits::infinity()), std::nextafter(bound, 0.0), bound * 1.01,
                           bound + 1e-9, bound - 1e-9}) {
      all.push_back(v < 0 ? 0 : v);
    }
  }
  for (int i = 0; i != 200; ++i) {
    all.push_back(std::exp2(std::uniform_real_distribution<double>{-12, 8}(random)));
  }
  return all;
}

TEST_CASE("an exemplar's value lies in its bucket") {
  stays_in_its_bucket<times>(times_at, values_near(times::bounds));
  stays_in_its_bucket<waits>(waits_at, values_near(waits::native_buckets.bounds));
  stays_in_its_bucket<offsets>(offsets_at, values_near(offsets::bounds));
}

/// Waits until what is kept next is later than all before.
void later() {
  const std::uint64_t now = vitals::detail::wall_milliseconds();
  while (vitals::detail::wall_milliseconds() == now) {
  }
}

TEST_CASE("the newest of all threads, of those that have ended too") {
  metrics::reset_after_fork();
  const auto eu = metrics::get<jobs>(zone::eu);
  eu.inc(made_of(1));
  later();
  std::atomic<int> step{0};
  std::thread living([&] {
    eu.inc(made_of(2));
    step = 1;
    step.notify_all();
    step.wait(1);
  });
  step.wait(0);
  CHECK(reading<metrics>{}.at(jobs_at).of == made_of(2));
  later();
  std::thread([&] { eu.inc(made_of(3)); }).join();
  CHECK(reading<metrics>{}.at(jobs_at).of == made_of(3));
  later();
  std::thread([&] { eu.inc(); }).join();  // ends without any
  CHECK(reading<metrics>{}.at(jobs_at).of == made_of(3));
  step = 2;
  step.notify_all();
  living.join();  // what it kept is older than what a thread before it left
  CHECK(reading<metrics>{}.at(jobs_at).of == made_of(3));
  later();
  eu.inc(made_of(4));
  CHECK(reading<metrics>{}.at(jobs_at).of == made_of(4));
}

TEST_CASE("an exemplar from before the clock was set back gives way to every later one") {
  metrics::reset_after_fork();
  const auto set_ahead = [] {  // as if this thread's newest were of an hour later
    auto* const point = metrics::cells::mine + metrics::place_of<jobs>.exemplars;
    for (const std::uint32_t slot : {0U, vitals::detail::exemplar_slot}) {
      if (point[slot] != 0) {
        point[slot + 1] += 3'600'000;
      }
    }
  };
  metrics::get<jobs>(zone::eu).inc(made_of(1));
  set_ahead();
  CHECK(reading<metrics>{}.at(jobs_at).of == made_of(1));  // there is no other
  std::thread([] { metrics::get<jobs>(zone::eu).inc(made_of(2)); }).join();
  CHECK(reading<metrics>{}.at(jobs_at).of == made_of(2));
  CHECK(reading<metrics>{}.at(jobs_at).time <= vitals::detail::wall_milliseconds());
  later();
  metrics::get<jobs>(zone::eu).inc(made_of(3));
  CHECK(reading<metrics>{}.at(jobs_at).of == made_of(3));
}

/// A thread_local that counts when its thread's cells are gone.
struct counts_at_end {
  std::uint64_t n = 0;
  ~counts_at_end() {
    metrics::get<jobs>(zone::us).inc(n, made_of(n));
    metrics::get<times>().observe(0.5, made_of(n));
  }
};

TEST_CASE("an update after a thread's end is kept like any other") {
  metrics::reset_after_fork();
  for (std::uint64_t n = 1; n != 4; ++n) {
    std::thread([n] {
      thread_local counts_at_end before_first_touch;
      before_first_touch.n = n;
      metrics::get<jobs>(zone::us).inc(made_of(99));
    }).join();
    CHECK(reading<metrics>{}.at(jobs_at, 1).of == made_of(n));
    CHECK(reading<metrics>{}.at(jobs_at, 1).value == static_cast<double>(n));
    CHECK(reading<metrics>{}.at(times_at, 0, 2).of == made_of(n));
  }
}

template <class Child>
bool in_child(Child child) {
  const pid_t pid = fork();
  if (pid == 0) {
    alarm(30);
    _exit(child() ? 0 : 1);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST_CASE("a forked child has its parent's exemplars, and keeps its own where a thread was writing") {
  metrics::reset_after_fork();
  std::atomic<int> step{0};
  std::thread other([&] {
    metrics::get<jobs>(zone::eu).inc(made_of(1));
    step = 1;
    step.notify_all();
    step.wait(1);
  });
  step.wait(0);
  metrics::get<common_jobs>(zone::eu).inc(made_of(2));
  // A thread is at the shared point, and another at the retired one: the child does not have them.
  auto& record = metrics::cells::record();
  auto* const shared = record.shared + (metrics::place_of<common_jobs>.exemplars - metrics::image.thread_cells);
  auto* const retired = record.retired + metrics::place_of<times>.exemplars;
  const std::uint32_t older = shared[0] < shared[vitals::detail::exemplar_slot] ? 0 : vitals::detail::exemplar_slot;
  const std::uint64_t before = shared[older];
  shared[older] = 3;
  retired[0] = 1;
  const exemplar fourth = made_of(4);
  const std::uint64_t words[] = {1, fourth.trace_id()[0], fourth.trace_id()[1], fourth.span_id(), 0};
  CHECK(in_child([&] {
    const bool inherited =
        reading<metrics>{}.at(jobs_at).of == made_of(1) && reading<metrics>{}.at(common_at).of == made_of(2);
    metrics::get<common_jobs>(zone::eu).inc(made_of(3));
    vitals::detail::common_exemplar(retired, words);  // as an update after a thread's end does
    return inherited && reading<metrics>{}.at(common_at).of == made_of(3) &&
           reading<metrics>{}.at(times_at).of == made_of(4);
  }));
  CHECK(in_child([] {
    metrics::reset_after_fork();
    const bool none = reading<metrics>{}.at(jobs_at).time == 0 && reading<metrics>{}.at(common_at).time == 0;
    metrics::get<jobs>(zone::eu).inc(made_of(5));
    metrics::get<common_jobs>(zone::eu).inc(made_of(5));
    return none && reading<metrics>{}.at(jobs_at).of == made_of(5) && reading<metrics>{}.at(common_at).of == made_of(5);
  }));
  shared[older] = before;
  retired[0] = 0;
  step = 2;
  step.notify_all();
  other.join();
}

TEST_CASE("forks in the middle of exemplars leave children that keep theirs") {
  metrics::reset_after_fork();
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (std::uint64_t n = 1; !done; ++n) {
      metrics::get<common_jobs>(zone::eu).inc(n % 1000, made_of(n));
      metrics::get<jobs>(zone::eu).inc(n % 1000, made_of(n));
    }
  });
  int good = 0;
  for (int i = 0; i != 50; ++i) {
    good += in_child([] {
      const reading<metrics> inherited;
      const bool whole = (inherited.at(common_at).time == 0 || is_whole(inherited.at(common_at))) &&
                         (inherited.at(jobs_at).time == 0 || is_whole(inherited.at(jobs_at)));
      metrics::get<common_jobs>(zone::eu).inc(made_of(1));
      return whole && reading<metrics>{}.at(common_at).of == made_of(1);
    });
  }
  done = true;
  writer.join();
  CHECK(good == 50);
}

TEST_CASE("threads that come and go and write without end: every exemplar that is read was written") {
  metrics::reset_after_fork();
  std::atomic<bool> done{false};
  std::atomic<std::uint64_t> next{1};
  const auto update = [&next](std::uint64_t times_more) {
    for (std::uint64_t i = 0; i != times_more; ++i) {
      const std::uint64_t n = ++next;
      metrics::get<jobs>(zone::eu).inc(n % 1000, made_of(n));
      metrics::get<sizes>(zone::us).observe(static_cast<double>(n % 1000), made_of(n));
      metrics::get<common_jobs>(zone::eu).inc(n % 1000, made_of(n));
    }
  };
  std::thread steady([&] {
    while (!done) {
      update(1000);
    }
  });
  std::thread churn([&] {
    while (!done) {
      std::thread([&] { update(10); }).join();
    }
  });
  std::uint64_t read = 0;
  std::uint64_t torn = 0;
  while (read < 3000) {
    const reading<metrics> r;
    for (const kept& k : {r.at(jobs_at), r.at(common_at), r.at(sizes_at, 1, 0), r.at(sizes_at, 1, 1),
                          r.at(sizes_at, 1, 2), r.at(sizes_at, 1, 3)}) {
      read += k.time != 0 ? 1 : 0;
      torn += k.time != 0 && !is_whole(k) ? 1 : 0;
    }
  }
  done = true;
  steady.join();
  churn.join();
  CHECK(torn == 0);
}

TEST_CASE("a signal handler keeps exemplars of shared metrics, in the middle of its own thread's") {
  metrics::reset_after_fork();
  static std::atomic<std::uint64_t> handled{0};
  handled = 0;
  struct sigaction action {};
  struct sigaction before {};
  action.sa_handler = [](int) {
    const std::uint64_t n = ++handled;
    metrics::get<common_jobs>(zone::eu).inc(n % 1000, made_of(n));
  };
  sigaction(SIGUSR1, &action, &before);
  std::atomic<bool> done{false};
  std::uint64_t amounts = 0;
  std::thread target([&] {
    for (std::uint64_t n = 1; !done; ++n) {
      metrics::get<common_jobs>(zone::eu).inc(n % 1000, made_of(n));
      amounts += n % 1000;
    }
  });
  std::uint64_t torn = 0;
  std::uint64_t own = 0;
  for (std::uint64_t raised = 1; raised <= 500; ++raised) {
    pthread_kill(target.native_handle(), SIGUSR1);
    while (handled != raised) {
      std::this_thread::yield();
    }
    const kept k = reading<metrics>{}.at(common_at);
    torn += k.time != 0 && !is_whole(k) ? 1 : 0;
    own += raised % 1000;
  }
  done = true;
  target.join();
  sigaction(SIGUSR1, &before, nullptr);
  CHECK(torn == 0);
  CHECK(metrics::get<common_jobs>(zone::eu).value() == amounts + own);
  metrics::get<common_jobs>(zone::eu).inc(made_of(1));  // no slot is left taken
  CHECK(reading<metrics>{}.at(common_at).of == made_of(1));
}

#if VITALS_TESTS_COUNT_ALLOCATIONS
TEST_CASE("an exemplar allocates nothing") {
  metrics::attach_thread();
  const std::size_t before = allocations;
  for (std::uint64_t n = 1; n != 100; ++n) {
    metrics::get<jobs>(zone::eu).inc(made_of(n));
    metrics::get<times>().observe(0.5, made_of(n));
    metrics::get<waits>().observe(0.5, made_of(n));
    metrics::get<common_jobs>(zone::eu).inc(made_of(n));
  }
  CHECK(allocations == before);
}
#endif

}  // namespace exemplars_tests
