#include <vitals/metric/native.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>

#include <doctest/doctest.h>

namespace native_tests {

using vitals::native;
using vitals::detail::exponential_fractions;
using vitals::detail::native_index;

static_assert(native<3, -20, 10>::buckets == 240);
static_assert(native<0, -20, 10>::buckets == 30);
static_assert(native<-2, -20, 12>::buckets == 8);
static_assert(native<8, 0, 1>::buckets == 256);
static_assert(native<3, -2, 1>::bounds == std::array{0.25, 0.5, 1.0, 2.0});
static_assert(native<-1, -2, 4>::bounds == std::array{0.25, 1.0, 4.0, 16.0});

TEST_CASE("a bound is the double nearest to its power of two") {
  constexpr auto fractions = exponential_fractions<256>();
  for (std::size_t i = 0; i != fractions.size(); ++i) {
    const double bound = std::bit_cast<double>(fractions[i] | std::uint64_t{1023} << 52);
    CHECK(bound == static_cast<double>(std::exp2(static_cast<long double>(i) / 256)));
  }
}

/// The bucket by its definition: the first whose upper bound, 2^(low + k * 2^-schema), is not below the value.
template <class Buckets>
std::uint32_t plain(double value) {
  for (std::uint32_t k = 0; k <= Buckets::buckets; ++k) {
    const long double exponent = Buckets::low + std::ldexp(static_cast<long double>(k), -Buckets::schema);
    if (value <= static_cast<double>(std::exp2(exponent))) {
      return k;
    }
  }
  return Buckets::buckets + 1;
}

template <class Buckets>
void agrees() {
  using index = native_index<Buckets>;
  std::mt19937_64 random{7};
  std::uniform_real_distribution<double> exponent{Buckets::low - 2.0, Buckets::high + 2.0};
  int wrong = 0;
  const auto check = [&wrong](double value) { wrong += index::find(value) != plain<Buckets>(value) ? 1 : 0; };
  for (int i = 0; i != 20'000; ++i) {
    check(std::exp2(exponent(random)));
  }
  for (std::uint32_t k = 0; k <= Buckets::buckets; ++k) {  // each bound and its neighbours
    const auto bound =
        static_cast<double>(std::exp2(Buckets::low + std::ldexp(static_cast<long double>(k), -Buckets::schema)));
    check(bound);
    check(std::nextafter(bound, 0));
    check(std::nextafter(bound, std::numeric_limits<double>::infinity()));
  }
  check(0);
  check(std::numeric_limits<double>::denorm_min());
  check(std::numeric_limits<double>::min());
  check(std::numeric_limits<double>::max());
  CHECK(wrong == 0);
}

TEST_CASE("the index agrees with a search, for every schema") {
  agrees<native<-4, -32, 32>>();
  agrees<native<-3, -16, 8>>();
  agrees<native<-2, -16, 8>>();
  agrees<native<-1, -16, 8>>();
  agrees<native<0, -20, 10>>();
  agrees<native<1, -20, 10>>();
  agrees<native<2, -20, 10>>();
  agrees<native<3, -20, 10>>();
  agrees<native<4, -5, 3>>();
  agrees<native<5, -3, 3>>();
  agrees<native<6, -2, 2>>();
  agrees<native<7, -1, 2>>();
  agrees<native<8, 0, 1>>();
  agrees<native<0, -1022, 1023>>();
}

TEST_CASE("a duration's bucket is that of its seconds") {
  using index = native_index<native<>>;
  for (std::int64_t halves = 1'000'000'000, at = 0; at != 10; ++at, halves /= 2) {  // powers of two are exact
    CHECK(index::find(halves) == 160 - 8 * static_cast<std::uint32_t>(at));
    CHECK(index::find(halves + 1) == 161 - 8 * static_cast<std::uint32_t>(at));
  }
  CHECK(index::find(std::int64_t{0}) == 0);
  CHECK(index::find(std::int64_t{500'000'000}) == index::find(0.5));
  CHECK(index::find(std::int64_t{5'000'000}) == index::find(0.005));
  CHECK(index::find(std::numeric_limits<std::int64_t>::max()) == 241);
}

}  // namespace native_tests
