#include <vitals/metric/unit.hpp>

#include <doctest/doctest.h>

#include <vitals/metric/counter.hpp>
#include <vitals/metric/gauge.hpp>

namespace unit_tests {

using vitals::detail::ends_in_unit;
using vitals::detail::known_unit;

static_assert(ends_in_unit("a_seconds", "seconds"));
static_assert(ends_in_unit("a_seconds_total", "seconds"));
static_assert(!ends_in_unit("seconds", "seconds"));
static_assert(!ends_in_unit("aseconds", "seconds"));
static_assert(!ends_in_unit("a_seconds_x", "seconds"));
static_assert(!ends_in_unit("_total", "seconds"));
static_assert(known_unit("sent_bytes_total") == "bytes");
static_assert(known_unit("load_ratio") == "ratio");
static_assert(known_unit("jobs_total").empty());
static_assert(known_unit("bytes_free").empty());

struct sent : vitals::counter<"sent_bytes_total", "Sent."> {};
struct stock : vitals::gauge<"stock_widgets", "Stock.", vitals::unit::custom<"widgets">> {};
struct both : vitals::gauge<"widget_seconds", "Both.", vitals::unit::seconds> {};
struct jobs : vitals::counter<"jobs_total", "Jobs."> {};

TEST_CASE("a metric's unit is the one it is given, or the known one that its name ends in") {
  CHECK(sent::unit == "bytes");
  CHECK(stock::unit == "widgets");
  CHECK(both::unit == "seconds");
  CHECK(jobs::unit.empty());
}

}  // namespace unit_tests
