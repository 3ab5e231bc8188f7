// What a check found, as a text.
#ifndef VITALS_TESTS_HEALTH_SAID_HPP
#define VITALS_TESTS_HEALTH_SAID_HPP

#include <cstddef>
#include <string>

#include <vitals/health/check.hpp>

inline std::string said(const vitals::check_result& r) {
  const char* const names[] = {"passed", "degraded", "failed"};
  return std::string{names[static_cast<std::size_t>(r.what)]} + (r.reason.empty() ? "" : " ") + r.reason;
}

#endif
