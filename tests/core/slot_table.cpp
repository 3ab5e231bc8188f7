#include <vitals/core/slot_table.hpp>

#include <cstdint>
#include <string>
#include <utility>

#include <doctest/doctest.h>

namespace slot_table_tests {

namespace abi = vitals::detail::abi;
using vitals::detail::find_slot_table;
using vitals::detail::hide_text;
using vitals::detail::intern_text;
using vitals::detail::is_slot_shown;
using vitals::detail::text_of_slot;

TEST_CASE("a table is one for each name and size") {
  abi::slot_table& one = find_slot_table("table_name", 3);
  CHECK(&one == &find_slot_table(std::string{"table_name"}, 3));
  CHECK(&one != &find_slot_table("table_name", 4));
  CHECK(&one != &find_slot_table("table_nam", 3));
  CHECK(one.capacity == 3);
  CHECK(one.entry_mask == 7);
}

TEST_CASE("all slots are found again, however the hashes fall") {
  for (const std::uint32_t capacity : {1U, 2U, 7U, 64U, 1000U}) {
    abi::slot_table& table = find_slot_table("fill", capacity);
    const auto text = [](std::uint32_t i) { return "text " + std::to_string(i); };
    for (std::uint32_t i = 0; i != capacity; ++i) {
      CHECK(intern_text(table, text(i)) == i);
    }
    for (std::uint32_t i = capacity; i != 2 * capacity; ++i) {
      CHECK(intern_text(table, text(i)) == capacity);
    }
    for (std::uint32_t i = 0; i != capacity; ++i) {
      CHECK(intern_text(table, text(i)) == i);
      CHECK(text_of_slot(table, i) == text(i));
    }
    CHECK(table.used.load() == capacity);
    CHECK(table.refused_full.load() == capacity);
    CHECK(table.refused_text.load() == 0);
  }
}

TEST_CASE("a change is told once") {
  abi::slot_table& table = find_slot_table("changes", 2);
  auto changes = [before = abi::the_directory.slot_changes.load()]() mutable {
    const std::uint64_t now = abi::the_directory.slot_changes.load();
    return now - std::exchange(before, now);
  };
  const std::uint32_t a = intern_text(table, "a");
  CHECK(changes() == 1);
  CHECK(is_slot_shown(table, a));
  CHECK_FALSE(is_slot_shown(table, table.capacity));
  intern_text(table, "a");
  CHECK(changes() == 0);
  CHECK(hide_text(table, "a"));
  CHECK_FALSE(hide_text(table, "a"));
  CHECK(changes() == 1);
  CHECK_FALSE(is_slot_shown(table, a));
  CHECK(intern_text(table, "a") == a);
  CHECK(changes() == 1);
  intern_text(table, "");
  intern_text(table, "\x80");
  intern_text(table, "other");
  CHECK(changes() == 1);
  CHECK(is_slot_shown(table, table.capacity));
  CHECK(table.refused_text.load() == 2);
}

}  // namespace slot_table_tests
