#include <vitals/health/system_checks.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>

#include <doctest/doctest.h>

#include <health/said.hpp>
#include <scratch_folder.hpp>

namespace system_checks_tests {

using vitals::disk_check;
using vitals::file_check;
using vitals::memory_check;
using namespace std::chrono_literals;

/// A file that a test writes.
class aging_file {
 public:
  [[nodiscard]] const std::string& path() const { return path_; }
  /// Makes it, written so long ago.
  void write(std::chrono::milliseconds ago) const {
    const int fd = ::open(path_.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    REQUIRE(fd >= 0);
    timespec now{};
    ::clock_gettime(CLOCK_REALTIME, &now);
    const std::int64_t then = now.tv_sec * 1'000'000'000L + now.tv_nsec - ago.count() * 1'000'000;
    const timespec at{then / 1'000'000'000, then % 1'000'000'000};
    const timespec times[] = {at, at};
    REQUIRE(::futimens(fd, times) == 0);
    ::close(fd);
  }

 private:
  scratch_folder folder_;
  std::string path_ = folder_ / "file";
};

TEST_CASE("a file's freshness") {
  const aging_file file;
  const file_check check{.path = file.path(), .most_age = 1h};
  CHECK(said(check()) == "failed missing");
  CHECK(check().message.starts_with(file.path() + ": "));
  CHECK(check().message.size() > file.path().size() + 2);
  file.write(0s);
  CHECK(said(check()) == "passed");
  file.write(59min);
  CHECK(said(check()) == "passed");
  file.write(61min);
  CHECK(said(check()) == "failed stale");
  CHECK(check().message.starts_with(file.path() + ": written 36"));
  CHECK(check().message.ends_with(" s ago, at most 3600 s are allowed"));
  file.write(-24h);
  CHECK(said(check()) == "passed");
  const timespec year_2400{13'569'465'600, 0};  // nanoseconds since 1970 end in 2262
  const timespec times[] = {year_2400, year_2400};
  REQUIRE(::utimensat(AT_FDCWD, file.path().c_str(), times, 0) == 0);
  CHECK(said(check()) == "passed");
  CHECK(said(file_check{.path = file.path() + "/below_a_file"}()) == "failed missing");
  CHECK(said(file_check{.path = std::string(5'000, 'x')}()) == "failed unreadable");
  CHECK(said(file_check{}()) == "failed missing");
}

TEST_CASE("space on a disk") {
  CHECK(said(disk_check{.path = "/"}()) == "passed");
  CHECK(said(disk_check{.path = "/", .least_bytes = std::numeric_limits<std::uint64_t>::max()}()) ==
        "failed low_space");
  CHECK(said(disk_check{.path = "/", .least_part = 1.5}()) == "failed low_space");
  CHECK(said(disk_check{.path = "/no/such/folder"}()) == "failed unreadable");
  const disk_check bytes{.path = "/", .least_bytes = 4'096'000};
  CHECK(said(bytes.judge(4'096, 9'000, 1'000)) == "passed");
  CHECK(said(bytes.judge(4'096, 9'000, 999)) == "failed low_space");
  CHECK(bytes.judge(4'096, 9'000, 1'000 - 1).message.starts_with("/: 4091904 bytes are free, a part of 0.0999"));
  const disk_check part{.path = "/", .least_part = 0.1};
  CHECK(said(part.judge(4'096, 9'000, 1'000)) == "passed");
  CHECK(said(part.judge(4'096, 9'001, 999)) == "failed low_space");
  CHECK(said(part.judge(4'096, 0, 0)) == "failed low_space");
  CHECK(said(disk_check{}.judge(4'096, 10, 0)) == "passed");
  const std::uint64_t huge = std::uint64_t{1} << 60U;
  CHECK(said(bytes.judge(huge, huge, huge)) == "passed");
}

TEST_CASE("a limit of memory") {
  CHECK(said(memory_check{}()) == "passed");
  CHECK(said(memory_check{.most_bytes = 4'096}()) == "failed memory_limit");
  CHECK(said(memory_check{.degraded_bytes = 4'096}()) == "degraded memory_limit");
  const memory_check check{.most_bytes = 200, .degraded_bytes = 100};
  CHECK(said(check.judge(100)) == "passed");
  CHECK(said(check.judge(101)) == "degraded memory_limit");
  CHECK(said(check.judge(200)) == "degraded memory_limit");
  CHECK(said(check.judge(201)) == "failed memory_limit");
  CHECK(check.judge(201).message == "201 bytes are in RAM");
}

}  // namespace system_checks_tests
