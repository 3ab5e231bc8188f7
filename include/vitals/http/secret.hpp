// Secrets in memory: compared in a time that tells nothing of them, and told apart by a keyed hash.
#ifndef VITALS_HTTP_SECRET_HPP
#define VITALS_HTTP_SECRET_HPP

#include <sys/random.h>

#include <array>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <system_error>

namespace vitals::inline v0::http::detail {

/// Whether what was given is the secret. The time that it takes depends on the length of what was given alone.
[[nodiscard]] inline bool same_secret(std::string_view given, std::string_view secret) noexcept {
  const volatile std::size_t length = given.size() ^ secret.size();  // volatile: nothing is decided before the end
  volatile unsigned char differs = secret.empty() || length != 0 ? 1 : 0;
  for (std::size_t i = 0, at = 0; i != given.size() && !secret.empty();
       ++i, at = at + 1 == secret.size() ? 0 : at + 1) {
    differs = static_cast<unsigned char>(
        differs | (static_cast<unsigned char>(given[i]) ^ static_cast<unsigned char>(secret[at])));
  }
  return differs == 0 || (given.empty() && secret.empty());
}

/// SipHash-2-4 of a text: who does not know the key can neither foretell nor choose it.
[[nodiscard]] constexpr std::uint64_t keyed_hash(const std::array<std::uint64_t, 2>& key,
                                                 std::string_view text) noexcept {
  std::uint64_t a = key[0] ^ 0x736f6d6570736575;
  std::uint64_t b = key[1] ^ 0x646f72616e646f6d;
  std::uint64_t c = key[0] ^ 0x6c7967656e657261;
  std::uint64_t d = key[1] ^ 0x7465646279746573;
  const auto mix = [&](int rounds) {
    for (; rounds != 0; --rounds) {
      a += b;
      b = std::rotl(b, 13) ^ a;
      a = std::rotl(a, 32);
      c += d;
      d = std::rotl(d, 16) ^ c;
      a += d;
      d = std::rotl(d, 21) ^ a;
      c += b;
      b = std::rotl(b, 17) ^ c;
      c = std::rotl(c, 32);
    }
  };
  const auto take = [&](std::uint64_t word) {
    d ^= word;
    mix(2);
    a ^= word;
  };
  std::uint64_t word = 0;
  for (std::size_t i = 0; i != text.size(); ++i) {
    word |= std::uint64_t{static_cast<unsigned char>(text[i])} << (8 * (i % 8));
    if (i % 8 == 7) {
      take(word);
      word = 0;
    }
  }
  take(word | (std::uint64_t{text.size()} << 56));
  c ^= 0xff;
  mix(4);
  return a ^ b ^ c ^ d;
}

/// What a secret is remembered by.
using secret_tag = std::array<std::uint64_t, 2>;

/// Makes tags with a key that is this object's alone.
class secret_tagger {
 public:
  /// Throws std::system_error where the system has no random numbers.
  secret_tagger() {
    if (::getrandom(keys_.data(), sizeof keys_, 0) != static_cast<ssize_t>(sizeof keys_)) {
      throw std::system_error(errno, std::generic_category(), "vitals: no random numbers from the system");
    }
  }
  [[nodiscard]] secret_tag operator()(std::string_view secret) const noexcept {
    return {keyed_hash(keys_[0], secret), keyed_hash(keys_[1], secret)};
  }

 private:
  std::array<std::array<std::uint64_t, 2>, 2> keys_{};
};

/// The last few tags of many.
template <std::size_t Size>
class recent_tags {
 public:
  void add(const secret_tag& tag) noexcept {
    tags_[next_ % Size] = tag;
    ++next_;
  }
  [[nodiscard]] bool has(const secret_tag& tag) const noexcept {
    for (std::size_t i = 0; i != Size && i != next_; ++i) {
      if (tags_[i] == tag) {
        return true;
      }
    }
    return false;
  }

 private:
  std::array<secret_tag, Size> tags_{};
  std::size_t next_ = 0;
};

}  // namespace vitals::inline v0::http::detail

#endif
