// The delivery: takes events from the queue and writes them to the output, on a thread of its own.
#ifndef EVENT_RELAY_DELIVERY_HPP
#define EVENT_RELAY_DELIVERY_HPP

#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bounded_queue.hpp"
#include "event.hpp"
#include "metrics.hpp"
#include "output_file.hpp"

class delivery {
 public:
  /// Without an output the events go nowhere, but all the same way.
  explicit delivery(std::optional<output_file> output) : output_(std::move(output)) {
    metrics::get<queue_capacity>().set(capacity);
    thread_ = std::thread([this] { run(); });
  }
  delivery(const delivery&) = delete;
  delivery& operator=(const delivery&) = delete;
  ~delivery() { end(); }

  /// Hands an event over; waits where the queue is full.
  void push(event&& e) {
    metrics::get<queue_depth>().inc();
    if (!queue_.try_push(e)) {
      metrics::get<queue_full_waits>().inc();
      queue_.push(e);
    }
  }

  /// Whether the output could not be written. Nothing is delivered any more.
  [[nodiscard]] bool has_failed() const noexcept { return failed_.load(std::memory_order_relaxed); }

  /// Delivers what is in the queue, and ends. Throws what went wrong at the output.
  void finish() {
    end();
    if (failure_ != nullptr) {
      std::rethrow_exception(failure_);
    }
  }

 private:
  static constexpr std::size_t capacity = 1024;                          // events
  static constexpr std::size_t most_unwritten = std::size_t{64} * 1024;  // bytes

  void run() noexcept {
    try {
      std::vector<event> batch;
      std::string text;
      while (queue_.take_all(batch)) {
        deliver(batch, text);
      }
    } catch (...) {
      failure_ = std::current_exception();
      failed_.store(true, std::memory_order_relaxed);  // read by `finish` only after the thread's end
      queue_.close();
    }
  }

  void deliver(const std::vector<event>& batch, std::string& text) {
    if (output_) {
      for (const event& e : batch) {
        append_json(text, e);
        if (text.size() >= most_unwritten || &e == &batch.back()) {
          output_->write(text);
          metrics::get<written_bytes>().inc(text.size());
          text.clear();
        }
      }
    }
    const auto now = std::chrono::steady_clock::now();
    for (const event& e : batch) {
      metrics::get<delivery_duration>().observe(now - e.read_at);
    }
    metrics::get<delivered_events>().inc(batch.size());
    metrics::get<queue_depth>().add(-static_cast<std::ptrdiff_t>(batch.size()));
  }

  void end() {
    queue_.close();
    if (thread_.joinable()) {
      thread_.join();
    }
  }

  std::optional<output_file> output_;
  bounded_queue<event> queue_{capacity};
  std::atomic<bool> failed_{false};
  std::exception_ptr failure_;
  std::thread thread_;
};

#endif
