// JSON from any bytes.
#ifndef EVENT_RELAY_JSON_HPP
#define EVENT_RELAY_JSON_HPP

#include <cstddef>
#include <string>
#include <string_view>

#include <vitals/vitals.hpp>

namespace json {

/// How long the UTF-8 sequence at the start of `text` is; 0 where there is none.
inline std::size_t sequence_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  return length <= text.size() && vitals::is_utf8(text.substr(0, length)) ? length : 0;
}

/// Appends `text` as a JSON string (RFC 8259): control characters are escaped, a byte that is not UTF-8 becomes U+FFFD.
inline void append_string(std::string& out, std::string_view text) {
  constexpr char digits[] = "0123456789abcdef";
  out += '"';
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    const auto first = static_cast<unsigned char>(text.front());
    if (length == 0) {
      out += "\xEF\xBF\xBD";
    } else if (first == '"' || first == '\\') {
      out += '\\';
      out += text.front();
    } else if (first < 0x20) {
      out += "\\u00";
      out += digits[first >> 4U];
      out += digits[first & 0xFU];
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out += '"';
}

}  // namespace json

#endif
