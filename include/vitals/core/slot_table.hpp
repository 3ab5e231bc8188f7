// The texts of a label that are only known at run time: interned once, found again without a lock, never moved or
// freed.
#ifndef VITALS_CORE_SLOT_TABLE_HPP
#define VITALS_CORE_SLOT_TABLE_HPP

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include <vitals/core/cell.hpp>
#include <vitals/core/config.hpp>
#include <vitals/core/directory.hpp>
#include <vitals/core/mutex.hpp>
#include <vitals/core/name.hpp>
#include <vitals/core/record.hpp>

namespace VITALS_EXPORT vitals_abi_3 {

/// A place for a text. It is given once: a text that was removed keeps it, so that no handle ever counts for another.
struct slot {
  const char* text;         ///< written once, under the mutex, before an entry or `shown` leads here
  std::uint32_t length;     ///< as `text`
  std::atomic<bool> shown;  ///< written under the mutex (release), read by who lays a page (acquire)
};

/// The texts of one label, for all libraries of the process: made at its first touch and never freed.
struct slot_table {
  slot_table* next;
  const char* name;  ///< the label's
  std::uint32_t name_length;
  std::uint32_t capacity;  ///< slots; one more index, `capacity`, stands for all other texts
  slot* slots;
  /// A hash table of slot numbers + 1, 0 where empty; a power of two of them, at least twice the capacity. Written
  /// under the mutex (release, when the slot is whole), read by any thread (acquire).
  std::atomic<std::uint32_t>* entries;
  std::uint32_t entry_mask;
  std::atomic<std::uint32_t>
      used;                       ///< slots given; written under the mutex, relaxed: who reads too few takes the mutex
  std::atomic<bool> other_shown;  ///< whether anything was ever counted for `other`; set by any thread
  cell refused_full;              ///< read-modify-write by any thread
  cell refused_text;              ///< as `refused_full`
};

}  // namespace vitals_abi_3

