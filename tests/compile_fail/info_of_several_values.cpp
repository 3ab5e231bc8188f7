// expect: an info's labels have one value each: write vitals::constant
// shows: label<"debug", bool>
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::info<"app_build_info", "Build.", vitals::label<"debug", bool>> {};
#else
struct m : vitals::info<"app_build_info", "Build.", vitals::constant<"version", "1">> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  static_cast<void>(vitals::scrape<metrics>());
}
