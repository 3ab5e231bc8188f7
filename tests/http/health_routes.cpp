#include <vitals/http/health_routes.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include <health/twenty.hpp>
#include <locks.hpp>
#include <vitals/health/component.hpp>
#include <vitals/health/health.hpp>
#include <vitals/http/router.hpp>

namespace health_routes_tests {

using vitals::http::health_routes;
using vitals::http::request;
using vitals::http::response;
using vitals::http::router;
using namespace std::chrono_literals;

struct test_clock {
  static inline std::uint64_t now = 10'000;
  static std::uint64_t milliseconds() noexcept { return now; }
  static std::uint64_t wall() noexcept { return 1'769'860'800'123; }  // 2026-01-31T12:00:00.123Z
  static std::uint64_t ticks() noexcept { return now; }
  static std::uint64_t silence(std::uint64_t ticks) noexcept { return now - ticks; }
};

struct store : vitals::component<"store", vitals::critical> {};
struct cache : vitals::component<"cache", vitals::degrading, vitals::depends_on<store>> {};
struct loop : vitals::component<"loop", vitals::informational, vitals::heartbeat<5s, vitals::restart_after<60s>>> {};

/// A health of its own for each case, and a router that serves it.
template <vitals::fixed_string Name>
struct served {
  using health = vitals::basic_health<test_clock, Name, store, cache, loop>;

  explicit served(vitals::health_page_options options = {.version = "1.4.2", .environment = "test"})
      : paths(std::move(options)) {
    paths.add_to(routes);
    paths.expose(health::ref());
  }
  response get(std::string_view target, std::string_view accept = {}) {
    return routes.handle({.method = "GET", .target = target, .accept = accept});
  }
  unsigned code(std::string_view target) { return get(target).status; }

