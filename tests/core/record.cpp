#include <vitals/core/record.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <mutex>

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
  CHECK(record.blocks == nullptr);
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
  CHECK(record.blocks == nullptr);
  CHECK(record.block_count == 0);
  CHECK(total(record) == 3111);
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
