// The output: a file that is appended to.
#ifndef EVENT_RELAY_OUTPUT_FILE_HPP
#define EVENT_RELAY_OUTPUT_FILE_HPP

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <string>
#include <string_view>

#include "file.hpp"

class output_file {
 public:
  /// Opens the file, or makes it. Throws std::system_error that says why it cannot be written.
  explicit output_file(const std::string& path) : file_("write", path, O_WRONLY | O_CREAT | O_APPEND) {}

  [[nodiscard]] file_identity identity() const { return file_.identity(); }

  /// Writes all of `text`. Throws std::system_error.
  void write(std::string_view text) {
    while (!text.empty()) {
      const ssize_t count = ::write(file_.descriptor(), text.data(), text.size());
      if (count >= 0) {
        text.remove_prefix(static_cast<std::size_t>(count));
      } else if (errno != EINTR) {
        file_.fail();
      }
    }
  }

 private:
  file file_;
};

#endif
