// A number held within limits, without a branch.
#ifndef VITALS_METRIC_HELD_HPP
#define VITALS_METRIC_HELD_HPP

#include <type_traits>

#include <vitals/core/config.hpp>

namespace vitals::inline v0::detail {

/// The same number, of which the compiler knows nothing. (What g++ knows of a number it makes branches of, and those
/// would be mispredicted: which bucket is next cannot be learned.)
VITALS_HOT constexpr double unknown(double value) noexcept {
#if defined(__x86_64__)
  if (!std::is_constant_evaluated()) {
    asm("" : "+x"(value));
  }
#endif
  return value;
}

/// `value`, but at least `least`: one instruction.
VITALS_HOT constexpr double raised(double value, double least) noexcept {
  return unknown(value > least ? value : least);
}

/// `value`, but at least `least` and at most `most`: two instructions.
VITALS_HOT constexpr double held(double value, double least, double most) noexcept {
  const double from_below = raised(value, least);
  return unknown(from_below < most ? from_below : most);
}

}  // namespace vitals::inline v0::detail

#endif
