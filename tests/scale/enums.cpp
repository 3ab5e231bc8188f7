// Enums of all kinds and sizes: every enumerator becomes a label's value, under its own name.
#include <vitals/vitals.hpp>

#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <string_view>

#define TEN(p) p##0, p##1, p##2, p##3, p##4, p##5, p##6, p##7, p##8, p##9
#define SIXTY TEN(v), TEN(v1), TEN(v2), TEN(v3), TEN(v4), TEN(v5)
#define TWO_HUNDRED                                                                                                \
  SIXTY, TEN(v6), TEN(v7), TEN(v8), TEN(v9), TEN(v10), TEN(v11), TEN(v12), TEN(v13), TEN(v14), TEN(v15), TEN(v16), \
      TEN(v17), TEN(v18), TEN(v19)

namespace {

template <class E>
using values = typename vitals::label<"kind", E>::values;

/// Whether E has `count` values named v0, v1, ...
template <class E>
constexpr bool counts_up(std::size_t count) {
  if (values<E>::texts.size() != count) {
    return false;
  }
  for (std::size_t i = 0; i != count; ++i) {
    const std::string_view text = values<E>::texts[i];
    std::size_t number = 0;
    for (const char c : text.substr(1)) {
      number = number * 10 + static_cast<std::size_t>(c - '0');
    }
    if (text[0] != 'v' || number != i || (i != 0 && text[1] == '0') || values<E>::index(static_cast<E>(i)) != i) {
      return false;
    }
  }
  return true;
}

template <class E>
constexpr bool named(std::string_view a, std::string_view b) {
  return values<E>::texts.size() == 2 && values<E>::texts[0] == a && values<E>::texts[1] == b;
}

// sizes around the chunks of a scan
enum class one { v0 };
enum class sixty_three { SIXTY, v60, v61, v62 };
enum class sixty_four { SIXTY, v60, v61, v62, v63 };
enum class sixty_five { SIXTY, v60, v61, v62, v63, v64 };
enum class one_hundred_twenty_eight {
  SIXTY,
  TEN(v6),
  TEN(v7),
  TEN(v8),
  TEN(v9),
  TEN(v10),
  TEN(v11),
  v120,
  v121,
  v122,
  v123,
  v124,
  v125,
  v126,
  v127
};
enum class one_hundred_twenty_nine {
  SIXTY,
  TEN(v6),
  TEN(v7),
  TEN(v8),
  TEN(v9),
  TEN(v10),
  TEN(v11),
  v120,
  v121,
  v122,
  v123,
  v124,
  v125,
  v126,
  v127,
  v128
};
enum class two_hundred { TWO_HUNDRED };
enum class all_of_a_byte : std::uint8_t {
  TWO_HUNDRED,
  TEN(v20),
  TEN(v21),
  TEN(v22),
  TEN(v23),
  TEN(v24),
  v250,
  v251,
  v252,
  v253,
  v254,
  v255
};
enum class all_of_a_signed_byte : std::int8_t {
  SIXTY,
  TEN(v6),
  TEN(v7),
  TEN(v8),
  TEN(v9),
  TEN(v10),
  TEN(v11),
  v120,
  v121,
  v122,
  v123,
  v124,
  v125,
  v126,
  v127
};
static_assert(counts_up<one>(1));
static_assert(counts_up<sixty_three>(63));
static_assert(counts_up<sixty_four>(64));
static_assert(counts_up<sixty_five>(65));
static_assert(counts_up<one_hundred_twenty_eight>(128));
static_assert(counts_up<one_hundred_twenty_nine>(129));
static_assert(counts_up<two_hundred>(200));
static_assert(counts_up<all_of_a_byte>(256));
static_assert(counts_up<all_of_a_signed_byte>(128));

// underlying types
enum class of_bool : bool { no, yes };
enum class of_char : char { no, yes };
enum class of_unsigned_char : unsigned char { no, yes };
enum class of_short : std::int16_t { no, yes };
enum class of_int64 : std::int64_t { no, yes };
enum class of_uint64 : std::uint64_t { no, yes };
static_assert(named<of_bool>("no", "yes"));
static_assert(named<of_char>("no", "yes"));
static_assert(named<of_unsigned_char>("no", "yes"));
static_assert(named<of_short>("no", "yes"));
static_assert(named<of_int64>("no", "yes"));
static_assert(named<of_uint64>("no", "yes"));

// unscoped, with and without a fixed type
enum unscoped { unscoped_no, unscoped_yes };
enum unscoped_of_five { five_a, five_b, five_c, five_d, five_e };
enum unscoped_fixed : unsigned { fixed_no, fixed_yes };
static_assert(named<unscoped>("unscoped_no", "unscoped_yes"));
static_assert(values<unscoped_of_five>::texts.size() == 5 && values<unscoped_of_five>::texts[4] == "five_e");
static_assert(named<unscoped_fixed>("fixed_no", "fixed_yes"));

// where an enum may stand
struct holder {
  enum class inner { no, yes };
  enum plain { no, yes };
};
template <class T, int N>
struct template_holder {
  enum class inner { no, yes };
};
template <char C>
struct char_holder {
  enum class inner { no, yes };
};
template <vitals::fixed_string Name>
struct text_holder {
  enum class inner { no, yes };
};
static_assert(named<holder::inner>("no", "yes"));
static_assert(named<holder::plain>("no", "yes"));
static_assert(named<template_holder<template_holder<int, 1>, -2>::inner>("no", "yes"));
static_assert(named<template_holder<void (*)(int, holder::inner), 3>::inner>("no", "yes"));
static_assert(named<char_holder<'c'>::inner>("no", "yes"));
static_assert(named<char_holder<','>::inner>("no", "yes"));
static_assert(named<text_holder<"a">::inner>("no", "yes"));
static_assert(named<text_holder<"a, b">::inner>("no", "yes"));

// names
enum class odd { _, a_, _1, e1, x0x, Upper, unsigned_, ns, E, V };
static_assert([] {
  constexpr std::string_view expected[] = {"_", "a_", "_1", "e1", "x0x", "Upper", "unsigned_", "ns", "E", "V"};
  for (std::size_t i = 0; i != std::size(expected); ++i) {
    if (values<odd>::texts[i] != expected[i]) {
      return false;
    }
  }
  return values<odd>::texts.size() == std::size(expected);
}());
enum class again { no, yes, also_yes = yes };
static_assert(named<again>("no", "yes"));

// values that are listed
enum class far_apart : std::int64_t { least = INT64_MIN, nothing = 0, most = INT64_MAX };
constexpr auto label_values(far_apart) {
  return std::array{far_apart::least, far_apart::nothing, far_apart::most};
}
enum class far_above : std::uint64_t { most = UINT64_MAX, nothing = 0 };
constexpr auto label_values(far_above) {
  return std::array{far_above::most, far_above::nothing};
}
enum flags { may_read = 1, may_write = 2, may_run = 4 };
constexpr auto label_values(flags) {
  return std::array{may_read, may_write, may_run};
}

struct by_two_hundred : vitals::counter<"two_hundred_total", "By 200.", vitals::label<"kind", two_hundred>> {};
struct by_byte : vitals::counter<"byte_total", "By 256.", vitals::label<"kind", all_of_a_byte>> {};
struct by_int64 : vitals::counter<"int64_total", "By 2.", vitals::label<"kind", of_int64>> {};
struct by_uint64 : vitals::counter<"uint64_total", "By 2.", vitals::label<"kind", of_uint64>> {};
struct by_distance : vitals::counter<"distance_total", "By 3.", vitals::label<"kind", far_apart>> {};
struct by_height : vitals::counter<"height_total", "By 2.", vitals::label<"kind", far_above>> {};
struct by_flag : vitals::counter<"flag_total", "By 3.", vitals::label<"kind", flags>> {};
using metrics = vitals::registry<by_two_hundred, by_byte, by_int64, by_uint64, by_distance, by_height, by_flag>;

bool shows(const std::string& page, const std::string& line) {
  return page.find('\n' + line + '\n') != page.npos;
}

}  // namespace

