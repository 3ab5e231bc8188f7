// Fills metrics of every kind with random contents: contents SEED
//
// Prints what it put there, in lines that parsers.py reads, and behind it each format's page. Texts are written in
// hexadecimal, so that nothing needs escaping; doubles as their bits.
#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <clocale>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <iostream>
#include <limits>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <vitals/expose/callbacks.hpp>
#include <vitals/expose/json.hpp>
#include <vitals/expose/labels.hpp>
#include <vitals/expose/openmetrics.hpp>
#include <vitals/expose/page.hpp>
#include <vitals/expose/prometheus.hpp>
#include <vitals/expose/ratio.hpp>
#include <vitals/metric/buckets.hpp>
#include <vitals/metric/callback.hpp>
#include <vitals/metric/counter.hpp>
#include <vitals/metric/exemplar.hpp>
#include <vitals/metric/gauge.hpp>
#include <vitals/metric/histogram.hpp>
#include <vitals/metric/info.hpp>
#include <vitals/metric/label.hpp>
#include <vitals/metric/max_gauge.hpp>
#include <vitals/metric/native_histogram.hpp>
#include <vitals/metric/real_counter.hpp>
#include <vitals/metric/slots.hpp>
#include <vitals/metric/state_set.hpp>
#include <vitals/metric/summary.hpp>
#include <vitals/metric/up_down.hpp>
#include <vitals/registry/registry.hpp>

