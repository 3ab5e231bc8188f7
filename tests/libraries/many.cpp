// Opens one library again and again under other names, each with its own place in static TLS space: how many fit is
// printed; at least as many as asked for must. Arguments: the library, a folder for the copies, the number asked for.
#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

int main(int, char** arguments) {
  const int wanted = std::atoi(arguments[3]);
  const std::filesystem::path folder{arguments[2]};
  std::filesystem::create_directories(folder);
  int opened = 0;
  for (; opened != 1000; ++opened) {
    const auto copy = folder / (std::to_string(opened) + ".so");
    std::filesystem::copy_file(arguments[1], copy, std::filesystem::copy_options::overwrite_existing);
    void* const handle = dlopen(copy.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
      std::printf("%s\n", dlerror());
      break;
    }
    unsigned long (*tick)() = nullptr;
    void* const symbol = dlsym(handle, "tick");
    std::memcpy(&tick, &symbol, sizeof tick);
    tick();
  }
  std::printf("%d libraries fit\n", opened);
  std::filesystem::remove_all(folder);
  return opened >= wanted ? 0 : 1;
}