TEST_CASE("each value of a large enum has a series of its own, under its name") {
  for (unsigned i = 0; i != 200; ++i) {
    metrics::get<by_two_hundred>(static_cast<two_hundred>(i)).inc(i + 1);
  }
  for (unsigned i = 0; i != 256; ++i) {
    metrics::get<by_byte>(static_cast<all_of_a_byte>(i)).inc(i + 1);
  }
  const std::string page = vitals::scrape<metrics>();
  for (unsigned i = 0; i != 256; ++i) {
    const std::string end = "{kind=\"v" + std::to_string(i) + "\"} " + std::to_string(i + 1);
    CHECK(shows(page, "byte_total" + end));
    CHECK(shows(page, "two_hundred_total" + end) == (i < 200));
  }
  CHECK(metrics::dropped<by_byte>().label == 0);
}

TEST_CASE("a cast value outside a wide enum is dropped, whatever bits it shares with one inside") {
  const auto put = [](auto value) {
    using label = decltype(value);
    if constexpr (std::same_as<label, of_int64>) {
      metrics::get<by_int64>(value).inc();
    } else {
      metrics::get<by_uint64>(value).inc();
    }
  };
  put(of_int64::yes);
  put(of_uint64::yes);
  for (const std::int64_t bits :
       {std::int64_t{2}, std::int64_t{-1}, std::int64_t{1} << 32, (std::int64_t{1} << 32) + 1, INT64_MIN, INT64_MAX}) {
    put(static_cast<of_int64>(bits));
    put(static_cast<of_uint64>(bits));
  }
  CHECK(metrics::get<by_int64>(of_int64::no).value() == 0);
  CHECK(metrics::get<by_int64>(of_int64::yes).value() == 1);
  CHECK(metrics::dropped<by_int64>().label == 6);
  CHECK(metrics::get<by_uint64>(of_uint64::no).value() == 0);
  CHECK(metrics::get<by_uint64>(of_uint64::yes).value() == 1);
  CHECK(metrics::dropped<by_uint64>().label == 6);
}

TEST_CASE("listed values at the ends of their type count apart") {
  metrics::get<by_distance>(far_apart::least).inc(1U);
  metrics::get<by_distance>(far_apart::nothing).inc(2U);
  metrics::get<by_distance>(far_apart::most).inc(3U);
  metrics::get<by_height>(far_above::most).inc(4U);
  metrics::get<by_height>(far_above::nothing).inc(5U);
  metrics::get<by_flag>(may_run).inc(6U);
  metrics::get<by_flag>(static_cast<flags>(may_read | may_write)).inc(7U);
  metrics::get<by_height>(static_cast<far_above>(1)).inc(8U);
  const std::string page = vitals::scrape<metrics>();
  for (const char* line :
       {"distance_total{kind=\"least\"} 1", "distance_total{kind=\"nothing\"} 2", "distance_total{kind=\"most\"} 3",
        "height_total{kind=\"most\"} 4", "height_total{kind=\"nothing\"} 5", "flag_total{kind=\"may_run\"} 6"}) {
    CHECK(shows(page, line));
  }
  CHECK(metrics::dropped<by_flag>().label == 7);
  CHECK(metrics::dropped<by_height>().label == 8);
}

TEST_CASE("an enum of a function's own names its values") {
  enum class local { no, yes };
  CHECK(named<local>("no", "yes"));
}
