// The state of one component: a word of 64 bits, and how reports change it.
#ifndef VITALS_HEALTH_COMPONENT_STATE_HPP
#define VITALS_HEALTH_COMPONENT_STATE_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <vitals/core/config.hpp>

namespace vitals::inline v0 {

/// How a component fares.
enum class status : std::uint8_t {
  unknown,  ///< nothing was reported yet
  healthy,
  degraded,   ///< it works, but worse than it should
  unhealthy,  ///< it does not work
};

/// What is reported of a component.
enum class report : std::uint8_t { success, degradation, failure };

[[nodiscard]] constexpr std::string_view name_of(status s) noexcept {
  constexpr std::string_view names[] = {"unknown", "healthy", "degraded", "unhealthy"};
  return names[static_cast<std::size_t>(s)];
}

namespace detail {

inline constexpr std::size_t statuses = 4;
inline constexpr std::size_t reports = 3;

/// What enough reports in a row show.
enum class evidence : std::uint8_t {
  success,     ///< they are successes
  no_failure,  ///< none of them is a failure
  no_success,  ///< none of them is a success
  failure,     ///< they are failures
};
inline constexpr std::size_t evidences = 4;

/// The status that evidence leads to: a row for each status, a column for each evidence. None leads back to unknown.
inline constexpr status component_table[statuses][evidences] = {
    {status::healthy, status::degraded, status::degraded, status::unhealthy},
    {status::healthy, status::healthy, status::degraded, status::unhealthy},
    {status::healthy, status::degraded, status::degraded, status::unhealthy},
    {status::healthy, status::degraded, status::unhealthy, status::unhealthy},
};

constexpr status target_of(status from, evidence e) noexcept {
  return component_table[static_cast<std::size_t>(from)][static_cast<std::size_t>(e)];
}

/// When reports are believed.
struct component_policy {
  std::uint32_t fall = 1;             ///< so many failures, or reports without a success, in a row make it worse
  std::uint32_t rise = 1;             ///< so many successes, or reports without a failure, in a row make it better
  std::uint64_t dwell = 0;            ///< ms that it stays as it is before it becomes better
  std::uint64_t grace = 0;            ///< ms after the start in which a failure leaves it unknown
  std::uint32_t flap_limit = 0;       ///< so many changes within the window are flapping; 0: never
  std::uint64_t flap_window = 60000;  ///< ms
};

/// What a component's word holds. Two runs are enough to know, after a success, the successes in a row and the reports
/// without a failure; after a failure, the failures and the reports without a success; after a degradation, the reports
/// without either.
struct component_state {
  static constexpr std::uint32_t most_in_a_row = (1U << 8U) - 1;
  static constexpr std::uint32_t most_reason = (1U << 6U) - 1;
  static constexpr std::uint64_t most_time = (std::uint64_t{1} << 38U) - 1;

  status now = status::unknown;
  report last = report::success;  ///< what was reported last
  std::uint32_t failure_run = 0;  ///< so many in a row were failures, as the last one is, or were none, as it is none
  std::uint32_t success_run = 0;  ///< the same of successes. Both stop at `most_in_a_row`
  std::uint32_t reason = 0;       ///< of the last report that was no success; 0: none
  std::uint64_t since = 0;        ///< ms of the last change, by a clock that does not step; 8.7 years of them
  bool has_erred = false;         ///< there were errors since the last report, which was a success

  friend constexpr bool operator==(const component_state&, const component_state&) = default;

  /// How often in a row the last report was made, up to `most_in_a_row`; 0: there was none.
  [[nodiscard]] constexpr std::uint32_t in_a_row() const noexcept {
    return failure_run < success_run ? failure_run : success_run;
  }

  /// With one more report, whatever follows from it.
  [[nodiscard]] constexpr component_state with(report r) const noexcept {
    constexpr auto count = [](std::uint32_t run, bool goes_on) {
      return !goes_on ? 1 : run == most_in_a_row ? run : run + 1;
    };
    component_state s = *this;
    s.failure_run = count(failure_run, (r == report::failure) == (last == report::failure));
    s.success_run = count(success_run, (r == report::success) == (last == report::success));
    s.last = r;
    s.has_erred = false;
    return s;
  }

