// What README.md's pieces of C++ leave to the reader's imagination.
#ifndef VITALS_TESTS_README_CODE_HPP
#define VITALS_TESTS_README_CODE_HPP

#include <chrono>
#include <vector>

#include <vitals/vitals.hpp>

namespace readme_code {

using namespace std::chrono_literals;

enum class method { get, post };
struct latency : vitals::histogram<"request_duration_seconds", "Time to serve one request.", vitals::buckets::web,
                                   vitals::label<"method", method>> {};
struct requests_total : vitals::counter<"requests_total", "Requests served."> {};
struct errors_total : vitals::counter<"errors_total", "Requests that failed."> {};
using metrics = vitals::registry<latency, requests_total, errors_total>;

inline const auto requests = metrics::get<requests_total>();
inline const auto errors = metrics::get<errors_total>();

struct connections {
  bool ping() { return true; }
};
inline connections pool;
inline std::vector<int> jobs;

}  // namespace readme_code

#endif
