#include <vitals/expose/textfile.hpp>

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <scratch_folder.hpp>
#include <vitals/metric/counter.hpp>
#include <vitals/registry/registry.hpp>

namespace textfile_tests {

struct jobs : vitals::counter<"textfile_jobs_total", "Jobs."> {};
struct failures : vitals::counter<"textfile_failures_total", "Failures."> {};
using work = vitals::registry<jobs>;
using trouble = vitals::registry<failures>;

template <class... Sources>
concept writes = requires(const std::string& path, std::error_code& error) {
  vitals::write_textfile<Sources...>(path);
  vitals::write_textfile<Sources...>(path, error);
};
static_assert(writes<work, trouble>);
static_assert(!writes<>);
static_assert(!writes<int>);

using names = std::vector<std::string>;

names names_in(const std::string& path) {
  names all;
  for (const auto& entry : std::filesystem::directory_iterator{path}) {
    all.push_back(entry.path().filename());
  }
  return all;
}

/// A disk of 8 KB, where mounts are allowed.
class small_disk {
 public:
  explicit small_disk(std::string path) : path_(std::move(path)) {
    std::filesystem::create_directory(path_);
    mounted_ = ::mount("tmpfs", path_.c_str(), "tmpfs", 0, "size=8192") == 0;
  }
  small_disk(const small_disk&) = delete;
  small_disk& operator=(const small_disk&) = delete;
  ~small_disk() {
    if (mounted_) {
      ::umount2(path_.c_str(), MNT_DETACH);
    }
  }

  [[nodiscard]] bool mounted() const { return mounted_; }

 private:
  std::string path_;
  bool mounted_;
};

std::string content(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

/// What both forms say of a path that they cannot write; `step` must be named.
void check_refused(const std::string& path, std::errc wanted, const std::string& step) {
  std::error_code error;
  vitals::write_textfile<work>(path, error);
  CHECK(error == wanted);
  try {
    vitals::write_textfile<work>(path);
    FAIL("nothing was thrown");
  } catch (const std::system_error& thrown) {
    CHECK(thrown.code() == wanted);
    const std::string said = thrown.what();
    CHECK(said.starts_with("vitals: cannot write " + path + ": " + step));
    CHECK(said.ends_with(std::make_error_code(wanted).message()));
  }
}

TEST_CASE("the file is the scrape, and nothing lies beside it") {
  const scratch_folder f;
  work::get<jobs>().inc();
  vitals::write_textfile<work, trouble>(f / "jobs.prom");
  CHECK(content(f / "jobs.prom") == vitals::scrape<work, trouble>());
  CHECK(names_in(f.path()) == names{"jobs.prom"});
}

TEST_CASE("a file is replaced by the newer one, a reader of the old one keeps it") {
  const scratch_folder f;
  vitals::write_textfile<work>(f / "jobs.prom");
  const std::string before = content(f / "jobs.prom");
  std::ifstream reader{f / "jobs.prom"};
  work::get<jobs>().inc();
  std::error_code error = std::make_error_code(std::errc::io_error);
  vitals::write_textfile<work>(f / "jobs.prom", error);
  CHECK(!error);
  CHECK(content(f / "jobs.prom") == vitals::scrape<work>());
  CHECK(content(f / "jobs.prom") != before);
  CHECK(std::string{std::istreambuf_iterator<char>{reader}, {}} == before);
  CHECK(names_in(f.path()) == names{"jobs.prom"});
}

TEST_CASE("a path may be relative, and a link is replaced") {
  const scratch_folder f;
  const auto here = std::filesystem::current_path();
  std::filesystem::current_path(f.path());
  std::ofstream{"target"} << "kept";
  REQUIRE(::symlink("target", "jobs.prom") == 0);
  vitals::write_textfile<work>("jobs.prom");
  std::filesystem::current_path(here);
  CHECK(content(f / "jobs.prom") == vitals::scrape<work>());
  CHECK(content(f / "target") == "kept");
}

TEST_CASE("permissions are 0644 less the umask") {
  const scratch_folder f;
  for (const mode_t mask : {0U, 022U, 027U, 077U, 0777U}) {
    const mode_t before = ::umask(mask);
    vitals::write_textfile<work>(f / "jobs.prom");
    ::umask(before);
    struct stat there {};
    REQUIRE(::stat((f / "jobs.prom").c_str(), &there) == 0);
    CHECK((there.st_mode & 07777) == (0644 & ~mask));
  }
}

TEST_CASE("a name that is taken is passed over") {
  // What a crash left, or a process with the same id in another container is writing.
  const scratch_folder f;
  for (unsigned i = 0; i != 2000; ++i) {
    std::ofstream{(f / "jobs.prom.") + std::to_string(::getpid()) + "." + std::to_string(i) + ".tmp"} << "theirs";
  }
  vitals::write_textfile<work>(f / "jobs.prom");
  CHECK(content(f / "jobs.prom") == vitals::scrape<work>());
  CHECK(names_in(f.path()).size() == 2001);
  for (const auto& name : names_in(f.path())) {
    CHECK((name == "jobs.prom" || content(f / name) == "theirs"));
  }
}

TEST_CASE("a missing folder, a file for a folder and a folder for a file are refused") {
  const scratch_folder f;
  check_refused(f / "missing/jobs.prom", std::errc::no_such_file_or_directory, "making a file beside " + f.path());
  std::ofstream{f / "file"} << "kept";
  check_refused(f / "file/jobs.prom", std::errc::not_a_directory, "making a file beside ");
  check_refused(f.path(), std::errc::is_a_directory, "replacing " + f.path());
  check_refused(f / "new/", std::errc::no_such_file_or_directory, "making a file beside ");
  check_refused(f / std::string(255, 'x'), std::errc::filename_too_long, "making a file beside ");
  CHECK(names_in(f.path()) == names{"file"});
  CHECK(content(f / "file") == "kept");
}

TEST_CASE("where the rename fails, the file under its own name is removed") {
  const scratch_folder f;
  const auto here = std::filesystem::current_path();
  std::filesystem::current_path(f.path());
  check_refused("", std::errc::no_such_file_or_directory, "renaming .");
  std::filesystem::current_path(here);
  CHECK(names_in(f.path()).empty());
}

TEST_CASE("devices and pipes are not replaced") {
  const scratch_folder f;
  REQUIRE(::mkfifo((f / "pipe").c_str(), 0600) == 0);
  check_refused(f / "pipe", std::errc::not_supported, "replacing ");
  check_refused("/dev/null", std::errc::not_supported, "replacing ");
  CHECK(std::filesystem::is_fifo(f / "pipe"));
  CHECK(std::filesystem::is_character_file("/dev/null"));
}

TEST_CASE("a folder that may not be written is refused") {
  const scratch_folder f;
  ::chmod(f.path().c_str(), 0500);
  const bool root = ::geteuid() == 0;
  REQUIRE((!root || ::seteuid(65534) == 0));  // root may write everywhere
  check_refused(f / "jobs.prom", std::errc::permission_denied, "making a file beside ");
  REQUIRE((!root || ::seteuid(0) == 0));
  ::chmod(f.path().c_str(), 0700);
  CHECK(names_in(f.path()).empty());
}

TEST_CASE("a file that may not grow is removed, and the old one stays") {
  const scratch_folder f;
  vitals::write_textfile<work>(f / "jobs.prom");
  const std::string before = content(f / "jobs.prom");
  work::get<jobs>().inc();
  rlimit limit{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &limit) == 0);
  const rlimit less{.rlim_cur = before.size() / 2, .rlim_max = limit.rlim_max};
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &less) == 0);
  check_refused(f / "jobs.prom", std::errc::file_too_large, "writing " + (f / "jobs.prom."));
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  std::signal(SIGXFSZ, handler);
  CHECK(names_in(f.path()) == names{"jobs.prom"});
  CHECK(content(f / "jobs.prom") == before);
}

