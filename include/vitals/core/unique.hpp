// Finds a repeated hash among many, when compiling: sorts and compares neighbours, never all pairs.
#ifndef VITALS_CORE_UNIQUE_HPP
#define VITALS_CORE_UNIQUE_HPP

#include <array>
#include <cstddef>
#include <cstdint>

namespace vitals::inline v0::detail {

inline constexpr std::size_t npos = static_cast<std::size_t>(-1);

/// The largest index whose hash stands at a smaller index too; npos where all differ.
template <std::size_t N>
constexpr std::size_t repeated_at(const std::array<std::uint64_t, N>& hashes) noexcept {
  struct entry {
    std::uint64_t hash;
    std::size_t index;
    constexpr bool operator<(const entry& o) const noexcept { return hash != o.hash ? hash < o.hash : index < o.index; }
  };
  std::array<entry, N + 1> heap{};  // one more, so that N may be 0
  for (std::size_t i = 0; i != N; ++i) {
    heap[i] = {hashes[i], i};
  }
  const auto sift = [&heap](std::size_t at, std::size_t size) {
    for (std::size_t child = 2 * at + 1; child < size; at = child, child = 2 * at + 1) {
      child += child + 1 < size && heap[child] < heap[child + 1] ? 1 : 0;
      if (!(heap[at] < heap[child])) {
        return;
      }
      const entry moved = heap[at];
      heap[at] = heap[child];
      heap[child] = moved;
    }
  };
  for (std::size_t i = N / 2; i != 0; --i) {
    sift(i - 1, N);
  }
  for (std::size_t size = N; size > 1; --size) {
    const entry largest = heap[0];
    heap[0] = heap[size - 1];
    heap[size - 1] = largest;
    sift(0, size - 1);
  }
  std::size_t found = npos;
  for (std::size_t i = 1; i < N; ++i) {
    if (heap[i].hash == heap[i - 1].hash && (found == npos || heap[i].index > found)) {
      found = heap[i].index;
    }
  }
  return found;
}

}  // namespace vitals::inline v0::detail

#endif
