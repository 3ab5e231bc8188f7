// A string literal as a template argument.
#ifndef VITALS_CORE_FIXED_STRING_HPP
#define VITALS_CORE_FIXED_STRING_HPP

#include <cstddef>
#include <string_view>

namespace vitals::inline v0 {

/// Holds a string literal so that it can be a template argument: `counter<"jobs_total", "Jobs done.">`.
template <std::size_t N>
struct fixed_string {
  char text[N]{};  // public, as a template argument's members must be; the literal's terminator included

  // NOLINTNEXTLINE(google-explicit-constructor): a literal converts by itself
  consteval fixed_string(const char (&literal)[N]) noexcept {
    for (std::size_t i = 0; i != N; ++i) {
      text[i] = literal[i];
    }
  }

  /// The text without its terminator.
  [[nodiscard]] constexpr std::string_view view() const noexcept { return {text, N - 1}; }
};

}  // namespace vitals::inline v0

#endif
