// Prints a scrape of this process.
#include <cstdio>

#include <vitals/expose/scrape.hpp>
#include <vitals/process/process_metrics.hpp>

int main() {
  std::fputs(vitals::scrape<vitals::process_metrics>().c_str(), stdout);
}
