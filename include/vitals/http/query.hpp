// The query of a request's target: names and values, percent-decoded.
// https://url.spec.whatwg.org/#application/x-www-form-urlencoded
#ifndef VITALS_HTTP_QUERY_HPP
#define VITALS_HTTP_QUERY_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace vitals::inline v0::http {

/// Decodes %XX and `+`; a `%` without two hexadecimal digits stays as it is.
[[nodiscard]] inline std::string percent_decoded(std::string_view text) {
  const auto digit = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
  };
  std::string out;
  for (std::size_t i = 0; i != text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0) {
      out += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

/// The values of all parameters called `name` in a request's target, in their order.
[[nodiscard]] inline std::vector<std::string> query_values(std::string_view target, std::string_view name) {
  std::vector<std::string> values;
  target = target.substr(0, target.find('#'));
  const std::size_t start = target.find('?');
  std::string_view rest = start == std::string_view::npos ? std::string_view{} : target.substr(start + 1);
  while (!rest.empty()) {
    const std::string_view one = rest.substr(0, rest.find('&'));
    rest.remove_prefix(one.size() == rest.size() ? one.size() : one.size() + 1);
    const std::size_t equals = one.find('=');
    if (percent_decoded(one.substr(0, equals)) == name) {
      values.push_back(equals == std::string_view::npos ? std::string{} : percent_decoded(one.substr(equals + 1)));
    }
  }
  return values;
}

}  // namespace vitals::inline v0::http

#endif
