#include <vitals/core/cell.hpp>

#include <atomic>
#include <bit>
#include <cstdint>
#include <limits>
#include <random>
#include <thread>

#include <doctest/doctest.h>
#include <core/twice.hpp>

namespace cell_tests {

using vitals::detail::cell;
using vitals::detail::wide;
using vitals::detail::wide_total;

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();

struct total {
  cell low{0};
  cell high{0};
  [[nodiscard]] wide rising() const { return wide_total::read(low, high, false); }
  [[nodiscard]] wide any() const { return wide_total::read(low, high, true); }
};

/// Amounts of all sizes: small ones, and some within reach of the limits.
std::int64_t amount(std::mt19937_64& random) {
  const auto n = static_cast<std::int64_t>(random());
  switch (random() % 4) {
    case 0:
      return n >> 34;
    case 1:
      return n >> (random() % 63);
    case 2:
      return n < 0 ? least + static_cast<std::int64_t>(random() % 3) : most - static_cast<std::int64_t>(random() % 3);
    default:
      return n;
  }
}

TEST_CASE("an owned cell adds integers, and wraps at 64 bits") {
  cell c{40};
  vitals::detail::own_add(c, std::uint64_t{2});
  CHECK(c.load() == 42);
  vitals::detail::own_add(c, ~std::uint64_t{0});
  CHECK(c.load() == 41);
}

TEST_CASE("an owned cell adds doubles as bits") {
  cell c{0};
  vitals::detail::own_add(c, 0.25);
  vitals::detail::own_add(c, -1.0);
  CHECK(std::bit_cast<double>(c.load()) == -0.75);
}

TEST_CASE("a common cell loses no integer between threads") {
  cell c{0};
  twice(30, [&c] { vitals::detail::common_add(c, std::uint64_t{3}); });
  CHECK(c.load() == 1'800'000);
}

TEST_CASE("a common cell loses no double between threads") {
  cell c{0};
  twice(30, [&c] { vitals::detail::common_add(c, 0.5); });
  CHECK(std::bit_cast<double>(c.load()) == 300'000.0);
}

TEST_CASE("a common wide total loses nothing between threads, carries neither") {
  total t;
  twice(30, [&t] { vitals::detail::wide_total::common_add(t.low, t.high, most); });
  CHECK(t.rising() == wide{most} * 600'000);
}

TEST_CASE("a wide total of its owner agrees with 128-bit arithmetic, up and down") {
  std::mt19937_64 random{2};
  unsigned wrong = 0;
  for (int round = 0; round != 200; ++round) {
    total t;
    wide model = 0;
    for (int i = 0; i != 500; ++i) {
      const std::int64_t n = amount(random);
      wide_total::own_add(t.low, t.high, n);
      model += n;
      wrong += t.any() == model ? 0U : 1U;
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("a wide total that only rises agrees with 128-bit arithmetic") {
  std::mt19937_64 random{3};
  total t;
  wide model = 0;
  unsigned wrong = 0;
  for (int i = 0; i != 100000; ++i) {
    const std::int64_t n = amount(random) & most;
    wide_total::own_add(t.low, t.high, n);
    model += n;
    wrong += t.rising() == model && t.any() == model ? 0U : 1U;
  }
  CHECK(wrong == 0);
  CHECK(model > wide{most} * 1000);
}

TEST_CASE("a common wide total agrees with 128-bit arithmetic, for amounts of more than 64 bits too") {
  std::mt19937_64 random{4};
  unsigned wrong = 0;
  for (int round = 0; round != 200; ++round) {
    total t;
    wide model = 0;
    for (int i = 0; i != 200; ++i) {
      const wide n = wide{amount(random)} * static_cast<std::int64_t>(random() % 1000 + 1);
      wide_total::common_add(t.low, t.high, n);
      model += n;
      wrong += t.any() == model ? 0U : 1U;
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("a wide total holds 126 bits") {
  const wide large = (wide{1} << 124) + 12345;
  total t;
  wide_total::common_add(t.low, t.high, large);
  CHECK(t.any() == large);
  CHECK(t.rising() == large);
  wide_total::common_add(t.low, t.high, -2 * large);
  CHECK(t.any() == -large);
}

TEST_CASE("a reading between the two stores of a rising total is right") {
  std::mt19937_64 random{5};
  total t;
  wide model = 0;
  unsigned wrong = 0;
  for (int i = 0; i != 100000; ++i) {
    const std::int64_t n = amount(random) & most;
    const std::uint64_t low_before = t.low.load();
    t.low.store(low_before + static_cast<std::uint64_t>(n));
    model += n;
    wrong += t.rising() == model ? 0U : 1U;  // high is still behind
    wide_total::own_carry(t.high, wide_total::carry(low_before, n));
    wrong += t.rising() == model ? 0U : 1U;
  }
  CHECK(wrong == 0);
}

TEST_CASE("a reading between the two stores of a total that may fall is right for steps of up to 146 years") {
  constexpr std::int64_t step = std::int64_t{1} << 62;
  std::mt19937_64 random{6};
  total t;
  wide model = 0;
  unsigned wrong = 0;
  for (int i = 0; i != 100000; ++i) {
    const std::int64_t n = amount(random) % step;
    const std::uint64_t low_before = t.low.load();
    t.low.store(low_before + static_cast<std::uint64_t>(n));
    model += n;
    wrong += t.any() == model ? 0U : 1U;
    wide_total::own_carry(t.high, wide_total::carry(low_before, n));
  }
  CHECK(wrong == 0);
}

TEST_CASE("the high cell is left alone where no multiple of 2^62 is passed") {
  total t;
  t.high.store(76);  // wrong on purpose: a store would show
  wide_total::own_add(t.low, t.high, (std::int64_t{1} << 62) - 1);
  CHECK(t.high.load() == 76);
  wide_total::own_add(t.low, t.high, 1);
  CHECK(t.high.load() == 77);
}

/// As a histogram adds: the low cell alone where that is all.
template <bool MayFall>
void add_as_owner(cell& low, cell& high, std::int64_t n) {
  if (std::uint64_t now = 0; wide_total::own_next<MayFall>(low.load(), n, now)) {
    low.store(now, std::memory_order_release);
  } else {
    wide_total::own_add(low, high, n);
  }
}

TEST_CASE("a total whose high cell stays behind until the low one wraps agrees with 128-bit arithmetic") {
  std::mt19937_64 random{12};
  unsigned wrong = 0;
  unsigned behind = 0;
  for (int round = 0; round != 200; ++round) {
    total rises;
    total falls;
    wide sum = 0;
    wide difference = 0;
    for (int i = 0; i != 500; ++i) {
      const std::int64_t n = amount(random);
      add_as_owner<false>(rises.low, rises.high, n & most);
      add_as_owner<true>(falls.low, falls.high, n);
      sum += n & most;
      difference += n;
      wrong += rises.rising() == sum && falls.any() == difference ? 0U : 1U;
      behind += rises.high.load() != static_cast<std::uint64_t>(sum >> 62) ? 1U : 0U;
    }
  }
  CHECK(wrong == 0);
  CHECK(behind > 1000);
}

TEST_CASE("a negative amount of a total that only rises is left to the caller, and so is one that wraps") {
  std::uint64_t now = 0;
  CHECK_FALSE(wide_total::own_next<false>(100, -1, now));
  CHECK_FALSE(wide_total::own_next<false>(100, least, now));
  CHECK_FALSE(wide_total::own_next<false>(~std::uint64_t{0}, 1, now));
  CHECK(wide_total::own_next<false>(~std::uint64_t{0} - 1, 1, now));
  CHECK(now == ~std::uint64_t{0});
  CHECK(wide_total::own_next<true>(100, -1, now));
  CHECK(now == 99);
  CHECK_FALSE(wide_total::own_next<true>(0, -1, now));
}

/// One thread adds `amount` again and again; this one reads, between a total known before and one known after. In
/// rounds that both start at the same time, so that they do meet. The cells lie on two cache lines, so that a reader is
/// slow between them.
void read_while_written(std::int64_t amount, bool may_fall) {
  constexpr std::uint64_t rounds = 20;
  constexpr std::uint64_t times = 50'000;  // a round
  struct alignas(64) lined {
    cell c{0};
  };
  lined low;
  lined high;
  std::atomic<std::uint64_t> arrived{0};
  std::atomic<std::uint64_t> begun{0};
  std::atomic<std::uint64_t> done{0};
  const auto meet = [&arrived](std::uint64_t round) {
    ++arrived;
    while (arrived < 2 * round) {
    }
  };
  std::thread writer{[&] {
    std::uint64_t i = 0;
    for (std::uint64_t round = 1; round <= rounds; ++round) {
      meet(round);
      for (; i != round * times; ++i) {
        begun.store(i + 1, std::memory_order_release);
        may_fall ? add_as_owner<true>(low.c, high.c, amount) : add_as_owner<false>(low.c, high.c, amount);
        done.store(i + 1, std::memory_order_release);
      }
    }
  }};
  wide last = 0;
  unsigned fallen = 0;
  unsigned too_small = 0;
  unsigned too_large = 0;
  for (std::uint64_t round = 1; round <= rounds; ++round) {
    meet(round);
    for (std::uint64_t known = 0; known != round * times;) {
      known = done.load(std::memory_order_acquire);
      const wide now = wide_total::read(low.c, high.c, may_fall);
      const std::uint64_t at_most = begun.load(std::memory_order_acquire);
      fallen += now < last ? 1U : 0U;
      too_small += now < wide{amount} * static_cast<wide>(known) ? 1U : 0U;
      too_large += now > wide{amount} * static_cast<wide>(at_most) ? 1U : 0U;
      last = now;
    }
  }
  writer.join();
  CHECK(fallen == 0);
  CHECK(too_small == 0);
  CHECK(too_large == 0);
  CHECK(wide_total::read(low.c, high.c, may_fall) == wide{amount} * static_cast<wide>(rounds * times));
}

TEST_CASE("a total that wraps at each eighth addition never falls for a reader, and is never too large") {
  read_while_written(std::int64_t{1} << 61, false);
}

TEST_CASE("a total that wraps at each second addition never falls for a reader, and is never too large") {
  read_while_written(most, false);
}

TEST_CASE("a total that seldom carries never falls for a reader, and is never too large") {
  read_while_written((std::int64_t{1} << 57) + 1, false);
  read_while_written((std::int64_t{1} << 57) + 1, true);
}

}  // namespace cell_tests
