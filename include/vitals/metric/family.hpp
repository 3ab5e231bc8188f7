// What a source of metrics tells its readers: one table of families, and a way to sum their cells.
#ifndef VITALS_METRIC_FAMILY_HPP
#define VITALS_METRIC_FAMILY_HPP

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace vitals::inline v0 {

/// What a family is to a scraper.
enum class metric_type : std::uint8_t { counter, gauge, histogram };

/// How a family's values lie in its cells.
enum class value_kind : std::uint8_t {
  unsigned_integer,
  signed_integer,
  real,                ///< a double's bits
  real_histogram,      ///< sum (a double's bits), then a cell for each bucket
  duration_histogram,  ///< low half of the sum in nanoseconds, a cell for each bucket, high half of the sum
};

/// A label of a family and the texts of its values, in the order of their indices.
struct label_family {
  std::string_view name;
  std::span<const std::string_view> values;
};

/// Some neighbouring cells; none where `count` is 0.
struct cell_range {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
};

/// A family: what every format needs to know of one metric. The series are all combinations of the labels' values,
/// the last label's changing fastest.
struct family {
  std::string_view name;
  std::string_view help;
  metric_type type;
  value_kind kind;
  std::span<const label_family> labels;
  std::span<const double> bounds;  ///< of a histogram's buckets, ascending, without +Inf
  std::uint32_t first;             ///< index of the first series' first cell
  std::uint32_t series;            ///< how many series
  std::uint32_t stride;            ///< from one series to the next
  std::uint32_t width;             ///< cells of one series
  cell_range label_drops;          ///< these add up to the updates dropped for a label outside its values
  cell_range value_drops;          ///< to those dropped for NaN, or for a negative value where no bound is negative
};

/// A source without its type: what a page, a server or an encoder keeps. The table must outlive it.
struct source_ref {
  std::span<const family> families;
  std::size_t cells;                      ///< how many cells a reading has
  void (*read)(std::uint64_t*) noexcept;  ///< writes a reading of all cells; any thread, any time
};

/// Anything that offers families: a registry, or whatever else has a constexpr table and can sum its cells.
template <class S>
concept source = requires {
  { S::source() }
  noexcept->std::same_as<source_ref>;
};

}  // namespace vitals::inline v0

#endif
