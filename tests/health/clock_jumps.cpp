// A clock that jumps by a year, ahead and back: nothing is stuck, and what is printed is as ever.
#include <vitals/health/health.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include <health/set_clock.hpp>
#include <vitals/expose/health_json.hpp>
#include <vitals/expose/scrape.hpp>
#include <vitals/health/component.hpp>

namespace clock_jump_tests {

using namespace std::chrono_literals;
using vitals::phase;
using vitals::status;

struct plain : vitals::component<"plain"> {};
struct slow : vitals::component<"slow", vitals::fall<3>, vitals::rise<3>, vitals::dwell<30s>> {};
struct starts : vitals::component<"starts", vitals::grace<30s>> {};
struct flaps : vitals::component<"flaps", vitals::flapping<3, 1min>, vitals::dwell<5s>, vitals::depends_on<plain>> {};
struct beats : vitals::component<"beats", vitals::heartbeat<5s, vitals::restart_after<60s>>, vitals::grace<30s>,
                                 vitals::rise<2>> {};

template <vitals::fixed_string Name>
using of = vitals::basic_health<set_clock, Name, plain, slow, starts, flaps, beats>;

constexpr std::uint64_t year = std::uint64_t{365} * 86'400'000;

template <class Health>
void all_well(int seconds) {
  for (; seconds != 0; --seconds) {
    set_clock::now += 1000;
    Health::template mark_healthy<plain>();
    Health::template mark_healthy<slow>();
    Health::template mark_healthy<starts>();
    Health::template mark_healthy<flaps>();
    Health::template mark_healthy<beats>();
    Health::template beat<beats>();
    Health::tick();
  }
}
template <class Health>
void all_fail(int seconds) {
  for (; seconds != 0; --seconds) {
    set_clock::now += 1000;
    Health::template mark_unhealthy<plain>("down");
    Health::template mark_unhealthy<slow>("down");
    Health::template mark_unhealthy<starts>("down");
    Health::template mark_unhealthy<flaps>("down");
    Health::template mark_unhealthy<beats>("down");
    Health::tick();
  }
}
template <class Health>
void changes_often() {
  for (int i = 0; i != 10; ++i) {
    set_clock::now += 100;
    Health::template mark_healthy<flaps>();
    set_clock::now += 6000;
    Health::template mark_unhealthy<flaps>("comes_and_goes");
    all_well<Health>(1);
    all_fail<Health>(1);
  }
}

template <class Health>
void check_pages() {
  std::string json;
  vitals::detail::append_health(json, Health::ref(), Health::report(), {}, true);
  const std::size_t at = json.find("\"timestamp\":\"");
  REQUIRE(at != json.npos);
  const std::string stamp = json.substr(at + 13);
  const std::string_view shape = "dddd-dd-ddTdd:dd:dd.dddZ\"";
  CAPTURE(stamp);
  REQUIRE(stamp.size() == shape.size());
  for (std::size_t i = 0; i != shape.size(); ++i) {
    CHECK((shape[i] == 'd' ? stamp[i] >= '0' && stamp[i] <= '9' : stamp[i] == shape[i]));
  }
  CHECK(json.find("_seconds\":-") == json.npos);
  CHECK(json.find("e+") == json.npos);
  const std::string page = vitals::scrape<Health>();
  CHECK(page.find("} -") == page.npos);
  CHECK(page.find("} NaN") == page.npos);
  const auto r = Health::report();
  for (const auto& c : r.components()) {
    CHECK(c.age <= 3 * year);
  }
}

/// A year's jump after `before`: within minutes of the new time all is as it would be without.
template <class Health>
void jump_after(void (*before)(), bool ahead, bool fails_then) {
  set_clock::now = 5 * year + 123'456;
  Health::mark_ready();
  before();
  const auto then = Health::report();
  set_clock::now = ahead ? set_clock::now + year : set_clock::now - year;
  const auto now = Health::report();
  check_pages<Health>();
  for (std::size_t i = 0; i != 4; ++i) {  // the one that beats may be silent by then
    CAPTURE(now.all[i].name);
    const bool waited = then.all[i].now != now.all[i].now;
    CHECK((!waited || now.all[i].now == status::healthy));  // an improvement whose wait the jump has ended
  }
  if (fails_then) {
    all_fail<Health>(5);
    const auto failed = Health::report();
    for (const auto& c : failed.components()) {
      CAPTURE(c.name);
      CHECK(c.now == status::unhealthy);
      CHECK(!c.reason.empty());
    }
    CHECK_FALSE(failed.ready);
    check_pages<Health>();
  }
  all_well<Health>(180);
  const auto well = Health::report();
  for (const auto& c : well.components()) {
    CAPTURE(c.name);
    CHECK(c.now == status::healthy);
    CHECK((c.age <= 180'000 || !fails_then));
    CHECK_FALSE(c.is_flapping);
    CHECK_FALSE(c.is_stuck);
  }
  CHECK(well.ready);
  CHECK(well.live);
  CHECK(well.now == phase::ready);
  check_pages<Health>();
  set_clock::now += 61'000;  // the heartbeat alone is missing
  CHECK_FALSE(Health::report().live);
  CHECK(Health::report().all[0].now == status::healthy);
  Health::template beat<beats>();
  CHECK(Health::report().live);
  CHECK(Health::ref().at(vitals::detail::process_cell::refused) == 0);
}

template <class Health>
void well() {
  all_well<Health>(100);
}
template <class Health>
void fail() {
  all_fail<Health>(100);
}
template <class Health>
void nothing() {}

TEST_CASE("a year ahead") {
  jump_after<of<"j_ahead_1">>(well<of<"j_ahead_1">>, true, true);
  jump_after<of<"j_ahead_2">>(well<of<"j_ahead_2">>, true, false);
  jump_after<of<"j_ahead_3">>(fail<of<"j_ahead_3">>, true, true);
  jump_after<of<"j_ahead_4">>(fail<of<"j_ahead_4">>, true, false);
  jump_after<of<"j_ahead_5">>(changes_often<of<"j_ahead_5">>, true, true);
  jump_after<of<"j_ahead_6">>(changes_often<of<"j_ahead_6">>, true, false);
  jump_after<of<"j_ahead_7">>(nothing<of<"j_ahead_7">>, true, true);
}

TEST_CASE("a year back") {
  jump_after<of<"j_back_1">>(well<of<"j_back_1">>, false, true);
  jump_after<of<"j_back_2">>(well<of<"j_back_2">>, false, false);
  jump_after<of<"j_back_3">>(fail<of<"j_back_3">>, false, true);
  jump_after<of<"j_back_4">>(fail<of<"j_back_4">>, false, false);
  jump_after<of<"j_back_5">>(changes_often<of<"j_back_5">>, false, true);
  jump_after<of<"j_back_6">>(changes_often<of<"j_back_6">>, false, false);
}

TEST_CASE("ahead and back again, and again, between one mark and the next") {
  using health = of<"j_often">;
  set_clock::now = 5 * year;
  health::mark_ready();
  std::uint64_t random = 7;
  for (int i = 0; i != 2000; ++i) {
    random = random * 6364136223846793005 + 1442695040888963407;
    const std::uint64_t choice = random >> 40U;
    set_clock::now = 5 * year + (choice % 3) * year - year + static_cast<std::uint64_t>(i);
    if ((choice >> 2U) % 2 == 0) {
      health::mark_unhealthy<slow>("down");
      health::mark_degraded<flaps>("odd");
      health::mark_healthy<plain>();
    } else {
      health::mark_healthy<slow>();
      health::mark_healthy<flaps>();
      health::mark_unhealthy<plain>("down");
    }
    if ((choice >> 3U) % 2 == 0) {
      health::beat<beats>();
    }
    health::tick();
    if (i % 100 == 0) {
      check_pages<health>();
    }
  }
  set_clock::now = 5 * year - 12'345;
  all_well<health>(180);
  const auto r = health::report();
  CHECK(r.ready);
  CHECK(r.now == phase::ready);
  for (const auto& c : r.components()) {
    CAPTURE(c.name);
    CHECK(c.now == status::healthy);
  }
}

}  // namespace clock_jump_tests
