// Errors by component and type: a bounded table, with the last message of each.
#ifndef VITALS_HEALTH_ERRORS_HPP
#define VITALS_HEALTH_ERRORS_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include <vitals/core/cell.hpp>
#include <vitals/core/config.hpp>
#include <vitals/core/name.hpp>
#include <vitals/core/slot_table.hpp>
#include <vitals/health/component_state.hpp>
#include <vitals/health/report.hpp>

namespace vitals::inline v0 {

/// What is known of a component's errors of one type.
struct error_report {
  static constexpr std::size_t most_text = 215;

  std::string_view component{};
  std::string_view type{};
  std::uint64_t count = 0;
  std::uint64_t first = 0;  ///< ms since 1970 (UTC)
  std::uint64_t last = 0;
  char text[most_text + 1] = {};  ///< the last message, cut where it was longer; empty while another is being written
  std::size_t length = 0;

  [[nodiscard]] std::string_view message() const noexcept { return {text, length}; }
};

namespace detail {

inline constexpr std::uint32_t most_error_types = 31;
inline constexpr std::size_t error_entries = 64;  ///< and one more for each component, for what has no other place

/// An entry's cells. Any thread writes them.
struct error_cell {
  static constexpr std::size_t key = 0;    ///< 1 + component * 32 + type, 0 while free: claimed once (release)
  static constexpr std::size_t count = 1;  ///< read-modify-write, relaxed
  static constexpr std::size_t first = 2;  ///< wall clock's ms: stored once
  static constexpr std::size_t last = 3;   ///< relaxed store: the last writer wins
  /// Even while the message is whole. A writer makes it odd by compare-exchange, and leaves the message where another
  /// one is at it; stores the words (release) and makes it even again (release). A reader takes it before and after the
  /// words (acquire all): the same even number means that the words are of one message.
  static constexpr std::size_t guard = 4;
  static constexpr std::size_t message = 5;  ///< its length in the first byte, then its text
  static constexpr std::size_t words = 27;
  static constexpr std::size_t all = message + words;
};
static_assert(error_cell::words * 8 == error_report::most_text + 1);

/// Where a program's errors lie: behind its components' cells. First a cell for each component, which counts its errors
/// since the last success that left it healthy (relaxed: one that races with a success may stay until the next one is
/// looked at); then the entries.
struct error_table {
  explicit error_table(const health_ref& of) noexcept
      : components(of.facts->components.size()),
        in_a_row(of.cells + health_ref::place(components, component_cell::state)),
        entries(in_a_row + components) {}

  static constexpr std::uint32_t cells(std::size_t components) noexcept {
    return static_cast<std::uint32_t>(components + (error_entries + components) * error_cell::all);
  }
  [[nodiscard]] cell* entry(std::size_t i) const noexcept { return entries + i * error_cell::all; }
  [[nodiscard]] std::size_t size() const noexcept { return error_entries + components; }

