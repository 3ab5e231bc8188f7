// Slots: a label whose values are only known at run time, such as names from a configuration file.
#ifndef VITALS_METRIC_SLOTS_HPP
#define VITALS_METRIC_SLOTS_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <vitals/core/config.hpp>
#include <vitals/core/fixed_string.hpp>
#include <vitals/core/slot_table.hpp>
#include <vitals/metric/label.hpp>

namespace vitals::inline v0 {

/// A label with up to `Count` values that are given at run time: `using server = vitals::slots<"server", 32>;` is a
/// label of any metrics, and `metrics::get<requests>(server::intern(name))` one's series. All metrics of the process
/// that name the same label and count share one set of values.
///
/// The set is bounded: when it is full, further texts share the value `other`, and so does what is no label's value: a
/// text that is empty, longer than 1,024 bytes or not UTF-8. `vitals_slot_refusals_total` counts both. A series is on a
/// page once its text was interned, `other` once anything was given to it.
template <fixed_string Name, std::size_t Count>
class slots : public detail::label_name<Name> {
  static_assert(Count != 0 && Count <= 65'535,
                "a label has 1 to 65,535 slots: each is a series of every metric with it");

 public:
  /// One of the values, the size of an integer. Good to keep for as long as the process lives.
  class value {
   public:
    friend bool operator==(value, value) = default;

   private:
    friend class slots;
    template <class>
    friend struct detail::label_argument;
    constexpr explicit value(std::uint32_t index) noexcept : index_(index) {}

    std::uint32_t index_;
  };

  /// The value that stands for all that have no slot.
  static constexpr value other{Count};

  /// The value whose text is `text`, which is copied into a free slot where it has none yet. Any thread; no lock where
  /// the text has its slot, or none is free. It costs a search by hash: keep the value, or the handle.
  [[nodiscard]] static value intern(std::string_view text) noexcept {
    return value{detail::intern_text(values::table(), text)};
  }

  /// Takes a text's series off all pages; false where they were on none. The slot remains the text's own, as a handle
  /// may still count for it: interned again, it goes on from its former counts. So the texts that a process interns in
  /// its whole life should be fewer than `Count`.
  static bool remove(std::string_view text) noexcept { return detail::hide_text(values::table(), text); }

  /// The text of a value.
  [[nodiscard]] static std::string_view text(value of) noexcept {
    return detail::text_of_slot(values::table(), of.index_);
  }

  /// How often `intern` gave `other` to another text, because all slots were taken.
  [[nodiscard]] static std::uint64_t overflows() noexcept {
    return values::table().refused_full.load(std::memory_order_relaxed);
  }

  static constexpr std::uint32_t size = Count + 1;
  /// (For the library's own use.)
  struct values {
    static constexpr bool can_miss = false;

    static detail::abi::slot_table& table() noexcept {
      detail::abi::slot_table* t = known.load(std::memory_order_acquire);
      if (t == nullptr) {
        t = &detail::find_slot_table(slots::name, Count);
        known.store(t, std::memory_order_release);
      }
      return *t;
    }

   private:
    /// Written once by each library, to a value that is the same for all; acquire and release, as it leads to insides.
    static inline constinit std::atomic<detail::abi::slot_table*> known{nullptr};
  };
};

namespace detail {

template <fixed_string Name, std::size_t Count>
inline constexpr bool is_label<slots<Name, Count>> = true;

template <fixed_string Name, std::size_t Count>
struct label_argument<slots<Name, Count>> {
  using label = slots<Name, Count>;
  std::uint32_t index;

  // NOLINTNEXTLINE(google-explicit-constructor): a label's value converts by itself
  VITALS_HOT constexpr label_argument(typename label::value value) noexcept : index(value.index_) {}

  template <class T>
  // NOLINTNEXTLINE(google-explicit-constructor)
  constexpr label_argument(const T&) noexcept : index(0) {
    static_assert(sizeof(T) == 0,
                  "wrong label type: a label with slots takes what its intern(text) gave; keep that, or the handle");
  }
};

}  // namespace detail

}  // namespace vitals::inline v0

#endif
