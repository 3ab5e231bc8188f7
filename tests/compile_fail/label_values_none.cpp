// expect: a label has at least one value
// shows: "code"
#include <vitals/vitals.hpp>

enum class code { ok, busy };

#ifdef FAIL
constexpr auto label_values(code) {
  return std::array<code, 0>{};
}
#else
constexpr auto label_values(code) {
  return std::array{code::ok, code::busy};
}
#endif

struct m : vitals::counter<"jobs_total", "Jobs done.", vitals::label<"code", code>> {};
using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>(code::ok).inc();
}
