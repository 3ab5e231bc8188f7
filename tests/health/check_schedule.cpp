#include <vitals/health/check_schedule.hpp>

#include <chrono>
#include <cstdint>
#include <set>

#include <doctest/doctest.h>

namespace check_schedule_tests {

using vitals::check_timing;
using vitals::detail::check_schedule;
using turn = check_schedule::turn;
using ending = check_schedule::ending;
using namespace std::chrono_literals;

constexpr check_timing ten_seconds{.period = 10s, .timeout = 2s};

TEST_CASE("a schedule: the delay, then a start in each period") {
  check_schedule s{{.period = 10s, .timeout = 2s, .delay = 3s}, 100};
  CHECK(s.at(100) == turn::wait);
  CHECK(s.left(100) == 3'000);
  CHECK(s.at(3'099) == turn::wait);
  CHECK(s.at(3'100) == turn::start);
  s.start(3'100);
  CHECK(s.is_running());
  CHECK(s.at(5'099) == turn::wait);
  CHECK(s.end(5'099, 5'099) == ending::in_time);
  CHECK(!s.is_running());
  CHECK(s.left(5'099) == 8'001);
  CHECK(s.at(13'100) == turn::start);
  check_schedule at_once{ten_seconds, 0};
  CHECK(at_once.at(0) == turn::start);
}

TEST_CASE("a schedule: overdue at the timeout, and once in each period after it") {
  check_schedule s{ten_seconds, 0};
  s.start(0);
  CHECK(s.at(1'999) == turn::wait);
  CHECK(s.at(2'000) == turn::overdue);
  CHECK(!s.is_late());
  s.pass_by(2'000);
  CHECK(s.is_late());
  CHECK(s.at(2'000) == turn::wait);
  CHECK(s.at(11'999) == turn::wait);
  CHECK(s.at(12'000) == turn::overdue);
  s.pass_by(12'000);
  CHECK(s.at(21'999) == turn::wait);
  CHECK(s.at(50'000) == turn::overdue);  // nobody looked for a while: one failure
  s.pass_by(50'000);
  CHECK(s.at(50'000) == turn::wait);
  CHECK(s.end(50'500, 50'500) == ending::known_overdue);
  CHECK(s.left(50'500) == 9'500);  // the periods go on from its start
  s.start(60'000);
  CHECK(!s.is_late());
}

TEST_CASE("a schedule: what was over its timeout is so, whether anybody looked or not; what was not is not") {
  check_schedule s{ten_seconds, 0};
  s.start(0);
  CHECK(s.end(2'000, 2'000) == ending::overdue);
  s.start(10'000);
  CHECK(s.end(11'000, 15'000) == ending::in_time);  // it ended in time and was taken later
  CHECK(s.left(15'000) == 5'000);
  s.start(20'000);
  CHECK(s.end(20'500, 45'000) == ending::in_time);
  CHECK(s.left(45'000) == 5'000);
}

TEST_CASE("a schedule: a clock that steps back ends waits rather than lengthening them by the step") {
  check_schedule s{ten_seconds, 1'000'000};
  s.start(1'000'000);
  CHECK(s.at(0) == turn::overdue);
  s.pass_by(0);
  CHECK(s.left(0) == 10'000);
  CHECK(s.end(0, 0) == ending::known_overdue);
  CHECK(s.left(0) <= 10'000);
  check_schedule longest{{.period = 24h, .timeout = 24h, .delay = 24h}, ~std::uint64_t{0}};
  CHECK(longest.left(~std::uint64_t{0}) == 86'400'000);
  CHECK(longest.at(0) == turn::start);
}

TEST_CASE("a schedule: jitter makes each start later, by another time, never by more than it says") {
  const check_timing timing{.period = 10s, .timeout = 2s, .delay = 3s, .jitter = 1s};
  std::set<std::uint64_t> first;
  std::set<std::uint64_t> next;
  for (int i = 0; i != 200; ++i) {
    check_schedule s{timing, 0};
    first.insert(s.left(0));
    s.start(5'000);
    CHECK(s.left(5'000) == 2'000);  // the timeout is as it is
    s.end(6'000, 6'000);
    next.insert(s.left(6'000));
  }
  CHECK(*first.begin() >= 3'000);
  CHECK(*first.rbegin() <= 4'000);
  CHECK(first.size() > 20);
  CHECK(*next.begin() >= 9'000);
  CHECK(*next.rbegin() <= 10'000);
  CHECK(next.size() > 20);
}

TEST_CASE("a schedule: what is wanted starts now, and its periods begin anew; what runs already is left to it") {
  check_schedule s{{.period = 10s, .timeout = 2s, .delay = 3s}, 0};
  s.hurry();
  CHECK(s.at(0) == turn::start);
  s.start(0);
  s.hurry();
  CHECK(s.left(0) == 2'000);
  s.end(500, 500);
  s.hurry();
  CHECK(s.at(500) == turn::start);
  s.start(600);
  s.end(700, 700);
  CHECK(s.left(700) == 9'900);
}

}  // namespace check_schedule_tests