namespace {

using limits = std::numeric_limits<double>;
__extension__ using wide = __int128;

enum class method { get, post, erase };
constexpr std::array methods{method::get, method::post, method::erase};
constexpr std::string_view label_text(method m) {
  return m == method::erase ? "\"erase\" \\all\\ {of,it}" : "";
}
std::string_view text_of(method m) {
  return m == method::get ? "get" : m == method::post ? "post" : "\"erase\" \\all\\ {of,it}";
}

enum class code { ok = 200, missing = 404 };
constexpr auto label_values(code) {
  return std::array{code::ok, code::missing};
}
std::string_view text_of(code c) {
  return c == code::ok ? "ok" : "missing";
}

enum class phase { starting, running, stopping };
constexpr std::array phases{phase::starting, phase::running, phase::stopping};
std::string_view text_of(phase p) {
  return p == phase::starting ? "starting" : p == phase::running ? "running" : "stopping";
}

std::string_view text_of(bool b) {
  return b ? "true" : "false";
}

using hostile = vitals::one_of<"plain", " ", "\"", "\\", "\n", "\\n", "\\\\n\"", "a=\"b\",c=\"d\"", "}", "{}} 1 # {",
                               " # {x=\"y\"} 1 2", "# HELP a b", ",", "=", "\t\r\v", "\x01\x1F\x7F", "caf\xC3\xA9",
                               "\xE2\x80\xA8\xC2\x85\xEF\xBF\xBF", "\xF0\x9F\x98\x80", "NaN", "+Inf", "1e5", "# EOF">;
using by_text = vitals::label<"text", hostile>;
using by_method = vitals::label<"method", method>;
using by_code = vitals::label<"code", code>;
using by_cached = vitals::label<"cached", bool>;

double given_depth = 0;
bool broken = false;
double depth(method m, bool cached) {
  if (broken) {
    throw std::runtime_error{"no depth"};
  }
  return m == method::get ? given_depth : cached ? -1.5 : limits::infinity();
}
std::uint64_t given_total = 0;
std::uint64_t total() {
  return given_total;
}

struct requests : vitals::counter<"p_requests_total", "Requests.", by_method, by_code, by_cached, vitals::exemplars> {};
struct texts
    : vitals::counter<"p_texts_total", "Say \"hi\" \\ and\n# EOF\n\"\\n\\\\\" caf\xC3\xA9, {a=\"b\"} 1.", by_text> {};
using player = vitals::slots<"player", 9>;
struct players : vitals::counter<"p_players_total", "Players.", player, by_cached> {};
struct sent : vitals::counter<"p_sent_bytes_total", "Sent.", vitals::shared, vitals::exemplars> {};
struct energy : vitals::real_counter<"p_energy_joules_total", "Energy.", by_cached, vitals::exemplars> {};
struct in_flight : vitals::up_down<"p_in_flight", "In flight.", by_method> {};
struct warmth : vitals::gauge<"p_room_celsius", "Warmth.", vitals::packed, by_text> {};
struct peaks : vitals::max_gauge<"p_peak_bytes", "Peaks.", by_method, vitals::window<3600>> {};
struct widgets : vitals::gauge<"p_stock_widgets", "Widgets.", vitals::unit::custom<"widgets">> {};
struct latency : vitals::histogram<"p_latency_seconds", "Latency.", vitals::buckets::web, by_method, by_cached,
                                   vitals::exemplars> {};
struct drift
    : vitals::histogram<"p_drift_seconds", "Drift.", vitals::buckets::of<-0.5, -1e-09, 0, 1>, vitals::exemplars> {};
struct sizes : vitals::histogram<"p_sizes_bytes", "Sizes.", vitals::buckets::of<1e-07, 0.1, 1, 100, 1e6, 1e21, 1e308>,
                                 by_text, vitals::exemplars> {};
struct offsets
    : vitals::histogram<"p_offsets", "Offsets.", vitals::buckets::of<-1e21, -2.5, 0, 2.5>, by_code, vitals::exemplars> {
};
struct delay : vitals::native_histogram<"p_delay_seconds", "Delay.", vitals::native<>, by_cached> {};
struct spread
    : vitals::native_histogram<"p_spread_bytes", "Spread.", vitals::native<2, -10, 10>, by_text, vitals::exemplars> {};
struct jumps : vitals::native_histogram<"p_jumps", "Jumps.", vitals::native<-2, -8, 64>, vitals::shared> {};
struct payload : vitals::summary<"p_payload_bytes", "Payload.", by_method> {};
struct work : vitals::summary<"p_work_seconds", "Work."> {};
struct build : vitals::info<"p_build_info", "Build.", vitals::constant<"version", "1.4.2 \"beta\"\n">,
                            vitals::constant<"commit", "9f\\ceb">> {};
struct state : vitals::state_set<"p_phase", "Phase.", phase, by_method> {};
struct queue : vitals::callback<"p_queue_depth", "Depth.", &depth, by_method, by_cached> {};
struct taken : vitals::callback<"p_taken_total", "Taken.", &total> {};
using metrics =
    vitals::registry<requests, texts, players, sent, energy, in_flight, warmth, peaks, widgets, latency, drift, sizes,
                     offsets, delay, spread, jumps, payload, work, build, state, queue, taken>;
struct found : vitals::ratio_of<"p_found_ratio", "Found.", vitals::where<requests, "code", "ok">, requests> {};
using with_ratio = vitals::with_ratios<metrics, found>;

// A library's, exposed with a prefix and constant labels.
struct lib_calls : vitals::counter<"p_calls_total", "Calls.", by_cached, vitals::exemplars> {};
struct lib_waits : vitals::histogram<"p_waits_seconds", "Waits.", vitals::buckets::of<0.001, 1>> {};
struct lib_state : vitals::state_set<"p_state", "State.", phase> {};
using library = vitals::registry<lib_calls, lib_waits, lib_state>;

std::string hex(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out = "x";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out += digits[byte >> 4U];
    out += digits[byte & 0xFU];
  }
  return out;
}

std::string decimal(wide n) {
  std::string digits;
  const bool negative = n < 0;
  do {
    const auto digit = static_cast<int>(n % 10);
    digits += static_cast<char>('0' + (digit < 0 ? -digit : digit));
    n /= 10;
  } while (n != 0);
  digits += negative ? "-" : "";
  return {digits.rbegin(), digits.rend()};
}

std::string real_text(double value) {
  return "real:" + std::to_string(std::bit_cast<std::uint64_t>(value));
}

using labels = std::vector<std::pair<std::string_view, std::string_view>>;

class filling {
 public:
  explicit filling(std::uint64_t seed) : random_(seed) {}

