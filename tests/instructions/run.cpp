// Calls the functions of hot.cpp in a library, from two threads, and looks for the counts on its page.
#include <dlfcn.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

namespace {

template <class Function>
Function* find(void* library, const char* name) {
  void* const symbol = dlsym(library, name);
  if (symbol == nullptr) {
    std::fprintf(stderr, "%s\n", dlerror());
    std::exit(1);
  }
  return reinterpret_cast<Function*>(symbol);
}

void count(void* library) {
  find<void()>(library, "plain_inc")();
  find<void(std::uint32_t)>(library, "plain_inc_by")(41);
  find<void(int)>(library, "label_inc")(2);
  find<void(int, int)>(library, "labels_inc")(1, 1);
  find<void()>(library, "constant_labels_inc")();
  find<void()>(library, "shared_inc")();
  find<void(std::int32_t)>(library, "up_down_add")(-7);
  find<void(double)>(library, "gauge_set")(21.5);
  find<void(double)>(library, "peak_observe")(7.5);
  find<void(double)>(library, "peak_observe")(-7.5);
  find<void(int, std::int64_t)>(library, "peak_label_observe")(2, 250);
  find<void(double)>(library, "observe_double")(50);
  find<void(std::int64_t)>(library, "observe_nanoseconds")(1'500'000'000);
}

}  // namespace

int main(int argc, char** argv) {
  void* const library = argc == 2 ? dlopen(argv[1], RTLD_NOW) : nullptr;
  if (library == nullptr) {
    std::fprintf(stderr, "usage: run LIBRARY\n%s\n", argc == 2 ? dlerror() : "");
    return 1;
  }
  count(library);
  std::thread{[&] { count(library); }}.join();
  const std::string page = find<const char*()>(library, "page")();
  int missing = 0;
  for (const char* line :
       {"\nplain_total 84\n", "\nby_method_total{method=\"put\"} 2\n", "\nby_method_total{method=\"get\"} 0\n",
        "\nby_both_total{method=\"post\",outcome=\"error\"} 2\n",
        "\nby_both_total{method=\"put\",outcome=\"error\"} 2\n", "\ncommon_total 2\n", "\ndepth -14\n",
        "\nheat_celsius 21.5\n", "\npeak 7.5\n", "\npeak_by_method_seconds{method=\"get\"} NaN\n",
        "\npeak_by_method_seconds{method=\"put\"} 2.5e-07\n", "\nsize_bytes_bucket{le=\"100.0\"} 2\n",
        "\nsize_bytes_sum 100\n", "\nlatency_seconds_sum 3\n"}) {
    if (page.find(line) == std::string::npos) {
      std::fprintf(stderr, "the page lacks%s", line);
      ++missing;
    }
  }
  std::fprintf(stderr, "%s", missing == 0 ? "" : page.c_str());
  return missing == 0 ? 0 : 1;
}
