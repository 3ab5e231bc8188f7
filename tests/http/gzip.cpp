#include <vitals/http/gzip.hpp>

#include <doctest/doctest.h>
#include <boost/beast/zlib/inflate_stream.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <allocations.hpp>

namespace gzip_test {

namespace zlib = boost::beast::zlib;

std::uint32_t word_at(std::string_view text, std::size_t at) {
  std::uint32_t word = 0;
  for (std::size_t i = 0; i != 4; ++i) {
    word |= std::uint32_t{static_cast<unsigned char>(text[at + i])} << (8 * i);
  }
  return word;
}

/// What a gzip file holds; its frame is checked.
std::string unpacked(std::string_view file) {
  REQUIRE(file.size() >= 18);
  CHECK(file.substr(0, 4) == std::string_view{"\x1f\x8b\x08\0", 4});  // deflate, no name or other extras
  const std::string_view body = file.substr(10);  // with the tail: this inflate looks a few bits past its end
  std::string text(word_at(file, file.size() - 4) + std::size_t{1}, '\0');  // one more, so that too much is seen
  zlib::inflate_stream inflate;
  zlib::z_params io;
  io.next_in = body.data();
  io.avail_in = body.size();
  io.next_out = text.data();
  io.avail_out = text.size();
  boost::beast::error_code state;
  inflate.write(io, zlib::Flush::finish, state);
  CHECK(state == zlib::error::end_of_stream);
  CHECK(io.avail_in <= 8);
  CHECK(io.avail_out == 1);
  text.resize(text.size() - io.avail_out);
  CHECK(word_at(file, file.size() - 8) == vitals::http::detail::crc32(text));
  return text;
}

void check_round_trip(vitals::http::gzip& gzip, const std::string& text) {
  std::string file = "what was here before";
  gzip.compress(text, file);
  CHECK((unpacked(file) == text));  // not printed, where it fails
}

std::string random_bytes(std::size_t size, unsigned values = 256) {
  std::mt19937 random{static_cast<unsigned>(size)};
  std::string text(size, '\0');
  for (char& c : text) {
    c = static_cast<char>(random() % values);
  }
  return text;
}

/// Text such as a scrape prints.
std::string exposition(std::size_t size, unsigned seed = 1) {
  std::mt19937 random{seed};
  std::string text;
  for (int i = 1'000'000; text.size() < size; ++i) {
    text += "some_requests_total{method=\"get\",shard=\"" + std::to_string(i) + "\"} " +
            std::to_string(1'000'000'000U + random() % 1'000'000'000U) + "\n";
  }
  text.resize(size);
  return text;
}

TEST_CASE("what was compressed comes back, whatever it was") {
  vitals::http::gzip gzip;  // one for all, as it is to be used
  check_round_trip(gzip, "");
  check_round_trip(gzip, "a");
  check_round_trip(gzip, std::string(1, '\0'));
  check_round_trip(gzip, exposition(70'000));
  check_round_trip(gzip, random_bytes(1'000'000));
  check_round_trip(gzip, std::string(3'000'000, 'x'));
  check_round_trip(gzip, exposition(1'500'000));
  check_round_trip(gzip, "");
}

TEST_CASE("what was compressed comes back at sizes around the buffers' limits") {
  vitals::http::gzip gzip;
  for (const std::size_t limit :
       {3U, 8U, 256U, 4096U, 16384U, 32768U - 262U, 32768U, 65536U - 262U, 65536U, 98304U, 131072U}) {
    for (std::size_t size = limit - 3; size != limit + 4; ++size) {
      check_round_trip(gzip, random_bytes(size));
      check_round_trip(gzip, random_bytes(size, 3));
      check_round_trip(gzip, exposition(size));
    }
  }
}

TEST_CASE("what was compressed comes back where all matches are distant and of all lengths") {
  // Short pieces of the 32 KB before, from far behind, with a stray byte between: what fills deflate's buffers fastest.
  vitals::http::gzip gzip;
  for (unsigned seed = 0; seed != 20; ++seed) {
    std::mt19937 random{seed};
    std::string text = random_bytes(32768);
    while (text.size() < 400'000) {
      const std::size_t length = seed % 2 == 0 ? 3 + random() % 256 : 3 + random() % 4;
      const std::size_t distance = 16385 + random() % 16000;
      text += text.substr(text.size() - distance, length);
      if (seed % 4 < 2) {
        text += static_cast<char>(random() & 0xFF);
      }
    }
    check_round_trip(gzip, text);
  }
}

TEST_CASE("an exposition shrinks to less than a fifth, random bytes hardly grow") {
  vitals::http::gzip gzip;
  std::string file;
  gzip.compress(exposition(70'000), file);
  CHECK(file.size() < 70'000 / 5);
  gzip.compress(random_bytes(70'000), file);
  CHECK(file.size() < 70'000 + 100);
}

TEST_CASE("a compressor that is used again gives what a fresh one gives") {
  vitals::http::gzip used;
  for (const std::string& text : {exposition(70'000, 1), std::string{}, exposition(50'000, 2), random_bytes(100'000)}) {
    std::string again;
    used.compress(text, again);
    std::string fresh;
    vitals::http::gzip{}.compress(text, fresh);
    CHECK((again == fresh));
  }
}

#if VITALS_TESTS_COUNT_ALLOCATIONS
TEST_CASE("once warm, nothing is allocated") {
  vitals::http::gzip gzip;
  std::string file;
  std::size_t before = allocations;
  gzip.compress(exposition(70'000, 1), file);
  CHECK(allocations > before);  // they are counted
  for (unsigned seed = 2; seed != 10; ++seed) {
    const std::string text = seed % 2 == 0 ? exposition(70'000, seed) : random_bytes(70'000);
    before = allocations;
    gzip.compress(text, file);
    CHECK(allocations == before);
    CHECK((unpacked(file) == text));
  }
}
#endif

}  // namespace gzip_test
