#include <vitals/metric/info.hpp>

#include <string>

#include <doctest/doctest.h>

#include <vitals/expose/scrape.hpp>
#include <vitals/metric/counter.hpp>
#include <vitals/registry/registry.hpp>

namespace info_tests {

struct disk
    : vitals::info<"info_disk_info", "The disk.", vitals::constant<"model", "X9">, vitals::constant<"size", "1 TB">> {};
struct build : vitals::build_info<"info_build_info", "1.4.2", "9fceb02"> {};
struct jobs : vitals::counter<"info_jobs_total", "Jobs."> {};
using metrics = vitals::registry<disk, jobs, build>;

TEST_CASE("an info is a series of value 1, which takes no cell") {
  metrics::get<jobs>().inc(3U);
  static_assert(vitals::registry<disk, build>::source().cells == 0);
  const std::string page = vitals::scrape<metrics>();
  CHECK(
      page.starts_with("# HELP info_disk_info The disk.\n# TYPE info_disk_info gauge\n"
                       "info_disk_info{model=\"X9\",size=\"1 TB\"} 1\n"
                       "# HELP info_jobs_total Jobs.\n# TYPE info_jobs_total counter\ninfo_jobs_total 3\n"
                       "# HELP info_build_info Which build runs, and what compiled it.\n"
                       "# TYPE info_build_info gauge\n"
                       "info_build_info{version=\"1.4.2\",commit=\"9fceb02\",compiler=\""));
#if defined(__clang__)
  CHECK(page.find(std::string{"compiler=\"clang "} + __clang_version__ + "\"} 1\n") != std::string::npos);
#else
  CHECK(page.find("compiler=\"g++ " __VERSION__ "\"} 1\n") != std::string::npos);
#endif
}

TEST_CASE("a page of infos alone") {
  CHECK(vitals::scrape<vitals::registry<disk>>() ==
        "# HELP info_disk_info The disk.\n# TYPE info_disk_info gauge\n"
        "info_disk_info{model=\"X9\",size=\"1 TB\"} 1\n");
}

}  // namespace info_tests
