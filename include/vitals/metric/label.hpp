// Labels: a name and a fixed set of values, known when compiling.
#ifndef VITALS_METRIC_LABEL_HPP
#define VITALS_METRIC_LABEL_HPP

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <utility>

#include <vitals/core/config.hpp>
#include <vitals/core/enum_names.hpp>
#include <vitals/core/fixed_string.hpp>
#include <vitals/core/name.hpp>
#include <vitals/core/unique.hpp>
#include <vitals/metric/lint.hpp>

namespace vitals::inline v0 {

/// A list of literals as a label's values: `label<"zone", one_of<"eu", "us">>`. Written in a call the literal is
/// checked when compiling; a text that is only known at run time goes through `find`.
template <fixed_string... Texts>
struct one_of {
  static_assert(sizeof...(Texts) != 0, "one_of needs at least one value");
  static constexpr std::array<std::string_view, sizeof...(Texts)> texts{Texts.view()...};

  /// One of the texts, or none of them.
  struct value {
    std::uint32_t index;
  };

  /// The value whose text is `text`. An unknown text gives a value that is dropped and counted wherever it is used.
  [[nodiscard]] static constexpr value find(std::string_view text) noexcept {
    std::uint32_t i = 0;
    while (i != texts.size() && texts[i] != text) {
      ++i;
    }
    return {i};
  }
};

namespace detail {

/// The values of an enum: those that `label_values(E)` gives, or else the enumerators found by a scan.
template <class E>
consteval auto enum_values() noexcept {
  if constexpr (requires { label_values(E{}); }) {
    return label_values(E{});
  } else {
    constexpr std::size_t size = enum_scan<E>.names.size();
    static_assert(size != 0,
                  "this enum has no enumerator from 0 upward: list its values with "
                  "`constexpr auto label_values(E) { return std::array{E::a, E::b}; }` beside the enum");
    static_assert(!enum_scan<E>.gap,
                  "this enum has gaps or starts below 0: list its values with "
                  "`constexpr auto label_values(E) { return std::array{E::a, E::b}; }` beside the enum");
    std::array<E, size> values{};
    for (std::size_t i = 0; i != size; ++i) {
      values[i] = static_cast<E>(i);
    }
    return values;
  }
}

template <class E>
inline constexpr auto enum_values_of = enum_values<E>();

/// The texts of an enum's values: `label_text(E)` where it gives one, or else the enumerator's name.
template <class E, std::size_t... I>
consteval auto enum_texts(std::index_sequence<I...>) noexcept {
  constexpr auto& values = enum_values_of<E>;
  std::array<std::string_view, sizeof...(I)> texts{};
  if constexpr (requires { label_values(E{}); }) {
    texts = names_of<E, values[I]...>();
  } else {
    texts = {enum_scan<E>.names[I]...};
  }
  if constexpr (requires { label_text(E{}); }) {
    for (std::size_t i = 0; i != texts.size(); ++i) {
      const std::string_view own = label_text(values[i]);
      texts[i] = own.empty() ? texts[i] : own;
    }
  }
  return texts;
}

/// How a label's values become texts and small integers.
template <class Values>
struct value_set {
  static_assert(sizeof(Values) == 0,
                "a label's values are an enum, bool or a list of literals: label<\"zone\", one_of<\"eu\", \"us\">>");
};

template <>
struct value_set<bool> {
  using argument_type = bool;
  static constexpr std::array<std::string_view, 2> texts{"false", "true"};
  static constexpr bool can_miss = false;
  VITALS_HOT static constexpr std::uint32_t index(bool value) noexcept { return value ? 1 : 0; }
};

template <fixed_string... Texts>
struct value_set<one_of<Texts...>> {
  using argument_type = typename one_of<Texts...>::value;
  static constexpr auto texts = one_of<Texts...>::texts;
  static constexpr bool can_miss = true;
  VITALS_HOT static constexpr std::uint32_t index(argument_type value) noexcept { return value.index; }
};

template <class E>
requires std::is_enum_v<E>
struct value_set<E> {
  using argument_type = E;
  static constexpr auto& values = enum_values_of<E>;
  static constexpr std::uint32_t size = values.size();
  static constexpr auto texts = enum_texts<E>(std::make_index_sequence<size>{});
  static constexpr bool can_miss = true;

  /// The value's place, or `size` and more for one that is not in the set.
  VITALS_HOT static constexpr std::uint32_t index(E value) noexcept {
    if constexpr (dense) {
      using underlying = std::underlying_type_t<E>;
      if constexpr (sizeof(underlying) > sizeof(std::uint32_t)) {
        const auto place = static_cast<std::uint64_t>(value);
        return place < size ? static_cast<std::uint32_t>(place) : size;
      } else {
        return static_cast<std::uint32_t>(value);  // a negative one becomes large
      }
    } else {
      std::uint32_t at = size;
      for (std::uint32_t i = 0; i != size; ++i) {
        at = values[i] == value ? i : at;
      }
      return at;
    }
  }

