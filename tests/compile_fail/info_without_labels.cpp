// expect: an info's labels are what it says: add vitals::constant
// shows: app_build_info
#include <vitals/vitals.hpp>

#ifdef FAIL
struct m : vitals::info<"app_build_info", "Build."> {};
#else
struct m : vitals::info<"app_build_info", "Build.", vitals::constant<"version", "1">> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  static_cast<void>(vitals::scrape<metrics>());
}
