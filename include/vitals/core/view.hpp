// Neighbouring values that are kept elsewhere.
#ifndef VITALS_CORE_VIEW_HPP
#define VITALS_CORE_VIEW_HPP

#include <concepts>
#include <cstddef>

namespace vitals::inline v0 {

/// A pointer to constant values and their count: what the tables need of std::span, whose header and conversions take a
/// seventh of the time that it takes to compile vitals. The values must outlive it. Copies freely, from and to a span.
template <class T>
class view {
 public:
  constexpr view() noexcept = default;
  constexpr view(const T* first, std::size_t count) noexcept : first_(first), count_(count) {}
  // NOLINTBEGIN(google-explicit-constructor): an array is its own view
  template <std::size_t N>
  constexpr view(const T (&values)[N]) noexcept : view(values, N) {}
  template <class Range>
  requires requires(const Range& values) {
    { values.data() } -> std::convertible_to<const T*>;
    { values.size() } -> std::convertible_to<std::size_t>;
  }
  constexpr view(const Range& values) noexcept : view(values.data(), values.size()) {}
  // NOLINTEND(google-explicit-constructor)

  [[nodiscard]] constexpr const T* begin() const noexcept { return first_; }
  [[nodiscard]] constexpr const T* end() const noexcept { return first_ + count_; }
  [[nodiscard]] constexpr const T* data() const noexcept { return first_; }
  [[nodiscard]] constexpr std::size_t size() const noexcept { return count_; }
  [[nodiscard]] constexpr bool empty() const noexcept { return count_ == 0; }
  [[nodiscard]] constexpr const T& operator[](std::size_t i) const noexcept { return first_[i]; }
  [[nodiscard]] constexpr const T& front() const noexcept { return first_[0]; }
  [[nodiscard]] constexpr const T& back() const noexcept { return first_[count_ - 1]; }

 private:
  const T* first_ = nullptr;
  std::size_t count_ = 0;
};

}  // namespace vitals::inline v0

#endif
