// expect: this enum has no enumerator from 0 upward: list its values with
// shows: code
#include <vitals/vitals.hpp>

#ifdef FAIL
enum class code { ok = 200, not_found = 404 };
#else
enum class code { ok = 200, not_found = 404 };
constexpr auto label_values(code) {
  return std::array{code::ok, code::not_found};
}
#endif

struct m : vitals::counter<"jobs_total", "Jobs done.", vitals::label<"code", code>> {};
using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>(code::ok).inc();
}
