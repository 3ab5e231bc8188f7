// A queue between threads that holds a limited number of items.
#ifndef EVENT_RELAY_BOUNDED_QUEUE_HPP
#define EVENT_RELAY_BOUNDED_QUEUE_HPP

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

template <class T>
class bounded_queue {
 public:
  explicit bounded_queue(std::size_t capacity) : capacity_(capacity) {}

  /// Adds an item and takes it, unless the queue is full or closed.
  bool try_push(T& item) {
    const std::lock_guard lock(mutex_);
    return !closed_ && items_.size() < capacity_ && add(item);
  }

  /// Waits for a place in the queue, for so long at most. False where there was none. True where the item was taken, or
  /// the queue is closed: there is nothing left to wait for.
  bool push_within(std::chrono::milliseconds time, T& item) {
    std::unique_lock lock(mutex_);
    const bool over = has_place_.wait_for(lock, time, [this] { return closed_ || items_.size() < capacity_; });
    return over && (closed_ || add(item));
  }

  /// Waits for items and takes all of them, oldest first, in place of what `out` held. False once the queue is closed
  /// and empty.
  bool take_all(std::vector<T>& out) {
    out.clear();
    std::unique_lock lock(mutex_);
    has_items_.wait(lock, [this] { return closed_ || !items_.empty(); });
    items_.swap(out);
    has_place_.notify_all();
    return !out.empty();
  }

  /// Takes no more items; those that are inside can still be taken.
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    has_items_.notify_all();
    has_place_.notify_all();
  }

 private:
  bool add(T& item) {
    items_.push_back(std::move(item));
    has_items_.notify_one();
    return true;
  }

  const std::size_t capacity_;
  std::mutex mutex_;
  std::condition_variable has_items_;
  std::condition_variable has_place_;
  std::vector<T> items_;
  bool closed_ = false;
};

#endif
