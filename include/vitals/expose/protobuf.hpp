// The Prometheus protobuf format: io.prometheus.client.MetricFamily messages, each behind its length.
// https://github.com/prometheus/client_model/blob/master/io/prometheus/client/metrics.proto
#ifndef VITALS_EXPOSE_PROTOBUF_HPP
#define VITALS_EXPOSE_PROTOBUF_HPP

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <vitals/core/cell.hpp>
#include <vitals/core/mutex.hpp>
#include <vitals/core/sum.hpp>
#include <vitals/core/view.hpp>
#include <vitals/expose/exemplars.hpp>
#include <vitals/expose/labels.hpp>
#include <vitals/expose/native_buckets.hpp>
#include <vitals/expose/reading.hpp>
#include <vitals/expose/wire.hpp>
#include <vitals/metric/family.hpp>

namespace vitals::inline v0 {

namespace detail {

/// The numbers of the messages' fields.
struct metric_family_field {
  static constexpr std::uint32_t name = 1, help = 2, type = 3, metric = 4, unit = 5;
};
struct metric_field {
  static constexpr std::uint32_t label = 1, gauge = 2, counter = 3, summary = 4, histogram = 7;
};
struct label_pair_field {
  static constexpr std::uint32_t name = 1, value = 2;
};
struct value_field {                                                    // a gauge's and a counter's
  static constexpr std::uint32_t value = 1, exemplar = 2, created = 3;  // a gauge has the value alone
};
struct summary_field {
  static constexpr std::uint32_t sample_count = 1, sample_sum = 2, created = 4;
};
struct histogram_field {
  static constexpr std::uint32_t sample_count = 1, sample_sum = 2, bucket = 3, created = 15, exemplars = 16;
};
struct bucket_field {
  static constexpr std::uint32_t cumulative_count = 1, upper_bound = 2, exemplar = 3;
};
struct exemplar_field {
  static constexpr std::uint32_t label = 1, value = 2, timestamp = 3;
};
struct timestamp_field {
  static constexpr std::uint32_t seconds = 1, nanos = 2;
};

/// Since when something counts: a Timestamp whose encoding has the same size always. `field` is the message's that it
/// stands in.
class created_time {
 public:
  /// 34,000 years of seconds.
  static constexpr std::size_t seconds_digits = 6, nanos_digits = 5, size = 2 + seconds_digits + nanos_digits;

  explicit created_time(std::uint64_t nanoseconds) noexcept {
    constexpr std::uint64_t second = 1'000'000'000;
    char* out = write_varint(bytes_, wire_tag(timestamp_field::seconds, wire_type::varint));
    out = write_padded_varint(out, nanoseconds / second, seconds_digits);
    out = write_varint(out, wire_tag(timestamp_field::nanos, wire_type::varint));
    write_padded_varint(out, nanoseconds % second, nanos_digits);
  }

  [[nodiscard]] std::string_view bytes() const noexcept { return {bytes_, size}; }

  static constexpr std::uint32_t field(const family& f) noexcept {
    return f.type == metric_type::histogram ? histogram_field::created
           : f.type == metric_type::summary ? summary_field::created
                                            : value_field::created;
  }

  /// Whether a family says it. A function that is called at a scrape, and may be absent from one, gives values that
  /// began some other time.
  static constexpr bool is_known(const source_ref& s, const family& f) noexcept {
    return s.created != nullptr && !f.endings().empty() && f.present == family::always;
  }

