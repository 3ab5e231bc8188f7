// An array that grows.
#ifndef VITALS_CORE_DYNAMIC_ARRAY_HPP
#define VITALS_CORE_DYNAMIC_ARRAY_HPP

#include <cstddef>
#include <utility>

namespace vitals::inline v0::detail {

/// As much of std::vector as laying a page takes: its header, and one instantiation for each kind of element, take a
/// seventh of the time that it takes to compile vitals. Elements are made at once for the whole capacity, and assigned
/// to. Moves, and does not copy.
template <class T>
class dynamic_array {
 public:
  dynamic_array() noexcept = default;
  dynamic_array(dynamic_array&& other) noexcept
      : first_(std::exchange(other.first_, nullptr)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  dynamic_array& operator=(dynamic_array&& other) noexcept {
    std::swap(first_, other.first_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }
  ~dynamic_array() { delete[] first_; }

  /// Throws std::bad_alloc, and is then as it was. `value` may be an element.
  void push_back(T value) {
    reserve(size_ + 1);
    first_[size_++] = std::move(value);
  }

  /// New elements are T{}. Throws as `push_back` does.
  void resize(std::size_t size) {
    reserve(size);
    while (size_ < size) {
      first_[size_++] = T{};
    }
    size_ = size;
  }

  /// Room for `size` elements at least. Throws as `push_back` does.
  void reserve(std::size_t size) {
    if (size <= capacity_) {
      return;
    }
    const std::size_t capacity = size < 2 * capacity_ ? 2 * capacity_ : size;
    T* const all = new T[capacity]{};
    for (std::size_t i = 0; i != size_; ++i) {
      all[i] = std::move(first_[i]);
    }
    delete[] std::exchange(first_, all);
    capacity_ = capacity;
  }

  [[nodiscard]] T* data() noexcept { return first_; }
  [[nodiscard]] const T* data() const noexcept { return first_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] const T* begin() const noexcept { return first_; }
  [[nodiscard]] const T* end() const noexcept { return first_ + size_; }
  [[nodiscard]] T& operator[](std::size_t i) noexcept { return first_[i]; }
  [[nodiscard]] const T& operator[](std::size_t i) const noexcept { return first_[i]; }

 private:
  T* first_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace vitals::inline v0::detail

#endif
