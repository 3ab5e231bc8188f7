#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <clocale>
#include <cstdlib>
#include <new>

#include <allocations.hpp>
#include <count_locks.hpp>

#if VITALS_TESTS_COUNT_ALLOCATIONS
constinit thread_local std::size_t allocations = 0;

[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* const memory = std::malloc(size != 0 ? size : 1)) {
    return memory;
  }
  throw std::bad_alloc{};
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
#endif

// The tests run under a locale with a decimal comma where the machine has one: nothing that is printed may change.
int main(int argc, char** argv) {
  std::setlocale(LC_ALL, "de_DE.UTF-8");
  return doctest::Context(argc, argv).run();
}
