// Checks of what the system tells: how old a file is, space on a disk, the memory of the process.
#ifndef VITALS_HEALTH_SYSTEM_CHECKS_HPP
#define VITALS_HEALTH_SYSTEM_CHECKS_HPP

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <system_error>
#include <utility>

#include <vitals/health/check.hpp>
#include <vitals/health/health_clock.hpp>
#include <vitals/health/shown.hpp>
#include <vitals/process/parse.hpp>
#include <vitals/process/proc.hpp>

namespace vitals::inline v0 {

namespace detail {

inline std::string text_of_errno(int error) {
  return std::generic_category().message(error);
}

}  // namespace detail

/// Fails where a file is missing ("missing"), was written too long ago ("stale"), or cannot be asked ("unreadable").
/// One that was written in the future is fresh.
struct file_check {
  std::string path{};
  std::chrono::milliseconds most_age = std::chrono::minutes{1};

  [[nodiscard]] check_result operator()() const {
    struct ::stat about {};
    if (::stat(path.c_str(), &about) != 0) {
      const int why = errno;
      const bool missing = why == ENOENT || why == ENOTDIR;
      return check_result::failed(missing ? "missing" : "unreadable", path + ": " + detail::text_of_errno(why));
    }
    constexpr std::int64_t most = 1'000'000'000'000;  // 30,000 years: a file may say more than milliseconds can
    const std::chrono::milliseconds written =
        std::chrono::seconds{std::clamp(std::int64_t{about.st_mtim.tv_sec}, -most, most)};
    const auto age = std::chrono::milliseconds{health_clock::wall()} - written;
    if (age > most_age) {
      return check_result::failed("stale", path + ": written " + detail::shown(age) + " ago, at most " +
                                               detail::shown(most_age) + " are allowed");
    }
    return true;
  }
};

/// Fails ("low_space") where a file system has fewer free bytes, or a smaller free part of it, than is given; what only
/// root may use is not free. "unreadable" where it cannot be asked.
struct disk_check {
  std::string path{};  ///< any file in it
  std::uint64_t least_bytes = 0;
  double least_part = 0;  ///< 0.05: 5 %

  [[nodiscard]] check_result operator()() const {
    struct ::statvfs about {};
    if (::statvfs(path.c_str(), &about) != 0) {
      return check_result::failed("unreadable", path + ": " + detail::text_of_errno(errno));
    }
    return judge(about.f_frsize, about.f_blocks - about.f_bfree, about.f_bavail);
  }

  /// The same of so many blocks used and available.
  [[nodiscard]] check_result judge(std::uint64_t block, std::uint64_t used, std::uint64_t available) const {
    const double bytes = static_cast<double>(available) * static_cast<double>(block);
    const double all = static_cast<double>(used) + static_cast<double>(available);
    const double part = all == 0 ? 0 : static_cast<double>(available) / all;
    if (bytes < static_cast<double>(least_bytes) || part < least_part) {
      return check_result::failed("low_space", path + ": " + detail::shown(static_cast<std::uint64_t>(bytes)) +
                                                   " bytes are free, a part of " + detail::shown(part));
    }
    return true;
  }
};

/// Fails ("memory_limit") where the process has more memory in RAM than is given; degraded above the lower bound.
struct memory_check {
  std::uint64_t most_bytes = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t degraded_bytes = std::numeric_limits<std::uint64_t>::max();

  [[nodiscard]] check_result operator()() const {
    process_reading reading;
#if defined(__linux__)
    detail::file_room room;
    if (const auto text = detail::read_file(detail::proc_files{}.stat, room)) {
      detail::add_stat(reading, detail::parse_stat(*text));
    }
#endif
    if (!reading.resident_memory_bytes) {
      return check_result::failed("unreadable", "the system does not tell the process's memory");
    }
    return judge(*reading.resident_memory_bytes);
  }

  /// The same of so many bytes.
  [[nodiscard]] check_result judge(std::uint64_t bytes) const {
    if (bytes <= most_bytes && bytes <= degraded_bytes) {
      return true;
    }
    std::string message = detail::shown(bytes) + " bytes are in RAM";
    return bytes > most_bytes ? check_result::failed("memory_limit", std::move(message))
                              : check_result::degraded("memory_limit", std::move(message));
  }
};

}  // namespace vitals::inline v0

#endif
