#include <vitals/vitals.hpp>
