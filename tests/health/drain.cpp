#include <vitals/health/drain.hpp>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <thread_sanitized.hpp>
#include <vector>
#include <wait_for.hpp>

#include <vitals/health/component.hpp>
#include <vitals/health/health.hpp>
#include <vitals/health/mark.hpp>

namespace drain_tests {

using vitals::phase;
using vitals::detail::drain_time;
using namespace std::chrono_literals;

struct store : vitals::component<"store", vitals::critical> {};
template <vitals::fixed_string Name>
using of = vitals::health<Name, store>;

/// What a signal does, until the end of the scope.
class disposition {
 public:
  disposition(int signal, void (*handler)(int)) : signal_(signal) {
    struct sigaction action {};
    action.sa_handler = handler;
    ::sigaction(signal, &action, &former_);
  }
  disposition(const disposition&) = delete;
  disposition& operator=(const disposition&) = delete;
  ~disposition() { ::sigaction(signal_, &former_, nullptr); }

 private:
  int signal_;
  struct sigaction former_ {};
};

bool is_handled_by(int signal, void (*handler)(int)) {
  struct sigaction now {};
  ::sigaction(signal, nullptr, &now);
  return now.sa_handler == handler;
}

std::atomic<int> handled{0};
void count(int) {
  ++handled;
}
void another(int) {}

template <class Health>
std::uint64_t refused() {
  return Health::ref().at(vitals::detail::process_cell::refused).load();
}
template <class Health>
std::uint64_t drained() {
  return Health::ref().at(vitals::detail::process_cell::entered, static_cast<std::size_t>(phase::draining)).load();
}

TEST_CASE("by call: draining at once, and stopped when it goes") {
  using health = of<"drain_call">;
  health::mark_healthy<store>();
  health::mark_ready();
  {
    vitals::drain<health> drain{{.delay = 0s, .on_sigterm = false}};
    CHECK(!drain.has_begun());
    CHECK(!drain.is_over());
    CHECK(health::report().ready);
    drain.begin();
    CHECK(drain.has_begun());
    CHECK(wait_for([&] { return drain.is_over(); }));
    CHECK(health::report().now == phase::draining);
    CHECK(!health::report().ready);
    CHECK(health::report().live);
    drain.wait();
    drain.wait();
    CHECK(health::report().now == phase::draining);
  }
  CHECK(health::report().now == phase::stopped);
  CHECK(refused<health>() == 0);
}

TEST_CASE("one that never began leaves the program stopped too") {
  using health = of<"drain_unused">;
  health::mark_ready();
  { const vitals::drain<health> drain; }
  CHECK(health::report().now == phase::stopped);
  CHECK(drained<health>() == 0);
}

TEST_CASE("at SIGTERM") {
  using health = of<"drain_term">;
  const disposition before{SIGTERM, &count};
  health::mark_ready();
  vitals::drain<health> drain{{.delay = 1ms}};
  handled = 0;
  errno = ENOENT;
  ::raise(SIGTERM);
  CHECK(errno == ENOENT);
  CHECK(wait_for([] { return health::report().now == phase::draining; }));
  drain.wait();
  CHECK(drain.has_begun());
  CHECK(handled == 0);
}

TEST_CASE("SIGINT by choice") {
  const disposition before{SIGINT, &count};
  const disposition before_term{SIGTERM, &count};
  handled = 0;
  {
    using health = of<"drain_no_int">;
    const vitals::drain<health> drain;
    ::raise(SIGINT);
    CHECK(handled == 1);
    CHECK(!drain.has_begun());
  }
  {
    using health = of<"drain_int">;
    vitals::drain<health> drain{{.delay = 0s, .on_sigterm = false, .on_sigint = true}};
    ::raise(SIGTERM);
    CHECK(handled == 2);
    CHECK(!drain.has_begun());
    ::raise(SIGINT);
    drain.wait();
    CHECK(handled == 2);
  }
}

TEST_CASE("further signals and calls change nothing: the delay does not begin anew") {
  using health = of<"drain_twice">;
  const disposition before{SIGTERM, SIG_IGN};
  health::mark_ready();
  std::atomic<bool> over{false};
  vitals::drain<health> drain{{.delay = 200ms}};
  std::thread impatient{[&] {
    // Sooner after each other than the delay is long, and for so long that a test which never ends would be seen.
    CHECK(wait_for([&] {
      ::kill(::getpid(), SIGTERM);
      drain.begin();
      return over.load();
    }));
  }};
  drain.wait();
  over = true;
  impatient.join();
  CHECK(drained<health>() == 1);
  CHECK(refused<health>() == 0);
}

TEST_CASE("many threads begin, one change is told") {
  using health = of<"drain_threads">;
  health::mark_ready();
  vitals::drain<health> drain{{.delay = 0s, .on_sigterm = false}};
  std::vector<std::thread> threads;
  for (int i = 0; i != 4; ++i) {
    threads.emplace_back([&] {
      drain.begin();
      drain.wait();
      CHECK(health::report().now == phase::draining);
    });
  }
  for (std::thread& t : threads) {
    t.join();
  }
  CHECK(drained<health>() == 1);
}

TEST_CASE("a wait lasts until the drain has begun, and then for the delay") {
  drain_time time;
  std::atomic<bool> over{false};
  CHECK(!time.end());
  CHECK(!time.is_over(drain_time::clock::now()));
  std::thread waiter{[&] {
    time.wait();
    over = true;
  }};
  std::this_thread::sleep_for(20ms);
  CHECK(!over);
  const auto now = drain_time::clock::now();
  time.begin(now, 1h);
  CHECK(time.end() == now + 1h);
  CHECK(!time.is_over(now + 1h - 1ns));
  CHECK(time.is_over(now + 1h));
  std::this_thread::sleep_for(20ms);
  CHECK(!over);
  time.begin(now, 0s);
  waiter.join();
  time.begin(now, -1s);
  CHECK(time.end() == now);
  time.begin(now, std::chrono::milliseconds::max());
  CHECK(time.end() == now + 24h);
}

TEST_CASE("former handlers are restored, but where somebody has put another one there") {
  using health = of<"drain_restore">;
  const disposition term{SIGTERM, &count};
  const disposition interrupt{SIGINT, SIG_IGN};
  {
    const vitals::drain<health> drain{{.on_sigint = true}};
    CHECK(!is_handled_by(SIGTERM, &count));
    CHECK(!is_handled_by(SIGINT, SIG_IGN));
  }
  CHECK(is_handled_by(SIGTERM, &count));
  CHECK(is_handled_by(SIGINT, SIG_IGN));
  {
    const vitals::drain<health> drain{{.on_sigint = true}};
    struct sigaction action {};
    action.sa_handler = &another;
    ::sigaction(SIGTERM, &action, nullptr);
  }
  CHECK(is_handled_by(SIGTERM, &another));
  CHECK(is_handled_by(SIGINT, SIG_IGN));
}

TEST_CASE("one at a time handles signals") {
  using first = of<"drain_first">;
  using second = of<"drain_second">;
  const disposition before{SIGTERM, &count};
  {
    const vitals::drain<first> drain;
    CHECK_THROWS_WITH_AS(vitals::drain<second>{}, "vitals: another vitals::drain handles the program's signals already",
                         std::logic_error);
    const vitals::drain<second> by_call{{.on_sigterm = false}};
    CHECK(!is_handled_by(SIGTERM, &count));
  }
  CHECK(is_handled_by(SIGTERM, &count));
  vitals::drain<second> drain{{.delay = 0s}};
  CHECK(!drain.has_begun());  // whatever came for the one before
  ::raise(SIGTERM);
  drain.wait();
}

TEST_CASE("a call of the program's that a signal meets goes on" * doctest::skip(is_thread_sanitized)) {
  using health = of<"drain_restart">;
  const disposition before{SIGTERM, &count};
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  vitals::drain<health> drain{{.delay = 0s}};
  std::atomic<bool> reads{false};
  ssize_t got = 0;
  std::thread reader{[&] {
    char byte = 0;
    reads = true;
    got = ::read(ends[0], &byte, 1);
  }};
  CHECK(wait_for([&] { return reads.load(); }));
  std::this_thread::sleep_for(20ms);
  ::pthread_kill(reader.native_handle(), SIGTERM);
  drain.wait();
  CHECK(::write(ends[1], "x", 1) == 1);
  reader.join();
  CHECK(got == 1);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_CASE("in a forked child the signal does what it did before" * doctest::skip(is_thread_sanitized)) {
  using health = of<"drain_fork">;
  const disposition before{SIGTERM, SIG_DFL};
  const vitals::drain<health> drain{{.delay = 0s}};
  const pid_t child = ::fork();
  if (child == 0) {
    ::raise(SIGTERM);
    ::_exit(3);
  }
  REQUIRE(child > 0);
  int ended = 0;
  CHECK(::waitpid(child, &ended, 0) == child);
  CHECK(WIFSIGNALED(ended));
  CHECK(WTERMSIG(ended) == SIGTERM);
  CHECK(!drain.has_begun());
}

TEST_CASE("a forked child may end it, though others wait for it in the parent" * doctest::skip(is_thread_sanitized)) {
  using health = of<"drain_inherited">;
  const disposition before{SIGTERM, SIG_DFL};
  auto drain = std::make_unique<vitals::drain<health>>(vitals::drain_options{.delay = 0s});
  auto by_call = std::make_unique<vitals::drain<of<"drain_inherited_2">>>(vitals::drain_options{.on_sigterm = false});
  std::thread waiter{[&] { drain->wait(); }};
  std::this_thread::sleep_for(50ms);  // it waits, all but for certain
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(60);  // should it hang
    drain.reset();
    by_call.reset();
    const bool restored = is_handled_by(SIGTERM, SIG_DFL);
    vitals::drain<health> anew{{.delay = 0s}};
    ::raise(SIGTERM);
    anew.wait();
    ::_exit(restored ? 7 : 8);
  }
  REQUIRE(child > 0);
  int ended = 0;
  CHECK(::waitpid(child, &ended, 0) == child);
  CHECK(WIFEXITED(ended));
  CHECK(WEXITSTATUS(ended) == 7);
  CHECK(!drain->has_begun());
  drain->begin();
  waiter.join();
}

TEST_CASE("signals at any time of a drain's life") {
  using health = of<"drain_storm">;
  const disposition before{SIGTERM, SIG_IGN};
  std::atomic<bool> stop{false};
  std::thread storm{[&] {
    while (!stop) {
      ::kill(::getpid(), SIGTERM);
    }
  }};
  for (int i = 0; i != 200; ++i) {
    vitals::drain<health> drain{{.delay = 0s}};
    drain.wait();
  }
  stop = true;
  storm.join();
  CHECK(is_handled_by(SIGTERM, SIG_IGN));
}

}  // namespace drain_tests
