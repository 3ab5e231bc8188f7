// Exemplars of a reading as text: OpenMetrics' and JSON's.
#ifndef VITALS_EXPOSE_EXEMPLARS_HPP
#define VITALS_EXPOSE_EXEMPLARS_HPP

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include <vitals/core/exemplar_cells.hpp>
#include <vitals/expose/number.hpp>
#include <vitals/metric/exemplar.hpp>

namespace vitals::inline v0::detail {

/// Room that any exemplar needs.
inline constexpr std::size_t exemplar_room = 192;

inline char* write_text(char* out, std::string_view text) noexcept {
  std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

/// Writes all 16 hexadecimal digits of a number.
inline char* write_hex(char* out, std::uint64_t n) noexcept {
  constexpr std::string_view digits = "0123456789abcdef";
  for (unsigned shift = 64; shift != 0;) {
    shift -= 4;
    *out++ = digits[n >> shift & 0xFU];
  }
  return out;
}

/// The ids of an exemplar, whose words begin at `words`, as a writer of text needs them.
inline char* write_trace(char* out, const std::uint64_t* words) noexcept {
  return write_hex(write_hex(out, words[exemplar_word::trace]), words[exemplar_word::trace + 1]);
}
inline char* write_span(char* out, const std::uint64_t* words) noexcept {
  return write_hex(out, words[exemplar_word::span]);
}

/// Writes milliseconds as seconds.
inline char* write_milliseconds(char* out, std::uint64_t n) noexcept {
  out = write_unsigned(out, n / 1000);
  *out++ = '.';
  write_digits(out, n % 1000, 3);
  return out + 3;
}

/// Writes ` # {trace_id="...",span_id="..."} value time`, or nothing where there is none.
inline char* write_exemplar(char* out, const std::uint64_t* words) noexcept {
  if (words[exemplar_word::time] == 0) {
    return out;
  }
  out = write_text(write_text(write_text(out, " # {"), exemplar::trace_label), "=\"");
  out = write_text(write_trace(out, words), "\",");
  out = write_text(write_text(out, exemplar::span_label), "=\"");
  out = write_text(write_span(out, words), "\"} ");
  out = write_real(out, std::bit_cast<double>(words[exemplar_word::value]));
  *out++ = ' ';
  return write_milliseconds(out, words[exemplar_word::time]);
}

/// Writes `,"exemplar":{"trace_id":"...","span_id":"...","value":0.5,"timestamp":1.5}`, or nothing where there is none.
inline char* write_json_exemplar(char* out, const std::uint64_t* words) noexcept {
  if (words[exemplar_word::time] == 0) {
    return out;
  }
  out = write_text(write_text(write_text(out, ",\"exemplar\":{\""), exemplar::trace_label), "\":\"");
  out = write_text(write_trace(out, words), "\",\"");
  out = write_text(write_text(out, exemplar::span_label), "\":\"");
  out = write_text(write_span(out, words), "\",\"value\":");
  out = write_json_real(out, std::bit_cast<double>(words[exemplar_word::value]));
  out = write_text(out, ",\"timestamp\":");
  out = write_milliseconds(out, words[exemplar_word::time]);
  *out++ = '}';
  return out;
}

}  // namespace vitals::inline v0::detail

#endif
