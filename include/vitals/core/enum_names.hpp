// The enumerators of an enum and their names, read from the compiler.
#ifndef VITALS_CORE_ENUM_NAMES_HPP
#define VITALS_CORE_ENUM_NAMES_HPP

#include <array>
#include <bit>
#include <cstddef>
#include <limits>
#include <string_view>
#include <type_traits>
#include <utility>

// clang 16 to 19 make an error of each value that an enum without a fixed type cannot hold, even where it is only asked
// whether it can. Such values are asked for here, and none is used.
#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wunknown-warning-option"
#pragma clang diagnostic ignored "-Wenum-constexpr-conversion"
#endif

namespace vitals::inline v0::detail {

/// One instantiation spells a whole chunk of values: `... V = {ns::a, ns::b, (ns::E)2}` in g++, `<...>` in clang.
template <class E, E... V>
consteval std::string_view spelled() noexcept {
  return __PRETTY_FUNCTION__;
}

/// The identifier at the end of `element`; empty for a value without an enumerator, which ends in a digit's number.
constexpr std::string_view trailing_identifier(std::string_view element) noexcept {
  std::size_t start = element.size();
  const auto part = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;  // UTF-8; a plain char has no sign on some machines
  };
  while (start != 0 && part(element[start - 1])) {
    --start;
  }
  const std::string_view name = element.substr(start);
  return name.empty() || (name.front() >= '0' && name.front() <= '9') ? std::string_view{} : name;
}

/// Any look into an enum makes its definition known: that of a class template's member is not before.
template <class E>
concept looked_into = requires {
  E::none;
}
|| true;

/// The names of the values V..., in order; empty where a value has no enumerator.
template <looked_into E, E... V>
consteval std::array<std::string_view, sizeof...(V)> names_of() noexcept {
  std::array<std::string_view, sizeof...(V)> names{};
  std::string_view text = spelled<E, V...>();
  text.remove_prefix(text.find("V = ") + 5);  // past the opening bracket
  std::size_t count = 0;
  std::size_t start = 0;
  int depth = 0;
  for (std::size_t i = 0; count != names.size(); ++i) {
    const char c = text[i];
    const bool end = depth == 0 && (c == ',' || c == '}' || c == '>');
    if (end) {
      names[count++] = trailing_identifier(text.substr(start, i - start));
      start = i + 1;
    }
    depth += (c == '(' || c == '<' || c == '{') ? 1 : (!end && (c == ')' || c == '>' || c == '}')) ? -1 : 0;
  }
  return names;
}

/// An enum without a fixed type holds only the values that its enumerators' bits can hold; newer compilers refuse to
/// form others in a constant expression.
template <class E, auto V>
concept holds_value = requires {
  typename std::integral_constant<E, static_cast<E>(V)>;
};

inline constexpr std::size_t enum_chunk = 64;

/// How many of the values First, First + 1, ... one chunk may name: a power of two, 0 where E cannot hold First.
template <class E, std::size_t First, std::size_t Size = enum_chunk>
consteval std::size_t chunk_size() noexcept {
  using limits = std::numeric_limits<std::underlying_type_t<E>>;
  if constexpr (Size == 0) {
    return 0;
  } else if constexpr (First + Size - 1 > static_cast<unsigned long long>(limits::max())) {
    return chunk_size<E, First, Size / 2>();
  } else if constexpr (holds_value<E, First + Size - 1>) {
    return Size;
  } else {
    return chunk_size<E, First, Size / 2>();
  }
}

template <class E, std::size_t First, std::size_t... I>
consteval auto chunk_names(std::index_sequence<I...>) noexcept {
  // no static_cast: it would warn of values that an enum without a fixed type cannot hold
  return names_of<E, std::bit_cast<E>(static_cast<std::underlying_type_t<E>>(First + I))...>();
}

/// What a scan of an enum's values from 0 upward found.
template <std::size_t N>
struct scan {
  std::array<std::string_view, N> names{};
  bool gap = false;  ///< a value without a name lies below one that has a name, or a value below 0 has a name
};

/// One past the last index that has a name.
template <std::size_t N>
consteval std::size_t named_up_to(const std::array<std::string_view, N>& names) noexcept {
  std::size_t end = N;
  while (end != 0 && names[end - 1].empty()) {
    --end;
  }
  return end;
}

/// How many of the values -1, -2, ... are looked at: an enum that counts from below 0 seldom starts lower.
inline constexpr int below_zero = 16;

template <class E, int... I>
consteval bool names_below_zero(std::integer_sequence<int, I...>) noexcept {
  return named_up_to(names_of<E, std::bit_cast<E>(static_cast<std::underlying_type_t<E>>(-1 - I))...>()) != 0;
}

template <class E>
consteval bool names_below_zero() noexcept {
  if constexpr (!std::is_signed_v<std::underlying_type_t<E>>) {
    return false;
  } else if constexpr (holds_value<E, -below_zero>) {
    return names_below_zero<E>(std::make_integer_sequence<int, below_zero>{});
  } else if constexpr (holds_value<E, -1>) {
    return names_below_zero<E>(std::make_integer_sequence<int, 1>{});
  } else {
    return false;
  }
}

/// Scans chunk after chunk until one names nothing. A chunk of the scan is one instantiation.
template <looked_into E, std::size_t First = 0>
consteval auto scan_enum() noexcept {
  constexpr std::size_t size = chunk_size<E, First>();
  if constexpr (size == 0) {
    return scan<0>{};
  } else {
    constexpr auto names = chunk_names<E, First>(std::make_index_sequence<size>{});
    constexpr std::size_t named = named_up_to(names);
    if constexpr (named == 0) {
      return scan<0>{};
    } else {
      constexpr auto rest = scan_enum<E, First + size>();
      scan<(rest.names.empty() ? named : size + rest.names.size())> all;
      all.gap = rest.gap || (First == 0 && names_below_zero<E>());
      for (std::size_t i = 0; i != all.names.size(); ++i) {
        all.names[i] = i < size ? names[i] : rest.names[i - size];
        all.gap = all.gap || all.names[i].empty();
      }
      return all;
    }
  }
}

/// The scan of E, made once.
template <class E>
inline constexpr auto enum_scan = scan_enum<E>();

/// The name of one known enumerator; empty where V has none.
template <auto V>
consteval std::string_view enumerator_name() noexcept {
  return names_of<decltype(V), V>()[0];
}

/// The spelling of a type without the compiler's decoration.
template <class T>
consteval std::string_view type_name() noexcept {
  std::string_view text = __PRETTY_FUNCTION__;
  text.remove_prefix(text.find("T = ") + 4);
  return text.substr(0, text.find_first_of(";]"));
}

}  // namespace vitals::inline v0::detail

#if defined(__clang__)
#pragma clang diagnostic pop
#endif

#endif
