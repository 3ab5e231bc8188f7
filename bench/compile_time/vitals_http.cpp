#define VITALS_HTTP
#include <vitals/vitals.hpp>
