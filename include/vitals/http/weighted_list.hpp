// The grammar of request headers that are lists of weighted members, `text/plain;version=0.0.4;q=0.5, */*;q=0.1`.
// RFC 9110: 5.6 (lists, tokens, quoted strings, parameters), 12.4.2 (weights)
#ifndef VITALS_HTTP_WEIGHTED_LIST_HPP
#define VITALS_HTTP_WEIGHTED_LIST_HPP

#include <cstddef>
#include <string_view>

namespace vitals::inline v0::http::detail {

[[nodiscard]] constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Whether two texts are the same but for the case of ASCII letters.
[[nodiscard]] constexpr bool same_name(std::string_view a, std::string_view b) noexcept {
  bool same = a.size() == b.size();
  for (std::size_t i = 0; same && i != a.size(); ++i) {
    same = lower(a[i]) == lower(b[i]);
  }
  return same;
}

/// A parameter of a header's member: `version=1.0.0`, `title="a, \"b\""`.
struct parameter {
  std::string_view name;
  std::string_view written;  ///< the value, between the quotes where it has some
  bool quoted = false;

  [[nodiscard]] constexpr bool given() const noexcept { return !name.empty(); }

  /// Whether the value is `text`.
  [[nodiscard]] constexpr bool is(std::string_view text, bool any_case = false) const noexcept {
    std::size_t at = 0;
    for (std::size_t i = 0; i != written.size(); ++i) {
      if (quoted && written[i] == '\\') {
        ++i;  // there is one more: the quote that ends the value is not escaped
      }
      if (at == text.size() || (any_case ? lower(written[i]) != lower(text[at]) : written[i] != text[at])) {
        return false;
      }
      ++at;
    }
    return at == text.size();
  }
};

/// Reads one member of a header that is a list: `text/plain;version=0.0.4;q=0.5`.
class member_reader {
 public:
  constexpr explicit member_reader(std::string_view text) noexcept : rest_(text) {
    skip_blanks();
    while (!rest_.empty() && is_blank(rest_.back())) {
      rest_.remove_suffix(1);
    }
  }

  [[nodiscard]] constexpr bool at_end() const noexcept { return rest_.empty(); }

  /// Takes `c` if it comes next.
  constexpr bool take(char c) noexcept {
    const bool next = rest_.starts_with(c);
    rest_.remove_prefix(next ? 1 : 0);
    return next;
  }

  /// Takes the token that comes next (RFC 9110, 5.6.2); empty where none does.
  constexpr std::string_view token() noexcept {
    std::size_t size = 0;
    while (size != rest_.size() && is_token_char(rest_[size])) {
      ++size;
    }
    return taken(size);
  }

  /// Takes `; name=value`, a `;` alone too: its name is empty. False where something else comes next.
  constexpr bool take_parameter(parameter& p) noexcept {
    p = {};
    skip_blanks();
    if (!take(';')) {
      return false;
    }
    skip_blanks();
    p.name = token();
    if (p.name.empty()) {
      return at_end() || rest_.front() == ';';
    }
    if (!take('=')) {
      return false;
    }
    p.quoted = take('"');
    if (!p.quoted) {
      p.written = token();
      return !p.written.empty();
    }
    std::size_t size = 0;
    while (size < rest_.size() && rest_[size] != '"') {
      size += rest_[size] == '\\' ? 2 : 1;
    }
    if (size >= rest_.size()) {
      return false;
    }
    p.written = taken(size);
    return take('"');
  }

 private:
  static constexpr bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }
  static constexpr bool is_token_char(char c) noexcept {
    return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') ||
           std::string_view{"!#$%&'*+-.^_`|~"}.find(c) != std::string_view::npos;
  }

  constexpr void skip_blanks() noexcept {
    while (!rest_.empty() && is_blank(rest_.front())) {
      rest_.remove_prefix(1);
    }
  }

  constexpr std::string_view taken(std::size_t size) noexcept {
    const std::string_view text = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return text;
  }

  std::string_view rest_;
};

/// Takes the text up to the next comma that stands in no quotes, and the comma.
[[nodiscard]] constexpr std::string_view take_member(std::string_view& rest) noexcept {
  bool quoted = false;
  std::size_t size = 0;
  for (; size < rest.size() && (quoted || rest[size] != ','); ++size) {
    if (quoted && rest[size] == '\\') {
      ++size;
    } else if (rest[size] == '"') {
      quoted = !quoted;
    }
  }
  const std::string_view member = rest.substr(0, size);
  rest.remove_prefix(size < rest.size() ? size + 1 : rest.size());
  return member;
}

/// A weight in thousandths (RFC 9110, 12.4.2), or -1 where it is malformed.
[[nodiscard]] constexpr int weight_of(const parameter& q) noexcept {
  const std::string_view text = q.written;
  if (q.quoted || text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1') ||
      (text.size() > 1 && text[1] != '.')) {
    return -1;
  }
  int weight = text[0] == '1' ? 1000 : 0;
  int place = 100;
  for (std::size_t i = 2; i < text.size(); ++i, place /= 10) {
    if (text[i] < '0' || text[i] > '9') {
      return -1;
    }
    weight += place * (text[i] - '0');
  }
  return weight <= 1000 ? weight : -1;
}

}  // namespace vitals::inline v0::http::detail

#endif
