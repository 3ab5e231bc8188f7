// A program whose components are checked, and what a check left in it.
#ifndef VITALS_TESTS_HEALTH_CHECKED_HPP
#define VITALS_TESTS_HEALTH_CHECKED_HPP

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <future>
#include <string>
#include <string_view>

#include <vitals/core/fixed_string.hpp>
#include <vitals/health/component.hpp>
#include <vitals/health/errors.hpp>
#include <vitals/health/health.hpp>
#include <vitals/health/report.hpp>

namespace checked {

using namespace std::chrono_literals;

struct test_clock {
  static inline std::atomic<std::uint64_t> now = 10'000;
  static std::uint64_t milliseconds() noexcept { return now; }
  static std::uint64_t wall() noexcept { return 1'700'000'000'000 + now; }
  static std::uint64_t ticks() noexcept { return now; }
  static std::uint64_t silence(std::uint64_t ticks) noexcept { return now - ticks; }
};

struct store : vitals::component<"store", vitals::critical> {};
struct cache : vitals::component<"cache", vitals::degrading> {};
struct loop : vitals::component<"loop", vitals::informational, vitals::heartbeat<5s>> {};

template <vitals::fixed_string Name>
using of = vitals::basic_health<test_clock, Name, store, cache, loop>;
template <vitals::fixed_string Name>
using real = vitals::health<Name, store, cache, loop>;

/// What a check waits for.
class gate {
 public:
  void open() { promise_.set_value(); }
  void pass() { future_.wait(); }

 private:
  std::promise<void> promise_;
  std::shared_future<void> future_{promise_.get_future()};
};

template <class Health>
std::uint64_t errors(std::string_view component, std::string_view type) {
  std::uint64_t count = 0;
  vitals::detail::each_error(Health::ref(), [&](const vitals::error_report& e) {
    count += e.component == component && e.type == type ? e.count : 0;
  });
  return count;
}
template <class Health>
std::string message(std::string_view type) {
  std::string text;
  vitals::detail::each_error(
      Health::ref(), [&](const vitals::error_report& e) { text = e.type == type ? std::string{e.message()} : text; });
  return text;
}
template <class Health>
vitals::component_report store_of() {
  return Health::report().all[0];
}
template <class Health>
std::uint64_t durations() {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i != std::size(vitals::detail::check_bounds) + 1; ++i) {
    sum += Health::ref().at(0, vitals::detail::component_cell::durations, 1 + i).load();
  }
  return sum;
}

}  // namespace checked

#endif
