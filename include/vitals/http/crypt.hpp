// Passwords' hashes as crypt(3) has them: bcrypt, yescrypt, SHA-512. Behind VITALS_CRYPT; needs libcrypt (-lcrypt).
#ifndef VITALS_HTTP_CRYPT_HPP
#define VITALS_HTTP_CRYPT_HPP

#include <crypt.h>

#include <cstring>
#include <memory>
#include <string>

#include <vitals/http/access.hpp>
#include <vitals/http/secret.hpp>

namespace vitals::inline v0::http {

namespace detail {

inline bool matches_crypt(const std::string& password, const std::string& hash) {
  const auto memory = std::make_unique<crypt_data>();
  const char* const made = ::crypt_r(password.c_str(), hash.c_str(), memory.get());
  const bool matches = made != nullptr && made[0] != '*' && same_secret(made, hash);
  ::explicit_bzero(memory.get(), sizeof *memory);
  return matches;
}

/// A setting that libcrypt knows, and behind it what becomes of a password.
inline bool is_crypt(const std::string& hash) {
  if (!hash.starts_with('$')) {  // the oldest ones: of 8 characters alone
    return false;
  }
  const auto memory = std::make_unique<crypt_data>();
  const char* const made = ::crypt_r("", hash.c_str(), memory.get());
  return made != nullptr && made[0] != '*' && std::strlen(made) == hash.size();
}

}  // namespace detail

/// For `access_rules::passwords`. `htpasswd -nB name`, `mkpasswd` and `openssl passwd -6` make such hashes.
inline constexpr password_hashing crypt_hashing{.matches = &detail::matches_crypt, .is_hash = &detail::is_crypt};

}  // namespace vitals::inline v0::http

#endif
