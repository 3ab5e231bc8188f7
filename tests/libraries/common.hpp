// The registry that an executable and two libraries name. What a library offers is a table of functions.
#ifndef LIBRARIES_COMMON_HPP
#define LIBRARIES_COMMON_HPP

#include <cstdint>
#include <string>

#include <vitals/vitals.hpp>

enum class part { executable, first, second };
struct touches : vitals::counter<"touches_total", "Touches.", vitals::label<"part", part>> {};
struct times : vitals::histogram<"times_seconds", "Times.", vitals::buckets::of<1>> {};
struct sizes : vitals::histogram<"sizes_bytes", "Sizes.", vitals::buckets::of<1>> {};
struct level : vitals::gauge<"level_ratio", "Level."> {};
struct common : vitals::counter<"common_total", "Common.", vitals::shared> {};
using name = vitals::slots<"name", 4>;
struct by_name : vitals::counter<"by_name_total", "By a name that is known at run time.", name> {};
using metrics = vitals::registry<touches, times, sizes, level, common, by_name>;

struct library {
  void (*touch)(part);
  void (*touch_name)(const char*);
  void (*set_level)(double);
  std::uint64_t (*touches_of)(part);
  double (*level_now)();
  void (*page)(std::string&);
};

/// A table of this file's own instantiations, under hidden visibility too.
namespace {
inline constexpr library here{
    .touch =
        [](part p) {
          metrics::get<touches>(p).inc();
          metrics::get<times>().observe(2.0);
          metrics::get<sizes>().observe(3.0);
          metrics::get<common>().inc();
        },
    .touch_name = [](const char* text) { metrics::get<by_name>(name::intern(text)).inc(); },
    .set_level = [](double to) { metrics::get<level>().set(to); },
    .touches_of = [](part p) { return metrics::get<touches>(p).value(); },
    .level_now = [] { return metrics::get<level>().value(); },
    .page = [](std::string& out) { vitals::scrape<metrics>(out); },
};
}  // namespace

#endif
