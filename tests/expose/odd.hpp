// Numbers and texts that go wrong, the same for the golden document of each format.
#ifndef TESTS_EXPOSE_ODD_HPP
#define TESTS_EXPOSE_ODD_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include <vitals/metric/buckets.hpp>
#include <vitals/metric/counter.hpp>
#include <vitals/metric/gauge.hpp>
#include <vitals/metric/histogram.hpp>
#include <vitals/metric/native_histogram.hpp>
#include <vitals/metric/summary.hpp>
#include <vitals/metric/up_down.hpp>
#include <vitals/registry/registry.hpp>

namespace odd {

using which = vitals::label<"which", vitals::one_of<"0", "-0", "smallest", "largest", "lowest", "NaN", "+Inf", "-Inf",
                                                    "1e-7", "1e21", "2^53+1", "1234567">>;
using by_text = vitals::label<"text", vitals::one_of<"ok", "\"\\\n\\n", "tab\tand \xE2\x98\x83">>;
using by_most = vitals::label<"most", bool>;
struct reals : vitals::gauge<"odd_reals", "All doubles.", vitals::packed, which> {};
struct texts : vitals::counter<"odd_texts_total", "A \\ and a \"quote\"\nand a line, in caf\xC3\xA9s.", by_text> {};
struct counts : vitals::counter<"odd_counts_total", "All integers.", by_most> {};
struct signs : vitals::up_down<"odd_signs", "All signs.", by_most> {};
struct waits : vitals::histogram<"odd_waits_seconds", "Waits.", vitals::buckets::of<1e-09, 1e9>> {};
struct sizes : vitals::histogram<"odd_sizes_bytes", "Sizes.", vitals::buckets::of<1e-07, 1e21>> {};
struct weights : vitals::summary<"odd_weights_grams", "Weights."> {};
struct spans : vitals::native_histogram<"odd_spans", "Spans.", vitals::native<1, -1, 1>> {};
using metrics = vitals::registry<reals, texts, counts, signs, waits, sizes, weights, spans>;

/// The same contents again, whatever was there before.
inline void fill() {
  using limits = std::numeric_limits<double>;
  metrics::reset_after_fork();
  metrics::get<reals>("-0").set(-0.0);
  metrics::get<reals>("smallest").set(limits::denorm_min());
  metrics::get<reals>("largest").set(limits::max());
  metrics::get<reals>("lowest").set(limits::lowest());
  metrics::get<reals>("NaN").set(limits::quiet_NaN());
  metrics::get<reals>("+Inf").set(limits::infinity());
  metrics::get<reals>("-Inf").set(-limits::infinity());
  metrics::get<reals>("1e-7").set(1e-7);
  metrics::get<reals>("1e21").set(1e21);
  metrics::get<reals>("2^53+1").set(9007199254740993.0);
  metrics::get<reals>("1234567").set(1234567);
  metrics::get<counts>(false).inc((std::uint64_t{1} << 53) + 1);
  metrics::get<counts>(true).inc(std::numeric_limits<std::uint64_t>::max());
  metrics::get<signs>(false).add(std::numeric_limits<std::int64_t>::min());
  metrics::get<signs>(true).add(std::numeric_limits<std::int64_t>::max());
  for (int i = 0; i != 3; ++i) {
    metrics::get<waits>().observe(std::chrono::nanoseconds::max());  // three of them pass 64 bits
  }
  metrics::get<waits>().observe(limits::quiet_NaN());
  metrics::get<sizes>().observe(-0.0);
  metrics::get<sizes>().observe(1e21);
  metrics::get<sizes>().observe(limits::infinity());
  metrics::get<weights>().observe(limits::max());
  metrics::get<spans>().observe(0.6);
  metrics::get<spans>().observe(1.5);
  metrics::get<spans>().observe(3);
}

inline std::string repeated(std::size_t times, std::string_view unit) {
  std::string out;
  for (; times != 0; --times) {
    out += unit;
  }
  return out;
}

/// A counter, 7, whose help is `times` times `unit`, and so is the value of its label `text`.
class long_texts {
 public:
  static constexpr std::string_view unit = "\"\\\nab\xC3\xA9 ";  // 8 bytes

  explicit long_texts(std::size_t times) : text_(repeated(times, unit)) {}
  long_texts(const long_texts&) = delete;
  long_texts& operator=(const long_texts&) = delete;

  [[nodiscard]] vitals::source_ref source() const {
    return {.families = {&family_, 1}, .cells = 1, .read = [](const void*, std::uint64_t* out) noexcept { *out = 7; }};
  }

 private:
  std::string text_;
  std::string_view values_[1] = {text_};
  vitals::label_family labels_[1] = {{.name = "text", .values = values_}};
  vitals::family family_{.name = "odd_long_total",
                         .help = text_,
                         .unit = {},
                         .type = vitals::metric_type::counter,
                         .kind = vitals::value_kind::unsigned_integer,
                         .labels = labels_,
                         .bounds = {},
                         .first = 0,
                         .series = 1,
                         .stride = 1,
                         .width = 1};
};

/// Of nothing, 10 KB and a megabyte.
inline constexpr std::size_t long_times[] = {0, 1280, 131'072};

}  // namespace odd

#endif
