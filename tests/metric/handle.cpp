#include <vitals/metric/handle.hpp>

#include <cstdint>
#include <thread>
#include <type_traits>

#include <doctest/doctest.h>

#include <vitals/metric/buckets.hpp>
#include <vitals/metric/counter.hpp>
#include <vitals/metric/gauge.hpp>
#include <vitals/metric/histogram.hpp>
#include <vitals/metric/up_down.hpp>
#include <vitals/registry/registry.hpp>

namespace handle_tests {

enum class zone { eu, us };
using by_zone = vitals::label<"zone", zone>;

struct jobs : vitals::counter<"handle_jobs_total", "Jobs.", by_zone> {};
struct running : vitals::up_down<"handle_running", "Running.", by_zone> {};
struct depth : vitals::gauge<"handle_depth", "Depth."> {};
struct latency : vitals::histogram<"handle_latency_seconds", "Latency.", vitals::buckets::of<1>> {};
struct size : vitals::histogram<"handle_size_bytes", "Size.", vitals::buckets::of<1>, vitals::shared> {};

using metrics = vitals::registry<jobs, running, depth, latency, size>;

template <class Handle>
constexpr bool is_an_offset =
    sizeof(Handle) == 4 &&
    std::is_trivially_copyable_v<Handle>&& std::is_trivially_destructible_v<Handle>&& std::is_standard_layout_v<Handle>;

static_assert(is_an_offset<decltype(metrics::get<jobs>(zone::eu))>);
static_assert(is_an_offset<decltype(metrics::get<running>(zone::eu))>);
static_assert(is_an_offset<decltype(metrics::get<depth>())>);
static_assert(is_an_offset<decltype(metrics::get<latency>())>);
static_assert(is_an_offset<decltype(metrics::get<size>())>);
static_assert(!std::is_same_v<decltype(metrics::get<latency>()), decltype(metrics::get<size>())>);

// Known when compiling where the labels are.
constexpr auto eu_jobs = metrics::get<jobs>(zone::eu);

TEST_CASE("a handle is kept, copied and handed to another thread, and is the same series") {
  const auto copy = eu_jobs;
  auto assigned = metrics::get<jobs>(zone::us);
  assigned = copy;
  eu_jobs.inc();
  copy.inc();
  assigned.inc();
  std::thread{[copy] { copy.inc(); }}.join();
  CHECK(metrics::get<jobs>(zone::eu).value() == 4);
  CHECK(metrics::get<jobs>(zone::us).value() == 0);
}

TEST_CASE("a handle to no series is one as well: its updates are only counted") {
  const auto before = metrics::dropped<running>().label;
  const auto nowhere = metrics::get<running>(static_cast<zone>(7));
  const auto copy = nowhere;
  copy.inc();
  CHECK(copy.value() == 0);
  CHECK(metrics::dropped<running>().label == before + 1);
}

TEST_CASE("a thread whose first touch is a drop counts it") {
  const auto before = metrics::dropped<running>().label;
  std::thread{[] { metrics::get<running>(static_cast<zone>(7)).inc(); }}.join();
  CHECK(metrics::dropped<running>().label == before + 1);
}

}  // namespace handle_tests
