// Counts in every phase of a program's end, and scrapes after it: nothing may be lost, whatever the order.
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include <vitals/vitals.hpp>

namespace {

struct touches : vitals::counter<"touches_total", "Touches."> {};
struct last : vitals::histogram<"last_seconds", "Last.", vitals::buckets::of<1>> {};
struct level : vitals::gauge<"level_ratio", "Level."> {};
struct peak : vitals::max_gauge<"peak", "Peak.", vitals::window<3600>> {};
using metrics = vitals::registry<touches, last, level, peak>;

void touch() {
  metrics::get<touches>().inc();
  metrics::get<last>().observe(std::chrono::milliseconds{500});
  metrics::get<level>().set(0.5);
  metrics::get<peak>().observe(metrics::get<touches>().value());  // so that the last one is the largest
}

struct at_end {
  ~at_end() { touch(); }
};

/// Made before all other statics, so destroyed after them.
struct judge {
  ~judge() {
    touch();
    const std::string page = vitals::scrape<metrics>();
    const bool right = metrics::get<touches>().value() == 8 && metrics::get<last>().value().sum == 4 &&
                       metrics::get<peak>().value() == 8 && page.find("touches_total 8\n") != std::string::npos &&
                       page.find("last_seconds_sum 4\n") != std::string::npos;
    if (!right) {
      std::fputs(page.c_str(), stderr);
      _exit(1);
    }
  }
} the_judge;

at_end a_static;

/// Counts before main.
struct early {
  early() { touch(); }
} an_early_touch;

}  // namespace

int main() {
  thread_local at_end before_the_block;  // destroyed after the main thread's cells are folded
  static_cast<void>(&before_the_block);
  touch();
  std::thread([] {
    thread_local at_end at_the_threads_end;
    static_cast<void>(&at_the_threads_end);
    touch();
  }).join();
  std::atexit(touch);
}
