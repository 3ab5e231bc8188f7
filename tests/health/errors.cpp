#include <vitals/health/errors.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include <allocations.hpp>
#include <health/set_clock.hpp>
#include <vitals/core/name.hpp>
#include <vitals/health/component.hpp>
#include <vitals/health/health.hpp>

namespace error_tests {

using vitals::error_report;
using vitals::status;
using namespace std::chrono_literals;

struct store : vitals::component<"store"> {};
struct cache : vitals::component<"cache"> {};
struct queue : vitals::component<"queue"> {};

template <vitals::fixed_string Name>
using of = vitals::basic_health<set_clock, Name, store, cache, queue>;

template <class Health>
std::vector<error_report> errors() {
  std::vector<error_report> all;
  vitals::detail::each_error(Health::ref(), [&all](const error_report& e) { all.push_back(e); });
  return all;
}

template <class Health>
std::uint64_t in_a_row(std::size_t component) {
  return vitals::detail::error_table{Health::ref()}.in_a_row[component].load(std::memory_order_relaxed);
}

TEST_CASE("an error by component and type: how often, when first and last, and the last message") {
  using health = of<"e_times">;
  CHECK(errors<health>().empty());
  set_clock::now = 5'000;
  health::error<store>("timeout", "first");
  set_clock::now = 7'000;
  health::error<cache>("timeout", "another's");
  health::error<store>("refused");
  set_clock::now = 9'000;
  health::error<store>("timeout", "second");
  const auto all = errors<health>();
  REQUIRE(all.size() == 3);
  CHECK(all[0].component == "store");
  CHECK(all[0].type == "timeout");
  CHECK(all[0].count == 2);
  CHECK(all[0].first == set_clock::epoch + 5'000);
  CHECK(all[0].last == set_clock::epoch + 9'000);
  CHECK(all[0].message() == "second");
  CHECK(all[1].component == "cache");
  CHECK(all[1].message() == "another's");
  CHECK(all[2].type == "refused");
  CHECK(all[2].message().empty());
  CHECK(health::report().all[0].now == status::unknown);  // an error alone changes no status
}

TEST_CASE("errors in a row are those since a component was last healthy; the others stay") {
  using health = of<"e_row">;
  health::mark_unhealthy<store>("timeout", "one");
  health::mark_unhealthy<store>("refused", "two");
  health::error<cache>("slow");
  CHECK(in_a_row<health>(0) == 2);
  health::mark_degraded<store>();
  CHECK(in_a_row<health>(0) == 2);
  health::mark_healthy<store>();
  CHECK(in_a_row<health>(0) == 0);
  CHECK(in_a_row<health>(1) == 1);
  CHECK(errors<health>().size() == 3);
  health::mark_unhealthy<store>("timeout", "three");
  CHECK(in_a_row<health>(0) == 1);
  CHECK(errors<health>()[0].count == 2);
}

struct sturdy : vitals::component<"sturdy", vitals::fall<3>> {};

TEST_CASE("errors that were too few to fall are over with a success, too") {
  using health = vitals::basic_health<set_clock, "e_few", sturdy>;
  health::mark_healthy<sturdy>();
  health::mark_unhealthy<sturdy>("timeout", "one");
  health::mark_unhealthy<sturdy>("timeout", "two");
  CHECK(health::report().all[0].now == status::healthy);
  CHECK(in_a_row<health>(0) == 2);
  health::mark_healthy<sturdy>();
  CHECK(in_a_row<health>(0) == 0);
  for (int i = 0; i != 3; ++i) {
    CHECK(health::report().all[0].now == status::healthy);
    health::mark_unhealthy<sturdy>("timeout");
    health::error<sturdy>("timeout");  // alone it is no report, and ends no run of them
  }
  CHECK(health::report().all[0].now == status::unhealthy);
}

TEST_CASE("errors alone are in a row until the next success, of a component that stays healthy too") {
  using health = of<"e_steady">;
  const auto entered = [](std::size_t s) {
    return health::ref().at(0, vitals::detail::component_cell::entered, s).load(std::memory_order_relaxed);
  };
  health::mark_healthy<store>();
  for (int i = 0; i != 300; ++i) {  // past where a run of successes stops
    health::error<store>("timeout");
    health::error<store>("timeout");
    CHECK(in_a_row<health>(0) == 2);
    CHECK(health::report().all[0].now == status::healthy);
    health::tick();
    CHECK(in_a_row<health>(0) == 2);
    health::mark_healthy<store>();
    CHECK(in_a_row<health>(0) == 0);
  }
  CHECK(entered(1) == 1);
  health::error<store>("timeout");
  health::mark_degraded<store>();
  CHECK(in_a_row<health>(0) == 1);
  health::mark_healthy<store>();
  CHECK(in_a_row<health>(0) == 0);
  CHECK(entered(1) == 2);
  CHECK(errors<health>()[0].count == 601);
}

struct patient : vitals::component<"patient", vitals::dwell<10s>> {};

TEST_CASE("errors are over when a component that had to wait is healthy, not when it was marked") {
  using health = vitals::basic_health<set_clock, "e_wait", patient>;
  health::mark_unhealthy<patient>("timeout", "one");
  health::mark_healthy<patient>();
  CHECK(health::report().all[0].now == status::unhealthy);
  CHECK(in_a_row<health>(0) == 1);
  set_clock::now += 10'000;
  health::tick();
  CHECK(health::report().all[0].now == status::healthy);
  CHECK(in_a_row<health>(0) == 0);
}

TEST_CASE("31 types are kept, others are other; none of their counts is lost") {
  using health = of<"e_types">;
  for (int i = 0; i != 40; ++i) {
    const std::string type = "type_" + std::to_string(i);
    health::error<store>(type, type);
  }
  health::error<store>("type_0");
  health::error<store>("type_30");
  health::error<store>("type_31", "of another");
  const auto all = errors<health>();
  REQUIRE(all.size() == 32);
  for (std::size_t i = 0; i != 31; ++i) {
    CHECK(all[i].type == "type_" + std::to_string(i));
    CHECK(all[i].count == (i == 0 || i == 30 ? 2 : 1));
  }
  CHECK(all[31].type == "other");
  CHECK(all[31].count == 10);
  CHECK(all[31].message() == "of another");
  CHECK(in_a_row<health>(0) == 43);
}

TEST_CASE("64 of a component and a type are kept, and for each component one for what has no place") {
  using health = of<"e_entries">;
  for (int i = 0; i != 31; ++i) {
    const std::string type = "type_" + std::to_string(i);
    health::error<store>(type);
    health::error<cache>(type);
    health::error<queue>(type);
  }
  const auto all = errors<health>();
  REQUIRE(all.size() == 64 + 3);
  std::array<std::uint64_t, 3> sums{};
  for (const error_report& e : all) {
    sums[e.component == "store" ? 0 : e.component == "cache" ? 1 : 2] += e.count;
  }
  CHECK(sums == std::array<std::uint64_t, 3>{31, 31, 31});
  for (std::size_t i = 64; i != 67; ++i) {
    CHECK(all[i].type == "other");
    CHECK(all[i].count == (i == 64 ? 9 : 10));
  }
}

template <class Health>
std::string kept(std::string_view message) {
  Health::template error<store>("message", message);
  return std::string{errors<Health>().back().message()};
}

TEST_CASE("a message is cut between characters") {
  using health = of<"e_cut">;
  for (const std::string_view character : {"x", "\xC3\xA9", "\xE2\x98\x83", "\xF0\x9F\x98\x80"}) {
    for (std::size_t before = 0; before != 5; ++before) {
      std::string message(before, 'a');
      while (message.size() < 1'000'000) {
        message += character;
      }
      const std::string text = kept<health>(message);
      CAPTURE(text);
      CHECK(message.starts_with(text));
      CHECK(vitals::is_utf8(text));
      CHECK(text.size() <= error_report::most_text);
      CHECK(text.size() + character.size() > error_report::most_text);
    }
  }
  const std::string whole(error_report::most_text, 'x');
  CHECK(kept<health>(whole) == whole);
  CHECK(kept<health>(whole + "y") == whole);
  CHECK(kept<health>("short").size() == 5);  // nothing is left of the one before
  CHECK(kept<health>("").empty());
}

TEST_CASE("a message of any bytes is kept as UTF-8 without control characters") {
  using health = of<"e_bytes">;
  CHECK(kept<health>({"a\0b\nc\x1B[0m\x7F\x1F", 11}) == "a b c [0m  ");
  CHECK(kept<health>("caf\xE9!") == "caf?!");
  CHECK(kept<health>("\xED\xA0\x80|\xC0\xAF|\xF8\x88\x80\x80\x80|\xF4\x90\x80\x80|\xC3") == "???|??|?????|????|?");
  CHECK(kept<health>("\xC3\xA9\xE2\x98\x83\xF0\x9F\x98\x80\xEF\xBF\xBF") ==
        "\xC3\xA9\xE2\x98\x83\xF0\x9F\x98\x80\xEF\xBF\xBF");
  CHECK(kept<health>("\"\\</script>") == "\"\\</script>");  // a format escapes it
  CHECK(kept<health>(std::string(1'000'000, '\xFF')) == std::string(error_report::most_text, '?'));
  CHECK(kept<health>(std::string(1'000'000, '\n')) == std::string(error_report::most_text, ' '));
  std::uint64_t random = 1;
  for (int i = 0; i != 2000; ++i) {
    std::string message;
    for (int n = 0; n != 300; ++n) {
      random = random * 6364136223846793005 + 1442695040888963407;
      message += static_cast<char>(random >> 56U | (i % 2 == 0 ? 0x80U : 0U));
    }
    const std::string text = kept<health>(message);
    CHECK(vitals::is_utf8(text));
    CHECK(text.size() > error_report::most_text - 4);
    CHECK(text.find_first_of("\n\r\t\x7F\x1B") == text.npos);
  }
}

TEST_CASE("a type of any bytes is a text, or other") {
  using health = of<"e_type_bytes">;
  for (const std::string& type : {std::string{"\xFF"}, std::string(1'000'000, 'x'), std::string{},
                                  std::string{"caf\xE9"}, std::string(1025, 'x'), std::string{"other"}}) {
    health::error<store>(type);
  }
  health::error<store>(std::string(1024, 'x'));
  health::error<store>("\n\"");
  const auto all = errors<health>();
  REQUIRE(all.size() == 3);
  CHECK(all[0].type == std::string(1024, 'x'));
  CHECK(all[1].type == "\n\"");
  CHECK(all[2].type == "other");
  CHECK(all[2].count == 6);
}

constexpr std::size_t threads = 4;

/// Runs it on four threads that begin together, and `beside` meanwhile.
template <class Run, class Beside>
void on_all(Run run, Beside beside) {
  std::atomic<std::size_t> waiting{threads};
  std::atomic<std::size_t> running{threads};
  std::vector<std::thread> all;
  for (std::size_t i = 0; i != threads; ++i) {
    all.emplace_back([&, i] {
      --waiting;
      while (waiting != 0) {
        std::this_thread::yield();
      }
      run(i);
      --running;
    });
  }
  while (running != 0) {
    beside();
  }
  for (std::thread& t : all) {
    t.join();
  }
}

TEST_CASE("thousands of errors within a millisecond, from four threads: each counts") {
  using health = of<"e_threads">;
  constexpr std::uint64_t each = 5'000;
  constexpr std::uint64_t rounds = 50;
  set_clock::now = 1'000'000;  // and stays
  const auto nothing = [] { std::this_thread::yield(); };
  for (std::uint64_t round = 1; round <= rounds; ++round) {
    on_all(
        [](std::size_t) {
          for (std::uint64_t n = 0; n != each; ++n) {
            health::error<cache>("only");
          }
        },
        nothing);
    REQUIRE(in_a_row<health>(1) == round * threads * each);
    REQUIRE(errors<health>()[0].count == round * threads * each);
  }
  on_all(
      [](std::size_t i) {
        for (std::uint64_t n = 0; n != each; ++n) {
          health::mark_unhealthy<store>(n % 2 == 0 ? "even" : "odd", i == 0 ? "a" : "b");
        }
      },
      nothing);
  const auto found = errors<health>();
  REQUIRE(found.size() == 3);
  for (const error_report& e : found) {
    CHECK(e.count == (e.component == "cache" ? rounds * threads * each : threads * each / 2));
    CHECK(e.first == e.last);
  }
  CHECK(in_a_row<health>(0) == threads * each);
  CHECK(health::report().all[0].now == status::unhealthy);
  CHECK(health::ref().at(0, vitals::detail::component_cell::entered, 3).load(std::memory_order_relaxed) == 1);
}

TEST_CASE("errors beside marks of what stays healthy: the last success ends them all, and nothing else changes") {
  using health = of<"e_beside">;
  constexpr std::uint64_t each = 20'000;
  health::mark_healthy<store>();
  on_all(
      [](std::size_t i) {
        for (std::uint64_t n = 0; n != each; ++n) {
          i % 2 == 0 ? health::error<store>("only") : health::mark_healthy<store>();
        }
      },
      [] { health::tick(); });
  health::mark_healthy<store>();
  CHECK(in_a_row<health>(0) == 0);
  CHECK(errors<health>()[0].count == threads / 2 * each);
  CHECK(health::report().all[0].now == status::healthy);
  CHECK(health::ref().at(0, vitals::detail::component_cell::entered, 1).load(std::memory_order_relaxed) == 1);
}

TEST_CASE("a report that meets errors is not lost") {
  using health = vitals::basic_health<set_clock, "e_meets", sturdy>;
  std::atomic<bool> done{false};
  unsigned lost = 0;
  on_all(
      [&](std::size_t i) {
        if (i != 0) {
          while (!done) {
            vitals::detail::await_success(
                health::ref().at(0, vitals::detail::component_cell::state));  // as an error does
          }
          return;
        }
        for (int n = 0; n != 100'000; ++n) {
          for (int k = 0; k != 3; ++k) {
            health::mark_unhealthy<sturdy>("down");
          }
          lost += health::report().all[0].now == status::unhealthy ? 0U : 1U;
          health::mark_healthy<sturdy>();
          lost += health::report().all[0].now == status::healthy ? 0U : 1U;
        }
        done = true;
      },
      [] { std::this_thread::yield(); });
  CHECK(lost == 0);
}

TEST_CASE("a message that is being written is left to its writer, and read as empty") {
  using health = of<"e_busy">;
  health::error<store>("only", "first");
  vitals::detail::cell& guard = vitals::detail::error_table{health::ref()}.entry(0)[vitals::detail::error_cell::guard];
  ++guard;  // as one who has only just begun
  health::error<store>("only", "second");
  REQUIRE(errors<health>().size() == 1);
  CHECK(errors<health>()[0].count == 2);
  CHECK(errors<health>()[0].message().empty());
  ++guard;
  CHECK(errors<health>()[0].message() == "first");
  health::error<store>("only", "third");
  CHECK(errors<health>()[0].message() == "third");
}

TEST_CASE("a message that is read while others are written is whole, or empty") {
  using health = of<"e_messages">;
  constexpr std::size_t enough = VITALS_TESTS_COUNT_ALLOCATIONS ? 1'000'000 : 50'000;  // fewer where each takes longer
  std::atomic<bool> over{false};
  std::size_t torn = 0;
  std::size_t read = 0;
  on_all(
      [&over](std::size_t) {
        const std::string long_one(error_report::most_text, 'x');
        while (!over) {
          health::error<store>("only", "y");  // most of its time is stores, of zeros behind the text
          health::error<store>("only", "y");
          health::error<store>("only", long_one);
          health::error<store>("only", "y");
        }
      },
      [&] {
        vitals::detail::each_error(health::ref(), [&](const error_report& e) {
          const std::string_view text = e.message();
          const bool whole = text.empty() || text == "y" ||
                             (text.size() == error_report::most_text && text.find_first_not_of('x') == text.npos);
          torn += whole ? 0U : 1U;
          ++read;
        });
        over = read >= enough;
      });
  CHECK(torn == 0);
}

}  // namespace error_tests
