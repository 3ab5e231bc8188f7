// A scrape as a file, for the node exporter's textfile collector.
// https://github.com/prometheus/node_exporter#textfile-collector
#ifndef VITALS_EXPOSE_TEXTFILE_HPP
#define VITALS_EXPOSE_TEXTFILE_HPP

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <string>
#include <string_view>
#include <system_error>

#include <vitals/expose/scrape.hpp>
#include <vitals/metric/family.hpp>

namespace vitals::inline v0 {

namespace detail {

/// A file on its way to replace another: it has a name of its own until all of it is on the disk.
class replacing_file {
 public:
  explicit replacing_file(const std::string& path) : path_(&path) {}
  replacing_file(const replacing_file&) = delete;
  replacing_file& operator=(const replacing_file&) = delete;
  ~replacing_file() {
    close();
    if (made_) {
      ::unlink(name_.c_str());
    }
  }

  /// Takes all steps. False where one fails; `error` and `step` tell then which and why.
  bool replace(std::string_view text) {
    return check_place() && make() && write(text) && sync() && (close() || fail("closing ")) && rename();
  }

  [[nodiscard]] std::error_code error() const noexcept { return {error_, std::generic_category()}; }
  [[nodiscard]] std::string step() const { return std::string{step_} + (made_ ? name_ : *path_); }

 private:
  bool fail(std::string_view step, int error = errno) noexcept {
    step_ = step;
    error_ = error;
    return false;
  }

  /// A name in place of a device or a pipe would be a surprise, and a folder cannot be replaced.
  bool check_place() noexcept {
    struct stat there {};
    const bool other = ::stat(path_->c_str(), &there) == 0 && !S_ISREG(there.st_mode);
    return !other || fail("replacing ", S_ISDIR(there.st_mode) ? EISDIR : ENOTSUP);
  }

  /// Makes a file that nobody else has, in the same folder: a rename works within one file system only. Its name does
  /// not end in .prom, so that nobody reads it yet. The system takes the umask off its permissions.
  bool make() {
    static constinit std::atomic<unsigned> count{0};  // relaxed: only that no two threads get the same
    do {
      name_ = *path_ + '.' + std::to_string(::getpid()) + '.' +
              std::to_string(count.fetch_add(1, std::memory_order_relaxed)) + ".tmp";
      file_ = ::open(name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    } while (file_ < 0 && (errno == EEXIST || errno == EINTR));  // left by a crash, or made in another container
    made_ = file_ >= 0;
    return made_ || fail("making a file beside ");
  }

  bool write(std::string_view text) noexcept {
    while (!text.empty()) {
      const auto written = ::write(file_, text.data(), text.size());
      if (written < 0 && errno != EINTR) {
        return fail("writing ");
      }
      text.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
    }
    return true;
  }

  /// Without this a power cut may leave the new name on an empty file, which then hides the job's last success until
  /// the job runs again; and some file systems tell only now that they are full.
  bool sync() noexcept { return ::fsync(file_) == 0 || fail("syncing "); }

  bool close() noexcept {
    const int file = file_;
    file_ = -1;
    return file < 0 || ::close(file) == 0 || errno == EINTR;  // closed all the same
  }

  bool rename() noexcept {
    made_ = std::rename(name_.c_str(), path_->c_str()) != 0;
    return !made_ || fail("renaming ");
  }

  const std::string* path_;
  std::string name_;
  int file_ = -1;
  bool made_ = false;  ///< whether the file is there under its own name
  std::string_view step_;
  int error_ = 0;
};

}  // namespace detail

/// Replaces the file at `path` by the exposition of all Sources as Prometheus text 0.0.4. Readers find the old file or
/// the new one, whole, whoever else writes the same path at that time, and after a power cut too. The file's
/// permissions are 0644 less the umask; a symbolic link is replaced, not followed. Let `path` end in `.prom`. Throws
/// std::system_error that names the step where one fails (the folder is missing or may not be written, the disk is
/// full, at `path` is a folder or a device); nothing is changed then.
template <source... Sources>
requires(sizeof...(Sources) != 0) void write_textfile(const std::string& path) {
  const std::string text = scrape<Sources...>();
  detail::replacing_file file{path};
  if (!file.replace(text)) {
    throw std::system_error(file.error(), "vitals: cannot write " + path + ": " + file.step());
  }
}

/// The same, but reports instead of throwing. (Only std::bad_alloc is thrown.)
template <source... Sources>
requires(sizeof...(Sources) != 0) void write_textfile(const std::string& path, std::error_code& error) {
  const std::string text = scrape<Sources...>();
  detail::replacing_file file{path};
  file.replace(text);
  error = file.error();
}

}  // namespace vitals::inline v0

#endif
