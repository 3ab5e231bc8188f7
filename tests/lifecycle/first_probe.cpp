// A program's first heartbeats, marks and probes do not wait for the processor's counter to be calibrated, which would
// read the clock many thousand times: so the readings are counted. With an argument: the machine sleeps before the
// first probe, so that the clock has gone on and the counter has not; that probe may wait, and must be right.
#include <vitals/health/health.hpp>

#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <thread>

#include <vitals/health/component.hpp>

namespace {

using namespace std::chrono_literals;

struct store : vitals::component<"store"> {};
struct loop : vitals::component<"loop", vitals::heartbeat<1h>> {};
struct pump : vitals::component<"pump", vitals::heartbeat<1h>> {};
using health = vitals::health<"first", store, loop, pump>;

std::atomic<int> readings{0};
std::atomic<std::int64_t> slept{0};  ///< seconds
int failures = 0;

void check(const char* what, bool good) {
  if (!good) {
    std::printf("FAILED: %s\n", what);
    ++failures;
  }
}

template <class Do>
void reads(const char* what, int most, Do run) {
  const int before = readings;
  run();
  const int after = readings;
  std::printf("%s: %d readings of the clock\n", what, after - before);
  check(what, after - before <= most);
}

std::uint64_t milliseconds() {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch())
          .count());
}

/// Both began to beat after `start`, and have not since `end`.
void silences_are_right(const char* what, std::uint64_t start, std::uint64_t end) {
  const std::uint64_t before = milliseconds();
  const auto r = health::report();
  const std::uint64_t after = milliseconds();
  for (const std::size_t beating : {1U, 2U}) {
    check(what, r.all[beating].silence <= after - start + 1 && r.all[beating].silence + 2 >= before - end &&
                    r.all[beating].now == vitals::status::healthy);
  }
}

void first_ones() {
  const std::uint64_t start = milliseconds();
  reads("the first event", 60, [] { health::mark_initializing(); });
  reads("the first heartbeat", 0, [] { health::beat<loop>(); });
  reads("the first mark", 60, [] { health::mark_healthy<store>(); });
  reads("the first probe", 60, [] { static_cast<void>(health::report()); });
  reads("a further event", 60, [] { health::mark_ready(); });
  reads("the first tick", 60, [] { health::tick(); });
  health::beat<pump>();
  const std::uint64_t end = milliseconds();
  silences_are_right("a silence at once", start, end);
  std::this_thread::sleep_for(40ms);
  reads("a probe after the time of a calibration", 60, [] { static_cast<void>(health::report()); });
  silences_are_right("a silence later", start, end);
  reads("a probe once the rate is known", 1, [] { static_cast<void>(health::report()); });
}

void after_sleep() {
  constexpr std::int64_t seconds = 2 * 3600;
  const std::uint64_t start = milliseconds() + seconds * 1000;
  health::beat<loop>();
  health::beat<pump>();
  slept = seconds;
  silences_are_right("a silence since before the sleep, but for that", start, milliseconds());
  health::beat<loop>();
  health::beat<pump>();
  const std::uint64_t end = milliseconds();
  std::this_thread::sleep_for(40ms);
  silences_are_right("a silence after the sleep", start, end);
}

}  // namespace

// In place of the system's: libstdc++'s steady_clock comes here too.
extern "C" int clock_gettime(clockid_t clock, timespec* out) noexcept {
  readings.fetch_add(1, std::memory_order_relaxed);
  const auto result = static_cast<int>(syscall(SYS_clock_gettime, clock, out));
  out->tv_sec += slept;
  return result;
}

int main(int argc, char**) {
  argc == 1 ? first_ones() : after_sleep();
  std::puts(failures == 0 ? "passed" : "FAILED");
  return failures == 0 ? 0 : 1;
}
