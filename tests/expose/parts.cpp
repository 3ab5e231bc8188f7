// Pages in parts are the pages that are rendered at once.
#include <doctest/doctest.h>

#include <allocations.hpp>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

#include <expose/odd.hpp>
#include <vitals/expose/callbacks.hpp>
#include <vitals/expose/json.hpp>
#include <vitals/expose/openmetrics.hpp>
#include <vitals/expose/page.hpp>
#include <vitals/expose/prometheus.hpp>
#include <vitals/expose/protobuf.hpp>
#include <vitals/metric/exemplar.hpp>
#include <vitals/metric/slots.hpp>

namespace parts_tests {

using server = vitals::slots<"parts_server", 4>;
struct traced : vitals::counter<"parts_traced_total", "Traced.", vitals::exemplars> {};
struct waits : vitals::native_histogram<"parts_waits_seconds", "Waits.", vitals::native<0, 0, 12>, vitals::exemplars> {
};
struct served : vitals::counter<"parts_served_total", "Served.", server> {};
struct unserved : vitals::counter<"parts_unserved_total", "None of its series is there.", vitals::slots<"none", 2>> {};
using metrics = vitals::registry<traced, waits, unserved, served>;

/// All of a page in parts of `bytes`, and how many parts these were.
template <class Page>
std::string in_parts(Page& page, std::size_t bytes, std::size_t& parts) {
  std::string out;
  parts = 1;
  page.begin();
  for (; !page.more(out, bytes); ++parts) {
  }
  return out;
}

template <class Page>
void check_parts(Page& page, std::size_t largest_piece) {
  std::string whole;
  page.render(whole);
  for (const std::size_t bytes :
       {std::size_t{1}, std::size_t{7}, std::size_t{64}, std::size_t{1000}, whole.size(), std::size_t{1} << 20}) {
    CAPTURE(bytes);
    std::size_t parts = 0;
    CHECK((in_parts(page, bytes, parts) == whole));
    CHECK(parts >= whole.size() / (bytes + largest_piece));
    CHECK(parts <= whole.size() / bytes + 10);
  }
  std::string again;
  page.render(again);
  CHECK(again == whole);
}

TEST_CASE("a page in parts of any size is the page") {
  odd::fill();
  metrics::reset_after_fork();
  metrics::get<traced>().inc(1U, {{1, 2}, 3});
  metrics::get<waits>().observe(1.5, {{1, 2}, 3});
  metrics::get<served>(server::intern("a")).inc();
  vitals::callbacks calls;
  calls.gauge("parts_absent", "Absent.", []() -> int { throw std::runtime_error{"absent"}; });
  calls.gauge("parts_present", "Present.", [] { return 1; });
  const std::vector<vitals::source_ref> sources{odd::metrics::source(), calls.source(), metrics::source()};
  // A callback's failures are counted at each rendering: without them the page is the same each time.
  const std::vector<vitals::source_ref> same{odd::metrics::source(), metrics::source()};
  for (const auto& format :
       {vitals::prometheus_text::format, vitals::openmetrics_with_created::format, vitals::json_text::format}) {
    vitals::page page{format, same};
    check_parts(page, 500);
  }
  vitals::protobuf_page page{same};
  check_parts(page, 2500);  // a native histogram is one piece
  vitals::page failing{vitals::prometheus_text::format, sources};
  std::size_t parts = 0;
  const std::string text = in_parts(failing, 10, parts);
  CHECK(text.find("parts_absent") == std::string::npos);
  CHECK(text.find("\nparts_present 1\n") != std::string::npos);
  CHECK(text.find("\nvitals_callback_failures_total 1\n") != std::string::npos);
}

TEST_CASE("long texts are one part each, empty pages are one") {
  for (const std::size_t times : odd::long_times) {
    const odd::long_texts texts{times};
    const vitals::source_ref source = texts.source();
    vitals::page page{vitals::prometheus_text::format, {&source, 1}};
    check_parts(page, 4 * times * odd::long_texts::unit.size() + 100);
    vitals::protobuf_page proto{{&source, 1}};
    check_parts(proto, 4 * times * odd::long_texts::unit.size() + 100);
  }
  vitals::page none{vitals::prometheus_text::format, {}};
  std::size_t parts = 0;
  CHECK(in_parts(none, 1, parts).empty());
  vitals::protobuf_page no_messages{{}};
  CHECK(in_parts(no_messages, 1, parts).empty());
}

TEST_CASE("a label's new value is on a page that begins behind it") {
  const vitals::source_ref source = metrics::source();
  vitals::page page{vitals::prometheus_text::format, {&source, 1}};
  vitals::protobuf_page proto{{&source, 1}};
  std::size_t parts = 0;
  CHECK(in_parts(page, 10, parts).find("parts_server=\"b\"") == std::string::npos);
  metrics::get<served>(server::intern("b")).inc();
  CHECK(in_parts(page, 10, parts).find("parts_server=\"b\"") != std::string::npos);
  CHECK(in_parts(proto, 10, parts).find("parts_server") != std::string::npos);
}

#if VITALS_TESTS_COUNT_ALLOCATIONS
TEST_CASE("parts of a page that was rendered so before take nothing from the heap") {
  const vitals::source_ref source = odd::metrics::source();
  vitals::page page{vitals::prometheus_text::format, {&source, 1}};
  vitals::protobuf_page proto{{&source, 1}};
  std::string out;
  const auto both = [&] {
    out.clear();
    for (page.begin(); !page.more(out, 100);) {
    }
    out.clear();
    for (proto.begin(); !proto.more(out, 100);) {
    }
  };
  const std::size_t before = allocations;
  both();
  CHECK(allocations > before);
  const std::size_t warm = allocations;
  both();
  CHECK(allocations == warm);
}
#endif

}  // namespace parts_tests
