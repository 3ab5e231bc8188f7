// expect: the labels le and quantile are written by histograms and summaries
// shows: "quantile"
#include <vitals/vitals.hpp>

enum class method { get, post };

#ifdef FAIL
struct m : vitals::counter<"jobs_total", "Jobs done.", vitals::label<"quantile", method>> {};
#else
struct m : vitals::counter<"jobs_total", "Jobs done.", vitals::label<"method", method>> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  metrics::get<m>(method::get).inc();
}
