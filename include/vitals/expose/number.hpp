// Numbers as text: exact, and never through a locale or a stream.
#ifndef VITALS_EXPOSE_NUMBER_HPP
#define VITALS_EXPOSE_NUMBER_HPP

#include <array>
#include <bit>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <vitals/core/cell.hpp>

namespace vitals::inline v0::detail {

/// Room that any number needs (-1.7976931348623157e+308), and a sum of nanoseconds over all of its 126 bits.
inline constexpr std::size_t number_room = 24;
inline constexpr std::size_t seconds_room = 48;

/// "00" to "99".
inline constexpr auto two_digits = [] {
  std::array<char, 200> table{};
  for (std::size_t i = 0; i != 100; ++i) {
    table[2 * i] = static_cast<char>('0' + i / 10);
    table[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return table;
}();

/// The powers of ten below 2^64.
inline constexpr auto powers_of_ten = [] {
  std::array<std::uint64_t, 20> all{};
  std::uint64_t power = 1;
  for (auto& p : all) {
    p = power;
    power *= 10;
  }
  return all;
}();

/// How many decimal digits `n` has; 1 for 0.
constexpr unsigned digits_of(std::uint64_t n) noexcept {
  const unsigned guess = static_cast<unsigned>(std::bit_width(n | 1U)) * 1233U >> 12;  // log10(2): right or 1 too small
  return guess + (n >= powers_of_ten[guess] ? 1U : 0U) + (n == 0 ? 1U : 0U);
}

/// Writes exactly `digits` digits of `n`, which has no more of them.
inline void write_digits(char* out, std::uint64_t n, unsigned digits) noexcept {
  char* at = out + digits;
  while (digits >= 2) {
    at -= 2;
    std::memcpy(at, &two_digits[2 * (n % 100)], 2);
    n /= 100;
    digits -= 2;
  }
  if (digits != 0) {
    *(at - 1) = static_cast<char>('0' + n % 10);
  }
}

/// Writes the 8 digits of `n`, which is below 10^8, but for the first `skip`. All digits are computed, whatever their
/// number: halves, quarters and digits are split off in all lanes of a word at once, by multiplying with rounded
/// reciprocals. A loop would turn as often as there are digits, and a processor mispredicts that.
inline void write_eight_digits(char* out, std::uint32_t n, unsigned skip = 0) noexcept {
  const std::uint64_t fours = n / 10000 | std::uint64_t{n % 10000} << 32;
  const std::uint64_t hundreds = (fours * 10486 >> 20) & 0x0000007F0000007FU;
  const std::uint64_t twos = hundreds | (fours - 100 * hundreds) << 16;
  const std::uint64_t tens = (twos * 103 >> 10) & 0x000F000F000F000FU;
  std::uint64_t text =
      (tens | (twos - 10 * tens) << 8) + 0x3030303030303030U;  // '0' to each; the first digit is lowest
  text >>= 8 * skip;
  if constexpr (std::endian::native == std::endian::big) {
    text = __builtin_bswap64(text);
  }
  std::memcpy(out, &text, 8);
}

/// Writes an unsigned integer, all 64 bits exactly; up to 7 bytes behind it are overwritten. Returns the end, as all of
/// these do.
inline char* write_unsigned(char* out, std::uint64_t n) noexcept {
  constexpr std::uint64_t part = 100'000'000;
  if (n >= part) {
    out = write_unsigned(out, n / part);
    write_eight_digits(out, static_cast<std::uint32_t>(n % part));
    return out + 8;
  }
  const unsigned digits = digits_of(n);
  write_eight_digits(out, static_cast<std::uint32_t>(n), 8 - digits);
  return out + digits;
}

#if defined(__SSE2__)
/// Writes an unsigned integer behind a text, of which at least 16 bytes stand before `out` and end at `text_end` too:
/// they are written again. No branch depends on the number of digits up to 16, which cannot be predicted of counters
/// that differ: all 16 are computed, and the zeros in front of the number are where the text belongs.
inline char* write_unsigned_behind(char* out, const char* text_end, std::uint64_t n) noexcept {
  constexpr std::uint64_t part = 100'000'000;
  const auto all = [](unsigned x) { return _mm_set1_epi32(static_cast<int>(x)); };
  const auto all_halves = [](short x) { return _mm_set1_epi16(x); };
  const std::uint64_t high = n / part;
  if (high >= part) [[unlikely]] {
    return write_unsigned(out, n);
  }
  // Each lane is split into two of half its size: the quotient first, and behind it the remainder.
  // x / 10000 is x * 3518437209 / 2^45 below 10^8, x / 100 is x * 5243 / 2^19 below 10^4, x / 10 x * 6554 / 2^16.
  const __m128i eights = _mm_set_epi64x(static_cast<long long>(high), static_cast<long long>(n - high * part));
  const __m128i top = _mm_srli_epi64(_mm_mul_epu32(eights, all(3518437209U)), 45);
  const __m128i last_first = _mm_add_epi64(eights, _mm_mul_epu32(top, all(0U - 10000)));  // top * 2^32 + remainder
  const __m128i fours = _mm_shuffle_epi32(last_first, 0b00'01'10'11);
  const __m128i hundreds = _mm_srli_epi16(_mm_mulhi_epu16(fours, all_halves(5243)), 3);
  const __m128i twos =
      _mm_or_si128(hundreds, _mm_slli_epi32(_mm_sub_epi32(fours, _mm_madd_epi16(hundreds, all(100))), 16));
  const __m128i tens = _mm_mulhi_epu16(twos, all_halves(6554));
  __m128i factor = all_halves(2559);
  asm("" : "+x"(factor));  // g++ would make five instructions of the multiplication
  const __m128i digits = _mm_sub_epi16(_mm_slli_epi16(twos, 8), _mm_mullo_epi16(tens, factor));
  char* const end = out + digits_of(n);  // (as soon as n is there; the digits themselves would tell it much later)
  const __m128i text = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text_end - 16));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(end - 16), _mm_or_si128(digits, _mm_set1_epi8('0')));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out - 16), text);
  return end;
}
#else
inline char* write_unsigned_behind(char* out, const char*, std::uint64_t n) noexcept {
  return write_unsigned(out, n);
}
#endif

