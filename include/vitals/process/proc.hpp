// A process's own numbers, from /proc and the kernel. Nothing is allocated.
#ifndef VITALS_PROCESS_PROC_HPP
#define VITALS_PROCESS_PROC_HPP

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>

#include <vitals/core/cell.hpp>
#include <vitals/process/parse.hpp>

namespace vitals::inline v0 {

/// A process's numbers at one time; each absent where it cannot be read.
struct process_reading {
  std::optional<double> cpu_seconds;                    ///< user and system, of all its threads
  std::optional<std::uint64_t> open_fds;                ///< file descriptors
  std::optional<double> max_fds;                        ///< +Inf where there is no limit
  std::optional<std::uint64_t> virtual_memory_bytes;    ///< address space
  std::optional<double> virtual_memory_max_bytes;       ///< +Inf where there is no limit
  std::optional<std::uint64_t> resident_memory_bytes;   ///< of it in RAM
  std::optional<std::uint64_t> threads;                 ///< those of the kernel
  std::optional<double> start_time_seconds;             ///< since 1970, to a tick of the kernel (10 ms)
  std::optional<double> uptime_seconds;                 ///< since that start, also while the machine slept
  std::optional<std::uint64_t> disk_read_bytes;         ///< also by the children that it has waited for
  std::optional<std::uint64_t> disk_written_bytes;      ///< likewise
  std::optional<std::uint64_t> network_receive_bytes;   ///< IP packets of its network namespace, loopback included
  std::optional<std::uint64_t> network_transmit_bytes;  ///< likewise
};

namespace detail {

/// Where the kernel tells them.
struct proc_files {
  const char* stat = "/proc/self/stat";
  const char* io = "/proc/self/io";
  const char* fd = "/proc/self/fd";
  const char* netstat = "/proc/self/net/netstat";
  const char* snmp6 = "/proc/self/net/snmp6";
};

/// Room for a file of /proc; the longest, netstat, is some 4 KiB.
using file_room = char[16384];

/// The text of a file, as much of it as there is room for. Nothing where it cannot be read; errno says why.
template <std::size_t Room>
std::optional<std::string_view> read_file(const char* path, char (&room)[Room]) noexcept {
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return std::nullopt;
  }
  std::size_t size = 0;
  while (size != Room) {
    const ssize_t got = ::read(fd, room + size, Room - size);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      const int why = errno;
      ::close(fd);
      errno = why;
      return std::nullopt;
    }
    if (got == 0) {
      break;
    }
    size += static_cast<std::size_t>(got);
  }
  ::close(fd);
  return std::string_view{room, size};
}

inline std::optional<std::int64_t> nanoseconds_of(clockid_t clock) noexcept {
  timespec now{};
  if (::clock_gettime(clock, &now) != 0) {
    return std::nullopt;
  }
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

/// The soft limit of a resource.
inline std::optional<double> limit_of(decltype(RLIMIT_NOFILE) resource) noexcept {
  rlimit limit{};
  if (::getrlimit(resource, &limit) != 0) {
    return std::nullopt;
  }
  return limit.rlim_cur == RLIM_INFINITY ? std::numeric_limits<double>::infinity()
                                         : static_cast<double>(limit.rlim_cur);
}

#if defined(__linux__)

/// How many entries the list of open files has. Listing takes a file descriptor, which is not counted; opendir would
/// allocate.
inline std::optional<std::uint64_t> list_fds(const char* path) noexcept {
  const int fd = ::open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) {
    return std::nullopt;
  }
  // struct linux_dirent64: 8 bytes of inode, 8 of offset, 2 of the entry's length, 1 of type, the name
  constexpr std::size_t length_at = 16;
  constexpr std::size_t name_at = 19;
  alignas(std::uint64_t) char entries[4096];
  std::uint64_t count = 0;
  long got = 0;
  while ((got = ::syscall(SYS_getdents64, fd, entries, sizeof entries)) > 0) {
    for (std::size_t at = 0; at < static_cast<std::size_t>(got);) {
      std::uint16_t length = 0;
      std::memcpy(&length, entries + at + length_at, sizeof length);
      count += entries[at + name_at] == '.' ? 0U : 1U;
      at += length;
    }
  }
  ::close(fd);
  return got == 0 && count != 0 ? std::optional{count - 1} : std::nullopt;
}

/// Since Linux 6.2 the directory's size is their number: that takes no file descriptor, of which none may be left, and
/// no time where there are many.
inline std::optional<std::uint64_t> count_fds(const char* path) noexcept {
  struct ::stat about {};
  if (::stat(path, &about) == 0 && about.st_size > 0) {
    return static_cast<std::uint64_t>(about.st_size);
  }
  return list_fds(path);
}

