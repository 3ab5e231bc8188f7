#include <vitals/metric/family.hpp>

#include <cstdint>

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

}  // namespace family_tests
