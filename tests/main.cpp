#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <clocale>

// The tests run under a locale with a decimal comma where the machine has one: nothing that is printed may change.
int main(int argc, char** argv) {
  std::setlocale(LC_ALL, "de_DE.UTF-8");
  return doctest::Context(argc, argv).run();
}
