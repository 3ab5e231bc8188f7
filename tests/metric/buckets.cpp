#include <vitals/metric/buckets.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>

#include <doctest/doctest.h>

namespace buckets_tests {

using namespace std::chrono_literals;
namespace buckets = vitals::buckets;
using vitals::detail::npos;

TEST_CASE("a number is an integer, a double, or a duration in seconds") {
  CHECK(double{vitals::number{3}} == 3.0);
  CHECK(double{vitals::number{-3L}} == -3.0);
  CHECK(double{vitals::number{7U}} == 7.0);
  CHECK(double{vitals::number{0.1}} == 0.1);
  CHECK(double{vitals::number{5ms}} == 0.005);
  CHECK(double{vitals::number{1us}} == 1e-06);
  CHECK(double{vitals::number{2min}} == 120.0);
  CHECK(double{vitals::number{2.5ms}} == 0.0025);
}

TEST_CASE("bounds are those given, in numbers of any kind") {
  CHECK(buckets::of<0.1, 1, 2.5>::bounds == std::array{0.1, 1.0, 2.5});
  CHECK(buckets::of<1ms, 5ms, 1s>::bounds == std::array{0.001, 0.005, 1.0});
  CHECK(buckets::of<-20, 0, 20>::bounds == std::array{-20.0, 0.0, 20.0});
}

TEST_CASE("linear bounds are the doubles that one would write") {
  constexpr auto twentieths = buckets::linear<0, 0.05, 21>::bounds;
  CHECK(twentieths == std::array{0.0,  0.05, 0.1,  0.15, 0.2,  0.25, 0.3,  0.35, 0.4,  0.45, 0.5,
                                 0.55, 0.6,  0.65, 0.7,  0.75, 0.8,  0.85, 0.9,  0.95, 1.0});
  CHECK(buckets::linear<-0.3, 0.1, 7>::bounds == std::array{-0.3, -0.2, -0.1, 0.0, 0.1, 0.2, 0.3});
  CHECK(buckets::linear<-20, 5, 13>::bounds ==
        std::array{-20.0, -15.0, -10.0, -5.0, 0.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 35.0, 40.0});
  CHECK(buckets::linear<1ms, 1ms, 3>::bounds == std::array{0.001, 0.002, 0.003});
  CHECK(buckets::linear<0.001, 0.25, 3>::bounds == std::array{0.001, 0.251, 0.501});
}

TEST_CASE("each linear bound of three decimals is the nearest double") {
  constexpr auto thousandths = buckets::linear<0, 0.001, 1000>::bounds;
  std::size_t wrong = 0;
  for (std::size_t i = 0; i != thousandths.size(); ++i) {
    wrong += thousandths[i] == static_cast<double>(i) / 1000.0 ? 0U : 1U;
  }
  CHECK(wrong == 0);
}

TEST_CASE("a linear step that is no short decimal is added as it is") {
  constexpr double third = 1.0 / 3.0;
  CHECK(buckets::linear<0, third, 4>::bounds == std::array{0.0, third, third * 2, third * 3});
  CHECK(buckets::linear<0, 1e300, 3>::bounds == std::array{0.0, 1e300, 2e300});
}

TEST_CASE("exponential bounds are the doubles that one would write") {
  CHECK(buckets::exponential<1, 2, 5>::bounds == std::array{1.0, 2.0, 4.0, 8.0, 16.0});
  CHECK(buckets::exponential<0.001, 10, 7>::bounds == std::array{0.001, 0.01, 0.1, 1.0, 10.0, 100.0, 1000.0});
  CHECK(buckets::exponential<0.1, 3, 5>::bounds == std::array{0.1, 0.3, 0.9, 2.7, 8.1});
  CHECK(buckets::exponential<1us, 10, 7>::bounds == std::array{1e-06, 1e-05, 0.0001, 0.001, 0.01, 0.1, 1.0});
  CHECK(buckets::exponential<1, 1.5, 4>::bounds == std::array{1.0, 1.5, 2.25, 3.375});
  CHECK(buckets::exponential<1e-300, 1e100, 4>::bounds ==
        std::array{1e-300, 1e-300 * 1e100, 1e-300 * (1e100 * 1e100), 1e-300 * (1e100 * 1e100 * 1e100)});
}

TEST_CASE("exponential bounds ascend far beyond what whole numbers hold") {
  CHECK(vitals::detail::first_descent(buckets::exponential<1, 2, 200>::bounds) == npos);
  CHECK(vitals::detail::first_descent(buckets::exponential<1e-09, 1.1, 200>::bounds) == npos);
}

TEST_CASE("a descent, a repetition, NaN and infinities are told by their index") {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(vitals::detail::first_descent(std::array{1.0, 2.0, 3.0}) == npos);
  CHECK(vitals::detail::first_descent(std::array{1.0}) == npos);
  CHECK(vitals::detail::first_descent(std::array{1.0, 3.0, 2.0}) == 2);
  CHECK(vitals::detail::first_descent(std::array{1.0, 1.0}) == 1);
  CHECK(vitals::detail::first_descent(std::array{-0.0, 0.0}) == 1);
  CHECK(vitals::detail::first_descent(std::array{1.0, infinity}) == 1);
  CHECK(vitals::detail::first_descent(std::array{-infinity, 1.0}) == 0);
  CHECK(vitals::detail::first_descent(std::array{nan, 1.0}) == 0);
  CHECK(vitals::detail::first_descent(std::array{1.0, nan}) == 1);
  CHECK(vitals::detail::first_descent(
            std::array{-std::numeric_limits<double>::max(), std::numeric_limits<double>::max()}) == npos);
}

TEST_CASE("a short decimal is found with the fewest places") {
  const auto is = [](double value, std::int64_t digits, int places) {
    const auto found = vitals::detail::decimal::of(value);
    return found.digits == digits && found.places == places;
  };
  CHECK(is(0.0, 0, 0));
  CHECK(is(12.0, 12, 0));
  CHECK(is(-0.25, -25, 2));
  CHECK(is(0.1, 1, 1));
  CHECK(is(1e-09, 1, 9));
  CHECK(vitals::detail::decimal::of(1.0 / 3.0).places == -1);
  CHECK(vitals::detail::decimal::of(1e300).places == -1);
  CHECK(vitals::detail::decimal::of(1e-20).places == -1);
  CHECK(vitals::detail::decimal::of(std::numeric_limits<double>::infinity()).places == -1);
  CHECK(vitals::detail::decimal::of(std::numeric_limits<double>::quiet_NaN()).places == -1);
}

TEST_CASE("the ready-made bounds ascend") {
  CHECK(vitals::detail::first_descent(buckets::web::bounds) == npos);
  CHECK(vitals::detail::first_descent(buckets::fast::bounds) == npos);
  CHECK(buckets::web::bounds.size() == 11);
  CHECK(buckets::fast::bounds.front() == 1e-06);
  CHECK(buckets::fast::bounds.back() == 1.0);
}

}  // namespace buckets_tests
