// Counts in an executable and in two libraries, linked or opened by dlopen (their paths are then the arguments), from
// threads that end: one registry, whoever asks. With `--report` behind the paths it only tells who sees whom.
#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#include "common.hpp"

#ifdef LINKED
extern "C" const library* first_library();
extern "C" const library* second_library();
#endif

namespace {

int failures = 0;

void check(bool holds, const char* what, int line) {
  if (!holds) {
    std::fprintf(stderr, "line %d: %s\n", line, what);
    ++failures;
  }
}
#define CHECK(condition) check((condition), #condition, __LINE__)

struct opened {
  void* handle;
  const library* functions;
};

opened open(const char* path, const char* name) {
  void* const handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  void* const symbol = handle != nullptr ? dlsym(handle, name) : nullptr;
  if (symbol == nullptr) {
    std::fprintf(stderr, "%s\n", dlerror());
    std::exit(2);
  }
  const library* (*table)() = nullptr;
  std::memcpy(&table, &symbol, sizeof table);
  return {handle, table()};
}

constexpr std::uint64_t threads = 8;
constexpr std::uint64_t rounds = 1000;

/// Some threads that each touch from all three places, in turns, and end.
void touch_from_threads(const library& first, const library& second) {
  std::vector<std::thread> all;
  for (std::uint64_t t = 0; t != threads; ++t) {
    all.emplace_back([&] {
      for (std::uint64_t i = 0; i != rounds; ++i) {
        here.touch(part::executable);
        first.touch(part::first);
        second.touch(part::second);
      }
    });
  }
  for (std::thread& one : all) {
    one.join();
  }
}

/// Everybody sees the same, and it is all there.
void check_totals(const library& asked, std::uint64_t each) {
  for (const part p : {part::executable, part::first, part::second}) {
    CHECK(asked.touches_of(p) == each);
  }
  std::string page;
  asked.page(page);
  const auto has = [&page](const std::string& line) { return page.find(line + "\n") != std::string::npos; };
  const std::string all = std::to_string(3 * each);
  CHECK(has("common_total " + all));
  CHECK(has("times_seconds_count " + all));
  CHECK(has("sizes_bytes_bucket{le=\"+Inf\"} " + all));
  CHECK(has("times_seconds_sum " + std::to_string(6 * each)));
  CHECK(has("sizes_bytes_sum " + std::to_string(9 * each)));
}

void check_levels(const library& first, const library& second) {
  first.set_level(0.75);
  CHECK(here.level_now() == 0.75);
  CHECK(second.level_now() == 0.75);
  here.set_level(0.5);
  CHECK(first.level_now() == 0.5);
  CHECK(second.level_now() == 0.5);
}

/// A name that one of them interned is the same value for all.
void check_names(const library& first, const library& second) {
  first.touch_name("ours");
  second.touch_name("theirs");
  here.touch_name("theirs");
  second.touch_name("ours");
  for (const library* asked : {&here, &first, &second}) {
    std::string page;
    asked->page(page);
    CHECK(page.find("by_name_total{name=\"ours\"} 2\n") != std::string::npos);
    CHECK(page.find("by_name_total{name=\"theirs\"} 2\n") != std::string::npos);
  }
}

}  // namespace

int main(int count, char** arguments) {
#ifdef LINKED
  static_cast<void>(count);
  static_cast<void>(arguments);
  static_cast<void>(&open);
  const library& first = *first_library();
  const library& second = *second_library();
#else
  if (count < 3) {
    return 2;
  }
  here.touch(part::executable);  // the executable is there first, and a thread that lives on
  const opened one = open(arguments[1], "first_library");
  const opened two = open(arguments[2], "second_library");
  const library& first = *one.functions;
  const library& second = *two.functions;
  first.touch(part::first);
  second.touch(part::second);
  const bool together = here.touches_of(part::first) == 1 && first.touches_of(part::second) == 1;
  if (count > 3 && std::strcmp(arguments[3], "--report") == 0) {
    std::printf("executable sees first: %d, first sees second: %d\n", here.touches_of(part::first) == 1,
                first.touches_of(part::second) == 1);
    return 0;
  }
  CHECK(together);
#endif
  std::uint64_t each = first.touches_of(part::first);  // 0, or 1 from above
  touch_from_threads(first, second);
  each += threads * rounds;
  check_totals(here, each);
  check_totals(first, each);
  check_totals(second, each);
  check_levels(first, second);
  check_names(first, second);

#ifndef LINKED
  // A library is closed while threads that touched it live: nothing is lost when they end.
  std::thread outlives([&] {
    here.touch(part::executable);
    first.touch(part::first);
    second.touch(part::second);
    dlclose(one.handle);
  });
  outlives.join();
  check_totals(here, each + 1);
  check_totals(second, each + 1);
  dlclose(two.handle);
  here.touch(part::executable);
  CHECK(here.touches_of(part::executable) == each + 2);
  here.touch_name("ours");  // whose text a closed library gave
  std::string page;
  here.page(page);
  CHECK(page.find("by_name_total{name=\"ours\"} 3\n") != std::string::npos);
#endif
  return failures == 0 ? 0 : 1;
}
