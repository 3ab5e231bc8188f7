// Built with NUMBER = 0, 1, ...: a small library with a registry of its own, and so a place in static TLS space.
#include <vitals/vitals.hpp>

namespace {
template <int>
struct ticks : vitals::counter<"ticks_total", "Ticks."> {};
using metrics = vitals::registry<ticks<NUMBER>>;
}  // namespace

extern "C" [[gnu::visibility("default")]] unsigned long tick() {
  metrics::get<ticks<NUMBER>>().inc();
  return metrics::get<ticks<NUMBER>>().value();
}
