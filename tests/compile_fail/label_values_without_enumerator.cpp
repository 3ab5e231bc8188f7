// expect: a label's value is UTF-8 text, and not empty
// shows: "code"
#include <vitals/vitals.hpp>

enum class code { ok, busy };

#ifdef FAIL
constexpr auto label_values(code) {
  return std::array{code::ok, code{7}};
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
