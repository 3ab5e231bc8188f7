// expect: this enum has gaps or starts below 0: list its values with
// shows: code
#include <vitals/vitals.hpp>

#ifdef FAIL
enum class code { ok = 0, busy = 2 };
#else
enum class code { ok = 0, busy = 2 };
constexpr auto label_values(code) {
  return std::array{code::ok, code::busy};
}
#endif

struct m : vitals::counter<"jobs_total", "Jobs done.", vitals::label<"code", code>> {};
using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>(code::busy).inc();
}
