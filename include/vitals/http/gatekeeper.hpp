// Keeps the rules of access: judges each request by its path and what it brings.
#ifndef VITALS_HTTP_GATEKEEPER_HPP
#define VITALS_HTTP_GATEKEEPER_HPP

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <vitals/http/access.hpp>
#include <vitals/http/credentials.hpp>
#include <vitals/http/guarded_file.hpp>
#include <vitals/http/head.hpp>
#include <vitals/http/kept_descriptor.hpp>
#include <vitals/http/password_checker.hpp>
#include <vitals/http/secret.hpp>

namespace vitals::inline v0::http::detail {

/// What is to be done with a request.
struct admission {
  unsigned status = 0;           ///< it is to be refused with; 0 where it is not
  std::string_view challenge{};  ///< for WWW-Authenticate, with a 401
  bool is_unknown = false;       ///< its password has to be checked first: `ask`
};

/// Who may ask for what. The rules do not change, but for the tokens in files. Thread-safe.
class gatekeeper {
 public:
  /// Throws std::system_error, which says what to do, for rules that cannot be kept.
  gatekeeper(const access_rules& rules, bool has_tls, warning_sink warn)
      : on_refusal_(rules.on_refusal),
        warn_(std::move(warn)) {
    const std::pair<const access_rule*, const char*> all[] = {
        {&rules.metrics, "metrics"}, {&rules.probes, "probes"}, {&rules.rest, "rest"}};
    bool has_users = false;
    for (std::size_t i = 0; i != groups_.size(); ++i) {
      const access_rule& rule = *all[i].first;
      check_rule(rule, all[i].second, rules.passwords, has_tls);
      groups_[i].emplace(rule, warn_);
      has_users = has_users || !rule.users.empty();
    }
    if (has_users) {
      checker_ = std::make_unique<password_checker>(rules.passwords);
    }
  }
  gatekeeper(const gatekeeper&) = delete;
  gatekeeper& operator=(const gatekeeper&) = delete;
  ~gatekeeper() {
    if (is_parents()) {  // the checker's thread is not here, and may have held its mutex
      static_cast<void>(checker_.release());
    }
  }

  /// Whether it ever refuses anybody, or tells of refusals.
  [[nodiscard]] bool is_needed() const noexcept {
    bool needed = on_refusal_ != nullptr || takes_secrets();
    for (const auto& g : groups_) {
      needed = needed || g->rule.client_certificate;
    }
    return needed;
  }

  /// Whether anybody is asked for a password or a token.
  [[nodiscard]] bool takes_secrets() const noexcept {
    bool takes = false;
    for (const auto& g : groups_) {
      takes = takes || g->is_closed();
    }
    return takes;
  }

  /// `authorization` is that header line; `certified`: the connection has a client certificate that was verified.
  [[nodiscard]] admission judge(std::string_view path, std::string_view authorization, bool certified) {
    group& g = group_at(path);
    if (g.rule.client_certificate && !certified) {
      return refuse(403, access_refusal::no_certificate);
    }
    if (!g.is_closed()) {
      return {};
    }
    const credentials given{authorization};
    switch (given.is()) {
      case credentials::scheme::bearer:
        if (g.has_token(given.token(), warn_)) {
          return {};
        }
        break;
      case credentials::scheme::basic:
        if (!g.rule.users.empty()) {
          const std::optional<bool> right = checker_->known(tag_of(g, given));
          if (!right) {
            return {.is_unknown = true};
          }
          if (*right) {
            return {};
          }
        }
        break;
      case credentials::scheme::none:
        return refuse(401, access_refusal::no_credentials, g.challenge);
      case credentials::scheme::malformed:
        break;
    }
    return refuse(401, access_refusal::wrong_credentials, g.challenge);
  }

  /// Has a password checked that `judge` knew not; `done` is called by another thread, unless `asker` has left. False
  /// where too many wait already.
  [[nodiscard]] bool ask(std::string_view path, std::string_view authorization, const void* asker,
                         std::function<void()> done) {
    const group& g = group_at(path);
    const credentials given{authorization};
    password_question q{.tag = tag_of(g, given),
                        .password = std::string{given.password()},
                        .hash = g.rule.users.front().hash,
                        .can_match = false,
                        .asker = asker,
                        .done = std::move(done)};
    for (const basic_user& user : g.rule.users) {
      if (same_secret(given.user(), user.name)) {
        q.hash = user.hash;
        q.can_match = true;
      }
    }
    const bool asked = checker_->ask(std::move(q));
    if (!asked) {
      refused(access_refusal::busy);
    }
    return asked;
  }

  void leave(const void* asker) {
    if (checker_ != nullptr && !is_parents()) {
      checker_->leave(asker);
    }
  }

  /// Nobody is told of a password any more once this returns.
  void stop() noexcept {
    if (checker_ != nullptr) {
      checker_->stop();
    }
  }

  void refused(access_refusal why) const {
    if (on_refusal_) {
      on_refusal_(why);
    }
  }

