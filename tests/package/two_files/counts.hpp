#ifndef TWO_FILES_COUNTS_HPP
#define TWO_FILES_COUNTS_HPP

#include <vitals/vitals.hpp>

enum class file { counts, serves };
struct touches : vitals::counter<"touches_total", "Touches, by the file that made them.", vitals::label<"file", file>> {
};
struct sizes : vitals::histogram<"sizes_bytes", "Sizes.", vitals::buckets::of<1, 10>> {};
using metrics = vitals::registry<touches, sizes>;

#endif