 private:
  static constexpr bool dense = [] {
    for (std::uint32_t i = 0; i != size; ++i) {
      if (static_cast<std::int64_t>(values[i]) != static_cast<std::int64_t>(i)) {
        return false;
      }
    }
    return true;
  }();
};

template <class Values>
consteval std::size_t repeated_text() noexcept {
  std::array<std::uint64_t, Values::texts.size()> hashes{};
  for (std::size_t i = 0; i != hashes.size(); ++i) {
    hashes[i] = hash(Values::texts[i]);
  }
  return repeated_at(hashes);
}

template <class Values>
consteval bool texts_are_legal() noexcept {
  for (const std::string_view text : Values::texts) {
    if (text.empty() || !is_utf8(text)) {
      return false;
    }
  }
  return true;
}

/// A label's name.
template <fixed_string Name>
struct label_name {
  static constexpr std::string_view name = Name.view();
  static_assert(is_metric_name(name), "a label's name is made of a-z, 0-9 and _, and does not start with a digit");
  static_assert(!has_upper_case(name), "a label's name is snake_case: write user_id");
  static_assert(!name.starts_with("__"), "label names that start with __ are reserved by Prometheus: choose another");
  static_assert(name != "le" && name != "quantile",
                "the labels le and quantile are written by histograms and summaries: choose another name");
};

/// Left undefined: a literal that is none of the label's values ends here when compiling.
void this_text_is_not_one_of_the_labels_values();

}  // namespace detail

/// A label: its name and its values, which are an enum, `bool` or `one_of<...>`.
///
/// An enum's values are its enumerators, counted from 0, and their texts the enumerators' names. Beside the enum
/// `constexpr std::string_view label_text(E)` renames (empty keeps the name), and
/// `constexpr auto label_values(E) { return std::array{...}; }` lists the values: needed where the enum has gaps or
/// does not start at 0. A value outside the set is dropped and counted, never written elsewhere.
template <fixed_string Name, class Values>
struct label : detail::label_name<Name> {
  using values = detail::value_set<Values>;
  static constexpr std::uint32_t size = values::texts.size();
  static_assert(size != 0, "a label has at least one value: list them in label_values");
  static_assert(detail::repeated_text<values>() == detail::npos, "two values of this label have the same text");
  static_assert(
      detail::texts_are_legal<values>(),
      "a label's value is UTF-8 text, and not empty: label_text names an enum's value that has no enumerator");
};

namespace detail {

template <class T>
inline constexpr bool is_label = false;
template <fixed_string Name, class Values>
inline constexpr bool is_label<label<Name, Values>> = true;

/// What `get` takes for a label: its enum, a bool, or a literal of the list. Anything else does not compile.
template <class Label>
struct label_argument;

template <fixed_string Name, class Values>
struct label_argument<label<Name, Values>> {
  using set = value_set<Values>;
  std::uint32_t index;

  template <class T>
  // NOLINTNEXTLINE(google-explicit-constructor): a label's value converts by itself
  VITALS_HOT constexpr label_argument(const T& value) noexcept : index(of(value)) {}

 private:
  template <class T>
  VITALS_HOT static constexpr std::uint32_t of(const T& value) noexcept {
    static_assert(std::same_as<T, typename set::argument_type>,
                  "wrong label type: pass a value of the type that the label was declared with, in the labels' order");
    if constexpr (std::same_as<T, typename set::argument_type>) {
      return set::index(value);
    } else {
      return 0;
    }
  }
};

template <fixed_string Name, fixed_string... Texts>
struct label_argument<label<Name, one_of<Texts...>>> {
  using list = one_of<Texts...>;
  std::uint32_t index;

  // NOLINTNEXTLINE(google-explicit-constructor)
  VITALS_HOT constexpr label_argument(typename list::value value) noexcept : index(value.index) {}

  template <std::size_t N>
  // NOLINTNEXTLINE(google-explicit-constructor)
  consteval label_argument(const char (&text)[N]) : index(list::find({text, N - 1}).index) {
    if (index == list::texts.size()) {
      this_text_is_not_one_of_the_labels_values();
    }
  }

  template <class T>
  // NOLINTNEXTLINE(google-explicit-constructor)
  constexpr label_argument(const T&) noexcept : index(0) {
    static_assert(sizeof(T) == 0,
                  "wrong label type: pass one of the label's literals, or for a text known at run time "
                  "one_of<...>::find(text)");
  }
};

}  // namespace detail

}  // namespace vitals::inline v0

#endif
