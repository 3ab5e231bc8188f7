#include <vitals/core/sum.hpp>

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include <doctest/doctest.h>

namespace sum_tests {

namespace abi = vitals::detail::abi;
using abi::summing;
using vitals::detail::cell;
using vitals::detail::wide;

std::uint64_t bits(double value) {
  return std::bit_cast<std::uint64_t>(value);
}
double real(std::uint64_t value) {
  return std::bit_cast<double>(value);
}

/// A record with blocks, made by hand: no registry, no threads.
struct by_hand {
  struct alignas(abi::block) memory {
    unsigned char bytes[128];
  };

  by_hand(std::vector<abi::run> given, std::uint32_t thread_cells, std::uint32_t shared_cells = 0)
      : runs(std::move(given)),
        retired(thread_cells),
        shared(shared_cells),
        published(thread_cells) {
    r.thread_cells = thread_cells;
    r.shared_cells = shared_cells;
    r.run_count = static_cast<std::uint32_t>(runs.size());
    r.runs = runs.data();
    r.retired = retired.data();
    r.shared = shared.data();
    r.published = published.data();
  }

  cell* add_block() {
    auto& room = blocks.emplace_back(1 + (r.thread_cells * sizeof(cell) + 127) / 128);
    auto* const b = ::new (static_cast<void*>(room.data())) abi::block{.place = {}, .next_ended = {}, .owner = {}};
    list.push_back(b);
    r.blocks = list.data();
    r.block_count = static_cast<std::uint32_t>(list.size());
    for (std::uint32_t i = 0; i != r.thread_cells; ++i) {
      ::new (static_cast<void*>(&vitals::detail::cells_of(b)[i])) cell{0};
    }
    return vitals::detail::cells_of(b);
  }

  void drop_last_block() {
    list.pop_back();
    r.block_count = static_cast<std::uint32_t>(list.size());
  }

  std::vector<std::uint64_t> sums() {
    std::vector<std::uint64_t> out(r.thread_cells + r.shared_cells, 0xABABABABABABABABU);
    vitals::detail::sum_cells(r, out.data());
    return out;
  }

