// How much something that only grows has grown by within a window of time.
#ifndef VITALS_HEALTH_GROWTH_WINDOW_HPP
#define VITALS_HEALTH_GROWTH_WINDOW_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>

namespace vitals::inline v0::detail {

/// Past readings of something that only grows, a few dozen at most: enough to say what it was a window ago.
template <class Reading>
class growth_window {
 public:
  explicit growth_window(std::chrono::milliseconds length)
      : length_(length.count() < 0 ? 0 : static_cast<std::uint64_t>(length.count())) {}

  /// The reading at the window's start, or the oldest there is, and this one for later. Where the clock has stepped
  /// back, or it did not only grow, as after a reset, the past is forgotten.
  const Reading& since(std::uint64_t now, const Reading& reading, bool has_shrunk) {
    if (!past_.empty() && (has_shrunk || now < past_.back().at)) {
      past_.clear();
    }
    if (past_.empty() || now - past_.back().at >= length_ / 32) {
      past_.push_back({now, reading});
    }
    while (past_.size() > 1 && now - past_[1].at >= length_) {
      past_.pop_front();
    }
    return past_.front().reading;
  }
  [[nodiscard]] std::size_t size() const noexcept { return past_.size(); }
  [[nodiscard]] const Reading* latest() const { return past_.empty() ? nullptr : &past_.back().reading; }

 private:
  struct sample {
    std::uint64_t at;
    Reading reading;
  };
  std::uint64_t length_;
  std::deque<sample> past_;
};

}  // namespace vitals::inline v0::detail

#endif
