#include <vitals/core/exemplar_cells.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

namespace exemplar_cells_tests {

using vitals::detail::cell;
using vitals::detail::exemplar_point;
using vitals::detail::exemplar_slot;
using vitals::detail::exemplar_word;
using vitals::detail::is_newer;
using vitals::detail::wall_milliseconds;

using point = std::array<cell, exemplar_point>;
using words = std::array<std::uint64_t, exemplar_word::count>;

/// An exemplar whose words all follow from one number: a mixture of two can be told.
words made_of(std::uint64_t n) {
  return {n, n * 0x9E3779B97F4A7C15U, n ^ 0x5555555555555555U, ~n, n * n + 1};
}

void own(point& p, std::uint64_t n) {
  vitals::detail::own_exemplar(p.data(), made_of(n).data());
}
void common(point& p, std::uint64_t n, bool only_newer = false) {
  vitals::detail::common_exemplar(p.data(), made_of(n).data(), only_newer);
}

/// The number that the point's exemplar was made of; 0 where it has none. One that was never written fails the test.
std::uint64_t number_in(const point& p) {
  words read{};
  if (!vitals::detail::read_exemplar(p.data(), read.data())) {
    return 0;
  }
  REQUIRE(read == made_of(read[exemplar_word::time]));
  return read[exemplar_word::time];
}

TEST_CASE("a point has nothing at first, and then what was written last") {
  point p{};
  CHECK(number_in(p) == 0);
  for (const std::uint64_t n :
       std::initializer_list<std::uint64_t>{7, 9, 3, 8, 8, 1}) {  // the order counts, not the times
    own(p, n);
    CHECK(number_in(p) == n);
  }
  for (const std::uint64_t n : std::initializer_list<std::uint64_t>{5, 2, 6}) {
    common(p, n);
    CHECK(number_in(p) == n);
  }
}

TEST_CASE("while a slot is written the other one is read, and no second writer comes near it") {
  point p{};
  own(p, 1);
  own(p, 2);
  const std::size_t older = p[0] < p[exemplar_slot] ? 0 : exemplar_slot;
  const std::uint64_t before = p[older];
  p[older] = p[exemplar_slot - older] + 1;  // a writer has begun, and written half
  p[older + 1 + exemplar_word::time] = 3;
  p[older + 1 + exemplar_word::trace] = 3;
  CHECK(number_in(p) == 2);
  common(p, 4);
  CHECK(number_in(p) == 2);
  CHECK(p[older + 1 + exemplar_word::time] == 3);
  vitals::detail::mend_exemplar(p.data());  // a fork: that writer is not here
  CHECK(number_in(p) == 2);
  common(p, 5);
  CHECK(number_in(p) == 5);
  CHECK(p[older] > before);
}

TEST_CASE("the first exemplar that is half written is none") {
  point p{};
  p[exemplar_slot] = 1;
  CHECK(number_in(p) == 0);
  common(p, 1);
  CHECK(number_in(p) == 0);
  vitals::detail::mend_exemplar(p.data());
  common(p, 2);
  CHECK(number_in(p) == 2);
}

TEST_CASE("a slot that stays odd is not waited for") {
  point p{};
  p[0] = 3;
  p[exemplar_slot] = 5;  // no writer makes both odd; a reader comes back all the same
  CHECK(number_in(p) == 0);
}

TEST_CASE("the newer one of two times, where none is older than any") {
  CHECK(is_newer(2, 1));
  CHECK_FALSE(is_newer(1, 2));
  CHECK_FALSE(is_newer(1, 1));
  CHECK(is_newer(1, 0));
  CHECK_FALSE(is_newer(0, 1));
  CHECK_FALSE(is_newer(0, 0));
}

TEST_CASE("a time later than now is older than every other, or the clock's step back would keep it") {
  const std::uint64_t past = wall_milliseconds();
  const std::uint64_t future = past + 3'600'000;
  CHECK(is_newer(past, future));
  CHECK(is_newer(1, future));
  CHECK_FALSE(is_newer(future, 1));
  CHECK(is_newer(future + 1, future));
  CHECK_FALSE(is_newer(future, future + 1));
  CHECK(is_newer(future, 0));
}

TEST_CASE("the clock is the wall's, in milliseconds") {
  timespec before{};
  clock_gettime(CLOCK_REALTIME, &before);
  const auto exact = static_cast<std::uint64_t>(before.tv_sec) * 1000;
  CHECK(wall_milliseconds() + 1000 >= exact);
  CHECK(wall_milliseconds() <= exact + 60'000);
}

TEST_CASE("what is only kept if it is newer") {
  point p{};
  common(p, 5, true);
  common(p, 4, true);
  CHECK(number_in(p) == 5);
  common(p, 6, true);
  CHECK(number_in(p) == 6);
}

TEST_CASE("a reading takes the newest of several points") {
  words out{};
  for (const std::uint64_t n : std::initializer_list<std::uint64_t>{4, 9, 2}) {
    point p{};
    own(p, n);
    vitals::detail::take_newest(p.data(), out.data());
  }
  vitals::detail::take_newest(point{}.data(), out.data());
  CHECK(out == made_of(9));
}

TEST_CASE("a point that is cleared has none, and its sequences go on for those who read it meanwhile") {
  point p{};
  own(p, 1);
  own(p, 2);
  const std::uint64_t largest = p[0] > p[exemplar_slot] ? p[0] : p[exemplar_slot];
  vitals::detail::clear_exemplar(p.data());
  CHECK(number_in(p) == 0);
  CHECK(p[0] > largest);
  CHECK(p[exemplar_slot] > largest);
  for (std::uint32_t i = 0; i != exemplar_word::count; ++i) {
    CHECK(p[1 + i] == 0);
    CHECK(p[exemplar_slot + 1 + i] == 0);
  }
  common(p, 3);
  CHECK(number_in(p) == 3);
}

/// Reads a point while others write it, until `done`: each exemplar must be one that was written.
struct reader {
  explicit reader(const point& p, bool in_order)
      : thread_([this, &p, in_order] {
          std::uint64_t before = 0;
          words read{};
          while (!done) {
            if (!vitals::detail::read_exemplar(p.data(), read.data())) {
              continue;
            }
            const std::uint64_t n = read[exemplar_word::time];
            torn += read == made_of(n) ? 0 : 1;
            fell += in_order && n < before ? 1 : 0;
            good += n != before ? 1 : 0;
            before = n;
          }
        }) {}
  void end() {
    done = true;
    thread_.join();
  }

  std::atomic<bool> done{false};
  std::atomic<std::uint64_t> good{0};
  std::uint64_t torn = 0;
  std::uint64_t fell = 0;

 private:
  std::thread thread_;
};

TEST_CASE("a thread that never stops writing: whatever is read was written, in its order") {
  point p{};
  reader first{p, true};
  reader second{p, true};
  std::uint64_t n = 0;
  while (n < 200'000 || first.good < 100 || second.good < 100) {
    own(p, ++n);
  }
  first.end();
  second.end();
  CHECK(first.torn + second.torn == 0);
  CHECK(first.fell + second.fell == 0);
  CHECK(number_in(p) == n);
}

TEST_CASE("several threads that never stop writing one point: whatever is read was written") {
  point p{};
  reader first{p, false};
  reader second{p, false};
  std::vector<std::thread> writers;
  for (std::uint64_t w = 1; w != 4; ++w) {
    writers.emplace_back([&p, &first, &second, w] {
      for (std::uint64_t n = 1; n < 1'000'000 || first.good < 100 || second.good < 100; ++n) {
        common(p, w << 32U | n);
      }
    });
  }
  for (std::thread& writer : writers) {
    writer.join();
  }
  first.end();
  second.end();
  CHECK(first.torn + second.torn == 0);
  CHECK(number_in(p) != 0);
}

TEST_CASE("two threads that begin at once: one of them writes, or the other, never both one slot") {
  point p{};
  std::atomic<int> arrived{0};
  const auto meet = [&arrived](int at) {
    ++arrived;
    for (int turn = 0; arrived < at; ++turn) {  // who waits long has not two processors
      if (turn > 10'000) {
        std::this_thread::yield();
      }
    }
  };
  std::uint64_t torn = 0;
  const auto write = [&](std::uint64_t w) {
    words read{};
    for (int round = 1; round != 10'000; ++round) {
      meet(4 * round - 2);
      for (std::uint64_t n = 0; n != 8; ++n) {
        common(p, w | n);
      }
      meet(4 * round);
      if (w == 256 && vitals::detail::read_exemplar(p.data(), read.data())) {
        torn += read == made_of(read[exemplar_word::time]) ? 0 : 1;
      }
    }
  };
  std::thread other{write, 256U};
  write(512);
  other.join();
  CHECK(torn == 0);
  CHECK(number_in(p) != 0);
}

TEST_CASE("what only a newer one replaces never falls, however many write") {
  point p{};
  reader watch{p, true};
  std::vector<std::thread> writers;
  for (std::uint64_t w = 0; w != 3; ++w) {
    writers.emplace_back([&p, w] {
      for (std::uint64_t n = 1; n < 100'000; ++n) {
        common(p, 4 * n + w, true);
      }
    });
  }
  for (std::thread& writer : writers) {
    writer.join();
  }
  watch.end();
  CHECK(watch.torn == 0);
  CHECK(watch.fell == 0);
}

}  // namespace exemplar_cells_tests
