// Families as messages of the Prometheus protobuf format, encoded once and then filled with numbers.
#ifndef VITALS_EXPOSE_PROTOBUF_FAMILIES_HPP
#define VITALS_EXPOSE_PROTOBUF_FAMILIES_HPP

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <vitals/core/view.hpp>
#include <vitals/expose/labels.hpp>
#include <vitals/expose/protobuf_values.hpp>
#include <vitals/expose/reading.hpp>
#include <vitals/expose/wire.hpp>
#include <vitals/metric/family.hpp>

namespace vitals::inline v0::detail {

/// The numbers of the messages' fields.
struct metric_family_field {
  static constexpr std::uint32_t name = 1, help = 2, type = 3, metric = 4, unit = 5;
};
struct metric_field {
  static constexpr std::uint32_t label = 1, gauge = 2, counter = 3, summary = 4, histogram = 7;
};

constexpr std::size_t larger(std::size_t a, std::size_t b) noexcept {
  return a < b ? b : a;
}

/// The messages of some families: what of them does not change, encoded once, and where the numbers go.
class family_messages {
 public:
  /// Adds a family, whose cells are numbered from `cell_base` on.
  void lay(const source_ref& s, const family& f, std::uint32_t cell_base) {
    constexpr std::uint64_t types[] = {0, 1, 4, 2, 1, 1};  // an info and a state set are gauges
    std::string text;
    append_bytes(text, metric_family_field::name, std::string{s.prefix} + std::string{f.name});
    append_bytes(text, metric_family_field::help, f.help);
    append_varint(text, metric_family_field::type, types[static_cast<std::size_t>(f.type)]);
    if (!f.unit.empty()) {
      append_bytes(text, metric_family_field::unit, f.unit);
    }
    const std::size_t head = text.size();
    const std::size_t before = places_.size();
    const std::size_t room = varies(f) ? lay_varying(text, s, f) : lay_constant(text, s, f);
    room_ += varint_size(room) + room;
    largest_ = larger(largest_, varint_size(room) + head + largest_series(before, text.size(), head) +
                                    (varies(f) ? metric_room(f, 0, value_room(f, created_time::is_known(s, f))) +
                                                     varint_field_room(metric_family_field::metric)
                                               : 0));
    families_.push_back({.facts = &f,
                         .base = cell_base,
                         .created = created_time::is_known(s, f) ? static_cast<std::uint32_t>(s.cells) : 0,
                         .head = head,
                         .length = text.size(),
                         .room = room,
                         .series = places_.size() - before});
    text_ += text;
  }

  /// The room that all messages need at most.
  [[nodiscard]] std::size_t room() const noexcept { return room_; }

  /// How far the messages are written.
  struct progress {
    std::size_t family = 0;
    std::size_t series = 0;   ///< of the family
    std::size_t text = 0;     ///< where the family's lies
    std::size_t place = 0;    ///< where its series' lie
    std::size_t message = 0;  ///< where its message begins in the page
  };
  [[nodiscard]] bool is_end(const progress& at) const noexcept { return at.family == families_.size(); }

  /// The room that what is written behind a given end may need.
  [[nodiscard]] std::size_t overhang() const noexcept { return largest_; }

  /// Writes the messages with the numbers of a reading to `out`, which has room. Returns their end.
  char* fill(char* out, const std::uint64_t* cells) const noexcept {
    progress at;
    return fill(out, out, out + room_ + 1, at, cells);
  }

  /// The same from where the writing is to `stop`, or `overhang` beyond it. `page` is the page's beginning.
  char* fill(char* page, char* out, const char* stop, progress& at, const std::uint64_t* cells) const noexcept {
    while (at.family != families_.size() && out < stop) {
      const laid_family& laid = families_[at.family];
      const family& f = *laid.facts;
      const std::uint64_t* const own = cells + laid.base;
      const bool shown = f.present == family::always || own[f.present] != 0;
      if (shown) {
        out = varies(f) ? write_varying(page, out, stop, at, own) : write_constant(page, out, stop, at, own);
      }
      if (!shown || at.series == laid.series) {
        ++at.family;
        at.series = 0;
        at.text += laid.length;
        at.place += laid.series;
      }
    }
    return out;
  }

 private:
  struct laid_family {
    const family* facts;
    std::uint32_t base;
    std::uint32_t created;  // the cell that says since when it counts; 0: unknown
    std::size_t head;       // bytes before the first series
    std::size_t length;     // bytes of text
    std::size_t room;       // that the message needs, without its own length
    std::size_t series;     // how many are laid
  };

  static std::uint32_t series_field(const family& f) noexcept {
    return f.type == metric_type::histogram ? metric_field::histogram
           : f.type == metric_type::summary ? metric_field::summary
           : f.type == metric_type::counter ? metric_field::counter
                                            : metric_field::gauge;
  }
  static std::size_t metric_room(const family& f, std::size_t labels, std::size_t value) noexcept {
    return labels + bytes_field_room(series_field(f), value);
  }

  /// The longest text between two places of those from `first` on, or behind the last one.
  [[nodiscard]] std::size_t largest_series(std::size_t first, std::size_t size, std::size_t begin) const noexcept {
    std::size_t largest = 0;
    for (std::size_t i = first; i != places_.size(); ++i) {
      largest = larger(largest, places_[i].at - begin);
      begin = places_[i].at;
    }
    return larger(largest, size - begin) + 8;
  }

  static std::string labels_of(const source_ref& s, const family& f, std::uint32_t series) {
    std::string all;
    each_label(s, f, series, [&all](std::string_view name, std::string_view value) {
      std::string pair;
      append_bytes(pair, label_pair_field::name, name);
      append_bytes(pair, label_pair_field::value, value);
      append_bytes(all, metric_field::label, pair);
    });
    return all;
  }

