#include <vitals/health/lag_check.hpp>

#include <chrono>
#include <cstdint>
#include <limits>

#include <doctest/doctest.h>

#include <health/said.hpp>

namespace lag_check_tests {

using vitals::lag_check;
using namespace std::chrono_literals;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

TEST_CASE("a lag: a number or a duration") {
  int length = 0;
  lag_check queue{[&] { return length; }, {.degraded = 10, .failed = 100}};
  length = 10;
  CHECK(said(queue()) == "passed");
  length = 11;
  CHECK(said(queue()) == "degraded lag");
  CHECK(queue().message == "it is 11, at most 10 is allowed");
  length = 100;
  CHECK(said(queue()) == "degraded lag");
  length = 101;
  CHECK(said(queue()) == "failed lag");
  CHECK(queue().message == "it is 101, at most 100 is allowed");
  length = -5;
  CHECK(said(queue()) == "passed");

  std::chrono::milliseconds age{};
  lag_check oldest{[&] { return age; }, {.failed = 1s, .reason = "old"}};
  age = 1s;
  CHECK(said(oldest()) == "passed");
  age = 1'001ms;
  CHECK(said(oldest()) == "failed old");
  CHECK(oldest().message == "it is 1.001 s, at most 1 s is allowed");
  lag_check longest{[] { return std::chrono::hours::max(); }, {.failed = 1h}};
  CHECK(longest().message.starts_with("it is 3.3"));
  lag_check endless{[] { return std::chrono::duration<double>{infinity}; }, {.failed = 1s}};
  CHECK(endless().message == "it is inf s, at most 1 s is allowed");

  double number = 0;
  lag_check real{[&] { return number; }, {.degraded = 0.5}};
  CHECK(said(real()) == "passed");
  number = nan;
  CHECK(said(real()) == "failed lag");
  number = infinity;
  CHECK(said(real()) == "degraded lag");
  lag_check unbounded{[] { return std::numeric_limits<std::uint64_t>::max(); }, {}};
  CHECK(said(unbounded()) == "passed");
}

}  // namespace lag_check_tests
