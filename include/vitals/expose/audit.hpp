// An audit: which declared series nothing has happened to, so that an application's tests can check its
// instrumentation.
#ifndef VITALS_EXPOSE_AUDIT_HPP
#define VITALS_EXPOSE_AUDIT_HPP

#include <cstdint>
#include <string>

#include <vitals/core/dynamic_array.hpp>
#include <vitals/expose/reading.hpp>
#include <vitals/expose/text.hpp>
#include <vitals/metric/family.hpp>

namespace vitals::inline v0 {

namespace detail {

/// Whether a series says nothing yet: a histogram or a summary without a count, a number that is 0. What no program
/// sets (an info, a callback's value, one of a state set's states) always says something.
inline bool is_untouched(const family& f, const std::uint64_t* cells) noexcept {
  if (f.present != family::always || f.kind == value_kind::one || f.kind == value_kind::state) {
    return false;
  }
  if (f.kind == value_kind::maximum) {
    return cells[1] == 0;
  }
  std::uint64_t any = 0;
  for (std::uint32_t i = 0; i != f.width; ++i) {
    any |= cells[i];
  }
  return any == 0;
}

}  // namespace detail

/// The series of all Sources that are still as they were at the start, a line each, as a scrape names them:
/// `jobs_total{outcome="error"}`. Empty where all were touched. A gauge that was set to 0, and an up-down counter that
/// came back to it, look untouched too. Throws std::bad_alloc.
template <source... Sources>
requires(sizeof...(Sources) != 0) [[nodiscard]] std::string audit() {
  static constexpr source_ref sources[] = {Sources::source()...};
  std::string untouched;
  detail::dynamic_array<std::uint64_t> cells;
  for (const source_ref& s : sources) {
    cells.resize(s.cells);
    s.read(s.self, cells.data());
    for (const family& f : s.families) {
      f.each_series([&](std::uint32_t i) {
        if (detail::is_untouched(f, cells.data() + f.cell_of(i))) {
          untouched.append(f.name).append(detail::in_braces(detail::series_labels(s, f, i))).append("\n");
        }
      });
    }
  }
  return untouched;
}

}  // namespace vitals::inline v0

#endif