  struct place {
    std::uint32_t at;  // from the start of the family's text
    std::uint32_t series;
  };

  static constexpr std::size_t real_tag = varint_size(wire_tag(value_field::value, wire_type::fixed64));

  /// Lays all of a family whose messages have a constant length. A place is where a series' double lies, behind the
  /// time of its creation where that is known.
  std::size_t lay_constant(std::string& text, const source_ref& s, const family& f) {
    f.each_series([&](std::uint32_t i) {
      std::string metric = labels_of(s, f, i);
      std::string value;
      if (created_time::is_known(s, f)) {
        append_bytes(value, created_time::field(f), created_time{0}.bytes());
      }
      append_real(value, value_field::value, 1);  // an info's is not written again
      append_bytes(metric, series_field(f), value);
      append_bytes(text, metric_family_field::metric, metric);
      places_.push_back({.at = static_cast<std::uint32_t>(text.size() - 8), .series = i});
    });
    return text.size();
  }

  /// Lays the labels of all series. A place is where a series' labels end.
  std::size_t lay_varying(std::string& text, const source_ref& s, const family& f) {
    std::size_t room = text.size();
    const std::size_t value = value_room(f, created_time::is_known(s, f));
    f.each_series([&](std::uint32_t i) {
      const std::string labels = labels_of(s, f, i);
      room += bytes_field_room(metric_family_field::metric, metric_room(f, labels.size(), value));
      text += labels;
      places_.push_back({.at = static_cast<std::uint32_t>(text.size()), .series = i});
    });
    return room;
  }

  /// Writes a family's message, or one more part of it: at least a series, and no more behind `stop`.
  char* write_constant(char* page, char* out, const char* stop, progress& at,
                       const std::uint64_t* cells) const noexcept {
    const laid_family& laid = families_[at.family];
    const family& f = *laid.facts;
    const place* const places = places_.data() + at.place;
    const auto end_of = [places](std::size_t series) {
      return series == 0 ? 0 : std::size_t{places[series - 1].at} + 8;
    };
    if (at.series == 0) {
      out = write_varint(out, laid.length);
      at.message = static_cast<std::size_t>(out - page);
    }
    char* const message = page + at.message;
    const std::size_t first = at.series;
    do {
      at.series += at.series != laid.series ? 1 : 0;
    } while (at.series != laid.series && message + end_of(at.series) < stop);
    const std::size_t begin = end_of(first);
    const std::size_t end = at.series == laid.series ? laid.length : end_of(at.series);
    std::memcpy(message + begin, text_.data() + at.text + begin, end - begin);
    const view<place> now{places + first, at.series - first};
    if (laid.created != 0) {
      const created_time created{cells[laid.created]};
      for (const place& p : now) {
        std::memcpy(message + p.at - real_tag - created_time::size, created.bytes().data(), created_time::size);
      }
    }
    const auto fill_in = [&](auto value_of) {
      for (const place& p : now) {
        write_fixed64(message + p.at, value_of(cells[f.cell_of(p.series)], p.series));
      }
    };
    switch (f.kind) {
      case value_kind::unsigned_integer:
        fill_in([](std::uint64_t n, std::uint32_t) { return static_cast<double>(n); });
        break;
      case value_kind::signed_integer:
        fill_in([](std::uint64_t n, std::uint32_t) { return static_cast<double>(static_cast<std::int64_t>(n)); });
        break;
      case value_kind::state:
        fill_in([&f](std::uint64_t n, std::uint32_t i) { return n == f.state_of(i).state ? 1.0 : 0.0; });
        break;
      case value_kind::one:
        break;
      default:
        fill_in([](std::uint64_t n, std::uint32_t) { return std::bit_cast<double>(n); });
        break;
    }
    return message + end;
  }

  /// The same.
  char* write_varying(char* page, char* out, const char* stop, progress& at,
                      const std::uint64_t* cells) const noexcept {
    const laid_family& laid = families_[at.family];
    const family& f = *laid.facts;
    const std::size_t room = value_room(f, laid.created != 0);
    const created_time created{cells[laid.created]};
    const char* const text = text_.data() + at.text;
    const place* const places = places_.data() + at.place;
    const std::size_t length_size = varint_size(laid.room);
    if (at.series == 0) {
      at.message = static_cast<std::size_t>(out - page);
      out += length_size;
    }
    field_writer to{out};
    if (at.series == 0) {
      to.copy({text, laid.head});
    }
    for (bool first = true; at.series != laid.series && (first || to.end() < stop); ++at.series, first = false) {
      const place& p = places[at.series];
      const std::size_t begin = at.series == 0 ? laid.head : places[at.series - 1].at;
      const std::string_view labels{text + begin, p.at - begin};
      to.message(metric_family_field::metric, metric_room(f, labels.size(), room), [&] {
        to.copy(labels);
        to.message(series_field(f), room, [&] {
          write_value(to, f, cells, p.series);
          if (laid.created != 0) {
            to.bytes(created_time::field(f), created.bytes());
          }
        });
      });
    }
    if (at.series == laid.series) {
      char* const length = page + at.message;
      write_padded_varint(length, static_cast<std::uint64_t>(to.end() - length) - length_size, length_size);
    }
    return to.end();
  }

  std::vector<laid_family> families_;
  std::string text_;           // of all families, one after the other
  std::vector<place> places_;  // of each series
  std::size_t room_ = 0;
  std::size_t largest_ = 0;  // that a family's head and one series of it need
};

}  // namespace vitals::inline v0::detail

#endif
