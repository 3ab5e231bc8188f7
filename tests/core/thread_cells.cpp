#include <vitals/core/thread_cells.hpp>

#include <cstdint>
#include <thread>

#include <doctest/doctest.h>

namespace thread_cells_tests {

namespace abi = vitals::detail::abi;

constexpr abi::run runs[] = {
    {.kind = abi::summing::integers, .first = 0, .sets = 8, .stride = 1, .width = 1, .may_fall = false},
    {.kind = abi::summing::integers, .first = 8, .sets = 8, .stride = 1, .width = 1, .may_fall = false}};

/// All that thread_cells asks of a registry.
struct eight_cells {
  static constexpr vitals::detail::image image{
      .key = 0x7E57'1001, .thread_cells = 8, .shared_cells = 8, .runs = runs, .run_count = 2};
};
struct eight_other_cells {
  static constexpr vitals::detail::image image{
      .key = 0x7E57'1002, .thread_cells = 8, .shared_cells = 8, .runs = runs, .run_count = 2};
};

template <class Registry>
std::uint64_t total(std::uint32_t at) {
  std::uint64_t out[16] = {};
  vitals::detail::sum_cells(vitals::detail::thread_cells<Registry>::record(), out);
  return out[at];
}

TEST_CASE("a thread has no cells before its first touch, and the same ones ever after") {
  using cells = vitals::detail::thread_cells<eight_cells>;
  std::thread{[] {
    CHECK(cells::mine == nullptr);
    cells::add(2, std::uint64_t{5});
    vitals::detail::cell* const mine = cells::mine;
    CHECK(mine != nullptr);
    CHECK(mine[2].load() == 5);
    CHECK(cells::attach() == mine);
    cells::add(2, std::uint64_t{1});
    CHECK(cells::mine == mine);
    CHECK(mine[2].load() == 6);
    CHECK(total<eight_cells>(2) == 6);
  }}.join();
  CHECK(total<eight_cells>(2) == 6);
}

TEST_CASE("two threads have two sets of cells, and two registries two more") {
  using cells = vitals::detail::thread_cells<eight_other_cells>;
  vitals::detail::cell* const mine = cells::attach();
  std::thread{[mine] {
    CHECK(cells::attach() != mine);
    CHECK(vitals::detail::thread_cells<eight_cells>::attach() != cells::mine);
  }}.join();
  CHECK(cells::mine == mine);
}

TEST_CASE("the shared cells are the same for every thread") {
  using cells = vitals::detail::thread_cells<eight_cells>;
  vitals::detail::cell* const common = cells::common();
  std::thread{[common] {
    CHECK(cells::common() == common);
    common[1] = 9;
  }}.join();
  CHECK(total<eight_cells>(8 + 1) == 9);
  cells::store_first(1, 4);
  CHECK(total<eight_cells>(8 + 1) == 4);
}

/// Touches the cells when its thread ends, after their own end where it was made before them.
struct late_touch {
  static inline bool was_late = false;
  ~late_touch() {
    was_late = vitals::detail::thread_cells<eight_cells>::attach() == nullptr;
    vitals::detail::thread_cells<eight_cells>::add(5, std::uint64_t{3});
  }
};

TEST_CASE("a touch after the end of a thread's cells is not lost") {
  using cells = vitals::detail::thread_cells<eight_cells>;
  std::thread{[] {
    thread_local late_touch late;
    static_cast<void>(&late);
    cells::add(5, std::uint64_t{1});
  }}.join();
  CHECK(late_touch::was_late);
  CHECK(total<eight_cells>(5) == 4);
  CHECK(cells::record().retired[5].load() == 4);
}

}  // namespace thread_cells_tests
