#include <vitals/expose/conflict.hpp>

#include <initializer_list>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include <vitals/metric/buckets.hpp>
#include <vitals/metric/counter.hpp>
#include <vitals/metric/gauge.hpp>
#include <vitals/metric/histogram.hpp>
#include <vitals/metric/info.hpp>
#include <vitals/metric/summary.hpp>
#include <vitals/registry/registry.hpp>

namespace conflict_tests {

struct jobs : vitals::counter<"jobs_total", "Jobs.", vitals::label<"kind", bool>> {};
struct jobs_now : vitals::gauge<"jobs", "Jobs."> {};
struct sizes : vitals::histogram<"sizes", "Sizes.", vitals::buckets::of<1>> {};
struct sizes_max : vitals::gauge<"sizes_max", "Sizes."> {};
struct more_sizes : vitals::summary<"sizes", "Sizes."> {};
struct build : vitals::info<"build_info", "Build.", vitals::constant<"a", "b">> {};
struct builds : vitals::gauge<"build", "Builds."> {};

template <class... Metrics>
vitals::source_ref of(std::string_view prefix = {}, std::span<const vitals::constant_label> labels = {}) {
  vitals::source_ref source = vitals::registry<Metrics...>::source();
  source.prefix = prefix;
  source.labels = labels;
  return source;
}

/// What is said of sources; empty where they fit.
std::string conflict(std::initializer_list<vitals::source_ref> sources) {
  try {
    vitals::detail::refuse_conflicts({sources.begin(), sources.size()});
  } catch (const std::invalid_argument& refused) {
    return refused.what();
  }
  return {};
}

const std::string taken = ": a family of that name is exposed already: rename one, give it a prefix, or expose it once";

TEST_CASE("sources whose names differ fit one page") {
  CHECK(conflict({}).empty());
  CHECK(conflict({of<>(), of<>()}).empty());
  CHECK(conflict({of<jobs, sizes>(), of<sizes_max, builds>()}).empty());
  CHECK(conflict({of<jobs>(), of<jobs>("a_"), of<jobs>("c_")}).empty());
}

TEST_CASE("a name, a stem or a sample's name that is taken is refused, and the family named") {
  CHECK(conflict({of<sizes>(), of<jobs>(), of<jobs>()}) == "vitals: cannot expose the family jobs_total" + taken);
  CHECK(conflict({of<jobs>(), of<jobs_now>()}) == "vitals: cannot expose the family jobs_total" + taken);
  CHECK(conflict({of<builds>(), of<build>()}) == "vitals: cannot expose the family build" + taken);
  CHECK(conflict({of<sizes>(), of<more_sizes>()}) == "vitals: cannot expose the family sizes" + taken);
  CHECK(conflict({of<jobs_now>("sizes_"), of<jobs>("a_"), of<jobs>("a_")}) ==
        "vitals: cannot expose the family a_jobs_total" + taken);
  // a prefix and a name together are a name
  struct c_jobs : vitals::gauge<"c_jobs", "Jobs."> {};
  CHECK(conflict({of<c_jobs>("a_"), of<jobs_now>("a_c_")}) == "vitals: cannot expose the family a_c_jobs" + taken);
}

TEST_CASE("what says since when something counts is a name of its own, asked for or not") {
  struct jobs_created : vitals::counter<"jobs_created_total", "Jobs made."> {};
  struct sizes_created : vitals::info<"sizes_created_info", "Sizes.", vitals::constant<"a", "b">> {};
  CHECK(conflict({of<jobs>(), of<jobs_created>()}) == "vitals: cannot expose the family jobs_total" + taken);
  CHECK(conflict({of<jobs>("a_"), of<jobs_created>()}).empty());
  CHECK(conflict({of<sizes>(), of<sizes_created>()}) == "vitals: cannot expose the family sizes" + taken);
  CHECK(conflict({of<more_sizes>(), of<sizes_created>()}) == "vitals: cannot expose the family sizes" + taken);
  CHECK(conflict({of<builds>(), of<jobs_created>()}).empty());
}

TEST_CASE("a prefix is a name") {
  CHECK(conflict({of<jobs>("lib")}).empty());
  for (const std::string_view bad : {"1", "a b", "a-", "a:", "\xC3\xA9"}) {
    CHECK(conflict({of<jobs>(bad)}).find("its prefix is made of") != std::string::npos);
  }
}

TEST_CASE("a constant label has a legal name that no other label has, and a value in UTF-8") {
  const auto with = [](std::vector<vitals::constant_label> labels) { return conflict({of<jobs>("", labels)}); };
  CHECK(with({{"shard", "3"}, {"zone", ""}}).empty());
  for (const std::string_view bad : {"", "1", "a-b", "__x", "le", "quantile"}) {
    CHECK(with({{bad, "3"}}).find("a constant label's name") != std::string::npos);
  }
  CHECK(with({{"kind", "3"}}) == "vitals: cannot expose the family jobs_total: two of its labels have the same name");
  CHECK(with({{"a", "3"}, {"b", ""}, {"a", "4"}}).find("the same name") != std::string::npos);
  CHECK(with({{"a", "\xFF"}}).find("UTF-8") != std::string::npos);
}

}  // namespace conflict_tests
