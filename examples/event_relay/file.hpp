// A file of the system: a descriptor that is closed once, and errors that say what could not be done.
#ifndef EVENT_RELAY_FILE_HPP
#define EVENT_RELAY_FILE_HPP

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

/// Which file it is, by whatever name.
struct file_identity {
  dev_t device;
  ino_t inode;

  explicit file_identity(const struct stat& facts) noexcept : device(facts.st_dev), inode(facts.st_ino) {}
  friend bool operator==(const file_identity&, const file_identity&) = default;
};

class file {
 public:
  /// Opens a file for `purpose`, "read" or "write". Throws std::system_error, as `fail` does.
  file(std::string purpose, std::string path, int flags)
      : purpose_(std::move(purpose)),
        path_(std::move(path)),
        fd_(::open(path_.c_str(), flags | O_CLOEXEC, 0644)) {
    if (fd_ < 0) {
      fail();
    }
  }
  file(file&& other) noexcept
      : purpose_(std::move(other.purpose_)),
        path_(std::move(other.path_)),
        fd_(std::exchange(other.fd_, -1)) {}
  file& operator=(file&&) = delete;
  ~file() {
    if (fd_ >= 0) {
      ::close(fd_);
    }
  }

  [[nodiscard]] int descriptor() const noexcept { return fd_; }

  /// Its type, size and so on.
  [[nodiscard]] struct stat facts() const {
    struct stat result {};
    if (::fstat(fd_, &result) != 0) {
      fail();
    }
    return result;
  }

  [[nodiscard]] file_identity identity() const { return file_identity(facts()); }

  /// Throws std::system_error: "cannot `purpose` `path`: ...", with the error of the last system call.
  [[noreturn]] void fail() const { fail(std::error_code(errno, std::generic_category())); }
  [[noreturn]] void fail(std::error_code why) const {
    throw std::system_error(why, "cannot " + purpose_ + " " + path_);
  }

 private:
  std::string purpose_;
  std::string path_;
  int fd_;
};

#endif
