#include <vitals/process/proc.hpp>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <process/mallocs.hpp>
#include <scratch_folder.hpp>

#if VITALS_TESTS_COUNT_MALLOCS
extern "C" {
void* __libc_malloc(std::size_t size);
void* malloc(std::size_t size) noexcept {
  ++process_tests::mallocs;
  return __libc_malloc(size);
}
}
#endif

namespace proc_tests {

namespace fs = std::filesystem;
using vitals::process_reading;
using vitals::read_process;
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr std::uint64_t mebi = 1024 * 1024;

/// Runs `child` in a forked process: whether it returned true. A child that hangs is ended by an alarm.
template <class Child>
bool in_child(Child child) {
  const pid_t pid = fork();
  if (pid == 0) {
    alarm(30);
    _exit(child() ? 0 : 1);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// A second opinion on each number, by the means of the standard library.

std::string text_of(const char* path) {
  std::ifstream file{path};
  return {std::istreambuf_iterator<char>{file}, {}};
}

/// The number behind a word of a file; nothing where there is no such word.
std::optional<std::uint64_t> word_behind(const char* path, const std::string& key) {
  std::istringstream words{text_of(path)};
  for (std::string word; words >> word;) {
    if (std::uint64_t number = 0; word == key && words >> number) {
      return number;
    }
  }
  return std::nullopt;
}

/// A column of the table IpExt.
std::uint64_t ip_column(const std::string& name) {
  std::istringstream lines{text_of("/proc/self/net/netstat")};
  for (std::string names, numbers; std::getline(lines, names) && std::getline(lines, numbers);) {
    if (names.compare(0, 6, "IpExt:") == 0) {
      std::istringstream n{names};
      std::istringstream v{numbers};
      for (std::string word, value; n >> word && v >> value;) {
        if (word == name) {
          return std::stoull(value);
        }
      }
    }
  }
  return 0;
}

std::uint64_t entries_of(const char* path) {
  const auto range = fs::directory_iterator{path};
  return static_cast<std::uint64_t>(std::distance(fs::begin(range), fs::end(range)));
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double wall_seconds() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

TEST_CASE("the processor's time is that of getrusage, ended threads included") {
  const double start = read_process().cpu_seconds.value();
  std::thread{[] {
    timespec used{};
    while (used.tv_sec == 0 && used.tv_nsec < 100'000'000) {
      clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    }
  }}.join();
  const double before = cpu_seconds();
  const double between = read_process().cpu_seconds.value();
  const double after = cpu_seconds();
  CHECK(between > start + 0.09);
  CHECK(between >= before - 0.1);  // some kernels share out ticks to getrusage
  CHECK(between <= after + 0.1);
}

TEST_CASE("opening ten files makes ten open files more, and reading takes none") {
  const std::uint64_t before = read_process().open_fds.value();
  std::vector<int> opened;
  for (int i = 0; i != 10; ++i) {
    opened.push_back(open("/dev/null", O_RDONLY | O_CLOEXEC));
  }
  CHECK(read_process().open_fds == before + 10);
  CHECK(vitals::detail::count_fds("/proc/self/fd") == before + 10);
  CHECK(vitals::detail::list_fds("/proc/self/fd") == before + 10);
  CHECK(entries_of("/proc/self/fd") == before + 11);  // its own among them
  for (const int fd : opened) {
    close(fd);
  }
  CHECK(read_process().open_fds == before);
}

TEST_CASE("more files than one listing holds are counted") {
  std::vector<int> opened;
  const std::uint64_t before = vitals::detail::list_fds("/proc/self/fd").value();
  for (int i = 0; i != 500; ++i) {
    opened.push_back(open("/dev/null", O_RDONLY | O_CLOEXEC));
  }
  CHECK(opened.back() >= 0);
  CHECK(vitals::detail::list_fds("/proc/self/fd") == before + 500);
  for (const int fd : opened) {
    close(fd);
  }
}

TEST_CASE("where no file descriptor is left, what needs none is still read") {
  CHECK(in_child([] {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = 64;
    setrlimit(RLIMIT_NOFILE, &limit);
    std::uint64_t open_files = vitals::detail::list_fds("/proc/self/fd").value();
    while (open("/dev/null", O_RDONLY) >= 0) {
      ++open_files;
    }
    struct stat about {};
    const bool told = stat("/proc/self/fd", &about) == 0 && about.st_size != 0;  // since Linux 6.2
    const process_reading reading = read_process();
    return reading.cpu_seconds && reading.max_fds == 64.0 && !reading.threads && !reading.resident_memory_bytes &&
           !reading.disk_read_bytes && !reading.network_receive_bytes && !reading.start_time_seconds &&
           (reading.open_fds == open_files || !told);
  }));
}

TEST_CASE("limits are the soft ones, and +Inf where there is none") {
  CHECK(in_child([] {
    rlimit files{};
    rlimit memory{};
    getrlimit(RLIMIT_NOFILE, &files);
    getrlimit(RLIMIT_AS, &memory);
    const rlim_t most = memory.rlim_max;
    files.rlim_cur = 77;
    memory.rlim_cur = rlim_t{1} << 45;
    setrlimit(RLIMIT_NOFILE, &files);
    setrlimit(RLIMIT_AS, &memory);
    const process_reading limited = read_process();
    bool right = limited.max_fds == 77.0 && limited.virtual_memory_max_bytes == 0x1p45;
    if (most == RLIM_INFINITY) {
      memory.rlim_cur = RLIM_INFINITY;
      setrlimit(RLIMIT_AS, &memory);
      right = right && read_process().virtual_memory_max_bytes == infinity;
    }
    return right;
  }));
}

TEST_CASE("memory grows by what is mapped, and is resident once it is touched") {
  constexpr std::size_t size = 64 * mebi;
  const process_reading before = read_process();
  void* const memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  REQUIRE(memory != MAP_FAILED);
  const process_reading mapped = read_process();
  CHECK(*mapped.virtual_memory_bytes >= *before.virtual_memory_bytes + size);
  CHECK(*mapped.virtual_memory_bytes < *before.virtual_memory_bytes + 2 * size);
  CHECK(*mapped.resident_memory_bytes < *before.resident_memory_bytes + size / 2);
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  for (std::size_t at = 0; at < size; at += page) {
    static_cast<volatile char*>(memory)[at] = 1;
  }
  const process_reading touched = read_process();
  CHECK(*touched.resident_memory_bytes > *before.resident_memory_bytes + size * 9 / 10);
  CHECK(*touched.resident_memory_bytes < *before.resident_memory_bytes + 8 * size);  // a sanitizer keeps notes
  CHECK(word_behind("/proc/self/status", "VmSize:").value() * 1024 == touched.virtual_memory_bytes);
  munmap(memory, size);
  CHECK(*read_process().resident_memory_bytes < *before.resident_memory_bytes + size / 2);
}

TEST_CASE("threads are those of the kernel's list") {
  std::atomic<bool> done{false};
  std::thread other{[&] { done.wait(false); }};
  bool stood_still = false;
  for (int i = 0; i != 1000 && !stood_still; ++i) {  // a thread of an earlier test may be on its way out
    const std::uint64_t listed = entries_of("/proc/self/task");
    const std::uint64_t read = read_process().threads.value();
    stood_still = listed == entries_of("/proc/self/task");
    CHECK((!stood_still || read == listed));
    CHECK(read >= 2);
  }
  CHECK(stood_still);
  done = true;
  done.notify_one();
  other.join();
}

TEST_CASE("a forked child has a thread, and a start time of its own") {
  const double started = read_process().start_time_seconds.value();
  while (read_process().uptime_seconds.value() < 0.1) {
  }
  CHECK(in_child([started] {
    const process_reading reading = read_process();
    return reading.threads <= 2U &&  // ThreadSanitizer has one of its own
           reading.start_time_seconds > started + 0.05 && reading.cpu_seconds < 10.0;
  }));
}

TEST_CASE("the start time is that of /proc/stat's btime, but for its lost fractions, and never changes") {
  const process_reading reading = read_process();
  const std::string stat = text_of("/proc/self/stat");
  std::istringstream words{stat.substr(stat.rfind(')') + 1)};
  std::vector<std::string> fields(std::istream_iterator<std::string>{words}, {});
  const double ticks = std::stod(fields.at(22 - 3)) / static_cast<double>(sysconf(_SC_CLK_TCK));
  const double cut = static_cast<double>(word_behind("/proc/stat", "btime").value()) + ticks;
  CHECK(*reading.start_time_seconds >= cut - 0.02);
  CHECK(*reading.start_time_seconds <= cut + 1.02);
  unsigned changes = 0;
  for (int i = 0; i != 1000; ++i) {
    changes += read_process().start_time_seconds == reading.start_time_seconds ? 0U : 1U;
  }
  CHECK(changes == 0);
}

TEST_CASE("the uptime is the time since the start") {
  const double before = wall_seconds();
  const process_reading reading = read_process();
  const double after = wall_seconds();
  CHECK(*reading.start_time_seconds + *reading.uptime_seconds >= before - 0.05);
  CHECK(*reading.start_time_seconds + *reading.uptime_seconds <= after + 0.05);
}

TEST_CASE("the time of boot stays where it is, until the wall clock is set") {
  using vitals::detail::settled_boot;
  CHECK(settled_boot(0, 170'000'000'000, 100) == 170'000'000'000);
  CHECK(settled_boot(1000, 1001, 100) == 1000);
  CHECK(settled_boot(1000, 1099, 100) == 1000);
  CHECK(settled_boot(1000, 901, 100) == 1000);
  CHECK(settled_boot(1000, 1100, 100) == 1100);
  CHECK(settled_boot(1000, 900, 100) == 900);

  using vitals::detail::boot_ticks;
  constexpr std::int64_t second = 1'000'000'000;
  constexpr std::int64_t tick = second / 100;
  const auto wall = static_cast<std::int64_t>(wall_seconds()) * second;
  CHECK(boot_ticks(wall + 3600 * second, second, tick) == wall / tick + 359900);
  CHECK(boot_ticks(wall + 3600 * second + second / 2, second, tick) == wall / tick + 359900);
  CHECK(boot_ticks(wall + 3602 * second, second, tick) == wall / tick + 360100);
  CHECK(boot_ticks(wall + 3602 * second, second + 5 * tick, tick) == wall / tick + 360100);
}

/// A number that only grows lies between what the second opinion says before and after.
template <class Opinion>
void check_between(std::optional<std::uint64_t> process_reading::*number, Opinion opinion) {
  const std::optional<std::uint64_t> before = opinion();
  const std::optional<std::uint64_t> read = read_process().*number;
  const std::optional<std::uint64_t> after = opinion();
  REQUIRE(read.has_value() == before.has_value());
  if (read) {
    CHECK(*read >= *before);
    CHECK(*read <= *after);
  }
}

TEST_CASE("bytes read and written are those of /proc/self/io, where it can be read") {
  {
    std::ofstream file{fs::temp_directory_path() / ("vitals-io-" + std::to_string(getpid()))};
    file << std::string(mebi, 'x');
  }
  fs::remove(fs::temp_directory_path() / ("vitals-io-" + std::to_string(getpid())));
  check_between(&process_reading::disk_read_bytes, [] { return word_behind("/proc/self/io", "read_bytes:"); });
  check_between(&process_reading::disk_written_bytes, [] { return word_behind("/proc/self/io", "write_bytes:"); });
}

TEST_CASE("bytes received and sent are those of IPv4 and IPv6 together") {
  check_between(&process_reading::network_receive_bytes, [] {
    return std::optional{ip_column("InOctets") + word_behind("/proc/self/net/snmp6", "Ip6InOctets").value_or(0)};
  });
  check_between(&process_reading::network_transmit_bytes, [] {
    return std::optional{ip_column("OutOctets") + word_behind("/proc/self/net/snmp6", "Ip6OutOctets").value_or(0)};
  });
}

/// Files as /proc/self has them.
class folder {
 public:
  const char* write(const std::string& name, std::string_view text) {
    std::ofstream{folder_ / name} << text;
    return path_of(name);
  }
  const char* make_folder(const std::string& name) {
    fs::create_directory(folder_ / name);
    return path_of(name);
  }

 private:
  const char* path_of(const std::string& name) {
    names_.push_back(std::make_unique<std::string>(folder_ / name));
    return names_.back()->c_str();
  }
  scratch_folder folder_;
  std::vector<std::unique_ptr<std::string>> names_;
};

constexpr vitals::detail::proc_files nowhere{
    .stat = "/none/stat", .io = "/none/io", .fd = "/none/fd", .netstat = "/none/netstat", .snmp6 = "/none/snmp6"};

TEST_CASE("without /proc there is what the kernel tells by calls, and the rest is absent") {
  const process_reading reading = vitals::detail::read_process(nowhere);
  CHECK(reading.cpu_seconds);
  CHECK(reading.max_fds);
  CHECK(reading.virtual_memory_max_bytes);
  CHECK_FALSE(reading.open_fds);
  CHECK_FALSE(reading.virtual_memory_bytes);
  CHECK_FALSE(reading.resident_memory_bytes);
  CHECK_FALSE(reading.threads);
  CHECK_FALSE(reading.start_time_seconds);
  CHECK_FALSE(reading.uptime_seconds);
  CHECK_FALSE(reading.disk_read_bytes);
  CHECK_FALSE(reading.disk_written_bytes);
  CHECK_FALSE(reading.network_receive_bytes);
  CHECK_FALSE(reading.network_transmit_bytes);
}

TEST_CASE("strange numbers in stat") {
  folder files;
  auto from = nowhere;
  const std::string head = "1 (a) R (b) R 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 ";
  const auto reading_of = [&](const std::string& rest) {
    from.stat = files.write("stat", head + rest);
    return vitals::detail::read_process(from);
  };
  const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));

  const process_reading plain = reading_of("20 21 0 23 24 25\n");
  CHECK(plain.threads == 20U);
  CHECK(plain.virtual_memory_bytes == 23U);
  CHECK(plain.resident_memory_bytes == 24 * page);
  CHECK(plain.start_time_seconds.value() + plain.uptime_seconds.value() == doctest::Approx(wall_seconds()));

  const process_reading wide = reading_of("20 21 18446744073709551615 18446744073709551615 18446744073709551615 25\n");
  CHECK(wide.virtual_memory_bytes == ~std::uint64_t{0});
  CHECK_FALSE(wide.resident_memory_bytes);  // it would not fit
  CHECK(wide.uptime_seconds == 0.0);        // a start in the future
  CHECK(wide.start_time_seconds > 1e17);

  const process_reading main_thread_ended = reading_of("2 21 22 0 0 25\n");
  CHECK(main_thread_ended.threads == 2U);
  CHECK_FALSE(main_thread_ended.virtual_memory_bytes);
  CHECK_FALSE(main_thread_ended.resident_memory_bytes);

  const process_reading cut = reading_of("20 21 2");
  CHECK(cut.threads == 20U);
  CHECK_FALSE(cut.start_time_seconds);
  CHECK_FALSE(cut.uptime_seconds);
  CHECK_FALSE(cut.virtual_memory_bytes);
}

TEST_CASE("the disk's bytes are those that reached it, not those of every read and write") {
  folder files;
  auto from = nowhere;
  from.io = files.write("io",
                        "rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: 5\nwrite_bytes: 6\n"
                        "cancelled_write_bytes: 7\n");
  CHECK(vitals::detail::read_process(from).disk_read_bytes == 5U);
  CHECK(vitals::detail::read_process(from).disk_written_bytes == 6U);
}

TEST_CASE("the network's bytes are absent where a part of them cannot be read") {
  folder files;
  auto from = nowhere;
  from.netstat = files.write("netstat", "IpExt: InOctets OutOctets\nIpExt: 100 200\n");
  const process_reading no_ipv6 = vitals::detail::read_process(from);
  CHECK(no_ipv6.network_receive_bytes == 100U);
  CHECK(no_ipv6.network_transmit_bytes == 200U);

  from.snmp6 = files.write("snmp6", "Ip6InOctets \t1\nIp6OutOctets \t2\n");
  const process_reading both = vitals::detail::read_process(from);
  CHECK(both.network_receive_bytes == 101U);
  CHECK(both.network_transmit_bytes == 202U);

  from.snmp6 = files.write("snmp6", "Ip6InOctets \t1\n");
  const process_reading one = vitals::detail::read_process(from);
  CHECK(one.network_receive_bytes == 101U);
  CHECK_FALSE(one.network_transmit_bytes);

  from.snmp6 = files.write("snmp6", "Ip6OutOctets \t2\n");
  const process_reading other = vitals::detail::read_process(from);
  CHECK_FALSE(other.network_receive_bytes);
  CHECK(other.network_transmit_bytes == 202U);

  from.snmp6 = files.make_folder("folder");  // it opens, and cannot be read
  const process_reading unreadable = vitals::detail::read_process(from);
  CHECK_FALSE(unreadable.network_receive_bytes);
  CHECK_FALSE(unreadable.network_transmit_bytes);

  from.snmp6 = nowhere.snmp6;
  from.netstat = files.write("netstat", "TcpExt: A\nTcpExt: 1\n");
  CHECK_FALSE(vitals::detail::read_process(from).network_receive_bytes);
}

TEST_CASE("a file is read as far as there is room, and a descriptor is given back whatever happens") {
  folder files;
  char room[8];
  const std::uint64_t before = vitals::detail::list_fds("/proc/self/fd").value();
  CHECK(vitals::detail::read_file(files.write("long", "0123456789"), room) == "01234567");
  CHECK(vitals::detail::read_file(files.write("fits", "01234567"), room) == "01234567");
  CHECK(vitals::detail::read_file(files.write("short", "01"), room) == "01");
  CHECK(vitals::detail::read_file(files.write("empty", ""), room) == "");
  CHECK_FALSE(vitals::detail::read_file("/none", room));
  CHECK(errno == ENOENT);
  CHECK_FALSE(vitals::detail::read_file(files.make_folder("folder"), room));
  CHECK(errno == EISDIR);
  static_cast<void>(read_process());
  CHECK(vitals::detail::list_fds(files.write("file", "no folder")) == std::nullopt);
  CHECK(vitals::detail::list_fds("/proc/self/fd") == before);
}

TEST_CASE("a program that forks and executes while it is read hands no descriptor on") {
  // What is opened is opened with O_CLOEXEC: none of the reader's files is found in a new program.
  std::atomic<bool> done{false};
  std::thread reader{[&] {
    while (!done) {
      static_cast<void>(read_process());
    }
  }};
  unsigned handed_on = 0;
  for (int i = 0; i != 20; ++i) {
    if (FILE* const list = popen("ls -l /proc/self/fd", "r")) {
      for (char line[512]; std::fgets(line, sizeof line, list) != nullptr;) {
        const std::string_view text{line};
        handed_on += text.find("/stat") != text.npos || text.find("/net/") != text.npos ? 1U : 0U;
      }
      pclose(list);
    }
  }
  done = true;
  reader.join();
  CHECK(handed_on == 0);
}

TEST_CASE("several threads may read at once") {
  std::atomic<unsigned> wrong{0};
  const double start = read_process().start_time_seconds.value();
  const auto read = [&] {
    for (int i = 0; i != 200; ++i) {
      const process_reading reading = read_process();
      wrong += reading.start_time_seconds == start && reading.threads >= 2U && reading.open_fds > 2U ? 0U : 1U;
    }
  };
  std::thread one{read};
  std::thread two{read};
  one.join();
  two.join();
  CHECK(wrong == 0);
}

#if VITALS_TESTS_COUNT_MALLOCS
TEST_CASE("nothing is taken from the heap") {
  using process_tests::mallocs;
  CHECK(mallocs != 0);  // they are counted
  bool all = true;
  std::size_t taken = 0;
  for (int i = 0; i != 10; ++i) {
    const std::size_t start = mallocs;
    const process_reading reading = read_process();
    const auto listed = vitals::detail::list_fds("/proc/self/fd");
    taken += mallocs - start;
    all = all && reading.threads && reading.network_receive_bytes && reading.open_fds == listed;
  }
  CHECK(taken == 0);
  CHECK(all);
}
#endif

}  // namespace proc_tests
