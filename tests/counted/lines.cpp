// Observations of histograms of several shapes, for counted.py, which has lackey trace the addresses that they touch.
// Prints what it needs to know them: the stack, each row's function and cells, and the function that ends a row.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>

#include <vitals/vitals.hpp>

#include <counted/row.hpp>
#include <counted/values.hpp>

namespace {

enum class place { a, b, c };
using where = vitals::label<"place", place>;

using three = vitals::buckets::of<0.01, 0.1, 1>;
using eleven = vitals::buckets::web;
using twenty = vitals::buckets::exponential<0.003, 1.6, 20>;
static_assert(eleven::bounds.size() == 11);

struct doubles_3 : vitals::histogram<"doubles_3", "Doubles.", three, where> {};
struct doubles_11 : vitals::histogram<"doubles_11", "Doubles.", eleven, where> {};
struct doubles_20 : vitals::histogram<"doubles_20", "Doubles.", twenty, where> {};
struct doubles_native : vitals::native_histogram<"doubles_native", "Doubles.", vitals::native<>, where> {};
struct durations_3 : vitals::histogram<"durations_3_seconds", "Durations.", three, where> {};
struct durations_11 : vitals::histogram<"durations_11_seconds", "Durations.", eleven, where> {};
struct durations_20 : vitals::histogram<"durations_20_seconds", "Durations.", twenty, where> {};
struct durations_native : vitals::native_histogram<"durations_native_seconds", "Durations.", vitals::native<>, where> {
};
struct plain : vitals::counter<"plain_total", "A counter.", where> {};
struct heat : vitals::gauge<"heat", "A gauge.", where> {};

using metrics = vitals::registry<doubles_3, doubles_11, doubles_20, doubles_native, durations_3, durations_11,
                                 durations_20, durations_native, plain, heat>;

}  // namespace

ROW(end)() {
  asm volatile("");
}
ROW(doubles_3)(double v, std::int64_t /*n*/, place p) {
  metrics::get<doubles_3>(p).observe(v);
}
ROW(doubles_11)(double v, std::int64_t /*n*/, place p) {
  metrics::get<doubles_11>(p).observe(v);
}
ROW(doubles_20)(double v, std::int64_t /*n*/, place p) {
  metrics::get<doubles_20>(p).observe(v);
}
ROW(doubles_native)(double v, std::int64_t /*n*/, place p) {
  metrics::get<doubles_native>(p).observe(v);
}
ROW(durations_3)(double /*v*/, std::int64_t n, place p) {
  metrics::get<durations_3>(p).observe(std::chrono::nanoseconds{n});
}
ROW(durations_11)(double /*v*/, std::int64_t n, place p) {
  metrics::get<durations_11>(p).observe(std::chrono::nanoseconds{n});
}
ROW(durations_20)(double /*v*/, std::int64_t n, place p) {
  metrics::get<durations_20>(p).observe(std::chrono::nanoseconds{n});
}
ROW(durations_native)(double /*v*/, std::int64_t n, place p) {
  metrics::get<durations_native>(p).observe(std::chrono::nanoseconds{n});
}
ROW(inc)(double /*v*/, std::int64_t /*n*/, place p) {
  metrics::get<plain>(p).inc();
}
ROW(set)(double v, std::int64_t /*n*/, place p) {
  metrics::get<heat>(p).set(v);
}

int main() {
  metrics::attach_thread();
  const struct {
    const char* name;
    void (*run)(double, std::int64_t, place);
  } rows[] = {{"inc", row_inc},
              {"gauge_set", row_set},
              {"observe_double_3", row_doubles_3},
              {"observe_double_11", row_doubles_11},
              {"observe_double_20", row_doubles_20},
              {"observe_double_native", row_doubles_native},
              {"observe_duration_3", row_durations_3},
              {"observe_duration_11", row_durations_11},
              {"observe_duration_20", row_durations_20},
              {"observe_duration_native", row_durations_native}};
  const auto* const block = metrics::cells::mine;
  std::printf("stack %p\n", static_cast<const void*>(rows));
  std::printf("cells %p %zu\n", static_cast<const void*>(block), sizeof *block * metrics::image.thread_cells);
  std::printf("end %p\n", reinterpret_cast<const void*>(row_end));
  for (const auto& row : rows) {
    std::printf("row %p %s\n", reinterpret_cast<const void*>(row.run), row.name);
  }
  std::fflush(stdout);
  counted::random_numbers random;
  for (int i = 0; i != 500; ++i) {
    const double value = counted::spread(random, 0.0025, 20);
    const auto nanoseconds = static_cast<std::int64_t>(value * 1e9);
    for (const auto& row : rows) {
      row.run(value, nanoseconds, static_cast<place>(i % 3));
      row_end();
    }
  }
  return 0;
}
