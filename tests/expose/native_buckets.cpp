#include <vitals/expose/native_buckets.hpp>

#include <cmath>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <vitals/expose/json.hpp>
#include <vitals/expose/page.hpp>
#include <vitals/metric/native_histogram.hpp>
#include <vitals/registry/registry.hpp>

namespace native_buckets_tests {

using vitals::detail::native_buckets;
using vitals::detail::zigzag;

static_assert(zigzag(0) == 0);
static_assert(zigzag(-1) == 1);
static_assert(zigzag(1) == 2);
static_assert(zigzag(INT64_MIN) == UINT64_MAX);

template <class Buckets>
struct sizes : vitals::native_histogram<"native_bucket_sizes", "Sizes.", Buckets> {};

/// A reading's buckets by their definition: each value's index at the schema at which they are few enough.
template <class Buckets>
std::map<int, std::uint64_t> plain(const std::vector<double>& values, int schema) {
  std::map<int, std::uint64_t> counts;
  for (const double value : values) {
    const long double held = std::fmin(value, std::exp2(static_cast<double>(Buckets::high)));
    if (held > std::exp2(static_cast<long double>(Buckets::low))) {
      ++counts[static_cast<int>(std::ceil(std::ldexp(std::log2(held), schema)))];
    }
  }
  return counts;
}

template <class Buckets>
void agrees(int values_count, int expected_halvings) {
  using metrics = vitals::registry<sizes<Buckets>>;
  metrics::reset_after_fork();
  std::mt19937_64 random{3};
  std::uniform_real_distribution<double> exponent{Buckets::low - 1.0, Buckets::high + 1.0};
  std::vector<double> values;
  for (int i = 0; i != values_count; ++i) {
    values.push_back(std::exp2(exponent(random)));
    metrics::template get<sizes<Buckets>>().observe(values.back());
  }
  const vitals::source_ref source = metrics::source();
  std::vector<std::uint64_t> cells(source.cells);
  source.read(source.self, cells.data());
  const vitals::family& f = source.families[0];
  const native_buckets buckets{f, cells.data() + f.first};
  CHECK(buckets.halvings() == expected_halvings);
  std::map<int, std::uint64_t> found;
  int last = INT32_MIN;
  buckets.each([&](int index, std::uint64_t count) {
    CHECK(index > last);
    last = index;
    found[index] = count;
  });
  CHECK((found == plain<Buckets>(values, Buckets::schema - expected_halvings)));
  CHECK(found.size() <= vitals::detail::most_native_buckets);
}

TEST_CASE("buckets are told by their index, at half the resolution as often as it takes") {
  agrees<vitals::native<3, -10, 10>>(0, 0);
  agrees<vitals::native<3, -10, 10>>(1, 0);
  agrees<vitals::native<3, -10, 10>>(5000, 0);
  agrees<vitals::native<3, -10, 11>>(5000, 1);
  agrees<vitals::native<8, -10, 10>>(100, 0);
  agrees<vitals::native<8, -3, 10>>(20'000, 5);
  agrees<vitals::native<0, -100, 100>>(5000, 1);
  agrees<vitals::native<-1, -100, 100>>(5000, 0);
  agrees<vitals::native<2, -1000, 1000>>(50'000, 6);
}

TEST_CASE("JSON shows the buckets at powers of two, and quantiles out of all of them") {
  using metrics = vitals::registry<sizes<vitals::native<2, -1, 1>>>;
  metrics::reset_after_fork();
  for (const double value : {0.25, 0.55, 0.56, 0.7, 1.1, 5.0}) {
    metrics::get<sizes<vitals::native<2, -1, 1>>>().observe(value);
  }
  vitals::source_ref source = metrics::source();
  source.families = {source.families.data(), 1};
  vitals::page page{vitals::json_text::format, {&source, 1}};
  std::string out;
  page.render(out);
  INFO(out);
  CHECK(out.find(R"("count":6,"sum":8.16,)") != std::string::npos);
  CHECK(out.find(R"("p50":0.5946035575013605,)") !=
        std::string::npos);  // the third of six ends its bucket, which is no classic one
  CHECK(out.find(R"("buckets":[{"bound":0.5,"count":1},{"bound":1,"count":3},{"bound":2,"count":1},)"
                 R"({"bound":"+Inf","count":1}])") != std::string::npos);
  CHECK(out.ends_with("\n]}\n"));
}

}  // namespace native_buckets_tests
