// Follows a log by its name, through truncation and rotation, as `tail -F` does.
#ifndef EVENT_RELAY_LOG_FOLLOWER_HPP
#define EVENT_RELAY_LOG_FOLLOWER_HPP

#include <sys/stat.h>

#include <chrono>
#include <iostream>
#include <iterator>
#include <list>
#include <stdexcept>
#include <string>
#include <utility>

#include "health.hpp"
#include "log_file.hpp"
#include "metrics.hpp"

/// Reads whatever file has the name. When another takes its place, the old one comes first as long as it grows: its
/// writer may go on in it until it is told to open the new one.
class log_follower {
 public:
  /// Throws std::runtime_error where there is no readable file now. Later it may be away for any time.
  explicit log_follower(std::string path) : path_(std::move(path)) {
    files_.emplace_back(path_);
    metrics::get<input_present>().set(1);
  }

  /// Which file it reads now.
  [[nodiscard]] file_identity identity() const { return files_.back().log.identity(); }

  /// Reads the next piece, or returns false where there is nothing new. Throws std::system_error on a read error.
  template <class OnLine>
  bool read(const OnLine& on_line) {
    look_for_new_file();
    for (followed& f : files_) {
      if (f.log.read(on_line)) {
        f.quiet_since = clock::now();
        return true;
      }
    }
    leave_old_files(on_line);
    return false;
  }

  /// Reads what there is at this moment, and ends.
  template <class OnLine>
  void finish(const OnLine& on_line) {
    look_for_new_file();
    for (followed& f : files_) {
      const auto end = f.log.size();  // an end, even where somebody writes faster than this reads
      while (f.log.read(on_line) && f.log.position() < end) {
      }
      f.log.finish(on_line);
    }
    files_.clear();
  }

 private:
  using clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds line_patience{1};  // for the rest of an old file's last line
  static constexpr std::chrono::seconds file_patience{5};  // for more lines of an old file

  struct followed {
    explicit followed(const std::string& path) : log(path) {}
    log_file log;
    clock::time_point quiet_since = clock::now();
  };

  /// Where the name leads to another file than before, opens that one too.
  void look_for_new_file() {
    struct stat facts {};
    const bool present = ::stat(path_.c_str(), &facts) == 0;
    metrics::get<input_present>().set(present ? 1 : 0);
    if (!present) {
      relay_health::mark_degraded<parts::input>("missing");
      return;
    }
    if (identity() == file_identity(facts)) {
      relay_health::mark_healthy<parts::input>();
      return;
    }
    try {
      std::list<followed> fresh;
      fresh.emplace_back(path_);
      if (fresh.back().log.identity() != identity()) {
        files_.back().quiet_since = clock::now();
        files_.splice(files_.end(), fresh);
        metrics::get<input_changes>(input_change::rotated).inc();
      }
      relay_health::mark_healthy<parts::input>();
      complained_ = false;
    } catch (const std::runtime_error& error) {
      metrics::get<input_errors>().inc();
      relay_health::error<parts::input>("unreadable", error.what());
      relay_health::mark_degraded<parts::input>("unreadable");
      if (!std::exchange(complained_, true)) {
        std::cerr << "event_relay: " << error.what() << "; trying on\n";
      }
    }
  }

  template <class OnLine>
  void leave_old_files(const OnLine& on_line) {
    const auto now = clock::now();
    const auto current = std::prev(files_.end());
    for (auto old = files_.begin(); old != current;) {
      const auto quiet = now - old->quiet_since;
      if (quiet >= line_patience) {
        old->log.finish(on_line);
      }
      old = quiet >= file_patience ? files_.erase(old) : std::next(old);
    }
  }

  std::string path_;
  std::list<followed> files_;  // the last one is the current one
  bool complained_ = false;
};

#endif
