// A registry: a list of metrics, and the way to reach each of their series.
#ifndef VITALS_REGISTRY_REGISTRY_HPP
#define VITALS_REGISTRY_REGISTRY_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <utility>

#include <vitals/core/config.hpp>
#include <vitals/core/record.hpp>
#include <vitals/core/sum.hpp>
#include <vitals/core/thread_cells.hpp>
#include <vitals/core/unique.hpp>
#include <vitals/core/view.hpp>
#include <vitals/metric/descriptor.hpp>
#include <vitals/metric/family.hpp>
#include <vitals/metric/handle.hpp>
#include <vitals/registry/layout.hpp>

namespace vitals::inline v0 {

/// Updates of a metric that were dropped rather than written where they do not belong.
struct drops {
  std::uint64_t label = 0;  ///< for a label outside its values; a counter's by their amount
  std::uint64_t value = 0;  ///< for NaN, or for a negative value where no bound is negative
};

namespace detail {

/// What the handles of one metric know of its registry.
template <class Key, place Place>
struct registered {
  using cells = thread_cells<Key>;
  static constexpr const detail::image& image = Key::image;
  static constexpr place where = Place;
  static constexpr bool is_there = Place.first != no_series;
};

/// Gives a registry's key the registry's image.
template <class Registry, std::uint64_t Key>
struct image_giver {
  friend constexpr const image& image_of(registry_key<Key>) noexcept { return Registry::image; }
};

/// Reaches a metric's series: one argument for each label, in their order.
template <class Registry, class Metric, class Labels = typename Metric::labels>
struct accessor;

template <class Registry, class Metric, class... Label>
struct accessor<Registry, Metric, list<Label...>> {
  using handle = typename Metric::template handle<Registry, Metric>;

  [[nodiscard]] VITALS_HOT constexpr handle operator()(label_argument<Label>... labels) const noexcept {
    static_assert(Registry::is_there, "this metric is not in the registry: add it to the registry's list");
    constexpr const shape& s = Metric::shape;
    std::uint32_t index = 0;
    bool known = true;
    ((index = index * Label::size + labels.index, known = known & (labels.index < Label::size)), ...);
    if constexpr (s.trash) {
      if constexpr (sizeof...(Label) > 1) {
        if (!std::is_constant_evaluated() && !__builtin_constant_p(known)) {
          asm("" : "+r"(index), "+r"(known));  // one conditional move for all labels: g++ would branch for each
        }
      }
      index = known ? index : s.series;
    }
    const std::uint32_t offset = Registry::where.first + index * s.stride;
    return handle{s.label_drops && !known ? no_series : offset};
  }

  template <class... T>
  requires(sizeof...(T) != sizeof...(Label)) constexpr handle operator()(const T&...) const noexcept {
    static_assert(sizeof...(T) >= sizeof...(Label),
                  "missing label: get takes one value for each label of the metric, in their order");
    static_assert(sizeof...(T) <= sizeof...(Label),
                  "too many labels: get takes one value for each label of the metric, in their order");
    return handle{0};
  }
};

// No folds over metrics: clang stops at 256 operands.
consteval bool all_of(std::initializer_list<bool> facts) noexcept {
  for (const bool fact : facts) {
    if (!fact) {
      return false;
    }
  }
  return true;
}

/// The hashes of all names that a registry's families take. `Names` says how many they are.
template <std::size_t Names>
consteval auto name_hashes(view<family> families) noexcept {
  std::array<std::uint64_t, Names> hashes{};
  std::uint64_t* at = hashes.data();
  for (const family& f : families) {
    at = hash_names(f, at);
  }
  return hashes;
}

consteval std::size_t names_taken(view<family> families) noexcept {
  std::size_t sum = 0;
  for (const family& f : families) {
    sum += names_taken(f);
  }
  return sum;
}

/// Which of the registry's sample names (a histogram has five) stands there twice is in the error's instantiation.
template <std::size_t Index>
struct duplicate_metric_at {
  static_assert(
      Index == npos,
      "duplicate metric in a registry: two metrics have the same name (a counter's with and without _total), or "
      "one is named like a sample of another: its _bucket, _count, _sum or _created");
};

using call = bool (*)(std::uint64_t*) noexcept;

/// What gives a metric's values at a reading; null where its cells do.
template <class M>
constexpr call call_of() noexcept {
  if constexpr (M::shape.called) {
    return M::call;
  } else {
    return nullptr;
  }
}

}  // namespace detail

/// A list of metrics, each a type derived from counter, up_down, gauge or histogram. All of it is static: there is no
/// object to make, and two libraries of a process that name the same registry share its counts.
template <class... Metrics>
class registry {
  static_assert(detail::all_of({metric<Metrics>..., true}),
                "a registry lists metrics: types derived from counter, gauge, histogram ... that are not named like "
                "what they inherit: name, help, unit, labels, type, kind, shape, bounds, buckets");

