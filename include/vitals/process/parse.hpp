// The texts of /proc as numbers. https://man7.org/linux/man-pages/man5/proc.5.html
#ifndef VITALS_PROCESS_PARSE_HPP
#define VITALS_PROCESS_PARSE_HPP

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace vitals::inline v0::detail {

/// A word as a number: nothing where it is more or less than the digits of an unsigned 64-bit number.
inline std::optional<std::uint64_t> number_of(std::string_view word) noexcept {
  std::uint64_t number = 0;
  const char* const end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(word.data(), end, number);
  return error == std::errc{} && stop == end ? std::optional{number} : std::nullopt;
}

/// Takes the next word off `text`; an empty one where none is left.
constexpr std::string_view take_word(std::string_view& text) noexcept {
  constexpr std::string_view blanks = " \t\n";
  const std::size_t start = text.find_first_not_of(blanks);
  text.remove_prefix(start == std::string_view::npos ? text.size() : start);
  const std::string_view word = text.substr(0, text.find_first_of(blanks));
  text.remove_prefix(word.size());
  return word;
}

/// Takes the next line off `text`, without its end. Nothing where no whole line is left: a number at the end of a text
/// that was cut may lack digits.
constexpr std::optional<std::string_view> take_line(std::string_view& text) noexcept {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

/// The number behind `key`, which is the first word of its line.
inline std::optional<std::uint64_t> number_behind(std::string_view key, std::string_view text) noexcept {
  while (auto line = take_line(text)) {
    if (take_word(*line) == key) {
      return number_of(take_word(*line));
    }
  }
  return std::nullopt;
}

/// What /proc/self/stat tells.
struct stat_numbers {
  std::optional<std::uint64_t> threads;
  std::optional<std::uint64_t> start_ticks;  ///< since the machine booted
  std::optional<std::uint64_t> virtual_bytes;
  std::optional<std::uint64_t> resident_pages;
};

inline stat_numbers parse_stat(std::string_view text) noexcept {
  stat_numbers found;
  text = text.substr(0, text.find_last_of(" \n") + 1);  // whole words only; npos + 1 is 0
  const std::size_t name_end = text.rfind(')');         // the last one: a program's name may hold anything
  if (name_end == std::string_view::npos) {
    return found;
  }
  text.remove_prefix(name_end + 1);
  for (int field = 3; field <= 24; ++field) {
    const std::string_view word = take_word(text);
    if (field == 20) {
      found.threads = number_of(word);
    } else if (field == 22) {
      found.start_ticks = number_of(word);
    } else if (field == 23) {
      found.virtual_bytes = number_of(word);
    } else if (field == 24) {
      found.resident_pages = number_of(word);
    }
  }
  return found;
}

/// Bytes received and sent.
struct octets {
  std::optional<std::uint64_t> received;
  std::optional<std::uint64_t> transmitted;
};

/// What /proc/self/net/netstat tells of IPv4: a line of names, and a line of numbers below it.
inline octets parse_netstat(std::string_view text) noexcept {
  octets found;
  constexpr std::string_view group = "IpExt:";
  while (auto names = take_line(text)) {
    if (take_word(*names) != group) {
      continue;
    }
    auto numbers = take_line(text);
    if (!numbers || take_word(*numbers) != group) {
      break;
    }
    for (std::string_view name = take_word(*names); !name.empty(); name = take_word(*names)) {
      const std::string_view number = take_word(*numbers);
      if (name == "InOctets") {
        found.received = number_of(number);
      } else if (name == "OutOctets") {
        found.transmitted = number_of(number);
      }
    }
    break;
  }
  return found;
}

/// What /proc/self/net/snmp6 tells of IPv6.
inline octets parse_snmp6(std::string_view text) noexcept {
  return {.received = number_behind("Ip6InOctets", text), .transmitted = number_behind("Ip6OutOctets", text)};
}

}  // namespace vitals::inline v0::detail

#endif
