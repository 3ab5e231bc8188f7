#include <vitals/expose/ratio.hpp>

#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>

#include <doctest/doctest.h>
#include <allocations.hpp>

#include <vitals/expose/json.hpp>
#include <vitals/expose/prometheus.hpp>
#include <vitals/expose/scrape.hpp>
#include <vitals/metric/callback.hpp>
#include <vitals/metric/counter.hpp>
#include <vitals/metric/real_counter.hpp>
#include <vitals/registry/registry.hpp>

namespace ratio_tests {

enum class method { get, post };
enum class outcome { ok, error, timeout };

bool broken = false;
std::uint64_t asked() {
  return broken ? throw std::runtime_error{"not now"} : 8;
}

struct requests : vitals::counter<"ratio_requests_total", "Requests.", vitals::label<"method", method>,
                                  vitals::label<"outcome", outcome>, vitals::label<"cached", bool>> {};
struct hits : vitals::counter<"ratio_hits_total", "Hits."> {};
struct lookups : vitals::counter<"ratio_lookups_total", "Look-ups.", vitals::shared, vitals::label<"cached", bool>> {};
struct used : vitals::real_counter<"ratio_used_joules_total", "Used."> {};
struct questions : vitals::callback<"ratio_questions_total", "Questions.", &asked> {};
using metrics = vitals::registry<questions, requests, hits, lookups, used>;

struct success
    : vitals::ratio_of<"ratio_success_ratio", "Well done.", vitals::where<requests, "outcome", "ok">, requests> {};
struct posts : vitals::ratio_of<"ratio_posts_ratio", "Posts.", vitals::where<requests, "method", "post">, requests> {};
struct uncached
    : vitals::ratio_of<"ratio_uncached_ratio", "Uncached.", vitals::where<requests, "cached", "false">, requests> {};
struct hit : vitals::ratio_of<"ratio_hit_ratio", "Hits.", hits, lookups> {};
struct effort : vitals::ratio_of<"ratio_effort_ratio", "Energy for a hit.", used, hits> {};
struct answered : vitals::ratio_of<"ratio_answered_ratio", "Answered.", hits, questions> {};
using all = vitals::with_ratios<metrics, success, posts, uncached, hit, effort, answered>;

static_assert(vitals::source<all>);
static_assert(vitals::source<vitals::with_ratios<metrics>>);

/// The number that stands behind a sample's name.
std::string value_of(const std::string& name) {
  const std::string page = vitals::scrape<all>();
  const auto at = page.find('\n' + name + ' ');
  REQUIRE(at != std::string::npos);
  const auto start = at + name.size() + 2;
  return page.substr(start, page.find('\n', start) - start);
}

void fill() {
  metrics::reset_after_fork();
  broken = false;
  metrics::get<requests>(method::get, outcome::ok, true).inc(60U);
  metrics::get<requests>(method::get, outcome::error, false).inc(25U);
  metrics::get<requests>(method::post, outcome::ok, false).inc(10U);
  metrics::get<requests>(method::post, outcome::timeout, true).inc(5U);
  metrics::get<requests>(method::post, static_cast<outcome>(9), true).inc(1000U);  // dropped: of no series
  metrics::get<hits>().inc(6U);
  metrics::get<lookups>(false).inc(3U);
  metrics::get<lookups>(true).inc(21U);
  metrics::get<used>().add(1.5);
}

TEST_CASE("a ratio is of some series of a counter, or of all of them") {
  fill();
  CHECK(value_of("ratio_success_ratio") == "0.7");
  CHECK(value_of("ratio_posts_ratio") == "0.15");
  CHECK(value_of("ratio_uncached_ratio") == "0.35");
  CHECK(value_of("ratio_hit_ratio") == "0.25");
  CHECK(value_of("ratio_effort_ratio") == "0.25");
  CHECK(value_of("ratio_answered_ratio") == "0.75");
}

TEST_CASE("a ratio to nothing, or of what is absent, is no number") {
  fill();
  broken = true;
  CHECK(value_of("ratio_answered_ratio") == "NaN");
  CHECK(value_of("ratio_hit_ratio") == "0.25");
  metrics::reset_after_fork();
  CHECK(value_of("ratio_success_ratio") == "NaN");
  metrics::get<used>().add(1);
  CHECK(value_of("ratio_effort_ratio") == "NaN");
  metrics::get<requests>(method::get, outcome::error, true).inc();
  CHECK(value_of("ratio_success_ratio") == "0");
}

TEST_CASE("ratios stand behind the registry's own families, in every format") {
  fill();
  const std::string plain = vitals::scrape<metrics>();
  const std::string page = vitals::scrape<vitals::with_ratios<metrics, hit>>();
  const auto drops = plain.find("# HELP vitals_dropped_total");
  REQUIRE(drops != std::string::npos);
  CHECK(page == plain.substr(0, drops) +
                    "# HELP ratio_hit_ratio Hits.\n# TYPE ratio_hit_ratio gauge\nratio_hit_ratio 0.25\n" +
                    plain.substr(drops));
  const vitals::source_ref source = all::source();
  vitals::page json{vitals::json_text::format, {&source, 1}};
  std::string out;
  json.render(out);
  CHECK(out.find(R"(
{"name":"ratio_success_ratio","type":"gauge","help":"Well done.","unit":"ratio","series":[{"labels":{},"value":0.7}]},
)") != std::string::npos);
#if VITALS_TESTS_COUNT_ALLOCATIONS
  const std::size_t warm = allocations;
  json.render(out);
  CHECK(allocations == warm);
#endif
}

TEST_CASE("a registry is exposed with its ratios or without them, not both ways on one page") {
  CHECK_THROWS_AS((static_cast<void>(vitals::scrape<metrics, all>())), std::invalid_argument);
}

}  // namespace ratio_tests
