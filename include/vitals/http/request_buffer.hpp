// The bytes of requests that a connection has read, and the heads among them.
#ifndef VITALS_HTTP_REQUEST_BUFFER_HPP
#define VITALS_HTTP_REQUEST_BUFFER_HPP

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include <vitals/http/head.hpp>

namespace vitals::inline v0::http::detail {

/// As large as a head may be. A peer may send its next requests before it has the response to the first.
class request_buffer {
 public:
  explicit request_buffer(const head_limits& limits) : limits_(limits), bytes_(limits.bytes, '\0') {}

  /// Where to read to; what it was filled with is said by `add`. It has room wherever `find_head` finds neither a head
  /// nor a reason to refuse.
  [[nodiscard]] std::span<char> room() noexcept { return std::span{bytes_}.subspan(have_); }
  void add(std::size_t size) noexcept { have_ += size; }

  [[nodiscard]] bool is_empty() const noexcept { return have_ == 0; }

  struct found {
    std::string_view
        head{};            ///< of the first request, while nothing is read or removed; empty where it is not here yet
    unsigned refusal = 0;  ///< the status to refuse it with, where its beginning is enough to know
  };
  [[nodiscard]] found find_head() noexcept {
    const std::string_view bytes{bytes_.data(), have_};
    if (const std::size_t end = head_size(bytes, looked_); end != std::string_view::npos) {
      return {.head = bytes.substr(0, end)};
    }
    looked_ = have_;
    return {.refusal = refusal_of_part(bytes, limits_)};
  }

  /// Removes a head, once it was answered.
  void remove(std::size_t size) noexcept {
    std::copy(bytes_.data() + size, bytes_.data() + have_, bytes_.data());
    have_ -= size;
    looked_ = 0;
  }

  /// For what is to be read and ignored, after the last request.
  [[nodiscard]] std::span<char> all() noexcept { return bytes_; }

 private:
  head_limits limits_;
  std::string bytes_;
  std::size_t have_ = 0;    ///< how many were read
  std::size_t looked_ = 0;  ///< how many of them have no end of a head
};

}  // namespace vitals::inline v0::http::detail

#endif
