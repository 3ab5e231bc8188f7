// A native histogram's buckets as they are sent: those that hold something, in spans, as differences.
// https://prometheus.io/docs/specs/native_histograms/
#ifndef VITALS_EXPOSE_NATIVE_BUCKETS_HPP
#define VITALS_EXPOSE_NATIVE_BUCKETS_HPP

#include <bit>
#include <cstddef>
#include <cstdint>

#include <vitals/expose/wire.hpp>
#include <vitals/metric/family.hpp>

namespace vitals::inline v0::detail {

/// The numbers of a Histogram's fields that only a native one has.
struct native_field {
  static constexpr std::uint32_t schema = 5, zero_threshold = 6, zero_count = 7, positive_span = 12,
                                 positive_delta = 13;
};
struct span_field {
  static constexpr std::uint32_t offset = 1, length = 2;
};

/// A signed number as protobuf's sint32 and sint64 have it.
constexpr std::uint64_t zigzag(std::int64_t n) noexcept {
  return static_cast<std::uint64_t>(n) << 1U ^ static_cast<std::uint64_t>(n >> 63);
}

/// How many buckets are sent at most: where more hold something, neighbours are sent as one, of half the resolution.
inline constexpr std::uint32_t most_native_buckets = 160;

inline constexpr std::size_t span_room = varint_field_room(span_field::offset) + varint_field_room(span_field::length);

/// The room that a native histogram's own fields need at most.
constexpr std::size_t native_room() noexcept {
  return 2 * varint_field_room(native_field::schema) + real_field_room(native_field::zero_threshold) +
         most_native_buckets * (bytes_field_room(native_field::positive_span, span_room) +
                                varint_field_room(native_field::positive_delta));
}

/// The buckets of a native histogram's reading, at its own resolution or a coarser one.
class native_buckets {
 public:
  /// `cells` begin with the series' first. Halves the resolution until few enough buckets hold something.
  native_buckets(const family& f, const std::uint64_t* cells) noexcept
      : counts_(cells + 2),
        first_(f.native.low * (1 << (f.native.schema > 0 ? f.native.schema : 0)) /
                   (1 << (f.native.schema < 0 ? -f.native.schema : 0)) +
               1),
        buckets_(static_cast<std::uint32_t>(f.bounds.size() - 1) * f.native.parts) {
    const auto too_many = [this] {
      std::uint32_t held = 0;
      each([&held](std::int32_t, std::uint64_t) { ++held; });
      return held > most_native_buckets;
    };
    while (too_many()) {
      ++halvings_;
    }
  }

  [[nodiscard]] int halvings() const noexcept { return halvings_; }

  /// Calls `visit(index, count)` for each bucket that holds something. What lies above all bounds is in the last one.
  template <class Visit>
  void each(Visit visit) const noexcept {
    std::int32_t merged = 0;
    std::uint64_t count = 0;
    for (std::uint32_t i = 0; i != buckets_; ++i) {
      const std::uint64_t here = counts_[i] + (i + 1 == buckets_ ? counts_[buckets_] : 0);
      if (here == 0) {
        continue;
      }
      // a bucket of half the resolution ends where its second half does: the index is divided and rounded up
      const std::int32_t index = ((first_ + static_cast<std::int32_t>(i) - 1) >> halvings_) + 1;
      if (count != 0 && index != merged) {
        visit(merged, count);
        count = 0;
      }
      merged = index;
      count += here;
    }
    if (count != 0) {
      visit(merged, count);
    }
  }

 private:
  const std::uint64_t* counts_;
  std::int32_t first_;  // index of the first bucket above the zero bucket
  std::uint32_t buckets_;
  int halvings_ = 0;
};

/// Writes a native histogram's own fields.
inline void write_native(field_writer& to, const family& f, const std::uint64_t* cells) noexcept {
  const native_buckets buckets{f, cells};
  to.varint(native_field::schema, zigzag(f.native.schema - buckets.halvings()));
  to.real(native_field::zero_threshold, f.bounds.front());
  to.varint(native_field::zero_count, cells[1]);
  std::int32_t next = 0;  // the bucket that would continue the span
  std::int32_t begin = 0;
  std::int32_t end_before = 0;
  std::uint32_t length = 0;
  const auto write_span = [&] {
    to.message(native_field::positive_span, span_room, [&] {
      to.varint(span_field::offset, zigzag(begin - end_before));
      to.varint(span_field::length, length);
    });
    end_before = next;
  };
  buckets.each([&](std::int32_t index, std::uint64_t) {
    if (length != 0 && index != next) {
      write_span();
      length = 0;
    }
    begin = length == 0 ? index : begin;
    ++length;
    next = index + 1;
  });
  if (length != 0) {
    write_span();
  }
  std::uint64_t before = 0;
  buckets.each([&](std::int32_t, std::uint64_t count) {
    to.varint(native_field::positive_delta, zigzag(static_cast<std::int64_t>(count - before)));
    before = count;
  });
}

}  // namespace vitals::inline v0::detail

#endif
