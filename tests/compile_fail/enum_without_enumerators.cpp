// expect: this enum has no enumerator from 0 upward: list its values with
// shows: code
#include <vitals/vitals.hpp>

#ifdef FAIL
enum class code : int {};
#else
enum class code : int { ok };
#endif

struct m : vitals::counter<"jobs_total", "Jobs done.", vitals::label<"code", code>> {};
using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>(code{}).inc();
}
