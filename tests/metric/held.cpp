#include <vitals/metric/held.hpp>

#include <initializer_list>
#include <limits>

#include <doctest/doctest.h>

namespace held_tests {

using vitals::detail::held;
using vitals::detail::raised;
using vitals::detail::unknown;

constexpr double infinity = std::numeric_limits<double>::infinity();

static_assert(held(0.5, 1, 2) == 1);
static_assert(held(1.5, 1, 2) == 1.5);
static_assert(held(2.5, 1, 2) == 2);
static_assert(raised(-1, 0) == 0);
static_assert(unknown(7) == 7);

TEST_CASE("a number is held at both ends, at run time as when compiling") {
  for (volatile double v : {-infinity, -1.0, -0.0, 0.0, 1.0, 1.25, 2.0, 3.0, infinity}) {
    const double value = v;
    CHECK(held(value, 1, 2) == (value < 1 ? 1 : value > 2 ? 2 : value));
    CHECK(raised(value, 1) == (value < 1 ? 1 : value));
    CHECK(unknown(value) == value);
  }
}

}  // namespace held_tests