  /// The word: 2 bits status, 2 last report (or a success with errors since), 8 and 8 runs, 6 reason, 38 time.
  [[nodiscard]] constexpr std::uint64_t packed() const noexcept {
    return static_cast<std::uint64_t>(now) | (has_erred ? erred : static_cast<std::uint64_t>(last)) << 2U |
           static_cast<std::uint64_t>(failure_run) << 4U | static_cast<std::uint64_t>(success_run) << 12U |
           static_cast<std::uint64_t>(reason) << 20U | since << 26U;
  }
  [[nodiscard]] static constexpr component_state of(std::uint64_t word) noexcept {
    return {.now = static_cast<status>(word & 3U),
            .last = (word >> 2U & 3U) == erred ? report::success : static_cast<report>(word >> 2U & 3U),
            .failure_run = static_cast<std::uint32_t>(word >> 4U) & most_in_a_row,
            .success_run = static_cast<std::uint32_t>(word >> 12U) & most_in_a_row,
            .reason = static_cast<std::uint32_t>(word >> 20U) & most_reason,
            .since = word >> 26U,
            .has_erred = (word >> 2U & 3U) == erred};
  }

 private:
  static constexpr std::uint64_t erred = reports;  // beside the reports
};

/// A success that would change nothing but how many there were: healthy, and the last report was one, without errors
/// since.
VITALS_HOT bool is_steadily_healthy(std::uint64_t word) noexcept {
  constexpr component_state steady{.now = status::healthy, .last = report::success};
  return (word & 15U) == (steady.packed() & 15U);
}

/// How long ago `then` was; 0 where a clock has stepped back.
constexpr std::uint64_t elapsed(std::uint64_t then, std::uint64_t now) noexcept {
  return now < then ? 0 : now - then;
}

/// How far apart two times are: where a clock has stepped back, a wait is not as long as the step.
constexpr std::uint64_t distance(std::uint64_t then, std::uint64_t now) noexcept {
  return now < then ? then - now : now - then;
}

/// Whether a component is calm rather than flapping, and the ms since when; 0: always.
struct calmness {
  bool calm = true;
  std::uint64_t since = 0;
};

constexpr bool is_better(status than, status s) noexcept {
  return than == status::unknown ? s == status::healthy : s < than;
}

/// The status that the reports so far lead to, as far as their number goes. The first one is believed alone.
constexpr status target_of(const component_state& s, const component_policy& p) noexcept {
  const bool first = s.now == status::unknown;
  const std::uint32_t fall = first ? 1 : p.fall;
  const std::uint32_t rise = first ? 1 : p.rise;
  status to = s.now;
  if (s.last != report::failure && s.failure_run >= rise) {
    to = target_of(to, evidence::no_failure);
  }
  if (s.last != report::success && s.success_run >= fall) {
    to = target_of(to, evidence::no_success);
  }
  if (s.last == report::success && s.success_run >= rise) {
    to = target_of(to, evidence::success);
  }
  if (s.last == report::failure && s.failure_run >= fall) {
    to = target_of(to, evidence::failure);
  }
  return to;
}

/// What is believed of a component at a time, without a further report: an improvement that had to wait is there since
/// its dwell is over and the component is calm.
constexpr component_state settled(component_state s, std::uint64_t now, const component_policy& p,
                                  calmness calm) noexcept {
  const status target = target_of(s, p);
  const bool waits = s.now != status::unknown && is_better(s.now, target);
  if (waits && calm.calm && distance(s.since, now) >= p.dwell) {
    const std::uint64_t due = s.since + p.dwell < calm.since ? calm.since : s.since + p.dwell;
    s.now = target;
    s.since = due < now ? due : now;
    s.reason = target == status::healthy ? 0 : s.reason;
  }
  return s;
}

/// The state after a report. `in_grace`: whether the process has only just started.
constexpr component_state after(component_state s, report r, std::uint32_t reason, std::uint64_t now,
                                const component_policy& p, bool in_grace, calmness calm) noexcept {
  s = settled(s, now, p, calm).with(r);
  s.reason = r == report::success ? s.reason : reason;
  const status target = target_of(s, p);
  const bool worse = !is_better(s.now, target);
  const bool held = s.now == status::unknown ? r == report::failure && in_grace
                                             : !worse && (!calm.calm || distance(s.since, now) < p.dwell);
  if (target != s.now && !held) {
    s.now = target;
    s.since = now;
  }
  s.reason = s.now == status::healthy && r == report::success ? 0 : s.reason;
  return s;
}

}  // namespace detail

}  // namespace vitals::inline v0

#endif