 private:
  struct group {
    group(const access_rule& its, const warning_sink& warn)
        : rule(its),
          watch(its.token_file.empty() ? std::vector<std::string>{} : std::vector{its.token_file}) {
      if (!its.token_file.empty()) {
        file_tokens = read_tokens(its.token_file, warn);
      }
      challenge = rule.users.empty() ? "" : "Basic realm=\"vitals\", charset=\"UTF-8\"";
      if (!rule.tokens.empty() || !rule.token_file.empty()) {
        challenge += challenge.empty() ? "" : ", ";
        challenge += "Bearer realm=\"vitals\"";
      }
    }

    [[nodiscard]] bool is_closed() const noexcept { return !challenge.empty(); }

    /// Compares with all of them, so that the time tells not which one it is.
    [[nodiscard]] bool has_token(std::string_view given, const warning_sink& warn) {
      const std::lock_guard lock{mutex};
      if (watch.changed()) {
        try {
          file_tokens = read_tokens(rule.token_file, warn);
        } catch (const std::system_error& e) {
          if (warn) {
            warn(fmt::format("{}; its former tokens stay good", e.what()));
          }
        }
      }
      bool found = false;
      for (const auto* const all : {&rule.tokens, &file_tokens}) {
        for (const std::string& token : *all) {
          found = same_secret(given, token) || found;
        }
      }
      return found;
    }

    access_rule rule;
    std::string challenge{};
    std::mutex mutex{};  ///< guards the two below
    file_watch watch;
    std::vector<std::string> file_tokens{};
  };

  static std::vector<std::string> read_tokens(const std::string& path, const warning_sink& warn) {
    const std::string text = read_guarded(path, file_use::secret, warn);
    std::vector<std::string> tokens;
    for (std::string_view rest = text; !rest.empty();) {
      const std::size_t end = rest.find('\n');
      std::string_view line = rest.substr(0, end);
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
      if (line.ends_with('\r')) {
        line.remove_suffix(1);
      }
      line = without_blanks(line);
      if (!line.empty() && !is_bearer_token(line)) {
        refuse_file(path, EINVAL, "has a line that is no bearer token: letters, digits and -._~+/ alone, = at the end");
      }
      if (!line.empty()) {
        tokens.emplace_back(line);
      }
    }
    if (tokens.empty()) {
      refuse_file(path, EINVAL, "has no token: write one on a line");
    }
    return tokens;
  }

  [[noreturn]] static void refuse_rule(const char* name, std::string_view why) {
    throw std::system_error(std::make_error_code(std::errc::invalid_argument),
                            fmt::format("vitals: the rule of access for {} {}", name, why));
  }

  static void check_rule(const access_rule& rule, const char* name, const password_hashing& passwords, bool has_tls) {
    if (rule.client_certificate && !has_tls) {
      refuse_rule(name, "asks for client certificates: use vitals::http::tls_server, with .client_authorities");
    }
    for (const std::string& token : rule.tokens) {
      if (!is_bearer_token(token)) {
        refuse_rule(name, "has a token that is none: letters, digits and -._~+/ alone, = at the end");
      }
    }
    if (!rule.users.empty() && (passwords.matches == nullptr || passwords.is_hash == nullptr)) {
      refuse_rule(name,
                  "has users, and nothing checks their passwords: set .passwords, to vitals::http::crypt_hashing "
                  "for one (define VITALS_CRYPT, link libcrypt)");
    }
    for (const basic_user& user : rule.users) {
      if (user.name.find(':') != std::string::npos || !is_field_value(user.name) || user.name.empty()) {
        refuse_rule(name, fmt::format("has a user \"{}\", whose name is empty, or has a colon or a control character",
                                      user.name));
      }
      if (!passwords.is_hash(user.hash)) {  // which might be a password: it is not told
        refuse_rule(name,
                    fmt::format("has for the user \"{}\" no hash of a password that can be checked: make one with "
                                "\"htpasswd -nB {}\" or \"mkpasswd\"",
                                user.name, user.name));
      }
    }
  }

  [[nodiscard]] group& group_at(std::string_view path) noexcept {
    return *groups_[static_cast<std::size_t>(group_of(path))];
  }
  /// Of the same name and password in another group it is another one.
  [[nodiscard]] secret_tag tag_of(const group& g, const credentials& given) const noexcept {
    secret_tag tag = tag_(given.user_and_password());
    for (std::size_t i = 0; i != groups_.size(); ++i) {
      tag[0] += &*groups_[i] == &g ? i : 0;
    }
    return tag;
  }

  admission refuse(unsigned status, access_refusal why, std::string_view challenge = {}) const {
    refused(why);
    return {.status = status, .challenge = challenge};
  }

  [[nodiscard]] bool is_parents() const noexcept { return generation_ != kept_descriptor::generation(); }

  std::function<void(access_refusal)> on_refusal_;
  warning_sink warn_;
  std::array<std::optional<group>, 3> groups_{};
  secret_tagger tag_{};
  std::uint64_t generation_ = kept_descriptor::generation();
  std::unique_ptr<password_checker> checker_;
};

}  // namespace vitals::inline v0::http::detail

#endif
