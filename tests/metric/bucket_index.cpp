#include <vitals/metric/bucket_index.hpp>

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <random>
#include <span>

#include <doctest/doctest.h>

#include <vitals/metric/buckets.hpp>

namespace bucket_index_tests {

using vitals::detail::bucket_index;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double most = std::numeric_limits<double>::max();
constexpr double tiniest = std::numeric_limits<double>::denorm_min();
constexpr std::int64_t most_nanos = std::numeric_limits<std::int64_t>::max();

/// How many bounds are below the value: the plain search.
template <class T>
std::size_t plain(std::span<const T> bounds, T value) {
  std::size_t below = 0;
  while (below != bounds.size() && bounds[below] < value) {
    ++below;
  }
  return below;
}

struct outcome {
  unsigned wrong = 0;
  double example = 0;
};

template <class T>
void compare(std::size_t (*find)(T), std::span<const T> bounds, T value, outcome& result) {
  if (find(value) != plain(bounds, value)) {
    ++result.wrong;
    result.example = static_cast<double>(value);
  }
}

/// Looks up random bits, each bound and its two neighbours, values between bounds, and the numbers at every edge.
/// Where no bound is negative, no value with a minus sign comes here: a histogram drops it before.
outcome look_up(std::size_t (*find)(double), std::span<const double> bounds, int times) {
  std::mt19937_64 random{9};
  const bool any_sign = bounds.front() < 0;
  outcome result;
  const auto one = [&](double value) {
    if (value == value && (any_sign || !std::signbit(value))) {
      compare(find, bounds, value, result);
    }
  };
  for (const double value : {0.0, 1.0, 0.5, tiniest, 2 * tiniest, std::numeric_limits<double>::min(), most, infinity,
                             std::nextafter(std::numeric_limits<double>::min(), 0.0), 1e-300, 1e300}) {
    one(value);
    one(-value);
  }
  for (const double bound : bounds) {
    one(bound);
    one(std::nextafter(bound, infinity));
    one(std::nextafter(bound, -infinity));
    one(-bound);
    one(bound * 2);
    one(bound / 2);
  }
  const double span = bounds.back() - bounds.front();
  for (int i = 0; i != times; ++i) {
    const std::uint64_t bits = random();
    one(std::bit_cast<double>(bits));
    one(std::bit_cast<double>(bits & ~(std::uint64_t{1} << 63)));
    const double part = static_cast<double>(bits >> 11) * 0x1p-53;
    one(bounds.front() + part * span);
    const double near = bounds[random() % bounds.size()];
    one(near * (0.5 + part));
    one(std::bit_cast<double>(std::bit_cast<std::uint64_t>(near) + bits % 256 - 128));
  }
  return result;
}

template <class Bounds>
outcome look_up(int times = 100'000) {
  static_assert(bucket_index<Bounds>::bytes <= 512);
  return look_up([](double value) { return bucket_index<Bounds>::find(value); }, Bounds::list, times);
}

/// The same for whole nanoseconds.
outcome look_up_nanos(std::size_t (*find)(std::int64_t), std::span<const std::int64_t> bounds) {
  std::mt19937_64 random{10};
  const bool any_sign = bounds.front() < 0;
  outcome result;
  const auto one = [&](std::uint64_t bits) {
    if (const auto value = static_cast<std::int64_t>(bits); any_sign || value >= 0) {
      compare(find, bounds, value, result);
    }
  };
  for (const std::int64_t value : {std::int64_t{0}, std::int64_t{1}, std::int64_t{-1}, most_nanos, -most_nanos}) {
    one(static_cast<std::uint64_t>(value));
    one(static_cast<std::uint64_t>(value) - 1);
  }
  for (const std::int64_t bound : bounds) {
    for (std::uint64_t step = 0; step != 3; ++step) {
      one(static_cast<std::uint64_t>(bound) + step);
      one(static_cast<std::uint64_t>(bound) - step);
    }
  }
  for (int i = 0; i != 100'000; ++i) {
    const std::uint64_t bits = random();
    one(bits >> (bits % 64));
    one(bits);
    const std::uint64_t near = static_cast<std::uint64_t>(bounds[bits % bounds.size()]);
    one(near + random() % 4096 - 2048);
  }
  return result;
}

template <class Bounds>
outcome look_up_nanos() {
  static_assert(bucket_index<Bounds>::bytes <= 512);
  return look_up_nanos([](std::int64_t value) { return bucket_index<Bounds>::find(value); }, Bounds::list);
}

#define CHECK_RIGHT(result)          \
  do {                               \
    const outcome outcome_ = result; \
    CAPTURE(outcome_.example);       \
    CHECK(outcome_.wrong == 0);      \
  } while (false)

/// Bounds that follow each other in the last bit, from First on.
template <vitals::number First, std::size_t Count>
struct neighbours {
  static constexpr std::array<double, Count> list = [] {
    std::array<double, Count> all{};
    for (std::size_t i = 0; i != Count; ++i) {
      all[i] = std::bit_cast<double>(First.bits + i);
    }
    return all;
  }();
};

template <class Buckets>
struct listed {
  static constexpr auto list = Buckets::bounds;
};
template <vitals::number... Bounds>
using of = listed<vitals::buckets::of<Bounds...>>;

template <std::int64_t... Bounds>
struct nanos {
  static constexpr std::array<std::int64_t, sizeof...(Bounds)> list{Bounds...};
};

TEST_CASE("the ready-made bounds are searched right, from tables of under 128 bytes") {
  CHECK_RIGHT((look_up<listed<vitals::buckets::web>>()));
  CHECK_RIGHT((look_up<listed<vitals::buckets::fast>>()));
  static_assert(bucket_index<listed<vitals::buckets::web>>::bytes < 128);
  static_assert(bucket_index<listed<vitals::buckets::fast>>::bytes < 128);
}

TEST_CASE("bounds that are neighbours in the last bit are searched right") {
  CHECK_RIGHT((look_up<neighbours<1, 2>>()));
  CHECK_RIGHT((look_up<neighbours<1, 8>>()));
  CHECK_RIGHT((look_up<neighbours<0.1, 50>>()));
  CHECK_RIGHT((look_up<neighbours<4, 5>>()));
}

TEST_CASE("neighbours that lie across a power of two are searched right") {
  constexpr double below = std::bit_cast<double>(std::bit_cast<std::uint64_t>(1.0) - 4);
  CHECK_RIGHT((look_up<neighbours<below, 8>>()));
}

TEST_CASE("equal steps around 0 are searched right") {
  CHECK_RIGHT((look_up<listed<vitals::buckets::linear<0, 0.05, 21>>>()));
  CHECK_RIGHT((look_up<listed<vitals::buckets::linear<-20, 5, 13>>>()));
  CHECK_RIGHT((look_up<of<-1, 0, 1>>()));
}

TEST_CASE("subnormal bounds are searched right") {
  CHECK_RIGHT((look_up<neighbours<tiniest, 10>>()));
  CHECK_RIGHT((look_up<of<0, tiniest>>()));
  CHECK_RIGHT((look_up<of<-tiniest, 0, tiniest, 1>>()));
  CHECK_RIGHT((look_up<of<tiniest, 1e-310, 1e-308, 1, most>>()));
}

TEST_CASE("a single bound is searched right, 0 and the extremes too") {
  CHECK_RIGHT((look_up<of<0>>()));
  CHECK_RIGHT((look_up<of<1>>()));
  CHECK_RIGHT((look_up<of<-1>>()));
  CHECK_RIGHT((look_up<of<tiniest>>()));
  CHECK_RIGHT((look_up<of<most>>()));
}

TEST_CASE("bounds that are all negative are searched right") {
  CHECK_RIGHT((look_up<of<-1000, -10, -0.5, -0.1>>()));
  CHECK_RIGHT((look_up<of<-most, -1, -tiniest>>()));
}

TEST_CASE("bounds from one end of the doubles to the other are searched right") {
  CHECK_RIGHT((look_up<of<-1e300, 1e-300, 1e300>>()));
  CHECK_RIGHT((look_up<of<-most, -1, -tiniest, 0, tiniest, 1, most>>()));
}

TEST_CASE("300 bounds are searched right") {
  CHECK_RIGHT((look_up<listed<vitals::buckets::exponential<1e-09, 1.1, 300>>>(30'000)));
  CHECK_RIGHT((look_up<neighbours<0.3, 300>>(30'000)));
}

TEST_CASE("255, 256 and 257 bounds, where the table's entries become wider, are searched right") {
  CHECK_RIGHT((look_up<listed<vitals::buckets::linear<1, 1, 255>>>(30'000)));
  CHECK_RIGHT((look_up<listed<vitals::buckets::linear<1, 1, 256>>>(30'000)));
  CHECK_RIGHT((look_up<listed<vitals::buckets::linear<-128, 1, 257>>>(30'000)));
}

TEST_CASE("1000 equal steps are searched right") {
  CHECK_RIGHT((look_up<listed<vitals::buckets::linear<0, 0.001, 1000>>>(10'000)));
}

TEST_CASE("bounds of nanoseconds are searched right") {
  CHECK_RIGHT((look_up_nanos<nanos<5'000'000, 10'000'000, 25'000'000, 50'000'000, 1'000'000'000>>()));
  CHECK_RIGHT((look_up_nanos<nanos<0>>()));
  CHECK_RIGHT((look_up_nanos<nanos<1, 2, 3, 4, 5>>()));
  CHECK_RIGHT((look_up_nanos<nanos<-1'000'000, -5, 0, 7, 1'000'000>>()));
}

TEST_CASE("bounds of nanoseconds past 2^53, where several share a double, are searched right") {
  constexpr std::int64_t large = std::int64_t{1} << 53;
  CHECK_RIGHT((look_up_nanos<nanos<large - 1, large, large + 1, large + 2, large + 3>>()));
  CHECK_RIGHT((look_up_nanos<nanos<1, large * 512 + 1, large * 512 + 2, large * 512 + 3>>()));
  CHECK_RIGHT((look_up_nanos<nanos<-large * 512 - 1, -large * 512, large * 512, large * 512 + 1>>()));
}

TEST_CASE("bounds at the largest nanoseconds are searched right") {
  CHECK_RIGHT((look_up_nanos<nanos<most_nanos - 2, most_nanos - 1, most_nanos>>()));
  CHECK_RIGHT((look_up_nanos<nanos<-most_nanos, 0, most_nanos>>()));
  CHECK_RIGHT((look_up_nanos<nanos<1, most_nanos - 6, most_nanos - 5, most_nanos - 4, most_nanos - 3, most_nanos>>()));
}

TEST_CASE("slots never fall as values rise") {
  constexpr vitals::detail::slot_map map = vitals::detail::plan_table(std::array{-20.0, -1.0, 0.0, 0.3, 7.0, 40.0}).map;
  std::mt19937_64 random{11};
  unsigned fallen = 0;
  for (int i = 0; i != 100'000; ++i) {
    const double a = std::bit_cast<double>(random());
    const double b = std::bit_cast<double>(random());
    fallen += a < b && map.slot(a) > map.slot(b) ? 1U : 0U;
  }
  CHECK(fallen == 0);
  CHECK(map.slot(-infinity) == 0);
  CHECK(map.slot(-0.0) <= map.slot(0.0));
}

TEST_CASE("a bucket is found when compiling too") {
  using index = bucket_index<listed<vitals::buckets::web>>;
  static_assert(index::find(0.0) == 0);
  static_assert(index::find(0.005) == 0);
  static_assert(index::find(0.006) == 1);
  static_assert(index::find(infinity) == 11);
}

}  // namespace bucket_index_tests
