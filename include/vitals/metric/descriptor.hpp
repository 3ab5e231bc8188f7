// What all metrics' descriptors have in common: name, help, labels, storage.
#ifndef VITALS_METRIC_DESCRIPTOR_HPP
#define VITALS_METRIC_DESCRIPTOR_HPP

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include <vitals/core/cell.hpp>
#include <vitals/core/directory.hpp>
#include <vitals/core/fixed_string.hpp>
#include <vitals/core/name.hpp>
#include <vitals/core/unique.hpp>
#include <vitals/metric/exemplar.hpp>
#include <vitals/metric/family.hpp>
#include <vitals/metric/label.hpp>
#include <vitals/metric/lint.hpp>
#include <vitals/metric/unit.hpp>

namespace vitals::inline v0 {

/// An option of a metric: one atomic cell for all threads instead of one a thread. Each update is a read-modify-write
/// (some 5 ns alone, far more when threads meet). For signal handlers, which may use no other storage, and for
/// programs of thousands of threads.
struct shared {};

/// An option of a gauge or a `shared` metric: its cells lie close together, not each on a cache line of its own. For
/// many series that are seldom written.
struct packed {};

namespace detail {

/// What a registry needs to know to lay out a metric.
struct shape {
  abi::summing kind = abi::summing::integers;
  std::uint32_t width = 1;   ///< cells of a series
  std::uint32_t stride = 1;  ///< from one series to the next
  std::uint32_t series = 1;
  bool may_fall = false;     ///< sums may go down
  bool shared = false;       ///< in the cells that all threads share
  bool trash = false;        ///< one more series takes what is dropped for its label
  bool label_drops = false;  ///< a cell counts what is dropped for its label
  bool value_drops = false;  ///< a cell counts what is dropped for its value
  std::uint32_t points = 0;  ///< of a series that keep exemplars
  bool called = false;       ///< no cells in the registry: a function gives the values at each reading
  std::uint64_t part = 0;    ///< of maxima: the length of a sub-window in nanoseconds
};

/// The smallest stride at which no series touches more cache lines than its width needs.
constexpr std::uint32_t line_stride(std::uint32_t width) noexcept {
  constexpr std::uint32_t line = cells_a_line;
  const std::uint32_t lines = (width + line - 1) / line;
  for (std::uint32_t stride = width;; ++stride) {
    bool fits = true;
    for (std::uint32_t i = 0; i != line; ++i) {
      fits = fits && i * stride % line + width <= lines * line;
    }
    if (fits) {
      return stride;
    }
  }
}

template <class... T>
struct list {};

template <class... A, class... B>
constexpr list<A..., B...> operator+(list<A...>, list<B...>) noexcept {
  return {};
}

template <class Option>
constexpr auto only_label() noexcept {
  static_assert(is_label<Option> || is_unit<Option> || std::same_as<Option, shared> || std::same_as<Option, packed> ||
                    std::same_as<Option, exemplars>,
                "a metric's options are labels, slots, a unit, vitals::shared, vitals::packed and vitals::exemplars: "
                "write vitals::label<\"method\", method>");
  if constexpr (is_label<Option>) {
    return list<Option>{};
  } else {
    return list<>{};
  }
}

/// The unit among a metric's options, or else the one that its name ends in.
template <class... Options>
consteval std::string_view unit_of(std::string_view name) noexcept {
  std::string_view given = known_unit(name);
  ((given = is_unit<Options> ? unit_name<Options> : given), ...);
  return given;
}

template <class... Label>
consteval std::size_t repeated_label(list<Label...>) noexcept {
  return repeated_at(std::array<std::uint64_t, sizeof...(Label)>{hash(Label::name)...});
}

/// The index of a label's name that stands at a smaller index too is in the error's instantiation.
template <std::size_t Index>
struct duplicate_label_at {
  static_assert(Index == npos, "a metric has two labels of the same name: rename one");
};

template <class Label>
constexpr label_family family_of_label() noexcept {
  if constexpr (requires { Label::values::table; }) {
    return {.name = Label::name, .values = {}, .table = &Label::values::table, .slots = Label::size - 1};
  } else {
    return {.name = Label::name, .values = Label::values::texts};
  }
}

template <class Labels>
struct label_facts;

template <class... Label>
struct label_facts<list<Label...>> {
  static constexpr std::size_t count = sizeof...(Label);
  static constexpr std::uint64_t most_series = std::uint64_t{1} << 24;
  static constexpr std::uint64_t wide_series = [] {
    std::uint64_t product = 1;
    ((product = product > most_series ? product : product * Label::size), ...);
    return product;
  }();
  static_assert(wide_series <= most_series, "a metric has at most 16 million series: leave out a label");
  static constexpr auto series = static_cast<std::uint32_t>(wide_series);
  static constexpr bool can_miss = (false || ... || Label::values::can_miss);
  static constexpr std::array<label_family, sizeof...(Label)> table{family_of_label<Label>()...};
};

/// The base of every descriptor.
template <fixed_string Name, fixed_string Help, class... Options>
struct descriptor {
  static constexpr std::string_view name = Name.view();
  static constexpr std::string_view help = Help.view();
  static constexpr std::string_view unit = unit_of<Options...>(name);
  using labels = decltype((list<>{} + ... + only_label<Options>()));

  static_assert(is_metric_name(name),
                "a metric's name is made of a-z, 0-9 and _, and does not start with a digit (colons are for recording "
                "rules)");
  static_assert(!has_upper_case(name), "a metric's name is snake_case: write http_requests_total");
  static_assert(!names_other_unit(name),
                "a metric's name says a base unit in full: seconds, bytes, ratio, celsius (not ms, minutes or kb)");
  static_assert(!names_type(name),
                "a metric's name does not say its type: leave out counter, gauge, histogram, summary");
  static_assert(unit.empty() || ends_in_unit(name, unit),
                "a metric's name ends in its unit (before _total): write \"request_size_bytes\" for unit::bytes");
  static_assert((0 + ... + (is_unit<Options> ? 1 : 0)) <= 1, "a metric has one unit: leave out the other");
  static_assert(!help.empty(), "a metric's help says in a sentence what is measured: it is empty");
  static_assert(is_utf8(help), "a metric's help is UTF-8 text");
  static_assert(sizeof(duplicate_label_at<repeated_label(labels{})>) != 0);
  static_assert(label_facts<labels>::series != 0);

  static constexpr bool has_exemplars = (std::same_as<Options, exemplars> || ...);

 protected:
  static constexpr bool is_shared = (std::same_as<Options, shared> || ...);
  static constexpr bool is_packed = (std::same_as<Options, packed> || ...);
};

}  // namespace detail

/// A metric's descriptor: a type derived from counter, up_down, gauge or histogram. Not one that hides what it inherits
/// by its own name: in `struct name : vitals::gauge<...>`, `name::name` is the type.
template <class M>
concept metric = requires {
  { M::name } -> std::convertible_to<std::string_view>;
  { M::help } -> std::convertible_to<std::string_view>;
  { M::unit } -> std::convertible_to<std::string_view>;
  { M::type } -> std::convertible_to<metric_type>;
  { M::kind } -> std::convertible_to<value_kind>;
  { M::shape } -> std::convertible_to<detail::shape>;
  detail::label_facts<typename M::labels>{};
  requires M::type != metric_type::histogram || requires {
    M::bounds;
  };
  requires(M::type != metric_type::histogram && M::type != metric_type::summary) || requires {
    M::buckets;
  };
};

}  // namespace vitals::inline v0

#endif
