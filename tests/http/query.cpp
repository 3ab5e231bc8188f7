#include <vitals/http/query.hpp>

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace query_tests {

using vitals::http::percent_decoded;
using vitals::http::query_values;
using list = std::vector<std::string>;

TEST_CASE("percent-encoding is decoded; what is none stays") {
  CHECK(percent_decoded("").empty());
  CHECK(percent_decoded("a+b%20c%2B%c3%A9") == "a b c+\xC3\xA9");
  CHECK(percent_decoded("%") == "%");
  CHECK(percent_decoded("%4") == "%4");
  CHECK(percent_decoded("%4g%zz%%41") == "%4g%zz%A");
}

TEST_CASE("all values of a name, in order") {
  CHECK(query_values("/metrics", "a").empty());
  CHECK(query_values("/metrics?", "a").empty());
  CHECK(query_values("/m?a=1&b=2&a=3", "a") == list{"1", "3"});
  CHECK(query_values("/m?name%5B%5D=x%5fy&name[]=z", "name[]") == list{"x_y", "z"});
  CHECK(query_values("/m?a&a=&&=b&ab=1#a=2", "a") == list{"", ""});
  CHECK(query_values("/m?a=b=c?d", "a") == list{"b=c?d"});
  CHECK(query_values("/m#x?a=1", "a").empty());
  CHECK(query_values(std::string(1 << 20, '&').insert(0, "?"), "a").empty());
}

}  // namespace query_tests
