#include <vitals/core/record.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

namespace record_tests {

namespace abi = vitals::detail::abi;
using vitals::detail::cells_of;

// The records made here stay in the process's directory: each case has a key of its own.
constexpr abi::run counts{
    .kind = abi::summing::integers, .first = 0, .sets = 16, .stride = 1, .width = 1, .may_fall = false};
constexpr abi::run sums{
    .kind = abi::summing::reals, .first = 0, .sets = 16, .stride = 1, .width = 1, .may_fall = false};

constexpr vitals::detail::image image_of(std::uint64_t key, const abi::run& run = counts, std::uint32_t shared = 8) {
  return {.key = key, .thread_cells = 16, .shared_cells = shared, .runs = &run, .run_count = 1};
}

std::uint64_t total(abi::record& of) {
  std::uint64_t out[16] = {};
  vitals::detail::sum_run(of, counts, out);
  return out[3];
}

TEST_CASE("one key and layout is one record, another key or layout is another") {
  abi::record& first = vitals::detail::find_record(image_of(0x7E57'0001));
  CHECK(&vitals::detail::find_record(image_of(0x7E57'0001)) == &first);
  CHECK(&vitals::detail::find_record(image_of(0x7E57'0002)) != &first);
  CHECK(&vitals::detail::find_record(image_of(0x7E57'0001, counts, 16)) != &first);
}

TEST_CASE("a new record is all zeros and keeps a copy of the runs") {
  abi::record& record = vitals::detail::find_record(image_of(0x7E57'0003));
  CHECK(record.runs != &counts);
  CHECK(record.runs[0].sets == 16);
  CHECK(record.block_count == 0);
  for (std::size_t i = 0; i != 16; ++i) {
    CHECK(record.retired[i].load() == 0);
  }
  for (std::size_t i = 0; i != 8; ++i) {
    CHECK(record.shared[i].load() == 0);
  }
}

TEST_CASE("what was shown last is kept for sums of doubles only") {
  CHECK(vitals::detail::find_record(image_of(0x7E57'0004)).published == nullptr);
  CHECK(vitals::detail::find_record(image_of(0x7E57'0005, sums)).published != nullptr);
}

TEST_CASE("memory for cells starts on a pair of cache lines and is zero") {
  auto* const cells = vitals::detail::new_array<vitals::detail::cell>(1000);
  REQUIRE(cells != nullptr);
  CHECK(reinterpret_cast<std::uintptr_t>(cells) % 128 == 0);
  std::uint64_t any = 0;
  for (std::size_t i = 0; i != 1000; ++i) {
    any |= cells[i].load();
  }
  CHECK(any == 0);
  std::free(cells);
}

TEST_CASE("blocks leave from anywhere in the list, and their counts stay") {
  abi::record& record = vitals::detail::find_record(image_of(0x7E57'0006));
  abi::block* blocks[4] = {};
  std::uint64_t count = 1;
  for (abi::block*& block : blocks) {
    block = vitals::detail::link_block(record);
    REQUIRE(block != nullptr);
    cells_of(block)[3] = count;
    count *= 10;
  }
  CHECK(record.block_count == 4);
  CHECK(total(record) == 1111);
  vitals::detail::fold_block(record, blocks[2]);  // from the middle
  vitals::detail::fold_block(record, blocks[1]);  // again
  CHECK(record.block_count == 2);
  CHECK(total(record) == 1111);
  cells_of(blocks[3])[3] = 2000;
  CHECK(total(record) == 2111);
  vitals::detail::fold_block(record, blocks[0]);  // the end
  CHECK(record.block_count == 1);
  CHECK(total(record) == 2111);
  cells_of(blocks[3])[3] = 3000;
  CHECK(total(record) == 3111);
  vitals::detail::fold_block(record, blocks[3]);  // the only one
  CHECK(record.block_count == 0);
  CHECK(total(record) == 3111);
}

/// Another thread does it, and ends.
template <class Work>
void elsewhere(Work work) {
  std::thread{work}.join();
}

TEST_CASE("threads that come and go while cells are summed wait for nothing, and nothing is lost or seen twice") {
  abi::record& record = vitals::detail::find_record(image_of(0x7E57'0008));
  abi::block* ends = vitals::detail::link_block(record);
  abi::block* const stays = vitals::detail::link_block(record);
  REQUIRE((ends != nullptr && stays != nullptr));
  for (const std::size_t i : {3U, 12U}) {
    record.retired[i] = 1;
    cells_of(ends)[i] = 10;
    cells_of(stays)[i] = 100;
  }
  std::vector<abi::block*> come;
  std::uint64_t out[16] = {};
  {
    const std::lock_guard lock{abi::the_directory.sums};
    const auto list = vitals::detail::fold_ended(record);
    vitals::detail::sum_sets(record, list, counts, out, 0, 8);
    elsewhere([&] {
      vitals::detail::fold_block(record, ends);
      for (int i = 0; i != 100; ++i) {  // so many that the list is another
        come.push_back(vitals::detail::link_block(record));
        cells_of(come.back())[12] = 1000;
      }
    });
    CHECK(list.blocks != record.blocks);
    CHECK(record.ended == ends);
    CHECK(record.ended_count == 1);
    CHECK(record.block_count == 102);
    vitals::detail::sum_sets(record, list, counts, out, 8, 16);
  }
  CHECK(out[3] == 111);
  CHECK(out[12] == 111);
  CHECK(total(record) == 111);  // which folds what was left behind
  CHECK(record.ended == nullptr);
  CHECK(record.ended_count == 0);
  CHECK(record.block_count == 101);
  CHECK(record.retired[3].load() == 11);
  CHECK(record.retired[12].load() == 11);
  vitals::detail::sum_cells(record, std::vector<std::uint64_t>(24).data());
  for (abi::block* const b : come) {
    vitals::detail::fold_block(record, b);
  }
  vitals::detail::fold_block(record, stays);
  CHECK(record.block_count == 0);
  CHECK(total(record) == 111);
  CHECK(record.retired[12].load() == 100'111);
}

TEST_CASE("a thread that ends folds what others have left behind") {
  abi::record& record = vitals::detail::find_record(image_of(0x7E57'0009));
  std::vector<abi::block*> blocks;
  std::uint64_t all = 0;
  for (std::uint64_t i = 1; i != 8; ++i) {
    blocks.push_back(vitals::detail::link_block(record));
    cells_of(blocks.back())[3] = i;
    all += i;
  }
  {
    const std::lock_guard lock{abi::the_directory.sums};
    elsewhere([&] {
      for (const std::size_t i : {0U, 6U, 3U}) {
        vitals::detail::fold_block(record, blocks[i]);
      }
    });
  }
  CHECK(record.ended_count == 3);
  CHECK(record.block_count == 7);
  CHECK(record.retired[3].load() == 0);
  vitals::detail::fold_block(record, blocks[5]);
  CHECK(record.ended_count == 0);
  CHECK(record.block_count == 3);
  CHECK(record.retired[3].load() == 1 + 7 + 4 + 6);
  CHECK(total(record) == all);
  for (const std::size_t i : {1U, 2U, 4U}) {
    vitals::detail::fold_block(record, blocks[i]);
  }
  CHECK(record.retired[3].load() == all);
}

TEST_CASE("threads leave only so many cells behind, and then wait") {
  constexpr auto cells = static_cast<std::uint32_t>(vitals::detail::most_cells_left / 2);
  constexpr abi::run many{
      .kind = abi::summing::integers, .first = 0, .sets = cells, .stride = 1, .width = 1, .may_fall = false};
  abi::record& record = vitals::detail::find_record(
      {.key = 0x7E57'000A, .thread_cells = cells, .shared_cells = 0, .runs = &many, .run_count = 1});
  abi::block* const blocks[] = {vitals::detail::link_block(record), vitals::detail::link_block(record),
                                vitals::detail::link_block(record)};
  for (abi::block* const b : blocks) {
    cells_of(b)[3] = 1;
  }
  CHECK(vitals::detail::leave_block(record, blocks[0]));
  CHECK(vitals::detail::leave_block(record, blocks[1]));
  CHECK(!vitals::detail::leave_block(record, blocks[2]));
  std::thread last;
  {
    const std::lock_guard lock{abi::the_directory.sums};
    last = std::thread{[&] { vitals::detail::fold_block(record, blocks[2]); }};
    CHECK(record.ended_count == 2);
    CHECK(record.retired[3].load() == 0);
  }
  last.join();
  CHECK(record.ended_count == 0);
  CHECK(record.block_count == 0);
  CHECK(record.retired[3].load() == 3);
}

TEST_CASE("a small sum comes right with any number of blocks") {
  abi::record& record = vitals::detail::find_record(image_of(0x7E57'000B));
  std::vector<abi::block*> blocks;
  for (std::uint64_t i = 1; i != 300; ++i) {
    blocks.push_back(vitals::detail::link_block(record));
    cells_of(blocks.back())[3] = i;
    if (total(record) != i * (i + 1) / 2) {
      FAIL("after " << i);
    }
  }
  for (abi::block* const b : blocks) {
    vitals::detail::fold_block(record, b);
  }
  CHECK(total(record) == 299 * 300 / 2);
}

TEST_CASE("a reset sets retired, living, shared and shown numbers to zero") {
  abi::record& record = vitals::detail::find_record(image_of(0x7E57'0007, sums));
  abi::block* const block = vitals::detail::link_block(record);
  REQUIRE(block != nullptr);
  cells_of(block)[3] = 1;
  record.retired[3] = 2;
  record.shared[3] = 3;
  record.published[3] = 4;
  vitals::detail::reset_record(record);
  CHECK(cells_of(block)[3].load() == 0);
  CHECK(record.retired[3].load() == 0);
  CHECK(record.shared[3].load() == 0);
  CHECK(record.published[3] == 0);
  vitals::detail::fold_block(record, block);
}

}  // namespace record_tests