  void fill_metrics() {
    family<requests>("counter", "");
    for (const method m : methods) {
      for (const code c : {code::ok, code::missing}) {
        for (const bool cached : {false, true}) {
          const auto handle = metrics::get<requests>(m, c, cached);
          handle.inc(integer(), trace());
          found_ += c == code::ok ? static_cast<double>(handle.value()) : 0;
          requests_ += static_cast<double>(handle.value());
          number({{"method", text_of(m)}, {"code", text_of(c)}, {"cached", text_of(cached)}}, handle.value());
        }
      }
    }
    if (chance(3)) {
      metrics::get<requests>(method::get, static_cast<code>(500), false).inc(7U);
      label_drops_ += 7;
    }
    family<texts>("counter", "");
    for (const std::string_view text : hostile::texts) {
      const auto handle = metrics::get<texts>(hostile::find(text));
      handle.inc(integer());
      number({{"text", text}}, handle.value());
    }
    fill_slots();
    family<sent>("counter", "bytes");
    metrics::get<sent>().inc(integer(), trace());
    number({}, metrics::get<sent>().value());
    family<energy>("counter", "joules");
    for (const bool cached : {false, true}) {
      const auto handle = metrics::get<energy>(cached);
      repeat([&] {
        const double amount = real();
        value_drops_ += amount >= 0 && amount <= limits::max() ? 0U : 1U;
        handle.add(amount, trace());
      });
      number({{"cached", text_of(cached)}}, handle.value());
    }
    family<in_flight>("gauge", "");
    for (const method m : methods) {
      const auto handle = metrics::get<in_flight>(m);
      handle.add(static_cast<std::int64_t>(integer()));
      number({{"method", text_of(m)}}, handle.value());
    }
    family<warmth>("gauge", "celsius");
    for (const std::string_view text : hostile::texts) {
      const auto handle = metrics::get<warmth>(hostile::find(text));
      handle.set(real());
      number({{"text", text}}, handle.value());
    }
    family<peaks>("gauge", "bytes");
    for (const method m : methods) {
      const auto handle = metrics::get<peaks>(m);
      double most = limits::quiet_NaN();
      repeat([&] {
        const double value = real();
        value_drops_ += value != value ? 1U : 0U;
        most = value <= most || value != value ? most : value;
        handle.observe(value);
      });
      number({{"method", text_of(m)}}, most);
    }
    family<widgets>("gauge", "widgets");
    metrics::get<widgets>().set(real());
    number({}, metrics::get<widgets>().value());
    fill_distributions();
    family<build>("info", "");
    number({{"version", "1.4.2 \"beta\"\n"}, {"commit", "9f\\ceb"}}, std::uint64_t{1});
    family<state>("stateset", "");
    for (const method m : methods) {
      const auto handle = metrics::get<state>(m);
      handle.set(phases[random_() % 3]);
      for (const phase p : phases) {
        number({{"method", text_of(m)}, {"p_phase", text_of(p)}}, std::uint64_t{handle.value() == p ? 1U : 0U});
      }
    }
    fill_callbacks();
    family<found>("gauge", "ratio");
    number({}, requests_ == 0 ? limits::quiet_NaN() : found_ / requests_);
  }

  void fill_library(std::string_view long_text) {
    prefix_ = "lib_";
    constant_ = {{"shard", long_text}, {"rack", ""}};
    family<lib_calls>("counter", "");
    for (const bool cached : {false, true}) {
      library::get<lib_calls>(cached).inc(integer(), trace());
      number({{"cached", text_of(cached)}}, library::get<lib_calls>(cached).value());
    }
    family<lib_waits>("histogram", "seconds", vitals::buckets::of<0.001, 1>::bounds);
    durations(library::get<lib_waits>(), {}, false);
    family<lib_state>("stateset", "");
    for (const phase p : phases) {
      number({{"lib_p_state", text_of(p)}}, std::uint64_t{p == phase::starting ? 1U : 0U});
    }
    prefix_ = {};
    constant_.clear();
  }

  void fill_added(vitals::callbacks& added) {
    const double value = real();
    const std::uint64_t count = integer();
    const bool fails = chance(3);
    added.gauge("p_added_ratio", "Added at run time: \"a\\b\"\nand more.", [=] { return value; });
    family("p_added_ratio", "gauge", "Added at run time: \"a\\b\"\nand more.", "ratio");
    number({}, value);
    added.counter("p_added_total", "Added.", [=] { return fails ? throw std::runtime_error{"no count"} : count; });
    failures_ += fails ? 1U : 0U;
    if (!fails) {
      family("p_added_total", "counter", "Added.", "");
      number({}, count);
    }
  }

