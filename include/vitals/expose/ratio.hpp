// Ratios of counters, such as a success rate: derived at each reading, kept nowhere.
#ifndef VITALS_EXPOSE_RATIO_HPP
#define VITALS_EXPOSE_RATIO_HPP

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

#include <vitals/core/fixed_string.hpp>
#include <vitals/core/unique.hpp>
#include <vitals/core/view.hpp>
#include <vitals/metric/descriptor.hpp>
#include <vitals/metric/family.hpp>
#include <vitals/metric/unit.hpp>

namespace vitals::inline v0 {

namespace detail {

/// The place of a label's value among its values; npos where there is no such label, or value.
constexpr std::size_t value_index(view<label_family> labels, std::string_view name, std::string_view value) noexcept {
  for (const label_family& l : labels) {
    for (std::size_t i = 0; i != l.values.size(); ++i) {
      if (l.name == name && l.values[i] == value) {
        return i;
      }
    }
  }
  return npos;
}

}  // namespace detail

/// Those series of a counter whose label has the value: `where<requests, "outcome", "ok">`.
template <class Counter, fixed_string Label, fixed_string Value>
struct where {
  static constexpr std::string_view name = Counter::name;
  static constexpr metric_type type = Counter::type;
  static constexpr std::string_view label = Label.view();
  static constexpr std::size_t index =
      detail::value_index(detail::label_facts<typename Counter::labels>::table, label, Value.view());
  static_assert(index != detail::npos,
                "where<counter, label, value> names one of the counter's labels, and one of that label's values");
};

/// A ratio since the start of the program, for people: `struct success : vitals::ratio_of<"http_success_ratio",
/// "Requests that went well.", vitals::where<requests, "outcome", "ok">, requests> {};` Part and Whole are counters, of
/// which all series are added up, or some of their series. NaN where the whole is 0, or one of the two is absent. (A
/// rule divides the counters' rates instead.)
template <fixed_string Name, fixed_string Help, class Part, class Whole>
struct ratio_of : detail::descriptor<Name, Help, unit::ratio> {
  static_assert(Part::type == metric_type::counter && Whole::type == metric_type::counter,
                "a ratio is made of two counters, or of where<counter, label, value>");
  using part = Part;
  using whole = Whole;
};

namespace detail {

/// Some series of a family in a reading.
struct selection {
  const family* of = nullptr;
  std::uint32_t below = 0;  ///< how many neighbouring series have one value of the label; 0 where nothing is selected
  std::uint32_t size = 1;   ///< how many values the label has
  std::uint32_t index = 0;  ///< the one that is selected

  [[nodiscard]] double total(const std::uint64_t* cells) const noexcept {
    double sum = 0;
    for (std::uint32_t i = 0; i != of->series; ++i) {
      if (i / below % size == index) {
        const std::uint64_t cell_value = cells[of->cell_of(i)];
        sum += of->kind == value_kind::real ? std::bit_cast<double>(cell_value) : static_cast<double>(cell_value);
      }
    }
    return sum;
  }
  [[nodiscard]] bool is_present(const std::uint64_t* cells) const noexcept {
    return of->present == family::always || cells[of->present] != 0;
  }
};

/// Where what a ratio is made of lies in the readings of a source.
template <class Source, class Selected>
consteval selection select() noexcept {
  selection found;
  for (const family& f : Source::source().families) {
    if (f.name != Selected::name) {
      continue;
    }
    found = {.of = &f, .below = 1};
    if constexpr (requires { Selected::label; }) {
      std::uint32_t below = f.series;
      for (const label_family& l : f.labels) {
        below /= l.size();
        if (l.name == Selected::label) {
          found = {.of = &f, .below = below, .size = l.size(), .index = Selected::index};
        }
      }
    }
  }
  return found;
}

template <class Source, class Selected>
inline constexpr selection selection_of = [] {
  constexpr selection found = select<Source, Selected>();
  static_assert(found.below != 0, "a ratio's counters are in its registry: add them there");
  return found;
}();

}  // namespace detail

/// A registry with ratios of its counters, to be exposed in its place: `server.expose<vitals::with_ratios<metrics,
/// success>>()`. A scraper sees a gauge for each. They are made of the same reading as the counters beside them.
template <source Source, class... Ratios>
class with_ratios {
  static constexpr source_ref inner = Source::source();
  static constexpr std::size_t count = sizeof...(Ratios);

  static constexpr auto families = [] {
    std::array<family, inner.families.size() + count> all{};
    std::size_t at = 0;
    for (const family& f : inner.families) {
      all[at++] = f;
    }
    auto cell = static_cast<std::uint32_t>(inner.cells);
    ((all[at++] = {.name = Ratios::name,
                   .help = Ratios::help,
                   .unit = Ratios::unit,
                   .type = metric_type::gauge,
                   .kind = value_kind::real,
                   .labels = {},
                   .bounds = {},
                   .first = cell++,
                   .series = 1,
                   .stride = 1,
                   .width = 1}),
     ...);
    return all;
  }();

  template <class Ratio>
  static std::uint64_t read_one(const std::uint64_t* cells) noexcept {
    constexpr const detail::selection& part = detail::selection_of<Source, typename Ratio::part>;
    constexpr const detail::selection& whole = detail::selection_of<Source, typename Ratio::whole>;
    const double divisor = whole.total(cells);
    const bool exists = part.is_present(cells) && whole.is_present(cells) && divisor != 0;
    return std::bit_cast<std::uint64_t>(exists ? part.total(cells) / divisor
                                               : std::numeric_limits<double>::quiet_NaN());
  }

  static void read(const void* self, std::uint64_t* out) noexcept {
    inner.read(self, out);
    std::size_t at = inner.cells;
    ((out[at++] = read_one<Ratios>(out)), ...);
  }

 public:
  /// The registry and its ratios as a source of families.
  [[nodiscard]] static constexpr source_ref source() noexcept {
    source_ref all = inner;
    all.families = families;
    all.cells += count;
    all.read = &read;
    return all;
  }
};

}  // namespace vitals::inline v0

#endif
