#include "common.hpp"

// Built twice, with LIBRARY as first_library and second_library.
extern "C" [[gnu::visibility("default")]] const library* LIBRARY() {
  return &here;
}
