// Bytes in, lines out, in bounded memory.
#ifndef EVENT_RELAY_LINE_SPLITTER_HPP
#define EVENT_RELAY_LINE_SPLITTER_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// The most that is kept of one line, however long it is. The rules look at a line's start only.
inline constexpr std::size_t longest_line = std::size_t{16} * 1024;

/// A line without its newline.
struct line {
  std::string_view text;  ///< the whole line, or its first 16 KiB
  std::uint64_t size;     ///< bytes of the whole line

  [[nodiscard]] bool is_cut() const noexcept { return text.size() < size; }
};

/// Cuts a stream of bytes into lines, whatever the bytes are. A line may come in any number of pieces.
class line_splitter {
 public:
  /// Calls `on_line` for each line that ends in `bytes`, and keeps the start of the one that does not.
  template <class OnLine>
  void feed(std::string_view bytes, const OnLine& on_line) {
    for (std::size_t end = bytes.find('\n'); end != bytes.npos; end = bytes.find('\n')) {
      if (size_ == 0) {  // the whole line is here: no copy
        on_line(line{bytes.substr(0, std::min(end, longest_line)), end});
      } else {
        keep(bytes.substr(0, end));
        finish(on_line);
      }
      bytes.remove_prefix(end + 1);
    }
    keep(bytes);
  }

  /// What follows the last newline is a line too, once no more can come.
  template <class OnLine>
  void finish(const OnLine& on_line) {
    if (size_ != 0) {
      on_line(line{kept_, size_});
      kept_.clear();
      size_ = 0;
    }
  }

 private:
  void keep(std::string_view bytes) {
    kept_.append(bytes.substr(0, longest_line - kept_.size()));
    size_ += bytes.size();
  }

  std::string kept_;        // the start of the unfinished line
  std::uint64_t size_ = 0;  // its size so far
};

#endif
