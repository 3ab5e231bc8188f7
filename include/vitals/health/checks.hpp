// Ready-made checks, for a monitor or for a program's own loop: each is a callable that returns a check_result.
#ifndef VITALS_HEALTH_CHECKS_HPP
#define VITALS_HEALTH_CHECKS_HPP

#include <vitals/health/lag_check.hpp>
#include <vitals/health/metric_checks.hpp>
#include <vitals/health/system_checks.hpp>

#endif
