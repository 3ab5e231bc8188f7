#include <vitals/http/secret.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <string>

namespace secret_tests {

using namespace vitals::http::detail;

TEST_CASE("secrets are the same where all of them is") {
  CHECK(same_secret("abc", "abc"));
  CHECK_FALSE(same_secret("abd", "abc"));
  CHECK_FALSE(same_secret("xbc", "abc"));
  CHECK_FALSE(same_secret("ab", "abc"));
  CHECK_FALSE(same_secret("abca", "abc"));
  CHECK_FALSE(same_secret("abcabc", "abc"));  // the secret over and over is not the secret
  CHECK_FALSE(same_secret("", "abc"));
  CHECK_FALSE(same_secret("abc", ""));
}

TEST_CASE("the keyed hash is SipHash-2-4") {
  const std::array<std::uint64_t, 2> key{0x0706050403020100, 0x0f0e0d0c0b0a0908};
  std::string text;
  CHECK(keyed_hash(key, text) == 0x726fdb47dd0e0e31);
  for (char c = 0; c != 8; ++c) {
    text += c;
  }
  CHECK(keyed_hash(key, text) == 0x93f5f5799a932462);
  for (char c = 8; c != 15; ++c) {
    text += c;
  }
  CHECK(keyed_hash(key, text) == 0xa129ca6149be45e5);  // of the paper
}

TEST_CASE("tags are of a key that is each tagger's own") {
  const secret_tagger one;
  const secret_tagger other;
  CHECK(one("a") == one("a"));
  CHECK(one("a") != one("b"));
  CHECK(one("a") != other("a"));
  CHECK(one("a")[0] != one("a")[1]);
}

TEST_CASE("the last few tags are remembered") {
  recent_tags<3> recent;
  CHECK_FALSE(recent.has({0, 0}));  // as memory is that was never written
  for (std::uint64_t i = 1; i != 5; ++i) {
    recent.add({i, 0});
  }
  CHECK_FALSE(recent.has({1, 0}));
  CHECK(recent.has({2, 0}));
  CHECK(recent.has({4, 0}));
}

}  // namespace secret_tests
