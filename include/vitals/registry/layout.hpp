// Where a registry's metrics lie: every cell's index, computed when compiling.
#ifndef VITALS_REGISTRY_LAYOUT_HPP
#define VITALS_REGISTRY_LAYOUT_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include <vitals/core/cell.hpp>
#include <vitals/core/directory.hpp>
#include <vitals/core/enum_names.hpp>
#include <vitals/core/exemplar_cells.hpp>
#include <vitals/core/name.hpp>
#include <vitals/metric/descriptor.hpp>
#include <vitals/metric/handle.hpp>

namespace vitals::inline v0::detail {

/// A registry's cells: first those of a thread's block, then those that all threads share. In each part plain numbers
/// come first, histograms follow from a cache line's start, cells that count drops come next, exemplars last. A reading
/// has some more: what callbacks give, and for each of them whether it did.
template <std::size_t Metrics>
struct layout {
  std::array<place, Metrics> places{};
  std::array<abi::run, 2 * Metrics + 6> runs{};  ///< how to sum the cells, in order; no cell is in two
  std::uint32_t run_count = 0;
  std::uint32_t thread_cells = 0;
  std::uint32_t all_cells = 0;
  std::uint32_t reading_cells = 0;

 private:
  constexpr void add_run(const abi::run& r) noexcept {
    if (r.sets == 0) {
      return;
    }
    if (run_count != 0) {
      abi::run& last = runs[run_count - 1];
      if (last.kind == r.kind && last.stride == r.stride && last.width == r.width && last.may_fall == r.may_fall &&
          last.part == r.part && last.first + last.sets * last.stride == r.first &&
          (last.first < thread_cells) == (r.first < thread_cells)) {
        last.sets += r.sets;
        return;
      }
    }
    runs[run_count++] = r;
  }

  constexpr void add_integers(std::uint32_t first, std::uint32_t end) noexcept {
    add_run({.kind = abi::summing::integers,
             .first = first,
             .sets = end - first,
             .stride = 1,
             .width = 1,
             .may_fall = false});
  }

 public:
  constexpr void lay(const std::array<shape, Metrics>& shapes, bool in_shared) noexcept {
    constexpr auto to_line = [](std::uint32_t at) {
      return (at + std::uint32_t{cells_a_line} - 1) / std::uint32_t{cells_a_line} * std::uint32_t{cells_a_line};
    };
    std::uint32_t at = in_shared ? thread_cells : 0;
    const std::uint32_t start = at;
    for (std::size_t i = 0; i != Metrics; ++i) {
      const shape& s = shapes[i];
      if (s.shared == in_shared && !s.called && s.kind == abi::summing::integers) {
        at = s.stride == 1 ? at : to_line(at);
        places[i].first = at;
        at += s.stride * (s.series + (s.trash ? 1 : 0));
      }
    }
    add_integers(start, at);
    for (std::size_t i = 0; i != Metrics; ++i) {
      const shape& s = shapes[i];
      if (s.shared == in_shared && s.kind != abi::summing::integers) {
        at = to_line(at);
        places[i].first = at;
        const std::uint32_t sets = s.series + (s.trash ? 1 : 0);
        add_run({.kind = s.kind,
                 .first = at,
                 .sets = sets,
                 .stride = s.stride,
                 .width = s.width,
                 .may_fall = s.may_fall,
                 .part = s.part});
        at += s.stride * sets;
      }
    }
    const std::uint32_t drops = at;
    for (std::size_t i = 0; i != Metrics; ++i) {
      const shape& s = shapes[i];
      if (s.shared == in_shared) {
        places[i].label_drop = s.label_drops ? at++ : 0;
        places[i].value_drop = s.value_drops || s.called ? at++ : 0;
      }
    }
    add_integers(drops, at);
    const std::uint32_t points = to_line(at);
    std::uint32_t count = 0;
    for (std::size_t i = 0; i != Metrics; ++i) {
      const shape& s = shapes[i];
      if (s.shared == in_shared && s.points != 0) {
        places[i].exemplars = points + count * exemplar_point;
        count += s.points * s.series;
      }
    }
    add_run({.kind = abi::summing::exemplars,
             .first = points,
             .sets = count,
             .stride = exemplar_point,
             .width = exemplar_point,
             .may_fall = false});
    at = count == 0 ? at : points + count * exemplar_point;
    (in_shared ? all_cells : thread_cells) = to_line(at);
  }

