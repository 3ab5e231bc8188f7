// What cannot stand on one page: families of one name, labels that clash.
#ifndef VITALS_EXPOSE_CONFLICT_HPP
#define VITALS_EXPOSE_CONFLICT_HPP

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include <vitals/core/dynamic_array.hpp>
#include <vitals/core/name.hpp>
#include <vitals/core/unique.hpp>
#include <vitals/core/view.hpp>
#include <vitals/metric/family.hpp>

namespace vitals::inline v0::detail {

[[noreturn]] inline void refuse(const source_ref& s, const family& f, const char* why) {
  throw std::invalid_argument("vitals: cannot expose the family " + std::string{s.prefix} + std::string{f.name} + ": " +
                              why);
}

/// Checks how a family is exposed: the prefix, and the labels that it gets.
inline void refuse_decoration(const source_ref& s, const family& f) {
  if (!s.prefix.empty() && !is_metric_name(s.prefix)) {
    refuse(s, f, "its prefix is made of a-z, 0-9 and _, and does not start with a digit");
  }
  for (const constant_label& l : s.labels) {
    if (!is_label_name(l.name) || l.name == "le" || l.name == "quantile") {
      refuse(s, f, "a constant label's name is made of a-z, 0-9 and _, and is not reserved (le, quantile, __x)");
    }
    if (!is_utf8(l.value)) {
      refuse(s, f, "a constant label's value is UTF-8 text");
    }
    std::size_t same = 0;
    for (const constant_label& other : s.labels) {
      same += other.name == l.name ? 1 : 0;
    }
    for (const label_family& other : f.labels) {
      same += other.name == l.name ? 1 : 0;
    }
    if (same != 1) {
      refuse(s, f, "two of its labels have the same name");
    }
  }
}

/// Throws std::invalid_argument, with the family's name, where sources cannot stand on one page as they are exposed.
inline void refuse_conflicts(view<source_ref> sources) {
  dynamic_array<std::uint64_t> names;
  for (const source_ref& s : sources) {
    for (const family& f : s.families) {
      refuse_decoration(s, f);
      const std::size_t before = names.size();
      names.resize(before + names_taken(f));
      hash_names(f, names.data() + before, hash(s.prefix));
    }
  }
  dynamic_array<std::uint64_t> in_order;
  in_order.reserve(names.size());
  for (const std::uint64_t name : names) {
    in_order.push_back(name);
  }
  const std::uint64_t* const twice = repeated_among(names.data(), names.size());
  if (twice == nullptr) {
    return;
  }
  std::size_t at = 0;
  for (const source_ref& s : sources) {
    for (const family& f : s.families) {
      for (const std::size_t end = at + names_taken(f); at != end; ++at) {
        if (in_order[at] == *twice) {
          refuse(s, f, "a family of that name is exposed already: rename one, give it a prefix, or expose it once");
        }
      }
    }
  }
}

}  // namespace vitals::inline v0::detail

#endif
