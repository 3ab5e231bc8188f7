#include <vitals/core/dynamic_array.hpp>

#include <cstddef>
#include <new>
#include <string>
#include <utility>

#include <doctest/doctest.h>

namespace dynamic_array_tests {

using vitals::detail::dynamic_array;

const std::string long_text(40, 'x');  // longer than what a string keeps in itself

TEST_CASE("elements stay as an array grows") {
  dynamic_array<std::string> array;
  CHECK(array.empty());
  CHECK(array.begin() == array.end());
  for (std::size_t i = 0; i != 100; ++i) {
    array.push_back(long_text + std::to_string(i));
    REQUIRE(array.size() == i + 1);
  }
  std::size_t i = 0;
  for (const std::string& text : array) {
    CHECK(text == long_text + std::to_string(i++));
  }
  CHECK(i == 100);
}

TEST_CASE("it grows by doubling, and where room was asked for not at all") {
  dynamic_array<int> array;
  std::size_t moves = 0;
  for (int i = 0; i != 1000; ++i) {
    const int* const before = array.data();
    array.push_back(i);
    moves += array.data() != before ? 1 : 0;
  }
  CHECK(moves == 11);
  array.reserve(2000);
  const int* const before = array.data();
  array.resize(2000);
  CHECK(array.data() == before);
  CHECK(array[999] == 999);
  CHECK(array[1999] == 0);
}

TEST_CASE("an element of its own can be pushed back") {
  dynamic_array<std::string> array;
  array.push_back(long_text);
  for (int i = 0; i != 10; ++i) {
    array.push_back(array[0]);
    CHECK(array[array.size() - 1] == long_text);
  }
}

TEST_CASE("what resize adds is T{}, also where larger elements stood before") {
  dynamic_array<std::string> array;
  array.resize(3);
  array[2] = "old";
  array.resize(1);
  CHECK(array.size() == 1);
  array.resize(3);
  CHECK(array[2].empty());
}

TEST_CASE("it moves") {
  dynamic_array<std::string> array;
  array.push_back("a");
  dynamic_array<std::string> taken{std::move(array)};
  CHECK(array.empty());  // NOLINT(bugprone-use-after-move)
  REQUIRE(taken.size() == 1);
  array.push_back("b");
  array.push_back("c");
  taken = std::move(array);
  REQUIRE(taken.size() == 2);
  CHECK(taken[1] == "c");
  array.push_back("d");
  array.push_back("e");
  CHECK(array[array.size() - 1] == "e");
}

/// Of which so many can be made, as if memory ended then.
struct scarce {
  scarce() {
    if (left-- == 0) {
      throw std::bad_alloc{};
    }
  }
  static inline int left = 0;
  int value = 0;
};

TEST_CASE("where no memory is left it is as it was") {
  dynamic_array<scarce> array;
  scarce::left = 4;
  array.resize(1);
  array[0].value = 7;
  CHECK_THROWS_AS(array.reserve(100), std::bad_alloc);
  REQUIRE(array.size() == 1);
  CHECK(array[0].value == 7);
}

}  // namespace dynamic_array_tests
