// What a source of metrics tells its readers: one table of families, and a way to read their cells.
#ifndef VITALS_METRIC_FAMILY_HPP
#define VITALS_METRIC_FAMILY_HPP

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

#include <vitals/core/name.hpp>
#include <vitals/core/slot_table.hpp>
#include <vitals/core/view.hpp>

namespace vitals::inline v0 {

/// What a family is to a scraper. A format that has no such type downgrades it.
enum class metric_type : std::uint8_t { counter, gauge, histogram, summary, info, state_set };

/// How a family's values lie in its cells.
enum class value_kind : std::uint8_t {
  unsigned_integer,
  signed_integer,
  real,                ///< a double's bits
  real_histogram,      ///< sum (a double's bits), then a cell for each bucket; a summary has one bucket
  duration_histogram,  ///< low half of the sum in nanoseconds, a cell for each bucket, high half of the sum
  one,                 ///< no cell: the value is 1
  maximum,             ///< a double's bits, NaN where the window is empty; then 1 where anything was ever observed
  state,               ///< a cell holds the index of the present state; the last label's values are the states
};

/// A label of a family and the texts of its values, in the order of their indices.
struct label_family {
  std::string_view name;
  view<std::string_view> values;  ///< those that are known when compiling

  /// A label with slots: its table, and how many slots that has. `other` is one more value.
  detail::abi::slot_table& (*table)() noexcept = nullptr;
  std::uint32_t slots = 0;

  [[nodiscard]] constexpr std::uint32_t size() const noexcept {
    return table != nullptr ? slots + 1 : static_cast<std::uint32_t>(values.size());
  }
  /// Whether a value has a text. Of a label with slots that changes as texts come and go.
  [[nodiscard]] bool is_shown(std::uint32_t index) const noexcept {
    return table == nullptr || detail::is_slot_shown(table(), index);
  }
  /// The text of a value that has one.
  [[nodiscard]] std::string_view text(std::uint32_t index) const noexcept {
    return table == nullptr ? values[index] : detail::text_of_slot(table(), index);
  }
};

/// The buckets of a native histogram: the zero bucket up to 2^low, `parts` buckets up to each further bound, and one
/// for what lies above all bounds. Bucket k (from 0, the zero bucket) reaches to 2^(low + k * 2^-schema).
struct native_family {
  int schema = 0;
  int low = 0;
  std::uint32_t parts = 0;  ///< 0 in a histogram that is not native
  view<double> bounds{};    ///< of all buckets, the zero bucket's first
};

/// Some neighbouring cells; none where `count` is 0.
struct cell_range {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
};

/// Where a reading has a family's exemplars, five cells each: the time in milliseconds since 1970 (0 where there is no
/// exemplar), the trace's upper and lower half, the span, and the value's bits. A counter's series has one of them, a
/// histogram's one for each classic bucket, +Inf's last.
struct exemplar_cells {
  std::uint32_t first = 0;   ///< index of the first series' first one
  std::uint32_t stride = 0;  ///< from one series to the next; 0 in a family that keeps none
  std::uint32_t step = 0;    ///< from one bucket to the next
};

/// A family: what every format needs to know of one metric. The series are all combinations of the labels' values,
/// the last label's changing fastest.
struct family {
  static constexpr std::uint32_t always = std::numeric_limits<std::uint32_t>::max();
  static constexpr std::string_view all_endings[] = {"_created", "_sum", "_count", "_bucket"};

  std::string_view name;  ///< with `_total` and `_info`, where the type has such an ending
  std::string_view help;
  std::string_view unit;  ///< an ending of the name (before `_total`); empty where it has none
  metric_type type;
  value_kind kind;
  view<label_family> labels;
  view<double> bounds;             ///< of a histogram's classic buckets, ascending, without +Inf
  std::uint32_t first;             ///< index of the first series' first cell
  std::uint32_t series;            ///< how many series
  std::uint32_t stride;            ///< from one series to the next; in a state set from one set to the next
  std::uint32_t width;             ///< cells of one series
  cell_range label_drops{};        ///< these add up to the updates dropped for a label outside its values
  cell_range value_drops{};        ///< to those dropped for NaN, or for a negative value where no bound is negative
  cell_range failures{};           ///< to the callbacks that failed
  native_family native{};          ///< how a native histogram's cells make up its classic buckets
  std::uint32_t present = always;  ///< a cell that is 0 where this reading has no values for the family
  exemplar_cells exemplars{};      ///< where it keeps any

  /// The index of a series' first cell.
  [[nodiscard]] constexpr std::uint32_t cell_of(std::uint32_t at) const noexcept {
    return first + (kind == value_kind::state ? state_of(at).set : at) * stride;
  }

