// Protocol buffers on the wire: fields, and messages in messages.
// https://protobuf.dev/programming-guides/encoding/
#ifndef VITALS_EXPOSE_WIRE_HPP
#define VITALS_EXPOSE_WIRE_HPP

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace vitals::inline v0::detail {

/// How a field's value lies behind its number.
enum class wire_type : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2 };

constexpr std::uint64_t wire_tag(std::uint32_t field, wire_type type) noexcept {
  return std::uint64_t{field} << 3U | static_cast<std::uint64_t>(type);
}

/// How many bytes a varint takes: 1 to 10.
constexpr std::size_t varint_size(std::uint64_t n) noexcept {
  return (static_cast<std::size_t>(std::bit_width(n | 1U)) + 6) / 7;
}

/// The room that a field needs at most: a varint, a double, and the number and length of what takes `room` itself.
constexpr std::size_t varint_field_room(std::uint32_t field) noexcept {
  return varint_size(wire_tag(field, wire_type::varint)) + 10;
}
constexpr std::size_t real_field_room(std::uint32_t field) noexcept {
  return varint_size(wire_tag(field, wire_type::fixed64)) + 8;
}
constexpr std::size_t bytes_field_room(std::uint32_t field, std::size_t room) noexcept {
  return varint_size(wire_tag(field, wire_type::bytes)) + varint_size(room) + room;
}

/// Writes a varint and returns its end, as all of these do.
inline char* write_varint(char* out, std::uint64_t n) noexcept {
  for (; n >= 0x80; n >>= 7U) {
    *out++ = static_cast<char>(n | 0x80U);
  }
  *out++ = static_cast<char>(n);
  return out;
}

/// Writes a varint as `size` bytes, which are enough: zeros stand above a number that needs fewer.
inline char* write_padded_varint(char* out, std::uint64_t n, std::size_t size) noexcept {
  for (; size > 1; --size) {
    *out++ = static_cast<char>(n | 0x80U);
    n >>= 7U;
  }
  *out++ = static_cast<char>(n);
  return out;
}

/// Writes a double: its bits, the lowest byte first.
inline char* write_fixed64(char* out, double value) noexcept {
  auto bits = std::bit_cast<std::uint64_t>(value);
  if constexpr (std::endian::native == std::endian::big) {
    bits = __builtin_bswap64(bits);
  }
  std::memcpy(out, &bits, 8);
  return out + 8;
}

/// Writes fields to where there is room for them.
///
/// A message's length stands before its content and depends on it. So that everything is written once and forward, a
/// length takes as many bytes as the largest one that the message can have, and is filled in when the content is
/// there. A varint with zeros above it is legal, and is at most one or two bytes longer here.
class field_writer {
 public:
  explicit field_writer(char* out) noexcept : out_(out) {}

  void varint(std::uint32_t field, std::uint64_t value) noexcept {
    tag(field, wire_type::varint);
    out_ = write_varint(out_, value);
  }
  void real(std::uint32_t field, double value) noexcept {
    tag(field, wire_type::fixed64);
    out_ = write_fixed64(out_, value);
  }
  void bytes(std::uint32_t field, std::string_view content) noexcept {
    tag(field, wire_type::bytes);
    out_ = write_varint(out_, content.size());
    copy(content);
  }
  /// Fields that are encoded already.
  void copy(std::string_view fields) noexcept {
    std::memcpy(out_, fields.data(), fields.size());
    out_ += fields.size();
  }
  /// A message of at most `room` bytes, which `content` writes.
  template <class Content>
  void message(std::uint32_t field, std::size_t room, Content content) noexcept {
    tag(field, wire_type::bytes);
    delimited(room, content);
  }
  /// A message as a stream has it: its length, and no field's number.
  template <class Content>
  void delimited(std::size_t room, Content content) noexcept {
    char* const length = out_;
    const std::size_t size = varint_size(room);
    out_ += size;
    content();
    write_padded_varint(length, static_cast<std::uint64_t>(out_ - length) - size, size);
  }

  [[nodiscard]] char* end() const noexcept { return out_; }

 private:
  void tag(std::uint32_t field, wire_type type) noexcept { out_ = write_varint(out_, wire_tag(field, type)); }

  char* out_;
};

inline void append_varint(std::string& out, std::uint64_t n) {
  char bytes[10];
  out.append(bytes, static_cast<std::size_t>(write_varint(bytes, n) - bytes));
}
inline void append_varint(std::string& out, std::uint32_t field, std::uint64_t value) {
  append_varint(out, wire_tag(field, wire_type::varint));
  append_varint(out, value);
}
inline void append_real(std::string& out, std::uint32_t field, double value) {
  append_varint(out, wire_tag(field, wire_type::fixed64));
  char bytes[8];
  out.append(bytes, static_cast<std::size_t>(write_fixed64(bytes, value) - bytes));
}
/// A text, or a message that is encoded already.
inline void append_bytes(std::string& out, std::uint32_t field, std::string_view bytes) {
  append_varint(out, wire_tag(field, wire_type::bytes));
  append_varint(out, bytes.size());
  out += bytes;
}

}  // namespace vitals::inline v0::detail

#endif
