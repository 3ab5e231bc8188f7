// The servers that load.py sets wrk on, each with the same 1,000 series: serving vitals|exposer|beast. Prints its port
// and serves until its standard input ends. For each line there, a processor and a time in milliseconds, it counts on
// that processor for as long, and prints how long an increment took and how long ++ did, in nanoseconds.
#include <sched.h>
#include <time.h>

#include <utility>  // before asio, which misses it in g++

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>

#include <prometheus/counter.h>
#include <prometheus/exposer.h>
#include <prometheus/registry.h>

#include <vitals/vitals.hpp>

namespace {

enum class digit { d0, d1, d2, d3, d4, d5, d6, d7, d8, d9 };
constexpr std::array<digit, 10> digits{digit::d0, digit::d1, digit::d2, digit::d3, digit::d4,
                                       digit::d5, digit::d6, digit::d7, digit::d8, digit::d9};
struct events : vitals::counter<"bench_events_total", "Events.", vitals::label<"hundreds", digit>,
                                vitals::label<"tens", digit>, vitals::label<"ones", digit>> {};
struct store : vitals::component<"store", vitals::critical> {};
using counts = vitals::registry<events>;
using program = vitals::health<"bench", store>;

/// The values of both sides' series.
constexpr std::uint64_t value_of(std::size_t i) {
  return i * i * i;
}

double thread_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// Nanoseconds of this thread for one of what `step` does a hundred of.
template <class Step>
double time_of(std::chrono::milliseconds length, Step step) {
  const auto end = std::chrono::steady_clock::now() + length;
  const double begin = thread_seconds();
  std::uint64_t hundreds = 0;
  for (; hundreds % 1024 != 0 || std::chrono::steady_clock::now() < end; ++hundreds) {
    step();
  }
  return (thread_seconds() - begin) / (100.0 * static_cast<double>(hundreds)) * 1e9;
}

void count_on(int processor, std::chrono::milliseconds length) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(static_cast<std::size_t>(processor), &one);
  sched_setaffinity(0, sizeof one, &one);
  // In turns, so that both meet the same load.
  double ours = 0;
  double floor = 0;
  std::array<std::uint64_t, 100> plain{};
  constexpr int turns = 20;
  for (int turn = 0; turn != turns; ++turn) {
    ours += time_of(length / turns / 2, [] {
      for (const digit tens : digits) {
        for (const digit ones : digits) {
          counts::get<events>(digit::d0, tens, ones).inc();
        }
      }
      asm volatile("" ::: "memory");
    });
    floor += time_of(length / turns / 2, [&plain] {
      for (std::uint64_t& cell : plain) {
        ++cell;
        asm volatile("" : "+m"(cell));
      }
    });
  }
  std::printf("%.6f %.6f\n", ours / turns, floor / turns);
}

void say_port(int port) {
  std::printf("%d\n", port);
  std::fflush(stdout);
}

void obey() {
  int processor = 0;
  int milliseconds = 0;
  while (std::scanf("%d %d", &processor, &milliseconds) == 2) {
    count_on(processor, std::chrono::milliseconds{milliseconds});
    std::fflush(stdout);
  }
}

void serve_vitals() {
  for (std::size_t i = 0; i != 1000; ++i) {
    counts::get<events>(digits[i / 100], digits[i / 10 % 10], digits[i % 10]).add(value_of(i));
  }
  program::mark_ready();
  program::mark_healthy<store>();
  vitals::http::server server{{.port = 0}};
  server.expose<counts, program>();
  server.start();
  say_port(server.port());
  obey();
}

void serve_exposer() {
  const auto registry = std::make_shared<prometheus::Registry>();
  auto& family = prometheus::BuildCounter().Name("bench_events_total").Help("Events.").Register(*registry);
  for (std::size_t i = 0; i != 1000; ++i) {
    const auto label = [](std::size_t n) { return "d" + std::to_string(n); };
    family.Add({{"hundreds", label(i / 100)}, {"tens", label(i / 10 % 10)}, {"ones", label(i % 10)}})
        .Increment(static_cast<double>(value_of(i)));
  }
  prometheus::Exposer exposer{"127.0.0.1:0"};
  exposer.RegisterCollectable(registry);
  say_port(exposer.GetListeningPorts().front());
  obey();
}

namespace beast = boost::beast;
using boost::asio::ip::tcp;

/// The least that Beast can do: one answer, whatever is asked.
class session : public std::enable_shared_from_this<session> {
 public:
  explicit session(tcp::socket socket) : stream_(std::move(socket)) {}

  void read() {
    asked_ = {};
    beast::http::async_read(stream_, buffer_, asked_,
                            [self = shared_from_this()](beast::error_code error, std::size_t) {
                              if (!error) {
                                self->answer();
                              }
                            });
  }

 private:
  void answer() {
    to_ = {beast::http::status::ok, asked_.version()};
    to_.set(beast::http::field::content_type, "application/json");
    to_.body() = R"({"status":"healthy","service":"bench","uptime_seconds":1.000,"uptime":"1s"})";
    to_.keep_alive(asked_.keep_alive());
    to_.prepare_payload();
    beast::http::async_write(stream_, to_, [self = shared_from_this()](beast::error_code error, std::size_t) {
      if (!error) {
        self->read();
      }
    });
  }

  beast::tcp_stream stream_;
  beast::flat_buffer buffer_;
  beast::http::request<beast::http::empty_body> asked_;
  beast::http::response<beast::http::string_body> to_;
};

void accept(tcp::acceptor& from) {
  from.async_accept([&from](beast::error_code error, tcp::socket socket) {
    if (!error) {
      socket.set_option(tcp::no_delay(true));
      std::make_shared<session>(std::move(socket))->read();
      accept(from);
    }
  });
}

void serve_beast() {
  boost::asio::io_context io{1};
  tcp::acceptor acceptor{io, tcp::endpoint{boost::asio::ip::address_v4::loopback(), 0}};
  accept(acceptor);
  std::thread thread{[&io] { io.run(); }};
  say_port(acceptor.local_endpoint().port());
  obey();
  io.stop();
  thread.join();
}

}  // namespace

int main(int argc, char** argv) {
  const std::string side = argc == 2 ? argv[1] : "";
  if (side == "vitals") {
    serve_vitals();
  } else if (side == "exposer") {
    serve_exposer();
  } else if (side == "beast") {
    serve_beast();
  } else {
    std::fputs("usage: bench_serving vitals|exposer|beast\n", stderr);
    return 2;
  }
}