  std::vector<abi::run> runs;
  std::vector<cell> retired;
  std::vector<cell> shared;
  std::vector<std::uint64_t> published;
  std::deque<std::vector<memory>> blocks;
  std::vector<abi::block*> list;
  abi::record r{};
};

abi::run run(summing kind, std::uint32_t first, std::uint32_t sets, std::uint32_t stride, std::uint32_t width,
             bool may_fall = false) {
  return {.kind = kind, .first = first, .sets = sets, .stride = stride, .width = width, .may_fall = may_fall};
}

TEST_CASE("integers are summed over the retired totals and all blocks") {
  by_hand all{{run(summing::integers, 0, 3, 1, 1)}, 3};
  all.retired[0] = 1;
  all.add_block()[0] = 20;
  auto* const second = all.add_block();
  second[0] = 300;
  second[2] = ~std::uint64_t{0};  // -1: signed integers add up too
  all.add_block()[2] = 5;
  CHECK(all.sums() == std::vector<std::uint64_t>{321, 0, 4});
}

TEST_CASE("reals are summed as doubles") {
  by_hand all{{run(summing::reals, 0, 2, 1, 1)}, 2};
  all.retired[1] = bits(0.5);
  all.add_block()[1] = bits(0.25);
  all.add_block()[1] = bits(1);
  CHECK(real(all.sums()[0]) == 0);
  CHECK(real(all.sums()[1]) == 1.75);
}

TEST_CASE("each set of a histogram of doubles is a double, then integers") {
  by_hand all{{run(summing::real_histogram, 0, 2, 4, 3)}, 8};
  all.retired[4] = bits(0.5);
  auto* const block = all.add_block();
  block[4] = bits(1.5);
  block[5] = 7;
  block[6] = 8;
  all.add_block()[6] = 2;
  const auto sums = all.sums();
  CHECK(real(sums[4]) == 2);
  CHECK(sums[5] == 7);
  CHECK(sums[6] == 10);
  CHECK(sums[0] == 0);
}

TEST_CASE("each set of a histogram of durations is a wide total around integers") {
  by_hand all{{run(summing::duration_histogram, 0, 2, 4, 4)}, 8};
  constexpr wide large = wide{1} << 70;
  auto* const one = all.add_block();
  vitals::detail::wide_total::common_add(one[4], one[7], large);
  one[5] = 7;
  auto* const two = all.add_block();
  vitals::detail::wide_total::common_add(two[4], two[7], 5);
  two[6] = 9;
  vitals::detail::wide_total::common_add(all.retired[4], all.retired[7], large);
  const auto sums = all.sums();
  CHECK(vitals::detail::plain_wide(sums[4], sums[7]) == 2 * large + 5);
  CHECK(sums[5] == 7);
  CHECK(sums[6] == 9);
  CHECK(sums[0] == 0);
}

abi::run maxima(std::uint32_t first, std::uint32_t sets) {
  abi::run r = run(summing::maxima, first, sets, 16, 16, true);
  r.part = 3'600'000'000'000;  // so long that it hardly turns while a test runs; where it does, nothing changes
  return r;
}
using vitals::detail::max_ring;

TEST_CASE("a set of maxima becomes the largest value within the window, and whether there ever was one") {
  by_hand all{{run(summing::integers, 0, 8, 1, 1), maxima(8, 4)}, 8 + 64};
  const std::uint64_t now = vitals::detail::epoch_of(maxima(8, 4));
  auto* const one = all.add_block();
  auto* const two = all.add_block();
  one[7] = 3;
  max_ring::raise(one + 8, now, -4);
  max_ring::raise(two + 8, now, -3);
  max_ring::raise(all.retired.data() + 8, now, -9);
  max_ring::raise(two + 24, now, 1);
  max_ring::raise(one + 40, now + 100, 5);  // by another clock
  const auto sums = all.sums();
  CHECK(sums[7] == 3);
  CHECK(real(sums[8]) == -3);
  CHECK(sums[9] == 1);
  CHECK(real(sums[24]) == 1);
  CHECK(sums[25] == 1);
  CHECK(std::isnan(real(sums[40])));
  CHECK(sums[41] == 1);
  CHECK(std::isnan(real(sums[56])));
  CHECK(sums[57] == 0);
  for (std::uint32_t i = 10; i != 24; ++i) {
    CHECK(sums[i] == 0);
  }
  CHECK(all.published == std::vector<std::uint64_t>(72, 0));  // maxima may fall
}

TEST_CASE("folding a block of maxima changes no reading") {
  by_hand all{{maxima(0, 3), run(summing::integers, 48, 1, 1, 1)}, 56};
  const std::uint64_t now = vitals::detail::epoch_of(maxima(0, 3));
  auto* const ends = all.add_block();
  max_ring::raise(ends, now, -4);
  max_ring::raise(ends + 16, now, 6);
  ends[48] = 2;
  auto* const stays = all.add_block();
  max_ring::raise(stays, now, -5);
  max_ring::raise(all.retired.data() + 16, now, 5);
  const auto before = all.sums();
  vitals::detail::fold_cells(all.r, stays);
  all.drop_last_block();
  CHECK(all.sums() == before);
  vitals::detail::fold_cells(all.r, ends);
  all.drop_last_block();
  CHECK(all.sums() == before);
  CHECK(real(before[0]) == -4);
  CHECK(real(before[16]) == 6);
  CHECK(std::isnan(real(before[32])));
  CHECK(before[48] == 2);
}

TEST_CASE("a wide total in two plain words is 128 bits with a sign") {
  for (const wide value :
       {wide{0}, wide{-1}, wide{1} << 100, -(wide{1} << 100) - 3, (wide{1} << 64) - 1, wide{1} << 63}) {
    std::uint64_t low = 1;
    std::uint64_t high = 1;
    vitals::detail::set_plain_wide(low, high, value);
    CHECK(vitals::detail::plain_wide(low, high) == value);
  }
}

TEST_CASE("folding a block changes no sum") {
  by_hand all{{run(summing::integers, 0, 2, 1, 1), run(summing::reals, 2, 1, 1, 1),
               run(summing::real_histogram, 3, 1, 3, 3), run(summing::duration_histogram, 6, 2, 4, 4, true)},
              14};
  auto* const ends = all.add_block();
  ends[0] = 4;
  ends[2] = bits(0.5);
  ends[3] = bits(0.25);
  ends[4] = 6;
  vitals::detail::wide_total::common_add(ends[6], ends[9], -(wide{1} << 66));
  ends[7] = 1;
  vitals::detail::wide_total::common_add(ends[10], ends[13], (wide{1} << 66) + 77);
  auto* const stays = all.add_block();
  stays[1] = 3;
  stays[2] = bits(2);
  stays[4] = 1;
  vitals::detail::wide_total::common_add(stays[6], stays[9], 9);
  all.retired[0] = 100;
  const auto before = all.sums();
  CHECK(before[0] == 104);
  CHECK(vitals::detail::plain_wide(before[6], before[9]) == 9 - (wide{1} << 66));
  CHECK(vitals::detail::plain_wide(before[10], before[13]) == (wide{1} << 66) + 77);

  vitals::detail::fold_cells(all.r, stays);
  all.drop_last_block();
  CHECK(all.sums() == before);
  vitals::detail::fold_cells(all.r, ends);
  all.drop_last_block();
  CHECK(all.sums() == before);
}

TEST_CASE("a sum of doubles is never shown lower than before, though its threads' sums re-associate") {
  by_hand all{{run(summing::reals, 0, 1, 1, 1), run(summing::real_histogram, 1, 1, 3, 3)}, 4};
  auto* const block = all.add_block();
  for (const std::uint32_t at : {0U, 1U}) {
    block[at] = bits(1.0000000000000002);
    CHECK(real(all.sums()[at]) == 1.0000000000000002);
    block[at] = bits(1.0);
    CHECK(real(all.sums()[at]) == 1.0000000000000002);
    block[at] = bits(1.5);
    CHECK(real(all.sums()[at]) == 1.5);
  }
  block[2] = 9;
  CHECK(all.sums()[2] == 9);
  block[2] = 8;  // buckets are integers: they are shown as they are
  CHECK(all.sums()[2] == 8);
}

TEST_CASE("a sum that may fall is shown as it is") {
  by_hand all{{run(summing::real_histogram, 0, 1, 2, 2, true), run(summing::duration_histogram, 2, 1, 3, 3, true)}, 5};
  auto* const block = all.add_block();
  block[0] = bits(5);
  vitals::detail::wide_total::common_add(block[2], block[4], 7);
  all.sums();
  block[0] = bits(-1);
  vitals::detail::wide_total::common_add(block[2], block[4], -9);
  const auto sums = all.sums();
  CHECK(real(sums[0]) == -1);
  CHECK(vitals::detail::plain_wide(sums[2], sums[4]) == -2);
}

TEST_CASE("the shared cells are read behind the thread's own") {
  by_hand all{
      {run(summing::integers, 0, 2, 1, 1), run(summing::integers, 2, 2, 1, 1), run(summing::reals, 4, 1, 1, 1)}, 2, 3};
  all.add_block()[1] = 4;
  all.shared[0] = 5;
  all.shared[1] = 6;
  all.shared[2] = bits(0.5);
  CHECK(all.sums() == std::vector<std::uint64_t>{0, 4, 5, 6, bits(0.5)});
}

TEST_CASE("a large registry is summed in several steps, and each set once, with few blocks and with many") {
  constexpr std::uint32_t counters = 50'001;
  constexpr std::uint32_t sets = 9'999;
  constexpr std::uint32_t stride = 8;
  static_assert(vitals::detail::cells_a_step({.blocks = nullptr, .count = 3}) < sets);
  for (const std::uint32_t blocks : {3U, 30U}) {
    by_hand all{{run(summing::integers, 0, counters, 1, 1), run(summing::real_histogram, counters, sets, stride, 7)},
                counters + sets * stride};
    for (std::uint32_t b = 0; b != blocks; ++b) {
      auto* const block = all.add_block();
      for (std::uint32_t i = 0; i != counters; ++i) {
        block[i] = i + b;
      }
      for (std::uint32_t i = 0; i != sets; ++i) {
        block[counters + i * stride] = bits(i);
        block[counters + i * stride + 6] = i;
      }
    }
    const auto sums = all.sums();
    std::uint32_t wrong = 0;
    for (std::uint32_t i = 0; i != counters; ++i) {
      wrong += sums[i] == blocks * i + blocks * (blocks - 1) / 2 ? 0U : 1U;
    }
    for (std::uint32_t i = 0; i != sets; ++i) {
      const bool is_right = real(sums[counters + i * stride]) == static_cast<double>(blocks) * i &&
                            sums[counters + i * stride + 6] == blocks * i;
      wrong += is_right ? 0U : 1U;
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("a set that is longer than a step is summed") {
  constexpr std::uint32_t width = 3'000;
  by_hand all{{run(summing::real_histogram, 0, 2, width, width)}, 2 * width};
  auto* const block = all.add_block();
  block[width] = bits(0.5);
  block[width - 1] = 3;
  block[2 * width - 1] = 4;
  const auto sums = all.sums();
  CHECK(sums[width - 1] == 3);
  CHECK(real(sums[width]) == 0.5);
  CHECK(sums[2 * width - 1] == 4);
}

TEST_CASE("one series is summed alone") {
  by_hand all{{run(summing::duration_histogram, 0, 2, 4, 4)}, 8, 2};
  auto* const block = all.add_block();
  vitals::detail::wide_total::common_add(block[4], block[7], 11);
  block[5] = 3;
  all.retired[5] = 1;
  all.shared[1] = 6;
  std::uint64_t out[4] = {9, 9, 9, 9};
  vitals::detail::sum_run(all.r, run(summing::duration_histogram, 4, 1, 4, 4), out);
  CHECK(vitals::detail::plain_wide(out[0], out[3]) == 11);
  CHECK(out[1] == 4);
  CHECK(out[2] == 0);
  vitals::detail::sum_run(all.r, run(summing::integers, 9, 1, 1, 1), out);
  CHECK(out[0] == 6);
}

}  // namespace sum_tests