namespace vitals::inline v0::detail {

/// The text that stands for all that have no slot.
inline constexpr std::string_view other_text = "other";
inline constexpr std::size_t most_slot_bytes = 1024;

inline bool is_slot_text(std::string_view text) noexcept {
  return !text.empty() && text.size() <= most_slot_bytes && is_utf8(text);
}

/// The text of an index. An `other` is always there; a slot only once it is shown.
inline std::string_view text_of_slot(const abi::slot_table& of, std::uint32_t index) noexcept {
  return index == of.capacity ? other_text : std::string_view{of.slots[index].text, of.slots[index].length};
}

/// Whether an index has a text that was not removed.
inline bool is_slot_shown(const abi::slot_table& of, std::uint32_t index) noexcept {
  return (index == of.capacity ? of.other_shown : of.slots[index].shown).load(std::memory_order_acquire);
}

/// Those who lay pages see that another text is shown, or no longer.
inline void show_slot(std::atomic<bool>& shown, bool show) noexcept {
  if (shown.exchange(show, std::memory_order_acq_rel) != show) {
    abi::the_directory.slot_changes.fetch_add(1, std::memory_order_release);
  }
}

/// The entry that holds the text, or else the empty one where it belongs. An entry that is seen is seen whole.
inline std::atomic<std::uint32_t>& entry_of_text(const abi::slot_table& of, std::string_view text) noexcept {
  for (auto i = static_cast<std::uint32_t>(hash(text));; ++i) {  // ends: at least half of the entries are empty
    std::atomic<std::uint32_t>& entry = of.entries[i & of.entry_mask];
    const std::uint32_t number = entry.load(std::memory_order_acquire);
    if (number == 0 || text_of_slot(of, number - 1) == text) {
      return entry;
    }
  }
}

/// Gives a text a slot where it has none, and shows it. The index `capacity` where there is none left, or no memory.
VITALS_COLD inline std::uint32_t show_text(abi::slot_table& of, std::string_view text) noexcept {
  const std::lock_guard lock{abi::the_directory.mutex};
  std::atomic<std::uint32_t>& entry = entry_of_text(of, text);
  std::uint32_t number = entry.load(std::memory_order_relaxed);
  if (number == 0) {
    const std::uint32_t used = of.used.load(std::memory_order_relaxed);
    char* const copy = used == of.capacity ? nullptr : new_array<char>(text.size());
    if (copy == nullptr) {
      return of.capacity;
    }
    std::memcpy(copy, text.data(), text.size());
    of.slots[used].text = copy;
    of.slots[used].length = static_cast<std::uint32_t>(text.size());
    of.used.store(used + 1, std::memory_order_relaxed);
    number = used + 1;
    entry.store(number, std::memory_order_release);
  }
  show_slot(of.slots[number - 1].shown, true);
  return number - 1;
}

VITALS_COLD inline std::uint32_t refuse_text(abi::slot_table& of, abi::cell& reason) noexcept {
  common_add(reason, std::uint64_t{1});
  if (!of.other_shown.load(std::memory_order_relaxed)) {
    show_slot(of.other_shown, true);
  }
  return of.capacity;
}

/// The index of a text: its slot's, or `capacity` (and a count of that) where it can have none. A text that is shown
/// already is found without a lock, and so is that all slots are taken.
inline std::uint32_t intern_text(abi::slot_table& of, std::string_view text) noexcept {
  if (text == other_text) {
    show_slot(of.other_shown, true);
    return of.capacity;
  }
  if (!is_slot_text(text)) {
    return refuse_text(of, of.refused_text);
  }
  const std::uint32_t number = entry_of_text(of, text).load(std::memory_order_relaxed);
  if (number != 0 && is_slot_shown(of, number - 1)) {
    return number - 1;
  }
  const bool full = number == 0 && of.used.load(std::memory_order_relaxed) == of.capacity;
  const std::uint32_t index = full ? of.capacity : show_text(of, text);
  return index == of.capacity ? refuse_text(of, of.refused_full) : index;
}

/// Shows a text no longer. Its slot stays its own: a handle may still count there.
inline bool hide_text(abi::slot_table& of, std::string_view text) noexcept {
  const std::lock_guard lock{abi::the_directory.mutex};
  const std::uint32_t number = entry_of_text(of, text).load(std::memory_order_relaxed);
  if (number == 0 || !is_slot_shown(of, number - 1)) {
    return false;
  }
  show_slot(of.slots[number - 1].shown, false);
  return true;
}

/// The process's table of a label, made if this is its first touch. The program ends with a message where no memory is
/// left for it.
VITALS_COLD inline abi::slot_table& find_slot_table(std::string_view name, std::uint32_t capacity) noexcept {
  abi::directory& d = abi::the_directory;
  const std::lock_guard lock{d.mutex};
  for (abi::slot_table* t = d.slot_tables; t != nullptr; t = t->next) {
    if (t->capacity == capacity && std::string_view{t->name, t->name_length} == name) {
      return *t;
    }
  }
  const std::uint32_t entries = std::bit_ceil(2 * capacity);
  auto* const t = new_array<abi::slot_table>(1);
  auto* const copy = new_array<char>(name.size());
  auto* const slots = new_array<abi::slot>(capacity);
  auto* const table = new_array<std::atomic<std::uint32_t>>(entries);
  if (t == nullptr || copy == nullptr || slots == nullptr || table == nullptr) {
    std::fputs("vitals: out of memory at the first touch of a label's slots\n", stderr);
    std::abort();
  }
  std::memcpy(copy, name.data(), name.size());
  t->next = d.slot_tables;
  t->name = copy;
  t->name_length = static_cast<std::uint32_t>(name.size());
  t->capacity = capacity;
  t->slots = slots;
  t->entries = table;
  t->entry_mask = entries - 1;
  d.slot_tables = t;
  keep_fork_handler();
  return *t;
}

}  // namespace vitals::inline v0::detail

#endif
