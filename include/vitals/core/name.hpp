// The one grammar of names and texts, used when compiling and at run time alike.
// Prometheus data model: https://prometheus.io/docs/concepts/data_model/
#ifndef VITALS_CORE_NAME_HPP
#define VITALS_CORE_NAME_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace vitals::inline v0 {

/// Whether `name` can name a metric: [a-zA-Z_][a-zA-Z0-9_]*. Colons are legal on the wire but kept for recording
/// rules, so they are refused here.
[[nodiscard]] constexpr bool is_metric_name(std::string_view name) noexcept {
  for (const char c : name) {  // no call for each letter: this runs for every metric when compiling
    if (!((c >= 'a' && c <= 'z') || c == '_' || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))) {
      return false;
    }
  }
  return !name.empty() && !(name.front() >= '0' && name.front() <= '9');
}

/// Whether `name` can name a label: the grammar of a metric's name, and no leading `__` (reserved by Prometheus).
[[nodiscard]] constexpr bool is_label_name(std::string_view name) noexcept {
  return is_metric_name(name) && !name.starts_with("__");
}

/// Whether `text` is well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing past U+10FFFF).
[[nodiscard]] constexpr bool is_utf8(std::string_view text) noexcept {
  std::size_t i = 0;
  const auto byte = [&](std::size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U; };
  const std::size_t size = text.size();
  while (i < size) {
    if (static_cast<unsigned char>(text.data()[i]) < 0x80) {  // most are, and this runs for every help when compiling
      ++i;
      continue;
    }
    const unsigned lead = byte(i);
    const std::size_t length = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF5 ? 4 : 0;
    if (length == 0) {
      return false;
    }
    for (std::size_t k = 1; k < length; ++k) {
      if ((byte(i + k) & 0xC0U) != 0x80U) {
        return false;
      }
    }
    const unsigned second = byte(i + 1);
    if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) || (lead == 0xF0 && second < 0x90) ||
        (lead == 0xF4 && second > 0x8F)) {
      return false;
    }
    i += length;
  }
  return true;
}

namespace detail {

/// FNV-1a, 64 bits: to sort names and to key registries, never against an adversary.
[[nodiscard]] constexpr std::uint64_t hash(std::string_view text, std::uint64_t seed = 0xcbf29ce484222325U) noexcept {
  for (const char c : text) {
    seed = (seed ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  }
  return seed;
}

}  // namespace detail

}  // namespace vitals::inline v0

#endif
