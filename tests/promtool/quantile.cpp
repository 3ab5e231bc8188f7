// Prints histograms and what vitals estimates of them, for quantile.py to ask Prometheus. A line for each:
//   bounds ; each bucket's own count ; q estimate, q estimate ...
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <random>
#include <vector>

#include <vitals/metric/quantile.hpp>

namespace {

void print(const std::vector<double>& bounds, const std::vector<std::uint64_t>& counts) {
  for (const double bound : bounds) {
    std::printf("%.17g ", bound);
  }
  std::printf(";");
  for (const std::uint64_t count : counts) {
    std::printf(" %llu", static_cast<unsigned long long>(count));
  }
  const char* separator = ";";
  for (const double q : {-0.5, 0.0, 0.001, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1.0, 1.5}) {
    std::printf("%s %.17g %.17g", separator, q, vitals::quantile(q, counts, bounds));
    separator = ",";
  }
  std::printf("\n");
}

}  // namespace

int main() {
  print({1, 2, 4, 8}, {10, 20, 60, 10, 0});
  print({10}, {4, 0});
  print({0}, {4, 0});
  print({-1, 1}, {4, 0, 0});
  print({-1, 1}, {0, 4, 0});
  print({1, 2}, {0, 0, 8});
  print({1, 2}, {0, 0, 0});
  print({1, 2, 3}, {std::uint64_t{1} << 62U, std::uint64_t{1} << 62U, std::uint64_t{1} << 61U, 1});
  std::mt19937_64 random{2026};
  for (int i = 0; i != 300; ++i) {
    std::vector<double> bounds;
    double bound = static_cast<double>(random() % 2000) / 100 - 10;
    for (std::size_t size = 1 + random() % 12; size != 0; --size) {
      bounds.push_back(bound);
      bound += 0.01 + static_cast<double>(random() % 1000) / 100;
    }
    std::vector<std::uint64_t> counts(bounds.size() + 1);
    for (std::uint64_t& n : counts) {
      n = random() % 3 == 0 ? 0 : random() % 10'000;
    }
    print(bounds, counts);
  }
}
