// A callback: a gauge or counter whose value a function gives at each scrape.
#ifndef VITALS_METRIC_CALLBACK_HPP
#define VITALS_METRIC_CALLBACK_HPP

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

#include <vitals/core/chrono.hpp>
#include <vitals/metric/descriptor.hpp>
#include <vitals/metric/label.hpp>

namespace vitals::inline v0 {

namespace detail {

template <class T>
inline constexpr bool is_duration = false;
template <class Rep, class Period>
inline constexpr bool is_duration<std::chrono::duration<Rep, Period>> = true;

/// How a callback's result lies in a cell.
template <class T>
constexpr value_kind kind_of_result() noexcept {
  return std::unsigned_integral<T> ? value_kind::unsigned_integer
         : std::signed_integral<T> ? value_kind::signed_integer
                                   : value_kind::real;
}

/// Writes a callback's result to a cell. False for what a counter cannot be: negative, NaN, infinite.
template <class T>
bool store_result(T result, bool is_counter, std::uint64_t& out) noexcept {
  if constexpr (is_duration<T>) {
    return store_result(std::chrono::duration<double>(result).count(), is_counter, out);
  } else if constexpr (std::integral<T>) {
    out = static_cast<std::uint64_t>(result);
    return !is_counter || result >= T{};
  } else {
    const auto real = static_cast<double>(result);
    out = std::bit_cast<std::uint64_t>(real);
    return !is_counter || (real >= 0 && real <= std::numeric_limits<double>::max());
  }
}

/// A label's value, from its index.
template <class Label>
constexpr auto argument_of(std::uint32_t index) noexcept {
  using set = typename Label::values;
  using argument = typename set::argument_type;
  if constexpr (std::same_as<argument, bool>) {
    return index != 0;
  } else if constexpr (std::is_enum_v<argument>) {
    return set::values[index];
  } else {
    return argument{index};
  }
}

/// Calls a metric's function for each of its series, with the labels' values.
template <auto Function, bool IsCounter, class Labels>
struct caller;

template <auto Function, bool IsCounter, class... Label>
struct caller<Function, IsCounter, list<Label...>> {
  static constexpr bool takes_labels = std::is_invocable_v<decltype(Function), decltype(argument_of<Label>(0))...>;

  static constexpr auto result_of() noexcept {
    if constexpr (takes_labels) {
      using given = std::invoke_result_t<decltype(Function), decltype(argument_of<Label>(0))...>;
      if constexpr (std::is_arithmetic_v<given> || is_duration<given>) {
        return given{};
      }
    }
  }
  using result = decltype(result_of());

  /// Writes a cell for each series. False where the function throws, or gives what a counter cannot be.
  static bool call(std::uint64_t* out) noexcept {
    try {
      for (std::uint32_t i = 0; i != label_facts<list<Label...>>::series; ++i) {
        if (!call_one(i, out[i], std::index_sequence_for<Label...>{})) {
          return false;
        }
      }
      return true;
    } catch (...) {
      return false;
    }
  }

 private:
  template <std::size_t... K>
  static bool call_one(std::uint32_t series, std::uint64_t& out, std::index_sequence<K...>) {
    [[maybe_unused]] const auto value_of = [series](std::size_t label) {
      constexpr std::array<std::uint32_t, sizeof...(Label)> sizes{Label::size...};
      std::uint32_t rest = series;
      for (std::size_t k = sizes.size() - 1; k != label; --k) {
        rest /= sizes[k];
      }
      return rest % sizes[label];
    };
    return store_result(Function(argument_of<Label>(value_of(K))...), IsCounter, out);
  }
};

/// A series of a callback: there is nothing to update.
template <class Registry, class Metric>
struct callback_handle {
  explicit constexpr callback_handle(std::uint32_t) noexcept {}
};

}  // namespace detail

/// A descriptor of a metric that a function gives: `struct depth : vitals::callback<"queue_depth", "Jobs that wait.",
/// &queue_depth> {};` (A lambda will do where no header has the struct: in each file it is another one.) A counter
/// where its name ends in `_total`, else a gauge. The function returns a number, or a duration where the name ends in
/// `_seconds`, and takes a value for each label; it is called for each series at each scrape, by the thread that
/// scrapes and never by two for one page, and must not scrape itself. Where it throws, or gives a counter a value that
/// is negative or no number, the whole family is left out of this scrape and the failure counted in
/// `vitals_callback_failures_total`. Options: labels, a unit.
template <fixed_string Name, fixed_string Help, auto Function, class... Options>
struct callback : detail::descriptor<Name, Help, Options...> {
 private:
  using base = detail::descriptor<Name, Help, Options...>;
  static constexpr bool is_counter = base::name.ends_with("_total");
  using calls = detail::caller<Function, is_counter, typename base::labels>;
  using result = typename calls::result;
  static_assert(!detail::ends_as_sample(base::name),
                "_bucket, _count, _sum and _created are a histogram's: choose another ending");
  static_assert(calls::takes_labels, "a callback's function takes one value for each label, in the labels' order");
  static_assert(!calls::takes_labels || !std::is_void_v<result>,
                "a callback's function returns a number or a duration");
  static_assert(!detail::is_duration<result> || detail::ends_in_unit(base::name, "seconds"),
                "a duration is in seconds: end the callback's name in _seconds or _seconds_total");
  static_assert(!base::is_shared && !base::is_packed, "a callback has no storage: leave out shared and packed");

 public:
  static constexpr metric_type type = is_counter ? metric_type::counter : metric_type::gauge;
  static constexpr value_kind kind = detail::kind_of_result<result>();
  static constexpr detail::shape shape{
      .series = detail::label_facts<typename base::labels>::series, .shared = true, .called = true};
  static constexpr bool (*call)(std::uint64_t*) noexcept = &calls::call;
  template <class Registry, class Metric>
  using handle = detail::callback_handle<Registry, Metric>;
};

}  // namespace vitals::inline v0

#endif
