// expect: a histogram has at most 1,000 bounds
// shows: "job_bytes"
#include <vitals/vitals.hpp>

#ifdef FAIL
struct many {
  static constexpr std::array<double, 70000> bounds = [] {
    std::array<double, 70000> all{};
    for (std::size_t i = 0; i != all.size(); ++i) {
      all[i] = static_cast<double>(i);
    }
    return all;
  }();
};
#else
struct many {
  static constexpr std::array<double, 1000> bounds = [] {
    std::array<double, 1000> all{};
    for (std::size_t i = 0; i != all.size(); ++i) {
      all[i] = static_cast<double>(i);
    }
    return all;
  }();
};
#endif

struct m : vitals::histogram<"job_bytes", "Size of a job.", many> {};
using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>().observe(1);
}
