// expect: an info has no unit: leave it out
// shows: unit::custom
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::info<"app_build_info", "Build.", vitals::constant<"version", "1">, vitals::unit::custom<"info">> {};
#else
struct m : vitals::info<"app_build_info", "Build.", vitals::constant<"version", "1">> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  static_cast<void>(vitals::scrape<metrics>());
}
