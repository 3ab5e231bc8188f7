// Files that a server's safety hangs on: who else may read or write them, and whether they changed.
#ifndef VITALS_HTTP_GUARDED_FILE_HPP
#define VITALS_HTTP_GUARDED_FILE_HPP

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace vitals::inline v0::http::detail {

using warning_sink = std::function<void(std::string_view)>;

/// What a file is for: a secret is nobody else's to read.
enum class file_use { secret, trusted };

[[noreturn]] inline void refuse_file(const std::string& path, int error, std::string_view why) {
  throw std::system_error(error, std::generic_category(), fmt::format("vitals: the file \"{}\" {}", path, why));
}

/// Throws std::system_error, which says what to do, for a file that anybody may write. Warns where a secret may be read
/// by others, or where somebody other than root and this program's user may write it (of mounted files this is often
/// so).
inline void check_guard(const std::string& path, const struct stat& facts, file_use use, const warning_sink& warn) {
  if (!S_ISREG(facts.st_mode)) {
    refuse_file(path, EINVAL, "is no regular file");
  }
  if ((facts.st_mode & S_IWOTH) != 0) {
    refuse_file(path, EPERM, fmt::format("can be written by anybody: chmod o-w {}", path));
  }
  const std::size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  struct stat of_folder {};
  if (::stat(folder.c_str(), &of_folder) == 0 && (of_folder.st_mode & S_IWOTH) != 0 &&
      (of_folder.st_mode & S_ISVTX) == 0) {
    refuse_file(path, EPERM, fmt::format("can be replaced by anybody: chmod o-w {}", folder));
  }
  if (!warn) {
    return;
  }
  if (use == file_use::secret && (facts.st_mode & S_IROTH) != 0) {
    warn(fmt::format("vitals: the secret in \"{}\" can be read by anybody: chmod o-r {}", path, path));
  }
  if ((facts.st_mode & S_IWGRP) != 0) {
    warn(fmt::format("vitals: the file \"{}\" can be written by its group: chmod g-w {}", path, path));
  }
  if (facts.st_uid != 0 && facts.st_uid != ::geteuid()) {
    warn(fmt::format("vitals: the file \"{}\" belongs to another user, who can write it: chown {} {}", path,
                     ::geteuid(), path));
  }
}

/// The text of a file (a megabyte at most), which `check_guard` lets pass.
[[nodiscard]] inline std::string read_guarded(const std::string& path, file_use use, const warning_sink& warn) {
  constexpr std::size_t most = std::size_t{1} << 20U;
  struct descriptor {
    int number;
    explicit descriptor(int n) : number(n) {}
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;
    ~descriptor() { ::close(number); }
  };
  const descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)};  // a pipe must not hang
  struct stat facts {};
  if (file.number == -1 || ::fstat(file.number, &facts) != 0) {
    refuse_file(path, errno, "cannot be read: see that it is there, and that this program's user may read it");
  }
  check_guard(path, facts, use, warn);
  std::string text;
  for (char part[4096];;) {
    const ssize_t size = ::read(file.number, part, sizeof part);
    if (size == 0) {
      return text;
    }
    if (size < 0 && errno != EINTR) {
      refuse_file(path, errno, "cannot be read");
    }
    text.append(part, size > 0 ? static_cast<std::size_t>(size) : 0);
    if (text.size() > most) {
      refuse_file(path, EFBIG, "is too large to be what it should");
    }
  }
}

/// Tells whether some files were changed, or replaced. Looks once a second at most.
class file_watch {
 public:
  using clock = std::chrono::steady_clock;

  explicit file_watch(std::vector<std::string> paths) : paths_(std::move(paths)), seen_(look()) {}

  /// Whether they are not as they were when this was last true, or at the beginning.
  [[nodiscard]] bool changed(clock::time_point now = clock::now()) {
    if (paths_.empty() || now < next_) {
      return false;
    }
    next_ = now + std::chrono::seconds{1};
    std::vector<stamp> seen = look();
    if (seen == seen_) {
      return false;
    }
    seen_ = std::move(seen);
    return true;
  }

 private:
  struct stamp {
    dev_t device{};
    ino_t number{};
    off_t size{};
    time_t written{};
    long written_ns{};
    time_t changed{};
    long changed_ns{};
    friend bool operator==(const stamp&, const stamp&) = default;
  };

  [[nodiscard]] std::vector<stamp> look() const {
    std::vector<stamp> all;
    for (const std::string& path : paths_) {
      struct stat f {};
      all.push_back(::stat(path.c_str(), &f) != 0 ? stamp{}
                                                  : stamp{.device = f.st_dev,
                                                          .number = f.st_ino,
                                                          .size = f.st_size,
                                                          .written = f.st_mtim.tv_sec,
                                                          .written_ns = f.st_mtim.tv_nsec,
                                                          .changed = f.st_ctim.tv_sec,
                                                          .changed_ns = f.st_ctim.tv_nsec});
    }
    return all;
  }

  std::vector<std::string> paths_;
  std::vector<stamp> seen_;
  clock::time_point next_{};
};

}  // namespace vitals::inline v0::http::detail

#endif
