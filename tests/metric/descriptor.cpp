#include <vitals/metric/descriptor.hpp>

#include <cstdint>
#include <string_view>

#include <doctest/doctest.h>

#include <vitals/metric/buckets.hpp>
#include <vitals/metric/counter.hpp>
#include <vitals/metric/gauge.hpp>
#include <vitals/metric/histogram.hpp>
#include <vitals/metric/up_down.hpp>

namespace descriptor_tests {

enum class method { get, post };
enum class zone { eu, us, asia };

struct jobs : vitals::counter<"descriptor_jobs_total", "Jobs done."> {};
struct labelled : vitals::counter<"descriptor_labelled_total", "Jobs done.", vitals::label<"method", method>,
                                  vitals::shared, vitals::label<"zone", zone>, vitals::label<"cached", bool>> {};
struct depth : vitals::gauge<"descriptor_depth", "Depth."> {};
struct running : vitals::up_down<"descriptor_running", "Running."> {};
struct latency : vitals::histogram<"descriptor_latency_seconds", "Latency.", vitals::buckets::web> {};
struct size : vitals::histogram<"descriptor_size_bytes", "Size.", vitals::buckets::of<-1, 1>> {};

static_assert(vitals::metric<jobs>);
static_assert(vitals::metric<labelled>);
static_assert(vitals::metric<depth>);
static_assert(vitals::metric<running>);
static_assert(vitals::metric<latency>);
static_assert(vitals::metric<size>);
static_assert(vitals::metric<vitals::counter<"descriptor_bare_total", "Bare.">>);
static_assert(!vitals::metric<int>);
static_assert(!vitals::metric<void>);
static_assert(!vitals::metric<method>);
static_assert(!vitals::metric<vitals::shared>);
static_assert(!vitals::metric<vitals::label<"method", method>>);
static_assert(!vitals::metric<vitals::buckets::web>);

// Whose own name hides what they inherit.
namespace hiding {
struct name : vitals::gauge<"descriptor_hiding", "Hiding."> {};
struct labels : vitals::counter<"descriptor_hiding_total", "Hiding."> {};
struct shape : vitals::up_down<"descriptor_hiding", "Hiding."> {};
struct bounds : vitals::histogram<"descriptor_hiding_bytes", "Hiding.", vitals::buckets::of<1>> {};
struct buckets : vitals::histogram<"descriptor_hiding_bytes", "Hiding.", vitals::buckets::of<1>> {};
}  // namespace hiding
static_assert(!vitals::metric<hiding::name>);
static_assert(!vitals::metric<hiding::labels>);
static_assert(!vitals::metric<hiding::shape>);
static_assert(!vitals::metric<hiding::bounds>);
static_assert(!vitals::metric<hiding::buckets>);

/// The lines of 8 cells that [first, first + width) touches.
std::uint32_t lines_of(std::uint32_t first, std::uint32_t width) {
  return (first + width - 1) / 8 - first / 8 + 1;
}

bool straddles_least(std::uint32_t width, std::uint32_t stride) {
  for (std::uint32_t series = 0; series != 64; ++series) {
    if (lines_of(series * stride, width) > (width + 7) / 8) {
      return false;
    }
  }
  return true;
}

TEST_CASE("no series touches more cache lines than its width needs, at the smallest stride that does so") {
  for (std::uint32_t width = 1; width <= 200; ++width) {
    CAPTURE(width);
    std::uint32_t smallest = width;
    while (!straddles_least(width, smallest)) {
      ++smallest;
    }
    CHECK(vitals::detail::line_stride(width) == smallest);
  }
}

TEST_CASE("a descriptor tells its name, help and type") {
  CHECK(jobs::name == "descriptor_jobs_total");
  CHECK(jobs::help == "Jobs done.");
  CHECK(jobs::type == vitals::metric_type::counter);
  CHECK(depth::type == vitals::metric_type::gauge);
  CHECK(running::type == vitals::metric_type::gauge);
  CHECK(latency::type == vitals::metric_type::histogram);
}

TEST_CASE("a descriptor tells how its values lie in cells") {
  CHECK(jobs::kind == vitals::value_kind::unsigned_integer);
  CHECK(running::kind == vitals::value_kind::signed_integer);
  CHECK(depth::kind == vitals::value_kind::real);
  CHECK(latency::kind == vitals::value_kind::duration_histogram);
  CHECK(size::kind == vitals::value_kind::real_histogram);
  CHECK(latency::shape.width == 11 + 3);
  CHECK(size::shape.width == 2 + 2);
  CHECK(size::shape.may_fall);
  CHECK_FALSE(latency::shape.may_fall);
}

TEST_CASE("labels multiply to series, and options among them are no labels") {
  using facts = vitals::detail::label_facts<labelled::labels>;
  CHECK(facts::count == 3);
  CHECK(facts::series == 2 * 3 * 2);
  CHECK(facts::can_miss);
  CHECK(facts::table[0].name == "method");
  CHECK(facts::table[1].name == "zone");
  CHECK(facts::table[2].name == "cached");
  CHECK(facts::table[1].values[2] == "asia");
  CHECK(labelled::shape.shared);
  CHECK(labelled::shape.series == 12);
  using no_labels = vitals::detail::label_facts<jobs::labels>;
  CHECK(no_labels::series == 1);
  CHECK_FALSE(no_labels::can_miss);
}

}  // namespace descriptor_tests