  health_routes paths;
  router routes;
};

constexpr std::string_view live_paths[] = {"/livez", "/healthz", "/live", "/health/live", "/api/v1/health/live"};
constexpr std::string_view ready_paths[] = {"/readyz", "/ready",        "/health/ready", "/api/v1/health/ready",
                                            "/health", "/api/v1/health"};

TEST_CASE("the codes through a program's life") {
  served<"life"> s;
  using health = decltype(s)::health;
  const auto codes = [&](unsigned live, unsigned started, unsigned ready) {
    for (const std::string_view path : live_paths) {
      CAPTURE(path);
      CHECK(s.code(path) == live);
    }
    CHECK(s.code("/startupz") == started);
    for (const std::string_view path : ready_paths) {
      CAPTURE(path);
      CHECK(s.code(path) == ready);
    }
    CHECK(s.code("/status") == 200);
    CHECK(s.code("/api/v1/status") == 200);
  };
  codes(503, 503, 503);
  health::mark_initializing();
  codes(200, 503, 503);
  health::mark_live();
  codes(200, 200, 503);
  health::mark_ready();
  codes(200, 200, 503);  // the store is unknown
  health::mark_healthy<store>();
  codes(200, 200, 200);
  health::mark_unhealthy<cache>("slow");
  codes(200, 200, 200);
  health::mark_unhealthy<store>("connection_refused");
  codes(200, 200, 503);
  health::mark_healthy<store>();
  health::mark_draining();
  codes(200, 200, 503);
  health::mark_stopped();
  codes(503, 503, 503);
}

TEST_CASE("the document, in full") {
  served<"document"> s;
  using health = decltype(s)::health;
  health::mark_ready();
  health::beat<loop>();
  health::mark_healthy<store>();
  test_clock::now += 2'500;
  health::mark_unhealthy<store>("connection \"refused\"", "connect: no\nroute");
  health::mark_unhealthy<cache>("no_store");
  test_clock::now += 250;
  const response r = s.get("/health");
  CHECK(r.status == 503);
  CHECK(r.content_type == "application/json");
  CHECK(r.cache_control == "no-store");
  CHECK(r.body ==
        "{\"status\":\"unready\",\"ready\":false,\"live\":true,\"started\":true,"
        "\"reasons\":[\"store: connection \\\"refused\\\"\"],\"components\":{\n"
        " \"store\":{\"status\":\"unhealthy\",\"criticality\":\"critical\",\"reason\":\"connection \\\"refused\\\"\","
        "\"cause\":\"store\",\"age_seconds\":0.250,\"flapping\":false,\"errors\":1,\"errors_in_a_row\":1,"
        "\"error_types\":[{\"type\":\"connection \\\"refused\\\"\",\"count\":1,"
        "\"first\":\"2026-01-31T12:00:00.123Z\",\"last\":\"2026-01-31T12:00:00.123Z\"}]},\n"
        " \"cache\":{\"status\":\"unhealthy\",\"criticality\":\"degrading\",\"reason\":\"no_store\","
        "\"cause\":\"store\",\"age_seconds\":0.250,\"flapping\":false,\"errors\":0,\"errors_in_a_row\":0},\n"
        " \"loop\":{\"status\":\"healthy\",\"criticality\":\"informational\",\"reason\":\"\",\"cause\":\"\","
        "\"age_seconds\":2.750,\"flapping\":false,\"errors\":0,\"errors_in_a_row\":0,"
        "\"heartbeat_age_seconds\":2.750}},"
        "\"service\":\"document\",\"version\":\"1.4.2\",\"environment\":\"test\",\"uptime_seconds\":2.750,"
        "\"uptime\":\"2s\",\"timestamp\":\"2026-01-31T12:00:00.123Z\"}\n");
  // The same members everywhere; the probes of liveness and of the start say nothing of components.
  CHECK(s.get("/livez").body.find("\"live\":true,\"started\":true,\"reasons\":[") != std::string::npos);
  CHECK(s.get("/livez").body.find("\"components\":{},\"service\":\"document\"") != std::string::npos);
}

TEST_CASE("an error's message is shown where the configuration says so") {
  served<"quiet"> quiet;
  served<"open"> open{{.show_errors = true}};
  decltype(quiet)::health::error<store>("dns", "secret.example");
  decltype(open)::health::error<store>("dns", "secret.example");
  for (const std::string_view path : {"/health", "/readyz", "/status", "/readyz/store", "/livez/store", "/livez"}) {
    CAPTURE(path);
    CHECK(quiet.get(path).body.find("secret") == std::string::npos);
  }
  CHECK(open.get("/health").body.find("\"message\":\"secret.example\"") != std::string::npos);
}

TEST_CASE("verbose lines, exclusions, and one check alone") {
  served<"verbose"> s;
  using health = decltype(s)::health;
  health::mark_ready();
  health::beat<loop>();
  health::mark_unhealthy<store>("gone");
  health::mark_degraded<cache>("slow");
  const response r = s.get("/readyz?verbose");
  CHECK(r.status == 503);
  CHECK(r.content_type == "text/plain; charset=utf-8");
  CHECK(r.body == "[+]process ok\n[-]store failed: gone\n[+]cache ok\n[+]loop ok\nreadyz check failed\n");
  CHECK(s.get("/readyz?verbose&exclude=store").body ==
        "[+]process ok\n[+]store excluded: ok\n[+]cache ok\n[+]loop ok\nreadyz check passed\n");
  CHECK(s.code("/readyz?exclude=store") == 200);
  CHECK(s.code("/readyz?exclude=cache&exclude=nothing") == 503);
  CHECK(s.get("/livez?verbose").body == "[+]process ok\n[+]store ok\n[+]cache ok\n[+]loop ok\nlivez check passed\n");
  CHECK(s.get("/startupz?verbose").body == "[+]process ok\nstartupz check passed\n");
  CHECK(s.code("/readyz/store") == 503);
  CHECK(s.get("/readyz/store?verbose").body == "[-]store failed: gone\n");
  CHECK(s.code("/readyz/cache") == 200);
  CHECK(s.code("/livez/store") == 200);
  CHECK(s.code("/readyz/nothing") == 404);
  CHECK(s.code("/readyz/") == 404);
  CHECK(s.get("/readyz/cache").body.starts_with("{\"cache\":{\"status\":\"degraded\""));
}

TEST_CASE("a heartbeat that fails liveness") {
  served<"heartbeat"> s;
  using health = decltype(s)::health;
  health::mark_ready();
  health::mark_healthy<store>();
  health::beat<loop>();
  test_clock::now += 60'001;
  CHECK(s.code("/readyz") == 200);  // it is informational
  CHECK(s.code("/livez") == 503);
  CHECK(s.get("/livez?verbose").body ==
        "[+]process ok\n[+]store ok\n[+]cache ok\n[-]loop failed: silent for too long\nlivez check failed\n");
  CHECK(s.code("/livez/loop") == 503);
  CHECK(s.code("/livez?exclude=loop") == 200);
  health::beat<loop>();
  CHECK(s.code("/livez") == 200);
}

TEST_CASE("application/health+json where it is accepted") {
  served<"media"> s;
  using health = decltype(s)::health;
  health::mark_ready();
  health::beat<loop>();
  health::mark_healthy<store>();
  health::mark_degraded<cache>();
  const response r = s.get("/health", "application/health+json, application/json;q=0.5");
  CHECK(r.status == 200);
  CHECK(r.content_type == "application/health+json");
  CHECK(r.vary == "Accept");
  CHECK(r.body ==
        "{\"status\":\"warn\",\"serviceId\":\"media\",\"version\":\"1.4.2\",\"description\":\"degraded\",\"checks\":{\n"
        " \"store\":[{\"componentType\":\"component\",\"status\":\"pass\"}],\n"
        " \"cache\":[{\"componentType\":\"component\",\"status\":\"warn\",\"output\":\"degraded\"}],\n"
        " \"loop\":[{\"componentType\":\"component\",\"status\":\"pass\"}]}}\n");
  for (const std::string_view accept :
       {"", "*/*", "application/json", "text/html", "garbage;;q=", "application/health+json;q=0",
        "application/health+json;q=0.1, application/json"}) {
    CHECK(s.get("/health", accept).content_type == "application/json");
  }
}

TEST_CASE("the status page has the metrics that the program chose, and who needs whom") {
  using health = served<"status">::health;
  std::vector<std::string> asked;
  health_routes paths{{.metrics = {"a_total", "b"}}, [&asked](const std::vector<std::string>& names) {
                        asked = names;
                        return std::string{"{\"families\":[]}"};
                      }};
  router routes;
  paths.add_to(routes);
  paths.expose(health::ref());
  const std::string body = routes.handle({"GET", "/api/v1/status"}).body;
  CHECK(body.ends_with(
      ",\"dependencies\":{\"store\":[],\"cache\":[\"store\"],\"loop\":[]},\"metrics\":{\"families\":[]}}\n"));
  CHECK(asked == std::vector<std::string>{"a_total", "b"});
}

TEST_CASE("a server has one health, and gives it back") {
  served<"one"> s;
  CHECK_THROWS_AS(s.paths.expose(served<"two">::health::ref()), std::invalid_argument);
  s.paths.expose(decltype(s)::health::ref());  // the same again is no error
  CHECK(s.code("/status") == 200);
  CHECK(s.get("/").body.find("/readyz  whether it takes work\n") != std::string::npos);
  s.paths.unexpose(served<"two">::health::ref());
  CHECK(s.code("/status") == 200);
  s.paths.unexpose(decltype(s)::health::ref());
  for (const std::string_view path : {"/status", "/livez", "/readyz/store"}) {
    CHECK(s.code(path) == 404);
  }
  CHECK(s.get("/").body.find("/readyz") == std::string::npos);
}

TEST_CASE("the overview says whose it is") {
  served<"named"> s;
  CHECK(s.get("/").body.starts_with("named 1.4.2 test | vitals "));
  CHECK(s.get("/", "application/json")
            .body.starts_with(R"({"service":"named","version":"1.4.2","environment":"test","endpoints":{)"));
}

TEST_CASE("HEAD and OPTIONS") {
  served<"methods"> s;
  CHECK(s.routes.handle({"HEAD", "/readyz"}).status == 503);
  CHECK(s.routes.handle({"OPTIONS", "/readyz"}).status == 204);
  CHECK(s.routes.handle({"POST", "/readyz"}).status == 405);
}

#if VITALS_TESTS_COUNT_LOCKS
TEST_CASE("locks are counted") {
  std::mutex one;
  std::shared_mutex shared;
  const std::size_t before = locks;
  { const std::lock_guard lock{one}; }
  CHECK(locks == before + 1);
  { const std::shared_lock lock{shared}; }
  { const std::unique_lock lock{shared}; }
  CHECK(locks == before + 3);
  CHECK(one.try_lock());
  one.unlock();
  CHECK(locks == before + 4);
}
#endif

#if VITALS_TESTS_COUNT_ALLOCATIONS
/// What this thread has taken so far.
struct cost {
  std::size_t allocations = 0;
  std::size_t locks = 0;

