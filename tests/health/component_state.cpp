#include <vitals/health/component_state.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

namespace component_state_tests {

using namespace std::string_view_literals;
using vitals::report;
using vitals::status;
using vitals::detail::after;
using vitals::detail::calmness;
using vitals::detail::component_policy;
using vitals::detail::component_state;
using vitals::detail::evidence;
using vitals::detail::settled;
using vitals::detail::target_of;

constexpr std::array all_statuses{status::unknown, status::healthy, status::degraded, status::unhealthy};
constexpr std::array all_reports{report::success, report::degradation, report::failure};
constexpr calmness calm{};
constexpr calmness restless{.calm = false};

// A row for each status, a letter for each evidence: successes, no failure, no success, failures.
constexpr std::string_view expected[] = {/*unknown*/ "hddu", /*healthy*/ "hhdu", /*degraded*/ "hddu",
                                         /*unhealthy*/ "hduu"};
constexpr std::array all_evidence{evidence::success, evidence::no_failure, evidence::no_success, evidence::failure};
constexpr std::string_view letters = "?hdu";

static_assert([] {
  for (std::size_t from = 0; from != all_statuses.size(); ++from) {
    for (std::size_t e = 0; e != all_evidence.size(); ++e) {
      if (target_of(all_statuses[from], all_evidence[e]) != all_statuses[letters.find(expected[from][e])]) {
        return false;
      }
    }
  }
  return all_statuses.size() == vitals::detail::statuses && all_evidence.size() == vitals::detail::evidences &&
         all_reports.size() == vitals::detail::reports;
}());

static_assert([] {
  // Where one is enough, and where it is the first, a report is believed whatever was before.
  for (const status from : all_statuses) {
    for (const report last : all_reports) {
      for (const std::uint32_t run : {0U, 1U, 7U, component_state::most_in_a_row}) {
        for (std::size_t r = 0; r != all_reports.size(); ++r) {
          const component_state s{.now = from, .last = last, .failure_run = run, .success_run = run};
          const component_policy p{.fall = from == status::unknown ? 9U : 1U,
                                   .rise = from == status::unknown ? 9U : 1U};
          const component_state to = after(s, all_reports[r], 0, 1, p, false, calm);
          if (to.now != all_statuses[r + 1] || to.last != all_reports[r] ||
              to.since != (to.now == settled(s, 1, p, calm).now ? settled(s, 1, p, calm).since : 1)) {
            return false;
          }
        }
      }
    }
  }
  return true;
}());

static_assert([] {
  // Nothing is better than healthy, and only healthy is better than unknown.
  for (const status than : all_statuses) {
    for (const status s : all_statuses) {
      const bool better = (than == status::unknown && s == status::healthy) ||
                          (than == status::degraded && (s == status::healthy || s == status::unknown)) ||
                          (than == status::unhealthy && s != status::unhealthy);
      if (s != status::unknown && vitals::detail::is_better(than, s) != better) {
        return false;
      }
    }
  }
  return true;
}());

TEST_CASE("a word holds each of its parts, at their extremes, without touching another") {
  const std::uint32_t runs[] = {0, 1, 2, 128, component_state::most_in_a_row};
  const std::uint32_t reasons[] = {0, 1, 31, component_state::most_reason};
  const std::uint64_t times[] = {0, 1, 1'000'000, component_state::most_time - 1, component_state::most_time};
  for (const status now : all_statuses) {
    for (const report last : all_reports) {
      for (const std::uint32_t failure_run : runs) {
        for (const std::uint32_t success_run : runs) {
          for (const std::uint32_t reason : reasons) {
            for (const std::uint64_t since : times) {
              const component_state s{.now = now,
                                      .last = last,
                                      .failure_run = failure_run,
                                      .success_run = success_run,
                                      .reason = reason,
                                      .since = since};
              REQUIRE(component_state::of(s.packed()) == s);
              component_state erred = s;
              erred.has_erred = last == report::success;
              REQUIRE(component_state::of(erred.packed()) == erred);
            }
          }
        }
      }
    }
  }
  CHECK(component_state{}.packed() == 0);  // what a fresh cell holds
  CHECK(component_state::of(~std::uint64_t{0}).since == component_state::most_time);
}

TEST_CASE("a time beyond 8.7 years changes nothing but the time") {
  const component_state s{.now = status::unhealthy,
                          .last = report::failure,
                          .failure_run = 7,
                          .success_run = 200,
                          .reason = 3,
                          .since = ~std::uint64_t{0}};
  const component_state back = component_state::of(s.packed());
  CHECK(back.now == s.now);
  CHECK(back.last == s.last);
  CHECK(back.failure_run == s.failure_run);
  CHECK(back.success_run == s.success_run);
  CHECK(back.reason == s.reason);
}

TEST_CASE("what is in a row is counted up to a bound, and stays there") {
  constexpr std::uint32_t most = component_state::most_in_a_row;
  CHECK(most == 255);
  const component_policy p{.fall = most, .rise = most};
  component_state s = after({}, report::success, 0, 0, p, false, calm);
  for (std::uint32_t i = 1; i != 1000; ++i) {
    s = after(s, report::failure, 1, i, p, false, calm);
    REQUIRE(s.in_a_row() == (i < most ? i : most));
    REQUIRE(s.now == (i < most ? status::healthy : status::unhealthy));
  }
  CHECK(s.since == most);
  s = after(s, report::degradation, 1, 1000, p, false, calm);
  CHECK(s.in_a_row() == 1);
  CHECK(s.failure_run == 1);
  CHECK(s.success_run == most);  // still without a success
  for (std::uint32_t i = 2; i != 1000; ++i) {
    s = after(s, i % 2 == 0 ? report::success : report::degradation, 1, 1000 + i, p, false, calm);
    REQUIRE(s.in_a_row() == 1);
    REQUIRE(s.failure_run == (i < most ? i : most));
    REQUIRE(s.now == (i < most ? status::unhealthy : status::degraded));
  }
}

TEST_CASE("how often the last report was made in a row") {
  component_state s;
  CHECK(s.in_a_row() == 0);
  const std::string_view said = "sssdddfffssdfdffdds";
  for (std::size_t i = 0; i != said.size(); ++i) {
    s = s.with(all_reports[std::string_view{"sdf"}.find(said[i])]);
    const std::size_t other = said.substr(0, i).find_last_not_of(said[i]);
    CHECK(s.in_a_row() == (other == std::string_view::npos ? i + 1 : i - other));
  }
}

/// The statuses after each report of a text, one a second: s, d, f; a dot is a second without one.
std::string after_each(std::string_view reports, const component_policy& p, bool in_grace = false) {
  component_state s;
  std::string out;
  std::uint64_t now = 0;
  for (const char c : reports) {
    if (c != '.') {
      s = after(s, all_reports[std::string_view{"sdf"}.find(c)], 1, now, p, in_grace, calm);
    }
    out += letters[static_cast<std::size_t>(settled(s, now, p, calm).now)];
    now += 1000;
  }
  return out;
}

TEST_CASE("the first report is believed alone") {
  const component_policy p{.fall = 3, .rise = 4, .dwell = 100'000};
  CHECK(after_each("s", p) == "h");
  CHECK(after_each("d", p) == "d");
  CHECK(after_each("f", p) == "u");
}

TEST_CASE("one report is enough where nothing else was asked for") {
  CHECK(after_each("sfsfdsd", {}) == "huhudhd");
}

TEST_CASE("fall: so many failures make it unhealthy, so many without a success at least degraded") {
  const component_policy p{.fall = 3};
  CHECK(after_each("sffsffsfff", p) == "hhhhhhhhhu");
  CHECK(after_each("sdddfff", p) == "hhhdddu");
  CHECK(after_each("sfdfdfd", p) == "hhhdddd");  // of neither kind three in a row, and no success
  CHECK(after_each("sffd", p) == "hhhd");
  CHECK(after_each("sddf", p) == "hhhd");
  CHECK(after_each("sfdffdfff", p) == "hhhdddddu");
  CHECK(after_each("sfdsfdsdfs", p) == "hhhhhhhhhh");  // a success in between
  CHECK(after_each("sdfdfdfdf", {.fall = 2}) == "hhddddddd");
}

TEST_CASE("rise: so many successes make it healthy, so many without a failure lift it to degraded") {
  const component_policy p{.rise = 3};
  CHECK(after_each("fssfssfsss", p) == "uuuuuuuuuh");
  CHECK(after_each("fdddsss", p) == "uuudddh");
  CHECK(after_each("fsdsdsd", p) == "uuudddd");
  CHECK(after_each("fssdsss", p) == "uuudddh");
  CHECK(after_each("fsdfdsfss", p) == "uuuuuuuuu");  // a failure in between
  CHECK(after_each("fdss", p) == "uuud");
  CHECK(after_each("dsfs", p) == "dduu");  // a failure is believed at once
}

/// How many reports at the end of a text are among some.
std::size_t run_of(std::string_view text, std::string_view some) {
  const std::size_t last = text.find_last_not_of(some);
  return text.size() - (last == std::string_view::npos ? 0 : last + 1);
}

TEST_CASE("every sequence of 8 reports, with each fall and rise up to 4") {
  for (std::uint32_t fall = 1; fall != 5; ++fall) {
    for (std::uint32_t rise = 1; rise != 5; ++rise) {
      for (int number = 0; number != 6561; ++number) {
        std::string said;
        std::string expected_statuses;
        for (int rest = number; said.size() != 8; rest /= 3) {
          said += "sdf"[rest % 3];
          // healthy 1, degraded 2, unhealthy 3: no better than what fails allows, no worse than what works does
          std::size_t now = said.size() == 1 ? "sdf"sv.find(said[0]) + 1 : letters.find(expected_statuses.back());
          if (said.size() != 1) {
            now = run_of(said, "s") >= rise ? 1 : run_of(said, "sd") >= rise ? std::min<std::size_t>(now, 2) : now;
            now = run_of(said, "f") >= fall ? 3 : run_of(said, "df") >= fall ? std::max<std::size_t>(now, 2) : now;
          }
          expected_statuses += letters[now];
        }
        REQUIRE_MESSAGE(after_each(said, {.fall = fall, .rise = rise}) == expected_statuses, said);
      }
    }
  }
}

TEST_CASE("dwell: it stays as it is before it becomes better, not before it becomes worse") {
  const component_policy p{.dwell = 3000};
  CHECK(after_each("fs...", p) == "uuuhh");  // without a further report
  CHECK(after_each("f..s", p) == "uuuh");
  CHECK(after_each("f...s", p) == "uuuuh");
  CHECK(after_each("fss.f..s.", p) == "uuuhuuuhh");
  CHECK(after_each("sf", p) == "hu");
  CHECK(after_each("f.d...s", p) == "uuudddh");  // for each step
  CHECK(after_each("fsf..s", p) == "uuuuuh");    // a failure in between takes the success back, and is no change
}

TEST_CASE("dwell and rise are both asked for") {
  const component_policy p{.rise = 2, .dwell = 3000};
  CHECK(after_each("fs..s", p) == "uuuuh");
  CHECK(after_each("fss.", p) == "uuuh");
  CHECK(after_each("fs...", p) == "uuuuu");
}

TEST_CASE("an improvement that waits is what the reports so far say, once its wait is over") {
  const component_policy p{.fall = 2, .rise = 2, .dwell = 5000};
  CHECK(after_each("fds...", p) == "uuuuud");              // two without a failure
  CHECK(after_each("fdss..", p) == "uuuuuh");              // two successes meanwhile
  CHECK(after_each("fsds.......", p) == "uuuuudddddd");    // one success is not two, however long ago
  CHECK(after_each("fdsf......", p) == "uuuuuuuuuu");      // a failure takes it back
  CHECK(after_each("fssd......", p) == "uuuuuddddd");      // so does a degradation, in part
  CHECK(after_each("fds..s....s.", p) == "uuuuudddddhh");  // each step has a dwell of its own
}

TEST_CASE("an improvement that waited is as old as the end of its wait") {
  const component_policy p{.dwell = 3000};
  component_state s = after({}, report::failure, 5, 10'000, p, false, calm);
  s = after(s, report::success, 0, 11'000, p, false, calm);
  CHECK(s.now == status::unhealthy);
  CHECK(s.reason == 5);
  CHECK(settled(s, 12'999, p, calm) == s);
  const component_state later = settled(s, 50'000, p, calm);
  CHECK(later.now == status::healthy);
  CHECK(later.since == 13'000);
  CHECK(later.reason == 0);
  CHECK(settled(s, 50'000, p, {.calm = true, .since = 40'000}).since == 40'000);
  CHECK(settled(later, 60'000, p, calm) == later);  // once is enough
  CHECK(after(s, report::failure, 6, 50'000, p, false, calm).since == 50'000);
}

TEST_CASE("flapping: it does not become better, and does become worse") {
  component_state s = after({}, report::degradation, 1, 0, {}, false, calm);
  CHECK(after(s, report::success, 0, 1, {}, false, restless).now == status::degraded);
  CHECK(after(s, report::failure, 2, 1, {}, false, restless).now == status::unhealthy);
  s = after(s, report::success, 0, 1, {}, false, restless);
  CHECK(settled(s, 1000, {}, restless) == s);
  CHECK(settled(s, 1000, {}, {.calm = true, .since = 900}).now == status::healthy);
  CHECK(after({}, report::success, 0, 1, {}, false, restless).now == status::healthy);  // nothing to be better than
}

TEST_CASE("grace: a failure leaves unknown what was") {
  CHECK(after_each("f", {}, true) == "?");
  CHECK(after_each("ffff", {}, true) == "????");
  CHECK(after_each("fs", {}, true) == "?h");
  CHECK(after_each("fd", {}, true) == "?d");
  CHECK(after_each("sf", {}, true) == "hu");
  component_state s = after({}, report::failure, 9, 5, {}, true, calm);
  CHECK(s.reason == 9);
  CHECK(after(s, report::failure, 9, 6, {.fall = 5}, false, calm).now == status::unhealthy);
  CHECK(settled(s, 1'000'000, {}, calm) == s);  // the end of grace alone changes nothing
}

TEST_CASE("the reason is that of the last report that was no success, until it is healthy") {
  const component_policy p{.fall = 2, .rise = 2};
  component_state s = after({}, report::failure, 1, 0, p, false, calm);
  CHECK(s.reason == 1);
  s = after(s, report::failure, 2, 1, p, false, calm);
  CHECK(s.reason == 2);
  s = after(s, report::success, 0, 2, p, false, calm);
  CHECK(s.reason == 2);
  s = after(s, report::success, 0, 3, p, false, calm);
  CHECK(s.reason == 0);
  CHECK(s.since == 3);
  s = after(s, report::failure, 3, 4, p, false, calm);
  CHECK(s.now == status::healthy);
  s = after(s, report::success, 0, 5, p, false, calm);
  CHECK(s.reason == 0);
  s = after(s, report::degradation, 0, 6, p, false, calm);
  s = after(s, report::degradation, 0, 7, p, false, calm);
  CHECK(s.now == status::degraded);
  CHECK(s.reason == 0);  // nobody said
}

TEST_CASE("a clock that steps back holds nothing for as long as it was ahead") {
  const component_policy p{.dwell = 3000};
  component_state s = after({}, report::failure, 1, 1'000'000'000, p, false, calm);
  CHECK(after(s, report::success, 0, 999'999'000, p, false, calm).now == status::unhealthy);  // a moment: it waits
  s = after(s, report::success, 0, 5000, p, false, calm);
  CHECK(s.now == status::healthy);
  CHECK(s.since == 5000);
  s = after({}, report::failure, 1, 1'000'000'000, p, false, calm);
  s = after(s, report::success, 0, 1'000'000'001, p, false, calm);
  CHECK(settled(s, 5000, p, calm).since == 5000);
  CHECK(vitals::detail::elapsed(10, 5) == 0);
}

TEST_CASE("names") {
  CHECK(vitals::name_of(status::unknown) == "unknown");
  CHECK(vitals::name_of(status::healthy) == "healthy");
  CHECK(vitals::name_of(status::degraded) == "degraded");
  CHECK(vitals::name_of(status::unhealthy) == "unhealthy");
}

}  // namespace component_state_tests
