// Info: facts about a program that do not change while it runs, as the labels of a series whose value is 1.
#ifndef VITALS_METRIC_INFO_HPP
#define VITALS_METRIC_INFO_HPP

#include <vitals/core/fixed_string.hpp>
#include <vitals/metric/descriptor.hpp>
#include <vitals/metric/label.hpp>

namespace vitals::inline v0 {

/// A label with one value: `constant<"version", "1.4.2">`.
template <fixed_string Name, fixed_string Value>
using constant = label<Name, one_of<Value>>;

namespace detail {

/// A series of an info: there is nothing to update.
template <class Registry, class Metric>
struct info_handle {
  explicit constexpr info_handle(std::uint32_t) noexcept {}
};

#if defined(__clang__)
inline constexpr fixed_string compiler{"clang " __clang_version__};
#else
inline constexpr fixed_string compiler{"g++ " __VERSION__};
#endif

}  // namespace detail

/// A descriptor of an info: `struct disk : vitals::info<"disk_info", "The data disk.", constant<"model", "X9">> {};`
template <fixed_string Name, fixed_string Help, class... Labels>
struct info : detail::descriptor<Name, Help, Labels...> {
 private:
  using base = detail::descriptor<Name, Help, Labels...>;
  static_assert(base::name.ends_with("_info"), "an info's name ends in _info: write \"app_build_info\"");
  static_assert(base::unit.empty(), "an info has no unit: leave it out");
  static_assert(detail::label_facts<typename base::labels>::count != 0,
                "an info's labels are what it says: add vitals::constant<\"version\", \"1.4.2\">");
  static_assert(detail::label_facts<typename base::labels>::series == 1,
                "an info's labels have one value each: write vitals::constant<\"version\", \"1.4.2\">");
  static_assert(!base::is_shared && !base::is_packed, "an info has no storage: leave out shared and packed");

 public:
  static constexpr metric_type type = metric_type::info;
  static constexpr value_kind kind = value_kind::one;
  static constexpr detail::shape shape{.width = 0, .stride = 0};
  template <class Registry, class Metric>
  using handle = detail::info_handle<Registry, Metric>;
};

/// Which build runs, with the compiler that made it: `struct build : vitals::build_info<"app_build_info", "1.4.2",
/// "9fceb02"> {};`
template <fixed_string Name, fixed_string Version, fixed_string Commit>
struct build_info : info<Name, "Which build runs, and what compiled it.", constant<"version", Version>,
                         constant<"commit", Commit>, constant<"compiler", detail::compiler>> {};

}  // namespace vitals::inline v0

#endif
