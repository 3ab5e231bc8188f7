#include <vitals/metric/lint.hpp>

#include <string_view>

#include <doctest/doctest.h>

namespace lint_tests {

using vitals::detail::names_other_unit;

TEST_CASE("base units are welcome, in full") {
  for (const std::string_view name :
       {"request_seconds", "response_bytes", "cache_hit_ratio", "room_celsius", "load_grams", "road_meters",
        "battery_volts", "heat_joules", "fuse_amperes", "substance_moles", "http_requests_total", "x"}) {
    CAPTURE(name);
    CHECK_FALSE(names_other_unit(name));
  }
}

TEST_CASE("other units and abbreviations are found, wherever in the name they stand") {
  for (const std::string_view name :
       {"uptime_minutes", "uptime_hours", "uptime_days", "uptime_weeks", "oven_fahrenheit", "star_kelvins",
        "latency_ms",     "latency_us",   "latency_ns",  "latency_s",    "latency_sec",     "response_kb",
        "response_mb",    "response_gb",  "response_tb", "response_pb",  "response_b",      "latency_ms_total",
        "ms_latency",     "ms",           "road_m",      "day_h"}) {
    CAPTURE(name);
    CHECK(names_other_unit(name));
  }
}

TEST_CASE("units that promtool would have in a base unit are found") {
  for (const std::string_view name : {"link_bits", "road_miles", "road_yards", "screen_inches", "oven_rankine",
                                      "lunch_calories", "load_pounds", "load_ounces"}) {
    CAPTURE(name);
    CHECK(names_other_unit(name));
  }
}

TEST_CASE("prefixed base units are found") {
  for (const std::string_view name :
       {"latency_milliseconds", "latency_microseconds", "latency_nanoseconds", "response_kilobytes", "disk_megabytes",
        "disk_gigabytes", "disk_terabytes", "disk_kibibytes", "disk_mebibytes", "disk_gibibytes", "load_kilograms",
        "load_milligrams", "road_kilometers", "road_kilometres", "road_centimeters", "battery_millivolts",
        "latency_milliseconds_total"}) {
    CAPTURE(name);
    CHECK(names_other_unit(name));
  }
}

TEST_CASE("a unit is a whole part of a name, not a piece of a word") {
  for (const std::string_view name : {"items_total", "terms_total", "forms_sent", "bus_seconds", "months_closed",
                                      "minutesman_total", "kilo_total", "seconds", "microphones", "amps_total"}) {
    CAPTURE(name);
    CHECK_FALSE(names_other_unit(name));
  }
}

TEST_CASE("a name that says its type is found") {
  CHECK(vitals::detail::names_type("requests_counter"));
  CHECK(vitals::detail::names_type("gauge_of_depth"));
  CHECK(vitals::detail::names_type("latency_histogram_seconds"));
  CHECK(vitals::detail::names_type("a_summary"));
  CHECK_FALSE(vitals::detail::names_type("encounters_total"));
  CHECK_FALSE(vitals::detail::names_type("gauged"));
}

TEST_CASE("upper case is found") {
  CHECK(vitals::detail::has_upper_case("requestsTotal"));
  CHECK(vitals::detail::has_upper_case("A"));
  CHECK(vitals::detail::has_upper_case("aZ"));
  CHECK_FALSE(vitals::detail::has_upper_case("requests_total_9"));
}

TEST_CASE("the endings of a histogram's samples are found, at the end only") {
  CHECK(vitals::detail::ends_as_sample("a_bucket"));
  CHECK(vitals::detail::ends_as_sample("a_count"));
  CHECK(vitals::detail::ends_as_sample("a_sum"));
  CHECK(vitals::detail::ends_as_sample("a_created"));
  CHECK_FALSE(vitals::detail::ends_as_sample("a_created_seconds"));
  CHECK_FALSE(vitals::detail::ends_as_sample("sum_of_a"));
  CHECK_FALSE(vitals::detail::ends_as_sample("account"));
  CHECK_FALSE(vitals::detail::ends_as_sample("lump_sums"));
}

TEST_CASE("empty parts of a name are parts like any other") {
  const auto is_empty = [](std::string_view part) { return part.empty(); };
  CHECK(vitals::detail::any_part("a__b", is_empty));
  CHECK(vitals::detail::any_part("_a", is_empty));
  CHECK(vitals::detail::any_part("a_", is_empty));
  CHECK(vitals::detail::any_part("", is_empty));
  CHECK_FALSE(vitals::detail::any_part("a_b", is_empty));
}

}  // namespace lint_tests