  static constexpr std::size_t count = sizeof...(Metrics);
  static constexpr detail::layout<count> layout = detail::make_layout<count>({Metrics::shape...});

  template <class M>
  static constexpr std::size_t index_of = [] {
    constexpr bool is_there[] = {__is_same(M, Metrics)..., true};  // a builtin: no instantiation for each pair
    std::size_t i = 0;
    while (!is_there[i]) {
      ++i;
    }
    return i;
  }();

  template <std::size_t... I>
  static consteval std::array<family, count> make_families(std::index_sequence<I...>) noexcept {
    return {detail::family_of<Metrics>(layout.places[I])...};
  }
  static constexpr std::array<family, count> families = make_families(std::make_index_sequence<count>{});
  static constexpr std::size_t names = detail::names_taken(families);
  static_assert(sizeof(detail::duplicate_metric_at<detail::repeated_at(detail::name_hashes<names>(families))>) != 0);

  // A constant for each metric: clang bounds the steps that one may take.
  template <class M, std::size_t I>
  static constexpr std::uint64_t metric_key = detail::key_of<M>(families[I]);
  template <std::size_t... I>
  static consteval std::uint64_t make_key(std::index_sequence<I...>) noexcept {
    return detail::combined({metric_key<Metrics, I>..., count});
  }
  static constexpr std::uint64_t key = make_key(std::make_index_sequence<count>{});
  static_assert(sizeof(detail::image_giver<registry, key>) != 0);

 public:
  /// How the directory knows this registry. (For the library's own use, as `cells` and `place_of` are.)
  static constexpr detail::image image{.key = key,
                                       .thread_cells = layout.thread_cells,
                                       .shared_cells = layout.all_cells - layout.thread_cells,
                                       .runs = layout.runs.data(),
                                       .run_count = layout.run_count};
  using cells = detail::thread_cells<detail::registry_key<key>>;
  /// Of a metric that is not in the registry, `first` is no series.
  template <class M>
  static constexpr detail::place place_of =
      index_of<M> != count ? layout.places[index_of<M> % count] : detail::place{.first = detail::no_series};

  /// The way to a series: `get<requests>(method::get, outcome::ok)` is a handle to it, the size of an offset. Good to
  /// keep and to share between threads; making one costs nothing where the labels are constants.
  template <class M>
  static constexpr detail::accessor<detail::registered<detail::registry_key<key>, place_of<M>>, M> get{};

  /// Gives the calling thread its cells ahead of its first update, which otherwise allocates them. Any thread, any
  /// number of times.
  static void attach_thread() noexcept {
    cells::attach();
    cells::common();
  }

  /// Sets all metrics to zero. For a forked child that should not go on from its parent's totals; only while no other
  /// thread counts.
  static void reset_after_fork() noexcept { detail::reset_record(cells::record()); }

  /// What was dropped of a metric's updates, over all threads. Takes a mutex: not for a hot path.
  template <class M>
  [[nodiscard]] static drops dropped() noexcept {
    static_assert(index_of<M> != count, "this metric is not in the registry: add it to the registry's list");
    constexpr const family& f = families[index_of<M> % count];
    const auto total = [](cell_range range) {
      std::uint64_t sum = 0;
      for (std::uint32_t i = range.first; i != range.first + range.count; ++i) {
        std::uint64_t one = 0;
        detail::sum_run(
            cells::record(),
            {.kind = detail::abi::summing::integers, .first = i, .sets = 1, .stride = 1, .width = 1, .may_fall = false},
            &one);
        sum += one;
      }
      return sum;
    };
    return {.label = total(f.label_drops), .value = total(f.value_drops)};
  }

  /// This registry as a source of families.
  [[nodiscard]] static constexpr source_ref source() noexcept {
    return {.families = families, .cells = layout.reading_cells, .read = &read, .created = &created};
  }

 private:
  static std::uint64_t created(const void*) noexcept { return cells::record().created.load(std::memory_order_relaxed); }

  static void read(const void*, std::uint64_t* out) noexcept {
    detail::abi::record& record = cells::record();
    if constexpr (layout.reading_cells != layout.all_cells) {
      static constexpr std::array<detail::call, count> calls{detail::call_of<Metrics>()...};
      for (std::size_t i = 0; i != count; ++i) {
        const detail::place& p = layout.places[i];
        if (calls[i] != nullptr) {
          out[p.present] = calls[i](out + p.first) ? 1 : 0;
          detail::common_add(record.shared[p.value_drop - layout.thread_cells], std::uint64_t{1} - out[p.present]);
        }
      }
    }
    detail::sum_cells(record, out);
  }
};

}  // namespace vitals::inline v0

#endif