  /// The exemplars of a source, as its cells have them.
  void tell_exemplars(const vitals::source_ref& source) const {
    std::vector<std::uint64_t> cells(source.cells);
    source.read(source.self, cells.data());
    for (const vitals::family& f : source.families) {
      for (std::uint32_t i = 0; f.exemplars.stride != 0 && i != f.series; ++i) {
        for (std::uint32_t bucket = 0; bucket * f.exemplars.step != f.exemplars.stride; ++bucket) {
          const std::uint64_t* const words = &cells[f.exemplar_of(i, bucket)];
          if (words[0] != 0) {
            std::cout << "exemplar " << source.prefix << f.name << ' ';
            vitals::detail::each_label(source, f, i, [](std::string_view name, std::string_view value) {
              std::cout << name << '=' << hex(value) << ',';
            });
            std::cout << ' ' << bucket;
            for (std::size_t word = 0; word != 5; ++word) {
              std::cout << ' ' << words[word];
            }
            std::cout << '\n';
          }
        }
      }
    }
  }

  /// The families that a page adds. Failures are those of one reading.
  void finish() {
    family("vitals_dropped_total", "counter",
           "Updates dropped: a label outside its values, NaN, or a negative value where none may be.", "");
    number({{"reason", "label"}}, label_drops_);
    number({{"reason", "value"}}, value_drops_);
    std::cout << "failures " << failures_ << '\n';
    std::cout << "refused " << refused_full_ << ' ' << refused_text_ << '\n';
  }

 private:
  /// Texts that are only known at run time, more than there are slots, some no texts, one of them removed again.
  void fill_slots() {
    std::vector<std::string_view> known;
    bool other = false;
    const std::string long_text(1024, 'x');
    repeat([&] {
      const std::string_view none[] = {"", "caf\xE9", "other", "\xED\xA0\x80", long_text};
      const std::string_view text =
          chance(4) ? none[random_() % std::size(none)] : hostile::texts[random_() % hostile::texts.size()];
      const auto value = player::intern(text);
      if (value == player::other) {
        other = true;
        const bool is_text = vitals::is_utf8(text) && !text.empty();
        (is_text ? refused_full_ : refused_text_) += text == "other" ? 0U : 1U;
      } else if (std::find(known.begin(), known.end(), text) == known.end()) {
        known.push_back(text);
      }
      metrics::get<players>(value, chance(2)).inc(integer());
    });
    const std::string_view gone = known.empty() ? "" : known[random_() % known.size()];
    if (!known.empty()) {
      player::remove(gone);
    }
    family<players>("counter", "");
    const auto tell = [this](std::string_view text, player::value value) {
      for (const bool cached : {false, true}) {
        number({{"player", text}, {"cached", text_of(cached)}}, metrics::get<players>(value, cached).value());
      }
    };
    for (const std::string_view text : known) {
      if (text != gone) {
        tell(text, player::intern(text));
      }
    }
    if (other) {
      tell("other", player::other);
    }
  }

  bool chance(std::uint64_t one_in) { return random_() % one_in == 0; }

  template <class Step>
  void repeat(Step step) {
    for (std::uint64_t left = chance(4) ? 0 : random_() % 20; left != 0; --left) {
      step();
    }
  }

  std::uint64_t integer() {
    constexpr std::uint64_t edges[] = {
        0, 1, 9, 10, 99'999'999, 100'000'000, (std::uint64_t{1} << 53) + 1, std::uint64_t{1} << 63, ~std::uint64_t{0}};
    return chance(2) ? edges[random_() % std::size(edges)] : random_() >> random_() % 64;
  }

  /// An exemplar, or none.
  vitals::exemplar trace() {
    return chance(3) ? vitals::exemplar{} : vitals::exemplar{{chance(4) ? 0 : random_(), random_()}, random_()};
  }

