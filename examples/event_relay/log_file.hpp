// One open log file: read to its end, and further when it grows.
#ifndef EVENT_RELAY_LOG_FILE_HPP
#define EVENT_RELAY_LOG_FILE_HPP

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "file.hpp"
#include "line_splitter.hpp"
#include "metrics.hpp"

/// A file that others append to, truncate or overwrite while it is read.
class log_file {
 public:
  /// Opens a file. Throws std::runtime_error that says why it cannot be read.
  explicit log_file(const std::string& path) : file_("read", path, O_RDONLY | O_NONBLOCK) {
    const mode_t mode = file_.facts().st_mode;
    if (S_ISDIR(mode)) {
      file_.fail(std::make_error_code(std::errc::is_a_directory));
    }
    if (!S_ISREG(mode) && !S_ISCHR(mode)) {  // each read goes back a little
      throw std::runtime_error("cannot read " + path + ": it is no regular file; write it to one first");
    }
  }

  [[nodiscard]] file_identity identity() const { return file_.identity(); }

  /// How long the file is now.
  [[nodiscard]] std::uint64_t size() const { return static_cast<std::uint64_t>(file_.facts().st_size); }

  /// How much of it has been read.
  [[nodiscard]] std::uint64_t position() const noexcept { return position_; }

  /// Reads the next piece and calls `on_line` for each line that ends in it. False where nothing is new. If the file
  /// was truncated or overwritten, finishes the old content's last line, and the new content comes from its first byte.
  template <class OnLine>
  bool read(const OnLine& on_line) {
    const fetched got = fetch();
    if (!got.same_content) {
      metrics::get<input_changes>(input_change::truncated).inc();
      splitter_.finish(on_line);
      return true;
    }
    metrics::get<read_bytes>().inc(got.bytes.size());
    splitter_.feed(got.bytes, on_line);
    return !got.bytes.empty();
  }

  /// Ends the reading: what follows the last newline is a line too.
  template <class OnLine>
  void finish(const OnLine& on_line) {
    splitter_.finish(on_line);
  }

 private:
  static constexpr std::size_t piece = std::size_t{64} * 1024;
  static constexpr std::size_t overlap = 256;

  struct fetched {
    bool same_content;
    std::string_view bytes;  // in the buffer
  };

  /// The next bytes. Each read starts a little before the position, in bytes that were read before: whether they are
  /// still there tells whether the content is still the same, in one step with the new bytes. (A look at the size would
  /// miss a file that was truncated and has grown past the position since.)
  fetched fetch() {
    const std::uint64_t start = position_ - before_.size();
    ssize_t count = 0;
    do {
      count = ::pread(file_.descriptor(), buffer_.data(), buffer_.size(), static_cast<off_t>(start));
    } while (count < 0 && errno == EINTR);
    if (count < 0) {
      file_.fail();
    }
    const std::string_view bytes(buffer_.data(), static_cast<std::size_t>(count));
    if (!bytes.starts_with(before_)) {
      position_ = 0;
      before_.clear();
      return {.same_content = false, .bytes = {}};
    }
    const std::string_view fresh = bytes.substr(before_.size());
    position_ += fresh.size();
    before_ = bytes.substr(bytes.size() - std::min(bytes.size(), overlap));
    return {.same_content = true, .bytes = fresh};
  }

  file file_;
  std::uint64_t position_ = 0;
  std::string before_;  // the last bytes before the position
  std::vector<char> buffer_ = std::vector<char>(overlap + piece);
  line_splitter splitter_;
};

#endif