  constexpr void lay_called(const std::array<shape, Metrics>& shapes) noexcept {
    reading_cells = all_cells;
    for (std::size_t i = 0; i != Metrics; ++i) {
      if (shapes[i].called) {
        places[i].present = reading_cells++;
        places[i].first = reading_cells;
        reading_cells += shapes[i].series;
      }
    }
  }
};

template <std::size_t Metrics>
consteval layout<Metrics> make_layout(const std::array<shape, Metrics>& shapes) noexcept {
  layout<Metrics> l;
  l.thread_cells = ~std::uint32_t{0};  // all cells laid so far are a thread's
  l.lay(shapes, false);
  l.lay(shapes, true);
  l.lay_called(shapes);
  return l;
}

/// The labels of a metric as they are shown.
template <class M>
constexpr auto shown_labels() noexcept {
  if constexpr (requires { typename M::shown_labels; }) {
    return typename M::shown_labels{};
  } else {
    return typename M::labels{};
  }
}

template <class M>
consteval family family_of(const place& p) noexcept {
  constexpr const shape& s = M::shape;
  static_assert(M::has_exemplars == (s.points != 0),
                "only counters and histograms keep exemplars: leave out vitals::exemplars");
  using facts = label_facts<decltype(shown_labels<M>())>;
  const auto one = [](std::uint32_t at, bool is_there) { return cell_range{.first = at, .count = is_there ? 1U : 0U}; };
  family f{.name = M::name,
           .help = M::help,
           .unit = M::unit,
           .type = M::type,
           .kind = M::kind,
           .labels = facts::table,
           .bounds = {},
           .first = p.first,
           .series = facts::series,
           .stride = s.stride,
           .width = s.width,
           .label_drops = one(p.label_drop, s.label_drops),
           .value_drops = one(p.value_drop, s.value_drops),
           .failures = one(p.value_drop, s.called),
           .present = s.called ? p.present : family::always};
  if constexpr (M::type == metric_type::histogram) {
    f.bounds = M::bounds;
  }
  if constexpr (requires { M::native_buckets; }) {
    f.native = M::native_buckets;
  }
  if (s.points != 0) {
    f.exemplars = {.first = p.exemplars, .stride = s.points * exemplar_point, .step = exemplar_point};
  }
  if (s.trash) {
    f.label_drops = {.first = p.first + s.series * s.stride, .count = 1};
    if constexpr (requires { M::buckets; }) {
      f.label_drops.first += 1;
      f.label_drops.count = M::buckets;
    }
  }
  return f;
}

/// As hash(), in one step for all bytes: it runs for every fact of every metric.
constexpr std::uint64_t hash_number(std::uint64_t n, std::uint64_t seed) noexcept {
  const std::uint64_t mixed = (seed ^ n) * 0x9e3779b97f4a7c15U;
  return mixed ^ mixed >> 32U;
}

constexpr std::uint64_t combined(std::initializer_list<std::uint64_t> hashes) noexcept {
  std::uint64_t seed = hash("vitals");
  for (const std::uint64_t h : hashes) {
    seed = hash_number(h, seed);
  }
  return seed;
}

constexpr std::uint64_t hash_text(std::string_view text, std::uint64_t seed) noexcept {
  return hash(text, hash_number(text.size(), seed));
}

/// All that is known of a label, as one number, which is made once for all metrics that have the label.
template <class Label>
inline constexpr std::uint64_t label_key = [] {
  const label_family l = family_of_label<Label>();
  std::uint64_t seed = hash_text(l.name, hash("label"));
  for (const std::string_view& value : l.values) {
    seed = hash_text(value, seed);
  }
  return hash_number(l.slots, seed);
}();

template <class... Label>
constexpr std::uint64_t key_of_labels(list<Label...>) noexcept {
  return combined({label_key<Label>..., sizeof...(Label)});
}

/// What makes two metrics of two libraries the same: their type and all that is known of them.
template <class M>
consteval std::uint64_t key_of(const family& f) noexcept {
  std::uint64_t seed = hash_text(f.name, hash_text(type_name<M>(), hash("metric")));
  for (const double bound : f.bounds) {
    seed = hash_number(std::bit_cast<std::uint64_t>(bound), seed);
  }
  for (const std::uint64_t n :
       {std::uint64_t{static_cast<std::uint8_t>(f.kind)}, key_of_labels(shown_labels<M>()), std::uint64_t{f.first},
        std::uint64_t{f.series}, std::uint64_t{f.stride}, std::uint64_t{f.width}, std::uint64_t{f.exemplars.first},
        std::uint64_t{f.exemplars.stride}, M::shape.part}) {
    seed = hash_number(n, seed);
  }
  return seed;
}

}  // namespace vitals::inline v0::detail

#endif
