// Finds a repeated hash among many, when compiling and at run time: never compares all pairs.
#ifndef VITALS_CORE_UNIQUE_HPP
#define VITALS_CORE_UNIQUE_HPP

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace vitals::inline v0::detail {

inline constexpr std::size_t npos = static_cast<std::size_t>(-1);

/// Sorts in place (a heap sort: no order of the input makes it slow).
constexpr void sort_hashes(std::uint64_t* heap, std::size_t count) noexcept {
  const auto swap = [heap](std::size_t a, std::size_t b) {
    const std::uint64_t moved = heap[a];
    heap[a] = heap[b];
    heap[b] = moved;
  };
  const auto sift = [&](std::size_t at, std::size_t size) {
    for (std::size_t child = 2 * at + 1; child < size; at = child, child = 2 * at + 1) {
      child += child + 1 < size && heap[child] < heap[child + 1] ? 1 : 0;
      if (heap[at] >= heap[child]) {
        return;
      }
      swap(at, child);
    }
  };
  for (std::size_t i = count / 2; i != 0; --i) {
    sift(i - 1, count);
  }
  for (std::size_t size = count; size > 1; --size) {
    swap(0, size - 1);
    sift(0, size - 1);
  }
}

/// A hash that stands among them more than once (the smallest such); null where all differ. Reorders them.
constexpr const std::uint64_t* repeated_among(std::uint64_t* hashes, std::size_t count) noexcept {
  sort_hashes(hashes, count);
  for (std::size_t i = 1; i < count; ++i) {
    if (hashes[i] == hashes[i - 1]) {
      return hashes + i;
    }
  }
  return nullptr;
}

/// Whether any hash stands there twice. When compiling, where nearly always none does, this takes a fraction of the
/// steps of a sort.
template <std::size_t N>
constexpr bool any_repeated(const std::uint64_t* hashes) noexcept {
  constexpr std::size_t slots = std::bit_ceil(2 * N);
  std::uint32_t taken[slots]{};  // by which hash, counted from 1
  for (std::size_t i = 0; i != N; ++i) {
    const std::uint64_t hash = hashes[i];
    std::size_t slot = (hash ^ hash >> 32U) & (slots - 1);
    while (taken[slot] != 0) {
      if (hashes[taken[slot] - 1] == hash) {
        return true;
      }
      slot = (slot + 1) & (slots - 1);
    }
    taken[slot] = static_cast<std::uint32_t>(i + 1);
  }
  return false;
}

/// The last index of a repeated hash, the smallest such; npos where all differ.
template <std::size_t N>
constexpr std::size_t repeated_at(const std::array<std::uint64_t, N>& hashes) noexcept {
  if constexpr (N > 1) {
    if (any_repeated<N>(hashes.data())) {
      std::array<std::uint64_t, N> sorted = hashes;
      const std::uint64_t* const repeated = repeated_among(sorted.data(), N);
      std::size_t last = N - 1;
      while (hashes[last] != *repeated) {
        --last;
      }
      return last;
    }
  }
  return npos;
}

}  // namespace vitals::inline v0::detail

#endif