  double real() {
    constexpr double edges[] = {0,
                                -0.0,
                                limits::denorm_min(),
                                -limits::denorm_min(),
                                limits::max(),
                                limits::lowest(),
                                limits::quiet_NaN(),
                                limits::infinity(),
                                -limits::infinity(),
                                1e-7,
                                1e21,
                                -2.5,
                                0.1,
                                999'999,
                                1'000'000,
                                9007199254740994};
    switch (random_() % 3) {
      case 0:
        return edges[random_() % std::size(edges)];
      case 1:
        return std::bit_cast<double>(random_());
      default:
        return std::uniform_real_distribution<double>{-10, 1000}(random_);
    }
  }

  std::chrono::nanoseconds duration() {
    constexpr std::int64_t edges[] = {0,
                                      1,
                                      -1,
                                      5'000'000,
                                      5'000'001,
                                      999'999'999,
                                      1'000'000'000,
                                      -500'000'000,
                                      std::numeric_limits<std::int64_t>::max(),
                                      -std::numeric_limits<std::int64_t>::max()};
    return std::chrono::nanoseconds{chance(2) ? edges[random_() % std::size(edges)]
                                              : static_cast<std::int64_t>(random_()) >> random_() % 63};
  }

  void fill_distributions() {
    family<latency>("histogram", "seconds", vitals::buckets::web::bounds);
    for (const method m : methods) {
      for (const bool cached : {false, true}) {
        durations(metrics::get<latency>(m, cached), {{"method", text_of(m)}, {"cached", text_of(cached)}}, false);
      }
    }
    family<drift>("histogram", "seconds", vitals::buckets::of<-0.5, -1e-09, 0, 1>::bounds);
    durations(metrics::get<drift>(), {}, true);
    family<sizes>("histogram", "bytes", vitals::buckets::of<1e-07, 0.1, 1, 100, 1e6, 1e21, 1e308>::bounds);
    for (const std::string_view text : hostile::texts) {
      reals(metrics::get<sizes>(hostile::find(text)), {{"text", text}}, false);
    }
    family<offsets>("histogram", "", vitals::buckets::of<-1e21, -2.5, 0, 2.5>::bounds);
    for (const code c : {code::ok, code::missing}) {
      reals(metrics::get<offsets>(c), {{"code", text_of(c)}}, true);
    }
    native_family<delay, 3, -20, 10>("seconds");
    for (const bool cached : {false, true}) {
      durations(metrics::get<delay>(cached), {{"cached", text_of(cached)}}, false);
    }
    native_family<spread, 2, -10, 10>("bytes");
    for (const std::string_view text : hostile::texts) {
      reals(metrics::get<spread>(hostile::find(text)), {{"text", text}}, false);
    }
    native_family<jumps, -2, -8, 64>("");
    reals(metrics::get<jumps>(), {}, false);
    family<payload>("summary", "bytes");
    for (const method m : methods) {
      reals(metrics::get<payload>(m), {{"method", text_of(m)}}, false);
    }
    family<work>("summary", "seconds");
    durations(metrics::get<work>(), {}, false);
  }

  void fill_callbacks() {
    broken = chance(3);
    given_depth = real();
    given_total = integer();
    failures_ += broken ? 1U : 0U;
    if (!broken) {
      family<queue>("gauge", "");
      for (const method m : methods) {
        for (const bool cached : {false, true}) {
          number({{"method", text_of(m)}, {"cached", text_of(cached)}}, depth(m, cached));
        }
      }
    }
    family<taken>("counter", "");
    number({}, given_total);
  }

  /// With an exemplar where the metric keeps them.
  template <class Registry, class Metric, class Value>
  void observe(const vitals::histogram_handle<Registry, Metric>& handle, Value value) {
    if constexpr (Metric::has_exemplars) {
      handle.observe(value, trace());
    } else {
      handle.observe(value);
    }
  }

  template <class Handle>
  void reals(const Handle& handle, const labels& of, bool signed_values) {
    repeat([&] {
      const double value = real();
      value_drops_ += value != value || (!signed_values && value < 0) ? 1U : 0U;
      observe(handle, value);
    });
    distribution(of, handle.value(), real_text(handle.value().sum));
  }

  template <class Handle>
  void durations(const Handle& handle, const labels& of, bool signed_values) {
    wide sum = 0;
    repeat([&] {
      const std::chrono::nanoseconds value = duration();
      const bool kept = signed_values || value.count() >= 0;
      value_drops_ += kept ? 0U : 1U;
      sum += kept ? value.count() : 0;
      observe(handle, value);
    });
    if (handle.value().sum != static_cast<double>(sum) / 1e9) {
      throw std::logic_error{"a handle's sum is not what was observed"};
    }
    distribution(of, handle.value(), "nanoseconds:" + decimal(sum));
  }

