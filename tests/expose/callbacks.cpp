#include <vitals/expose/callbacks.hpp>

#include <chrono>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>

#include <doctest/doctest.h>

#include <vitals/expose/openmetrics.hpp>
#include <vitals/expose/page.hpp>
#include <vitals/expose/prometheus.hpp>

namespace callbacks_tests {

using namespace std::chrono_literals;

template <class Format = vitals::prometheus_text>
std::string page_of(const vitals::callbacks& calls) {
  const vitals::source_ref source = calls.source();
  vitals::page page{Format::format, {&source, 1}};
  std::string out;
  page.render(out);
  return out;
}

TEST_CASE("functions give gauges and counters, of any kind of number, and durations") {
  vitals::callbacks calls;
  int depth = -3;
  calls.gauge("calls_depth", "Depth.", [&depth] { return depth; });
  calls.counter("calls_taken_total", "Taken.", [n = 0UL]() mutable { return ++n; });
  calls.gauge("calls_age_seconds", "Age.", [] { return 1500ms; });
  calls.gauge("calls_load_ratio", "Load.", [owned = std::make_unique<double>(0.5)] { return *owned; });
  CHECK(page_of<vitals::openmetrics_text>(calls) == R"(# TYPE calls_depth gauge
# HELP calls_depth Depth.
calls_depth -3
# TYPE calls_taken counter
# HELP calls_taken Taken.
calls_taken_total 1
# TYPE calls_age_seconds gauge
# UNIT calls_age_seconds seconds
# HELP calls_age_seconds Age.
calls_age_seconds 1.5
# TYPE calls_load_ratio gauge
# UNIT calls_load_ratio ratio
# HELP calls_load_ratio Load.
calls_load_ratio 0.5
# TYPE vitals_callback_failures counter
# HELP vitals_callback_failures Callbacks that threw, or gave a counter what it cannot be: their families were left out of a scrape.
vitals_callback_failures_total 0
# EOF
)");
  depth = 8;
  CHECK(page_of(calls).find("\ncalls_depth 8\n") != std::string::npos);
  CHECK(page_of(calls).find("\ncalls_taken_total 3\n") != std::string::npos);
}

TEST_CASE("one that throws, or gives a counter what it cannot be, loses its own family, and is counted") {
  vitals::callbacks calls;
  bool broken = true;
  double total = std::numeric_limits<double>::quiet_NaN();
  calls.gauge("calls_one", "One.", [&broken] { return broken ? throw 1 : 1; });
  calls.counter("calls_two_joules_total", "Two.", [&total] { return total; });
  calls.gauge("calls_three", "Three.", [] { return std::numeric_limits<double>::quiet_NaN(); });
  std::string page = page_of(calls);
  CHECK(page.starts_with("# HELP calls_three Three.\n# TYPE calls_three gauge\ncalls_three NaN\n"));
  CHECK(page.ends_with("\nvitals_callback_failures_total 2\n"));
  broken = false;
  total = -1;
  page = page_of(calls);
  CHECK(page.find("\ncalls_one 1\n") != std::string::npos);
  CHECK(page.find("calls_two") == std::string::npos);
  CHECK(page.ends_with("\nvitals_callback_failures_total 3\n"));
  total = 0.25;
  CHECK(page_of(calls).find("\ncalls_two_joules_total 0.25\n") != std::string::npos);
}

TEST_CASE("what is wrong with a name or a help is said, and nothing added") {
  vitals::callbacks calls;
  const auto one = [] { return 1; };
  calls.gauge("calls_fine", "Fine.", one);
  CHECK_THROWS_WITH_AS(calls.gauge("1st", "X.", one),
                       "vitals::callbacks: cannot add \"1st\": a name is made of a-z, 0-9 and _, and does not start "
                       "with a digit",
                       std::invalid_argument);
  CHECK_THROWS_AS(calls.gauge("", "X.", one), std::invalid_argument);
  CHECK_THROWS_AS(calls.gauge("Depth", "X.", one), std::invalid_argument);
  CHECK_THROWS_AS(calls.gauge("a_total", "X.", one), std::invalid_argument);
  CHECK_THROWS_AS(calls.counter("a", "X.", one), std::invalid_argument);
  CHECK_THROWS_AS(calls.gauge("a_count", "X.", one), std::invalid_argument);
  CHECK_THROWS_AS(calls.gauge("a", "", one), std::invalid_argument);
  CHECK_THROWS_AS(calls.gauge("a", "\xFF", one), std::invalid_argument);
  CHECK_THROWS_AS(calls.gauge("a", "X.", [] { return 1s; }), std::invalid_argument);
  CHECK_THROWS_AS(calls.gauge("calls_fine", "X.", one), std::invalid_argument);
  CHECK(page_of(calls).starts_with("# HELP calls_fine Fine.\n# TYPE calls_fine gauge\ncalls_fine 1\n# HELP vitals_"));
  CHECK_THROWS_AS(calls.gauge("calls_late", "X.", one), std::logic_error);
}

TEST_CASE("none at all is an empty source") {
  const vitals::callbacks calls;
  CHECK(page_of(calls).empty());
}

}  // namespace callbacks_tests
