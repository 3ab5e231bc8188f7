// The delivery: takes events from the queue, writes them to the output and posts them to the target, on a thread of its
// own.
#ifndef EVENT_RELAY_DELIVERY_HPP
#define EVENT_RELAY_DELIVERY_HPP

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <future>
#include <iostream>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "bounded_queue.hpp"
#include "event.hpp"
#include "health.hpp"
#include "metrics.hpp"
#include "output_file.hpp"
#include "target.hpp"

class delivery {
 public:
  static constexpr std::size_t capacity = 1024;  ///< events

  /// Without an output and a target the events go nowhere, but all the same way.
  delivery(std::optional<output_file> output, std::optional<target> to)
      : output_(std::move(output)),
        target_(std::move(to)) {
    metrics::get<queue_capacity>().set(capacity);
    relay_health::mark_healthy<parts::delivery>();  // nothing has failed: there may be nothing to deliver for long
    done_ = std::async(std::launch::async, [this] { run(); });
  }
  delivery(const delivery&) = delete;
  delivery& operator=(const delivery&) = delete;
  ~delivery() { begin_to_end(); }  // `done_` waits

  /// Hands an event over. Where the queue is full it waits, and calls `while_waiting` now and then. One thread.
  template <class WhileWaiting>
  void push(event&& e, const WhileWaiting& while_waiting) {
    metrics::get<queue_depth>().inc();
    ++pushed_;
    if (!queue_.try_push(e)) {
      metrics::get<queue_full_waits>().inc();
      do {
        while_waiting();
      } while (!queue_.push_within(std::chrono::milliseconds{500}, e));
    }
  }

  /// From now on it gives up, and delivers nothing more, where the target does not take a batch for 10 seconds. Before
  /// it tries for as long as it takes. Any thread, any number of times.
  void hurry() noexcept {
    clock::time_point never = no_end;
    end_asked_.compare_exchange_strong(never, clock::now(), std::memory_order_relaxed);
  }

  /// Whether the output could not be written. Nothing is delivered any more.
  [[nodiscard]] bool has_failed() const { return is_done(std::chrono::milliseconds{0}); }

  /// Delivers what is in the queue, and ends. Calls `while_waiting` now and then. How many events were given up. Throws
  /// what went wrong at the output.
  template <class WhileWaiting>
  std::uint64_t finish(const WhileWaiting& while_waiting) {
    begin_to_end();
    while (!is_done(std::chrono::milliseconds{500})) {
      while_waiting();
    }
    const std::uint64_t given_up = pushed_ - delivered_;
    metrics::get<undelivered_events>().inc(given_up);
    metrics::get<queue_depth>().add(-static_cast<std::int64_t>(given_up));
    done_.get();
    return given_up;
  }

 private:
  using clock = std::chrono::steady_clock;
  using milliseconds = std::chrono::milliseconds;
  static constexpr std::size_t most_at_once = std::size_t{64} * 1024;  // bytes
  static constexpr milliseconds longest_try{5000};
  static constexpr milliseconds first_pause{100};
  static constexpr milliseconds longest_pause{3000};
  static constexpr milliseconds patience{10000};
  static constexpr clock::time_point no_end = clock::time_point::max();

  void run() {
    try {
      std::vector<event> batch;
      while (queue_.take_all(batch) && deliver(batch)) {
      }
    } catch (...) {
      queue_.close();
      throw;
    }
    queue_.close();
  }

  /// Delivers events in pieces of some size. False where it gave up.
  bool deliver(std::span<const event> batch) {
    std::string text;
    std::size_t count = 0;
    while (count != batch.size()) {
      if (output_ || target_) {
        append_json(text, batch[count]);
      }
      ++count;
      if (text.size() >= most_at_once || count == batch.size()) {
        if (output_) {
          output_->write(text);
          metrics::get<written_bytes>().inc(text.size());
        }
        if (target_ && !post(text)) {
          return false;
        }
        count_delivered(batch.first(count));
        batch = batch.subspan(std::exchange(count, 0));
        text.clear();
      }
    }
    return true;
  }

  void count_delivered(std::span<const event> events) {
    const auto now = clock::now();
    for (const event& e : events) {
      metrics::get<delivery_duration>().observe(now - e.read_at);
    }
    delivered_ += events.size();
    metrics::get<delivered_events>().inc(events.size());
    metrics::get<queue_depth>().add(-static_cast<std::int64_t>(events.size()));
  }

  /// Posts until the target has taken it, with growing pauses. False where it gave up.
  bool post(std::string_view lines) {
    const auto begin = clock::now();
    milliseconds pause = first_pause;
    for (milliseconds left = time_left(begin); left > milliseconds{0}; left = time_left(begin)) {
      const target::answer got = target_->post(lines, std::min(longest_try, left));
      metrics::get<target_requests>(target_answers::find(got.outcome)).inc();
      if (got.outcome == "ok") {
        relay_health::mark_healthy<parts::delivery>();
        complained_ = false;
        return true;
      }
      relay_health::mark_unhealthy<parts::delivery>(got.outcome, got.message);
      if (!std::exchange(complained_, true)) {
        std::cerr << "event_relay: cannot deliver: " << got.message << "; trying on" << std::endl;
      }
      std::this_thread::sleep_for(std::clamp(time_left(begin), milliseconds{0}, pause));
      pause = std::min(2 * pause, longest_pause);
    }
    return false;
  }

  /// For how long what is posted since `begin` may be tried on.
  [[nodiscard]] milliseconds time_left(clock::time_point begin) const noexcept {
    const auto asked = end_asked_.load(std::memory_order_relaxed);
    return asked == no_end ? milliseconds::max()
                           : std::chrono::ceil<milliseconds>(std::max(asked, begin) + patience - clock::now());
  }

  void begin_to_end() {
    hurry();
    queue_.close();
  }

  [[nodiscard]] bool is_done(milliseconds within) const { return done_.wait_for(within) == std::future_status::ready; }

  std::optional<output_file> output_;
  std::optional<target> target_;
  bounded_queue<event> queue_{capacity};
  std::atomic<clock::time_point> end_asked_{no_end};  // written once, relaxed: it stands for itself alone
  std::uint64_t pushed_ = 0;                          // by who pushes
  std::uint64_t delivered_ = 0;                       // by the thread; read after its end
  bool complained_ = false;
  std::future<void> done_;  // last: the thread uses the others
};

#endif