 private:
  char bytes_[size];
};

/// Nanoseconds as seconds, rounded once: the double that a reader makes of them where they are printed.
inline double seconds_of(wide nanoseconds) noexcept {
  constexpr std::uint64_t second = 1'000'000'000;
  const unsigned_wide bits = static_cast<unsigned_wide>(nanoseconds);
  const unsigned_wide size = nanoseconds < 0 ? 0 - bits : bits;
  double seconds = 0;
  if (size >> 53U == 0) {
    seconds = static_cast<double>(static_cast<std::uint64_t>(size)) / 1e9;
  } else {  // a quotient of 55 bits or more, the lowest of them set where there is a rest: the conversion rounds it
    const unsigned shift = size >> 85U == 0 ? 32 : 0;
    const unsigned_wide scaled = size << shift;
    const unsigned_wide quotient = scaled / second | (scaled % second != 0 ? 1U : 0U);
    seconds = static_cast<double>(quotient) / static_cast<double>(std::uint64_t{1} << shift);
  }
  return nanoseconds < 0 ? -seconds : seconds;
}

/// The sum of a histogram or a summary, whose cells begin at `cells`.
inline double sum_of(const family& f, const std::uint64_t* cells) noexcept {
  return f.kind == value_kind::duration_histogram ? seconds_of(plain_wide(cells[0], cells[f.width - 1]))
                                                  : std::bit_cast<double>(cells[0]);
}

inline constexpr std::size_t summary_room =
    varint_field_room(summary_field::sample_count) + real_field_room(summary_field::sample_sum);

/// Writes a Summary's fields.
inline void write_summary(field_writer& to, const family& f, const std::uint64_t* cells) noexcept {
  to.varint(summary_field::sample_count, cells[1]);
  to.real(summary_field::sample_sum, sum_of(f, cells));
}

constexpr std::size_t pair_room(std::size_t name, std::size_t value) noexcept {
  return bytes_field_room(label_pair_field::name, name) + bytes_field_room(label_pair_field::value, value);
}
inline constexpr std::size_t trace_room = pair_room(exemplar::trace_label.size(), exemplar::trace_digits);
inline constexpr std::size_t span_label_room = pair_room(exemplar::span_label.size(), exemplar::span_digits);
inline constexpr std::size_t timestamp_room =
    varint_field_room(timestamp_field::seconds) + varint_field_room(timestamp_field::nanos);
inline constexpr std::size_t exemplar_message_room =
    bytes_field_room(exemplar_field::label, trace_room) + bytes_field_room(exemplar_field::label, span_label_room) +
    real_field_room(exemplar_field::value) + bytes_field_room(exemplar_field::timestamp, timestamp_room);

/// Writes an Exemplar as a field, if a reading's words hold one.
inline void write_exemplar(field_writer& to, std::uint32_t field, const std::uint64_t* words) noexcept {
  const std::uint64_t time = words[exemplar_word::time];
  if (time == 0) {
    return;
  }
  const auto write_label = [&to](std::size_t room, std::string_view name, std::string_view value) {
    to.message(exemplar_field::label, room, [&] {
      to.bytes(label_pair_field::name, name);
      to.bytes(label_pair_field::value, value);
    });
  };
  char digits[exemplar::trace_digits];
  to.message(field, exemplar_message_room, [&] {
    write_trace(digits, words);
    write_label(trace_room, exemplar::trace_label, {digits, exemplar::trace_digits});
    write_span(digits, words);
    write_label(span_label_room, exemplar::span_label, {digits, exemplar::span_digits});
    to.real(exemplar_field::value, std::bit_cast<double>(words[exemplar_word::value]));
    to.message(exemplar_field::timestamp, timestamp_room, [&] {
      to.varint(timestamp_field::seconds, time / 1000);
      to.varint(timestamp_field::nanos, time % 1000 * 1'000'000);
    });
  });
}

/// How many of a native histogram's exemplars stand in its own list: the newest ones.
inline constexpr std::uint32_t most_native_exemplars = 10;
inline constexpr std::size_t native_exemplars_room =
    most_native_exemplars * bytes_field_room(histogram_field::exemplars, exemplar_message_room);

/// Writes the newest exemplars of a native histogram, the oldest of them first: a reader takes them in order of time.
/// `points` is the first bucket's.
inline void write_native_exemplars(field_writer& to, const family& f, const std::uint64_t* points) noexcept {
  const std::uint64_t* newest[most_native_exemplars + 1];  // and room for the one that leaves
  std::uint32_t held = 0;
  for (std::size_t i = 0; i <= f.bounds.size(); ++i) {
    const std::uint64_t* const point = points + i * f.exemplars.step;
    const std::uint64_t time = point[exemplar_word::time];
    if (time != 0) {
      std::uint32_t at = held;
      for (; at != 0 && newest[at - 1][exemplar_word::time] < time; --at) {
        newest[at] = newest[at - 1];
      }
      newest[at] = point;
      held += held != most_native_exemplars ? 1 : 0;
    }
  }
  while (held != 0) {
    write_exemplar(to, histogram_field::exemplars, newest[--held]);
  }
}

/// The room that a family's buckets need each.
constexpr std::size_t bucket_room(const family& f) noexcept {
  return varint_field_room(bucket_field::cumulative_count) + real_field_room(bucket_field::upper_bound) +
         (f.exemplars.stride != 0 ? bytes_field_room(bucket_field::exemplar, exemplar_message_room) : 0);
}

/// The room that a Histogram's fields need.
constexpr std::size_t histogram_room(const family& f) noexcept {
  const bool has_exemplars = f.exemplars.stride != 0;
  return varint_field_room(histogram_field::sample_count) + real_field_room(histogram_field::sample_sum) +
         (f.bounds.size() + (has_exemplars ? 1 : 0)) * bytes_field_room(histogram_field::bucket, bucket_room(f)) +
         (f.native.parts != 0 ? native_room() : 0) + (f.native.parts != 0 && has_exemplars ? native_exemplars_room : 0);
}

/// Writes a Histogram's fields. The bucket up to +Inf, which holds `sample_count`, is optional: it is there where it
/// has an exemplar. A native histogram has its own buckets beside the classic ones. `points` are the series' exemplars.
inline void write_histogram(field_writer& to, const family& f, const std::uint64_t* cells,
                            const std::uint64_t* points) noexcept {
  const auto count_of = [&](std::uint32_t bucket) {
    const cell_range own = f.bucket(bucket);
    std::uint64_t sum = 0;
    for (std::uint32_t i = 0; i != own.count; ++i) {
      sum += cells[own.first + i];
    }
    return sum;
  };
  const auto bounds = static_cast<std::uint32_t>(f.bounds.size());
  std::uint64_t total = 0;
  for (std::uint32_t i = 0; i <= bounds; ++i) {
    total += count_of(i);
  }
  to.varint(histogram_field::sample_count, total);
  to.real(histogram_field::sample_sum, sum_of(f, cells));
  std::uint64_t below = 0;
  const auto write_bucket = [&](std::uint32_t i, double bound) {
    to.message(histogram_field::bucket, bucket_room(f), [&] {
      to.varint(bucket_field::cumulative_count, below);
      to.real(bucket_field::upper_bound, bound);
      if (f.exemplars.stride != 0) {
        write_exemplar(to, bucket_field::exemplar, points + i * f.exemplars.step);
      }
    });
  };
  for (std::uint32_t i = 0; i != bounds; ++i) {
    below += count_of(i);
    write_bucket(i, f.bounds[i]);
  }
  const bool has_exemplars = f.exemplars.stride != 0;
  if (has_exemplars && points[bounds * f.exemplars.step + exemplar_word::time] != 0) {
    below = total;
    write_bucket(bounds, std::numeric_limits<double>::infinity());
  }
  if (f.native.parts != 0) {
    write_native(to, f, cells);
    if (has_exemplars) {
      write_native_exemplars(to, f, points);
    }
  }
}

/// Whether the lengths of a family's messages depend on its numbers: doubles take the same room always, varints do not.
constexpr bool varies(const family& f) noexcept {
  return f.type == metric_type::histogram || f.type == metric_type::summary || f.exemplars.stride != 0;
}

/// A counter with exemplars.
inline constexpr std::size_t counter_room =
    real_field_room(value_field::value) + bytes_field_room(value_field::exemplar, exemplar_message_room);
inline void write_counter(field_writer& to, const family& f, std::uint64_t total, const std::uint64_t* words) noexcept {
  to.real(value_field::value, f.kind == value_kind::real ? std::bit_cast<double>(total) : static_cast<double>(total));
  write_exemplar(to, value_field::exemplar, words);
}

/// The room that a series' value needs in a family that varies, and writing it. `dated`: it says since when it counts.
constexpr std::size_t value_room(const family& f, bool dated) noexcept {
  return (f.type == metric_type::histogram ? histogram_room(f)
          : f.type == metric_type::summary ? summary_room
                                           : counter_room) +
         (dated ? bytes_field_room(created_time::field(f), created_time::size) : 0);
}
inline void write_value(field_writer& to, const family& f, const std::uint64_t* cells, std::uint32_t series) noexcept {
  const std::uint64_t* const own = cells + f.cell_of(series);
  const std::uint64_t* const points = cells + f.exemplar_of(series);
  if (f.type == metric_type::histogram) {
    write_histogram(to, f, own, points);
  } else if (f.type == metric_type::summary) {
    write_summary(to, f, own);
  } else {
    write_counter(to, f, *own, points);
  }
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
    largest_ = std::max(largest_, varint_size(room) + head + largest_series(before, text.size(), head) +
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
      largest = std::max(largest, places_[i].at - begin);
      begin = places_[i].at;
    }
    return std::max(largest, size - begin) + 8;
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

}  // namespace detail

/// Renders some sources as protobuf, again and again. Any thread may render; renderings of one page take turns. Nothing
/// is allocated once the buffer has grown to the page's size.
///
/// Values are doubles in this format: counts past 2^53 are rounded to the nearest one, but for those of histograms and
/// summaries, which are 64-bit integers. An info and a state set are gauges. A counter keeps its `_total`. What counts
/// says since when, where its source knows.
class protobuf_page {
 public:
  static constexpr std::string_view content_type =
      "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";

