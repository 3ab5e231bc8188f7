// The enumerators of an enum and their names, read from the compiler.
#ifndef VITALS_CORE_ENUM_NAMES_HPP
#define VITALS_CORE_ENUM_NAMES_HPP

#include <array>
#include <cstddef>
#include <cstdint>
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

/// Where a value's name stands in a spelling; its size is 0 where the value has none.
template <std::size_t Count>
struct spelled_names {
  std::uint32_t start[Count]{};  // plain arrays: operator[] would be one more call for each step
  std::uint32_t size[Count]{};
  std::size_t named = 0;  ///< one past the last value that has a name
};

/// Finds the names in a spelling of Count values. This runs when compiling, for each enum, where every step is dear, so
/// it looks at no more characters than it must, and calls nothing in its loops: all names of an enum begin at the same
/// place of their elements, and all values without a name have the same cast before their number.
template <std::size_t Count>
constexpr spelled_names<Count> find_names(std::string_view spelling) noexcept {
  spelled_names<Count> found;
  const char* const text = spelling.data();
  const std::size_t text_size = spelling.size();
  std::size_t at = 0;
  while (text[at] != 'V' || text[at + 1] != ' ' || text[at + 2] != '=') {
    ++at;
  }
  at += 5;               // past the opening bracket
  std::size_t name = 0;  // where names begin in an element; 0 while that is not known
  std::size_t cast = 0;  // where the cast ends in one without a name; 0 while that is not known
  std::size_t size = 0;  // of the last one without a name
  for (std::size_t i = 0; i != Count; ++i) {
    if (text[at] == '(') {
      if (cast != 0 && at + size < text_size && text[at + cast] == ')') {
        if (text[at + size] != ',') {
          size = cast + 2;
          while (text[at + size] != ',' && text[at + size] != '}' && text[at + size] != '>') {
            ++size;
          }
        }
        at += size + 2;
        continue;
      }
    } else if (name != 0) {
      const std::size_t start = at + name;
      at = start + 1;
      while (text[at] != ',' && text[at] != '}' && text[at] != '>') {
        ++at;
      }
      found.start[i] = static_cast<std::uint32_t>(start);
      found.size[i] = static_cast<std::uint32_t>(at - start);
      found.named = i + 1;
      at += 2;
      continue;
    }
    // An element of which nothing is known: the name is the identifier at its end.
    std::size_t start = at;
    int depth = 0;
    for (std::size_t end = at;; ++end) {
      const char c = text[end];
      if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || c == '_' ||
          static_cast<unsigned char>(c) >= 0x80) {  // UTF-8; a plain char has no sign on some machines
        continue;
      }
      if (depth == 0 && (c == ',' || c == '}' || c == '>')) {
        if (start == end || (text[start] >= '0' && text[start] <= '9')) {
          cast = start - at - (text[start - 1] == '-' ? 2 : 1);
          size = end - at;
        } else {
          name = start - at;
          found.start[i] = static_cast<std::uint32_t>(start);
          found.size[i] = static_cast<std::uint32_t>(end - start);
          found.named = i + 1;
        }
        at = end + 2;
        break;
      }
      start = end + 1;
      depth += (c == '(' || c == '<' || c == '{') ? 1 : (c == ')' || c == '>' || c == '}') ? -1 : 0;
    }
  }
  return found;
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
  const std::string_view spelling = spelled<E, V...>();
  const auto found = find_names<sizeof...(V)>(spelling);
  for (std::size_t i = 0; i != names.size(); ++i) {
    names[i] = {spelling.data() + found.start[i], found.size[i]};
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

/// The spelling of the values First, First + Step, ...: all of a chunk in one instantiation.
template <looked_into E, auto First, auto Step, std::size_t... I>
consteval std::string_view spelled_chunk(std::index_sequence<I...>) noexcept {
  using number = std::underlying_type_t<E>;
  // no static_cast: it would warn of values that an enum without a fixed type cannot hold
  return spelled<E, __builtin_bit_cast(E, static_cast<number>(First + Step * static_cast<decltype(Step)>(I)))...>();
}

/// What a scan of an enum's values from 0 upward found.
template <std::size_t N>
struct scan {
  std::array<std::string_view, N> names{};
  bool gap = false;  ///< a value without a name lies below one that has a name, or a value below 0 has a name
};

/// How many of the values -1, -2, ... are looked at: an enum that counts from below 0 seldom starts lower.
inline constexpr int below_zero = 16;

template <class E>
consteval bool names_below_zero() noexcept {
  if constexpr (!std::is_signed_v<std::underlying_type_t<E>>) {
    return false;
  } else if constexpr (holds_value<E, -below_zero>) {
    return find_names<below_zero>(spelled_chunk<E, -1, -1>(std::make_index_sequence<below_zero>{})).named != 0;
  } else if constexpr (holds_value<E, -1>) {
    return find_names<1>(spelled_chunk<E, -1, -1>(std::make_index_sequence<1>{})).named != 0;
  } else {
    return false;
  }
}

/// A chunk's spelling and where its names stand. Constants of their own, not of a function: clang evaluates those once
/// when it reads the function, and again in each call.
template <class E, std::size_t First>
inline constexpr std::string_view chunk_spelling =
    spelled_chunk<E, First, std::size_t{1}>(std::make_index_sequence<chunk_size<E, First>()>{});
template <class E, std::size_t First>
inline constexpr auto chunk_names = find_names<chunk_size<E, First>()>(chunk_spelling<E, First>);

/// How many values a scan from First on goes through: chunk after chunk until one names nothing.
template <looked_into E, std::size_t First = 0>
consteval std::size_t named_up_to() noexcept {
  constexpr std::size_t size = chunk_size<E, First>();
  if constexpr (size == 0) {
    return First;
  } else if constexpr (chunk_names<E, First>.named == 0) {
    return First;
  } else {
    constexpr std::size_t rest = named_up_to<E, First + size>();
    return rest == First + size ? First + chunk_names<E, First>.named : rest;
  }
}

/// Reads the names of a chunk, and of those behind it.
template <class E, std::size_t First, std::size_t N>
constexpr void read_chunks(scan<N>& all) noexcept {
  constexpr auto& found = chunk_names<E, First>;
  constexpr std::size_t size = chunk_size<E, First>();
  for (std::size_t i = 0; i != size && First + i != N; ++i) {
    all.names[First + i] = {chunk_spelling<E, First>.data() + found.start[i], found.size[i]};
    all.gap = all.gap || found.size[i] == 0;
  }
  if constexpr (First + size < N) {
    read_chunks<E, First + size>(all);
  }
}

template <class E>
consteval auto scan_enum() noexcept {
  scan<named_up_to<E>()> all;
  if constexpr (all.names.size() != 0) {
    all.gap = names_below_zero<E>();
    read_chunks<E, 0>(all);
  }
  return all;
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
  const std::string_view text = __PRETTY_FUNCTION__;
  const char* start = text.data();
  while (start[0] != 'T' || start[1] != ' ' || start[2] != '=') {
    ++start;
  }
  start += 4;
  const char* end = start;
  while (*end != ';' && *end != ']') {
    ++end;
  }
  return {start, static_cast<std::size_t>(end - start)};
}

}  // namespace vitals::inline v0::detail

#if defined(__clang__)
#pragma clang diagnostic pop
#endif

#endif
