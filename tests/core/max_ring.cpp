#include <vitals/core/max_ring.hpp>

#include <pthread.h>

#include <array>
#include <atomic>
#include <bit>
#include <cmath>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <random>
#include <thread>

#include <doctest/doctest.h>

namespace max_ring_tests {

using vitals::detail::cell;
using vitals::detail::max_ring;
using limits = std::numeric_limits<double>;

using ring = std::array<cell, max_ring::cells>;

struct sum {
  double value;
  bool touched;
};

/// What a reader sees of some rings.
template <class... Ring>
sum read(std::uint64_t now, const Ring&... rings) {
  std::uint64_t out[2] = {1, 1};
  max_ring::clear(out);
  (max_ring::add(rings.data(), now, out), ...);
  return {std::bit_cast<double>(out[0]), out[1] != 0};
}

constexpr std::uint64_t start = 1000;  // an epoch to begin at

TEST_CASE("a window is seven sub-windows, and no shorter than was asked for") {
  CHECK(max_ring::part_of(70) == 10);
  CHECK(max_ring::part_of(71) == 11);
  CHECK(max_ring::part_of(1) == 1);
  CHECK(max_ring::epoch_at(0, 10) == 1);  // 0 is for what holds nothing
  CHECK(max_ring::epoch_at(9, 10) == 1);
  CHECK(max_ring::epoch_at(10, 10) == 2);
}

TEST_CASE("a slot's two cells are on one cache line, where the ring begins on one") {
  for (std::uint32_t i = 0; i != max_ring::slots; ++i) {
    CHECK(2 * i / vitals::detail::cells_a_line == (2 * i + 1) / vitals::detail::cells_a_line);
  }
  CHECK(max_ring::cells % vitals::detail::cells_a_line == 0);
}

TEST_CASE("nothing observed is NaN, and untouched") {
  const ring r{};
  for (const std::uint64_t now : {std::uint64_t{1}, std::uint64_t{7}, std::uint64_t{8}, start}) {
    CHECK(std::isnan(read(now, r).value));
    CHECK_FALSE(read(now, r).touched);
  }
}

TEST_CASE("the largest value shows, negative ones and infinities too") {
  ring r{};
  max_ring::raise(r.data(), start, -5);
  CHECK(read(start, r).value == -5);
  max_ring::raise(r.data(), start, -7);
  CHECK(read(start, r).value == -5);
  max_ring::raise(r.data(), start, -limits::infinity());
  CHECK(read(start, r).value == -5);
  max_ring::raise(r.data(), start, 0);
  CHECK(read(start, r).value == 0);
  max_ring::raise(r.data(), start, limits::infinity());
  max_ring::raise(r.data(), start, 1);
  CHECK(read(start, r).value == limits::infinity());
  ring lowest{};
  max_ring::raise(lowest.data(), start, -limits::infinity());
  CHECK(read(start, lowest).value == -limits::infinity());
}

TEST_CASE("a value counts for the window's seven epochs and the rest of the eighth, then never again") {
  for (std::uint64_t first = 1; first != 20; ++first) {
    ring r{};
    max_ring::raise(r.data(), first, 3);
    for (std::uint64_t age = 0; age != 100; ++age) {
      const sum now = read(first + age, r);
      CHECK((age <= 7 ? now.value == 3 : std::isnan(now.value)));
      CHECK(now.touched);
    }
  }
}

TEST_CASE("reading changes nothing") {
  ring r{};
  max_ring::raise(r.data(), start, 3);
  max_ring::raise(r.data(), start + 3, 2);
  const auto before = std::bit_cast<std::array<std::uint64_t, max_ring::cells>>(r);
  for (std::uint64_t now = start - 20; now != start + 40; ++now) {
    static_cast<void>(read(now, r));
  }
  CHECK(std::bit_cast<std::array<std::uint64_t, max_ring::cells>>(r) == before);
}

TEST_CASE("a value that is not larger stores nothing") {
  ring r{};
  max_ring::raise(r.data(), start, 3);
  const auto before = std::bit_cast<std::array<std::uint64_t, max_ring::cells>>(r);
  max_ring::raise(r.data(), start, 3);
  max_ring::raise(r.data(), start, 2);
  CHECK(std::bit_cast<std::array<std::uint64_t, max_ring::cells>>(r) == before);
}

/// All that was observed, kept as it is.
struct model {
  std::multimap<std::uint64_t, double> values;

