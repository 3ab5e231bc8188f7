#include <vitals/metric/duration.hpp>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <ratio>

#include <doctest/doctest.h>

namespace duration_tests {

using namespace std::chrono_literals;
using std::chrono::duration;
using vitals::detail::nanos_of;
using vitals::detail::nanos_of_seconds;

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();

template <class Period>
using ticks = duration<std::int64_t, Period>;

/// Nanoseconds in a tick of a period, as 128-bit arithmetic rounds them: to the nearest, halves away from zero.
template <class Period>
std::int64_t plain(std::int64_t count) {
  __extension__ using wide = __int128;
  constexpr wide limit = most;
  const wide exact = static_cast<wide>(count) * Period::num * 1'000'000'000;
  const wide size = exact < 0 ? -exact : exact;
  const wide rounded = (size * 2 + Period::den) / (wide{Period::den} * 2);
  const wide held = rounded > limit ? limit : rounded;
  return static_cast<std::int64_t>(exact < 0 ? -held : held);
}

/// How many of some counts of a period differ from the plain way; counts of all sizes whose product fits 128 bits.
template <class Period>
int differences(std::int64_t largest = most) {
  std::mt19937_64 random{7};
  int found = 0;
  for (int i = 0; i != 20000; ++i) {
    const std::int64_t count = (static_cast<std::int64_t>(random()) >> (random() % 64)) % largest;
    found += nanos_of(ticks<Period>{count}) != plain<Period>(count) ? 1 : 0;
  }
  for (const std::int64_t count : {std::int64_t{0}, std::int64_t{1}, std::int64_t{-1}, largest, -largest}) {
    found += nanos_of(ticks<Period>{count}) != plain<Period>(count) ? 1 : 0;
  }
  return found;
}

TEST_CASE("whole durations of periods from nanoseconds up become nanoseconds, held at 292 years") {
  CHECK(differences<std::nano>() == 0);
  CHECK(differences<std::micro>() == 0);
  CHECK(differences<std::milli>() == 0);
  CHECK(differences<std::ratio<1>>() == 0);
  CHECK(differences<std::chrono::minutes::period>() == 0);
  CHECK(differences<std::chrono::hours::period>() == 0);
  CHECK(differences<std::chrono::days::period>() == 0);
  CHECK(differences<std::chrono::weeks::period>() == 0);
  CHECK(differences<std::chrono::years::period>() == 0);
  CHECK(differences<std::kilo>() == 0);
  CHECK(differences<std::mega>() == 0);
  CHECK(differences<std::giga>() == 0);
}

TEST_CASE("whole durations of finer and odd periods round to the nearest nanosecond") {
  CHECK(differences<std::pico>() == 0);
  CHECK(differences<std::femto>() == 0);
  CHECK(differences<std::atto>() == 0);
  CHECK(differences<std::ratio<1, 3>>() == 0);
  CHECK(differences<std::ratio<1, 60>>() == 0);
  CHECK(differences<std::ratio<1001, 30000>>() == 0);
  CHECK(nanos_of(ticks<std::pico>{499}) == 0);
  CHECK(nanos_of(ticks<std::pico>{500}) == 1);
  CHECK(nanos_of(ticks<std::pico>{-499}) == 0);
  CHECK(nanos_of(ticks<std::pico>{-500}) == -1);
  CHECK(nanos_of(ticks<std::pico>{1499}) == 1);
}

TEST_CASE("whole durations are held at both ends") {
  CHECK(nanos_of(std::chrono::hours::max()) == most);
  CHECK(nanos_of(std::chrono::hours::min()) == -most);
  CHECK(nanos_of(std::chrono::seconds::max()) == most);
  CHECK(nanos_of(std::chrono::seconds::min()) == -most);
  CHECK(nanos_of(std::chrono::nanoseconds::max()) == most);
  CHECK(nanos_of(std::chrono::nanoseconds{-most}) == -most);
  CHECK(nanos_of(ticks<std::pico>::max()) == 9'223'372'036'854'776);
  CHECK(nanos_of(ticks<std::ratio<1, 3>>::max()) == most);
  CHECK(nanos_of(ticks<std::ratio<1, 3>>::min()) == -most);
  CHECK(nanos_of(9223372036s) == 9'223'372'036'000'000'000);
  CHECK(nanos_of(9223372037s) == most);
}

TEST_CASE("short, unsigned and floating-point counts become nanoseconds too") {
  CHECK(nanos_of(duration<std::int8_t, std::milli>{-128}) == -128'000'000);
  CHECK(nanos_of(duration<std::uint8_t>{255}) == 255'000'000'000);
  CHECK(nanos_of(duration<std::uint64_t, std::nano>{std::numeric_limits<std::uint64_t>::max()}) == most);
  CHECK(nanos_of(duration<std::uint64_t>{std::numeric_limits<std::uint64_t>::max()}) == most);
  CHECK(nanos_of(duration<std::uint64_t, std::pico>{std::numeric_limits<std::uint64_t>::max()}) ==
        18'446'744'073'709'552);
  CHECK(nanos_of(duration<double>{0.25}) == 250'000'000);
  CHECK(nanos_of(duration<float>{0.25F}) == 250'000'000);
  CHECK(nanos_of(duration<double, std::milli>{0.25}) == 250'000);
  CHECK(nanos_of(duration<double, std::ratio<3600>>{-1.5}) == -5'400'000'000'000);
  CHECK(nanos_of(duration<double>{std::numeric_limits<double>::infinity()}) == most);
  CHECK(nanos_of(duration<double, std::milli>{-std::numeric_limits<double>::max()}) == -most);
}

TEST_CASE("k milliseconds and k / 1000.0 seconds are the same") {
  int wrong = 0;
  for (int k = 0; k <= 100'000; ++k) {
    const std::int64_t exact = nanos_of(std::chrono::milliseconds{k});
    wrong += nanos_of_seconds(k / 1000.0) != exact ? 1 : 0;
    wrong += nanos_of_seconds(-k / 1000.0) != -exact ? 1 : 0;
    wrong += nanos_of(duration<double, std::milli>{k}) != exact ? 1 : 0;
  }
  CHECK(wrong == 0);
}

TEST_CASE("k microseconds or nanoseconds and the same as seconds are the same") {
  int wrong = 0;
  for (int k = 0; k <= 100'000; ++k) {
    wrong += nanos_of_seconds(k / 1e6) != nanos_of(std::chrono::microseconds{k}) ? 1 : 0;
    wrong += nanos_of_seconds(k / 1e9) != k ? 1 : 0;
  }
  CHECK(wrong == 0);
}

TEST_CASE("seconds round to the nearest nanosecond") {
  CHECK(nanos_of_seconds(0.0) == 0);
  CHECK(nanos_of_seconds(-0.0) == 0);
  CHECK(nanos_of_seconds(0.4e-9) == 0);
  CHECK(nanos_of_seconds(0.6e-9) == 1);
  CHECK(nanos_of_seconds(-0.4e-9) == 0);
  CHECK(nanos_of_seconds(-0.6e-9) == -1);
  CHECK(nanos_of_seconds(1.5e-9) == 2);
  CHECK(nanos_of_seconds(std::numeric_limits<double>::denorm_min()) == 0);
}

TEST_CASE("seconds round as std::round rounds, up to the largest that fit") {
  std::mt19937_64 random{8};
  int wrong = 0;
  const auto differs = [](double seconds) {
    const double rounded = std::round(seconds * 1e9);
    return static_cast<double>(nanos_of_seconds(seconds)) != rounded ||
           (std::abs(rounded) < 9e15 && nanos_of_seconds(seconds) != static_cast<std::int64_t>(rounded));
  };
  for (int i = 0; i != 200'000; ++i) {
    const double part = static_cast<double>(static_cast<std::int64_t>(random())) * 0x1p-63;
    wrong += differs(part) ? 1 : 0;
    wrong += differs(part * 1e-6) ? 1 : 0;
    wrong += differs(part * 9.2e9) ? 1 : 0;
    wrong += differs(part * 9e6) ? 1 : 0;  // where nanoseconds take all 53 bits
  }
  CHECK(wrong == 0);
  CHECK(nanos_of_seconds(0.49999999999999994e-9) == 0);  // half a nanosecond more would be the double 1
  CHECK(nanos_of_seconds(4503599.627370497) == 4503599627370497);
}

TEST_CASE("seconds are held at both ends") {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  CHECK(nanos_of_seconds(infinity) == most);
  CHECK(nanos_of_seconds(-infinity) == -most);
  CHECK(nanos_of_seconds(std::numeric_limits<double>::max()) == most);
  CHECK(nanos_of_seconds(-std::numeric_limits<double>::max()) == -most);
  volatile double limit = 9223372036.854775808;  // 2^63 ns; volatile: turned at run time, not when compiling
  CHECK(nanos_of_seconds(limit) == most);
  CHECK(nanos_of_seconds(-limit) == -most);
  CHECK(nanos_of_seconds(9223372036.0) == 9'223'372'036'000'000'000);
  CHECK(nanos_of_seconds(9223372037.0) == most);
}

TEST_CASE("nothing is below minus 292 years, not even the least count of nanoseconds") {
  CHECK(nanos_of(std::chrono::nanoseconds{least}) == -most);
}

TEST_CASE("durations are turned when compiling too") {
  static_assert(nanos_of(12ms) == 12'000'000);
  static_assert(nanos_of_seconds(0.005) == 5'000'000);
}

}  // namespace duration_tests
