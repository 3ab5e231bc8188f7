// Numbers that are the same in every run and with every library.
#ifndef VITALS_TESTS_COUNTED_VALUES_HPP
#define VITALS_TESTS_COUNTED_VALUES_HPP

#include <bit>
#include <cstdint>

namespace counted {

/// Random ones (splitmix64).
struct random_numbers {
  std::uint64_t state = 1;

  std::uint64_t operator()() noexcept {
    std::uint64_t z = state += 0x9E3779B97F4A7C15U;
    z = (z ^ z >> 30U) * 0xBF58476D1CE4E5B9U;
    z = (z ^ z >> 27U) * 0x94D049BB133111EBU;
    return z ^ z >> 31U;
  }
};

/// A double between two that are positive, each magnitude as likely as another: a double's bits grow as its logarithm
/// does, nearly.
inline double spread(random_numbers& numbers, double least, double most) noexcept {
  const auto low = std::bit_cast<std::uint64_t>(least);
  return std::bit_cast<double>(low + numbers() % (std::bit_cast<std::uint64_t>(most) - low));
}

}  // namespace counted

#endif