  static cost now() {
#if VITALS_TESTS_COUNT_LOCKS
    return {::allocations, ::locks};
#else
    return {::allocations, 0};
#endif
  }
};

TEST_CASE("a warm probe of 20 components takes no memory and no lock") {
  using health = twenty::health<"routes_20">;
  twenty::mark_all<health>();
  for (const bool messages : {false, true}) {
    health_routes paths{{.version = "1.4.2-rc.1+a-long-one", .environment = "production", .show_errors = messages}};
    router routes;
    paths.add_to(routes);
    paths.expose(health::ref());
    response out;
    for (const std::string_view accept : {"", "application/json", "application/health+json", "text/html, */*;q=0.5"}) {
      for (const std::string_view path : {"/readyz", "/livez", "/startupz", "/health", "/health/ready", "/healthz",
                                          "/readyz/part_14", "/livez/part_00", "/api/v1/health/live"}) {
        CAPTURE(path);
        const request asked{.method = "GET", .target = path, .accept = accept};
        routes.handle(asked, out);
        routes.handle(asked, out);
        const cost before = cost::now();
        routes.handle(asked, out);
        const cost after = cost::now();
        CHECK(after.allocations == before.allocations);
        CHECK(after.locks == before.locks);
        CHECK(out.status == (path.find("live") != path.npos || path == "/startupz" || path == "/healthz" ? 200 : 503));
        CHECK(out.body.size() > 10);
      }
    }
  }
}

TEST_CASE("errors of known types take no memory and no lock, and neither do marks") {
  using health = twenty::health<"routes_marks">;
  twenty::mark_all<health>();
  const cost before = cost::now();
  twenty::mark_all<health>();
  const cost after = cost::now();
  CHECK(after.allocations == before.allocations);
  CHECK(after.locks == before.locks);
}
#endif

TEST_CASE("a health that comes and goes while threads probe it: whole answers, and none once it is gone") {
  served<"comes"> s;
  using health = decltype(s)::health;
  health::mark_ready();
  health::mark_healthy<store>();
  std::atomic<bool> over{false};
  std::array<std::atomic<std::size_t>, 4> answers{};
  std::atomic<std::size_t> wrong{0};
  std::vector<std::thread> probes;
  for (std::size_t i = 0; i != answers.size(); ++i) {
    probes.emplace_back([&, i] {
      while (!over) {
        const response r = s.get("/readyz");
        const bool whole = r.status == 200 && r.body.ends_with("}\n");
        wrong += whole || r.status == 404 ? 0 : 1;
        answers[i] += whole ? 1 : 0;
      }
    });
  }
  for (int round = 0; round != 200; ++round) {
    s.paths.unexpose(health::ref());
    wrong += s.code("/readyz") == 404 ? 0 : 1;
    s.paths.expose(health::ref());
    const std::size_t before = answers[static_cast<std::size_t>(round) % 4];
    while (answers[static_cast<std::size_t>(round) % 4] == before) {
      std::this_thread::yield();
    }
  }
  over = true;
  for (std::thread& t : probes) {
    t.join();
  }
  CHECK(wrong == 0);
}

/// Does something where a probe reads the time.
struct held_clock : test_clock {
  static inline void (*meanwhile)() = nullptr;
  static std::uint64_t milliseconds() noexcept {
    if (meanwhile != nullptr) {
      meanwhile();
    }
    return test_clock::milliseconds();
  }
};
std::atomic<bool> is_probed;
std::atomic<bool> is_leaving;
std::atomic<bool> has_left;
std::atomic<bool> had_left;

TEST_CASE("a health that is taken away waits for the probe that reads it") {
  using health = vitals::basic_health<held_clock, "held", store>;
  health::mark_ready();
  health_routes paths{{}};
  router routes;
  paths.add_to(routes);
  paths.expose(health::ref());
  is_probed = is_leaving = has_left = had_left = false;
  held_clock::meanwhile = [] {
    is_probed = true;
    while (!is_leaving) {
      std::this_thread::yield();
    }
    std::this_thread::sleep_for(50ms);  // long enough for one that does not wait
    had_left = has_left.load();
  };
  std::thread probe{[&routes] { CHECK(routes.handle({"GET", "/readyz"}).status == 503); }};
  while (!is_probed) {
    std::this_thread::yield();
  }
  is_leaving = true;
  paths.unexpose(health::ref());
  has_left = true;
  probe.join();
  held_clock::meanwhile = nullptr;
  CHECK_FALSE(had_left);
  CHECK(routes.handle({"GET", "/readyz"}).status == 404);
}

TEST_CASE("a component's errors are all of its own, in the table's order, however many there are") {
  using health = vitals::basic_health<test_clock, "indexed", store, cache, loop>;
  using vitals::detail::cell;
  using vitals::detail::error_cell;
  const auto matches = [] {
    const vitals::detail::error_index index{health::ref()};
    for (std::size_t i = 0; i != 3; ++i) {
      std::vector<std::string> expected;
      vitals::detail::each_error(health::ref(), [&](const vitals::error_report& e) {
        if (e.component == health::component_names[i]) {
          expected.push_back(std::string{e.type} + std::to_string(e.count));
        }
      });
      std::vector<std::string> found;
      index.each(i, [&found](const cell* entry, std::uint32_t type) {
        found.push_back(std::string{vitals::detail::text_of_slot(*health::ref().error_types, type)} +
                        std::to_string(entry[error_cell::count]));
      });
      CHECK(found == expected);
    }
  };
  matches();
  for (int n = 0; n != 100; ++n) {  // more than are kept of types, and of types and components
    const std::string type = "type_" + std::to_string(n % 40);
    health::error<cache>(type);
    if (n % 3 != 0) {
      health::error<loop>(type);
    }
    if (n % 2 == 0) {
      health::error<store>(type);
    }
    matches();
  }
}

TEST_CASE("timestamps") {
  const auto text = [](std::uint64_t ms) {
    std::string out;
    vitals::detail::append_timestamp(out, ms);
    return out;
  };
  CHECK(text(0) == "1970-01-01T00:00:00.000Z");
  CHECK(text(951'782'399'999) == "2000-02-28T23:59:59.999Z");
  CHECK(text(951'782'400'000) == "2000-02-29T00:00:00.000Z");
  CHECK(text(1'769'860'800'123) == "2026-01-31T12:00:00.123Z");
  CHECK(text(4'107'542'399'000) == "2100-02-28T23:59:59.000Z");
  CHECK(text(4'107'542'400'000) == "2100-03-01T00:00:00.000Z");
  CHECK(text(253'402'300'799'999) == "9999-12-31T23:59:59.999Z");
  CHECK(text(253'402'300'800'000) == "9999-12-31T23:59:59.999Z");  // a clock that is out of its mind
  CHECK(text(~std::uint64_t{0}) == "9999-12-31T23:59:59.999Z");
}

}  // namespace health_routes_tests
