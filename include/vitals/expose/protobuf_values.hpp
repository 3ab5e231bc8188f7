// What a series holds, as messages of the Prometheus protobuf format: counters, summaries, histograms, exemplars.
// https://github.com/prometheus/client_model/blob/master/io/prometheus/client/metrics.proto
#ifndef VITALS_EXPOSE_PROTOBUF_VALUES_HPP
#define VITALS_EXPOSE_PROTOBUF_VALUES_HPP

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

#include <vitals/core/sum.hpp>
#include <vitals/expose/exemplars.hpp>
#include <vitals/expose/native_buckets.hpp>
#include <vitals/expose/reading.hpp>
#include <vitals/expose/wire.hpp>
#include <vitals/metric/family.hpp>

namespace vitals::inline v0::detail {

/// The numbers of the messages' fields.
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
  /// More seconds than 64 bits of nanoseconds have.
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

}  // namespace vitals::inline v0::detail

#endif
