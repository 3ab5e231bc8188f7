#include <vitals/metric/slots.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include <allocations.hpp>
#include <vitals/expose/audit.hpp>
#include <vitals/expose/json.hpp>
#include <vitals/expose/openmetrics.hpp>
#include <vitals/expose/page.hpp>
#include <vitals/expose/prometheus.hpp>
#include <vitals/expose/protobuf.hpp>
#include <vitals/expose/reference.hpp>
#include <vitals/expose/scrape.hpp>
#include <vitals/metric/buckets.hpp>
#include <vitals/metric/counter.hpp>
#include <vitals/metric/gauge.hpp>
#include <vitals/metric/histogram.hpp>
#include <vitals/metric/state_set.hpp>
#include <vitals/registry/registry.hpp>

namespace slots_tests {

enum class zone { eu, us };

// A set of values belongs to a label's name and count: each case has its own.
template <vitals::fixed_string Name, std::size_t Count>
struct of {
  using label = vitals::slots<Name, Count>;
  struct hits : vitals::counter<"hits_total", "Hits.", label, vitals::label<"zone", zone>> {};
  struct depth : vitals::gauge<"depth", "Depth.", label> {};
  using metrics = vitals::registry<hits, depth>;
};

/// What this thread has taken from the heap so far; always 0 where a sanitizer keeps that to itself.
std::size_t taken() {
#if VITALS_TESTS_COUNT_ALLOCATIONS
  return ::allocations;
#else
  return 0;
#endif
}

bool has(const std::string& page, const std::string& line) {
  return page.find("\n" + line + "\n") != std::string::npos;
}

TEST_CASE("a text is interned once, and is a value like any other") {
  using server = vitals::slots<"interned", 3>;
  const auto a = server::intern("a");
  const auto b = server::intern("b");
  CHECK(a == server::intern(std::string{"a"}));
  CHECK_FALSE(a == b);
  CHECK(server::text(a) == "a");
  CHECK(server::text(b) == "b");
  CHECK(server::overflows() == 0);
  static_assert(sizeof a == 4);
  static_assert(server::size == 4);
}

TEST_CASE("series stand on a page once their text is known") {
  using t = of<"server", 4>;
  std::string page = vitals::scrape<t::metrics>();
  CHECK(page.find("# TYPE hits_total counter\n") != std::string::npos);
  CHECK(page.find("hits_total{") == std::string::npos);
  CHECK(page.find("depth{") == std::string::npos);
  const auto eu1 = t::label::intern("eu-1");
  const auto handle = t::metrics::get<t::hits>(eu1, zone::us);
  handle.inc();
  t::metrics::get<t::depth>(eu1).set(2.5);
  page = vitals::scrape<t::metrics>();
  CHECK(has(page, "hits_total{server=\"eu-1\",zone=\"eu\"} 0"));
  CHECK(has(page, "hits_total{server=\"eu-1\",zone=\"us\"} 1"));
  CHECK(has(page, "depth{server=\"eu-1\"} 2.5"));
  CHECK(page.find("other") == page.find("other:"));  // only the help of the refusals
  CHECK(has(page, "vitals_slot_refusals_total{label=\"server\",reason=\"full\"} 0"));
  CHECK(has(page, "vitals_slot_refusals_total{label=\"server\",reason=\"text\"} 0"));
}

TEST_CASE("when the set is full further texts share other, and are counted") {
  using t = of<"full", 2>;
  const auto a = t::label::intern("a");
  const auto b = t::label::intern("b");
  const auto c = t::label::intern("c");
  const auto d = t::label::intern("d");
  CHECK(c == d);
  CHECK(c == t::label::other);
  CHECK(t::label::text(c) == "other");
  CHECK(t::label::intern("a") == a);  // those that are there remain
  CHECK(t::label::intern("b") == b);
  CHECK(t::label::overflows() == 2);
  t::metrics::get<t::hits>(c, zone::eu).inc(3U);
  const std::string page = vitals::scrape<t::metrics>();
  CHECK(has(page, "hits_total{full=\"other\",zone=\"eu\"} 3"));
  CHECK(has(page, "vitals_slot_refusals_total{label=\"full\",reason=\"full\"} 2"));
}

TEST_CASE("other is reserved: the text is its own") {
  using t = of<"reserved", 2>;
  CHECK(t::label::intern("other") == t::label::other);
  CHECK(t::label::overflows() == 0);
  CHECK(has(vitals::scrape<t::metrics>(), "depth{reserved=\"other\"} 0"));
  CHECK_FALSE(t::label::remove("other"));
}

TEST_CASE("a text that is no label's value is counted for other") {
  using t = of<"texts", 8>;
  for (const std::string& text : {std::string{}, std::string{"caf\xe9"}, std::string{"\xed\xa0\x80"},
                                  std::string(1025, 'x'), std::string(1'000'000, 'x')}) {
    CHECK(t::label::intern(text) == t::label::other);
  }
  const std::string longest(1024, 'y');
  CHECK(t::label::text(t::label::intern(longest)) == longest);
  CHECK(t::label::text(t::label::intern({"a\0b", 3})) == std::string_view{"a\0b", 3});
  CHECK(t::label::overflows() == 0);
  CHECK(has(vitals::scrape<t::metrics>(), "vitals_slot_refusals_total{label=\"texts\",reason=\"text\"} 5"));
}

TEST_CASE("texts are escaped in every format") {
  using t = of<"escapes", 2>;
  t::metrics::get<t::depth>(t::label::intern("a\\b \"c\"\nd \u2603")).set(1);
  CHECK(has(vitals::scrape<t::metrics>(), "depth{escapes=\"a\\\\b \\\"c\\\"\\nd \u2603\"} 1"));
  std::string json;
  vitals::page{vitals::json_text::format, std::array{t::metrics::source()}}.render(json);
  CHECK(json.find("{\"labels\":{\"escapes\":\"a\\\\b \\\"c\\\"\\u000ad \u2603\"},\"value\":1}") != std::string::npos);
}

TEST_CASE("what is removed leaves the page, and its slot is never another text's") {
  using t = of<"removed", 2>;
  const auto a = t::label::intern("a");
  const auto kept = t::metrics::get<t::hits>(a, zone::eu);
  kept.inc(5U);
  CHECK(t::label::remove("a"));
  CHECK_FALSE(t::label::remove("a"));
  CHECK_FALSE(t::label::remove("never"));
  CHECK(vitals::scrape<t::metrics>().find("\"a\"") == std::string::npos);
  kept.inc();  // harmless: nobody else has that place
  const auto b = t::label::intern("b");
  CHECK(t::label::intern("c") == t::label::other);
  t::metrics::get<t::hits>(b, zone::eu).inc();
  CHECK(has(vitals::scrape<t::metrics>(), "hits_total{removed=\"b\",zone=\"eu\"} 1"));
  CHECK(t::label::intern("a") == a);
  CHECK(has(vitals::scrape<t::metrics>(), "hits_total{removed=\"a\",zone=\"eu\"} 6"));
}

TEST_CASE("pages of all formats follow what comes and goes, and allocate only then") {
  using t = of<"pages", 4>;
  const vitals::source_ref sources[] = {t::metrics::source()};
  vitals::page text{vitals::prometheus_text::format, sources};
  vitals::page openmetrics{vitals::openmetrics_text::format, sources};
  vitals::page json{vitals::json_text::format, sources};
  vitals::protobuf_page protobuf{sources};
  std::string out[4];
  const auto render = [&] {
    text.render(out[0]);
    openmetrics.render(out[1]);
    json.render(out[2]);
    protobuf.render(out[3]);
  };
  const auto shown = [&](std::string_view what) {
    int n = 0;
    for (const std::string& page : out) {
      n += page.find(what) != std::string::npos ? 1 : 0;
    }
    return n;
  };
  render();
  CHECK(shown("alpha") == 0);
  static_cast<void>(t::label::intern("alpha"));
  static_cast<void>(t::label::intern("beta"));
  render();
  CHECK(shown("alpha") == 4);
  CHECK(shown("beta") == 4);
  for (std::string& page : out) {
    page.reserve(10'000);
  }
  std::size_t before = taken();
  static_cast<void>(t::label::intern("alpha"));
  static_cast<void>(t::label::intern("\xff"));
  CHECK(taken() == before);
  render();  // other is shown from now on
  before = taken();
  static_cast<void>(t::label::intern("\xff"));
  render();
  CHECK(taken() == before);
  CHECK(shown("other\"") + shown("other") >= 4);
  t::label::remove("alpha");
  render();
  CHECK(shown("alpha") == 0);
  CHECK(shown("beta") == 4);
}

struct phases : vitals::state_set<"phase", "Phase.", zone, vitals::slots<"of_states", 2>> {};
struct waits : vitals::histogram<"wait_seconds", "Waits.", vitals::buckets::of<1.0>, vitals::slots<"of_states", 2>> {};

TEST_CASE("state sets and histograms take slots too") {
  using metrics = vitals::registry<phases, waits>;
  const auto a = vitals::slots<"of_states", 2>::intern("a");
  metrics::get<phases>(a).set(zone::us);
  metrics::get<waits>(a).observe(0.5);
  const std::string page = vitals::scrape<metrics>();
  CHECK(has(page, "phase{of_states=\"a\",phase=\"eu\"} 0"));
  CHECK(has(page, "phase{of_states=\"a\",phase=\"us\"} 1"));
  CHECK(has(page, "wait_seconds_bucket{of_states=\"a\",le=\"1.0\"} 1"));
  CHECK(has(page, "wait_seconds_count{of_states=\"a\"} 1"));
  CHECK(page.find("other\"") == std::string::npos);
}

TEST_CASE("an audit and a reference know them") {
  using t = of<"audited", 9>;
  CHECK(vitals::audit<t::metrics>().empty());
  t::metrics::get<t::depth>(t::label::intern("a")).set(1);
  CHECK(vitals::audit<t::metrics>() ==
        "hits_total{audited=\"a\",zone=\"eu\"}\nhits_total{audited=\"a\",zone=\"us\"}\n");
  CHECK(vitals::reference<t::metrics>().find("| audited: up to 9 given at run time, other; zone: eu, us |") !=
        std::string::npos);
}

TEST_CASE("two labels of one name and two counts are one series of refusals") {
  struct one : vitals::gauge<"one", "One.", vitals::slots<"twice", 1>> {};
  struct two : vitals::gauge<"two", "Two.", vitals::slots<"twice", 2>> {};
  for (const char* const text : {"a", "b", "c"}) {
    static_cast<void>(vitals::slots<"twice", 1>::intern(text));
    static_cast<void>(vitals::slots<"twice", 2>::intern(text));
  }
  CHECK(has(vitals::scrape<vitals::registry<one, two>>(),
            "vitals_slot_refusals_total{label=\"twice\",reason=\"full\"} 3"));
}

TEST_CASE("a flood of texts takes no memory and no slot of another") {
  using t = of<"flood", 32>;
  for (int i = 0; i != 32; ++i) {
    static_cast<void>(t::label::intern("kept-" + std::to_string(i)));
  }
  static_cast<void>(t::label::intern("one more"));
  char text[24] = {};
  std::size_t before = taken();
  for (std::uint64_t i = 0; i != 1'000'000; ++i) {
    const auto length =
        static_cast<std::size_t>(std::snprintf(text, sizeof text, "n-%llu", static_cast<unsigned long long>(i)));
    if (!(t::label::intern({text, length}) == t::label::other)) {
      FAIL(text);
    }
  }
  CHECK(taken() == before);
  CHECK(t::label::overflows() == 1'000'001);
  for (int i = 0; i != 32; ++i) {
    const std::string name = "kept-" + std::to_string(i);
    CHECK(t::label::text(t::label::intern(name)) == name);
  }
}

TEST_CASE("threads that intern the same texts get the same values, while others scrape and remove") {
  using t = of<"threads", 16>;
  std::atomic<bool> stop{false};
  std::thread scraper{[&] {
    std::string page;
    while (!stop) {
      vitals::scrape<t::metrics>(page);
    }
  }};
  std::thread remover{[&] {
    while (!stop) {
      t::label::remove("name-3");
    }
  }};
  std::vector<std::vector<std::uint64_t>> seen(4);
  std::vector<std::thread> threads;
  for (auto& mine : seen) {
    threads.emplace_back([&mine] {
      for (int round = 0; round != 200; ++round) {
        for (int i = 0; i != 24; ++i) {  // 8 more than there are slots
          const std::string name = "name-" + std::to_string(i);
          const auto value = t::label::intern(name);
          const std::string_view text = t::label::text(value);
          if (text != name && text != "other") {
            mine.push_back(1);
          }
          t::metrics::get<t::hits>(value, zone::eu).inc();
        }
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  stop = true;
  scraper.join();
  remover.join();
  for (const auto& mine : seen) {
    CHECK(mine.empty());
  }
  std::uint64_t total = t::metrics::get<t::hits>(t::label::other, zone::eu).value();
  std::set<std::string_view> texts;
  for (int i = 0; i != 24; ++i) {
    const auto value = t::label::intern("name-" + std::to_string(i));
    if (!(value == t::label::other)) {
      texts.insert(t::label::text(value));
      total += t::metrics::get<t::hits>(value, zone::eu).value();
    }
  }
  CHECK(texts.size() == 16);
  CHECK(total == 4 * 200 * 24);
  CHECK(t::label::overflows() == (4 * 200 + 1) * 8);
}

}  // namespace slots_tests
