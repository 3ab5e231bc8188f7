#include <vitals/expose/labels.hpp>

#include <cstdint>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include <vitals/metric/counter.hpp>
#include <vitals/metric/state_set.hpp>
#include <vitals/registry/registry.hpp>

namespace labels_tests {

enum class zone { eu, us };
enum class only { on };
enum class phase { up, down };

struct plain : vitals::counter<"labels_plain_total", "Plain."> {};
struct two : vitals::counter<"labels_two_total", "Two.", vitals::label<"zone", zone>, vitals::label<"cached", bool>> {};
struct state : vitals::state_set<"labels_phase", "Phase.", phase, vitals::label<"zone", zone>> {};
struct single : vitals::state_set<"labels_single", "Only one state.", only, vitals::label<"zone", zone>> {};

using metrics = vitals::registry<plain, two, state, single>;

std::string labels_of(const vitals::source_ref& s, std::size_t family, std::uint32_t series) {
  std::string out;
  vitals::detail::each_label(s, s.families[family], series, [&out](std::string_view name, std::string_view value) {
    out += std::string{name} + '=' + std::string{value} + ' ';
  });
  return out;
}

TEST_CASE("the last label changes fastest") {
  const vitals::source_ref s = metrics::source();
  CHECK(labels_of(s, 0, 0).empty());
  CHECK(labels_of(s, 1, 0) == "zone=eu cached=false ");
  CHECK(labels_of(s, 1, 1) == "zone=eu cached=true ");
  CHECK(labels_of(s, 1, 2) == "zone=us cached=false ");
  CHECK(labels_of(s, 1, 3) == "zone=us cached=true ");
}

TEST_CASE("what a source is exposed with stands first; a state's label alone gets the prefix, as its family does") {
  vitals::source_ref s = metrics::source();
  const vitals::constant_label shard[] = {{.name = "shard", .value = "7"}};
  s.prefix = "lib_";
  s.labels = shard;
  CHECK(labels_of(s, 0, 0) == "shard=7 ");
  CHECK(labels_of(s, 1, 3) == "shard=7 zone=us cached=true ");
  CHECK(labels_of(s, 2, 1) == "shard=7 zone=eu lib_labels_phase=down ");
  CHECK(labels_of(s, 3, 1) == "shard=7 zone=us lib_labels_single=on ");
}

}  // namespace labels_tests
