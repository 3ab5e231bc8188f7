// A reading: the cells of some sources at one time, and the families that lie in them.
#ifndef VITALS_EXPOSE_READING_HPP
#define VITALS_EXPOSE_READING_HPP

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <vitals/core/dynamic_array.hpp>
#include <vitals/core/slot_table.hpp>
#include <vitals/core/sum.hpp>
#include <vitals/core/view.hpp>
#include <vitals/expose/conflict.hpp>
#include <vitals/metric/family.hpp>

namespace vitals::inline v0::detail {

/// Three families of a reading's own: what its sources dropped, by reason, how often their callbacks failed, and what
/// their labels with slots refused.
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

  static constexpr std::string_view slot_reasons[] = {"full", "text"};
  /// What labels with slots refused, by label. `names` are the labels' names; `labels` are filled in, for the family.
  static family refusals(view<std::string_view> names, label_family (&by)[2]) noexcept {
    by[0] = {.name = "label", .values = names};
    by[1] = {.name = "reason", .values = slot_reasons};
    return {.name = "vitals_slot_refusals_total",
            .help =
                "Texts counted as other: all of the label's slots were taken, or the text was empty, longer than "
                "1,024 bytes or not UTF-8.",
            .unit = {},
            .type = metric_type::counter,
            .kind = value_kind::unsigned_integer,
            .labels = by,
            .bounds = {},
            .first = cells,
            .series = static_cast<std::uint32_t>(2 * names.size()),
            .stride = 1,
            .width = 1};
  }
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
  /// Throws std::invalid_argument where the sources cannot stand on one page, and std::bad_alloc. Where `names` are
  /// given, the families of these names alone are shown (or of samples' names).
  reading(view<source_ref> sources, view<std::string> names) {
    for (const std::string& name : names) {
      names_.push_back(name);
    }
    refuse_conflicts(sources);
    std::uint32_t base = 0;
    for (const source_ref& s : sources) {
      sources_.push_back({s, base});
      base += static_cast<std::uint32_t>(s.cells) + 1;
      for (const family& f : s.families) {
        any_drops_ = any_drops_ || f.label_drops.count != 0 || f.value_drops.count != 0;
        any_failures_ = any_failures_ || f.failures.count != 0;
        for (const label_family& l : f.labels) {
          keep_table(l);
        }
      }
    }
    refusals_ = own_families::refusals(table_names_, by_table_);
    cells_.resize(std::size_t{base} + own_families::cells + refusals_.series);
  }
  reading(const reading&) = delete;
  reading& operator=(const reading&) = delete;

  /// Calls `visit(source, family, base)` for each family that is shown, whose cells are numbered from `base` on: the
  /// sources', and its own where anything can be dropped, fail or be refused. What is laid then shows the labels'
  /// values as they are now: `is_stale` says when they are others.
  template <class Visit>
  void each_shown(Visit visit) {
    const std::uint64_t changes = slot_changes();  // before any of them is looked at
    const auto show = [&](const source_ref& s, const family& f, std::uint32_t base) {
      if (names_.empty() || is_named(s, f, names_)) {
        visit(s, f, base);
      }
    };
    for (const auto& [s, base] : sources_) {
      for (const family& f : s.families) {
        show(s, f, base);
      }
    }
    const auto base = static_cast<std::uint32_t>(own() - cells_.data());
    if (any_drops_) {
      show(source_ref{}, own_families::drops, base);
    }
    if (any_failures_) {
      show(source_ref{}, own_families::failures, base);
    }
    if (!tables_.empty()) {
      show(source_ref{}, refusals_, base);
    }
    shown_changes_ = changes;
  }

  /// Whether a label with slots got or lost a value since `each_shown`.
  [[nodiscard]] bool is_stale() const noexcept { return !tables_.empty() && slot_changes() != shown_changes_; }

  /// Reads all sources.
  const std::uint64_t* take() noexcept {
    begin();
    while (take_next()) {
    }
    return cells();
  }

  /// The same one source at a time: false where all were read.
  void begin() noexcept { next_ = 0; }
  bool take_next() noexcept {
    std::uint64_t* const sums = own();
    if (next_ == 0) {
      set_zero(sums, sums + own_families::cells);
    }
    if (next_ < sources_.size()) {
      take(sources_[next_++], sums);
      return true;
    }
    if (next_ == sources_.size()) {
      ++next_;
      std::uint64_t* const out = sums + own_families::cells;
      set_zero(out, out + refusals_.series);
      for (const auto& [table, name] : tables_) {
        out[2 * name] += table->refused_full.load(std::memory_order_relaxed);
        out[2 * name + 1] += table->refused_text.load(std::memory_order_relaxed);
      }
    }
    return false;
  }
  [[nodiscard]] const std::uint64_t* cells() const noexcept { return cells_.data(); }

 private:
  struct placed_source {
    source_ref source;
    std::uint32_t base;
  };

  /// Reads a source, and adds what it dropped and what failed to `sums`.
  void take(const placed_source& placed, std::uint64_t* sums) noexcept {
    const source_ref& s = placed.source;
    std::uint64_t* const cells = cells_.data() + placed.base;
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
      add(sums[0], f.label_drops);
      add(sums[1], f.value_drops);
      add(sums[2], f.failures);
    }
  }

  static std::uint64_t slot_changes() noexcept {
    return abi::the_directory.slot_changes.load(std::memory_order_acquire);
  }

  /// Its own cells follow the sources'.
  std::uint64_t* own() noexcept { return cells_.data() + (cells_.size() - own_families::cells - refusals_.series); }

  struct named_table {
    const abi::slot_table* table;
    std::size_t name;  // index of the label's name; two labels of one name may have tables of different sizes
  };

  void keep_table(const label_family& l) {
    if (l.table == nullptr) {
      return;
    }
    const abi::slot_table* const table = &l.table();
    std::size_t name = 0;
    while (name != table_names_.size() && table_names_[name] != l.name) {
      ++name;
    }
    if (name == table_names_.size()) {
      table_names_.push_back(l.name);
    }
    for (const named_table& t : tables_) {
      if (t.table == table) {
        return;
      }
    }
    tables_.push_back({table, name});
  }

  dynamic_array<std::string> names_;
  dynamic_array<placed_source> sources_;
  dynamic_array<std::uint64_t> cells_;
  std::size_t next_ = 0;  // source to be read
  bool any_drops_ = false;
  bool any_failures_ = false;
  dynamic_array<named_table> tables_;  // of the labels with slots
  dynamic_array<std::string_view> table_names_;
  label_family by_table_[2]{};
  family refusals_{own_families::failures};
  std::uint64_t shown_changes_ = 0;
};

}  // namespace vitals::inline v0::detail

#endif
