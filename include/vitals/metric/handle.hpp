// A handle: one series of a metric in a registry, the size of an offset. What all kinds of handles share.
#ifndef VITALS_METRIC_HANDLE_HPP
#define VITALS_METRIC_HANDLE_HPP

#include <array>
#include <cstdint>
#include <limits>

#include <vitals/core/cell.hpp>
#include <vitals/core/config.hpp>
#include <vitals/core/sum.hpp>
#include <vitals/metric/descriptor.hpp>
#include <vitals/metric/exemplar.hpp>

namespace vitals::inline v0::detail {

/// The offset of a series that does not exist and has no trash set: its updates are only counted.
inline constexpr std::uint32_t no_series = std::numeric_limits<std::uint32_t>::max();

/// Where a registry has laid a metric.
struct place {
  std::uint32_t first = 0;
  std::uint32_t label_drop = 0;
  std::uint32_t value_drop = 0;  ///< or what counts a callback's failures
  std::uint32_t present = 0;     ///< in a reading: whether a callback gave its values
  std::uint32_t exemplars = 0;   ///< the first point
};

/// A series' place in a registry, and how cells are reached from there. Trivially copied, good to keep, usable by any
/// thread at any time.
template <class Registry, class Metric>
class handle {
 public:
  VITALS_HOT explicit constexpr handle(std::uint32_t offset) noexcept : offset_(offset) {}

 protected:
  using cells = typename Registry::cells;
  static constexpr const shape& shape_of = Metric::shape;

  /// Adds to the cell `step` cells after the series' first.
  template <class Amount>
  VITALS_HOT void add_to(std::uint32_t step, Amount amount) const noexcept {
    if constexpr (Metric::shape.shared) {
      common_add(shared_cell(step), amount);
    } else if (cell* const mine = cells::mine; cells::attached(mine)) [[likely]] {
      own_add(mine[offset_ + step], amount);
    } else {
      cells::add(offset_ + step, amount);
    }
  }

  /// Keeps an exemplar of what was counted in the series, or in one of its buckets.
  VITALS_HOT void keep(const exemplar& e, double value, std::uint32_t point = 0) const noexcept {
    static_assert(Metric::has_exemplars,
                  "this metric keeps no exemplars: add vitals::exemplars to its descriptor's options");
    constexpr const place& p = Registry::where;
    constexpr const shape& s = Metric::shape;
    const std::uint32_t series = (offset_ - p.first) / s.stride;
    if (series < s.series) [[likely]] {  // not for a label outside its values
      const std::uint32_t at = p.exemplars + (series * s.points + point) * exemplar_point;
      cells::template keep<s.shared>(at, value, e.trace_id()[0], e.trace_id()[1], e.span_id());
    }
  }

  /// A cell that all threads share.
  VITALS_HOT cell& shared_cell(std::uint32_t step = 0) const noexcept {
    return cells::common()[offset_ - Registry::image.thread_cells + step];
  }

  /// Whether the series exists; only asked by metrics without a trash set.
  VITALS_HOT constexpr bool exists() const noexcept { return offset_ != no_series; }

  VITALS_COLD static void count_label_drop() noexcept { count_drop(Registry::where.label_drop); }
  VITALS_COLD static void count_value_drop() noexcept { count_drop(Registry::where.value_drop); }

  /// This series summed over all threads. Waits for a scrape that sums: with 1,000 threads of 1,000 series half a
  /// millisecond.
  std::array<std::uint64_t, Metric::shape.width> read() const noexcept {
    std::array<std::uint64_t, Metric::shape.width> out{};
    if (exists()) {
      constexpr const shape& s = Metric::shape;
      sum_run(cells::record(),
              {.kind = s.kind,
               .first = offset_,
               .sets = 1,
               .stride = s.width,
               .width = s.width,
               .may_fall = s.may_fall,
               .part = s.part},
              out.data());
    }
    return out;
  }

  std::uint32_t offset_;

 private:
  static void count_drop(std::uint32_t at) noexcept {
    if (at < Registry::image.thread_cells) {
      cells::add(at, std::uint64_t{1});
    } else {
      common_add(cells::common()[at - Registry::image.thread_cells], std::uint64_t{1});
    }
  }
};

}  // namespace vitals::inline v0::detail

#endif
