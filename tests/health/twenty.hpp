// A program of 20 components, for what a probe costs: some beat, some depend on others, half of them are not well.
#ifndef VITALS_TESTS_HEALTH_TWENTY_HPP
#define VITALS_TESTS_HEALTH_TWENTY_HPP

#include <chrono>
#include <cstddef>
#include <type_traits>
#include <utility>

#include <vitals/core/fixed_string.hpp>
#include <vitals/health/component.hpp>
#include <vitals/health/health.hpp>

namespace twenty {

using namespace std::chrono_literals;

template <std::size_t I>
struct name_of {
  static constexpr char text[8] = {'p', 'a', 'r', 't', '_', '0' + I / 10, '0' + I % 10, 0};
};

template <std::size_t I>
struct part : vitals::component<vitals::fixed_string<8>{name_of<I>::text},
                                std::conditional_t<I % 2 == 0, vitals::critical, vitals::degrading>,
                                std::conditional_t<(I < 4), vitals::heartbeat<1h>, vitals::fall<1>>,
                                std::conditional_t<(I > 15), vitals::depends_on<part<I % 4>>, vitals::rise<1>>> {};

template <vitals::fixed_string Name, class Clock, std::size_t... I>
auto health_of(std::index_sequence<I...>) -> vitals::basic_health<Clock, Name, part<I>...>;
template <vitals::fixed_string Name, class Clock = vitals::health_clock>
using health = decltype(health_of<Name, Clock>(std::make_index_sequence<20>{}));

/// Ready as a program; of its components ten healthy, five degraded and five unhealthy with reasons and messages.
template <class Health>
void mark_all() {
  Health::mark_ready();
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    const auto mark = []<std::size_t N>(std::integral_constant<std::size_t, N>) {
      if constexpr (N % 4 == 2) {
        Health::template mark_unhealthy<part<N>>("connection_timeout", "connect: no answer in 500 ms");
      } else if constexpr (N % 4 == 3) {
        Health::template mark_degraded<part<N>>("slow");
      } else {
        Health::template mark_healthy<part<N>>();
      }
      if constexpr (N < 4) {
        Health::template beat<part<N>>();
      }
    };
    (mark(std::integral_constant<std::size_t, I>{}), ...);
  }
  (std::make_index_sequence<20>{});
}

}  // namespace twenty

#endif