inline char* write_signed(char* out, std::int64_t n) noexcept {
  auto size = static_cast<std::uint64_t>(n);
  if (n < 0) {
    *out++ = '-';
    size = 0 - size;
  }
  return write_unsigned(out, size);
}

/// Writes a double as Go's strconv does with 'g' and the shortest precision: what Prometheus itself prints.
inline char* write_real(char* out, double value) noexcept {
  if (value >= 0 && value < 1e6) {  // most gauges: a small whole number
    const auto whole = static_cast<std::uint64_t>(value);
    if (std::bit_cast<std::uint64_t>(static_cast<double>(whole)) == std::bit_cast<std::uint64_t>(value)) {
      return write_unsigned(out, whole);
    }
  }
  if (value - value != 0) {  // NaN or an infinity
    const char* const text = value != value ? "NaN" : value > 0 ? "+Inf" : "-Inf";
    const std::size_t length = value != value ? 3 : 4;
    std::memcpy(out, text, length);
    return out + length;
  }
  return std::to_chars(out, out + number_room, value, std::chars_format::general).ptr;
}

/// Writes a double as JSON has it (RFC 8259): NaN and the infinities, which it has not, as strings; -0 as -0.0, since a
/// reader may take `-0` for an integer, which has no such sign.
inline char* write_json_real(char* out, double value) noexcept {
  if (value - value != 0) {
    *out++ = '"';
    out = write_real(out, value);
    *out++ = '"';
    return out;
  }
  out = write_real(out, value);
  if (std::bit_cast<std::uint64_t>(value) == std::uint64_t{1} << 63) {
    std::memcpy(out, ".0", 2);
    out += 2;
  }
  return out;
}

/// Writes a bucket's bound in OpenMetrics' canonical form: as above, with `.0` behind a whole number.
inline char* write_bound(char* out, double bound) noexcept {
  char* const end = write_real(out, bound);
  for (const char* c = out; c != end; ++c) {
    if (*c == '.' || *c == 'e' || *c == 'f' || *c == 'N') {
      return end;
    }
  }
  std::memcpy(end, ".0", 2);
  return end + 2;
}

/// Writes nanoseconds as seconds, exactly, without trailing zeros.
inline char* write_seconds(char* out, wide nanoseconds) noexcept {
  constexpr std::uint64_t second = 1'000'000'000;
  auto size = static_cast<unsigned_wide>(nanoseconds);
  if (nanoseconds < 0) {
    *out++ = '-';
    size = 0 - size;
  }
  std::uint64_t fraction = 0;
  if (size >> 64 == 0) {
    const auto small = static_cast<std::uint64_t>(size);
    fraction = small % second;
    out = write_unsigned(out, small / second);
  } else {
    fraction = static_cast<std::uint64_t>(size % second);
    const unsigned_wide seconds = size / second;
    constexpr std::uint64_t part = 10'000'000'000'000'000'000U;  // 10^19
    const auto high = static_cast<std::uint64_t>(seconds / part);
    const auto low = static_cast<std::uint64_t>(seconds % part);
    if (high != 0) {
      out = write_unsigned(out, high);
      write_digits(out, low, 19);
      out += 19;
    } else {
      out = write_unsigned(out, low);
    }
  }
  if (fraction != 0) {
    unsigned digits = 9;
    while (fraction % 10 == 0) {
      fraction /= 10;
      --digits;
    }
    *out++ = '.';
    write_digits(out, fraction, digits);
    out += digits;
  }
  return out;
}

}  // namespace vitals::inline v0::detail

#endif