TEST_CASE("on a full disk the old file stays" * doctest::skip(::geteuid() != 0)) {
  const scratch_folder f;
  const small_disk disk{f / "disk"};
  if (!disk.mounted()) {
    MESSAGE("no mounts here: not tested");
    return;
  }
  vitals::write_textfile<work>(f / "disk/jobs.prom");
  const std::string before = content(f / "disk/jobs.prom");
  std::ofstream{f / "disk/rest"} << std::string(8192, 'x');
  check_refused(f / "disk/jobs.prom", std::errc::no_space_on_device, "writing ");
  CHECK(content(f / "disk/jobs.prom") == before);
  CHECK(!before.empty());
  names there = names_in(f / "disk");
  std::sort(there.begin(), there.end());
  CHECK(there == names{"jobs.prom", "rest"});
}

TEST_CASE("threads and processes that write one path never mix, and a reader finds whole files alone") {
  const scratch_folder f;
  const std::string path = f / "jobs.prom";
  const auto write_often = [&path](char letter) {
    bool good = true;
    for (std::size_t i = 0; i != 30; ++i) {
      vitals::detail::replacing_file file{path};
      good = file.replace(std::string(10'000 + 1'000 * i, letter)) && good;
    }
    return good;
  };
  REQUIRE(write_often('0'));
  const pid_t child = ::fork();
  if (child == 0) {
    ::_exit(write_often('a') ? 0 : 1);
  }
  std::atomic<bool> done{false};
  std::atomic<int> failed{0};
  int broken = 0;
  std::thread reader{[&] {
    while (!done) {
      const std::string text = content(path);
      const bool whole = text.size() >= 10'000 && text.size() % 1'000 == 0;
      broken += whole && text.find_first_not_of(text[0]) == std::string::npos ? 0 : 1;
    }
  }};
  std::vector<std::thread> writers;
  for (const char letter : {'b', 'c', 'd'}) {
    writers.emplace_back([&failed, &write_often, letter] { failed += write_often(letter) ? 0 : 1; });
  }
  for (std::thread& w : writers) {
    w.join();
  }
  int status = -1;
  CHECK(::waitpid(child, &status, 0) == child);
  done = true;
  reader.join();
  CHECK(status == 0);
  CHECK(failed == 0);
  CHECK(broken == 0);
  CHECK(names_in(f.path()) == names{"jobs.prom"});
}

}  // namespace textfile_tests
