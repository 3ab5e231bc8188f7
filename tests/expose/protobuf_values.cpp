#include <vitals/expose/protobuf_values.hpp>

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <random>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include <expose/known_times.hpp>
#include <expose/read_protobuf.hpp>

#include <vitals/core/sum.hpp>
#include <vitals/expose/number.hpp>
#include <vitals/expose/protobuf.hpp>
#include <vitals/metric/buckets.hpp>
#include <vitals/metric/counter.hpp>
#include <vitals/metric/family.hpp>
#include <vitals/metric/histogram.hpp>
#include <vitals/metric/label.hpp>
#include <vitals/metric/native_histogram.hpp>
#include <vitals/metric/real_counter.hpp>
#include <vitals/registry/registry.hpp>

namespace protobuf_values_tests {

using namespace read_protobuf;
using limits = std::numeric_limits<double>;

enum class zone { eu, us };
using by_zone = vitals::label<"zone", zone>;

TEST_CASE("doubles arrive bit by bit") {
  const std::array<double, 11> all{0.0,
                                   -0.0,
                                   limits::denorm_min(),
                                   limits::min(),
                                   limits::max(),
                                   limits::lowest(),
                                   limits::quiet_NaN(),
                                   limits::infinity(),
                                   -limits::infinity(),
                                   1e-7,
                                   1e21};
  cells.clear();
  for (const double v : all) {
    cells.push_back(std::bit_cast<std::uint64_t>(v));
  }
  const vitals::label_family labels[] = {{.name = "which", .values = any_value}};
  const vitals::family reals = plain_family(vitals::value_kind::real, labels);
  const std::string page = page_of(source_of({&reals, 1}));
  CHECK(
      shown_page(page) ==
      "name:'proto_any' help:'Any.' type:1"
      " metric{label{name:'which' value:'a'} gauge{value:0}} metric{label{name:'which' value:'b'} gauge{value:-0}}"
      " metric{label{name:'which' value:'c'} gauge{value:5e-324}}"
      " metric{label{name:'which' value:'d'} gauge{value:2.2250738585072014e-308}}"
      " metric{label{name:'which' value:'e'} gauge{value:1.7976931348623157e+308}}"
      " metric{label{name:'which' value:'f'} gauge{value:-1.7976931348623157e+308}}"
      " metric{label{name:'which' value:'g'} gauge{value:NaN}} metric{label{name:'which' value:'h'} gauge{value:+Inf}}"
      " metric{label{name:'which' value:'i'} gauge{value:-Inf}}"
      " metric{label{name:'which' value:'j'} gauge{value:1e-07}}"
      " metric{label{name:'which' value:'k'} gauge{value:1e+21}}\n");
  std::size_t at = 0;
  for (const std::uint64_t bits : cells) {
    std::string wire = "\x12\x09\x09";  // a gauge of nine bytes: its value
    for (unsigned shift = 0; shift != 64; shift += 8) {
      wire += static_cast<char>(bits >> shift);
    }
    at = page.find(wire, at);
    REQUIRE(at != std::string::npos);
    at += wire.size();
  }
}

TEST_CASE("integers become the nearest double") {
  constexpr std::uint64_t exact = std::uint64_t{1} << 53;
  cells = {0,
           exact - 1,
           exact,
           exact + 1,
           exact + 3,
           std::numeric_limits<std::uint64_t>::max(),
           std::uint64_t{1} << 63,
           (std::uint64_t{1} << 63) - 1,
           static_cast<std::uint64_t>(-1),
           0 - (exact + 1),
           1};
  const vitals::label_family labels[] = {{.name = "which", .values = any_value}};
  const auto values = [&](vitals::value_kind kind) {
    const vitals::family f = plain_family(kind, labels);
    const std::string page = shown_page(page_of(source_of({&f, 1})));
    std::string out;
    for (std::size_t at = 0; (at = page.find("{value:", at)) != std::string::npos;) {
      at += 7;
      out += page.substr(at, page.find('}', at) - at) + ' ';
    }
    return out;
  };
  CHECK(values(vitals::value_kind::unsigned_integer) ==
        "0 9.007199254740991e+15 9.007199254740992e+15 9.007199254740992e+15 9.007199254740996e+15 "
        "1.8446744073709552e+19 "
        "9.223372036854776e+18 9.223372036854776e+18 1.8446744073709552e+19 1.843773687445481e+19 1 ");
  CHECK(values(vitals::value_kind::signed_integer) ==
        "0 9.007199254740991e+15 9.007199254740992e+15 9.007199254740992e+15 9.007199254740996e+15 -1 "
        "-9.223372036854776e+18 9.223372036854776e+18 -1 -9.007199254740992e+15 1 ");
}

TEST_CASE("a histogram's counts are integers, exact to the last") {
  const double bounds[] = {-limits::infinity(), -0.0, 0.1, limits::max()};
  constexpr std::uint64_t odd = (std::uint64_t{1} << 53) + 1;
  cells = {std::bit_cast<std::uint64_t>(1e300), odd, 0, 127, 1, std::numeric_limits<std::uint64_t>::max() - odd - 128};
  vitals::family f = plain_family(vitals::value_kind::real_histogram, {});
  f.type = vitals::metric_type::histogram;
  f.bounds = bounds;
  f.width = 6;
  CHECK(shown_page(page_of(source_of({&f, 1}))) ==
        "name:'proto_any' help:'Any.' type:4 metric{histogram{sample_count:18446744073709551615 sample_sum:1e+300"
        " bucket{cumulative_count:9007199254740993 upper_bound:-Inf}"
        " bucket{cumulative_count:9007199254740993 upper_bound:-0}"
        " bucket{cumulative_count:9007199254741120 upper_bound:0.1}"
        " bucket{cumulative_count:9007199254741121 upper_bound:1.7976931348623157e+308}}}\n");
}

TEST_CASE("nanoseconds become the double that is nearest to them in seconds, as where they are printed") {
  using vitals::detail::seconds_of;
  using vitals::detail::wide;
  const auto printed = [](wide n) {
    char text[vitals::detail::seconds_room];
    double read = 0;
    std::from_chars(text, vitals::detail::write_seconds(text, n), read);
    return read;
  };
  CHECK(seconds_of(0) == 0);
  CHECK(seconds_of(1) == 1e-9);
  CHECK(seconds_of(-1'500'000'000) == -1.5);
  CHECK(seconds_of(std::numeric_limits<std::int64_t>::max()) == 9223372036.854775807);
  std::mt19937_64 random{2026};
  unsigned wrong = 0;
  for (unsigned bits = 1; bits != 126; ++bits) {
    const wide power = wide{1} << bits;
    for (int i = 0; i != 200; ++i) {
      wide n = (static_cast<wide>(random() >> 1U) << 63 | static_cast<wide>(random() >> 1U)) % power;
      n = i < 100 ? power + (i - 50) : i % 2 == 0 ? n : -n;
      wrong += seconds_of(n) == printed(n) ? 0U : 1U;
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("a sum of durations is in seconds, over all of its bits") {
  cells = {5, 2, 4, 7};  // 4 x 2^64 + 5 ns; and one behind it that is not its own
  vitals::family f = plain_family(vitals::value_kind::duration_histogram, {});
  f.type = vitals::metric_type::summary;
  f.width = 3;
  CHECK(shown_page(page_of(source_of({&f, 1}))) ==
        "name:'proto_any' help:'Any.' type:2 metric{summary{sample_count:2 sample_sum:7.378697629483821e+10}}\n");
  cells = {static_cast<std::uint64_t>(-1'500'000'000), 2, ~std::uint64_t{0}};
  CHECK(shown_page(page_of(source_of({&f, 1}))) ==
        "name:'proto_any' help:'Any.' type:2 metric{summary{sample_count:2 sample_sum:-1.5}}\n");
}

struct traced : vitals::counter<"proto_traced_total", "Traced.", by_zone, vitals::exemplars> {};
struct traced_energy : vitals::real_counter<"proto_traced_joules_total", "Traced.", vitals::exemplars> {};
struct traced_sizes : vitals::histogram<"proto_traced_bytes", "Traced.", vitals::buckets::of<1, 2>, vitals::exemplars> {
};
struct traced_waits
    : vitals::native_histogram<"proto_traced_waits_seconds", "Traced.", vitals::native<0, 0, 12>, vitals::exemplars> {};
using traces = vitals::registry<traced, traced_energy, traced_sizes, traced_waits>;

vitals::exemplar trace(std::uint64_t n) {
  return {{0x0af7651916cd43dd, n}, n};
}

/// An exemplar of `known_times`, the `nth` on its page, as it is shown.
std::string shown_exemplar(int n, std::string_view amount, int nth) {
  char text[400];
  std::snprintf(text, sizeof text,
                "exemplar{label{name:'trace_id' value:'0af7651916cd43dd%016x'} label{name:'span_id' value:'%016x'} "
                "value:%.*s timestamp{seconds:%d nanos:89000000}}",
                n, n, static_cast<int>(amount.size()), amount.data(), 1'520'879'607 + nth);
  return text;
}

TEST_CASE("exemplars of counters and of buckets, +Inf's only where it has one") {
  traces::reset_after_fork();
  traces::get<traced>(zone::us).inc((std::uint64_t{1} << 53) + 1, trace(1));
  traces::get<traced>(zone::eu).inc(2U);
  traces::get<traced_energy>().add(0.5, trace(2));
  traces::get<traced_sizes>().observe(1.5, trace(3));
  traces::get<traced_sizes>().observe(5);
  const std::string start =
      "name:'proto_traced_bytes' help:'Traced.' type:4 unit:'bytes' metric{histogram{sample_count:2 sample_sum:";
  std::string page = shown_page(page_of(known_times<traces>::source()));
  CHECK(page.starts_with(
      "name:'proto_traced_total' help:'Traced.' type:0 metric{label{name:'zone' value:'eu'} counter{value:2}} "
      "metric{label{name:'zone' value:'us'} counter{value:9.007199254740992e+15 " +
      shown_exemplar(1, "9.007199254740992e+15", 0) +
      "}}\nname:'proto_traced_joules_total' help:'Traced.' type:0 unit:'joules' metric{counter{value:0.5 " +
      shown_exemplar(2, "0.5", 1) + "}}\n" + start +
      "6.5 bucket{cumulative_count:0 upper_bound:1} bucket{cumulative_count:1 upper_bound:2 " +
      shown_exemplar(3, "1.5", 2) + "}}}\n"));

  traces::get<traced_sizes>().observe(limits::infinity(), trace(4));
  page = shown_page(page_of(known_times<traces>::source()));
  CHECK(page.find(shown_exemplar(3, "1.5", 2) + "} bucket{cumulative_count:3 upper_bound:+Inf " +
                  shown_exemplar(4, "+Inf", 3) + "}}}\n") != std::string::npos);
}

TEST_CASE("a native histogram sends its newest exemplars in order of time, and those of its classic buckets") {
  traces::reset_after_fork();
  for (int i = 0; i != 14; ++i) {  // one in each classic bucket
    traces::get<traced_waits>().observe(std::ldexp(0.75, i), trace(static_cast<std::uint64_t>(i) + 1));
  }
  const auto list_of = [](const std::string& page) {
    const std::size_t begin = page.find("exemplars{");
    const std::size_t end = page.find('\n', begin);
    REQUIRE(begin != std::string::npos);
    return page.substr(begin, end - begin);
  };
  std::string expected;
  for (int i = 4; i != 14; ++i) {
    const std::string one = shown_exemplar(i + 1, real(std::ldexp(0.75, i)), i);
    expected += (expected.empty() ? "exemplars" : " exemplars") + one.substr(one.find('{'));
  }
  const std::string page = shown_page(page_of(known_times<traces>::source()));
  CHECK(list_of(page) == expected + "}}");
  CHECK(page.find("bucket{cumulative_count:1 upper_bound:1 " + shown_exemplar(1, "0.75", 0)) != std::string::npos);
  CHECK(page.find("bucket{cumulative_count:14 upper_bound:+Inf " + shown_exemplar(14, "6144", 13)) !=
        std::string::npos);

  // the same page with the times the other way round
  vitals::source_ref reversed = traces::source();
  reversed.read = [](const void* self, std::uint64_t* out) noexcept {
    known_times<traces>::read(self, out);
    const vitals::family& f = traces::source().families.back();
    for (std::uint32_t i = 0; i != 14; ++i) {
      std::uint64_t& time = out[f.exemplar_of(0, i)];
      time = 2 * known_times<traces>::start + 13'000 - time;
    }
  };
  expected.clear();
  for (int i = 9; i != -1; --i) {
    const std::string one = shown_exemplar(i + 1, real(std::ldexp(0.75, i)), 13 - i);
    expected += (expected.empty() ? "exemplars" : " exemplars") + one.substr(one.find('{'));
  }
  CHECK(list_of(shown_page(page_of(reversed))) == expected + "}}");
}

TEST_CASE("pages whose exemplars come and go stay readable, and need no more room than they said") {
  std::mt19937_64 random{11};
  const vitals::source_ref source = traces::source();
  vitals::protobuf_page page{{&source, 1}};
  std::string out;
  for (int i = 0; i != 200; ++i) {
    if (i % 50 == 0) {
      traces::reset_after_fork();
    }
    const vitals::exemplar e{{random(), random()}, random()};
    traces::get<traced>(i % 3 == 0 ? zone::eu : zone::us).inc(random(), e);
    traces::get<traced_waits>().observe(std::ldexp(1.0, static_cast<int>(random() % 40) - 10), e);
    traces::get<traced_sizes>().observe(static_cast<double>(random() % 4), e);
    page.render(out);
    CHECK(messages_of(out).size() == 5);
    CHECK(shown_page(out).find("exemplar{label{name:'trace_id' value:'") != std::string::npos);
  }
}

}  // namespace protobuf_values_tests
