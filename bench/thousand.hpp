// 1,000 counters of ours and of prometheus-cpp's, the same series, for the benches of scrapes and of starts.
#ifndef BENCH_THOUSAND_HPP
#define BENCH_THOUSAND_HPP

#include <time.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>

#include <prometheus/counter.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <vitals/vitals.hpp>

namespace bench {

using methods = vitals::one_of<"get", "head", "post", "put", "patch", "delete", "options", "trace", "connect", "other">;
using routes = vitals::one_of<"/", "/login", "/logout", "/health", "/search", "/api/v1/users", "/api/v1/users/{id}",
                              "/api/v1/orders", "/api/v1/orders/{id}", "/static">;
using statuses = vitals::one_of<"200", "201", "204", "301", "304", "400", "403", "404", "500", "503">;

struct requests : vitals::counter<"http_requests_total", "Requests served.", vitals::label<"method", methods>,
                                  vitals::label<"route", routes>, vitals::label<"status", statuses>> {};
using counters = vitals::registry<requests>;

inline constexpr std::size_t counter_series = 1000;

inline auto our_counter(std::size_t i) {
  const auto digit = [i](std::size_t power) { return static_cast<std::uint32_t>(i / power % 10); };
  return counters::get<requests>(methods::value{digit(100)}, routes::value{digit(10)}, statuses::value{digit(1)});
}

/// New values for all counters, of 1 to 12 digits, each length as likely as another.
class changing_values {
 public:
  const std::array<std::uint64_t, counter_series>& next() {
    for (std::uint64_t& value : values_) {
      std::uint64_t least = 1;
      for (auto digits = random_() % 12; digits != 0; --digits) {
        least *= 10;
      }
      value = least + random_() % (9 * least);
    }
    return values_;
  }

 private:
  std::mt19937_64 random_{1};
  std::array<std::uint64_t, counter_series> values_{};
};

/// Our counters are brought to the values through the wrap at 2^64.
inline void set_ours(const std::array<std::uint64_t, counter_series>& values) {
  static std::array<std::uint64_t, counter_series> now{};
  for (std::size_t i = 0; i != counter_series; ++i) {
    our_counter(i).inc(values[i] - now[i]);
    now[i] = values[i];
  }
}

/// Fills a registry of prometheus-cpp's with the same counters; `value_of` gives each its value.
template <class Values>
void fill_peer(prometheus::Registry& registry, Values value_of) {
  auto& family = prometheus::BuildCounter().Name("http_requests_total").Help("Requests served.").Register(registry);
  for (std::size_t i = 0; i != counter_series; ++i) {
    family
        .Add({{"method", std::string{methods::texts[i / 100]}},
              {"route", std::string{routes::texts[i / 10 % 10]}},
              {"status", std::string{statuses::texts[i % 10]}}})
        .Increment(static_cast<double>(value_of(i)));
  }
}

inline std::string peer_scrape(const prometheus::Registry& registry) {
  return prometheus::TextSerializer{}.Serialize(registry.Collect());
}

/// The processor time of this thread: what a neighbour takes of the machine does not count.
inline double now() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

/// How many scrapes, or copies, a repetition takes: the new values before each take far longer than what is timed, and
/// Google Benchmark would go on until that comes to its least time.
inline constexpr int scrapes = 1000;

/// What two readings of that clock take of themselves, which is half of what a copy of a page takes: the median.
inline double clock_cost() {
  static const double cost = [] {
    std::array<double, 1001> pairs{};
    for (double& pair : pairs) {
      const double start = now();
      pair = now() - start;
    }
    std::nth_element(pairs.begin(), pairs.begin() + 500, pairs.end());
    return pairs[500];
  }();
  return cost;
}

}  // namespace bench

#endif
