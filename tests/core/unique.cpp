#include <vitals/core/unique.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>

#include <doctest/doctest.h>

namespace unique_tests {

using vitals::detail::npos;
using vitals::detail::repeated_at;

template <std::size_t N>
std::size_t plain(const std::array<std::uint64_t, N>& hashes) {
  std::size_t found = npos;
  for (std::size_t i = 0; i != N; ++i) {
    for (std::size_t k = 0; k != i; ++k) {
      if (hashes[i] == hashes[k] && (found == npos || hashes[i] <= hashes[found])) {
        found = i;
      }
    }
  }
  return found;
}

/// How often the two differ over random arrays, sparse and dense in repetitions.
template <std::size_t N>
int differences(std::mt19937_64& random) {
  int found = 0;
  for (int round = 0; round != 2000; ++round) {
    const std::uint64_t range = 1 + random() % (4 * N + 1) * (1 + random() % 4);
    std::array<std::uint64_t, N> hashes{};
    for (auto& hash : hashes) {
      hash = random() % range;
    }
    found += repeated_at(hashes) != plain(hashes) ? 1 : 0;
  }
  return found;
}

TEST_CASE("a repeated hash is found as a search through all pairs finds it") {
  std::mt19937_64 random{1};
  CHECK(differences<2>(random) == 0);
  CHECK(differences<3>(random) == 0);
  CHECK(differences<8>(random) == 0);
  CHECK(differences<31>(random) == 0);
}

TEST_CASE("no hash and one hash repeat nothing") {
  CHECK(repeated_at(std::array<std::uint64_t, 0>{}) == npos);
  CHECK(repeated_at(std::array<std::uint64_t, 1>{0}) == npos);
}

TEST_CASE("of several repetitions the one of the smallest hash is told, where it is last") {
  CHECK(repeated_at(std::array<std::uint64_t, 5>{7, 7, 9, 9, 1}) == 1);
  CHECK(repeated_at(std::array<std::uint64_t, 5>{9, 7, 9, 7, 7}) == 4);
  CHECK(repeated_at(std::array<std::uint64_t, 3>{0, 0, 0}) == 2);
}

TEST_CASE("the extreme hashes are hashes like any other") {
  constexpr std::uint64_t most = ~std::uint64_t{0};
  CHECK(repeated_at(std::array<std::uint64_t, 3>{0, most, 0}) == 2);
  CHECK(repeated_at(std::array<std::uint64_t, 3>{most, 0, most}) == 2);
  CHECK(repeated_at(std::array<std::uint64_t, 2>{0, most}) == npos);
}

constexpr std::array<std::uint64_t, 1000> thousand(bool with_repetition) {
  std::array<std::uint64_t, 1000> all{};
  for (std::size_t i = 0; i != all.size(); ++i) {
    all[i] = i * 0x9E3779B97F4A7C15U;
  }
  all[900] = with_repetition ? all[17] : all[900];
  return all;
}

TEST_CASE("a thousand hashes are compared when compiling") {
  static_assert(repeated_at(thousand(false)) == npos);
  static_assert(repeated_at(thousand(true)) == 900);
}

}  // namespace unique_tests
