// Scrapes, however slow, and everybody else.
#include <doctest/doctest.h>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <http/raw_client.hpp>
#include <vitals/expose/callbacks.hpp>
#include <vitals/http/server.hpp>
#include <vitals/metric/counter.hpp>
#include <vitals/registry/registry.hpp>
#include <wait_for.hpp>

namespace isolation_tests {

using namespace std::chrono_literals;
using raw_client::ask;
using raw_client::client;
using vitals::http::request;
using vitals::http::response;
using vitals::http::server;
using vitals::http::server_options;

struct hits : vitals::counter<"isolation_hits_total", "Hits."> {};
using metrics = vitals::registry<hits>;

constexpr std::string_view get_metrics = "GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
constexpr std::string_view get_probe = "GET /probe HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

void add_probe(server& to) {
  to.routes().add("/probe", "", [](const request&, response& out) { out.body = "here\n"; });
}

/// A source that waits until it is let through.
class door {
 public:
  door() {
    calls_.gauge("isolation_door", "A door.", [this] {
      std::unique_lock lock{mutex_};
      ++entered_;
      changed_.notify_all();
      changed_.wait(lock, [this] { return open_; });
      return 1;
    });
  }
  [[nodiscard]] const vitals::callbacks& source() const { return calls_; }
  void wait_for_visitor(int nth = 1) {
    std::unique_lock lock{mutex_};
    CHECK(changed_.wait_for(lock, long_enough, [&] { return entered_ >= nth; }));
  }
  void open() {
    const std::lock_guard lock{mutex_};
    open_ = true;
    changed_.notify_all();
  }
  int entered() {
    const std::lock_guard lock{mutex_};
    return entered_;
  }

