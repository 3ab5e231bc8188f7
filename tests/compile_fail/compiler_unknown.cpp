// expect: vitals needs g++ 12 or clang 14 or newer
#ifdef FAIL
#undef __GNUC__
#endif
#include <vitals/core/config.hpp>
