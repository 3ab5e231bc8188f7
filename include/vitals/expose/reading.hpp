// A reading: the cells of some sources at one time, and the families that lie in them.
#ifndef VITALS_EXPOSE_READING_HPP
#define VITALS_EXPOSE_READING_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <vitals/core/view.hpp>
#include <vitals/expose/conflict.hpp>
#include <vitals/metric/family.hpp>

namespace vitals::inline v0::detail {

/// Two families of a reading's own: what its sources dropped, by reason, and how often their callbacks failed.
struct own_families {
  static constexpr std::string_view reasons[] = {"label", "value"};
  static constexpr label_family by_reason[] = {{.name = "reason", .values = reasons}};
  static constexpr family drops{
      .name = "vitals_dropped_total",
      .help = "Updates dropped: a label outside its values, NaN, or a negative value where none may be.",
      .unit = {},
      .type = metric_type::counter,
      .kind = value_kind::unsigned_integer,
      .labels = by_reason,
      .bounds = {},
      .first = 0,
      .series = 2,
      .stride = 1,
      .width = 1};
  static constexpr family failures{
      .name = "vitals_callback_failures_total",
      .help = "Callbacks that threw, or gave a counter what it cannot be: their families were left out of a scrape.",
      .unit = {},
      .type = metric_type::counter,
      .kind = value_kind::unsigned_integer,
      .labels = {},
      .bounds = {},
      .first = 2,
      .series = 1,
      .stride = 1,
      .width = 1};
  static constexpr std::size_t cells = 3;
};

/// Whether one of `names` is the family's, or one of its samples'.
inline bool is_named(const source_ref& s, const family& f, view<std::string> names) noexcept {
  for (std::string_view name : names) {
    if (!name.starts_with(s.prefix)) {
      continue;
    }
    name.remove_prefix(s.prefix.size());
    if (name == f.name || name == f.stem()) {
      return true;
    }
    for (const std::string_view ending : f.endings()) {
      if (name.starts_with(f.stem()) && name.substr(f.stem().size()) == ending) {
        return true;
      }
    }
  }
  return false;
}

/// Cells of several sources, one after the other, and its own. Behind each source's stands when it was created. Used by
/// one thread at a time.
class reading {
 public:
  /// Throws std::invalid_argument where the sources cannot stand on one page, and std::bad_alloc.
  explicit reading(view<source_ref> sources) {
    refuse_conflicts(sources);
    std::uint32_t base = 0;
    for (const source_ref& s : sources) {
      sources_.push_back({s, base});
      base += static_cast<std::uint32_t>(s.cells) + 1;
      for (const family& f : s.families) {
        any_drops_ = any_drops_ || f.label_drops.count != 0 || f.value_drops.count != 0;
        any_failures_ = any_failures_ || f.failures.count != 0;
      }
    }
    cells_.resize(std::size_t{base} + own_families::cells);
  }

  /// Calls `visit(source, family, base)` for each family, whose cells are numbered from `base` on: the sources', and
  /// its own where anything can be dropped or fail.
  template <class Visit>
  void each_family(Visit visit) const {
    for (const auto& [s, base] : sources_) {
      for (const family& f : s.families) {
        visit(s, f, base);
      }
    }
    const auto base = static_cast<std::uint32_t>(cells_.size() - own_families::cells);
    if (any_drops_) {
      visit(source_ref{}, own_families::drops, base);
    }
    if (any_failures_) {
      visit(source_ref{}, own_families::failures, base);
    }
  }

  /// Reads all sources.
  const std::uint64_t* take() noexcept {
    std::uint64_t* const own = cells_.data() + (cells_.size() - own_families::cells);
    own[0] = own[1] = own[2] = 0;
    for (const auto& [s, base] : sources_) {
      std::uint64_t* const cells = cells_.data() + base;
      if (s.created != nullptr) {
        cells[s.cells] = s.created(s.self);
      }
      s.read(s.self, cells);
      const auto add = [cells](std::uint64_t& total, cell_range range) {
        for (std::uint32_t i = 0; i != range.count; ++i) {
          total += cells[range.first + i];
        }
      };
      for (const family& f : s.families) {
        add(own[0], f.label_drops);
        add(own[1], f.value_drops);
        add(own[2], f.failures);
      }
    }
    return cells_.data();
  }

 private:
  struct placed_source {
    source_ref source;
    std::uint32_t base;
  };

  std::vector<placed_source> sources_;
  std::vector<std::uint64_t> cells_;
  bool any_drops_ = false;
  bool any_failures_ = false;
};

}  // namespace vitals::inline v0::detail

#endif
