#ifndef TESTS_FUZZ_REQUIRE_HPP
#define TESTS_FUZZ_REQUIRE_HPP

#include <cstdlib>

/// What does not hold is a finding.
inline void require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

#endif