  /// Encodes what does not change. Throws std::invalid_argument where two sources offer the same family, where a prefix
  /// or a constant label's name is none, or where a family has a label of that name itself; and std::bad_alloc.
  /// Where `names` are given, the page has the families of these names alone (or of samples' names).
  explicit protobuf_page(view<source_ref> sources, view<std::string> names = {}) : reading_(sources, names) {
    messages_ = laid();
  }

  /// Replaces `out` with the page. Keeps its capacity, so a buffer that is used again is not allocated again. Throws
  /// std::bad_alloc, and then leaves `out` as it was.
  void render(std::string& out) {
    const std::lock_guard turn{mutex_};
    if (reading_.is_stale()) {
      messages_ = laid();
    }
    out.resize(messages_.room());
    const char* const end = messages_.fill(out.data(), reading_.take());
    out.resize(static_cast<std::size_t>(end - out.data()));
  }

  /// The same in parts, as a `page` does.
  void begin() {
    if (reading_.is_stale()) {
      messages_ = laid();
    }
    reading_.begin();
    at_ = {};
  }
  bool more(std::string& out, std::size_t bytes) {
    if (reading_.take_next()) {
      return false;
    }
    const std::size_t before = out.size();
    out.resize(before + bytes + messages_.overhang());
    char* const begin = out.data() + before;
    const char* const end = messages_.fill(out.data(), begin, begin + bytes, at_, reading_.cells());
    out.resize(static_cast<std::size_t>(end - out.data()));
    return messages_.is_end(at_);
  }

 private:
  detail::family_messages laid() {
    detail::family_messages messages;
    reading_.each_shown(
        [&messages](const source_ref& s, const family& f, std::uint32_t base) { messages.lay(s, f, base); });
    return messages;
  }

  detail::family_messages messages_;  ///< guarded by the mutex, as they are laid anew where a label's values change
  detail::reading reading_;           ///< guarded by the mutex
  detail::family_messages::progress at_{};  ///< of who renders in parts
  std::mutex mutex_;
};

}  // namespace vitals::inline v0

#endif
