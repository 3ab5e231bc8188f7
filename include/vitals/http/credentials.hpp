// What an Authorization line says (RFC 9110, 11.6.2; RFC 7617; RFC 6750, 2.1), read strictly.
#ifndef VITALS_HTTP_CREDENTIALS_HPP
#define VITALS_HTTP_CREDENTIALS_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <vitals/http/weighted_list.hpp>

namespace vitals::inline v0::http::detail {

/// The value of a character in base64 (RFC 4648, 4); -1 where it has none.
[[nodiscard]] constexpr int base64_value(char c) noexcept {
  return c >= 'A' && c <= 'Z'   ? c - 'A'
         : c >= 'a' && c <= 'z' ? c - 'a' + 26
         : c >= '0' && c <= '9' ? c - '0' + 52
         : c == '+'             ? 62
         : c == '/'             ? 63
                                : -1;
}

/// Whether a text may be a bearer token (RFC 6750, 2.1).
[[nodiscard]] constexpr bool is_bearer_token(std::string_view text) noexcept {
  while (text.ends_with('=')) {
    text.remove_suffix(1);
  }
  for (const char c : text) {
    if (base64_value(c) == -1 && c != '-' && c != '.' && c != '_' && c != '~') {
      return false;
    }
  }
  return !text.empty();
}

/// An Authorization line, and memory for what it says.
class credentials {
 public:
  enum class scheme { none, basic, bearer, malformed };

  constexpr explicit credentials(std::string_view line) noexcept {
    if (line.empty()) {
      return;
    }
    is_ = scheme::malformed;
    const std::string_view name = line.substr(0, line.find(' '));
    std::string_view value = line.substr(name.size());
    while (value.starts_with(' ')) {
      value.remove_prefix(1);
    }
    if (same_name(name, "Bearer") && is_bearer_token(value)) {
      is_ = scheme::bearer;
      token_ = value;
    } else if (same_name(name, "Basic") && decode(value)) {
      const std::string_view all{text_.data(), size_};
      const std::size_t colon = all.find(':');
      if (colon != std::string_view::npos && has_no_controls(all)) {
        is_ = scheme::basic;
        user_size_ = colon;
      }
    }
  }

  [[nodiscard]] constexpr scheme is() const noexcept { return is_; }
  [[nodiscard]] constexpr std::string_view token() const noexcept { return token_; }
  [[nodiscard]] constexpr std::string_view user_and_password() const noexcept { return {text_.data(), size_}; }
  [[nodiscard]] constexpr std::string_view user() const noexcept { return {text_.data(), user_size_}; }
  [[nodiscard]] constexpr std::string_view password() const noexcept {
    return user_and_password().substr(user_size_ + 1);
  }

 private:
  static constexpr std::size_t most = 768;

  /// What ends a C string, or a line, must not end a password here and go on there.
  static constexpr bool has_no_controls(std::string_view text) noexcept {
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      if (byte < 0x20 || byte == 0x7F) {
        return false;
      }
    }
    return true;
  }

  constexpr bool decode(std::string_view text) noexcept {
    if (text.empty() || text.size() % 4 != 0 || text.size() / 4 * 3 > most) {
      return false;
    }
    const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
    text.remove_suffix(padding);
    std::uint32_t bits = 0;
    int have = 0;
    for (const char c : text) {
      const int value = base64_value(c);
      if (value == -1) {
        return false;
      }
      bits = bits << 6 | static_cast<std::uint32_t>(value);
      have += 6;
      if (have >= 8) {
        have -= 8;
        text_[size_++] = static_cast<char>(bits >> have & 0xFF);
      }
    }
    return (bits & ((1U << have) - 1)) == 0;  // else two texts would be the same
  }

  scheme is_ = scheme::none;
  std::string_view token_{};
  std::array<char, most> text_{};
  std::size_t size_ = 0;
  std::size_t user_size_ = 0;
};

}  // namespace vitals::inline v0::http::detail

#endif
