// An exemplar: the trace and the span in which something was counted, so that a reader of a metric finds an example.
#ifndef VITALS_METRIC_EXEMPLAR_HPP
#define VITALS_METRIC_EXEMPLAR_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace vitals::inline v0 {

/// An option of a counter or a histogram: for each series, and each bucket, it keeps the newest exemplar that an update
/// was given, with the value and the wall clock's time (to some milliseconds, which is what tells the newest; one that
/// is later than now, since the clock was set back, is older than all others). Costs 96 bytes a thread for each of
/// them, and where an update has an exemplar some 10 ns. Where several threads meet at one exemplar, as in a `shared`
/// metric, some are skipped; all are counted.
struct exemplars {};

/// Names a trace by its 128 bits and a span by its 64, as W3C trace context does. One without a trace or a span (all
/// bits 0) is none: an update that is given it counts alike, and what was kept stays.
/// https://www.w3.org/TR/trace-context/#traceparent-header-field-values
class exemplar {
 public:
  /// None.
  constexpr exemplar() noexcept = default;
  /// From the ids as numbers, the trace's upper half first.
  constexpr exemplar(const std::array<std::uint64_t, 2>& trace_id, std::uint64_t span_id) noexcept
      : trace_(trace_id),
        span_(span_id) {}
  /// From the ids as bytes, in the order in which they are written.
  constexpr exemplar(const std::array<std::uint8_t, 16>& trace_id, const std::array<std::uint8_t, 8>& span_id) noexcept
      : trace_{number(trace_id.data()), number(trace_id.data() + 8)},
        span_(number(span_id.data())) {}

  /// From the ids as text: 32 and 16 hexadecimal digits in lower case. Anything else gives none.
  [[nodiscard]] static constexpr exemplar from_hex(std::string_view trace_id, std::string_view span_id) noexcept {
    exemplar e;
    const bool good = trace_id.size() == trace_digits && span_id.size() == span_digits &&
                      parse(trace_id.substr(0, span_digits), e.trace_[0]) &&
                      parse(trace_id.substr(span_digits), e.trace_[1]) && parse(span_id, e.span_);
    return good ? e : exemplar{};
  }

  /// Whether it names a trace and a span.
  [[nodiscard]] explicit constexpr operator bool() const noexcept { return (trace_[0] | trace_[1]) != 0 && span_ != 0; }
  [[nodiscard]] constexpr const std::array<std::uint64_t, 2>& trace_id() const noexcept { return trace_; }
  [[nodiscard]] constexpr std::uint64_t span_id() const noexcept { return span_; }

  /// How an exposition labels them, and the digits that follow.
  static constexpr std::string_view trace_label = "trace_id";
  static constexpr std::string_view span_label = "span_id";
  static constexpr std::size_t trace_digits = 32;
  static constexpr std::size_t span_digits = 16;
  // OpenMetrics has room for 128 characters: no exemplar is too long for it.
  static_assert(trace_label.size() + trace_digits + span_label.size() + span_digits <= 128);

  friend constexpr bool operator==(const exemplar&, const exemplar&) noexcept = default;

 private:
  static constexpr std::uint64_t number(const std::uint8_t* bytes) noexcept {
    std::uint64_t n = 0;
    for (int i = 0; i != 8; ++i) {
      n = n << 8U | bytes[i];
    }
    return n;
  }
  static constexpr bool parse(std::string_view digits, std::uint64_t& out) noexcept {
    for (const char c : digits) {
      const bool decimal = c >= '0' && c <= '9';
      if (!decimal && (c < 'a' || c > 'f')) {
        return false;
      }
      out = out << 4U | static_cast<std::uint64_t>(decimal ? c - '0' : c - 'a' + 10);
    }
    return true;
  }

  std::array<std::uint64_t, 2> trace_{};
  std::uint64_t span_ = 0;
};

}  // namespace vitals::inline v0

#endif
