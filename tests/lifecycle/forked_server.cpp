// A program that serves forks, and executes, while it is scraped.
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>

#include <lifecycle/scrape.hpp>
#include <vitals/expose/callbacks.hpp>
#include <vitals/health/health.hpp>
#include <vitals/http/server.hpp>
#include <vitals/metric/counter.hpp>
#include <vitals/registry/registry.hpp>

namespace {

using vitals::http::server;
using vitals::http::server_options;

struct hits : vitals::counter<"forked_hits_total", "Hits."> {};
struct store : vitals::component<"store"> {};
using metrics = vitals::registry<hits>;
using app_health = vitals::health<"forked", store>;

/// Runs `work` in a child, which must end well, and soon.
template <class Work>
void in_child(const char* what, Work work) {
  const pid_t child = ::fork();
  check(child != -1, "fork");
  if (child == 0) {
    ::alarm(60);  // a lock that nobody gives back
    work();
    std::exit(0);  // with the destructors of what is static
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  check(WIFEXITED(status) && WEXITSTATUS(status) == 0, what);
}

int open_descriptors() {
  int all = 0;
  DIR* const d = ::opendir("/proc/self/fd");
  for (const dirent* e = nullptr; (e = ::readdir(d)) != nullptr;) {
    all += e->d_name[0] != '.' ? 1 : 0;
  }
  ::closedir(d);
  return all - 1;  // the directory's own
}

/// Static, so that each child's exit destroys what it inherited.
struct program {
  program() {
    slow.gauge("forked_slow", "Slow.", [] {
      std::this_thread::sleep_for(std::chrono::microseconds{200});
      return 1;
    });
    parents.expose<metrics, app_health>();
    parents.expose(slow);
  }
  vitals::callbacks slow{};
  server parents{{.port = 0}};
};

bool serves(std::uint16_t port) {
  const std::string page = get(port, "/metrics");
  return page.starts_with("HTTP/1.1 200 ") && page.find("\nforked_slow 1\n") != std::string::npos &&
         page.find("\nforked_hits_total ") != std::string::npos &&
         get(port, "/livez").find("\"service\":\"forked\"") != std::string::npos;
}

void fork_while_scraped(program& p) {
  std::atomic<bool> done{false};
  std::vector<std::thread> scrapers;
  for (int i = 0; i != 3; ++i) {
    scrapers.emplace_back([&] {
      while (!done) {
        metrics::get<hits>().inc();
        check(serves(p.parents.port()), "the parent serves");
      }
    });
  }
  for (int round = 0; round != 20; ++round) {
    in_child("a child that destroys what it inherited", [] {});
    in_child("a child with a server of its own", [&p] {
      server own{{.port = 0}};
      own.expose<metrics, app_health>();
      own.expose(p.slow);
      own.start();
      check(serves(own.port()), "a child's own server");
    });
    in_child("a child that starts what it inherited", [&p] {
      check(p.parents.port() == 0, "a child has no port");
      p.parents.start();
      check(serves(p.parents.port()), "a child's inherited server");
      const std::string page = get(p.parents.port(), "/metrics");
      check(page.find("\nvitals_http_connections 1\n") != std::string::npos, "a child counts its own connections");
      p.parents.unexpose<app_health>();
      p.parents.unexpose(p.slow);
      in_child("a grandchild", [&p] {
        p.parents.start();
        check(get(p.parents.port(), "/metrics").find("\nforked_hits_total ") != std::string::npos, "a grandchild");
      });
      p.parents.stop();
      p.parents.start();
    });
  }
  done = true;
  for (std::thread& s : scrapers) {
    s.join();
  }
}

bool takes_its_time(const std::string& password, const std::string& hash) {
  std::this_thread::sleep_for(std::chrono::milliseconds{1});
  return "plain:" + password == hash;
}
bool is_hash(const std::string& hash) {
  return hash.starts_with("plain:");
}

/// A child is asked for passwords as its parent is, which forks while its thread checks one.
void fork_while_passwords_are_checked() {
  server guarded{{.port = 0,
                  .access = {.metrics = {.users = {{"a", "plain:b"}}},
                             .passwords = {.matches = &takes_its_time, .is_hash = &is_hash}}}};
  guarded.expose<metrics>();
  guarded.start();
  const auto asks = [](std::uint16_t port) {
    return get(port, "/metrics", "Authorization: Basic YTpi\r\n").starts_with("HTTP/1.1 200 ") &&  // a:b
           get(port, "/metrics", "Authorization: Basic YTpj\r\n").starts_with("HTTP/1.1 401 ");
  };
  std::atomic<bool> done{false};
  std::thread guesser{[&, port = guarded.port()] {  // other passwords each time: what was checked is remembered
    for (int i = 0; !done; ++i) {
      const std::string digits{static_cast<char>('A' + i % 26), static_cast<char>('A' + i / 26 % 26)};
      check(get(port, "/metrics", "Authorization: Basic YTpi" + digits + "==\r\n").starts_with("HTTP/1.1 401 "),
            "a guess");
    }
  }};
  check(asks(guarded.port()), "the parent's password");
  for (int round = 0; round != 10; ++round) {
    in_child("a child that leaves what checks passwords", [] {});
    in_child("a child with what checks passwords", [&] {
      guarded.start();
      check(asks(guarded.port()), "a child's password");
      guarded.stop();
    });
  }
  done = true;
  guesser.join();
}

/// What a child holds keeps neither a port taken nor a connection open.
void stop_while_a_child_lives(program& p) {
  const std::uint16_t port = p.parents.port();
  const int idle = connect_to(port);
  check(!get(port, "/livez").empty(), "the connection is accepted once a later one is answered");
  int gate[2];
  check(::pipe2(gate, O_CLOEXEC) == 0, "a pipe");
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(gate[1]);
    char c = 0;
    static_cast<void>(::read(gate[0], &c, 1));
    ::_exit(0);
  }
  ::close(gate[0]);
  ::fcntl(idle, F_SETFL, 0);
  p.parents.stop();
  check(rest_of(idle).empty(), "a connection ends though a child lives");
  ::close(idle);
  server next{{.port = port}};
  next.start();
  check(next.port() == port, "the port is free though a child lives");
  next.stop();
  ::close(gate[1]);
  ::waitpid(child, nullptr, 0);
  p.parents.start();
}

void execute(const char* self, const program& p) {
  const int idle = connect_to(p.parents.port());
  check(!get(p.parents.port(), "/livez").empty(), "served");
  const pid_t child = ::fork();
  if (child == 0) {
    ::execl(self, self, "descriptors", nullptr);
    ::_exit(9);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  check(WIFEXITED(status) && WEXITSTATUS(status) == 0, "an executed program has the three usual descriptors alone");
  ::close(idle);
}

void fork_with_a_context() {
  auto io = std::make_unique<boost::asio::io_context>();
  auto s = std::make_unique<server>(*io, server_options{.port = 0});
  s->expose<metrics>();
  s->start();
  std::atomic<bool> done{false};
  std::thread runner{[&] {
    while (!done) {
      io->run_for(std::chrono::milliseconds{10});
      io->restart();
    }
  }};
  const std::uint16_t port = s->port();
  check(get(port, "/metrics").starts_with("HTTP/1.1 200 "), "an io_context's server");
  in_child("a child that destroys an io_context's server", [&s] { s.reset(); });
  in_child("a child that stops an io_context's server, and has one of its own", [&s] {
    s->stop();
    boost::asio::io_context own_io;
    server own{own_io, {.port = 0}};
    own.expose<metrics>();
    own.start();
    std::thread run{[&own_io] { own_io.run(); }};
    check(get(own.port(), "/metrics").starts_with("HTTP/1.1 200 "), "a child's own io_context");
    own.stop();
    run.join();
  });
  check(get(port, "/metrics").starts_with("HTTP/1.1 200 "), "the parent's, though a child stopped its copy");
  done = true;
  runner.join();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view{argv[1]} == "descriptors") {
    return open_descriptors() == 3 ? 0 : 1;
  }
  ::close_range(3, ~0U, 0);  // what this program itself inherited is no matter of the test
  static program p;
  p.parents.start();
  fork_while_scraped(p);
  fork_while_passwords_are_checked();
  stop_while_a_child_lives(p);
  execute(argv[0], p);
  fork_with_a_context();
  return 0;
}
