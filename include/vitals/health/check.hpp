// What a check finds, and how a finding becomes a component's state.
#ifndef VITALS_HEALTH_CHECK_HPP
#define VITALS_HEALTH_CHECK_HPP

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <vitals/core/cell.hpp>
#include <vitals/health/component_state.hpp>
#include <vitals/health/errors.hpp>
#include <vitals/health/mark.hpp>
#include <vitals/health/report.hpp>
#include <vitals/metric/duration.hpp>

namespace vitals::inline v0 {

/// What a check found. The reason is one of a few texts, such as "timeout"; the message is for people: it goes to the
/// table of errors alone.
struct check_result {
  report what = report::success;
  std::string reason{};
  std::string message{};

  check_result() = default;
  // NOLINTNEXTLINE(google-explicit-constructor): a check may return a bool, and nothing else that becomes one
  check_result(std::same_as<bool> auto passed) : what(passed ? report::success : report::failure) {}

  [[nodiscard]] static check_result pass() { return {}; }
  [[nodiscard]] static check_result degraded(std::string reason, std::string message = {}) {
    return {report::degradation, std::move(reason), std::move(message)};
  }
  [[nodiscard]] static check_result failed(std::string reason, std::string message = {}) {
    return {report::failure, std::move(reason), std::move(message)};
  }

 private:
  check_result(report r, std::string why, std::string text)
      : what(r),
        reason(std::move(why)),
        message(std::move(text)) {}
};

namespace detail {

inline std::size_t check_bucket(nanos took) noexcept {
  std::size_t bucket = 0;
  while (bucket != std::size(check_bounds) && took > nanos_of_seconds(check_bounds[bucket])) {
    ++bucket;
  }
  return bucket;
}

/// Makes a check's result the report on its component; one that failed is an error too.
inline void record_check(const health_ref& of, std::size_t index, report what, std::string_view reason,
                         std::string_view message) noexcept {
  of.at(index, component_cell::checked).store(of.clock.milliseconds() + 1, std::memory_order_relaxed);
  if (what != report::success && reason.empty()) {
    reason = what == report::failure ? "check_failed" : "check_degraded";
  }
  if (what == report::failure || (what == report::degradation && !message.empty())) {
    record_error(of, index, reason, message);
  }
  mark_component(of, index, what, what == report::success ? std::string_view{} : reason);
}

/// Counts how long a check took.
inline void record_check_duration(const health_ref& of, std::size_t index, nanos took) noexcept {
  cell* const cells = &of.at(index, component_cell::durations);
  common_add(cells[1 + check_bucket(took)], std::uint64_t{1});
  wide_total::common_add(cells[0], cells[check_cells - 1], took < 0 ? 0 : took);
}

}  // namespace detail

}  // namespace vitals::inline v0

#endif
