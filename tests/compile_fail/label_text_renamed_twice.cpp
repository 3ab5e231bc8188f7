// expect: two values of this label have the same text
// shows: "method"
#include <vitals/vitals.hpp>

enum class method { get, post };

#ifdef FAIL
constexpr std::string_view label_text(method) {
  return "read";
}
#else
constexpr std::string_view label_text(method m) {
  return m == method::get ? "read" : "write";
}
#endif

struct m : vitals::counter<"jobs_total", "Jobs done.", vitals::label<"method", method>> {};
using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>(method::get).inc();
}
