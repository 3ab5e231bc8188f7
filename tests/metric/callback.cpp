#include <vitals/metric/callback.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include <vitals/expose/scrape.hpp>
#include <vitals/metric/counter.hpp>
#include <vitals/registry/registry.hpp>

namespace callback_tests {

using namespace std::chrono_literals;

enum class zone { eu, us };
using rooms = vitals::one_of<"hall", "attic", "cellar">;

int signed_depth() {
  return -7;
}
std::uint64_t count() {
  return ~std::uint64_t{0};
}
bool is_up() noexcept {
  return true;
}
std::chrono::milliseconds age() {
  return 1500ms;
}
float warmth(bool inside, rooms::value room, zone z) {
  return static_cast<float>((inside ? 100 : 0) + 10 * static_cast<int>(room.index) + static_cast<int>(z));
}
double total = 0;
double a_total() {
  return total;
}
int signed_total = 0;
int a_signed_total() {
  return signed_total;
}
int throws_for = -1;
int calls = 0;
int sometimes(zone z) {
  ++calls;
  if (static_cast<int>(z) == throws_for) {
    throw std::runtime_error{"not now"};
  }
  return 5;
}

struct depth : vitals::callback<"call_depth", "Depth.", &signed_depth> {};
struct counts : vitals::callback<"call_counts_total", "Counts.", &count> {};
struct up : vitals::callback<"call_up", "Up.", &is_up> {};
struct oldest : vitals::callback<"call_age_seconds", "Age.", &age> {};
struct rooms_warmth : vitals::callback<"call_room_celsius", "Warmth.", &warmth, vitals::label<"inside", bool>,
                                       vitals::label<"room", rooms>, vitals::label<"zone", zone>> {};
namespace {  // of this file alone, as its lambda is
struct lambda : vitals::callback<"call_lambda", "A lambda.", [] { return 0.5; }> {};
}  // namespace
struct totals : vitals::callback<"call_joules_total", "Total.", &a_total> {};
struct signed_totals : vitals::callback<"call_signed_total", "Total.", &a_signed_total> {};
struct partly : vitals::callback<"call_partly", "Partly.", &sometimes, vitals::label<"zone", zone>> {};
struct plain : vitals::counter<"call_plain_total", "A counter."> {};
using metrics = vitals::registry<depth, counts, plain, up, oldest, rooms_warmth, lambda, totals, signed_totals, partly>;

bool has(const std::string& page, std::string_view line) {
  return ("\n" + page).find("\n" + std::string{line} + "\n") != std::string::npos;
}

TEST_CASE("a function gives the value at each scrape: numbers of any kind, and durations in seconds") {
  metrics::get<plain>().inc(4U);
  const std::string page = vitals::scrape<metrics>();
  CHECK(has(page, "call_depth -7"));
  CHECK(has(page, "# TYPE call_depth gauge"));
  CHECK(has(page, "call_counts_total 18446744073709551615"));
  CHECK(has(page, "# TYPE call_counts_total counter"));
  CHECK(has(page, "call_plain_total 4"));
  CHECK(has(page, "call_up 1"));
  CHECK(has(page, "call_age_seconds 1.5"));
  CHECK(has(page, "call_lambda 0.5"));
}

TEST_CASE("it is called for each series with the labels' values") {
  const std::string page = vitals::scrape<metrics>();
  CHECK(has(page, "call_room_celsius{inside=\"false\",room=\"hall\",zone=\"eu\"} 0"));
  CHECK(has(page, "call_room_celsius{inside=\"false\",room=\"hall\",zone=\"us\"} 1"));
  CHECK(has(page, "call_room_celsius{inside=\"false\",room=\"cellar\",zone=\"us\"} 21"));
  CHECK(has(page, "call_room_celsius{inside=\"true\",room=\"attic\",zone=\"eu\"} 110"));
  CHECK(has(page, "call_room_celsius{inside=\"true\",room=\"cellar\",zone=\"us\"} 121"));
}

std::string failures(const std::string& page) {
  constexpr std::string_view name = "\nvitals_callback_failures_total ";
  const auto at = page.find(name);
  return at == std::string::npos ? "none" : page.substr(at + name.size(), page.find('\n', at + 1) - at - name.size());
}

TEST_CASE("one that throws loses its own family alone, is counted, and comes back") {
  metrics::reset_after_fork();
  for (const int zone_that_throws : {0, 1}) {
    throws_for = zone_that_throws;
    const std::string page = vitals::scrape<metrics>();
    CHECK(page.find("call_partly") == std::string::npos);
    CHECK(has(page, "call_signed_total 0"));
    CHECK(failures(page) == std::to_string(zone_that_throws + 1));
  }
  throws_for = -1;
  calls = 0;
  const std::string page = vitals::scrape<metrics>();
  CHECK(has(page, "call_partly{zone=\"us\"} 5"));
  CHECK(failures(page) == "2");
  CHECK(calls == 2);
  CHECK(metrics::dropped<partly>().value == 0);
}

TEST_CASE("a counter's callback that gives what no counter is fails; a gauge's may give anything") {
  metrics::reset_after_fork();
  int expected = 0;
  for (const double bad : {-1.0, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    total = bad;
    const std::string page = vitals::scrape<metrics>();
    CHECK(page.find("call_joules_total") == std::string::npos);
    CHECK(failures(page) == std::to_string(++expected));
  }
  total = 2.5;
  signed_total = -1;
  const std::string page = vitals::scrape<metrics>();
  CHECK(has(page, "call_joules_total 2.5"));
  CHECK(page.find("call_signed_total") == std::string::npos);
  CHECK(failures(page) == "4");
  signed_total = 3;
  CHECK(has(vitals::scrape<metrics>(), "call_signed_total 3"));
  metrics::reset_after_fork();
}

}  // namespace callback_tests
