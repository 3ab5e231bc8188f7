// The labels of a family's series, as all formats show them.
#ifndef VITALS_EXPOSE_LABELS_HPP
#define VITALS_EXPOSE_LABELS_HPP

#include <cstdint>
#include <string>

#include <vitals/metric/family.hpp>

namespace vitals::inline v0::detail {

/// Calls `visit(name, value)` for each label of a series: first for those that its source is exposed with.
template <class Visit>
void each_label(const source_ref& s, const family& f, std::uint32_t series, Visit visit) {
  for (const constant_label& l : s.labels) {
    visit(l.name, l.value);
  }
  f.each_label(series, [&](const label_family& l, std::uint32_t index) {
    const bool is_state = f.kind == value_kind::state && &l == &f.labels.back();  // its name is the family's
    if (is_state && !s.prefix.empty()) {
      visit(std::string{s.prefix}.append(l.name), l.text(index));
    } else {
      visit(l.name, l.text(index));
    }
  });
}

}  // namespace vitals::inline v0::detail

#endif