/// When the machine booted, in ticks since 1970, by the clocks: as /proc/stat's btime, but not cut to seconds, nor
/// behind the long list of a large machine's interrupts. It changes only when somebody sets the wall clock; so what was
/// seen first is kept, else an interruption between the two readings would look like a restart, and a change of a
/// second or more is believed.
constexpr std::int64_t settled_boot(std::int64_t kept, std::int64_t fresh, std::int64_t ticks_a_second) noexcept {
  return fresh - kept < ticks_a_second && kept - fresh < ticks_a_second ? kept : fresh;
}
inline std::int64_t boot_ticks(std::int64_t wall_nanos, std::int64_t boot_nanos, std::int64_t tick_nanos) noexcept {
  static constinit std::atomic<std::int64_t> kept{0};  // relaxed: it publishes nothing but itself
  std::int64_t seen = kept.load(std::memory_order_relaxed);
  const std::int64_t fresh = (wall_nanos - boot_nanos) / tick_nanos;
  const std::int64_t boot = settled_boot(seen, fresh, std::int64_t{1'000'000'000} / tick_nanos);
  if (boot != seen && !kept.compare_exchange_strong(seen, boot, std::memory_order_relaxed)) {
    return seen;  // another thread was first
  }
  return boot;
}

inline void add_stat(process_reading& to, const stat_numbers& from) noexcept {
  to.threads = from.threads;
  const long page = ::sysconf(_SC_PAGESIZE);
  const long ticks_a_second = ::sysconf(_SC_CLK_TCK);
  if (from.virtual_bytes.value_or(0) != 0) {  // 0: the main thread has ended and its memory does not show
    to.virtual_memory_bytes = from.virtual_bytes;
    std::uint64_t resident = 0;
    if (from.resident_pages && page > 0 &&
        !__builtin_mul_overflow(*from.resident_pages, static_cast<std::uint64_t>(page), &resident)) {
      to.resident_memory_bytes = resident;
    }
  }
  const auto wall = nanoseconds_of(CLOCK_REALTIME);
  const auto since_boot = nanoseconds_of(CLOCK_BOOTTIME);
  if (from.start_ticks && ticks_a_second > 0 && wall && since_boot) {
    const std::int64_t tick = 1'000'000'000 / ticks_a_second;
    const wide start = *from.start_ticks;
    to.start_time_seconds =
        static_cast<double>(boot_ticks(*wall, *since_boot, tick) + start) / static_cast<double>(ticks_a_second);
    const wide uptime = *since_boot - start * tick;
    to.uptime_seconds = uptime > 0 ? static_cast<double>(uptime) / 1e9 : 0;
  }
}

/// IPv4 and IPv6 together. A kernel without IPv6 has no file for it; where the file is there and cannot be read both
/// are absent, as a total without one part would look like a reset.
inline void add_network(process_reading& to, const proc_files& files, file_room& room) noexcept {
  const auto netstat = read_file(files.netstat, room);
  if (!netstat) {
    return;
  }
  const octets v4 = parse_netstat(*netstat);
  octets v6{.received = 0, .transmitted = 0};
  if (const auto snmp6 = read_file(files.snmp6, room)) {
    v6 = parse_snmp6(*snmp6);
  } else if (errno != ENOENT) {
    return;
  }
  if (v4.received && v6.received) {
    to.network_receive_bytes = *v4.received + *v6.received;
  }
  if (v4.transmitted && v6.transmitted) {
    to.network_transmit_bytes = *v4.transmitted + *v6.transmitted;
  }
}

inline void add_files(process_reading& to, const proc_files& files) noexcept {
  to.open_fds = count_fds(files.fd);
  file_room room;
  if (const auto text = read_file(files.stat, room)) {
    add_stat(to, parse_stat(*text));
  }
  if (const auto text = read_file(files.io, room)) {
    to.disk_read_bytes = number_behind("read_bytes:", *text);
    to.disk_written_bytes = number_behind("write_bytes:", *text);
  }
  add_network(to, files, room);
}

#else

inline void add_files(process_reading&, const proc_files&) noexcept {}

#endif

inline process_reading read_process(const proc_files& files) noexcept {
  process_reading reading;
  // Nanoseconds, where getrusage has microseconds and /proc/self/stat ticks of 10 ms; and it needs no /proc.
  if (const auto cpu = nanoseconds_of(CLOCK_PROCESS_CPUTIME_ID)) {
    reading.cpu_seconds = static_cast<double>(*cpu) / 1e9;
  }
  reading.max_fds = limit_of(RLIMIT_NOFILE);
  reading.virtual_memory_max_bytes = limit_of(RLIMIT_AS);
  add_files(reading, files);
  return reading;
}

}  // namespace detail

/// Reads the calling process's numbers. Any thread, any time; it opens and closes some files of /proc and takes 17 KiB
/// of stack.
[[nodiscard]] inline process_reading read_process() noexcept {
  return detail::read_process({});
}

}  // namespace vitals::inline v0

#endif