 private:
  vitals::callbacks calls_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int entered_ = 0;
  bool open_ = false;
};

/// What a page of at least `bytes` has.
vitals::http::exposure large(std::string prefix, std::size_t bytes) {
  return {.prefix = std::move(prefix), .labels = {{"text", std::string(bytes, 'x')}}};
}

TEST_CASE("probes are answered while a scrape is being made") {
  door slow;
  server s{{.port = 0}};
  add_probe(s);
  s.expose(slow.source());
  s.start();
  const client scraper{s.port()};
  scraper.send(get_metrics);
  slow.wait_for_visitor();
  for (int i = 0; i != 10; ++i) {
    CHECK(ask(s.port(), get_probe).ends_with("\r\n\r\nhere\n"));
  }
  slow.open();
  CHECK(scraper.rest().find("\nisolation_door 1\n") != std::string::npos);
}

TEST_CASE("scrapes of one format that come while a page is made share the next one") {
  door slow;
  server s{{.port = 0}};
  s.expose(slow.source());
  s.start();
  std::vector<std::unique_ptr<client>> scrapers;
  for (int i = 0; i != 20; ++i) {
    scrapers.push_back(std::make_unique<client>(s.port()));
    scrapers.back()->send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
    if (i == 0) {
      slow.wait_for_visitor();
    }
  }
  // All are waiting once a request behind theirs is answered.
  CHECK(ask(s.port(), "GET / HTTP/1.0\r\n\r\n").starts_with("HTTP/1.1 200"));
  slow.open();
  for (const auto& c : scrapers) {
    CHECK(c->until("\nisolation_door 1\n").starts_with("HTTP/1.1 200 "));
  }
  CHECK(slow.entered() <= 3);  // some may come late, behind the request that is answered last here
}

TEST_CASE("a scrape is refused only where too many different pages wait") {
  door slow;
  server s{{.port = 0, .waiting_pages = 1}};
  s.expose(slow.source());
  s.start();
  const auto get = [&s](std::string_view target) {
    auto c = std::make_unique<client>(s.port());
    c->send("GET " + std::string{target} + " HTTP/1.1\r\nHost: a\r\n\r\n");
    return c;
  };
  const auto made = get("/metrics");
  slow.wait_for_visitor();
  const auto waits = get("/metrics/json");
  CHECK(ask(s.port(), "GET / HTTP/1.0\r\n\r\n").starts_with("HTTP/1.1 200"));
  const auto shares = get("/metrics/json");
  const auto refused = get("/api/v1/metrics/prometheus?name[]=isolation_door");
  const std::string head = refused->until("\r\n\r\n");
  CHECK(head.starts_with("HTTP/1.1 503 "));
  CHECK(head.find("\r\nRetry-After: 1\r\n") != std::string::npos);
  slow.open();
  CHECK(made->until("\nisolation_door 1\n").starts_with("HTTP/1.1 200 "));
  CHECK(waits->until("]}\n").starts_with("HTTP/1.1 200 "));
  CHECK(shares->until("]}\n").starts_with("HTTP/1.1 200 "));
}

TEST_CASE("a scraper that waits no longer than it said loses its connection, whatever the page takes") {
  door slow;
  server s{{.port = 0}};
  s.expose(slow.source());
  s.start();
  CHECK(ask(s.port(), "GET /metrics HTTP/1.1\r\nHost: a\r\nX-Prometheus-Scrape-Timeout-Seconds: 0.05\r\n\r\n").empty());
  slow.open();
  CHECK(ask(s.port(), get_metrics).starts_with("HTTP/1.1 200 "));
}

TEST_CASE("who takes a byte at a time has one page, and loses it in time") {
  server s{{.port = 0}};
  s.expose<metrics>(large("isolation_slow_", std::size_t{16} << 20U));
  s.start();
  const client slow{s.port()};
  slow.send("GET /metrics HTTP/1.1\r\nHost: a\r\nX-Prometheus-Scrape-Timeout-Seconds: 0.2\r\n\r\n");
  std::size_t got = 0;
  for (int i = 0; i != 10; ++i) {
    got += slow.next(1).size();
    std::this_thread::sleep_for(50ms);
  }
  CHECK(got + slow.rest().size() < (std::size_t{16} << 20U));
  CHECK(ask(s.port(), get_metrics).size() > (std::size_t{16} << 20U));
}

TEST_CASE("clients that stop while they wait for a page leave no trace") {
  door slow;
  server s{{.port = 0}};
  s.expose(slow.source());
  s.start();
  for (int i = 0; i != 10; ++i) {
    const client c{s.port()};
    c.send(get_metrics);
    slow.wait_for_visitor();
  }
  slow.open();
  CHECK(ask(s.port(), get_metrics).starts_with("HTTP/1.1 200 "));
}

TEST_CASE("pages are made on a second thread, or on an executor that the program names") {
  std::atomic<std::thread::id> maker{};
  std::atomic<std::thread::id> handler{};
  vitals::callbacks calls;
  calls.gauge("isolation_maker", "Who makes pages.", [&maker] {
    maker = std::this_thread::get_id();
    return 1;
  });
  const auto ask_both = [&](server_options options) {
    options.port = 0;
    server s{std::move(options)};
    s.routes().add("/who", "", [&handler](const request&) {
      handler = std::this_thread::get_id();
      return response{};
    });
    s.expose(calls);
    s.start();
    CHECK(ask(s.port(), get_metrics).starts_with("HTTP/1.1 200 "));
    CHECK(ask(s.port(), "GET /who HTTP/1.0\r\n\r\n").starts_with("HTTP/1.1 200 "));
  };
  ask_both({});
  CHECK(maker.load() != handler.load());
  CHECK(maker.load() != std::this_thread::get_id());
  std::atomic<std::thread::id> pooled{};
  boost::asio::thread_pool pool{1};
  boost::asio::post(pool, [&pooled] { pooled = std::this_thread::get_id(); });
  ask_both({.renderer = pool.get_executor()});
  CHECK(maker.load() == pooled.load());
  pool.join();
}

TEST_CASE("on a program's io_context a probe is answered between the slices of a large scrape") {
  boost::asio::io_context io;
  server s{io, {.port = 0}};
  add_probe(s);
  for (int i = 0; i != 64; ++i) {
    s.expose<metrics>(large("isolation_" + std::to_string(i) + "_", 64'000));
  }
  s.start();
  for (const std::string coding : {"", "Accept-Encoding: gzip\r\n"}) {
    const client scraper{s.port()};
    const client prober{s.port()};
    scraper.send("GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" + coding + "\r\n");
    for (int turn = 0; turn != 20; ++turn) {  // into the midst of the scrape
      io.run_one();
    }
    prober.send(get_probe);
    std::string answer;
    for (int turn = 0; turn != 20 && answer.empty(); ++turn) {
      io.run_one();
      answer = prober.arrived();
    }
    CHECK(answer.ends_with("\r\n\r\nhere\n"));
    CHECK(scraper.arrived().empty());
    std::string page;
    std::atomic<bool> done{false};
    std::thread reader{[&] {
      page = scraper.rest();
      done = true;
    }};
    CHECK(wait_for([&] { return io.run_one_for(10ms), done.load(); }));
    reader.join();
    CHECK(page.starts_with("HTTP/1.1 200 OK\r\n"));
    CHECK(page.size() > (coding.empty() ? std::size_t{64} * 64'000 : 5'000));
  }
}

/// A program's io_context, run by some threads.
class running_context {
 public:
  explicit running_context(int threads) {
    for (; threads != 0; --threads) {
      threads_.emplace_back([this] { io.run(); });
    }
  }
  running_context(const running_context&) = delete;
  running_context& operator=(const running_context&) = delete;
  ~running_context() { end(); }
  void end() {
    more_.reset();
    for (std::thread& t : threads_) {
      t.join();
    }
    threads_.clear();
  }

  boost::asio::io_context io{};

 private:
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> more_{io.get_executor()};
  std::vector<std::thread> threads_;
};

TEST_CASE("a server on a program's io_context serves, stops and starts from any thread, however many run it") {
  for (const int threads : {1, 3}) {
    running_context program{threads};
    server s{program.io, {.port = 0}};
    add_probe(s);
    s.expose<metrics>();
    for (int round = 0; round != 5; ++round) {
      s.start();
      s.start();
      const std::uint16_t port = s.port();
      CHECK(port != 0);
      const client idle{port};
      std::vector<std::thread> clients;
      for (int i = 0; i != 4; ++i) {
        clients.emplace_back([port] {
          for (int k = 0; k != 10; ++k) {
            CHECK(ask(port, get_metrics).find("isolation_hits_total") != std::string::npos);
            CHECK(ask(port, get_probe).ends_with("here\n"));
          }
        });
      }
      for (std::thread& c : clients) {
        c.join();
      }
      s.stop();
      s.stop();
      CHECK(s.port() == 0);
      CHECK_FALSE(client{port}.connected());
      CHECK(idle.rest().empty());
    }
  }
}

TEST_CASE("the same port again, at once, though nothing ran since it was stopped") {
  boost::asio::io_context io;
  server s{io, {.port = 0}};
  s.start();
  const std::uint16_t port = s.port();
  s.stop();
  server next{io, {.port = port}};
  next.start();
  CHECK(next.port() == port);
}

TEST_CASE("once a server on an io_context is stopped nothing of the program's is called") {
  running_context program{2};
  std::atomic<int> called_when_gone{0};
  for (int round = 0; round != 50; ++round) {
    std::atomic<bool> there{true};
    vitals::callbacks calls;
    const auto note = [&there, &called_when_gone] {
      called_when_gone += there ? 0 : 1;
      return 1;
    };
    calls.gauge("isolation_there", "There.", note);
    std::vector<std::unique_ptr<client>> clients;
    {
      server s{program.io, {.port = 0}};
      s.routes().add("/note", "", [&note](const request&) { return note(), response{}; });
      s.expose(calls);
      s.start();
      for (int i = 0; i != 4; ++i) {
        clients.push_back(std::make_unique<client>(s.port()));
        clients.back()->send("GET /note HTTP/1.1\r\nHost: a\r\n\r\nGET /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
      }
    }
    there = false;
  }
  program.end();
  CHECK(called_when_gone == 0);
}

TEST_CASE("a handler may stop its server on an io_context") {
  running_context program{1};
  server s{program.io, {.port = 0}};
  s.routes().add("/stop", "", [&s](const request&) {
    s.stop();
    return response{};
  });
  s.start();
  const std::uint16_t port = s.port();
  CHECK(ask(port, "GET /stop HTTP/1.0\r\n\r\n").empty());
  CHECK_FALSE(client{port}.connected());
  program.end();  // nothing is left to do
}

TEST_CASE("a server and its io_context go in any order, in the midst of anything") {
  for (const bool server_first : {true, false}) {
    for (const int turns : {0, 1, 2, 3, 5, 8, 13}) {
      auto io = std::make_unique<boost::asio::io_context>();
      auto s = std::make_unique<server>(*io, server_options{.port = 0});
      s->expose<metrics>(large("isolation_order_", 200'000));
      s->start();
      const client idle{s->port()};
      const client scraper{s->port()};
      scraper.send(get_metrics);
      const client half{s->port()};
      half.send("GET /met");
      for (int i = 0; i != turns; ++i) {
        io->run_one_for(10ms);
      }
      if (server_first) {
        s.reset();
        io->run_for(1ms);
        io.reset();
      } else {
        io.reset();
        s.reset();
      }
      CHECK_FALSE(idle.rest().starts_with("HTTP"));
    }
  }
}

TEST_CASE("an executor that comes to a page only when the server is gone does nothing") {
  for (const bool own_threads : {true, false}) {
    boost::asio::io_context renderer;
    {
      boost::asio::io_context io;
      server_options options{.port = 0, .renderer = renderer.get_executor()};
      auto s = own_threads ? std::make_unique<server>(options) : std::make_unique<server>(io, options);
      s->expose<metrics>();
      s->start();
      const client scraper{s->port()};
      scraper.send(get_metrics);
      if (own_threads) {
        CHECK(ask(s->port(), "GET / HTTP/1.0\r\n\r\n").starts_with("HTTP/1.1 200"));
      } else {
        io.run_for(20ms);
      }
      renderer.run_one();  // the first step
      s->stop();
      s.reset();
    }
    CHECK(renderer.run() <= 1);
  }
}

TEST_CASE("a stopped server leaves its io_context nothing to do, once responses are written") {
  boost::asio::io_context io;
  server s{io, {.port = 0}};
  s.expose<metrics>();
  s.start();
  const client idle{s.port()};
  io.run_for(10ms);
  s.stop();
  io.restart();
  io.run();  // returns
  CHECK(idle.rest().empty());
}

}  // namespace isolation_tests