  void family(std::string_view name, std::string_view type, std::string_view help, std::string_view unit,
              std::span<const double> bounds = {}) const {
    std::cout << "family " << prefix_ << name << ' ' << type << ' ' << hex(help) << ' ' << hex(unit);
    for (const double bound : bounds) {
      std::cout << ' ' << real_text(bound);
    }
    std::cout << '\n';
  }
  template <class Metric>
  void family(std::string_view type, std::string_view unit, std::span<const double> bounds = {}) const {
    family(Metric::name, type, Metric::help, unit, bounds);
  }
  /// With the bounds of all its buckets, by their definition.
  template <class Metric, int Schema, int Low, int High>
  void native_family(std::string_view unit) const {
    std::vector<double> bounds;
    for (double exponent = Low; exponent <= High; exponent += std::exp2(-Schema)) {
      bounds.push_back(std::exp2(exponent));
    }
    family<Metric>("native", unit, bounds);
  }

  void series(const labels& of) const {
    std::cout << "series ";
    for (const auto* part : {&constant_, &of}) {
      for (const auto& [name, value] : *part) {
        std::cout << name << '=' << hex(value) << ',';
      }
    }
  }
  void number(const labels& of, std::uint64_t value) const {
    series(of);
    std::cout << " integer:" << value << '\n';
  }
  void number(const labels& of, std::int64_t value) const {
    series(of);
    std::cout << " integer:" << value << '\n';
  }
  void number(const labels& of, double value) const {
    series(of);
    std::cout << ' ' << real_text(value) << '\n';
  }
  template <class Reading>
  void distribution(const labels& of, const Reading& reading, const std::string& sum) const {
    series(of);
    std::cout << ' ' << sum;
    for (const std::uint64_t count : reading.buckets) {
      std::cout << " integer:" << count;
    }
    std::cout << '\n';
  }

  std::mt19937_64 random_;
  std::string_view prefix_;
  labels constant_;
  double found_ = 0;
  double requests_ = 0;
  std::uint64_t label_drops_ = 0;
  std::uint64_t value_drops_ = 0;
  std::uint64_t failures_ = 0;
  std::uint64_t refused_full_ = 0;
  std::uint64_t refused_text_ = 0;
};

/// Since when a source says that the families behind this line count.
void created(const vitals::source_ref& source) {
  std::cout << "created " << (source.created != nullptr ? source.created(source.self) : 0) << '\n';
}

template <class Format>
void print_page(std::string_view name, std::span<const vitals::source_ref> sources) {
  vitals::page page{Format::format, sources};
  std::string out;
  page.render(out);
  std::cout << "page " << name << ' ' << out.size() << '\n' << out;
}

}  // namespace

int main(int argc, char** argv) {
  std::setlocale(LC_ALL, "de_DE.UTF-8");  // where the machine has it: a decimal comma
  const std::uint64_t seed = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 0;
  filling content{seed};
  std::string long_text = "10 KB: \"\\\n";
  while (long_text.size() < 10'240) {
    long_text += "caf\xC3\xA9 \"\\\n";
  }
  vitals::callbacks added;
  created(with_ratio::source());
  content.fill_metrics();
  created(library::source());
  content.fill_library(long_text);
  created({});  // functions do not tell
  content.fill_added(added);
  content.finish();

  const vitals::constant_label constant[] = {{.name = "shard", .value = long_text}, {.name = "rack", .value = ""}};
  vitals::source_ref sources[] = {with_ratio::source(), library::source(), added.source()};
  sources[1].prefix = "lib_";
  sources[1].labels = constant;
  for (const vitals::source_ref& source : sources) {
    content.tell_exemplars(source);
  }
  print_page<vitals::prometheus_text>("prometheus", sources);
  print_page<vitals::openmetrics_text>("openmetrics", sources);
  print_page<vitals::openmetrics_with_created>("created", sources);
  print_page<vitals::json_text>("json", sources);
}
