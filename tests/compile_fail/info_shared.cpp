// expect: an info has no storage: leave out shared and packed
// shows: vitals::shared
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::info<"app_build_info", "Build.", vitals::constant<"version", "1">, vitals::shared> {};
#else
struct m : vitals::info<"app_build_info", "Build.", vitals::constant<"version", "1">> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  static_cast<void>(vitals::scrape<metrics>());
}
