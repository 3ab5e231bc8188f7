#include <vitals/health/check.hpp>

#include <doctest/doctest.h>
#include <atomic>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <vitals/expose/health_json.hpp>
#include <vitals/expose/scrape.hpp>
#include <vitals/health/component.hpp>
#include <vitals/health/errors.hpp>
#include <vitals/health/health.hpp>

namespace check_tests {

using vitals::check_result;
using vitals::report;
using vitals::status;
using vitals::detail::record_check;
using vitals::detail::record_check_duration;

struct test_clock {
  static inline std::atomic<std::uint64_t> now = 10'000;
  static std::uint64_t milliseconds() noexcept { return now; }
  static std::uint64_t wall() noexcept { return 1'700'000'000'000; }
  static std::uint64_t ticks() noexcept { return now; }
  static std::uint64_t silence(std::uint64_t ticks) noexcept { return now - ticks; }
};

struct store : vitals::component<"store", vitals::critical> {};
struct cache : vitals::component<"cache", vitals::degrading, vitals::fall<3>> {};

template <vitals::fixed_string Name>
using of = vitals::basic_health<test_clock, Name, store, cache>;

template <class Health>
std::vector<vitals::error_report> errors() {
  std::vector<vitals::error_report> all;
  vitals::detail::each_error(Health::ref(), [&](const vitals::error_report& e) { all.push_back(e); });
  return all;
}

template <class Health>
std::string page() {
  return vitals::scrape<Health>();
}

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// A result is made of a bool, and of nothing else that becomes one.
static_assert(std::convertible_to<bool, check_result>);
static_assert(!std::constructible_from<check_result, int>);
static_assert(!std::constructible_from<check_result, const char*>);
static_assert(!std::constructible_from<check_result, std::true_type>);

TEST_CASE("results") {
  CHECK(check_result{}.what == report::success);
  CHECK(check_result{true}.what == report::success);
  CHECK(check_result{false}.what == report::failure);
  CHECK(check_result::pass().what == report::success);
  const check_result slow = check_result::degraded("slow", "2 s");
  CHECK(slow.what == report::degradation);
  CHECK(slow.reason == "slow");
  CHECK(slow.message == "2 s");
  CHECK(check_result::failed("down").what == report::failure);
}

TEST_CASE("a result is a report on the component, and a failure an error with its message") {
  using health = of<"check_record">;
  record_check(health::ref(), 0, report::success, "ignored", "ignored");
  CHECK(health::report().all[0].now == status::healthy);
  CHECK(health::report().all[0].reason.empty());
  CHECK(errors<health>().empty());
  record_check(health::ref(), 0, report::degradation, "slow", {});
  CHECK(health::report().all[0].now == status::degraded);
  CHECK(health::report().all[0].reason == "slow");
  CHECK(errors<health>().empty());
  record_check(health::ref(), 0, report::failure, "down", "host db-17 is gone");
  CHECK(health::report().all[0].now == status::unhealthy);
  REQUIRE(errors<health>().size() == 1);
  CHECK(errors<health>()[0].component == "store");
  CHECK(errors<health>()[0].type == "down");
  CHECK(errors<health>()[0].message() == "host db-17 is gone");
  record_check(health::ref(), 0, report::degradation, "slow", "2 s");
  REQUIRE(errors<health>().size() == 2);
  CHECK(errors<health>()[1].type == "slow");
  CHECK(!has(page<health>(), "db-17"));  // a message is no label
}

TEST_CASE("a result without a reason has one all the same; thresholds count results") {
  using health = of<"check_plain">;
  record_check(health::ref(), 1, report::success, {}, {});
  record_check(health::ref(), 1, report::failure, {}, {});
  record_check(health::ref(), 1, report::failure, {}, {});
  CHECK(health::report().all[1].now == status::healthy);
  record_check(health::ref(), 1, report::failure, {}, {});
  CHECK(health::report().all[1].now == status::unhealthy);
  CHECK(health::report().all[1].reason == "check_failed");
  REQUIRE(errors<health>().size() == 1);
  CHECK(errors<health>()[0].count == 3);
  record_check(health::ref(), 0, report::degradation, {}, {});
  CHECK(health::report().all[0].reason == "check_degraded");
}

TEST_CASE("a reason of a megabyte, of broken UTF-8 and with control characters is no label; its failure counts") {
  using health = of<"check_bad_text">;
  record_check(health::ref(), 0, report::failure, std::string(1U << 20U, 'x'), std::string(1U << 20U, 'y'));
  CHECK(health::report().all[0].now == status::unhealthy);
  CHECK(health::report().all[0].reason == "other");
  record_check(health::ref(), 0, report::failure, "\xFF\xFE", "\x01\xFF");
  const auto all = errors<health>();
  REQUIRE(all.size() == 1);
  CHECK(all[0].type == "other");
  CHECK(all[0].count == 2);
  CHECK(all[0].message() == " ?");
}

TEST_CASE("the age of the last result is told, from the first one on") {
  using health = of<"check_age">;
  CHECK(health::report().all[0].checked == vitals::component_report::never);
  const auto json = [] {
    std::string out;
    vitals::detail::append_component(out, health::ref(), health::report(), vitals::detail::error_index{health::ref()},
                                     0, false);
    return out;
  };
  CHECK(!has(json(), "checked_seconds_ago"));
  record_check(health::ref(), 0, report::success, {}, {});
  CHECK(health::report().all[0].checked == 0);
  CHECK(has(json(), ",\"checked_seconds_ago\":0"));
  test_clock::now += 4'100;
  CHECK(health::report().all[0].checked == 4'100);
  CHECK(has(json(), ",\"checked_seconds_ago\":4.100"));
  CHECK(health::report().all[1].checked == vitals::component_report::never);
  health::mark_healthy<store>();  // which is no check
  CHECK(health::report().all[0].checked == 4'100);
  test_clock::now -= 10'000;
  CHECK(health::report().all[0].checked == 0);
}

TEST_CASE("durations are a histogram that is left out until there is a check") {
  using health = of<"check_time">;
  CHECK(!has(page<health>(), "check_duration"));
  record_check_duration(health::ref(), 0, 1'000'000);  // exactly 1 ms: its bound's own bucket
  record_check_duration(health::ref(), 0, 1'000'001);
  record_check_duration(health::ref(), 0, 300'000'000);
  record_check_duration(health::ref(), 0, 20'000'000'000);
  record_check_duration(health::ref(), 1, -5);  // a clock's fault
  const std::string text = page<health>();
  const std::size_t at = text.find("# HELP check_time_component_check_duration_seconds ");
  REQUIRE(at != std::string::npos);
  const std::string_view family = std::string_view{text}.substr(at);
  const std::string_view store_only = family.substr(0, family.find("component=\"cache\""));
  std::string expected =
      "# HELP check_time_component_check_duration_seconds How long the component's checks took.\n"
      "# TYPE check_time_component_check_duration_seconds histogram\n";
  const char* const rows[][2] = {{"0.001", "1"}, {"0.005", "2"}, {"0.025", "2"}, {"0.1", "2"},
                                 {"0.25", "2"},  {"0.5", "3"},   {"1.0", "3"},   {"2.5", "3"},
                                 {"5.0", "3"},   {"10.0", "3"},  {"+Inf", "4"}};
  for (const auto& row : rows) {
    expected += std::string{"check_time_component_check_duration_seconds_bucket{component=\"store\",le=\""} + row[0] +
                "\"} " + row[1] + "\n";
  }
  expected +=
      "check_time_component_check_duration_seconds_sum{component=\"store\"} 20.302000001\n"
      "check_time_component_check_duration_seconds_count{component=\"store\"} 4\n"
      "check_time_component_check_duration_seconds_bucket{";
  CHECK(store_only == expected);
  CHECK(has(family, "duration_seconds_count{component=\"cache\"} 1\n"));
  CHECK(has(family, "duration_seconds_sum{component=\"cache\"} 0\n"));
}

}  // namespace check_tests
