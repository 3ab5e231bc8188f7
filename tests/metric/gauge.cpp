#include <vitals/metric/gauge.hpp>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <thread>

#include <doctest/doctest.h>

#include <vitals/registry/registry.hpp>

namespace gauge_tests {

using namespace std::chrono_literals;

enum class room { kitchen, cellar };
using by_room = vitals::label<"room", room>;

struct plain : vitals::gauge<"gauges_plain", "Plain."> {};
struct numbers : vitals::gauge<"gauges_numbers", "Numbers."> {};
struct age : vitals::gauge<"gauges_age_seconds", "Age."> {};
struct labelled : vitals::gauge<"gauges_labelled", "Labelled.", by_room> {};
struct close : vitals::gauge<"gauges_close", "Close.", by_room, vitals::packed> {};
struct raced : vitals::gauge<"gauges_raced", "Raced."> {};

using metrics = vitals::registry<plain, numbers, age, labelled, close, raced>;

TEST_CASE("a gauge is 0 until it is set, and then what was set last") {
  const auto series = metrics::get<plain>();
  CHECK(series.value() == 0);
  series.set(1.5);
  CHECK(series.value() == 1.5);
  series.set(-2.5);
  CHECK(series.value() == -2.5);
}

TEST_CASE("a gauge takes numbers of any type") {
  const auto series = metrics::get<numbers>();
  series.set(7);
  CHECK(series.value() == 7);
  series.set(std::int64_t{-1} << 62);
  CHECK(series.value() == -0x1p62);
  series.set(std::numeric_limits<std::uint64_t>::max());
  CHECK(series.value() == 0x1p64);
  series.set(0.5F);
  CHECK(series.value() == 0.5);
  series.set(true);
  CHECK(series.value() == 1);
}

TEST_CASE("a gauge takes NaN, infinities and -0 as they are") {
  const auto series = metrics::get<numbers>();
  series.set(std::numeric_limits<double>::quiet_NaN());
  CHECK(std::isnan(series.value()));
  series.set(std::numeric_limits<double>::infinity());
  CHECK(series.value() == std::numeric_limits<double>::infinity());
  series.set(-std::numeric_limits<double>::infinity());
  CHECK(series.value() == -std::numeric_limits<double>::infinity());
  series.set(-0.0);
  CHECK(std::signbit(series.value()));
}

TEST_CASE("a gauge of seconds takes a duration of any kind") {
  const auto series = metrics::get<age>();
  series.set(1500ms);
  CHECK(series.value() == 1.5);
  series.set(2h);
  CHECK(series.value() == 7200);
  series.set(std::chrono::duration<float, std::milli>{0.5F});
  CHECK(series.value() == 0.0005);
  series.set(-3ns);
  CHECK(series.value() == -3e-9);
  series.set(0.25);
  CHECK(series.value() == 0.25);
}

TEST_CASE("a gauge's value is one for all threads, and stays when the thread that set it ends") {
  std::thread{[] { metrics::get<raced>().set(4); }}.join();
  CHECK(metrics::get<raced>().value() == 4);
}

TEST_CASE("a reader of a gauge sees one of the values that were set, whole") {
  const auto series = metrics::get<raced>();
  series.set(1.0);
  std::thread other{[&] {
    for (int i = 0; i != 20'000; ++i) {
      series.set(i % 2 == 0 ? 1.0 : -1e300);
    }
  }};
  int others = 0;
  for (int i = 0; i != 2000; ++i) {
    const double value = series.value();
    others += value == 1.0 || value == -1e300 ? 0 : 1;
  }
  other.join();
  CHECK(others == 0);
  CHECK(series.value() == -1e300);
}

template <class Metric>
void set_by_label() {
  metrics::get<Metric>(room::kitchen).set(21);
  metrics::get<Metric>(room::cellar).set(12);
  metrics::get<Metric>(static_cast<room>(2)).set(99);
  metrics::get<Metric>(static_cast<room>(-1)).set(99);
  CHECK(metrics::get<Metric>(room::kitchen).value() == 21);
  CHECK(metrics::get<Metric>(room::cellar).value() == 12);
  CHECK(metrics::get<Metric>(static_cast<room>(2)).value() == 0);
  CHECK(metrics::dropped<Metric>().label == 2);
}

TEST_CASE("a gauge's series are apart, and a value for a label outside its values is dropped and counted") {
  set_by_label<labelled>();
}

TEST_CASE("the same goes for a packed gauge") {
  set_by_label<close>();
}

TEST_CASE("the series of a gauge have a cache line each, unless packed") {
  CHECK(plain::shape.stride == 8);
  CHECK(labelled::shape.stride == 8);
  CHECK(close::shape.stride == 1);
}

}  // namespace gauge_tests
