#include <vitals/expose/wire.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

namespace wire_tests {

using namespace std::string_literals;
using namespace vitals::detail;

constexpr auto most = std::numeric_limits<std::uint64_t>::max();

std::string varint(std::uint64_t n) {
  std::string out;
  append_varint(out, n);
  return out;
}

TEST_CASE("a varint has seven bits a byte, the lowest first") {
  CHECK(varint(0) == "\0"s);
  CHECK(varint(1) == "\x01");
  CHECK(varint(127) == "\x7F");
  CHECK(varint(128) == "\x80\x01");
  CHECK(varint(300) == "\xAC\x02");
  CHECK(varint(16383) == "\xFF\x7F");
  CHECK(varint(16384) == "\x80\x80\x01");
  CHECK(varint(most) == "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01");
}

TEST_CASE("a varint's size is known before it is written, for all numbers of bits") {
  CHECK(varint_size(0) == 1);
  for (unsigned bits = 0; bits != 64; ++bits) {
    const std::uint64_t power = std::uint64_t{1} << bits;
    CHECK(varint_size(power) == varint(power).size());
    CHECK(varint_size(power - 1) == varint(power - 1).size());
  }
  CHECK(varint_size(most) == 10);
}

TEST_CASE("a padded varint takes the bytes that it is given") {
  const auto padded = [](std::uint64_t n, std::size_t size) {
    char bytes[10];
    return std::string(bytes, static_cast<std::size_t>(write_padded_varint(bytes, n, size) - bytes));
  };
  CHECK(padded(0, 1) == "\0"s);
  CHECK(padded(127, 1) == "\x7F");
  CHECK(padded(127, 2) == "\xFF\0"s);
  CHECK(padded(0, 3) == "\x80\x80\0"s);
  CHECK(padded(300, 2) == "\xAC\x02");
  CHECK(padded(300, 5) == "\xAC\x82\x80\x80\0"s);
  CHECK(padded(most, 10) == varint(most));
}

TEST_CASE("fields, as the encoding's own documentation shows them") {
  std::string out;
  append_varint(out, 1, 150);
  CHECK(out == "\x08\x96\x01");
  out.clear();
  append_bytes(out, 2, "testing");
  CHECK(out == "\x12\x07testing");
  out.clear();
  append_real(out, 1, 1.0);
  CHECK(out == "\x09\0\0\0\0\0\0\xF0\x3F"s);
  out.clear();
  append_bytes(out, 16, std::string(200, 'x'));  // a number and a length of two bytes each
  CHECK(out == "\x82\x01\xC8\x01" + std::string(200, 'x'));
}

TEST_CASE("a writer writes the same fields, and messages in messages") {
  char bytes[100];
  field_writer to{bytes};
  to.message(3, 100, [&] {
    to.varint(1, 150);
    to.message(4, 128, [&] { to.copy("ab"); });
    to.message(5, 127, [] {});
  });
  to.delimited(16384, [&] { to.real(16, -2.0); });
  const std::string written(bytes, static_cast<std::size_t>(to.end() - bytes));
  CHECK(written == "\x1A\x0A\x08\x96\x01\x22\x82\x00"s + "ab\x2A\0"s + "\x8A\x80\0\x81\x01\0\0\0\0\0\0\0\xC0"s);
}

TEST_CASE("the rooms of fields are what they take at most") {
  char bytes[100];
  const auto size_of = [&bytes](auto write) {
    field_writer to{bytes};
    write(to);
    return static_cast<std::size_t>(to.end() - bytes);
  };
  for (const std::uint32_t field : {1U, 15U, 16U}) {
    CHECK(varint_field_room(field) == size_of([field](field_writer& to) { to.varint(field, most); }));
    CHECK(real_field_room(field) == size_of([field](field_writer& to) { to.real(field, 1); }));
    CHECK(bytes_field_room(field, 20) ==
          size_of([field](field_writer& to) { to.message(field, 20, [&] { to.copy("12345678901234567890"); }); }));
  }
  CHECK(bytes_field_room(1, 127) == 129);
  CHECK(bytes_field_room(1, 128) == 131);
}

}  // namespace wire_tests
