// Two threads that do meet, for tests of what several threads share.
#ifndef TESTS_CORE_TWICE_HPP
#define TESTS_CORE_TWICE_HPP

#include <atomic>
#include <thread>

/// Runs `work` on two threads, 10,000 times a round; each round starts on both at the same time.
template <class Work>
void twice(int rounds, Work work) {
  std::atomic<int> arrived{0};
  const auto run = [&] {
    for (int round = 1; round <= rounds; ++round) {
      ++arrived;
      while (arrived < 2 * round) {
      }
      for (int i = 0; i != 10'000; ++i) {
        work();
      }
    }
  };
  std::thread other{run};
  run();
  other.join();
}

#endif
