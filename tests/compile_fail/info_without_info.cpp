// expect: an info's name ends in _info: write
// shows: app_build
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::info<"app_build", "Build.", vitals::constant<"version", "1">> {};
#else
struct m : vitals::info<"app_build_info", "Build.", vitals::constant<"version", "1">> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  static_cast<void>(vitals::scrape<metrics>());
}
