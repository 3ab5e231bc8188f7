#include <vitals/core/enum_names.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#define TEN(p) p##0, p##1, p##2, p##3, p##4, p##5, p##6, p##7, p##8, p##9
#define SIXTY(p) TEN(p##a), TEN(p##b), TEN(p##c), TEN(p##d), TEN(p##e), TEN(p##f)
#define HUNDRED_AND_THIRTY(p) SIXTY(p), TEN(p##g), TEN(p##h), TEN(p##i), TEN(p##j), TEN(p##k), TEN(p##l), TEN(p##m)

namespace enum_names_tests {

enum class scoped { get, post, put };
enum unscoped { red, green, blue };
enum class one { only };
enum class none {};
enum class odd_names { _under, x9, UPPER, a_b_c, V };
enum class umlaut { gr\u00fc\u00df, \u00fcber };

enum class exactly_64 { SIXTY(x), g0, g1, g2, g3 };
enum class over_64 { SIXTY(x), g0, g1, g2, g3, g4 };
enum class over_128 { HUNDRED_AND_THIRTY(x) };
enum unscoped_over_128 { HUNDRED_AND_THIRTY(y) };

enum class from_one { a = 1, b };
enum class hole { a, c = 2 };
enum class far { a, b = 70 };
enum class beyond_an_empty_chunk { a, b = 200 };
enum class minus_one { below = -1, zero };
enum class minus_five { below = -5, zero = 0 };
enum unscoped_minus { u_below = -1, u_zero };

enum class switched : bool { off, on };
enum class letter : char { a, b };
enum class tiny : std::int8_t { a, b };
enum class byte_sized : std::uint8_t { a, b };
enum class wide : std::int64_t { a, b };
enum class unsigned_wide : std::uint64_t { a, b, far = ~std::uint64_t{0} };
enum fixed_unscoped : unsigned short { fa, fb };

enum class aliased { first, also_first = first, second, last = second };

struct outer {
  struct inner {
    enum class state { up, down };
  };
  enum old_state { o_up, o_down };
};

namespace {
enum class hidden { here, there };
}  // namespace

template <class T, int N>
struct boxed {
  enum class side { in, out };
  enum old_side { o_in, o_out };
};

template <class E>
std::string names() {
  std::string all;
  for (const std::string_view name : vitals::detail::enum_scan<E>.names) {
    all += name;
    all += ' ';
  }
  return all;
}

template <class E>
constexpr bool has_gap = vitals::detail::enum_scan<E>.gap;

template <class E>
constexpr std::size_t size = vitals::detail::enum_scan<E>.names.size();

TEST_CASE("the names of a scoped enum are read in order") {
  CHECK(names<scoped>() == "get post put ");
  CHECK_FALSE(has_gap<scoped>);
}

TEST_CASE("the names of an unscoped enum are read without its scope") {
  CHECK(names<unscoped>() == "red green blue ");
  CHECK_FALSE(has_gap<unscoped>);
}

TEST_CASE("an enum of one enumerator has one name, an empty enum has none") {
  CHECK(names<one>() == "only ");
  CHECK(size<none> == 0);
}

TEST_CASE("names are any identifiers") {
  CHECK(names<odd_names>() == "_under x9 UPPER a_b_c V ");
  CHECK(names<umlaut>() ==
        "gr\xC3\xBC\xC3\x9F \xC3\xBC"
        "ber ");
}

TEST_CASE("an enum that fills its chunk has no more names than that") {
  CHECK(size<exactly_64> == 64);
  CHECK(vitals::detail::enum_scan<exactly_64>.names[63] == "g3");
  CHECK_FALSE(has_gap<exactly_64>);
}

TEST_CASE("an enum goes on into a second chunk") {
  CHECK(size<over_64> == 65);
  CHECK(vitals::detail::enum_scan<over_64>.names[63] == "g3");
  CHECK(vitals::detail::enum_scan<over_64>.names[64] == "g4");
  CHECK_FALSE(has_gap<over_64>);
}

TEST_CASE("an enum goes on into a third chunk") {
  CHECK(size<over_128> == 130);
  CHECK_FALSE(has_gap<over_128>);
  for (std::size_t i = 0; i != 130; ++i) {
    const std::string end = std::string{static_cast<char>('a' + i / 10)} + static_cast<char>('0' + i % 10);
    CHECK(vitals::detail::enum_scan<over_128>.names[i] == "x" + end);
    CHECK(vitals::detail::enum_scan<unscoped_over_128>.names[i] == "y" + end);
  }
  CHECK(size<unscoped_over_128> == 130);
}

TEST_CASE("a gap is told: at the start, within, and over the end of a chunk") {
  CHECK(has_gap<from_one>);
  CHECK(has_gap<hole>);
  CHECK(names<hole>() == "a  c ");
  CHECK(has_gap<far>);
  CHECK(size<far> == 71);
}

TEST_CASE("a scan ends at the first chunk of 64 values that names none") {
  CHECK(names<beyond_an_empty_chunk>() == "a ");
}

TEST_CASE("an enumerator below 0 is told as a gap") {
  CHECK(has_gap<minus_one>);
  CHECK(has_gap<unscoped_minus>);
  CHECK(has_gap<minus_five>);
}

TEST_CASE("any underlying type will do") {
  CHECK(names<switched>() == "off on ");
  CHECK(names<letter>() == "a b ");
  CHECK(names<tiny>() == "a b ");
  CHECK(names<byte_sized>() == "a b ");
  CHECK(names<wide>() == "a b ");
  CHECK(names<unsigned_wide>() == "a b ");
  CHECK(names<fixed_unscoped>() == "fa fb ");
  CHECK_FALSE(has_gap<switched>);
  CHECK_FALSE(has_gap<letter>);
  CHECK_FALSE(has_gap<tiny>);
  CHECK_FALSE(has_gap<byte_sized>);
  CHECK_FALSE(has_gap<fixed_unscoped>);
}

TEST_CASE("of several names of one value the first counts") {
  CHECK(names<aliased>() == "first second ");
  CHECK_FALSE(has_gap<aliased>);
}

TEST_CASE("an enum may lie in a class, an anonymous namespace or a function") {
  enum class local { x, y };
  CHECK(names<outer::inner::state>() == "up down ");
  CHECK(names<outer::old_state>() == "o_up o_down ");
  CHECK(names<hidden>() == "here there ");
  CHECK(names<local>() == "x y ");
}

TEST_CASE("an enum may lie in a class template that nothing has looked into yet") {
  CHECK(names<boxed<int, 1>::side>() == "in out ");
  CHECK(names<boxed<int, 1>::old_side>() == "o_in o_out ");
  CHECK(names<boxed<boxed<int, 2>, 3>::side>() == "in out ");
  CHECK(vitals::detail::names_of<boxed<char, 4>::side, static_cast<boxed<char, 4>::side>(1)>()[0] == "out");
}

TEST_CASE("one value's name is read alone, and is empty where there is no enumerator") {
  CHECK(vitals::detail::enumerator_name<scoped::post>() == "post");
  CHECK(vitals::detail::enumerator_name<blue>() == "blue");
  CHECK(vitals::detail::enumerator_name<beyond_an_empty_chunk::b>() == "b");
  CHECK(vitals::detail::enumerator_name<minus_five::below>() == "below");
  CHECK(vitals::detail::enumerator_name<unsigned_wide::far>() == "far");
  CHECK(vitals::detail::enumerator_name<static_cast<scoped>(77)>().empty());
  CHECK(vitals::detail::enumerator_name<static_cast<scoped>(-3)>().empty());
}

TEST_CASE("names of values in any order keep that order") {
  constexpr auto some = vitals::detail::names_of<hole, hole::c, static_cast<hole>(1), hole::a>();
  CHECK(some[0] == "c");
  CHECK(some[1].empty());
  CHECK(some[2] == "a");
}

TEST_CASE("the name of a type tells two types apart") {
  CHECK(vitals::detail::type_name<scoped>() == "enum_names_tests::scoped");
  CHECK(vitals::detail::type_name<int>() == "int");
  CHECK(vitals::detail::type_name<boxed<int, 1>>() != vitals::detail::type_name<boxed<int, 2>>());
}

}  // namespace enum_names_tests
