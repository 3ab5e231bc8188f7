#include <vitals/http/weighted_list.hpp>

#include <doctest/doctest.h>

#include <string_view>
#include <vector>

namespace weighted_list_test {

using namespace vitals::http::detail;

constexpr int weight(std::string_view q) {
  return weight_of({.name = "q", .written = q});
}

std::vector<std::string_view> members(std::string_view rest) {
  std::vector<std::string_view> all;
  while (!rest.empty()) {
    all.push_back(take_member(rest));
  }
  return all;
}

TEST_CASE("a weight is 0 to 1 with three decimals at most") {
  static_assert(weight("0") == 0);
  static_assert(weight("0.") == 0);
  static_assert(weight("0.5") == 500);
  static_assert(weight("0.05") == 50);
  static_assert(weight("0.123") == 123);
  static_assert(weight("1") == 1000);
  static_assert(weight("1.") == 1000);
  static_assert(weight("1.000") == 1000);
  for (const std::string_view malformed : {"", "1.001", "2", "0.1234", ".5", "-0.5", "+1", "0,5", "0.5x", "0x1", "1e0",
                                           "00.5", "01", "nan", "0.-1", "0. "}) {
    CAPTURE(malformed);
    CHECK(weight(malformed) == -1);
  }
  CHECK(weight_of({.name = "q", .written = "1", .quoted = true}) == -1);
}

TEST_CASE("commas part members, but not inside quotes") {
  using list = std::vector<std::string_view>;
  CHECK(members("a,b") == list{"a", "b"});
  CHECK(members("a , b;q=1,") == list{"a ", " b;q=1"});
  CHECK(members(",,a") == list{"", "", "a"});
  CHECK(members(R"(a;t="x,y",b)") == list{R"(a;t="x,y")", "b"});
  CHECK(members(R"(a;t="x\",y",b)") == list{R"(a;t="x\",y")", "b"});
  CHECK(members(R"(a;t="x,b)") == list{R"(a;t="x,b)"});
  CHECK(members(R"(a;t="x\)") == list{R"(a;t="x\)"});
  CHECK(members("").empty());
}

TEST_CASE("a member is a token and its parameters") {
  member_reader reader{" \ttext ; a=1;B=\"x;\\\"y\\\\\" ;; c=\"\"\t"};
  CHECK(reader.token() == "text");
  parameter p;
  REQUIRE(reader.take_parameter(p));
  CHECK(p.name == "a");
  CHECK(p.is("1"));
  REQUIRE(reader.take_parameter(p));
  CHECK(p.name == "B");
  CHECK(p.is("x;\"y\\"));
  REQUIRE(reader.take_parameter(p));
  CHECK(!p.given());
  REQUIRE(reader.take_parameter(p));
  CHECK(p.name == "c");
  CHECK(p.given());
  CHECK(p.is(""));
  CHECK(reader.at_end());
  CHECK(!reader.take_parameter(p));
}

TEST_CASE("what is no parameter is not taken for one") {
  for (const std::string_view malformed : {"a=1", ";a", ";a=", ";=1", ";a =1", ";a= 1", ";a=\"", ";a=\"x", ";a=\"x\\",
                                           ";a=\"x\\\"", ";@=1", ";a=@", ";a=\xc3\xa4", ";\xc3\xa4=1"}) {
    CAPTURE(malformed);
    member_reader reader{malformed};
    parameter p;
    CHECK(!reader.take_parameter(p));
  }
}

TEST_CASE("a token has the characters of tokens alone") {
  CHECK(member_reader{"a!#$%&'*+-.^_`|~9Z/x"}.token() == "a!#$%&'*+-.^_`|~9Z");
  for (const std::string_view none : {"/a", "\"a\"", "(a)", "@", "{", "\\", "=", "\x7f", "\x80", ""}) {
    CHECK(member_reader{none}.token().empty());
  }
  CHECK(member_reader{std::string_view{"\0a", 2}}.token().empty());
}

TEST_CASE("a value is compared as it was meant") {
  CHECK(parameter{.name = "a", .written = "x\\y", .quoted = true}.is("xy"));
  CHECK(!parameter{.name = "a", .written = "x\\y", .quoted = true}.is("x\\y"));
  CHECK(parameter{.name = "a", .written = "UTF-8"}.is("utf-8", true));
  CHECK(!parameter{.name = "a", .written = "UTF-8"}.is("utf-8"));
  CHECK(!parameter{.name = "a", .written = "ab"}.is("a"));
  CHECK(!parameter{.name = "a", .written = "a"}.is("ab"));
  CHECK(same_name("x-GZIP", "X-gzip"));
  CHECK(!same_name("gzip", "gzi"));
  CHECK(!same_name("a@", "a`"));  // 32 apart, but no letters
}

}  // namespace weighted_list_test
