// A job that pushes what it did: pushing_job push|add|delete PORT DONE JOB [LABEL VALUE]...
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>

#include <vitals/http/push.hpp>
#include <vitals/metric/buckets.hpp>
#include <vitals/metric/counter.hpp>
#include <vitals/metric/gauge.hpp>
#include <vitals/metric/histogram.hpp>
#include <vitals/metric/label.hpp>
#include <vitals/registry/registry.hpp>

namespace {

struct done : vitals::counter<"job_items_total", "Items done, \"in\" a \\ job.",
                              vitals::label<"outcome", vitals::one_of<"ok", "bad">>> {};
struct last : vitals::gauge<"job_last_item_ratio", "The last item."> {};
struct spent : vitals::histogram<"job_item_duration_seconds", "Time for an item.", vitals::buckets::web> {};
struct other : vitals::counter<"other_total", "What another push of the group has."> {};
using metrics = vitals::registry<done, last, spent>;
using others = vitals::registry<other>;

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5 || argc % 2 == 0) {
    std::fputs("usage: pushing_job push|add|delete PORT DONE JOB [LABEL VALUE]...\n", stderr);
    return 2;
  }
  const std::string_view what = argv[1];
  vitals::http::push_options options{.port = static_cast<std::uint16_t>(std::atoi(argv[2])), .job = argv[4]};
  for (int i = 5; i != argc; i += 2) {
    options.grouping.emplace_back(argv[i], argv[i + 1]);
  }
  for (int i = 0; i != std::atoi(argv[3]); ++i) {
    metrics::get<done>("ok").inc();
    metrics::get<spent>().observe(0.001 * i);
    metrics::get<last>().set(i / 10.0);
    others::get<other>().inc();
  }
  try {
    if (what == "push") {
      vitals::http::push<metrics>(options);
    } else if (what == "add") {
      vitals::http::push_add<others>(options);
    } else {
      vitals::http::push_delete(options);
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
