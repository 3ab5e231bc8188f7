// expect: a metric has at most 16 million series: leave out a label
// shows: "jobs_total"
#include <vitals/vitals.hpp>

enum class e {
  v0,
  v1,
  v2,
  v3,
  v4,
  v5,
  v6,
  v7,
  v8,
  v9,
  v10,
  v11,
  v12,
  v13,
  v14,
  v15,
  v16,
  v17,
  v18,
  v19,
  v20,
  v21,
  v22,
  v23,
  v24,
  v25,
  v26,
  v27,
  v28,
  v29,
  v30,
  v31
};

#ifdef FAIL
struct m : vitals::counter<"jobs_total", "Jobs done.", vitals::label<"a", e>, vitals::label<"b", e>,
                           vitals::label<"c", e>, vitals::label<"d", e>, vitals::label<"e", e>> {};
#else
struct m : vitals::counter<"jobs_total", "Jobs done.", vitals::label<"a", e>, vitals::label<"b", e>> {};
#endif

using metrics = vitals::registry<m>;
void touch() {
  std::string text = vitals::scrape<metrics>();
}
