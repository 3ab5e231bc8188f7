#include <vitals/metric/label.hpp>

#include <array>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

namespace label_tests {

enum class method { get, post };
enum class wide_method : std::int64_t { get, post };
enum class tiny_method : signed char { get, post };
enum class flag : bool { off, on };

enum class renamed { get, post, other };
constexpr std::string_view label_text(renamed value) {
  return value == renamed::get ? "GET" : value == renamed::post ? "PO\nST" : "";
}

enum class status { ok = 200, missing = 404, broken = 500 };
constexpr auto label_values(status) {
  return std::array{status::ok, status::missing, status::broken};
}

enum class numbered { ok = 200, missing = 404 };
constexpr auto label_values(numbered) {
  return std::array{numbered::missing, numbered::ok};
}
constexpr std::string_view label_text(numbered value) {
  return value == numbered::ok ? "200" : "404";
}

enum class some { a, b, c };
constexpr auto label_values(some) {
  return std::array{some::c};
}

using zone = vitals::one_of<"eu", "us", "">;
using by_method = vitals::label<"method", method>;
using by_zone = vitals::label<"zone", vitals::one_of<"eu", "us">>;
using by_flag = vitals::label<"cached", bool>;

template <class Label>
std::string texts() {
  std::string all;
  for (const std::string_view text : Label::values::texts) {
    all += text;
    all += ' ';
  }
  return all;
}

template <class Label, class Value>
std::uint32_t index(Value value) {
  return vitals::detail::label_argument<Label>{value}.index;
}

static_assert(vitals::detail::is_label<by_method>);
static_assert(!vitals::detail::is_label<method>);
static_assert(!vitals::detail::is_label<int>);

TEST_CASE("an enum's label values are its enumerators") {
  CHECK(by_method::name == "method");
  CHECK(by_method::size == 2);
  CHECK(texts<by_method>() == "get post ");
  CHECK(index<by_method>(method::get) == 0);
  CHECK(index<by_method>(method::post) == 1);
}

TEST_CASE("an enum value outside its enumerators has an index outside the set") {
  const auto known = by_method::size;
  for (const int value : {2, 3, 64, 1000, -1, std::numeric_limits<int>::max(), std::numeric_limits<int>::min()}) {
    CHECK(index<by_method>(static_cast<method>(value)) >= known);
  }
  using by_wide = vitals::label<"method", wide_method>;
  CHECK(index<by_wide>(wide_method::post) == 1);
  for (const std::int64_t value : {std::int64_t{2}, std::int64_t{1} << 32, (std::int64_t{1} << 32) + 1,
                                   std::int64_t{-1}, std::numeric_limits<std::int64_t>::min()}) {
    CHECK(index<by_wide>(static_cast<wide_method>(value)) >= by_wide::size);
  }
  using by_tiny = vitals::label<"method", tiny_method>;
  CHECK(index<by_tiny>(tiny_method::post) == 1);
  CHECK(index<by_tiny>(static_cast<tiny_method>(-1)) >= by_tiny::size);
  CHECK(index<by_tiny>(static_cast<tiny_method>(-128)) >= by_tiny::size);
  CHECK(index<by_tiny>(static_cast<tiny_method>(127)) >= by_tiny::size);
}

TEST_CASE("a label over bool is false, then true") {
  CHECK(texts<by_flag>() == "false true ");
  CHECK(index<by_flag>(false) == 0);
  CHECK(index<by_flag>(true) == 1);
  CHECK_FALSE(by_flag::values::can_miss);
  CHECK(by_method::values::can_miss);
}

TEST_CASE("an enum over bool has its own names") {
  CHECK(texts<vitals::label<"power", flag>>() == "off on ");
  CHECK(index<vitals::label<"power", flag>>(flag::on) == 1);
}

TEST_CASE("label_text renames, and an empty text keeps the enumerator's name") {
  CHECK(texts<vitals::label<"method", renamed>>() == "GET PO\nST other ");
}

TEST_CASE("label_values lists the values of an enum with gaps") {
  using by_status = vitals::label<"status", status>;
  CHECK(by_status::size == 3);
  CHECK(texts<by_status>() == "ok missing broken ");
  CHECK(index<by_status>(status::ok) == 0);
  CHECK(index<by_status>(status::broken) == 2);
  CHECK(index<by_status>(static_cast<status>(0)) >= by_status::size);
  CHECK(index<by_status>(static_cast<status>(201)) >= by_status::size);
}

TEST_CASE("label_values decides the order, and label_text still renames") {
  using by_number = vitals::label<"status", numbered>;
  CHECK(texts<by_number>() == "404 200 ");
  CHECK(index<by_number>(numbered::missing) == 0);
  CHECK(index<by_number>(numbered::ok) == 1);
}

TEST_CASE("label_values may leave enumerators out") {
  using by_some = vitals::label<"some", some>;
  CHECK(texts<by_some>() == "c ");
  CHECK(index<by_some>(some::c) == 0);
  CHECK(index<by_some>(some::a) >= by_some::size);
  CHECK(index<by_some>(some::b) >= by_some::size);
}

TEST_CASE("a list of literals takes its literals") {
  CHECK(texts<by_zone>() == "eu us ");
  const auto index_of = [](vitals::detail::label_argument<by_zone> argument) { return argument.index; };
  CHECK(index_of("eu") == 0);
  CHECK(index_of("us") == 1);
}

TEST_CASE("a text known at run time is found in a list of literals, whole or not at all") {
  CHECK(zone::find("eu").index == 0);
  CHECK(zone::find("us").index == 1);
  CHECK(zone::find("").index == 2);
  CHECK(zone::find("e").index == 3);
  CHECK(zone::find("eu ").index == 3);
  CHECK(zone::find("EU").index == 3);
  CHECK(zone::find(std::string_view{"eu\0", 3}).index == 3);
  CHECK(index<by_zone>(by_zone::values::argument_type{1}) == 1);
  const std::string text = "us";
  CHECK(index<by_zone>(vitals::one_of<"eu", "us">::find(text)) == 1);
}

}  // namespace label_tests
