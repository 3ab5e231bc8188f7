#include <vitals/http/renderings.hpp>

#include <doctest/doctest.h>
#include <boost/asio/io_context.hpp>

#include <allocations.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <vitals/expose/callbacks.hpp>
#include <vitals/http/exposition.hpp>
#include <vitals/http/gzip.hpp>
#include <vitals/http/page_choice.hpp>
#include <vitals/http/page_maker.hpp>
#include <vitals/metric/counter.hpp>
#include <vitals/registry/registry.hpp>

namespace renderings_tests {

using vitals::http::exposition;
using vitals::http::page_choice;
using vitals::http::response;
using vitals::http::detail::page_maker;
using vitals::http::detail::page_reader;
using vitals::http::detail::page_workshop;
using vitals::http::detail::rendering;
using vitals::http::detail::renderings;

struct hits : vitals::counter<"renderings_hits_total", "Hits.", vitals::label<"cached", bool>> {};
using metrics = vitals::registry<hits>;

struct reader final : page_reader {
  void on_page(std::shared_ptr<const rendering> made) override { page = std::move(made); }
  std::shared_ptr<const rendering> page{};
};

page_choice choice(bool zipped = false, std::vector<std::string> names = {}) {
  page_choice c = vitals::http::text_page({.method = "GET", .target = "/", .accept_encoding = zipped ? "gzip" : ""});
  c.names = std::move(names);
  return c;
}

/// All on one io_context: what is made, and when, is in the test's hands.
struct shop {
  boost::asio::io_context io{1};
  std::shared_ptr<exposition> sources = std::make_shared<exposition>(false, &vitals::http::make_gzip);
  std::shared_ptr<renderings> pages;
  explicit shop(std::size_t step = 1000, std::size_t most_waiting = 16)
      : pages(std::make_shared<renderings>(
            page_workshop{
                .readers = io.get_executor(), .makers = io.get_executor(), .step = step, .most_waiting = most_waiting},
            sources)) {
    sources->expose({metrics::source()});
  }
  std::shared_ptr<reader> ask(page_choice c = choice()) {
    auto fresh = std::make_shared<reader>();
    CHECK(pages->ask(std::move(c), fresh));
    return fresh;
  }
  std::size_t run() {
    io.restart();
    return io.run();
  }
  void steps(int n) {
    io.restart();
    for (; n != 0; --n) {
      CHECK(io.poll_one() == 1);
    }
  }
};

std::string page_of(const exposition& e, const page_choice& c = choice()) {
  response out;
  e.answer(c, out);
  return out.body;
}

TEST_CASE("scrapes of one page that wait share it; the one that is being made is not theirs") {
  shop s;
  const auto first = s.ask();
  const auto second = s.ask();
  const auto third = s.ask();
  const auto zipped = s.ask(choice(true));
  s.run();
  REQUIRE(first->page);
  CHECK(first->page->page.body == page_of(*s.sources));
  CHECK(first->page->page.content_type == "text/plain; version=0.0.4; charset=utf-8");
  CHECK(first->page != second->page);
  CHECK(second->page == third->page);
  CHECK(zipped->page->page.body == page_of(*s.sources, choice(true)));
  CHECK(zipped->page->page.content_encoding == "gzip");
}

TEST_CASE("a scrape shows all that was counted before it was asked for") {
  shop s;
  const auto early = s.ask();
  s.steps(3);  // the page is laid and its sources are read
  const std::string before = page_of(*s.sources);
  metrics::get<hits>(true).inc();
  const auto late = s.ask();
  s.run();
  CHECK(early->page->page.body == before);
  CHECK(late->page->page.body == page_of(*s.sources));
  CHECK(early->page->page.body != late->page->page.body);
}

TEST_CASE("where too many different pages wait, another one is refused, but who shares one is not") {
  shop s{1000, 2};
  const auto made = s.ask();
  const auto a = s.ask();
  const auto b = s.ask(choice(true));
  const auto none = std::make_shared<reader>();
  CHECK_FALSE(s.pages->ask(choice(false, {"renderings_hits"}), none));
  const auto shares = s.ask(choice(true));
  s.run();
  CHECK(made->page);
  CHECK(a->page);
  CHECK(shares->page == b->page);
  CHECK_FALSE(none->page);
  const auto later = s.ask(choice(false, {"renderings_hits"}));
  s.run();
  CHECK(later->page->page.body == page_of(*s.sources));
}

TEST_CASE("a page is kept as it is while somebody holds it, and its memory is used again") {
  shop s;
  const auto slow = s.ask();
  s.run();
  const std::string before = slow->page->page.body;
  const rendering* free = nullptr;
  for (int i = 0; i != 5; ++i) {
    metrics::get<hits>(false).inc();
    const auto next = s.ask();
    s.run();
    CHECK(next->page != slow->page);
    CHECK((free == nullptr || next->page.get() == free));
    free = next->page.get();
  }
  CHECK(slow->page->page.body == before);
}

TEST_CASE("of the memory of many pages that were held at once little is kept") {
  shop s;
  std::vector<std::weak_ptr<const rendering>> all;
  {
    std::vector<std::shared_ptr<reader>> readers;
    for (int i = 0; i != 100; ++i) {
      readers.push_back(s.ask());
      s.run();
      all.push_back(readers.back()->page);
    }
  }
  s.ask();
  s.run();
  std::size_t left = 0;
  for (const auto& page : all) {
    left += page.expired() ? 0 : 1;
  }
  CHECK(left <= 10);
}

TEST_CASE("who leaves, or is gone, is told nothing") {
  shop s;
  const auto busy = s.ask();
  const auto leaves = s.ask();
  const auto stays = s.ask();
  auto goes = s.ask();
  s.pages->leave(*leaves);
  goes.reset();
  s.run();
  CHECK(busy->page);
  CHECK_FALSE(leaves->page);
  CHECK(stays->page);
}

TEST_CASE("a large page takes many turns, between which others have theirs") {
  for (const bool zipped : {false, true}) {
    shop s{1000};
    s.sources->expose({metrics::source()}, {.prefix = "large_", .labels = {{"text", std::string(20'000, 'x')}}});
    s.sources->expose({metrics::source()}, {.prefix = "larger_", .labels = {{"text", std::string(20'000, 'y')}}});
    const auto r = s.ask(choice(zipped));
    const std::size_t turns = s.run();
    CHECK(turns > (zipped ? 90 : 6));
    CHECK((r->page->page.body == page_of(*s.sources, choice(zipped))));
  }
}

TEST_CASE("a page whose sources change while it is made is begun anew, and reads none that is gone") {
  for (const bool zipped : {false, true}) {
    shop s;
    const auto longer = std::make_unique<std::string>(5'000, 'x');
    s.sources->expose({metrics::source()}, {.prefix = "l_", .labels = {{"text", *longer}}});
    int reads = 0;
    auto calls = std::make_unique<vitals::callbacks>();
    calls->gauge("renderings_read", "Read.", [&reads] { return ++reads; });
    s.sources->expose({calls->source()});
    const auto r = s.ask(choice(zipped));
    s.steps(6);  // all three sources are read, and a part is written
    CHECK(reads == 1);
    s.sources->unexpose({calls->source()});
    calls.reset();
    s.run();
    CHECK(reads == 1);
    CHECK((r->page->page.body == page_of(*s.sources, choice(zipped))));
  }
}

TEST_CASE("once it is stopped no source is read, and nothing left to do") {
  shop s;
  int reads = 0;
  vitals::callbacks calls;
  calls.gauge("renderings_stopped_reads", "Read.", [&reads] { return ++reads; });
  s.sources->expose({calls.source()});
  const auto first = s.ask();
  const auto second = s.ask();
  s.steps(1);
  s.pages->stop();
  s.run();
  CHECK(reads == 0);
  CHECK_FALSE(first->page);
  CHECK_FALSE(second->page);
}

#if VITALS_TESTS_COUNT_ALLOCATIONS
/// Asks again for what it got, as often as is wanted, and looks what each round took.
struct eager final : page_reader, std::enable_shared_from_this<eager> {
  explicit eager(renderings& of) : pages(&of) {}
  void on_page(std::shared_ptr<const rendering> made) override {
    taken.push_back(allocations - before);
    before = allocations;
    made.reset();
    if (taken.size() != taken.capacity()) {
      pages->ask(choice(taken.size() % 2 == 0), weak_from_this());
    }
  }
  renderings* pages;
  std::vector<std::size_t> taken;
  std::size_t before = 0;
};

TEST_CASE("a steady scrape takes nothing from the heap") {
  shop s;
  const auto r = std::make_shared<eager>(*s.pages);
  r->taken.reserve(20);
  r->before = allocations;
  s.pages->ask(choice(), r);
  s.run();
  CHECK(r->taken.size() == 20);
  CHECK(r->taken.front() > 0);
  for (std::size_t i = 10; i != r->taken.size(); ++i) {
    CHECK(r->taken[i] == 0);
  }
}
#endif

}  // namespace renderings_tests