  [[nodiscard]] double at(std::uint64_t now) const {
    double most = limits::quiet_NaN();
    for (auto v = values.lower_bound(now < 7 ? 0 : now - 7); v != values.end(); ++v) {
      most = v->second <= most ? most : v->second;
    }
    return most;
  }
};

bool same(double a, double b) {
  return a == b || (std::isnan(a) && std::isnan(b));
}

TEST_CASE("rings of several threads that come and go show what a plain model shows, while time goes on") {
  std::mt19937_64 random{1};
  for (int round = 0; round != 200; ++round) {
    model all;
    ring retired{};
    std::array<ring, 3> threads{};
    std::uint64_t now = 1 + random() % 12;
    int wrong = 0;
    for (int step = 0; step != 300; ++step) {
      now += random() % 4 == 0 ? random() % (random() % 8 == 0 ? 20 : 3) : 0;
      ring& mine = threads[random() % 3];
      const double value = static_cast<double>(random() % 2001) - 1000;
      if (random() % 10 == 0) {  // it ends, and another takes its place
        max_ring::fold(retired.data(), mine.data(), now);
        for (cell& c : mine) {
          c = 0;
        }
      }
      if (random() % 10 == 0) {  // one past its end
        max_ring::fold(retired.data(), now, value, now);
      } else {
        max_ring::raise(mine.data(), now, value);
      }
      all.values.emplace(now, value);
      for (const std::uint64_t later : {now, now + 1, now + 7, now + 8}) {
        wrong += same(read(later, retired, threads[0], threads[1], threads[2]).value, all.at(later)) ? 0 : 1;
      }
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("a step back that is shorter than the window hides nothing, and goes on as if time had stood still") {
  for (std::uint64_t step = 1; step <= 7; ++step) {
    ring r{};
    for (std::uint64_t i = 0; i != 8; ++i) {
      max_ring::raise(r.data(), start + i, 100 + static_cast<double>(i));
    }
    const std::uint64_t now = start + 7 - step;
    CHECK(read(now, r).value == 107);  // what is ahead counts
    max_ring::raise(r.data(), now, 200);
    CHECK(read(now, r).value == 200);
    CHECK(read(now + 7, r).value == 200);
    CHECK(read(now + 8, r).value == 107);
    CHECK(read(start + 14, r).value == 107);
    CHECK(std::isnan(read(start + 15, r).value));
  }
}

TEST_CASE("after a longer step back what was observed before it is hidden, and what is observed then counts") {
  for (const std::uint64_t step : {9U, 15U, 16U, 17U, 100U, 999U}) {
    ring r{};
    max_ring::raise(r.data(), start, 100);
    const std::uint64_t now = start - step;
    CHECK(std::isnan(read(now, r).value));
    CHECK(read(now, r).touched);
    for (std::uint64_t i = 0; i != 8; ++i) {
      max_ring::raise(r.data(), now + i, static_cast<double>(i));
      const sum seen = read(now + i, r);
      CHECK((seen.value == static_cast<double>(i) || (seen.value == 100 && now + i + 8 >= start)));
    }
    CHECK(read(now + 7 + 7, r).value >= 7);
  }
}

TEST_CASE("a ring of a thread that ended after a step back counts, whatever the retired ring holds from before it") {
  ring retired{};
  for (std::uint64_t i = 0; i != 8; ++i) {
    max_ring::raise(retired.data(), start + i, 500);
  }
  const std::uint64_t now = start - 100;
  ring ends{};
  max_ring::raise(ends.data(), now - 2, 2);
  max_ring::raise(ends.data(), now, 1);
  max_ring::fold(retired.data(), ends.data(), now);
  CHECK(read(now, retired).value == 2);
  CHECK(read(now + 6, retired).value == 1);
  CHECK(std::isnan(read(now + 8, retired).value));
}

TEST_CASE("a fold keeps the larger value of an epoch, and the later epoch of a slot") {
  ring retired{};
  max_ring::raise(retired.data(), start, 5);
  max_ring::raise(retired.data(), start + 9, 6);  // the slot of start + 1
  ring ends{};
  max_ring::raise(ends.data(), start, 4);
  max_ring::raise(ends.data(), start + 1, 100);
  max_ring::raise(ends.data(), start + 2, 3);
  max_ring::fold(retired.data(), ends.data(), start + 9);
  CHECK(read(start + 7, retired).value == 6);
  CHECK(read(start + 9, retired).value == 6);
  CHECK(read(start, retired).value == 5);
  CHECK(read(start - 1, retired).value == 5);
  max_ring::fold(retired.data(), ends.data(), start + 9);  // again: nothing changes
  CHECK(read(start, retired).value == 5);
}

TEST_CASE("an old ring's fold leaves behind that it was touched") {
  ring retired{};
  ring ends{};
  max_ring::raise(ends.data(), start, 5);
  max_ring::fold(retired.data(), ends.data(), start + 1000);
  CHECK(std::isnan(read(start + 1000, retired).value));
  CHECK(read(start + 1000, retired).touched);
}

// Each value says its epoch, so that a value under another epoch shows.
TEST_CASE("a reader of a ring that is written meanwhile never takes a value for another epoch's") {
  constexpr std::uint64_t epochs = 3'000'000;
  ring r{};
  std::atomic<std::uint64_t> now{8};
  std::thread writer{[&] {
    for (std::uint64_t epoch = 8; epoch != epochs; ++epoch) {
      max_ring::raise(r.data(), epoch, static_cast<double>(epoch));
      now.store(epoch, std::memory_order_release);
      max_ring::raise(r.data(), epoch, static_cast<double>(epoch) + 0.5);
    }
  }};
  std::uint64_t wrong = 0;
  std::uint64_t before = 8;
  while (before != epochs - 1) {
    before = now.load(std::memory_order_acquire);
    const double seen = read(before, r).value;
    // At least what stood there before, unless the writer has come round the whole ring meanwhile; and nothing that is
    // too far ahead of the reader's time to count.
    const bool lapped = now.load(std::memory_order_acquire) >= before + 7;
    wrong += seen >= static_cast<double>(before) || lapped || (before == 8 && std::isnan(seen)) ? 0U : 1U;
    wrong += seen >= static_cast<double>(before + 9) ? 1U : 0U;
  }
  writer.join();
  CHECK(wrong == 0);
}

TEST_CASE("a reader of a slot that is given away never sees the old epoch with the new value, or the reverse") {
  constexpr std::uint64_t turns = 3'000'000;
  const auto value_of = [](std::uint64_t epoch) { return epoch / 16 % 2 == 0 ? 1.0 : 2.0; };
  ring r{};
  std::atomic<bool> done{false};
  std::thread writer{[&] {
    for (std::uint64_t turn = 1; turn != turns; ++turn) {  // 16 epochs on: it is the same slot, and one of them counts
      max_ring::raise(r.data(), 16 * turn, value_of(16 * turn));
    }
    done = true;
  }};
  std::uint64_t wrong = 0;
  std::uint64_t seen = 0;
  do {
    const std::uint64_t epoch = r[0].load(std::memory_order_relaxed);
    const double value = read(epoch, r).value;
    seen += std::isnan(value) ? 0U : 1U;
    wrong += std::isnan(value) || value == value_of(epoch) ? 0U : 1U;
  } while (!done || seen == 0);
  writer.join();
  CHECK(wrong == 0);
}

// A handler on the writer's own thread reads between any two of its instructions.
namespace interrupted {

ring slots{};
std::atomic<std::uint64_t> reads{0};
std::atomic<std::uint64_t> wrong{0};

double value_of(std::uint64_t epoch) {
  return epoch / 16 % 2 == 0 ? 1.0 : 2.0;
}

void read_now(int) {
  const std::uint64_t epoch = slots[0].load(std::memory_order_relaxed);
  const double value = read(epoch, slots).value;
  wrong += std::isnan(value) || value == value_of(epoch) ? 0U : 1U;
  ++reads;
}

}  // namespace interrupted

TEST_CASE("a writer that is interrupted anywhere leaves no epoch with another one's value") {
  struct sigaction action {};
  struct sigaction before {};
  action.sa_handler = &interrupted::read_now;
  sigaction(SIGUSR1, &action, &before);
  std::atomic<bool> done{false};
  std::thread writer{[&done] {
    for (std::uint64_t turn = 1; !done; ++turn) {
      max_ring::raise(interrupted::slots.data(), 16 * turn, interrupted::value_of(16 * turn));
    }
  }};
  for (std::uint64_t i = 1; i <= 2000; ++i) {
    pthread_kill(writer.native_handle(), SIGUSR1);
    while (interrupted::reads != i) {  // a pending signal takes no second one
      std::this_thread::yield();
    }
  }
  done = true;
  writer.join();
  sigaction(SIGUSR1, &before, nullptr);
  CHECK(interrupted::wrong == 0);
}

}  // namespace max_ring_tests
