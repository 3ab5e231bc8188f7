#include <vitals/expose/scrape.hpp>

#include <string>
#include <thread>
#include <type_traits>

#include <doctest/doctest.h>

#include <vitals/metric/counter.hpp>
#include <vitals/registry/registry.hpp>

namespace scrape_tests {

struct jobs : vitals::counter<"scrape_jobs_total", "Jobs."> {};
struct failures : vitals::counter<"scrape_failures_total", "Failures."> {};
using work = vitals::registry<jobs>;
using trouble = vitals::registry<failures>;

template <class... Sources>
concept scrapes = requires(std::string& out) {
  vitals::scrape<Sources...>();
  vitals::scrape<Sources...>(out);
};
static_assert(scrapes<work>);
static_assert(scrapes<work, trouble>);
static_assert(!scrapes<>);
static_assert(!scrapes<int>);
static_assert(!scrapes<jobs>);
static_assert(!scrapes<work, int>);
static_assert(std::is_same_v<decltype(vitals::scrape<work>()), std::string>);

TEST_CASE("a scrape is the exposition of its sources, in their order") {
  work::reset_after_fork();
  trouble::reset_after_fork();
  work::get<jobs>().inc(3U);
  const std::string of_work = "# HELP scrape_jobs_total Jobs.\n# TYPE scrape_jobs_total counter\nscrape_jobs_total 3\n";
  const std::string of_trouble =
      "# HELP scrape_failures_total Failures.\n# TYPE scrape_failures_total counter\nscrape_failures_total 0\n";
  CHECK(vitals::scrape<work>() == of_work);
  CHECK(vitals::scrape<work, trouble>() == of_work + of_trouble);
  CHECK(vitals::scrape<trouble, work>() == of_trouble + of_work);
}

TEST_CASE("a scrape into a buffer replaces it and keeps its memory") {
  std::string out = "before";
  vitals::scrape<work>(out);
  CHECK(out == vitals::scrape<work>());
  const char* const memory = out.data();
  work::get<jobs>().inc();
  vitals::scrape<work>(out);
  CHECK(out == vitals::scrape<work>());
  CHECK(out.data() == memory);
}

TEST_CASE("a scrape from a thread that counts nothing is the same") {
  std::string there;
  std::thread{[&] { there = vitals::scrape<work, trouble>(); }}.join();
  CHECK(there == vitals::scrape<work, trouble>());
}

}  // namespace scrape_tests