  std::size_t components;
  cell* in_a_row;
  cell* entries;
};

/// The types of a program's errors. (The table's name is no label's.)
inline abi::slot_table& error_types_of(const health_facts& of) noexcept {
  char name[256];
  const std::size_t length = of.name.size() < 240 ? of.name.size() : 240;
  std::memcpy(name, of.name.data(), length);
  std::memcpy(name + length, ".errors", 7);
  return find_slot_table({name, length + 7}, most_error_types);
}

/// The entry of a component's errors of one type: its own where the table has room, or else that of all other types.
inline cell* error_entry(const error_table& table, std::size_t component, std::uint32_t type) noexcept {
  const std::uint64_t key = 1 + component * (most_error_types + 1) + type;
  for (std::size_t i = 0; type != most_error_types && i != error_entries; ++i) {
    cell* const entry = table.entry(i);
    std::uint64_t there = entry[error_cell::key].load(std::memory_order_acquire);
    if (there == 0) {
      entry[error_cell::key].compare_exchange_strong(there, key, std::memory_order_acq_rel);
      there = there == 0 ? key : there;
    }
    if (there == key) {
      return entry;
    }
  }
  cell* const other = table.entry(error_entries + component);
  other[error_cell::key].store(1 + component * (most_error_types + 1) + most_error_types, std::memory_order_release);
  return other;
}

/// Copies as much of `text` as fits into `out`, whole characters only, control characters as blanks and what is no
/// UTF-8 as question marks. Returns the length.
inline std::size_t copy_cleaned(char* out, std::size_t room, std::string_view text) noexcept {
  std::size_t length = 0;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t size = 1;
    while (size <= 4 && i + size <= text.size() && !is_utf8(text.substr(i, size))) {
      ++size;
    }
    const bool good = size <= 4 && i + size <= text.size();
    size = good ? size : 1;
    if (length + size > room) {
      break;
    }
    const auto byte = static_cast<unsigned char>(text[i]);
    if (!good) {
      out[length] = '?';
    } else if (byte < 0x20 || byte == 0x7F) {
      out[length] = ' ';
    } else {
      std::memcpy(out + length, text.data() + i, size);
    }
    length += size;
    i += size;
  }
  return length;
}

inline void store_message(cell* entry, std::string_view message) noexcept {
  std::uint64_t words[error_cell::words] = {};
  char bytes[sizeof words] = {};
  const std::size_t length = copy_cleaned(bytes + 1, sizeof bytes - 1, message);
  bytes[0] = static_cast<char>(length);
  std::memcpy(words, bytes, sizeof words);
  cell& guard = entry[error_cell::guard];
  std::uint64_t even = guard.load(std::memory_order_relaxed);
  if ((even & 1U) != 0 || !guard.compare_exchange_strong(even, even + 1, std::memory_order_acquire)) {
    return;  // another thread's message is as new
  }
  for (std::size_t i = 0; i != error_cell::words; ++i) {
    entry[error_cell::message + i].store(words[i], std::memory_order_release);
  }
  guard.store(even + 2, std::memory_order_release);
}

inline void load_message(const cell* entry, error_report& out) noexcept {
  for (int attempt = 0; attempt != 4; ++attempt) {
    std::uint64_t words[error_cell::words];
    const std::uint64_t before = entry[error_cell::guard].load(std::memory_order_acquire);
    for (std::size_t i = 0; i != error_cell::words; ++i) {
      words[i] = entry[error_cell::message + i].load(std::memory_order_acquire);
    }
    if ((before & 1U) == 0 && entry[error_cell::guard].load(std::memory_order_acquire) == before) {
      char bytes[sizeof words];
      std::memcpy(bytes, words, sizeof words);
      out.length = static_cast<unsigned char>(bytes[0]);
      std::memcpy(out.text, bytes + 1, out.length);
      return;
    }
  }
}

/// Has the next success looked at: as one more of a component that is steadily healthy it would end no errors.
inline void await_success(cell& state) noexcept {
  std::uint64_t word = state.load(std::memory_order_relaxed);
  while (is_steadily_healthy(word)) {
    component_state s = component_state::of(word);
    s.has_erred = true;
    if (state.compare_exchange_weak(word, s.packed(), std::memory_order_seq_cst)) {
      return;
    }
  }
}

/// Counts an error. Lock-free where its type is known already.
VITALS_COLD inline void record_error(const health_ref& of, std::size_t component, std::string_view type,
                                     std::string_view message) noexcept {
  const error_table table{of};
  cell* const entry = error_entry(table, component, intern_text(*of.error_types, type));
  const std::uint64_t now = of.clock.wall();
  std::uint64_t never = 0;
  entry[error_cell::first].compare_exchange_strong(never, now, std::memory_order_relaxed);
  entry[error_cell::last].store(now, std::memory_order_relaxed);
  common_add(entry[error_cell::count], std::uint64_t{1});
  common_add(table.in_a_row[component], std::uint64_t{1});
  await_success(of.at(component, component_cell::state));  // behind the count: whoever sees it ends this one too
  store_message(entry, message);
}

constexpr std::size_t component_of_key(std::uint64_t key) noexcept {
  return (key - 1) / (most_error_types + 1);
}
constexpr std::uint32_t type_of_key(std::uint64_t key) noexcept {
  return static_cast<std::uint32_t>((key - 1) % (most_error_types + 1));
}

/// Calls `visit(error_report)` for each component and type that had an error. No lock, no allocation.
template <class Visit>
void each_error(const health_ref& of, Visit visit) {
  const error_table table{of};
  for (std::size_t i = 0; i != table.size(); ++i) {
    const cell* const entry = table.entry(i);
    const std::uint64_t key = entry[error_cell::key].load(std::memory_order_acquire);
    const std::uint64_t count = entry[error_cell::count].load(std::memory_order_relaxed);
    if (key == 0 || count == 0) {
      continue;
    }
    error_report r{.component = of.facts->components[component_of_key(key)].name,
                   .type = text_of_slot(*of.error_types, type_of_key(key)),
                   .count = count,
                   .first = entry[error_cell::first].load(std::memory_order_relaxed),
                   .last = entry[error_cell::last].load(std::memory_order_relaxed)};
    load_message(entry, r);
    visit(r);
  }
}

/// The table's entries by component: one pass over it is enough for a page of all components.
class error_index {
 public:
  explicit error_index(const health_ref& of) noexcept : table_(of) {
    std::size_t used = 0;  // entries are taken in their order
    while (used != error_entries && key_of(used) != 0) {
      ++used;
    }
    for (std::size_t i = table_.size(); i-- != error_entries;) {
      add(i);
    }
    for (std::size_t i = used; i-- != 0;) {  // backwards, as each comes before those that are there
      add(i);
    }
  }

  /// Calls `visit(entry, type)` for each entry of a component, in the table's order.
  template <class Visit>
  void each(std::size_t component, Visit visit) const {
    for (std::size_t i = first_[component]; i != 0; i = next_[i - 1]) {
      visit(static_cast<const cell*>(table_.entry(i - 1)), type_of_key(key_of(i - 1)));
    }
  }

 private:
  [[nodiscard]] std::uint64_t key_of(std::size_t i) const noexcept {
    return table_.entry(i)[error_cell::key].load(std::memory_order_acquire);
  }
  void add(std::size_t i) noexcept {
    if (const std::uint64_t key = key_of(i); key != 0) {
      std::uint8_t& first = first_[component_of_key(key)];
      next_[i] = first;
      first = static_cast<std::uint8_t>(i + 1);
    }
  }

  static_assert(error_entries + most_components < 256);
  error_table table_;
  std::uint8_t first_[most_components] = {};  // of each component, an index + 1; 0: none
  std::uint8_t next_[error_entries + most_components];
};

}  // namespace detail

}  // namespace vitals::inline v0

#endif
