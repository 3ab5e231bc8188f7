#include <vitals/metric/family.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include <vitals/metric/counter.hpp>
#include <vitals/registry/registry.hpp>

namespace family_tests {

struct ticks : vitals::counter<"family_ticks_total", "Ticks."> {};

/// All that a source needs.
struct hand_made {
  static constexpr vitals::source_ref source() noexcept { return {.families = {}, .cells = 0, .read = &nothing}; }
  static void nothing(const void*, std::uint64_t*) noexcept {}
};
struct may_throw {
  static vitals::source_ref source() { return {}; }
};
struct of_another_type {
  static int source() noexcept { return 0; }
};
struct for_an_object {
  vitals::source_ref source() noexcept { return {}; }
};

static_assert(vitals::source<vitals::registry<ticks>>);
static_assert(vitals::source<hand_made>);
static_assert(!vitals::source<may_throw>);
static_assert(!vitals::source<of_another_type>);
static_assert(!vitals::source<for_an_object>);
static_assert(!vitals::source<ticks>);
static_assert(!vitals::source<int>);
static_assert(!vitals::source<void>);

TEST_CASE("a registry is a source: its table of families, and a reading of its cells") {
  using metrics = vitals::registry<ticks>;
  constexpr vitals::source_ref source = metrics::source();
  REQUIRE(source.families.size() == 1);
  const vitals::family& family = source.families[0];
  CHECK(family.name == "family_ticks_total");
  CHECK(family.series == 1);
  CHECK(family.labels.empty());
  CHECK(family.bounds.empty());
  CHECK(family.label_drops.count == 0);
  metrics::get<ticks>().inc(42U);
  std::uint64_t cells[64] = {};
  REQUIRE(source.cells <= 64);
  source.read(source.self, cells);
  CHECK(cells[family.first] == 42);
}

TEST_CASE("a family takes its name, its stem and its samples' names") {
  const auto names_of = [](std::string_view name, vitals::metric_type type) {
    vitals::family f = vitals::registry<ticks>::source().families[0];
    f.name = name;
    f.type = type;
    std::uint64_t hashes[8] = {};
    const std::uint64_t* const end = vitals::detail::hash_names(f, hashes, vitals::detail::hash("lib_"));
    CHECK(static_cast<std::size_t>(end - hashes) == vitals::detail::names_taken(f));
    std::string found;
    for (const std::string_view each :
         {"x", "x_total", "x_info", "x_created", "x_total_created", "x_bucket", "x_count", "x_sum"}) {
      const std::uint64_t hash = vitals::detail::hash("lib_" + std::string{each});
      found += std::find<const std::uint64_t*>(hashes, end, hash) != end ? " " + std::string{each} : "";
    }
    return std::to_string(end - hashes) + ":" + found;
  };
  using vitals::metric_type;
  CHECK(names_of("x_total", metric_type::counter) == "3: x x_total x_created");
  CHECK(names_of("x", metric_type::gauge) == "1: x");
  CHECK(names_of("x", metric_type::histogram) == "5: x x_created x_bucket x_count x_sum");
  CHECK(names_of("x", metric_type::summary) == "4: x x_created x_count x_sum");
  CHECK(names_of("x_info", metric_type::info) == "2: x x_info");
  CHECK(names_of("x", metric_type::state_set) == "1: x");
}

TEST_CASE("a registry tells when its counting began: at its first touch, or its reset") {
  struct tocks : vitals::counter<"family_tocks_total", "Tocks."> {};
  static constexpr vitals::source_ref source = vitals::registry<tocks>::source();
  const auto now = [] { return std::chrono::nanoseconds{std::chrono::system_clock::now().time_since_epoch()}.count(); };
  const auto created = [] { return static_cast<std::int64_t>(source.created(source.self)); };
  const auto before = now();
  vitals::registry<tocks>::get<tocks>().inc();
  const auto touched = now();
  const auto first = created();
  CHECK(first >= before);
  CHECK(first <= touched);
  vitals::registry<tocks>::get<tocks>().inc();
  CHECK(created() == first);
  vitals::registry<tocks>::reset_after_fork();
  CHECK(created() >= touched);
  CHECK(created() <= now());
}

}  // namespace family_tests