  /// The index of a series' exemplar, or its bucket's; only in a family that keeps some.
  [[nodiscard]] constexpr std::uint32_t exemplar_of(std::uint32_t at, std::uint32_t bucket = 0) const noexcept {
    return exemplars.first + at * exemplars.stride + bucket * exemplars.step;
  }

  /// The bounds of all of a histogram's buckets, which the cells behind the first count.
  [[nodiscard]] constexpr view<double> all_bounds() const noexcept {
    return native.parts == 0 ? bounds : native.bounds;
  }

  /// The cells of a histogram's classic bucket, counted from the series' first cell. The last bucket is +Inf's own.
  [[nodiscard]] constexpr cell_range bucket(std::uint32_t at) const noexcept {
    if (native.parts == 0 || at == 0) {
      return {.first = 1 + at, .count = 1};
    }
    return {.first = 2 + (at - 1) * native.parts, .count = at == bounds.size() ? 1 : native.parts};
  }

  /// Whether any of the labels has texts that are only known at run time.
  [[nodiscard]] constexpr bool has_slots() const noexcept {
    for (const label_family& l : labels) {
      if (l.table != nullptr) {
        return true;
      }
    }
    return false;
  }

  /// Calls `visit(label, value's index)` for each label of a series.
  template <class Visit>
  constexpr void each_label(std::uint32_t at, Visit visit) const {
    std::uint32_t below = series;  // how many series have one value of this label, and of those before it
    for (const label_family& l : labels) {
      below /= l.size();
      visit(l, at / below);
      at %= below;
    }
  }

  /// Calls `visit(series)` for each series whose labels all have a text now.
  template <class Visit>
  void each_series(Visit visit) const {
    const bool all = !has_slots();
    for (std::uint32_t i = 0; i != series; ++i) {
      bool shown = true;
      if (!all) {
        each_label(i, [&shown](const label_family& l, std::uint32_t index) { shown = shown && l.is_shown(index); });
      }
      if (shown) {
        visit(i);
      }
    }
  }

  struct state_place {
    std::uint32_t set;
    std::uint32_t state;
  };
  /// Where a series of a state set stands: in which set, and which of its states.
  [[nodiscard]] constexpr state_place state_of(std::uint32_t at) const noexcept {
    const auto states = labels.back().size();
    return {.set = at / states, .state = at % states};
  }

  /// What samples of a counter, a histogram or a summary add to the stem, beside the name itself.
  [[nodiscard]] constexpr view<std::string_view> endings() const noexcept {
    return {all_endings, std::size_t{type == metric_type::histogram ? 4U
                                     : type == metric_type::summary ? 3U
                                     : type == metric_type::counter ? 1U
                                                                    : 0U}};
  }

  /// The name without the ending that the type gives it: what OpenMetrics calls the family's name.
  [[nodiscard]] constexpr std::string_view stem() const noexcept {
    const std::string_view ending = type == metric_type::counter ? "_total" : type == metric_type::info ? "_info" : "";
    return name.ends_with(ending) ? name.substr(0, name.size() - ending.size()) : name;
  }
};

namespace detail {

/// How many names a family takes for itself on a page.
constexpr std::size_t names_taken(const family& f) noexcept {
  return (f.stem().size() != f.name.size() ? 2 : 1) + f.endings().size();
}

/// Writes the hashes of all names that a family takes: its own, its stem, its samples'. Returns their end. `seed` is
/// the hash of a prefix.
constexpr std::uint64_t* hash_names(const family& f, std::uint64_t* out, std::uint64_t seed = hash("")) noexcept {
  const std::size_t size = f.stem().size();
  const std::uint64_t stem = hash({f.name.data(), size}, seed);
  *out++ = stem;
  if (size != f.name.size()) {
    *out++ = hash(f.name.substr(size), stem);
  }
  for (const std::string_view ending : f.endings()) {
    *out++ = hash(ending, stem);
  }
  return out;
}

}  // namespace detail

/// A label that all series of a source get where it is exposed.
struct constant_label {
  std::string_view name;
  std::string_view value;
};

/// A source without its type: what a page, a server or an encoder keeps. What it points to must outlive it.
struct source_ref {
  view<family> families;
  std::size_t cells;  ///< how many cells a reading has
  /// Writes a reading of all cells; any thread, any time. `self` is the member below.
  void (*read)(const void* self, std::uint64_t* out) noexcept;
  const void* self = nullptr;
  std::string_view prefix{};      ///< stands before the families' names
  view<constant_label> labels{};  ///< stand before the families' own
  /// When its counting began, in nanoseconds since 1970 (UTC); null where that is not known. Any thread, any time.
  std::uint64_t (*created)(const void* self) noexcept = nullptr;
};

/// Anything that offers families: a registry, or whatever else has a constexpr table and can sum its cells.
template <class S>
concept source = requires {
  { S::source() }
  noexcept->std::same_as<source_ref>;
};

}  // namespace vitals::inline v0

#endif
